//! A world in which every documented call has something to act on.

use std::time::Duration;

use threads_client::{AppSecret, Client, Draft, OAuthClient, PostId, RetryPolicy};
use threads_sandbox::Sandbox;

use crate::support::quick_wait;
use crate::support::sandbox::token;

/// The account of the sandbox that has conversations.
const ACCOUNT: &str = "studio.lab";

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    client: Client,
    /// A post with replies of other people.
    pub(crate) root: PostId,
    pub(crate) reply: PostId,
    /// A post whose replies wait for approval.
    pub(crate) guarded: PostId,
    pub(crate) pending: PostId,
}

impl World {
    pub(crate) async fn new() -> Self {
        let sandbox = Sandbox::builder()
            .seed("rich")
            .auto_approve(true)
            .start()
            .await
            .unwrap();
        let client = Client::builder()
            .base_url(sandbox.base_url())
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        let client = client.with_access_token(token(&sandbox, ACCOUNT, Sandbox::all_scopes()));
        let post = async |draft| {
            client
                .publishing()
                .publish_with(draft, &quick_wait())
                .await
                .unwrap()
        };
        let root = post(Draft::text("Ask me about joints")).await;
        let guarded = post(Draft::text("Quietly, please").enable_reply_approvals()).await;
        let reply = sandbox
            .reply_as("ada.makes", root.as_str(), "Dovetails?")
            .unwrap();
        let pending = sandbox
            .reply_as("bo.builds", guarded.as_str(), "May I?")
            .unwrap();
        sandbox
            .mention_as("cy.carves", ACCOUNT, "look at this")
            .unwrap();
        sandbox.advance(Duration::from_mins(5));
        Self {
            sandbox,
            client,
            root,
            reply: PostId::new(reply),
            guarded,
            pending: PostId::new(pending),
        }
    }

    /// A client of the account with these scopes.
    pub(crate) fn client(&self, scopes: &[&str]) -> Client {
        self.client
            .with_access_token(token(&self.sandbox, ACCOUNT, scopes))
    }

    pub(crate) fn oauth(&self) -> OAuthClient {
        OAuthClient::builder(
            self.sandbox.app_id(),
            AppSecret::new(self.sandbox.app_secret()),
            self.sandbox.redirect_uris().remove(0),
        )
        .base_url(self.sandbox.base_url())
        .authorize_base(self.sandbox.authorize_url())
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
    }
}
