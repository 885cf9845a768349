//! An append-only file of records, written anew now and then.
//!
//! **What is durable.** [`Journal::append`] returns after `fdatasync`, and
//! [`Journal::rewrite`] after the new file, its name and the removal of the old one are
//! synced. One append is one record, so after a crash it is there whole or not at all.
//!
//! **Recovery.** A file that ends in a record that is not whole lost power while it was
//! being written, before anybody was told that it is durable. That tail is cut off and
//! kept in a `.torn` file. What looks the same, and is cut off the same way, is a last
//! record that was damaged later: the two cannot be told apart. Any other damage (before
//! a whole record, before bytes of a later one, or in the part that was synced before the
//! file got its name) is refused, and nothing is changed. A file that was cut off exactly
//! between two records looks like one that was never longer.
//!
//! **Failure.** A write that fails for want of space is taken back, and the next one may
//! succeed. After any other write or sync that failed nothing more is written: see
//! [`super`].

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::BACKEND;
use super::frame::{
    HEADER_LENGTH, Header, RECORD_HEADER_LENGTH, RecordHeader, damaged, find_record, record,
};
use crate::error::StoreError;
use crate::folder::{Folder, shown, unused_name};

pub(super) const JOURNAL: &str = "journal";
/// A journal that is being written anew.
const NEW: &str = ".new";
/// The end of a journal that was cut off.
const TORN: &str = ".torn";

/// So many bytes are written to a disk whole or not at all.
const SECTOR: u64 = 512;

/// Below this length a journal is not worth writing anew.
const SHORTEST_REWRITE: u64 = 1 << 20;

/// One store's journal, open for appending.
#[derive(Debug)]
pub(super) struct Journal {
    folder: Folder,
    file: File,
    store: [u8; 4],
    /// Where the next record goes.
    length: u64,
    /// The part that was written whole, when the file was last written anew.
    base: u64,
    next_number: u64,
    /// The next length at which writing anew is tried.
    rewrite_at: u64,
    failure: Option<Failure>,
}

/// Why nothing is written any more.
#[derive(Debug, Clone)]
struct Failure {
    doing: String,
    cause: Arc<io::Error>,
}

impl Failure {
    fn error(&self) -> StoreError {
        StoreError::Stopped {
            backend: BACKEND,
            doing: self.doing.clone(),
            source: Box::new(Arc::clone(&self.cause)),
        }
    }
}

impl Journal {
    /// Opens the journal in a folder, or makes an empty one.
    ///
    /// `replay` gets the payload of every record, in the order they were written, and
    /// says whether it understands it.
    pub(super) fn open(
        folder: Folder,
        store: [u8; 4],
        replay: impl FnMut(&[u8]) -> Result<(), NotUnderstood>,
    ) -> Result<Self, StoreError> {
        let Some(file) = folder.open_file(JOURNAL)? else {
            remove_debris(&folder, &[NEW])?;
            return Self::create(folder, store);
        };
        let read = read(&file, &folder, store, replay)?;
        // Only now that the journal is known to be good is anything changed.
        remove_debris(&folder, &[NEW])?;
        if read.good < read.length {
            cut_tail(&file, &folder, read.good, read.length)?;
        }
        Ok(Self {
            rewrite_at: rewrite_at(read.base),
            folder,
            file,
            store,
            length: read.good,
            base: read.base,
            next_number: read.next_number,
            failure: None,
        })
    }

    fn create(folder: Folder, store: [u8; 4]) -> Result<Self, StoreError> {
        let (file, length) =
            install(&folder, store, 1, std::iter::empty())?.map_err(|f| f.error())?;
        Ok(Self {
            rewrite_at: rewrite_at(length),
            folder,
            file,
            store,
            length,
            base: length,
            next_number: 1,
            failure: None,
        })
    }

