//! What was erased, remembered without saying whom.
//!
//! A copy of the stores that was made before an account was erased brings the account back
//! when it is put in place. So an erasure leaves a tombstone in a file of its own, which is
//! kept outside of the data and its copies: one line with the time and, in place of the
//! account, an HMAC of its id. A program that starts on the stores erases again whom a
//! tombstone names, unless the account was connected later than that.
//!
//! ```text
//! erased 2026-11-24T17:00:00.000000001Z 7 MAC     before the first row is removed
//! done   2026-11-24T17:00:00.000000001Z 7 MAC     after the last byte is gone
//! ```
//!
//! A line names the number of its key. The key of the HMAC is derived from that key of the
//! ring, so that the file alone, and without the ring, says nothing about anybody.
//!
//! Lines are only ever added, under a lock, so that programs of one machine may share the
//! file. An end without a line break was cut short by a crash, before its erasure began, and
//! is taken away. Any other line that cannot be read is an error: it may be a person.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, KeyInit, Mac};
use rustix::fs::FlockOperation;
use sha2::Sha256;
use threads_client::UserId;

use crate::error::StoreError;
use crate::folder::{PrivateFile, shown};
use crate::seal::{KeyId, KeyRing, KeySource};

/// The name of this part in errors.
const BACKEND: &str = "tombstone";

/// A file that remembers who was erased, so that a restored copy brings nobody back.
///
/// Keep it outside of the data, and do not restore an older copy of it. It grows by two
/// short lines with each erasure. Clones share the file.
#[derive(Debug, Clone)]
pub struct Tombstones {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    keys: Box<dyn KeySource>,
}

impl Tombstones {
    /// The tombstones in a file (mode 0600), which is made if it is missing.
    ///
    /// # Errors
    ///
    /// `Sealed` when there are no keys, `Corrupt` when a line cannot be read, and `Backend`
    /// when the file is a link, belongs to another user, is open to other users, or cannot
    /// be used.
    pub async fn open(
        path: impl Into<PathBuf>,
        keys: impl KeySource + 'static,
    ) -> Result<Self, StoreError> {
        let path = path.into();
        let tombstones = Self {
            shared: Arc::new(Shared {
                path,
                keys: Box::new(keys),
            }),
        };
        tombstones.blocking(Shared::make).await?;
        tombstones.read().await?;
        Ok(tombstones)
    }

    /// Where they are.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Remembers that an account is being erased. Durable when it returns.
    pub(crate) async fn bury(&self, user: &UserId, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.add(ERASED, user, at).await
    }

    /// Remembers that nothing of it is left.
    pub(crate) async fn finish(&self, user: &UserId, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.add(DONE, user, at).await
    }

    /// Remembers that nothing is left of those whose erasure was cut short.
    pub(crate) async fn finish_all(&self) -> Result<(), StoreError> {
        self.blocking(|shared| {
            let lines: Vec<Line> = shared
                .lines()?
                .unfinished
                .into_iter()
                .map(|grave| Line {
                    what: DONE,
                    ..grave
                })
                .collect();
            shared.append(&lines)
        })
        .await
    }

    /// Everybody who is remembered.
    pub(crate) async fn read(&self) -> Result<Graves, StoreError> {
        self.blocking(Shared::lines).await
    }

    async fn add(
        &self,
        what: &'static str,
        user: &UserId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let user = user.clone();
        self.blocking(move |shared| {
            let keys = shared.keys.keys()?;
            let key = keys.current_id();
            let mac = mac(&keys, key, &user).ok_or_else(no_key)?;
            shared.append(&[Line { what, at, key, mac }])
        })
        .await
    }

    async fn blocking<A: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<A, StoreError> + Send + 'static,
    ) -> Result<A, StoreError> {
        let shared = Arc::clone(&self.shared);
        match tokio::task::spawn_blocking(move || work(&shared)).await {
            Ok(result) => result,
            Err(error) => Err(StoreError::backend(BACKEND, "using the file", error)),
        }
    }
}

/// Who was erased, and when, last.
#[derive(Debug)]
pub(crate) struct Graves {
    keys: KeyRing,
    erased: BTreeMap<(KeyId, Code), DateTime<Utc>>,
    unfinished: Vec<Line>,
}

impl Graves {
    /// When the account was erased, if it was.
    pub(crate) fn erased_at(&self, user: &UserId) -> Option<DateTime<Utc>> {
        let keys: BTreeSet<KeyId> = self.erased.keys().map(|(key, _)| *key).collect();
        keys.into_iter()
            .filter_map(|key| Some((key, mac(&self.keys, key, user)?)))
            .filter_map(|name| self.erased.get(&name).copied())
            .max()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.erased.is_empty()
    }

    /// Whether an erasure was begun of which nobody knows that it came to its end.
    pub(crate) fn has_unfinished(&self) -> bool {
        !self.unfinished.is_empty()
    }

