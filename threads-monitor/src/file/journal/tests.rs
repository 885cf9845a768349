use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

const STORE: [u8; 4] = *b"test";

/// A journal's directory, which outlives the journal.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(JOURNAL)
    }

    fn open(&self) -> Result<(Journal, Vec<Vec<u8>>), StoreError> {
        let mut payloads = Vec::new();
        let folder = Folder::open_or_make("file", self.0.path())?;
        let journal = Journal::open(folder, STORE, |payload| {
            payloads.push(payload.to_owned());
            Ok(())
        })?;
        Ok((journal, payloads))
    }

    /// A place with a base of three records and four appended ones; gives the payloads
    /// and the offset at which each record ends.
    fn filled() -> (Self, Vec<Vec<u8>>, Vec<u64>) {
        let place = Self::new();
        let (mut journal, _) = place.open().unwrap();
        let payloads: Vec<Vec<u8>> = (0..7)
            .map(|number| format!("payload {number} {}", "x".repeat(number * 7)).into_bytes())
            .collect();
        let (base, appended) = payloads.split_at(3);
        journal.rewrite(base.iter().cloned().map(Ok)).unwrap();
        let mut ends = vec![journal.length];
        for payload in appended {
            journal.append(payload).unwrap();
            ends.push(journal.length);
        }
        (place, payloads, ends)
    }

    fn with_bytes(&self, bytes: &[u8]) {
        fs::write(self.path(), bytes).unwrap();
    }

    fn names(&self, suffix: &str) -> Vec<PathBuf> {
        fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_string_lossy().ends_with(suffix))
            .collect()
    }
}

fn corrupt(result: Result<(Journal, Vec<Vec<u8>>), StoreError>) -> String {
    match result {
        Err(StoreError::Corrupt { what, .. }) => what,
        Err(error) => panic!("expected damage, got {error:?}"),
        Ok((_, payloads)) => panic!("expected damage, got {} payloads", payloads.len()),
    }
}

#[test]
fn what_was_appended_is_read_in_order() {
    let (place, payloads, _) = Place::filled();

    let (mut journal, read) = place.open().unwrap();
    assert_eq!(read, payloads);
    journal.append(b"one more").unwrap();
    drop(journal);

    let (_, read) = place.open().unwrap();
    assert_eq!(read.len(), payloads.len() + 1);
    assert_eq!(read.last().unwrap(), b"one more");
}

#[test]
fn a_rewrite_replaces_everything_and_goes_on() {
    let (place, ..) = Place::filled();
    let (mut journal, _) = place.open().unwrap();

    journal
        .rewrite([b"a".to_vec(), b"b".to_vec()].into_iter().map(Ok))
        .unwrap();
    journal.append(b"c").unwrap();

    let (_, read) = place.open().unwrap();
    assert_eq!(read, [b"a", b"b", b"c"]);
}

#[test]
fn a_tail_torn_at_any_byte_gives_exactly_the_committed_prefix() {
    let (place, payloads, ends) = Place::filled();
    let whole = fs::read(place.path()).unwrap();
    let [.., start, end] = ends.as_slice() else {
        panic!("too few records");
    };
    let committed = &payloads[..payloads.len() - 1];

    for cut in *start..*end {
        let length = usize::try_from(cut).unwrap();
        place.with_bytes(&whole[..length]);

        let (mut journal, read) = place.open().unwrap();

        assert_eq!(read, committed, "cut at {cut}");
        assert_eq!(fs::metadata(place.path()).unwrap().len(), *start);
        let saved = place.names(TORN);
        if cut == *start {
            assert!(saved.is_empty(), "nothing was torn");
        } else {
            let [saved] = saved.as_slice() else {
                panic!("{} tails were saved", saved.len());
            };
            let tail = usize::try_from(*start).unwrap()..length;
            assert_eq!(fs::read(saved).unwrap(), whole[tail]);
            assert_eq!(fs::metadata(saved).unwrap().mode() & 0o777, 0o600);
            fs::remove_file(saved).unwrap();
        }
        // The place of the torn record is taken by the next one.
        journal.append(b"after").unwrap();
        drop(journal);
        let (_, read) = place.open().unwrap();
        assert_eq!(read.last().unwrap(), b"after");
        assert_eq!(read.len(), payloads.len());
    }
}