    /// Fails if an earlier write failed.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.failure.as_ref().map_or(Ok(()), |f| Err(f.error()))
    }

    /// Adds one record; it is durable when this returns `Ok`.
    pub(super) fn append(&mut self, payload: &[u8]) -> Result<(), StoreError> {
        self.check()?;
        let bytes = record(self.next_number, payload).ok_or_else(too_long)?;
        if let Err(cause) = self.file.write_all_at(&bytes, self.length) {
            return Err(self.take_back(cause));
        }
        if let Err(cause) = self.file.sync_data() {
            return Err(self.stop(cause));
        }
        self.length += bytes.len() as u64;
        self.next_number += 1;
        Ok(())
    }

    /// After a write that failed. Where it failed for want of space, what came of it is cut
    /// off again, and the next write may succeed; nobody was told anything yet.
    fn take_back(&mut self, cause: io::Error) -> StoreError {
        let is_full = matches!(
            cause.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        );
        // Synced, so that no later record has remains of this one behind it.
        let cut = || {
            self.file
                .set_len(self.length)
                .and_then(|()| self.file.sync_data())
        };
        if is_full && cut().is_ok() {
            return self.folder.failed("writing", JOURNAL, cause);
        }
        self.stop(cause)
    }

    /// Ends writing.
    fn stop(&mut self, cause: io::Error) -> StoreError {
        let failure = Failure {
            doing: format!("writing {}", shown(&self.folder.path().join(JOURNAL))),
            cause: Arc::new(cause),
        };
        let error = failure.error();
        self.failure = Some(failure);
        error
    }

    /// Whether anything was appended since the file was written whole.
    pub(super) fn has_appended(&self) -> bool {
        self.length > self.base
    }

    /// Whether so much was appended that the file should be written anew.
    pub(super) fn is_overgrown(&self) -> bool {
        self.failure.is_none() && self.length >= self.rewrite_at
    }

    /// Waits with the next try until the file has grown as much again.
    pub(super) fn postpone_rewrite(&mut self) {
        self.rewrite_at = rewrite_at(self.length);
    }

    /// Puts a new file with these payloads in the place of the old one.
    ///
    /// When this fails, the old file goes on, unless the failure came after the new
    /// one was in place: then nothing more is written.
    pub(super) fn rewrite(
        &mut self,
        payloads: impl Iterator<Item = Result<Vec<u8>, StoreError>>,
    ) -> Result<(), StoreError> {
        self.check()?;
        let first = self.next_number;
        let mut count = 0;
        let payloads = payloads.inspect(|_| count += 1);
        match install(&self.folder, self.store, first, payloads)? {
            Ok((file, length)) => {
                // Dropping the old file frees its content: it has no name any more.
                self.file = file;
                self.length = length;
                self.base = length;
                self.next_number = first + count;
                self.rewrite_at = rewrite_at(length);
                Ok(())
            }
            Err(failure) => {
                let error = failure.error();
                self.failure = Some(failure);
                Err(error)
            }
        }
    }

    /// Whether remains of a crash lie beside the journal.
    pub(super) fn has_debris(&self) -> Result<bool, StoreError> {
        Ok(!debris(&self.folder, &[NEW, TORN])?.is_empty())
    }

    /// Removes them. They are gone for good after the next rewrite.
    pub(super) fn remove_debris(&self) -> Result<(), StoreError> {
        remove_debris(&self.folder, &[NEW, TORN])
    }
}

#[cfg(test)]
impl Journal {
    /// Where the next record goes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The number of the next record.
    pub(super) fn next_number(&self) -> u64 {
        self.next_number
    }

    /// Makes appends go elsewhere, to see what happens when they fail.
    pub(super) fn replace_file(&mut self, file: File) {
        self.file = file;
    }

    /// Makes rewrites go elsewhere, to see what happens when they fail.
    pub(super) fn replace_folder(&mut self, path: &std::path::Path) -> Folder {
        let elsewhere = Folder::open_or_make(BACKEND, path).unwrap();
        std::mem::replace(&mut self.folder, elsewhere)
    }
}

