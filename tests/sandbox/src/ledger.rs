//! The ledger of effects: what really happened, whatever a client was told.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::SandboxError;

/// What kind of effect happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LedgerKind {
    /// A post or reply became visible.
    PostPublished,
    /// A post was deleted.
    PostDeleted,
    /// A repost became visible.
    PostReposted,
    /// Somebody who does not use the app wrote a post or reply.
    PostReceived,
    /// A reply was hidden.
    ReplyHidden,
    /// A hidden reply was shown again.
    ReplyUnhidden,
    /// A pending reply was approved.
    ReplyApproved,
    /// A pending reply was ignored.
    ReplyIgnored,
    /// A token was issued.
    TokenIssued,
    /// A token was refreshed.
    TokenRefreshed,
    /// A user took the app's access away.
    AccessRevoked,
}

/// One effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// The position in the ledger, from 1.
    pub seq: u64,
    /// The virtual instant of the effect.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: LedgerKind,
    /// The id of the account it happened to; none for the app's own token.
    pub account: Option<String>,
    /// The container a post came from.
    pub container_id: Option<String>,
    /// The post.
    pub post_id: Option<String>,
    /// The text of the post, as it was sent.
    pub text: Option<String>,
    /// The post that this one replies to.
    pub parent: Option<String>,
    /// The post that this one reposts.
    #[serde(default)]
    pub original: Option<String>,
}

/// An effect that is about to be written down.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effect {
    pub(crate) account: Option<String>,
    pub(crate) container_id: Option<String>,
    pub(crate) post_id: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) original: Option<String>,
}

/// The ledger in memory and, if asked for, in a file.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Vec<LedgerEntry>,
    file: Option<File>,
}

impl Ledger {
    /// A ledger that also appends one JSON line per effect to `path`.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, SandboxError> {
        let file = path
            .map(|path| {
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .map_err(|source| SandboxError::Ledger {
                        path: PathBuf::from(path),
                        source,
                    })
            })
            .transpose()?;
        Ok(Self {
            entries: Vec::new(),
            file,
        })
    }

    /// Writes an effect down.
    pub(crate) fn record(&mut self, at: DateTime<Utc>, kind: LedgerKind, effect: Effect) {
        let entry = LedgerEntry {
            seq: u64::try_from(self.entries.len()).map_or(u64::MAX, |length| length + 1),
            at,
            kind,
            account: effect.account,
            container_id: effect.container_id,
            post_id: effect.post_id,
            text: effect.text,
            parent: effect.parent,
            original: effect.original,
        };
        if let Some(file) = &mut self.file
            && let Err(error) = append(file, &entry)
        {
            tracing::error!(%error, ledger.seq = entry.seq, "could not append to the ledger file");
        }
        self.entries.push(entry);
    }

    /// All effects so far.
    pub(crate) fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }
}

/// Appends one line in one write, so that a reader never sees half of it.
fn append(file: &mut File, entry: &LedgerEntry) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    file.write_all(&line)
}
