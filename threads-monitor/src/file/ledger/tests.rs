use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::*;

/// Texts by key, the smallest table there is.
#[derive(Debug, Default)]
struct Texts(BTreeMap<u32, String>);

#[derive(Debug, Serialize, Deserialize)]
enum Row {
    Put(u32, String),
    #[serde(skip)]
    Remove(u32),
}

impl Table for Texts {
    const NAME: &'static str = "texts";
    const MARK: [u8; 4] = *b"text";
    type Row = Row;

    fn apply(&mut self, row: Row) -> Option<Row> {
        match row {
            Row::Put(key, text) => Some(match self.0.insert(key, text) {
                Some(old) => Row::Put(key, old),
                None => Row::Remove(key),
            }),
            Row::Remove(key) => self.0.remove(&key).map(|old| Row::Put(key, old)),
        }
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        self.0
            .iter()
            .map(|(key, text)| Row::Put(*key, text.clone()))
    }

    fn encode(row: &Row) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(row)
    }

    fn decode(json: &[u8]) -> serde_json::Result<Row> {
        serde_json::from_slice(json)
    }
}

type Outcome<A> = oneshot::Receiver<Result<A, StoreError>>;

fn put(key: u32, text: &str) -> (Request<Texts>, Outcome<()>) {
    let row = Row::Put(key, text.to_owned());
    Request::new(Kind::Write, move |_| Ok((vec![row], ())))
}

fn remove(key: u32) -> (Request<Texts>, Outcome<bool>) {
    Request::new(Kind::Erase, move |table: &Texts| {
        let known = table.0.contains_key(&key);
        let rows = if known {
            vec![Row::Remove(key)]
        } else {
            Vec::new()
        };
        Ok((rows, known))
    })
}

fn look() -> (Request<Texts>, Outcome<Vec<u32>>) {
    Request::new(Kind::Read, |table: &Texts| {
        Ok((Vec::new(), table.0.keys().copied().collect()))
    })
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    async fn directory(&self) -> Directory {
        Directory::open(self.0.path().join("data")).await.unwrap()
    }

    async fn writer(&self) -> Writer<Texts> {
        Writer::open(&self.directory().await).unwrap()
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("data/texts")
    }
}

fn keys(writer: &Writer<Texts>) -> Vec<u32> {
    writer.table.0.keys().copied().collect()
}

fn done<A>(outcome: &mut Outcome<A>) -> Result<A, StoreError> {
    outcome.try_recv().expect("the request was not answered")
}

/// A file that cannot be written to.
fn read_only() -> File {
    File::open("/dev/null").unwrap()
}

/// A file that takes everything and cannot be synced.
fn never_synced() -> File {
    File::options().write(true).open("/dev/null").unwrap()
}

#[tokio::test]
async fn a_failed_write_or_sync_is_undone_and_ends_writing() {
    for broken in [read_only, never_synced] {
        let place = Place::new();
        let mut writer = place.writer().await;
        let (request, mut kept) = put(1, "kept");
        writer.commit([request].into_iter());
        done(&mut kept).unwrap();
        writer.journal.replace_file(broken());

        let (changed, mut changed_outcome) = put(1, "changed");
        let (added, mut added_outcome) = put(2, "added");
        writer.commit([changed, added].into_iter());

        let error = done(&mut changed_outcome).unwrap_err();
        assert!(error.is_final(), "{error}");
        done(&mut added_outcome).unwrap_err();
        assert_eq!(writer.table.0, BTreeMap::from([(1, "kept".to_owned())]));
        // The next write may not try again, whatever the file would say now.
        let journal = place.folder().join("journal");
        let file = File::options().write(true).open(&journal).unwrap();
        writer.journal.replace_file(file);
        let before = std::fs::read(&journal).unwrap();
        let (request, mut refused) = put(3, "later");
        let (erasure, mut not_erased) = remove(1);
        writer.commit([request, erasure].into_iter());
        let error = done(&mut refused).unwrap_err();
        assert!(error.is_final(), "{error}");
        done(&mut not_erased).unwrap_err();
        let (idle, mut idle_outcome) = Request::new(Kind::Write, |_: &Texts| Ok((Vec::new(), ())));
        writer.commit([idle].into_iter());
        done(&mut idle_outcome).unwrap_err();
        assert_eq!(std::fs::read(&journal).unwrap(), before);
        // Reading goes on.
        let (request, mut seen) = look();
        writer.commit([request].into_iter());
        assert_eq!(done(&mut seen).unwrap(), [1]);

        drop(writer);
        assert_eq!(keys(&place.writer().await), [1]);
    }
}

