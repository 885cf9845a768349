//! PostgreSQL itself is killed while posts are published, and starts again.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use threads_monitor::{Clock as _, SystemClock};
use threads_sandbox::LedgerKind;

use crate::config::Config;
use crate::figures::progress;
use crate::kills::hear;
use crate::node::Node;
use crate::pace::pause;
use crate::postgres::Server;
use crate::verdict::{Tally, judge};
use crate::world::{Setup, World};

/// How it went.
#[derive(Debug)]
pub struct Killed {
    /// The store against the ledger.
    pub tally: Tally,
    /// How long after the server was back a post went out, in real time, each time.
    pub back_after: Vec<Duration>,
}

/// Kills the server so often, at random moments of one to two seconds.
///
/// # Errors
///
/// When the machinery fails, or the process under test ends.
pub async fn run(
    setup: &Setup<'_>,
    server: &Server,
    seed: u64,
    (kills, posts): (usize, usize),
) -> Result<Killed> {
    let world = World::new(setup).await?;
    let mut dice = fastrand::Rng::with_seed(seed);
    let config = Config {
        schedule: 0..posts,
        ..world.config()
    };
    let mut node = Node::start(&world.program, &config)?;
    let mut back_after = Vec::new();
    for kill in 0..kills {
        pause(Duration::from_millis(dice.u64(1_000..=2_000))).await;
        if kill % 10 == 9 {
            progress(format!("{} kills of the server", kill + 1));
        }
        server.kill()?;
        pause(Duration::from_millis(dice.u64(0..=1_000))).await;
        server.start_again()?;
        let back_at = (SystemClock.now(), world.pace.now());
        // When nothing more is due, the next one out is one that waits for its verification, which
        // takes as long however soon the server is back.
        if back_at.1 > world.plan.due(posts.saturating_sub(1)) {
            continue;
        }
        for _ in 0..6_000 {
            if last_live(&world).is_some_and(|last| last > back_at.1) {
                let span = SystemClock.now() - back_at.0;
                back_after.push(span.to_std().unwrap_or_default());
                break;
            }
            pause(Duration::from_millis(5)).await;
        }
    }
    let mut scheduled = BTreeSet::new();
    loop {
        let line = node.line(Duration::from_mins(1)).await;
        match line {
            Some(line) if line == "left 0" => break,
            Some(line) => hear(vec![line], &mut scheduled),
            None => anyhow::bail!("the process ended or hangs: {}", node.complaints()),
        }
    }
    node.kill().await?;
    ensure!(scheduled.len() == posts, "not all posts were scheduled");
    let storage = world.storage().await?;
    Ok(Killed {
        tally: judge(&world, &storage, &scheduled).await?,
        back_after,
    })
}

/// When the last post went out.
fn last_live(world: &World) -> Option<DateTime<Utc>> {
    let ledger = world.sandbox.ledger();
    let mut live = ledger.iter().rev();
    live.find(|entry| entry.kind == LedgerKind::PostPublished)
        .map(|entry| entry.at)
}
