//! Two processes on one database, whose clocks are minutes apart and drift, and which are
//! killed in turn. They may be of two versions of the program.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::broken::Mistake;
use crate::config::Config;
use crate::figures::progress;
use crate::kills::hear;
use crate::node::Node;
use crate::pace::pause;
use crate::verdict::{Tally, judge};
use crate::world::{Setup, World};

/// Every two real seconds one of them is killed.
const BETWEEN_KILLS: Duration = Duration::from_secs(2);
/// How long nothing may move at the end, in real time.
const PATIENCE: Duration = Duration::from_mins(1);

/// How the two clocks go wrong: seconds ahead, and per cent gained.
#[derive(Debug, Clone, Copy)]
pub struct Clocks(pub [(i64, i32); 2]);

impl Clocks {
    /// Five minutes ahead and behind, gaining and losing a tenth.
    pub const APART: Self = Self([(300, 10), (-300, -10)]);
    /// As right as the clock of the machine.
    pub const RIGHT: Self = Self([(0, 0), (0, 0)]);
}

/// Runs two processes with so many kills, and judges them. The second one is of the `other`
/// version of the program, if there is one; the first one schedules.
///
/// # Errors
///
/// When the machinery fails. What the monitor does wrong is in the tally.
pub async fn run(
    setup: &Setup<'_>,
    clocks: Clocks,
    seed: u64,
    (kills, posts): (usize, usize),
    mistake: Option<Mistake>,
    other: Option<&Path>,
) -> Result<Tally> {
    let world = World::new(setup).await?;
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut scheduled = BTreeSet::new();
    let start = |which: usize, next: usize| {
        let (ahead_seconds, gains) = clocks.0[which];
        let config = Config {
            ahead_seconds,
            gains,
            // The first schedules, both publish.
            schedule: if which == 0 { next..posts } else { 0..0 },
            mistake,
            ..world.config()
        };
        let program = other.filter(|_| which == 1).unwrap_or(&world.program);
        Node::start(program, &config)
    };
    let mut nodes = [start(0, 0)?, start(1, 0)?];
    for kill in 0..kills {
        pause(BETWEEN_KILLS).await;
        let which = dice.usize(0..2);
        let [first, second] = nodes;
        let (victim, other) = if which == 0 {
            (first, second)
        } else {
            (second, first)
        };
        hear(victim.kill().await?, &mut scheduled);
        let again = start(which, scheduled.len())?;
        nodes = if which == 0 {
            [again, other]
        } else {
            [other, again]
        };
        if kill % 10 == 9 {
            progress(format!("{} kills", kill + 1));
        }
    }
    let [mut first, second] = nodes;
    let mut least = usize::MAX;
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        let Some(line) = first.line(PATIENCE).await else {
            break;
        };
        let Some(left) = line.strip_prefix("left ") else {
            hear(vec![line], &mut scheduled);
            continue;
        };
        let left: usize = left.parse()?;
        if left == 0 {
            break;
        }
        waited = if left < least {
            Duration::ZERO
        } else {
            waited + Duration::from_millis(150)
        };
        least = least.min(left);
    }
    first.kill().await?;
    second.kill().await?;
    ensure!(scheduled.len() == posts, "not all posts were scheduled");
    let storage = world.storage().await?;
    judge(&world, &storage, &scheduled).await
}