#[tokio::test]
async fn what_was_read_is_written_anew_before_anybody_relies_on_it() {
    let place = Place::new();
    let mut writer = place.writer().await;
    let (request, mut outcome) = put(1, "text");
    writer.commit([request].into_iter());
    done(&mut outcome).unwrap();
    drop(writer);
    let journal = place.folder().join("journal");
    let before = std::fs::metadata(&journal).unwrap().ino();

    assert_eq!(keys(&place.writer().await), [1]);
    let after = std::fs::metadata(&journal).unwrap().ino();
    assert_eq!(keys(&place.writer().await), [1]);
    let unchanged = std::fs::metadata(&journal).unwrap().ino();

    assert_ne!(before, after);
    assert_eq!(after, unchanged, "nothing was appended in between");
    // So it counts as synced, and damage to it is no torn end.
    let mut bytes = std::fs::read(&journal).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&journal, &bytes).unwrap();
    let damaged = Writer::<Texts>::open(&place.directory().await).map(|_| ());
    assert!(
        matches!(damaged, Err(StoreError::Corrupt { .. })),
        "{damaged:?}"
    );
}

#[tokio::test]
async fn requests_that_wait_together_share_one_record() {
    let place = Place::new();
    let mut writer = place.writer().await;
    let before = writer.journal.next_number();
    let (requests, mut outcomes): (Vec<_>, Vec<_>) = (0..50).map(|key| put(key, "text")).unzip();

    writer.commit(requests.into_iter());

    assert!(outcomes.iter_mut().all(|outcome| done(outcome).is_ok()));
    assert_eq!(writer.journal.next_number(), before + 1);
    drop(writer);
    assert_eq!(keys(&place.writer().await).len(), 50);
}

#[tokio::test]
async fn what_a_request_saw_of_a_change_is_told_only_if_that_is_durable() {
    let place = Place::new();
    let mut writer = place.writer().await;
    writer.journal.replace_file(never_synced());
    let (first_look, mut saw_nothing) = look();
    let (change, mut changed) = put(1, "text");
    let (second_look, mut saw_the_change) = look();

    writer.commit([first_look, change, second_look].into_iter());

    assert!(done(&mut saw_nothing).unwrap().is_empty());
    done(&mut changed).unwrap_err();
    done(&mut saw_the_change).unwrap_err();
}

#[tokio::test]
async fn an_erasure_takes_the_other_changes_of_its_batch_along() {
    let place = Place::new();
    let mut writer = place.writer().await;
    let (one, mut one_outcome) = put(1, "marker-one");
    let (two, mut two_outcome) = put(2, "two");
    let (erasure, mut erased) = remove(1);
    let (three, mut three_outcome) = put(3, "three");

    writer.commit([one, two, erasure, three].into_iter());

    for outcome in [&mut one_outcome, &mut two_outcome, &mut three_outcome] {
        done(outcome).unwrap();
    }
    assert!(done(&mut erased).unwrap());
    let bytes = std::fs::read(place.folder().join("journal")).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("marker-one"));
    drop(writer);
    assert_eq!(keys(&place.writer().await), [2, 3]);
}

#[tokio::test]
async fn an_erasure_that_fails_is_undone_and_writing_goes_on() {
    let place = Place::new();
    let mut writer = place.writer().await;
    let (request, mut kept) = put(1, "kept");
    writer.commit([request].into_iter());
    done(&mut kept).unwrap();
    // In a directory that was removed no file can be made.
    let gone = place.0.path().join("gone");
    let intact = writer.journal.replace_folder(&gone);
    std::fs::remove_dir(&gone).unwrap();

    let (erasure, mut erased) = remove(1);
    let (request, mut together) = put(2, "together");
    writer.commit([erasure, request].into_iter());

    done(&mut erased).unwrap_err();
    done(&mut together).unwrap_err();
    assert_eq!(keys(&writer), [1]);
    drop(intact);
    let (request, mut later) = put(3, "later");
    writer.commit([request].into_iter());
    done(&mut later).unwrap();
    drop(writer);
    assert_eq!(keys(&place.writer().await), [1, 3]);
}

#[tokio::test]
async fn a_row_that_would_not_read_back_is_refused_alone() {
    /// Nests its text far too deep for the parser.
    fn deep() -> (Request<serde_values::Values>, Outcome<()>) {
        let mut value = serde_json::json!(null);
        for _ in 0..200 {
            value = serde_json::json!([value]);
        }
        Request::new(Kind::Write, move |_| Ok((vec![value], ())))
    }
    fn flat() -> (Request<serde_values::Values>, Outcome<()>) {
        Request::new(Kind::Write, |_| Ok((vec![serde_json::json!("flat")], ())))
    }
    let place = Place::new();
    let mut writer: Writer<serde_values::Values> = Writer::open(&place.directory().await).unwrap();
    let (before, mut before_outcome) = flat();
    let (bad, mut refused) = deep();
    let (after, mut after_outcome) = flat();

    writer.commit([before, bad, after].into_iter());

    done(&mut before_outcome).unwrap();
    done(&mut refused).unwrap_err();
    done(&mut after_outcome).unwrap();
    drop(writer);
    let writer: Writer<serde_values::Values> = Writer::open(&place.directory().await).unwrap();
    assert_eq!(writer.table.0.len(), 2);
}

