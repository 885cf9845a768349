//! An archive that is read, and believed only as far as its manifest proves it.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, BufReader, Read, Seek};
use std::marker::PhantomData;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zip::ZipArchive;

use super::error::ArchiveError;
use super::manifest::{Format, MANIFEST, Manifest, hexadecimal};

/// Bytes of a manifest at most.
const MANIFEST_BYTES: u64 = 1 << 20;
/// Bytes of one line at most, which is one row.
const LINE_BYTES: u64 = 4 << 20;
/// Entries of an archive at most; those that are not parts are left alone.
const ENTRIES: usize = 100;
/// Rows that go to the stores together.
const BATCH: usize = 1000;
/// Batches that may wait: this bounds the memory.
const BATCHES: usize = 4;

/// What a row is handed to.
pub(super) type Each<'a, T> = dyn FnMut(T) -> Result<(), ArchiveError> + 'a;

/// An archive whose manifest was read.
pub(super) struct Archive<R> {
    zip: ZipArchive<R>,
    manifest: Manifest,
}

impl<R: Read + Seek> Archive<R> {
    pub(super) fn open(file: R, format: Format) -> Result<Self, ArchiveError> {
        let not = |reason: String| ArchiveError::NotAnArchive {
            wanted: format.words,
            reason,
        };
        let mut zip = ZipArchive::new(file)
            .map_err(|error| not(format!("it is no ZIP file, or not a whole one ({error})")))?;
        if zip.len() > ENTRIES {
            return Err(not(format!("it has more than {ENTRIES} entries")));
        }
        let mut text = Vec::new();
        zip.by_name(MANIFEST)
            .map_err(|_| {
                not(format!(
                    "it has no `{MANIFEST}`, so it was cut short, or is another file"
                ))
            })?
            .take(MANIFEST_BYTES + 1)
            .read_to_end(&mut text)
            .map_err(|error| ArchiveError::damaged(MANIFEST, error))?;
        if text.len() as u64 > MANIFEST_BYTES {
            return Err(ArchiveError::damaged(MANIFEST, "it is too long"));
        }
        // The version comes first: a newer manifest may look quite different.
        let head: Head = serde_json::from_slice(&text)
            .map_err(|error| ArchiveError::damaged(MANIFEST, error))?;
        if head.format != format.name {
            return Err(not(format!(
                "it says that it is `{}`",
                shortened(&head.format)
            )));
        }
        if head.version > format.version {
            return Err(ArchiveError::TooNew {
                found: head.version,
                supported: format.version,
            });
        }
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|error| ArchiveError::damaged(MANIFEST, error))?;
        let bytes = manifest
            .parts
            .iter()
            .fold(0, |bytes: u64, part| bytes.saturating_add(part.bytes));
        if bytes > format.most_bytes {
            return Err(ArchiveError::damaged(
                MANIFEST,
                format!(
                    "its parts have {bytes} bytes, and {} are the most",
                    format.most_bytes
                ),
            ));
        }
        Ok(Self { zip, manifest })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads a part to its end, and checks that it is what the manifest says.
    pub(super) fn part(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut dyn Read) -> Result<u64, ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let part = self
            .manifest
            .parts
            .iter()
            .find(|part| part.name == name)
            .ok_or_else(|| ArchiveError::damaged(name, "it is missing in the manifest"))?;
        let entry = self
            .zip
            .by_name(name)
            .map_err(|error| ArchiveError::damaged(name, error))?;
        let mut checked = Checked {
            inner: entry,
            left: part.bytes,
            line: 0,
            sum: Sha256::new(),
        };
        let rows = read(&mut checked)?;
        io::copy(&mut checked, &mut io::sink())
            .map_err(|error| ArchiveError::damaged(name, error))?;
        if checked.left > 0 {
            return Err(ArchiveError::damaged(name, "it is cut short"));
        }
        if hexadecimal(&checked.sum.finalize()) != part.sha256 {
            return Err(ArchiveError::damaged(name, "its checksum is another one"));
        }
        if rows != part.rows {
            return Err(ArchiveError::damaged(
                name,
                format!("it has {rows} rows instead of {}", part.rows),
            ));
        }
        Ok(())
    }

    /// Reads a part of JSON lines.
    pub(super) fn lines<T: for<'de> Deserialize<'de>>(
        &mut self,
        name: &'static str,
        each: &mut Each<'_, T>,
    ) -> Result<(), ArchiveError> {
        self.part(name, |reader| {
            let mut rows = 0;
            let reader = BufReader::new(reader);
            for row in serde_json::Deserializer::from_reader(reader).into_iter() {
                let row = row.map_err(|error| ArchiveError::damaged(name, error))?;
                each(row)?;
                rows += 1;
            }
            Ok(rows)
        })
    }

    /// Reads a part that is one JSON list.
    pub(super) fn list<T: for<'de> Deserialize<'de>>(
        &mut self,
        name: &'static str,
        each: &mut Each<'_, T>,
    ) -> Result<(), ArchiveError> {
        self.part(name, |reader| {
            let mut json = serde_json::Deserializer::from_reader(BufReader::new(reader));
            let elements = Elements {
                each,
                failure: Rc::default(),
                of: PhantomData,
            };
            let failure = Rc::clone(&elements.failure);
            let rows = json.deserialize_seq(elements);
            if let Some(failure) = failure.borrow_mut().take() {
                return Err(failure);
            }
            let rows = rows.map_err(|error| ArchiveError::damaged(name, error))?;
            json.end()
                .map_err(|error| ArchiveError::damaged(name, error))?;
            Ok(rows)
        })
    }
}