#[test]
fn a_tail_of_zeros_or_noise_is_cut_off() {
    let (place, payloads, _) = Place::filled();
    let whole = fs::read(place.path()).unwrap();

    for tail in [vec![0; 10_000], vec![0xff; 500], b"[{\"x\":1}]".to_vec()] {
        place.with_bytes(&[whole.as_slice(), &tail].concat());

        let (_, read) = place.open().unwrap();

        assert_eq!(read, payloads);
        assert_eq!(fs::read(place.path()).unwrap(), whole);
    }
}

#[test]
fn damage_before_a_whole_record_is_refused_and_nothing_is_changed() {
    let (place, _, ends) = Place::filled();
    let whole = fs::read(place.path()).unwrap();
    let last_start = usize::try_from(ends[ends.len() - 2]).unwrap();

    for offset in 0..last_start {
        for flip in [0x01, 0x80] {
            let mut damaged = whole.clone();
            damaged[offset] ^= flip;
            place.with_bytes(&damaged);

            let what = match place.open() {
                // Damage of the header's version is a header whose checksum is wrong.
                Err(StoreError::Corrupt { what, .. }) => what,
                other => panic!("flip at {offset}: {:?}", other.map(|(_, read)| read)),
            };

            assert!(what.contains("journal"), "{what}");
            assert_eq!(fs::read(place.path()).unwrap(), damaged);
            assert!(place.names(TORN).is_empty());
        }
    }
}

#[test]
fn damage_that_reaches_into_the_last_record_is_refused() {
    let (place, _, ends) = Place::filled();
    let whole = fs::read(place.path()).unwrap();
    let last_start = usize::try_from(ends[ends.len() - 2]).unwrap();

    for length in 1..=whole.len() - last_start {
        let mut damaged = whole.clone();
        for byte in &mut damaged[last_start - 4..last_start + length] {
            *byte ^= 0x55;
        }
        place.with_bytes(&damaged);

        let what = corrupt(place.open());

        assert!(
            what.contains(&format!("offset {}", ends[ends.len() - 3])),
            "{what}"
        );
        assert_eq!(fs::read(place.path()).unwrap(), damaged);
    }
}

#[test]
fn the_error_names_the_offset_of_the_damage_and_of_the_whole_record() {
    let (place, _, ends) = Place::filled();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(place.path())
        .unwrap();
    file.write_all_at(b"?", ends[0] + 20).unwrap();

    let what = corrupt(place.open());

    assert!(what.contains(&format!("at offset {}", ends[0])), "{what}");
    assert!(
        what.contains(&format!("record at offset {}", ends[1])),
        "{what}"
    );
}

#[test]
fn a_file_that_lost_part_of_what_was_written_whole_is_refused() {
    let (place, _, ends) = Place::filled();
    let whole = fs::read(place.path()).unwrap();
    let base = usize::try_from(ends[0]).unwrap();

    for length in 0..base {
        place.with_bytes(&whole[..length]);

        let what = corrupt(place.open());

        assert!(what.contains(&format!("ends at offset {length}")), "{what}");
    }
}

#[test]
fn records_that_changed_places_or_came_twice_are_refused() {
    let (place, _, ends) = Place::filled();
    let whole = fs::read(place.path()).unwrap();
    let at = |index: usize| usize::try_from(ends[index]).unwrap();
    let (before, first, second) = (&whole[..at(0)], &whole[at(0)..at(1)], &whole[at(1)..at(2)]);
    let rest = &whole[at(2)..];

    for parts in [
        vec![before, second, first, rest],
        vec![before, first, first, second, rest],
        vec![before, second, rest],
        vec![before, first, rest],
        vec![before, first, second, rest, first],
        vec![before, rest],
    ] {
        place.with_bytes(&parts.concat());

        corrupt(place.open());
    }
}