/// A table of JSON values, in the order they came.
mod serde_values {
    use serde_json::Value;

    use super::Table;

    #[derive(Debug, Default)]
    pub(super) struct Values(pub(super) Vec<Value>);

    impl Table for Values {
        const NAME: &'static str = "values";
        const MARK: [u8; 4] = *b"valu";
        type Row = Value;

        fn apply(&mut self, row: Value) -> Option<Value> {
            self.0.push(row);
            None
        }

        fn rows(&self) -> impl Iterator<Item = Value> {
            self.0.iter().cloned()
        }

        fn encode(row: &Value) -> serde_json::Result<Vec<u8>> {
            serde_json::to_vec(row)
        }

        fn decode(json: &[u8]) -> serde_json::Result<Value> {
            serde_json::from_slice(json)
        }
    }
}

/// Fills a ledger with so many rows, then gives the bytes of one more write.
async fn bytes_of_a_write_after(rows: u32) -> u64 {
    let place = Place::new();
    let mut writer = place.writer().await;
    let (requests, _outcomes): (Vec<_>, Vec<_>) = (0..rows)
        .map(|row| put(1_000_000 + row, "a text of some length"))
        .unzip();
    let mut requests = requests.into_iter().peekable();
    while requests.peek().is_some() {
        writer.commit(&mut requests);
    }
    let before = writer.journal.length();
    let (request, mut outcome) = put(2_000_000, "a text of some length");
    writer.commit([request].into_iter());
    done(&mut outcome).unwrap();
    writer.journal.length() - before
}

#[tokio::test]
async fn a_write_costs_the_same_bytes_among_a_hundred_rows_and_ten_thousand() {
    let few = bytes_of_a_write_after(100).await;
    let many = bytes_of_a_write_after(10_000).await;

    assert_eq!(few, many);
}

#[tokio::test]
async fn writing_anew_copies_each_written_byte_a_bounded_number_of_times() {
    let place = Place::new();
    let mut writer = place.writer().await;
    let text = "x".repeat(16 << 10);
    let (mut appended, mut copied, mut rewrites) = (0, 0, 0);

    for number in 0..400 {
        let before = writer.journal.length();
        let (request, mut outcome) = put(number % 50, &text);
        writer.commit([request].into_iter());
        done(&mut outcome).unwrap();
        let after = writer.journal.length();
        appended += after - before;
        writer.tidy();
        if writer.journal.length() < after {
            rewrites += 1;
            copied += writer.journal.length();
        }
    }

    assert!(rewrites >= 3, "{rewrites} rewrites");
    assert!(
        copied < appended,
        "{copied} bytes copied, {appended} written"
    );
    assert!(
        writer.journal.length() < 3 << 20,
        "the journal outgrew its rows"
    );
    drop(writer);
    assert_eq!(keys(&place.writer().await).len(), 50);
}

/// Sends a request on its way, and drops the future whether it is done or not.
async fn poll_once<A>(future: impl Future<Output = A>) {
    drop(futures::future::select(Box::pin(future), futures::future::ready(())).await);
}

#[tokio::test]
async fn a_dropped_future_loses_only_its_answer() {
    let place = Place::new();
    let ledger: Ledger<Texts> = Ledger::open(&place.directory().await).await.unwrap();

    for key in 0..20 {
        let write = ledger.write(move |_| Ok((vec![Row::Put(key, "text".to_owned())], ())));
        poll_once(write).await;
    }
    let seen = ledger.read(|table| table.0.len()).await.unwrap();
    drop(ledger);

    assert_eq!(seen, 20);
    assert_eq!(keys(&place.writer().await).len(), 20);
}

#[tokio::test]
async fn dropping_a_ledger_writes_what_was_sent_and_frees_its_place() {
    let place = Place::new();
    for round in 0..10 {
        let ledger: Ledger<Texts> = Ledger::open(&place.directory().await).await.unwrap();
        let write = ledger.write(move |_| Ok((vec![Row::Put(round, "text".to_owned())], ())));
        poll_once(write).await;
        drop(ledger);
    }

    assert_eq!(keys(&place.writer().await).len(), 10);
}

#[tokio::test]
async fn a_store_is_opened_once_at_a_time() {
    let place = Place::new();
    let directory = place.directory().await;
    let first: Ledger<Texts> = Ledger::open(&directory).await.unwrap();

    let second = Ledger::<Texts>::open(&directory).await;

    assert!(
        matches!(second, Err(StoreError::Locked { .. })),
        "{second:?}"
    );
    drop(first);
    Ledger::<Texts>::open(&directory).await.unwrap();
}