/// What every version of a manifest begins with.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// A text of somebody else's, as errors show it.
fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// Reads no more than was promised, in lines of bounded length, and sums up what it reads.
struct Checked<R> {
    inner: R,
    left: u64,
    line: u64,
    sum: Sha256,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let refused = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
        let length = self.inner.read(buffer)?;
        let Some(bytes) = buffer.get(..length) else {
            return refused("it could not be read");
        };
        let Some(left) = self.left.checked_sub(length as u64) else {
            return refused("it is longer than the manifest says");
        };
        self.left = left;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line += line.len() as u64;
            if self.line > LINE_BYTES {
                return refused("it has a line that is too long");
            }
            if line.ends_with(b"\n") {
                self.line = 0;
            }
        }
        self.sum.update(bytes);
        Ok(length)
    }
}

/// Hands on each element of a list as soon as it is read.
struct Elements<'a, 'e, T> {
    each: &'a mut Each<'e, T>,
    /// What the receiver said; the parser knows only its own errors.
    failure: Rc<RefCell<Option<ArchiveError>>>,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<'_, '_, T> {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        let mut rows = 0;
        while let Some(element) = list.next_element()? {
            if let Err(failure) = (self.each)(element) {
                self.failure.replace(Some(failure));
                return Err(A::Error::custom("stopped"));
            }
            rows += 1;
        }
        Ok(rows)
    }
}

/// Rows on their way from a blocking thread to the stores.
#[derive(Debug)]
pub(super) struct Rows<T> {
    batches: mpsc::Receiver<Vec<T>>,
    worker: Option<JoinHandle<Result<(), ArchiveError>>>,
}

impl<T: Send + 'static> Rows<T> {
    /// Reads in the background; dropping it ends that soon.
    pub(super) fn of(
        read: impl FnOnce(&mut Each<'_, T>) -> Result<(), ArchiveError> + Send + 'static,
    ) -> Self {
        let (send, batches) = mpsc::channel(BATCHES);
        let worker = tokio::task::spawn_blocking(move || {
            let mut batch = Vec::new();
            read(&mut |row| {
                batch.push(row);
                if batch.len() >= BATCH {
                    send.blocking_send(std::mem::take(&mut batch))
                        .map_err(|_| given_up())?;
                }
                Ok(())
            })?;
            send.blocking_send(batch).map_err(|_| given_up())
        });
        Self {
            batches,
            worker: Some(worker),
        }
    }

    /// The next rows; `None` once all were read and checked.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<T>>, ArchiveError> {
        if let Some(batch) = self.batches.recv().await {
            return Ok(Some(batch));
        }
        match self.worker.take() {
            Some(worker) => worker
                .await
                .unwrap_or_else(|_| Err(given_up()))
                .map(|()| None),
            None => Ok(None),
        }
    }
}

/// Does something that blocks on a thread for that.
pub(super) async fn blocking<A: Send + 'static>(
    work: impl FnOnce() -> Result<A, ArchiveError> + Send + 'static,
) -> Result<A, ArchiveError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(given_up()))
}

fn given_up() -> ArchiveError {
    ArchiveError::io("read", io::Error::other("reading it was given up"))
}
