//! A process that stands still, for longer than anything waits for it, and then goes on.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, stream};
use nix::sys::signal::Signal;
use threads_monitor::Storage;
use threads_monitor::scheduler::{JobKind, JobQuery, JobRecord};
use threads_sandbox::Endpoint;

use crate::broken::Mistake;
use crate::config::{Config, Deed};
use crate::kills::finish;
use crate::node::Node;
use crate::pace::pause;
use crate::verdict::{Tally, judge};
use crate::world::{Setup, World};

/// Longer than the settle time of six minutes, and than any lease.
const PAUSE: TimeDelta = TimeDelta::minutes(8);
/// A call begins within a minute of its authorisation here, and takes a moment to arrive.
const SEND_WITHIN: TimeDelta = TimeDelta::seconds(60 + 12);

/// Who goes on with the post while the process stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meanwhile {
    /// Nobody.
    Nobody,
    /// Another process on the same store.
    AnotherNode,
}

/// What became of one post whose process stood still.
#[derive(Debug, Clone)]
pub struct Pause {
    /// Publish calls that arrived later than they may, or that nothing authorised.
    pub late_sends: usize,
    /// Whether the process wrote over what another one had written meanwhile.
    pub overwrote: bool,
    /// How it ended.
    pub tally: Tally,
}

/// Lets processes stand still at a point, so many times, so many at a time.
pub async fn run(
    setup: &Setup<'_>,
    point: &str,
    meanwhile: Meanwhile,
    (count, at_a_time): (usize, usize),
    mistake: Option<Mistake>,
) -> Vec<Result<Pause>> {
    stream::iter(0..count)
        .map(|_| stand_still(setup, point, meanwhile, mistake))
        .buffer_unordered(at_a_time)
        .collect()
        .await
}

async fn stand_still(
    setup: &Setup<'_>,
    point: &str,
    meanwhile: Meanwhile,
    mistake: Option<Mistake>,
) -> Result<Pause> {
    let world = World::new(&Setup {
        accounts: 1,
        lead: TimeDelta::seconds(30),
        step: TimeDelta::zero(),
        program: setup.program.clone(),
        faults: setup.faults.clone(),
        ..*setup
    })
    .await?;
    let healthy = Config {
        schedule: 0..1,
        ..world.config()
    };
    let config = Config {
        point: Some(point.to_owned()),
        deed: Deed::Stop,
        mistake,
        ..healthy.clone()
    };
    let mut node = Node::start(&world.program, &config)?;
    for _ in 0..4_000 {
        if node.is_stopped() {
            break;
        }
        pause(Duration::from_millis(5)).await;
    }
    ensure!(
        node.is_stopped(),
        "it does not come to {point}: {}",
        node.complaints()
    );
    // Only what is scheduled comes to a point. It may stand still before it could say so.
    let mut scheduled = BTreeSet::from([0]);

    let mut overwrote = false;
    if meanwhile == Meanwhile::AnotherNode {
        finish(&world, &healthy, &mut scheduled).await?;
        let storage = world.storage().await?;
        let before = post(&storage).await?;
        node.signal(Signal::SIGCONT);
        pause(Duration::from_millis(1_500)).await;
        overwrote = post(&storage).await? != before;
        node.kill().await?;
    } else {
        pause(world.pace.real(PAUSE)).await;
        node.signal(Signal::SIGCONT);
        loop {
            let left = node.expect("left ", Duration::from_mins(1)).await?;
            if left == "0" {
                break;
            }
        }
        node.kill().await?;
    }
    let storage = world.storage().await?;
    let late_sends = late_sends(&world, &post(&storage).await?)?;
    let tally = judge(&world, &storage, &scheduled).await?;
    Ok(Pause {
        late_sends,
        overwrote,
        tally,
    })
}

/// The one post.
async fn post(storage: &Storage) -> Result<JobRecord> {
    let query = JobQuery {
        kind: Some(JobKind::PublishPost),
        ..JobQuery::default()
    };
    let mut jobs = storage.scheduler.list(&query).await?;
    jobs.pop().context("the post is gone")
}

/// Publish calls without an attempt that had been authorised a moment before.
fn late_sends(world: &World, post: &JobRecord) -> Result<usize> {
    let attempts = post.state["attempts"].as_array().context("no attempts")?;
    let authorised = attempts
        .iter()
        .map(|attempt| Ok(serde_json::from_value(attempt["authorised_at"].clone())?))
        .collect::<Result<Vec<DateTime<Utc>>>>()?;
    let containers: Vec<&str> = attempts
        .iter()
        .filter_map(|attempt| attempt["container"].as_str())
        .collect();
    let requests = world.sandbox.requests();
    let sends = requests
        .iter()
        .filter(|request| request.endpoint == Some(Endpoint::PublishContainer));
    Ok(sends
        .filter(|request| {
            let container = request.parameter("creation_id").unwrap_or("");
            let is_authorised = authorised.iter().zip(&containers).any(|(at, ours)| {
                let since = request.at - *at;
                *ours == container && since >= -TimeDelta::seconds(1) && since <= SEND_WITHIN
            });
            !is_authorised
        })
        .count())
}
