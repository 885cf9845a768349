//! The network between a process and PostgreSQL swallows everything for a while, and keeps all
//! connections open: nobody is told that anything is wrong.
//!
//! A process that cannot reach its store may send what it had authorised a moment before, and
//! nothing later: without its store it neither knows that a post is still its own, nor can it
//! write down that it will send. When the network is back it has to go on by itself.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use threads_monitor::{Clock as _, SystemClock};
use threads_sandbox::{Endpoint, LedgerKind};

use crate::broken::Mistake;
use crate::chores::Chore;
use crate::config::Config;
use crate::figures::progress;
use crate::node::Node;
use crate::pace::pause;
use crate::proxy::Network;
use crate::verdict::{Tally, judge};
use crate::world::{Setup, World};

/// A call begins within a minute of its authorisation here, and takes a moment to arrive.
const SEND_WITHIN: TimeDelta = TimeDelta::seconds(60 + 12);
/// A database that says nothing for so long is given up, in real time.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// How long a cut lasts, in real milliseconds: several leases.
const CUT_MS: std::ops::RangeInclusive<u64> = 2_500..=4_500;
/// How long after the network is back a process may take until a post goes out.
const PATIENCE: Duration = Duration::from_mins(1);

/// How it went.
#[derive(Debug)]
pub struct HalfOpen {
    /// The store against the ledger.
    pub tally: Tally,
    /// Publish calls during a cut, later than the last authorisation allows.
    pub late_sends: usize,
    /// Publish calls during a cut, in time: there was something to go wrong.
    pub sends: usize,
    /// Cuts after which no post went out.
    pub dead: usize,
    /// How long after the network was back a post went out, in real time, each time.
    pub back_after: Vec<Duration>,
}

impl HalfOpen {
    /// Everything that must not be.
    pub fn faults(&self) -> usize {
        self.late_sends + self.dead + self.tally.faults() + usize::from(!self.tally.is_clean())
    }
}

/// Cuts the network so many times.
///
/// With `two`, another process has a network of its own that is never cut, takes over, and is
/// killed in the end, so that the first one has to do the rest.
///
/// # Errors
///
/// When the machinery fails.
pub async fn run(
    setup: &Setup<'_>,
    seed: u64,
    (cuts, posts): (usize, usize),
    two: bool,
    mistake: Option<Mistake>,
) -> Result<HalfOpen> {
    let world = World::new(setup).await?;
    world.schedule_all(posts).await?;
    let network = Network::in_front_of(&world.place.address, ANSWER_WITHIN).await?;
    let mut dice = fastrand::Rng::with_seed(seed);
    let config = Config {
        storage: match mistake {
            Some(Mistake::OtherWay) => world.place.address.clone(),
            _ => network.address(),
        },
        mistake,
        ..world.config()
    };
    let mut node = Node::start(&world.program, &config)?;
    node.expect("open", PATIENCE).await?;
    let other = Config {
        chore: Chore::Nothing,
        ..world.config()
    };
    let other = two
        .then(|| Node::start(&world.program, &other))
        .transpose()?;
    let mut spans = Vec::new();
    let mut back_after = Vec::new();
    let mut dead = 0;
    // So that there is something under way.
    let began = next_live(&world, world.plan.first_due, posts).await;
    ensure!(
        matches!(began, Next::Live(_)),
        "nothing goes out: {}",
        node.complaints()
    );
    for cut in 0..cuts {
        pause(Duration::from_millis(dice.u64(0..=1_000))).await;
        let from = world.pace.now();
        network.cut();
        pause(Duration::from_millis(dice.u64(CUT_MS))).await;
        let to = world.pace.now();
        network.mend();
        spans.push((from, to));
        if !two {
            match next_live(&world, to, posts).await {
                Next::Live(span) => back_after.push(span),
                Next::Nothing => {}
                Next::Dead => dead += 1,
            }
        }
        if cut % 10 == 9 {
            progress(format!("{} cuts, {} live", cut + 1, live(&world).len()));
        }
    }
    if let Some(other) = other {
        other.kill().await?;
    }
    if mistake.is_some() {
        // What it does in the end convicts nobody.
        node.kill().await?;
    } else {
        rest(node, dead).await?;
    }
    let requests = world.sandbox.requests();
    let during: Vec<_> = requests
        .iter()
        .filter(|request| request.endpoint == Some(Endpoint::PublishContainer))
        .filter_map(|request| {
            let inside = |(from, to): &&(_, _)| request.at >= *from && request.at <= *to;
            let (from, _) = spans.iter().find(inside)?;
            Some(request.at - *from)
        })
        .collect();
    // Of two processes, the other one may send all the time.
    let late = |since: &&TimeDelta| !two && **since > SEND_WITHIN;
    let late_sends = during.iter().filter(late).count();
    let storage = world.storage().await?;
    let scheduled = (0..posts).collect();
    Ok(HalfOpen {
        tally: judge(&world, &storage, &scheduled).await?,
        late_sends,
        sends: during.len() - late_sends,
        dead,
        back_after,
    })
}

/// Lets the process whose network was cut do what is left, without a restart.
async fn rest(mut node: Node, dead: usize) -> Result<()> {
    let mut least = usize::MAX;
    loop {
        // It says so at every look at its store, and looks all the time.
        let line = node.line(PATIENCE).await;
        let line = line.with_context(|| format!("it does not go on: {}", node.complaints()))?;
        let Some(left) = line.strip_prefix("left ") else {
            continue;
        };
        least = least.min(left.parse()?);
        if least == 0 || dead > 0 {
            break;
        }
    }
    ensure!(node.kill().await.is_ok(), "it cannot be killed");
    Ok(())
}

fn live(world: &World) -> Vec<DateTime<Utc>> {
    let mut ledger = world.sandbox.ledger();
    ledger.retain(|entry| entry.kind == LedgerKind::PostPublished);
    ledger.iter().map(|entry| entry.at).collect()
}

/// What comes after an instant.
enum Next {
    /// A post went out, after so long.
    Live(Duration),
    /// Every post was out already.
    Nothing,
    /// Nothing went out, though there was something.
    Dead,
}

/// Waits until a post goes out after an instant.
async fn next_live(world: &World, after: DateTime<Utc>, posts: usize) -> Next {
    let began = SystemClock.now();
    loop {
        let span = (SystemClock.now() - began).to_std().unwrap_or_default();
        let live = live(world);
        if live.last().is_some_and(|last| *last > after) {
            return Next::Live(span);
        }
        if live.len() >= posts {
            return Next::Nothing;
        }
        if span > PATIENCE {
            return Next::Dead;
        }
        pause(Duration::from_millis(20)).await;
    }
}
