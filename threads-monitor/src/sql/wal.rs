//! Damage in SQLite's write-ahead log that SQLite takes for a write that was cut short.
//!
//! SQLite reads a log up to the first frame whose checksum is wrong, and forgets the rest
//! without a word. After a power loss that is right: each transaction is synced before the
//! next one is written, so only the last one can be in pieces. Where a whole transaction
//! follows after the piece, it was synced, and so was what is in front of it: something
//! damaged the file later, and going on would lose what was acknowledged.
//!
//! ```text
//! header   magic | format | page size | sequence | salt [8] | checksum [8]
//! frame    page | size after a commit, or 0 | salt [8] | checksum [8] | the page
//! ```
//!
//! All numbers have four bytes, the first one first. The checksum of a frame goes on from
//! that of the frame before it. Frames of an older log have other salts.

use std::io::Read as _;

use crate::error::StoreError;
use crate::folder::{Folder, shown};

const HEADER: usize = 32;
const FRAME: usize = 24;
/// The pages of our databases.
const PAGE: usize = 4_096;
/// The magic number; its last bit says that the bytes of checksums are not swapped.
const MAGIC: u32 = 0x377f_0682;
/// How often a log that looks damaged is read again.
const READINGS: usize = 3;

/// Refuses a log of which SQLite would silently forget more than a power loss explains, or
/// that has lost its database.
pub(super) fn expect_whole(folder: &Folder, name: &str) -> Result<(), StoreError> {
    let database = folder.path().join(name);
    let name = format!("{name}-wal");
    let corrupt = |what: String| StoreError::Corrupt {
        what: format!("{}: {what}", shown(&folder.path().join(&name))),
        advice: "Nothing was changed. Put the database and this file back from a copy".to_owned(),
    };
    let read = || -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        // SQLite has no locks on this file, so it may be opened and closed.
        if let Some(mut log) = folder.open_file(&name)? {
            log.read_to_end(&mut bytes)
                .map_err(|error| folder.failed("reading", &name, error))?;
        }
        Ok(bytes)
    };
    let log = read()?;
    // A database has its first page before it has a log.
    let is_empty = std::fs::symlink_metadata(database).map_or(true, |found| found.len() == 0);
    if is_empty && !log.is_empty() {
        return Err(corrupt(
            "the database that it belongs to is missing or empty".to_owned(),
        ));
    }
    let Some(offset) = damage(&log) else {
        return Ok(());
    };
    // Other processes may be writing; what they write is whole when it is read again.
    for _ in 0..READINGS {
        if damage(&read()?) != Some(offset) {
            return Ok(());
        }
    }
    Err(corrupt(format!(
        "it is damaged at offset {offset}, before whole transactions"
    )))
}

/// Where a log is damaged, if whole transactions follow after that.
fn damage(log: &[u8]) -> Option<u64> {
    let log = Log::new(log)?;
    let count = log.count();
    let damaged = (0..count).find(|frame| !log.follows(*frame))?;
    let next = (damaged + 1..count).find(|frame| log.follows(*frame))?;
    // Frames that belong together, one after the other.
    let run = next..(next..count)
        .find(|frame| !log.follows(*frame))
        .unwrap_or(count);
    // The frame in front of them is one of them if they go on from what it says.
    let is_after_commit = next == damaged + 1 && log.is_commit(damaged);
    let last = run.end - 1;
    let has_more = is_after_commit || (run.start..last).any(|frame| log.is_commit(frame));
    has_more.then(|| match log.start {
        Some(_) => log.offset(damaged) as u64,
        None => 0,
    })
}

struct Log<'a> {
    bytes: &'a [u8],
    page: usize,
    is_big_endian: bool,
    salts: &'a [u8],
    /// What the first frame goes on from; `None` where the header is damaged.
    start: Option<(u32, u32)>,
}

impl<'a> Log<'a> {
    /// `None` where there is no frame.
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let is_big_endian = number(bytes, 0)? & 1 == 1;
        let log = Self {
            bytes,
            page: usize::try_from(number(bytes, 8)?).ok()?,
            is_big_endian,
            salts: bytes.get(16..24)?,
            start: pair(bytes, 24),
        };
        let is_whole = number(bytes, 0)? & !1 == MAGIC
            && log.page.is_power_of_two()
            && (512..=65_536).contains(&log.page)
            && log.start == Some(log.checksum((0, 0), bytes.get(..24)?));
        if is_whole {
            return Some(log);
        }
        // It is synced before the first frame, and small enough to be written whole.
        Some(Self {
            page: PAGE,
            is_big_endian: cfg!(target_endian = "big"),
            salts: bytes.get(HEADER + 8..HEADER + 16)?,
            start: None,
            ..log
        })
    }

    fn count(&self) -> usize {
        self.bytes.len().saturating_sub(HEADER) / (FRAME + self.page)
    }

    fn offset(&self, frame: usize) -> usize {
        HEADER + frame * (FRAME + self.page)
    }

    /// Whether a frame is whole, and was written after the one in front of it.
    fn follows(&self, frame: usize) -> bool {
        self.follows_or_none(frame).unwrap_or(false)
    }

    fn follows_or_none(&self, frame: usize) -> Option<bool> {
        let start = self.offset(frame);
        if self.bytes.get(start + 8..start + 16)? != self.salts {
            return Some(false);
        }
        let before = match frame {
            0 => self.start?,
            _ => pair(self.bytes, self.offset(frame - 1) + 16)?,
        };
        let sum = self.checksum(before, self.bytes.get(start..start + 8)?);
        let page = start + FRAME..start + FRAME + self.page;
        let sum = self.checksum(sum, self.bytes.get(page)?);
        Some(sum == pair(self.bytes, start + 16)?)
    }

    fn is_commit(&self, frame: usize) -> bool {
        number(self.bytes, self.offset(frame) + 4).is_some_and(|size| size != 0)
    }

    fn checksum(&self, (mut one, mut other): (u32, u32), bytes: &[u8]) -> (u32, u32) {
        let read = |bytes: &[u8]| {
            let mut word = [0; 4];
            word.copy_from_slice(bytes);
            if self.is_big_endian {
                u32::from_be_bytes(word)
            } else {
                u32::from_le_bytes(word)
            }
        };
        for words in bytes.chunks_exact(8) {
            let (first, second) = words.split_at(4);
            one = one.wrapping_add(read(first)).wrapping_add(other);
            other = other.wrapping_add(read(second)).wrapping_add(one);
        }
        (one, other)
    }
}

