//! How late posts are whose containers are ready, in real time.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use threads_sandbox::Switches;

use crate::config::Config;
use crate::kills::finish;
use crate::verdict::{Tally, judge};
use crate::world::{Setup, World};

/// Longer than the 90 seconds before its due time at which a text is prepared.
pub const LEAD: TimeDelta = TimeDelta::seconds(130);

/// Publishes so many posts without any fault, and returns their lateness in the tally.
///
/// # Errors
///
/// When the machinery fails.
pub async fn run(setup: &Setup<'_>, posts: usize) -> Result<Tally> {
    let world = World::new(setup).await?;
    world.sandbox.set_switches(Switches::default());
    let config = Config {
        schedule: 0..posts,
        publish_timeout_ms: 60_000,
        ..world.config()
    };
    let mut scheduled = BTreeSet::new();
    finish(&world, &config, &mut scheduled).await?;
    ensure!(scheduled.len() == posts, "not all posts were scheduled");
    let storage = world.storage().await?;
    judge(&world, &storage, &scheduled).await
}