    /// Erasures of which the key is gone, so that nobody can be known by them.
    pub(crate) fn unreadable(&self) -> usize {
        self.erased
            .keys()
            .filter(|(key, _)| self.keys.key(*key).is_none())
            .count()
    }
}

/// What stands for an account.
type Code = [u8; 32];

const ERASED: &str = "erased";
const DONE: &str = "done";

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    what: &'static str,
    at: DateTime<Utc>,
    key: KeyId,
    mac: Code,
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{:6} {} {} {}",
            self.what,
            self.at.to_rfc3339_opts(SecondsFormat::Nanos, true),
            self.key,
            STANDARD_NO_PAD.encode(self.mac)
        )
    }
}

impl Line {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let what = match words.next()? {
            ERASED => ERASED,
            DONE => DONE,
            _ => return None,
        };
        let line = Self {
            what,
            at: words.next()?.parse().ok()?,
            key: words.next()?.parse().ok()?,
            mac: STANDARD_NO_PAD
                .decode(words.next()?)
                .ok()?
                .try_into()
                .ok()?,
        };
        words.next().is_none().then_some(line)
    }
}

impl Shared {
    fn make(&self) -> Result<(), StoreError> {
        let file = PrivateFile::new(BACKEND, &self.path);
        if file.open_to_append()?.is_some() {
            return Ok(());
        }
        match file.create() {
            Ok(_) => file.sync_parent(),
            // Another program may have made it a moment ago.
            Err(error) => match file.open_to_append()? {
                Some(_) => Ok(()),
                None => Err(error),
            },
        }
    }

    fn open(&self) -> Result<File, StoreError> {
        PrivateFile::new(BACKEND, &self.path)
            .open_to_append()?
            .ok_or_else(|| self.failed("opening", io::ErrorKind::NotFound.into()))
    }

    fn lines(&self) -> Result<Graves, StoreError> {
        let keys = self.keys.keys()?;
        let mut text = String::new();
        let mut file = self.open()?;
        rustix::fs::flock(&file, FlockOperation::LockShared)
            .map_err(|error| self.failed("locking", error.into()))?;
        file.read_to_string(&mut text)
            .map_err(|error| self.failed("reading", error))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut erased: BTreeMap<(KeyId, Code), DateTime<Utc>> = BTreeMap::new();
        let mut unfinished = Vec::new();
        for (number, text) in (1..).zip(text.get(..whole).unwrap_or_default().lines()) {
            let line = Line::parse(text).ok_or_else(|| StoreError::Corrupt {
                what: format!("line {number} of {}", shown(&self.path)),
                advice: "Nothing was changed. Put the file back from its newest copy; without \
                         it, a restored copy of the data could bring back who was erased"
                    .to_owned(),
            })?;
            if line.what == ERASED {
                let at = erased.entry((line.key, line.mac)).or_insert(line.at);
                *at = line.at.max(*at);
                unfinished.push(line);
            } else {
                unfinished.retain(|begun: &Line| {
                    (begun.key, begun.mac) != (line.key, line.mac) || begun.at > line.at
                });
            }
        }
        Ok(Graves {
            keys,
            erased,
            unfinished,
        })
    }

    fn append(&self, lines: &[Line]) -> Result<(), StoreError> {
        let doing = "writing";
        let failed = |error: io::Error| self.failed(doing, error);
        let mut file = self.open()?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive)
            .map_err(|error| self.failed("locking", error.into()))?;
        let mut content = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        file.read_to_end(&mut content).map_err(failed)?;
        let whole = content
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        if whole < content.len() {
            file.set_len(whole as u64).map_err(failed)?;
        }
        let text: String = lines.iter().map(Line::to_string).collect();
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)
    }

    fn failed(&self, doing: &str, error: io::Error) -> StoreError {
        StoreError::backend(BACKEND, format!("{doing} {}", shown(&self.path)), error)
    }
}

/// What stands for an account under a key of the ring; `None` without that key.
fn mac(keys: &KeyRing, key: KeyId, user: &UserId) -> Option<Code> {
    let hash = |key: &[u8], text: &[u8]| {
        let mut hash = <Hmac<Sha256> as KeyInit>::new_from_slice(key).ok()?;
        hash.update(text);
        Some(hash.finalize().into_bytes())
    };
    // A key of its own, so that what seals tokens does nothing else.
    let derived = hash(keys.key(key)?, b"threads-tombstone/v1")?;
    Some(hash(&derived, user.as_str().as_bytes())?.into())
}

fn no_key() -> StoreError {
    StoreError::Sealed {
        what: "there is no key to remember an erasure with".to_owned(),
        advice: "Nothing was changed".to_owned(),
    }
}

#[cfg(test)]
mod tests;
