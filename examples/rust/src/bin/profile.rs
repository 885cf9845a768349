//! Reads the profile of the token's account, and what is left of its publishing quota.
//!
//! Against the sandbox, which hands out tokens by itself (`examples/README.md` shows how):
//!
//! ```sh
//! cargo run -p threads-sandbox -- --port 4010 --auto-approve
//! THREADS_BASE_URL=http://127.0.0.1:4010 THREADS_ACCESS_TOKEN=… \
//!     cargo run -p threads-examples --bin profile
//! ```
//!
//! Without `THREADS_BASE_URL` it asks Meta. Scopes: `threads_basic`, and
//! `threads_content_publish` for the quota.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::env;

use anyhow::Context as _;
use threads_client::{AccessToken, Client};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = client()?;

    let me = client.profile().get().await?;
    println!("@{} (account {})", me.username, me.id);
    println!("name: {}", me.name.as_deref().unwrap_or("none"));
    println!("biography: {}", me.biography.as_deref().unwrap_or("none"));
    let verified = match me.is_verified {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not told",
    };
    println!("verified: {verified}");

    let quota = client.quota().publishing().await?;
    let total = quota.config.and_then(|config| config.quota_total);
    match (quota.quota_usage, total) {
        (Some(used), Some(total)) => println!("posts in the last 24 hours: {used} of {total}"),
        (Some(used), None) => println!("posts in the last 24 hours: {used}, limit not told"),
        (None, _) => println!("posts in the last 24 hours: not told"),
    }
    Ok(())
}

/// The client that the environment describes.
fn client() -> anyhow::Result<Client> {
    // `.ok()` drops the text of the error, which could quote a damaged token.
    let token = env::var("THREADS_ACCESS_TOKEN").ok();
    let token = token.context("set THREADS_ACCESS_TOKEN; examples/README.md says where from")?;
    let mut builder = Client::builder().access_token(AccessToken::new(token));
    if let Ok(base) = env::var("THREADS_BASE_URL") {
        builder = builder.base_url(base.parse().context("THREADS_BASE_URL is not a URL")?);
    }
    Ok(builder.build()?)
}
