//! Versions of rows, for compare-and-set.

use serde::{Deserialize, Serialize};

/// The number of one written version of a row; it changes with every write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// A version as a backend counts it.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number, for a backend to write.
    pub const fn number(self) -> u64 {
        self.0
    }
}
