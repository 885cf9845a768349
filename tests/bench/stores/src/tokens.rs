//! Saving a token: what it costs with few accounts and with many.

use std::time::Instant;

use chrono::TimeDelta;
use threads_client::{AccessToken, Scope};
use threads_monitor::token_store::{Credential, Token};
use threads_monitor::{Storage, seal::KeyRing};

use crate::Place;
use crate::measure::{Spans, milliseconds, ratio};
use crate::setup::{account, epoch, storage};

const FEW: usize = 100;
const SAVES: usize = 1_000;

/// Prints the table.
pub async fn table(place: &Place, many: usize) -> anyhow::Result<()> {
    println!("### Saving a token: {FEW} accounts and {many} accounts\n");
    println!("| backend | ms with {FEW} | ms with {many} | ratio | p99 ms with {many} |");
    println!("|---|--:|--:|--:|--:|");
    for (backend, is_sealed) in [
        ("memory", false),
        ("file", false),
        ("sqlite", false),
        ("sqlite", true),
        ("postgres", false),
        ("postgres", true),
    ] {
        if backend == "postgres" && place.postgres.is_none() {
            continue;
        }
        let seal = if is_sealed { ", sealed" } else { "" };
        let name = format!("bench_tokens_{backend}_{is_sealed}");
        let mut store = storage(place, backend, &name).await?;
        if is_sealed {
            store = store.sealed(KeyRing::random()?).await?;
        }
        fill(&store, 0, FEW).await?;
        let few = saves(&store, FEW).await?;
        fill(&store, FEW, many).await?;
        let lots = saves(&store, many).await?;
        println!(
            "| {backend}{seal} | {} | {} | {:.2} | {} |",
            milliseconds(few.median()),
            milliseconds(lots.median()),
            ratio(lots.median(), few.median()),
            milliseconds(lots.quantile(0.99)),
        );
    }
    println!();
    Ok(())
}

/// Many at once: a commit for each alone would take minutes.
async fn fill(store: &Storage, from: usize, to: usize) -> anyhow::Result<()> {
    use futures::{StreamExt, TryStreamExt};
    futures::stream::iter(from..to)
        .map(|number| async move {
            store.tokens.save(&token(number, 0), None).await?;
            anyhow::Ok(())
        })
        .buffer_unordered(64)
        .try_collect::<()>()
        .await
}

/// Each replaces the token of another account, one after the other.
async fn saves(store: &Storage, accounts: usize) -> anyhow::Result<Spans> {
    let mut spans = Spans::default();
    for round in 0..SAVES {
        let number = round * 7_919 % accounts;
        let stored = store.tokens.load(&account(number)).await?;
        let version = stored.map(|stored| stored.version);
        let token = token(number, round);
        let start = Instant::now();
        store.tokens.save(&token, version).await?;
        spans.add(start.elapsed());
    }
    Ok(spans)
}

/// A token as long as Meta's.
pub fn token(number: usize, round: usize) -> Token {
    let obtained_at = epoch();
    Token {
        user: account(number),
        credential: Credential {
            access_token: AccessToken::new(format!("THQWJ{number:0100}x{round:080}")),
            obtained_at,
            expires_at: obtained_at + TimeDelta::days(60),
            expiry_assumed: false,
        },
        candidate: None,
        scopes: vec![Scope::Basic, Scope::ManageInsights, Scope::ContentPublish],
        connected_at: obtained_at,
    }
}