/// A whole record that says nothing this program knows.
#[derive(Debug)]
pub(super) struct NotUnderstood;

/// What a journal holds.
struct ReadJournal {
    /// The end of the last whole record.
    good: u64,
    /// The end of the file.
    length: u64,
    base: u64,
    next_number: u64,
}

fn read(
    file: &File,
    folder: &Folder,
    store: [u8; 4],
    mut replay: impl FnMut(&[u8]) -> Result<(), NotUnderstood>,
) -> Result<ReadJournal, StoreError> {
    let failed = |error| folder.failed("reading", JOURNAL, error);
    let path = shown(&folder.path().join(JOURNAL));
    let length = file.metadata().map_err(failed)?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);

    let mut header = [0; HEADER_LENGTH];
    if length < HEADER_LENGTH as u64 {
        return Err(damaged(format!(
            "{path} ends at offset {length}, within its header"
        )));
    }
    reader.read_exact(&mut header).map_err(failed)?;
    let header = Header::decode(&header, store).map_err(|fault| fault.error(&path))?;
    if length < header.base {
        return Err(damaged(format!(
            "{path} ends at offset {length}, but was written up to offset {}",
            header.base
        )));
    }

    let mut good = HEADER_LENGTH as u64;
    let mut number = header.first;
    let mut payload = Vec::new();
    while good < length {
        match next_record(&mut reader, length - good, number, &mut payload).map_err(failed)? {
            Some(()) => {
                replay(&payload).map_err(|NotUnderstood| {
                    damaged(format!(
                        "the record at offset {good} of {path} is whole, but says nothing known"
                    ))
                })?;
                good += (RECORD_HEADER_LENGTH + payload.len()) as u64;
                number = number.saturating_add(1);
            }
            None if good < header.base => {
                return Err(damaged(format!("{path} at offset {good}")));
            }
            None => {
                let tail = read_from(file, good).map_err(failed)?;
                let highest_number = number.saturating_add(tail.len() as u64);
                if let Some(distance) = find_record(&tail, highest_number) {
                    return Err(damaged(format!(
                        "{path} at offset {good}, before a whole record at offset {}",
                        good + distance as u64
                    )));
                }
                if has_more_behind(&tail, number, good) {
                    return Err(damaged(format!(
                        "{path} at offset {good}, before bytes of a later record"
                    )));
                }
                break;
            }
        }
    }
    Ok(ReadJournal {
        good,
        length,
        base: header.base,
        next_number: number,
    })
}

/// Reads the record with this number; `None` if what follows is not it.
fn next_record(
    reader: &mut impl Read,
    left: u64,
    number: u64,
    payload: &mut Vec<u8>,
) -> io::Result<Option<()>> {
    let Some(left) = left.checked_sub(RECORD_HEADER_LENGTH as u64) else {
        return Ok(None);
    };
    let mut header = [0; RECORD_HEADER_LENGTH];
    reader.read_exact(&mut header)?;
    let header = RecordHeader::decode(&header);
    // The length may be damaged: believe it only as far as the file goes.
    if header.number != number || header.length == 0 || u64::from(header.length) > left {
        return Ok(None);
    }
    payload.clear();
    reader.take(u64::from(header.length)).read_to_end(payload)?;
    Ok(header.fits(payload).then_some(()))
}

/// Whether more follows this record than itself. Nothing is written behind a record before
/// it is durable, so this is no write that was cut short.
fn has_more_behind(tail: &[u8], number: u64, offset: u64) -> bool {
    let Some((header, rest)) = tail.split_first_chunk::<RECORD_HEADER_LENGTH>() else {
        return false;
    };
    let header = RecordHeader::decode(header);
    // Of a header in two sectors, one may be missing; then its length means nothing.
    let is_in_one_sector = offset % SECTOR + RECORD_HEADER_LENGTH as u64 <= SECTOR;
    is_in_one_sector
        && header.number == number
        && header.length > 0
        && usize::try_from(header.length).is_ok_and(|length| length < rest.len())
}

