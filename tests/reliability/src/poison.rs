//! A post that kills whoever works on it, beside many that do not.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use threads_monitor::scheduler::{JobKind, JobQuery};
use threads_sandbox::{LedgerKind, Switches};

use crate::config::Config;
use crate::crashing::phase;
use crate::figures::progress;
use crate::node::Node;
use crate::pace::pause;
use crate::plan::{number, number_in};
use crate::verdict::{Tally, judge};
use crate::world::{Setup, World};

/// The deadly post; the first one of its account.
const POISON: usize = 0;
/// How often the processes are looked at, in real time.
const LOOK: Duration = Duration::from_millis(50);
/// How long after the last post is due the rest may take, in leases: the deadly one is left
/// alone after five of them.
const PATIENCE: u32 = 15;

/// How it went.
#[derive(Debug)]
pub struct Poisoned {
    /// The store against the ledger, with the deadly post.
    pub tally: Tally,
    /// Processes that died.
    pub deaths: usize,
    /// What the store says of the deadly post.
    pub phase: String,
    /// Other posts that were taken for deadly, too, at some time.
    pub suspected: usize,
    /// How late the posts of the other accounts were, sorted.
    pub others: Vec<TimeDelta>,
    /// How late the other posts of its account were, sorted.
    pub same_account: Vec<TimeDelta>,
}

impl Poisoned {
    /// Everything that must not be: the deadly post is left alone, no other one is, and all
    /// others are live.
    pub fn faults(&self) -> usize {
        let is_left_alone = self.phase == "blocked";
        // It is not live, and nothing says that it never will be.
        let rest = self
            .tally
            .faults()
            .saturating_sub(usize::from(is_left_alone));
        rest + self.suspected
            + usize::from(!is_left_alone)
            + usize::from(self.tally.live + 1 != self.tally.scheduled)
    }
}

/// Two processes with so many posts, started again whenever one has died. Each death costs the
/// deadly post a lease.
///
/// # Errors
///
/// When the machinery fails.
pub async fn run(setup: &Setup<'_>, posts: usize, lease: Duration) -> Result<Poisoned> {
    let world = World::new(setup).await?;
    world.sandbox.set_switches(Switches::default());
    world.schedule_all(posts).await?;
    let config = Config {
        lease,
        poison: Some(POISON),
        publish_timeout_ms: 60_000,
        ..world.config()
    };
    let start = || Node::start(&world.program, &config);
    let mut nodes = [start()?, start()?];
    let mut deaths = 0;
    let latest = world.plan.due(posts) + TimeDelta::from_std(lease * PATIENCE)?;
    let storage = world.storage().await?;
    while world.pace.now() < latest {
        for node in &mut nodes {
            if node.ended(LOOK).await.is_ok() {
                deaths += 1;
                *node = start()?;
                progress(format!("{deaths} deaths, {} live", live(&world).count()));
            }
        }
        if live(&world).count() + 1 >= posts && deadly_phase(&storage).await? == "blocked" {
            break;
        }
        pause(LOOK).await;
    }
    for node in nodes {
        node.kill().await?;
    }
    let accounts = world.plan.accounts.len();
    let late = |is_same: bool| {
        let mut late: Vec<TimeDelta> = live(&world)
            .filter(|(number, _)| (number % accounts == POISON % accounts) == is_same)
            .map(|(number, at)| at - world.plan.due(number))
            .collect();
        late.sort();
        late
    };
    Ok(Poisoned {
        deaths,
        phase: deadly_phase(&storage).await?,
        suspected: suspected(&storage).await?,
        others: late(false),
        same_account: late(true),
        tally: judge(&world, &storage, &(0..posts).collect()).await?,
    })
}

/// The posts that are live, with when they became so.
fn live(world: &World) -> impl Iterator<Item = (usize, DateTime<Utc>)> {
    world.sandbox.ledger().into_iter().filter_map(|entry| {
        let is_post = entry.kind == LedgerKind::PostPublished;
        let number = entry.text.as_deref().and_then(number);
        number.filter(|_| is_post).map(|number| (number, entry.at))
    })
}

async fn deadly_phase(storage: &threads_monitor::Storage) -> Result<String> {
    let query = JobQuery {
        kind: Some(JobKind::PublishPost),
        open_only: true,
        ..JobQuery::default()
    };
    let jobs = storage.scheduler.list(&query).await?;
    let job = jobs
        .iter()
        .find(|job| number_in(&job.request) == Some(POISON));
    Ok(job
        .map(|job| phase(&job.state).to_owned())
        .unwrap_or_default())
}

/// How many other posts were left alone at some time.
async fn suspected(storage: &threads_monitor::Storage) -> Result<usize> {
    let query = JobQuery {
        kind: Some(JobKind::PublishPost),
        ..JobQuery::default()
    };
    let jobs = storage.scheduler.list(&query).await?;
    Ok(jobs
        .iter()
        .filter(|job| number_in(&job.request) != Some(POISON))
        .filter(|job| job.state.get("times_left_alone").is_some())
        .count())
}
