//! A crash at every point, with every answer of the publish call, on every store.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use futures::{StreamExt as _, stream};
use threads_monitor::Storage;
use threads_monitor::scheduler::{JobKind, JobQuery};
use threads_sandbox::{Endpoint, Fault, FaultPlan, FaultRule, When};

use crate::broken::Mistake;
use crate::config::Config;
use crate::crashing::phase;
use crate::kills::{finish, hear};
use crate::node::Node;
use crate::pace::pause;
use crate::points::{At, POINTS, Point, Reached, Side};
use crate::verdict::{Tally, judge};
use crate::world::{Setup, World};

/// What the first publish call that is answered at all is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Class {
    /// The media id.
    Ok,
    /// Nothing, and nothing happened.
    LostBefore,
    /// Nothing, and it is published.
    LostAfter,
    /// Nothing, and it is published two virtual minutes later.
    Late,
    /// 503, and nothing happened.
    ErrorBefore,
    /// 502, and it is published.
    ErrorAfter,
    /// Graph error 4/2207051, and it is published.
    BusyAfter,
    /// Graph error 24/4279009, a listed refusal.
    Refused,
}

/// All classes.
pub const CLASSES: [Class; 8] = [
    Class::Ok,
    Class::LostBefore,
    Class::LostAfter,
    Class::Late,
    Class::ErrorBefore,
    Class::ErrorAfter,
    Class::BusyAfter,
    Class::Refused,
];

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Ok => "ok",
            Self::LostBefore => "lost-before",
            Self::LostAfter => "lost-after",
            Self::Late => "late",
            Self::ErrorBefore => "503-before",
            Self::ErrorAfter => "502-after",
            Self::BusyAfter => "4-after",
            Self::Refused => "24-refused",
        })
    }
}

impl Class {
    fn fault(self) -> Option<Fault> {
        match self {
            Self::Ok => None,
            Self::LostBefore => Some(Fault::DropBeforeEffect),
            Self::LostAfter => Some(Fault::DropAfterEffect),
            Self::Late => Some(Fault::DropThenEffect { after_seconds: 120 }),
            Self::ErrorBefore => Some(Fault::status(503)),
            Self::ErrorAfter => Some(Fault::StatusAfterEffect { status: 502 }),
            Self::BusyAfter => Some(Fault::GraphAfterEffect {
                code: 4,
                subcode: Some(2_207_051),
                status: 400,
            }),
            Self::Refused => Some(Fault::subcode(24, 4_279_009)),
        }
    }

    /// Whether a call with this answer leads to a point.
    fn reaches(self, point: &Point) -> bool {
        match point.reached {
            Reached::Always => true,
            Reached::IfVerified => self != Self::Ok,
            // A refusal is decided at once by the status.
            Reached::IfLookedAtAgain => !matches!(self, Self::Ok | Self::Refused),
            // What was published without an answer that says so.
            Reached::IfLookedUp => matches!(
                self,
                Self::LostAfter | Self::Late | Self::ErrorAfter | Self::BusyAfter
            ),
        }
    }
}

/// One cell of the matrix.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// Where the process dies.
    pub point: &'static Point,
    /// What the publish call is answered.
    pub class: Class,
}

/// All cells that can be.
pub fn cells() -> Vec<Cell> {
    let every = POINTS
        .iter()
        .flat_map(|point| CLASSES.map(|class| Cell { point, class }));
    every
        .filter(|cell| cell.class.reaches(cell.point))
        .collect()
}

/// What became of a cell.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Which one.
    pub cell: Cell,
    /// Whether the process died there.
    pub was_reached: bool,
    /// The phase that the store held then.
    pub found: String,
    /// How it ended.
    pub tally: Tally,
}

impl Outcome {
    /// Whether it was as predicted.
    pub fn is_right(&self) -> bool {
        let was_found = self.cell.point.found.contains(&self.found.as_str());
        let published = self.tally.phases == BTreeMap::from([("published".to_owned(), 1)]);
        self.was_reached && was_found && published && self.tally.is_clean()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell { point, class } = self.cell;
        write!(
            formatter,
            "{:<22} {:<4} {class:<12} reached {:<5} found {:<11} {}",
            point.name, point.protocol, self.was_reached, self.found, self.tally
        )
    }
}

/// Runs cells, so many at a time: most of a cell is waiting for leases and settling.
pub async fn run(
    setup: &Setup<'_>,
    cells: Vec<Cell>,
    at_a_time: usize,
    mistake: Option<Mistake>,
) -> Vec<Result<Outcome>> {
    stream::iter(cells)
        .map(|cell| async move {
            run_cell(setup, cell, mistake)
                .await
                .with_context(|| format!("{} {}", cell.point.name, cell.class))
        })
        .buffer_unordered(at_a_time)
        .collect()
        .await
}

async fn run_cell(setup: &Setup<'_>, cell: Cell, mistake: Option<Mistake>) -> Result<Outcome> {
    let mut rules = Vec::new();
    if let At::Api(endpoint, nth, side) = cell.point.at {
        let hang = match side {
            Side::Before => Fault::HangBeforeEffect,
            Side::After => Fault::HangAfterEffect,
        };
        rules.push(FaultRule::new(endpoint, When::Nth(nth), hang));
    }
    if let Some(fault) = cell.class.fault() {
        let first = FaultRule::new(Endpoint::PublishContainer, When::Next(1), fault);
        rules.push(first);
    }
    let world = World::new(&Setup {
        accounts: 1,
        lead: TimeDelta::seconds(30),
        step: TimeDelta::zero(),
        faults: FaultPlan { seed: 0, rules },
        program: setup.program.clone(),
        ..*setup
    })
    .await?;

    let config = Config {
        schedule: 0..1,
        point: Some(cell.point.name.to_owned()),
        ..world.config()
    };
    let mut scheduled = BTreeSet::new();
    let was_reached = crash(&world, &config, cell.point, &mut scheduled).await?;
    let found = found(&world.storage().await?).await?;

    let config = Config {
        point: None,
        mistake,
        ..config
    };
    finish(&world, &config, &mut scheduled).await?;
    let storage = world.storage().await?;
    let tally = judge(&world, &storage, &scheduled).await?;
    Ok(Outcome {
        cell,
        was_reached,
        found,
        tally,
    })
}

/// Lets a child run until it dies at its point. A virtual hour is more than enough.
async fn crash(
    world: &World,
    config: &Config,
    point: &Point,
    scheduled: &mut BTreeSet<usize>,
) -> Result<bool> {
    const LOOK: Duration = Duration::from_millis(5);
    let mut node = Node::start(&world.program, config)?;
    let At::Api(endpoint, _, _) = point.at else {
        let died = node.ended(Duration::from_secs(30)).await.is_ok();
        hear(node.kill().await?, scheduled);
        return Ok(died);
    };
    for _ in 0..6_000 {
        let has_come = world.sandbox.requests().iter().any(|request| {
            request.endpoint == Some(endpoint)
                && request
                    .fault
                    .as_deref()
                    .is_some_and(|fault| fault.starts_with("hang"))
        });
        if has_come {
            hear(node.kill().await?, scheduled);
            return Ok(true);
        }
        pause(LOOK).await;
    }
    Ok(false)
}

/// The phase of the one post, as the store holds it; `-` is none.
async fn found(storage: &Storage) -> Result<String> {
    let query = JobQuery {
        kind: Some(JobKind::PublishPost),
        ..JobQuery::default()
    };
    let jobs = storage.scheduler.list(&query).await?;
    Ok(jobs
        .first()
        .map_or_else(|| "-".to_owned(), |job| phase(&job.state).to_owned()))
}
