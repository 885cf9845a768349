//! Children with a mistake in them: the judge has to convict each, or it proves nothing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use threads_client::UserId;
use threads_monitor::token_store::{StoredToken, Token};
use threads_monitor::{StoreError, TokenStore, Version};

use crate::pace::pause;

/// A mistake that a child makes. Production code is not changed for it: the child's store
/// tells its monitor something else than it holds, or its policy is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub enum Mistake {
    /// A post whose sender died is taken for one that was never sent, and sent again.
    Rerun,
    /// An answer that proves nothing is written down as a failure.
    Fail,
    /// A call may be sent however long ago it was authorised.
    NoDeadline,
    /// A worker's write is let through although its lease is lost.
    NoFence,
    /// A token is replaced by removing it and then writing the new one.
    DeleteFirst,
    /// A token that is due is refreshed by whoever sees it, without a lease of its job.
    RefreshWithoutLease,
    /// A token that is removed is kept under another name.
    KeepCopy,
    /// It goes on although the network is cut, as it has another way to its store.
    OtherWay,
    /// A day without followers gets those of the next one.
    FillGaps,
}

impl Mistake {
    /// What the child makes of the state of a post that it leases.
    pub(crate) fn misread(self, state: &mut Value) {
        if self != Self::Rerun || state["phase"]["name"] != "publishing" {
            return;
        }
        state["phase"] = json!({
            "name": "ready",
            "container": state["phase"]["container"],
            "since": state["phase"]["finished_at"],
        });
        if let Some(attempt) = state["attempts"]
            .as_array_mut()
            .and_then(|all| all.last_mut())
        {
            attempt["outcome"] = json!({ "is": "not_sent", "why": "surely it was not sent" });
        }
    }

    /// What the child writes instead of what its monitor wanted.
    pub(crate) fn miswrite(self, state: &mut Value) -> bool {
        if self != Self::Fail || state["phase"]["name"] != "verifying" {
            return false;
        }
        let since = state["phase"]["since"].clone();
        state["phase"] = json!({ "name": "failed", "at": since, "reason": "no answer" });
        true
    }
}

/// The token store of a [`Mistake`] that is one of token stores.
#[derive(Debug)]
pub(crate) struct Careless {
    pub(crate) inner: Arc<dyn TokenStore>,
    pub(crate) mistake: Option<Mistake>,
}

#[async_trait]
impl TokenStore for Careless {
    async fn load(&self, user: &UserId) -> Result<Option<StoredToken>, StoreError> {
        self.inner.load(user).await
    }

    async fn save(&self, token: &Token, replaces: Option<Version>) -> Result<Version, StoreError> {
        if self.mistake != Some(Mistake::DeleteFirst) {
            return self.inner.save(token, replaces).await;
        }
        if replaces.is_some() {
            self.inner.delete(&token.user).await?;
            // Whatever else there is to do in between: longer than a process lives that is killed,
            // so that it is convicted wherever the kill falls.
            pause(Duration::from_secs(1)).await;
        }
        self.inner.save(token, None).await
    }

    async fn delete(&self, user: &UserId) -> Result<(), StoreError> {
        if self.mistake == Some(Mistake::KeepCopy)
            && let Some(mut stored) = self.inner.load(user).await?
        {
            stored.token.user = UserId::new(format!("once-{}", stored.token.user));
            let _ = self.inner.save(&stored.token, None).await;
        }
        self.inner.delete(user).await
    }

    async fn list(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        self.inner.list(after, limit).await
    }
}
