//! A ZIP file that is written from async code by a thread of its own.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Datelike, Timelike, Utc};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::error::ArchiveError;
use super::manifest::{MANIFEST, Manifest, Part, hexadecimal};

/// So many bytes go to the thread together.
const PIECE: usize = 64 * 1024;
/// So many pieces may wait: this bounds the memory.
const PIECES: usize = 8;

enum Piece {
    Begin(&'static str),
    Bytes(Vec<u8>),
    Finish(Box<Manifest>),
}

/// Whether a part may be larger than 4 GiB, which some programs cannot unpack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Usual,
    Large,
}

/// Writes one part after the other. Dropping it leaves the archive without a manifest, so
/// that nobody takes it for a whole one.
#[derive(Debug)]
pub(super) struct ArchiveWriter<W> {
    pieces: mpsc::Sender<Piece>,
    worker: Option<JoinHandle<Result<W, ArchiveError>>>,
    waiting: Vec<u8>,
    parts: Vec<Part>,
}

impl<W: Write + Send + 'static> ArchiveWriter<W> {
    /// Must be called within a Tokio runtime.
    pub(super) fn new(out: W, size: Size, made_at: DateTime<Utc>) -> Self {
        let (pieces, received) = mpsc::channel(PIECES);
        let options = SimpleFileOptions::default()
            .large_file(size == Size::Large)
            .last_modified_time(zip_time(made_at))
            .unix_permissions(0o600);
        Self {
            pieces,
            worker: Some(tokio::task::spawn_blocking(move || {
                work(out, received, options)
            })),
            waiting: Vec::new(),
            parts: Vec::new(),
        }
    }

    pub(super) async fn begin(&mut self, name: &'static str) -> Result<(), ArchiveError> {
        self.hand_over().await?;
        self.parts.push(Part {
            name: name.to_owned(),
            rows: 0,
            bytes: 0,
            sha256: String::new(),
        });
        self.send(Piece::Begin(name)).await
    }

    /// Adds bytes that hold so many rows.
    pub(super) async fn write(&mut self, bytes: &[u8], rows: usize) -> Result<(), ArchiveError> {
        if let Some(part) = self.parts.last_mut() {
            part.rows += rows as u64;
        }
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE {
            self.hand_over().await?;
        }
        Ok(())
    }

    /// Writes the manifest and ends the archive.
    pub(super) async fn finish(mut self, mut manifest: Manifest) -> Result<W, ArchiveError> {
        self.hand_over().await?;
        manifest.parts = std::mem::take(&mut self.parts);
        self.send(Piece::Finish(Box::new(manifest))).await?;
        self.outcome().await
    }

    async fn hand_over(&mut self) -> Result<(), ArchiveError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.waiting);
        self.send(Piece::Bytes(bytes)).await
    }

    async fn send(&mut self, piece: Piece) -> Result<(), ArchiveError> {
        if self.pieces.send(piece).await.is_ok() {
            return Ok(());
        }
        // The thread ended early, so it failed.
        match self.outcome().await {
            Ok(_) => Err(given_up()),
            Err(error) => Err(error),
        }
    }

    async fn outcome(&mut self) -> Result<W, ArchiveError> {
        let Some(worker) = self.worker.take() else {
            return Err(given_up());
        };
        worker.await.unwrap_or_else(|_| Err(given_up()))
    }
}

fn given_up() -> ArchiveError {
    ArchiveError::io("written", io::Error::other("writing it was given up"))
}

fn failed(error: impl Into<io::Error>) -> ArchiveError {
    ArchiveError::io("written", error.into())
}

fn work<W: Write>(
    out: W,
    pieces: mpsc::Receiver<Piece>,
    options: SimpleFileOptions,
) -> Result<W, ArchiveError> {
    let ended = Arc::new(AtomicBool::new(false));
    let out = Out {
        to: out,
        ended: Arc::clone(&ended),
    };
    let mut zip = ZipWriter::new_stream(BufWriter::with_capacity(PIECE, out));
    let written = write_all(&mut zip, pieces, options);
    if let Err(error) = written {
        ended.store(true, Ordering::Relaxed);
        return Err(error);
    }
    let mut out = zip
        .finish()
        .map_err(failed)?
        .into_inner()
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    out.to.flush().map_err(failed)?;
    Ok(out.to)
}

fn write_all<W: Write>(
    zip: &mut ZipWriter<zip::write::StreamWriter<W>>,
    mut pieces: mpsc::Receiver<Piece>,
    options: SimpleFileOptions,
) -> Result<(), ArchiveError> {
    let mut sums: Vec<(Sha256, u64)> = Vec::new();
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Begin(name) => {
                zip.start_file(name, options).map_err(failed)?;
                sums.push((Sha256::new(), 0));
            }
            Piece::Bytes(bytes) => {
                zip.write_all(&bytes).map_err(failed)?;
                if let Some((sum, length)) = sums.last_mut() {
                    sum.update(&bytes);
                    *length += bytes.len() as u64;
                }
            }
            Piece::Finish(mut manifest) => {
                for (part, (sum, length)) in manifest.parts.iter_mut().zip(sums) {
                    part.bytes = length;
                    part.sha256 = hexadecimal(&sum.finalize());
                }
                zip.start_file(MANIFEST, options).map_err(failed)?;
                let text = serde_json::to_vec_pretty(&manifest).map_err(failed)?;
                return zip.write_all(&text).map_err(failed);
            }
        }
    }
    Err(given_up())
}

/// Where the archive goes. Once it has ended early, what comes is swallowed: the library
/// ends an archive when it is dropped, and would complain.
struct Out<W> {
    to: W,
    ended: Arc<AtomicBool>,
}

impl<W: Write> Write for Out<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.ended.load(Ordering::Relaxed) {
            return Ok(bytes.len());
        }
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.ended.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.to.flush()
    }
}

/// The time as a ZIP file has it; its first year is 1980.
fn zip_time(at: DateTime<Utc>) -> zip::DateTime {
    let small = |number: u32| u8::try_from(number).unwrap_or(0);
    u16::try_from(at.year())
        .ok()
        .and_then(|year| {
            zip::DateTime::from_date_and_time(
                year,
                small(at.month()),
                small(at.day()),
                small(at.hour()),
                small(at.minute()),
                small(at.second()),
            )
            .ok()
        })
        .unwrap_or_default()
}