fn number(bytes: &[u8], start: usize) -> Option<u32> {
    let bytes = bytes.get(start..start + 4)?;
    bytes.try_into().ok().map(u32::from_be_bytes)
}

fn pair(bytes: &[u8], start: usize) -> Option<(u32, u32)> {
    Some((number(bytes, start)?, number(bytes, start + 4)?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
    use sqlx::{ConnectOptions, Connection};
    use tempfile::TempDir;

    use super::*;

    async fn connect(path: &Path) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .connect()
            .await
            .unwrap()
    }

    /// The log of a few transactions, as SQLite writes it.
    async fn log() -> Vec<u8> {
        let place = TempDir::new().unwrap();
        let path = place.path().join("a.db");
        let mut connection = connect(&path).await;
        let mut say = async |sql: &'static str| {
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        };
        say("CREATE TABLE a (b TEXT); CREATE TABLE c (d TEXT)").await;
        for _ in 0..4 {
            say("INSERT INTO a VALUES (hex(randomblob(9000)))").await;
            say("INSERT INTO c VALUES ('short')").await;
        }
        let log = std::fs::read(path.with_file_name("a.db-wal")).unwrap();
        connection.close().await.unwrap();
        log
    }

    /// The frames at which a transaction ends.
    fn commits(log: &[u8]) -> Vec<usize> {
        let log = Log::new(log).unwrap();
        (0..log.count())
            .filter(|frame| log.is_commit(*frame))
            .collect()
    }

    #[tokio::test]
    async fn a_log_is_whole_to_every_length() {
        let log = log().await;
        let frames = Log::new(&log).unwrap().count();
        assert!(frames > 20, "{frames}");

        for length in (0..log.len()).step_by(97).chain([log.len()]) {
            assert_eq!(damage(&log[..length]), None, "{length}");
        }
    }

    #[tokio::test]
    async fn damage_in_the_last_transaction_looks_like_a_power_loss() {
        let log = log().await;
        let commits = commits(&log);
        let first = HEADER + (commits[commits.len() - 2] + 1) * (FRAME + PAGE);

        for offset in (first..log.len()).step_by(41) {
            let mut damaged = log.clone();
            damaged[offset] ^= 1;
            assert_eq!(damage(&damaged), None, "{offset}");
        }
    }

    #[tokio::test]
    async fn damage_before_whole_transactions_is_seen() {
        let log = log().await;
        let commits = commits(&log);
        // With three transactions behind it, it is seen wherever it is.
        let last = HEADER + (commits[commits.len() - 4] + 1) * (FRAME + PAGE);

        for offset in (HEADER..last).step_by(41) {
            let mut damaged = log.clone();
            damaged[offset] ^= 1;

            let frame = (offset - HEADER) / (FRAME + PAGE);
            let expected = HEADER + frame * (FRAME + PAGE);
            assert_eq!(damage(&damaged), Some(expected as u64), "{offset}");
        }
    }

    #[tokio::test]
    async fn frames_of_an_older_log_are_no_damage() {
        let place = TempDir::new().unwrap();
        let path = place.path().join("a.db");
        let mut connection = connect(&path).await;
        let many = "CREATE TABLE a (b TEXT);
                    INSERT INTO a VALUES (hex(randomblob(9000)));
                    INSERT INTO a VALUES (hex(randomblob(9000)));
                    PRAGMA wal_checkpoint(RESTART);";
        sqlx::raw_sql(many).execute(&mut connection).await.unwrap();
        let one = "INSERT INTO a VALUES ('x')";
        sqlx::raw_sql(one).execute(&mut connection).await.unwrap();

        let log = std::fs::read(path.with_file_name("a.db-wal")).unwrap();

        let read = Log::new(&log).unwrap();
        assert!(read.follows(0) && !read.follows(read.count() - 1));
        assert_eq!(damage(&log), None);
    }

    #[tokio::test]
    async fn a_damaged_header_is_seen() {
        let log = log().await;

        for offset in 0..HEADER {
            let mut damaged = log.clone();
            damaged[offset] ^= 1;
            assert_eq!(damage(&damaged), Some(0), "{offset}");
        }
    }

    #[test]
    fn what_is_no_log_is_left_to_sqlite() {
        for bytes in [vec![], vec![0; 100], vec![0xff; 5_000]] {
            assert_eq!(damage(&bytes), None);
        }
    }
}
