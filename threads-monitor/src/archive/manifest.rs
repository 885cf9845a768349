//! What is in an archive, and how it is known to be whole.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use threads_client::UserId;

use super::backup::TokensAs;

/// The name of the part that describes the others.
pub(super) const MANIFEST: &str = "manifest.json";

/// A kind of archive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    /// The name in the manifest.
    pub(super) name: &'static str,
    /// What errors call it.
    pub(super) words: &'static str,
    /// The newest version that is read; the one that is written.
    pub(super) version: u32,
    /// Unpacked bytes at most.
    pub(super) most_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: String,
    pub(super) version: u32,
    /// The version of the program that wrote it.
    pub(super) program: String,
    pub(super) made_at: DateTime<Utc>,
    /// Whose export it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<UserId>,
    /// In what form a backup has its tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tokens: Option<TokensAs>,
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// Lower-case hexadecimal.
    pub(super) sha256: String,
}

impl Manifest {
    pub(super) fn new(format: Format, made_at: DateTime<Utc>) -> Self {
        Self {
            format: format.name.to_owned(),
            version: format.version,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            made_at,
            account: None,
            tokens: None,
            parts: Vec::new(),
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.parts
            .iter()
            .fold(0, |rows: u64, part| rows.saturating_add(part.rows))
    }
}

/// A SHA-256 as the manifest has it.
pub(crate) fn hexadecimal(sum: &[u8]) -> String {
    use std::fmt::Write as _;

    sum.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
