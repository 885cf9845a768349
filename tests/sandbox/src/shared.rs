//! What the server and the handles of one sandbox share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use url::Url;

use crate::state::State;

/// The state behind its lock, and the address it is served at.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    base_url: Url,
}

impl Shared {
    pub(crate) fn new(state: State, base_url: Url) -> Self {
        Self {
            state: Mutex::new(state),
            base_url,
        }
    }

    /// The state, with every delayed call whose time has come; no caller keeps the guard across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic in one call (there should be none) must not take the sandbox down.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle();
        state
    }

    pub(crate) fn base_url(&self) -> &Url {
        &self.base_url
    }
}
