//! Collects once what is due for the connected accounts, and prints what is known of them.
//!
//! With the argument `watch` it goes on in the background until Ctrl-C, keeping the
//! tokens alive and publishing what was scheduled.
//!
//! Against the sandbox, which hands out tokens by itself (`examples/README.md` shows how):
//!
//! ```sh
//! cargo run -p threads-sandbox -- --port 4010 --auto-approve
//! THREADS_BASE_URL=http://127.0.0.1:4010 THREADS_ACCESS_TOKEN=… THREADS_STORE=memory: \
//!     cargo run -p threads-examples --bin monitor
//! ```
//!
//! `THREADS_STORE` (default `file:./threads-data-examples`) keeps accounts and history; what the
//! `login` example connected is found there without `THREADS_ACCESS_TOKEN`.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::env;

use anyhow::Context as _;
use threads_client::{AccessToken, Client, Scope, TokenGrant};
use threads_monitor::{Measurement, Monitor, Storage};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let store =
        env::var("THREADS_STORE").unwrap_or_else(|_| "file:./threads-data-examples".to_owned());
    let mut client = Client::builder();
    if let Ok(base) = env::var("THREADS_BASE_URL") {
        client = client.base_url(base.parse().context("THREADS_BASE_URL is not a URL")?);
    }
    let monitor = Monitor::builder(Storage::open(&store).await?)
        .client(client.build()?)
        .build()?;

    if let Ok(token) = env::var("THREADS_ACCESS_TOKEN") {
        let grant = TokenGrant::new(AccessToken::new(token));
        let scopes = [Scope::Basic, Scope::ManageInsights];
        monitor.connect(&grant, &scopes).await?;
    }
    let runs = monitor.run_due_once().await?;
    println!("{runs} jobs ran");

    for account in monitor.accounts().await? {
        println!("{} ({:?})", account.handle(), account.connection);
        println!("  followers: {}", words(account.followers));
        println!("  following: {}", words(account.following));
        println!(
            "  views of the last full day: {}",
            words(account.views_last_day)
        );
        for post in monitor.recent_posts(&account.user, 5).await? {
            println!(
                "  post of {}: {} views",
                post.published_at,
                words(post.views)
            );
        }
    }

    if env::args().nth(1).as_deref() == Some("watch") {
        println!("watching; Ctrl-C ends it");
        let handle = monitor.start();
        tokio::signal::ctrl_c().await?;
        handle.shutdown().await;
    }
    Ok(())
}

/// Three different things, and only the first of them is a number.
fn words(measurement: Measurement) -> String {
    match measurement {
        Measurement::Measured(point) => {
            let captured = point.captured_at.format("%F %R UTC");
            format!("{} (measured {captured})", point.value)
        }
        Measurement::NotMeasured => "not measured yet".to_owned(),
        Measurement::NotProvided => "not provided by Meta".to_owned(),
    }
}