#[test]
fn a_newer_format_is_refused_by_version() {
    let place = Place::new();
    place.open().unwrap();
    let mut bytes = fs::read(place.path()).unwrap();
    bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..32]);
    bytes[32..36].copy_from_slice(&checksum.to_le_bytes());
    place.with_bytes(&bytes);

    let error = place.open().unwrap_err();

    assert!(
        matches!(
            error,
            StoreError::TooNew {
                found: 2,
                supported: 1,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(fs::read(place.path()).unwrap(), bytes);
}

#[test]
fn the_journal_of_another_store_is_refused() {
    let (place, ..) = Place::filled();
    let folder = Folder::open_or_make("file", place.0.path()).unwrap();

    let error = Journal::open(folder, *b"othr", |_| Ok(())).unwrap_err();

    assert!(error.to_string().contains("another store"), "{error}");
}

#[test]
fn a_whole_record_that_is_not_understood_is_refused_by_offset() {
    let (place, _, ends) = Place::filled();
    let folder = Folder::open_or_make("file", place.0.path()).unwrap();
    let mut records = 0;

    let error = Journal::open(folder, STORE, |_| {
        records += 1;
        if records == 4 {
            Err(NotUnderstood)
        } else {
            Ok(())
        }
    })
    .unwrap_err();

    assert!(
        error.to_string().contains(&format!("offset {}", ends[0])),
        "{error}"
    );
}

#[test]
fn a_journal_that_was_not_put_in_place_is_removed_on_opening() {
    let (place, payloads, _) = Place::filled();
    fs::write(place.0.path().join("left-behind.new"), b"half a journal").unwrap();

    let (_, read) = place.open().unwrap();

    assert_eq!(read, payloads);
    assert!(place.names(NEW).is_empty());
}

#[test]
fn an_empty_or_endless_payload_is_refused_before_it_is_written() {
    let (place, payloads, _) = Place::filled();
    let (mut journal, _) = place.open().unwrap();
    let before = fs::read(place.path()).unwrap();

    assert!(journal.append(b"").is_err());
    assert!(
        journal
            .append(&vec![b'x'; super::super::frame::LONGEST_PAYLOAD + 1])
            .is_err()
    );

    assert_eq!(fs::read(place.path()).unwrap(), before);
    journal.append(b"fine").unwrap();
    assert_eq!(place.open().unwrap().1.len(), payloads.len() + 1);
}

/// A generator of numbers with a fixed seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }
}

#[test]
fn a_thousand_damaged_files_end_in_a_committed_prefix_or_a_refusal() {
    let (place, payloads, ends) = Place::filled();
    let whole = fs::read(place.path()).unwrap();
    let base_records = 3;
    let mut numbers = Numbers(20_261_123);
    let (mut refused, mut accepted) = (0, 0);

    for round in 0..1_000 {
        let mut damaged = whole.clone();
        let start = numbers.below(damaged.len());
        let end = (start + 1 + numbers.below(64)).min(damaged.len());
        match round % 6 {
            0 => damaged.truncate(start),
            1 => damaged[start..end].fill(0),
            2 => damaged[start] ^= 1 << numbers.below(8),
            3 => {
                for byte in &mut damaged[start..end] {
                    *byte = numbers.next().to_le_bytes()[0];
                }
            }
            4 => drop(damaged.drain(start..end)),
            _ => {
                let piece = whole[start..end].to_vec();
                let at = numbers.below(damaged.len());
                damaged.splice(at..at, piece);
            }
        }
        place.with_bytes(&damaged);

        match place.open() {
            Ok((_, read)) => {
                accepted += 1;
                assert!(read.len() >= base_records, "round {round} lost synced rows");
                assert_eq!(read, payloads[..read.len()], "round {round}");
                // Only the last record may be taken for a torn one.
                let first_change = damaged
                    .iter()
                    .zip(&whole)
                    .position(|(one, other)| one != other)
                    .unwrap_or(damaged.len().min(whole.len()));
                let untouched = ends
                    .iter()
                    .filter(|end| **end <= first_change as u64)
                    .count();
                assert!(
                    read.len() + 1 >= base_records + untouched,
                    "round {round}: {} records read, damage at {first_change}",
                    read.len()
                );
            }
            Err(StoreError::Corrupt { .. } | StoreError::TooNew { .. }) => {
                refused += 1;
                assert_eq!(fs::read(place.path()).unwrap(), damaged, "round {round}");
            }
            Err(error) => panic!("round {round}: {error:?}"),
        }
        for torn in place.names(TORN) {
            fs::remove_file(torn).unwrap();
        }
    }

    assert!(
        refused > 300 && accepted > 50,
        "{refused} refused, {accepted} accepted"
    );
}
