//! A map for small keys that nobody attacks.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Several times as fast as the standard map for the keys of a search.
pub(crate) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;

/// Multiplies and folds each word.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct FastHasher(u64);

impl FastHasher {
    fn add(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_add(0xF39C_C060_5CED_C835);
        let product = u128::from(mixed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are folded")]
        let folded = (product as u64) ^ ((product >> 64) as u64);
        self.0 = folded;
    }
}

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u16(&mut self, word: u16) {
        self.add(u64::from(word) | 1 << 32);
    }

    fn write_u128(&mut self, words: u128) {
        #[expect(clippy::cast_possible_truncation, reason = "both halves are added")]
        for word in [words as u64, (words >> 64) as u64] {
            self.add(word);
        }
    }
}
