//! What clients asked, with every secret replaced by a fingerprint.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::random::hash_bytes;

/// Where a request carried its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenPlacement {
    /// `Authorization: Bearer …`.
    Header,
    /// `?access_token=…`.
    Query,
    /// A field of the body.
    Body,
}

/// One request as the sandbox saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestLogEntry {
    /// The position in the log, from 1; it goes on when old entries are dropped.
    pub seq: u64,
    /// The virtual instant of the request.
    pub at: DateTime<Utc>,
    /// The HTTP method.
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// The endpoint, if there is one at this path.
    pub endpoint: Option<Endpoint>,
    /// The parameters of query and body, sorted; secret values are fingerprints.
    pub parameters: Vec<(String, String)>,
    /// The fields asked for, inner ones as `children.id`.
    pub fields: Vec<String>,
    /// The scopes of the caller's token, sorted; none without a good token.
    pub scopes: Vec<String>,
    /// Where the token was.
    pub token_placement: Option<TokenPlacement>,
    /// The HTTP status of the answer; none if no answer was sent.
    pub status: Option<u16>,
    /// The error code in the answer, if it was an error.
    pub error_code: Option<i64>,
    /// The error subcode in the answer, if it had one.
    pub error_subcode: Option<i64>,
    /// The kind of the fault that struck, if one did.
    pub fault: Option<String>,
}

impl RequestLogEntry {
    /// The value of a parameter, if it was sent.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    entries: VecDeque<RequestLogEntry>,
    count: u64,
}

impl RequestLog {
    /// How many requests are kept.
    const CAPACITY: usize = 20_000;

    /// The number of the next request.
    pub(crate) fn next_number(&self) -> u64 {
        self.count + 1
    }

    /// Adds a request; its number is set here.
    pub(crate) fn record(&mut self, mut entry: RequestLogEntry) {
        self.count += 1;
        entry.seq = self.count;
        if self.entries.len() >= Self::CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// The requests kept, oldest first.
    pub(crate) fn entries(&self) -> Vec<RequestLogEntry> {
        self.entries.iter().cloned().collect()
    }

    /// Forgets the requests; numbers go on.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

/// Whether a parameter's value must not be shown.
pub(crate) fn is_secret(name: &str) -> bool {
    const SECRETS: [&str; 6] = [
        "access_token",
        "input_token",
        "client_secret",
        "code",
        "state",
        "request",
    ];
    SECRETS.contains(&name)
}

/// A stand-in for a secret: equal secrets look equal, and nothing else is told.
pub(crate) fn fingerprint(secret: &str) -> String {
    // 32 of 64 bits: enough to compare, far too few to search for the secret.
    format!("fingerprint:{:08x}", hash_bytes(secret.as_bytes()) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_stable_and_hides_the_secret() {
        let shown = fingerprint("THQVerysecret");

        assert_eq!(shown, fingerprint("THQVerysecret"));
        assert_ne!(shown, fingerprint("THQVerysecret2"));
        assert!(!shown.contains("secret"));
    }
}
