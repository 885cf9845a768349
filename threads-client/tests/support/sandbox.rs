//! Clients of a sandbox.

use std::time::Duration;

use threads_client::{AccessToken, Client, TokenPlacement};
use threads_sandbox::Sandbox;
use url::Url;

use super::quick_retry;

/// A client of an account with these scopes, whose token may be refreshed.
pub(crate) fn client(sandbox: &Sandbox, account: &str, scopes: &[&str]) -> Client {
    client_placing(sandbox, account, scopes, TokenPlacement::Header)
}

/// The same with the token somewhere else.
pub(crate) fn client_placing(
    sandbox: &Sandbox,
    account: &str,
    scopes: &[&str],
    placement: TokenPlacement,
) -> Client {
    Client::builder()
        .access_token(token(sandbox, account, scopes))
        .base_url(sandbox.base_url())
        .token_placement(placement)
        .retry(quick_retry())
        .build()
        .unwrap()
}

pub(crate) fn token(sandbox: &Sandbox, account: &str, scopes: &[&str]) -> AccessToken {
    let age = Duration::from_hours(48);
    AccessToken::new(sandbox.issue_token(account, scopes, age).unwrap())
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
