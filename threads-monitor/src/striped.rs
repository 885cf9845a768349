//! One lock an account, in bounded memory.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use threads_client::UserId;

/// A fixed number of locks, shared out among all accounts.
///
/// Two accounts may get the same one and then wait for each other now and then;
/// in return a hundred thousand accounts cost no more than sixty.
#[derive(Debug)]
pub(crate) struct Striped<L> {
    first: L,
    others: Vec<L>,
    hasher: RandomState,
}

const STRIPES: u64 = 64;

impl<L: Default> Default for Striped<L> {
    fn default() -> Self {
        Self {
            first: L::default(),
            others: (1..STRIPES).map(|_| L::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl<L> Striped<L> {
    /// The account's lock: the same one each time.
    pub(crate) fn of(&self, user: &UserId) -> &L {
        let stripe = self.hasher.hash_one(user) % STRIPES;
        usize::try_from(stripe)
            .ok()
            .and_then(|stripe| self.others.get(stripe))
            .unwrap_or(&self.first)
    }
}