fn read_from(mut file: &File, start: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Saves the tail aside, then cuts it off.
fn cut_tail(file: &File, folder: &Folder, good: u64, length: u64) -> Result<(), StoreError> {
    let failed = |error| folder.failed("cutting the torn end of", JOURNAL, error);
    let tail = read_from(file, good).map_err(failed)?;
    let name = unused_name(TORN);
    let mut saved = folder.create_file(&name)?;
    saved
        .write_all(&tail)
        .and_then(|()| saved.sync_all())
        .map_err(|error| folder.failed("writing", &name, error))?;
    folder.sync()?;
    file.set_len(good)
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    tracing::warn!(
        journal = %folder.path().join(JOURNAL).display(),
        offset = good,
        bytes = length - good,
        saved_as = %name,
        "the end of the journal is not whole, as after a write that was cut short; it is put aside"
    );
    Ok(())
}

/// Writes a new journal and puts it in place; gives the file and its length.
///
/// The outer error leaves everything as it was. The inner one came after the new file
/// was put in place, so that it is not known which of the two will be found.
fn install(
    folder: &Folder,
    store: [u8; 4],
    first: u64,
    payloads: impl Iterator<Item = Result<Vec<u8>, StoreError>>,
) -> Result<Result<(File, u64), Failure>, StoreError> {
    let name = unused_name(NEW);
    let file = folder.create_file(&name)?;
    let written = write_new(folder, &name, &file, store, first, payloads)
        .and_then(|length| folder.rename(&name, JOURNAL).map(|()| length));
    let length = match written {
        Ok(length) => length,
        Err(error) => {
            // If this fails too, the next opening or erasure removes it.
            let _ = folder.remove(&name);
            return Err(error);
        }
    };
    Ok(match folder.sync() {
        Ok(()) => Ok((file, length)),
        Err(error) => Err(Failure {
            doing: format!("putting a new journal into {}", shown(folder.path())),
            cause: Arc::new(io::Error::other(error)),
        }),
    })
}

fn write_new(
    folder: &Folder,
    name: &str,
    file: &File,
    store: [u8; 4],
    first: u64,
    payloads: impl Iterator<Item = Result<Vec<u8>, StoreError>>,
) -> Result<u64, StoreError> {
    let failed = |error| folder.failed("writing", name, error);
    let mut length = HEADER_LENGTH as u64;
    let mut writer = BufWriter::with_capacity(1 << 16, file);
    // The header names the length, so it is written last; until then this is no journal.
    writer.write_all(&[0; HEADER_LENGTH]).map_err(failed)?;
    for (number, payload) in (first..).zip(payloads) {
        let bytes = record(number, &payload?).ok_or_else(too_long)?;
        writer.write_all(&bytes).map_err(failed)?;
        length += bytes.len() as u64;
    }
    writer.flush().map_err(failed)?;
    let header = Header {
        store,
        base: length,
        first,
    };
    file.write_all_at(&header.encode(), 0)
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    Ok(length)
}

/// Three times what was there: so a written byte is copied a bounded number of times,
/// however many rows there are.
fn rewrite_at(length: u64) -> u64 {
    length.max(SHORTEST_REWRITE / 2).saturating_mul(3)
}

fn debris(folder: &Folder, suffixes: &[&str]) -> Result<Vec<String>, StoreError> {
    let mut names = folder.names()?;
    names.retain(|name| suffixes.iter().any(|suffix| name.ends_with(suffix)));
    Ok(names)
}

fn remove_debris(folder: &Folder, suffixes: &[&str]) -> Result<(), StoreError> {
    for name in debris(folder, suffixes)? {
        folder.remove(&name)?;
    }
    Ok(())
}

pub(super) fn too_long() -> StoreError {
    StoreError::backend(
        BACKEND,
        "writing the journal",
        "the write is empty or longer than 256 MiB: split it",
    )
}

#[cfg(test)]
mod tests;
