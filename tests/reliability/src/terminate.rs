//! The process is told to end by SIGTERM, as service managers do, while posts are published.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use nix::sys::signal::Signal;
use threads_monitor::{Clock as _, SystemClock};

use crate::config::Config;
use crate::kills::{Size, finish, hear};
use crate::node::Node;
use crate::pace::pause;
use crate::verdict::{Tally, judge};
use crate::world::{Setup, World};

/// How it went.
#[derive(Debug)]
pub struct Terminated {
    /// The store against the ledger.
    pub tally: Tally,
    /// Processes that ended with another code than 0, or did not say that they had shut down.
    pub bad_exits: usize,
    /// The longest that one took to end, in real time.
    pub longest: Duration,
}

/// Ends processes one after the other, each at a random moment after it has opened its stores.
///
/// # Errors
///
/// When the machinery fails, or a process does not end at all.
pub async fn run(setup: &Setup<'_>, seed: u64, size: Size) -> Result<Terminated> {
    let world = World::new(setup).await?;
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut scheduled = BTreeSet::new();
    let share = (size.posts * 3 / 2).div_ceil(size.kills.max(1));
    let (mut bad_exits, mut longest) = (0, Duration::ZERO);
    for _ in 0..size.kills {
        let next = scheduled.len();
        let config = Config {
            schedule: next..(next + share).min(size.posts),
            ..world.config()
        };
        let mut node = Node::start(&world.program, &config)?;
        node.expect("open", Duration::from_secs(20)).await?;
        pause(Duration::from_millis(dice.u64(5..=400))).await;
        let told_at = SystemClock.now();
        node.signal(Signal::SIGTERM);
        let status = node.ended(Duration::from_secs(30)).await?;
        let span = SystemClock.now() - told_at;
        longest = longest.max(span.to_std().unwrap_or_default());
        let lines = node.rest().await;
        let is_clean = status.success() && lines.last().is_some_and(|line| line == "shut down");
        bad_exits += usize::from(!is_clean);
        hear(lines, &mut scheduled);
    }
    let config = Config {
        schedule: scheduled.len()..size.posts,
        ..world.config()
    };
    finish(&world, &config, &mut scheduled).await?;
    ensure!(
        scheduled.len() == size.posts,
        "not all posts were scheduled"
    );
    let storage = world.storage().await?;
    Ok(Terminated {
        tally: judge(&world, &storage, &scheduled).await?,
        bad_exits,
        longest,
    })
}
