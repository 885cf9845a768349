//! A world in which every documented call has something to act on.

use std::time::Duration;

use threads_client::{
    AccessToken, AppSecret, Client, Draft, OAuthClient, PostId, RetryPolicy, WaitPolicy,
};
use threads_sandbox::Sandbox;
use url::Url;

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
        let client = client.with_access_token(token(&sandbox, Sandbox::all_scopes()));
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
        self.client.with_access_token(token(&self.sandbox, scopes))
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

fn token(sandbox: &Sandbox, scopes: &[&str]) -> AccessToken {
    let age = Duration::from_hours(48);
    AccessToken::new(sandbox.issue_token(ACCOUNT, scopes, age).unwrap())
}

/// Waits without pauses, for a few polls.
pub(crate) fn quick_wait() -> WaitPolicy {
    WaitPolicy::default()
        .first_pause(Duration::from_millis(1))
        .longest_pause(Duration::from_millis(1))
        .give_up_after(Duration::from_millis(5))
        .settle(Duration::ZERO)
}

/// What a browser does with the authorization page: it ends up at the address it is sent to.
#[expect(
    clippy::disallowed_methods,
    reason = "plays the browser, not this crate"
)]
pub(crate) async fn visit(page: Url) -> Url {
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let answer = browser.get(page).send().await.unwrap();
    answer.headers()["location"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}
