//! Posts are published while the process that publishes them is killed at random moments.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use chrono::TimeDelta;

use crate::broken::Mistake;
use crate::config::Config;
use crate::figures::progress;
use crate::node::Node;
use crate::pace::pause;
use crate::verdict::{Tally, judge};
use crate::world::{Setup, World};

/// How much is killed.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Processes that are killed.
    pub kills: usize,
    /// Posts that are published meanwhile.
    pub posts: usize,
}

/// How long a process may take to open its stores.
const OPENING: Duration = Duration::from_mins(1);
/// The mean life of a process, starting included, in real milliseconds.
const LIFE_MS: i64 = 260;
/// Without a post that comes to its end for so long, the last process is given up.
const PATIENCE: Duration = Duration::from_secs(200);

/// The virtual time between two posts, so that they last for all the kills.
pub fn step(size: Size, factor: i32) -> TimeDelta {
    let kills = i64::try_from(size.kills).unwrap_or(i64::MAX);
    let posts = i64::try_from(size.posts.max(1)).unwrap_or(i64::MAX);
    TimeDelta::milliseconds(LIFE_MS * kills * i64::from(factor) / posts)
}

/// Runs the campaign on a world of its own, and judges it.
///
/// # Errors
///
/// When the machinery fails. What the monitor does wrong is in the tally.
pub async fn run(
    setup: &Setup<'_>,
    seed: u64,
    size: Size,
    mistake: Option<Mistake>,
) -> Result<Tally> {
    let world = World::new(setup).await?;
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut scheduled = BTreeSet::new();
    // Some lives are too short to schedule anything.
    let share = (size.posts * 3 / 2).div_ceil(size.kills.max(1));
    for life in 0..size.kills {
        let next = scheduled.len();
        let config = Config {
            schedule: next..(next + share).min(size.posts),
            mistake,
            ..world.config()
        };
        let mut node = Node::start(&world.program, &config)?;
        // One in four is counted from its very start, so that some die while they open.
        if life % 4 != 0 {
            node.expect("open", OPENING).await?;
        }
        pause(Duration::from_millis(dice.u64(5..=400))).await;
        hear(node.kill().await?, &mut scheduled);
        if life % 100 == 99 {
            let live = world.sandbox.ledger().len() - world.plan.accounts.len();
            progress(format!(
                "{} kills, {} scheduled, {live} posts in the ledger",
                life + 1,
                scheduled.len()
            ));
        }
    }
    let config = Config {
        schedule: scheduled.len()..size.posts,
        mistake,
        ..world.config()
    };
    finish(&world, &config, &mut scheduled).await?;
    ensure!(
        scheduled.len() == size.posts,
        "not all posts were scheduled"
    );
    let storage = world.storage().await?;
    judge(&world, &storage, &scheduled).await
}

/// Lets a last process, which is not killed, bring everything to its end.
///
/// # Errors
///
/// When it ends by itself, or nothing moves any more.
pub async fn finish(world: &World, config: &Config, scheduled: &mut BTreeSet<usize>) -> Result<()> {
    let mut node = Node::start(&world.program, config)?;
    let mut least = usize::MAX;
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        let Some(line) = node.line(PATIENCE).await else {
            bail!("the last process ended: {}", node.complaints());
        };
        if let Some(left) = line.strip_prefix("left ") {
            let left: usize = left.parse()?;
            if left == 0 {
                node.kill().await?;
                return Ok(());
            }
            waited = if left < least {
                Duration::ZERO
            } else {
                // As long as a child lets pass between two looks.
                waited + Duration::from_millis(150)
            };
            least = least.min(left);
        } else {
            hear(vec![line], scheduled);
        }
    }
    progress(format!("{least} posts do not come to their end"));
    node.kill().await?;
    Ok(())
}

/// Notes what a child says that it has scheduled.
pub fn hear(lines: Vec<String>, scheduled: &mut BTreeSet<usize>) {
    for line in lines {
        if let Some(Ok(number)) = line.strip_prefix("scheduled ").map(str::parse) {
            scheduled.insert(number);
        }
    }
}
