//! The store against the ledger: what the monitor says became of its posts, and what did.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use threads_monitor::Storage;
use threads_monitor::scheduler::{EventCursor, JobId, JobKind, JobQuery};
use threads_sandbox::{Claim, Ending, LedgerKind};

use crate::crashing::phase;
use crate::plan::{marker, number, number_in};
use crate::world::World;

/// The clocks of two processes are read one after the other, which takes this much of
/// virtual time at most: some real milliseconds.
const BETWEEN_CLOCKS: TimeDelta = TimeDelta::seconds(1);
/// The phases in which a post is at its end.
const ENDS: [&str; 5] = ["published", "failed", "missed", "cancelled", "abandoned"];

/// How it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Posts that a process said were scheduled.
    pub scheduled: usize,
    /// Posts in the ledger, each once.
    pub live: usize,
    /// Posts in each phase.
    pub phases: BTreeMap<String, usize>,
    /// Posts that were acknowledged and are not in the store.
    pub forgotten: usize,
    /// Posts with more than one job.
    pub doubled_jobs: usize,
    /// Posts that are live more than once.
    pub duplicates: usize,
    /// Posts that are not live, though nothing says that they failed or that it is not known.
    pub lost: usize,
    /// Posts that ended as failed, missed or cancelled and are live.
    pub wrong: usize,
    /// Posts that went out before they were due.
    pub early: usize,
    /// Posts at their end without the one event that tells it, or with more than one.
    pub untold: usize,
    /// What else the judge of the sandbox says.
    pub charges: Vec<String>,
    /// How late each live post was, in virtual time.
    pub lateness: Vec<TimeDelta>,
}

impl Tally {
    /// Whether nothing wrong was found, and every post is live.
    pub fn is_clean(&self) -> bool {
        self.faults() == 0 && self.live == self.scheduled
    }

    /// Everything that must not be.
    pub fn faults(&self) -> usize {
        self.forgotten
            + self.doubled_jobs
            + self.duplicates
            + self.lost
            + self.wrong
            + self.early
            + self.untold
            + self.charges.len()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} posts, {} live; duplicates {}, lost {}, wrong ends {}, early {}, forgotten {}, \
             jobs doubled {}, ends untold {}, charges {}; {:?}",
            self.scheduled,
            self.live,
            self.duplicates,
            self.lost,
            self.wrong,
            self.early,
            self.forgotten,
            self.doubled_jobs,
            self.untold,
            self.charges.len(),
            self.phases,
        )?;
        for charge in self.charges.iter().take(5) {
            write!(formatter, "\n  {charge}")?;
        }
        Ok(())
    }
}

/// Judges a world. `scheduled` are the posts that a process acknowledged.
///
/// # Errors
///
/// When the store cannot be read.
pub async fn judge(world: &World, storage: &Storage, scheduled: &BTreeSet<usize>) -> Result<Tally> {
    let mut tally = Tally {
        scheduled: scheduled.len(),
        ..Tally::default()
    };
    let query = JobQuery {
        kind: Some(JobKind::PublishPost),
        ..JobQuery::default()
    };
    let mut phases: BTreeMap<usize, (JobId, String)> = BTreeMap::new();
    for job in storage.scheduler.list(&query).await? {
        let Some(number) = number_in(&job.request) else {
            continue;
        };
        let now = phase(&job.state).to_owned();
        *tally.phases.entry(now.clone()).or_default() += 1;
        if phases.insert(number, (job.id, now)).is_some() {
            tally.doubled_jobs += 1;
        }
    }
    let mut live: BTreeMap<usize, Vec<DateTime<Utc>>> = BTreeMap::new();
    for entry in world.sandbox.ledger() {
        if entry.kind == LedgerKind::PostPublished
            && let Some(number) = entry.text.as_deref().and_then(number)
        {
            live.entry(number).or_default().push(entry.at);
        }
    }
    tally.live = live.len();
    tally.duplicates = live.values().filter(|times| times.len() > 1).count();
    for (number, times) in &live {
        let late = times[0] - world.plan.due(*number);
        tally.lateness.push(late);
        tally.early += usize::from(late < -BETWEEN_CLOCKS);
    }
    tally.forgotten = scheduled
        .iter()
        .filter(|number| !phases.contains_key(number))
        .count();
    for (number, (_, phase)) in &phases {
        let is_live = live.contains_key(number);
        match phase.as_str() {
            "failed" | "missed" | "cancelled" => tally.wrong += usize::from(is_live),
            "needs_attention" => {}
            _ => tally.lost += usize::from(!is_live),
        }
    }
    tally.untold = untold(storage, &phases).await?;
    let claims: Vec<Claim> = phases
        .iter()
        .map(|(number, (_, phase))| Claim::new(marker(*number), ending(phase)))
        .collect();
    let verdict = world.sandbox.judge(&claims);
    tally.charges = verdict.charges().iter().map(ToString::to_string).collect();
    Ok(tally)
}

fn ending(phase: &str) -> Ending {
    match phase {
        "published" => Ending::Published,
        "failed" | "missed" => Ending::Failed,
        "cancelled" => Ending::Cancelled,
        _ => Ending::Unknown,
    }
}

/// Posts at their end without exactly one event that says so.
async fn untold(storage: &Storage, phases: &BTreeMap<usize, (JobId, String)>) -> Result<usize> {
    let mut told: BTreeMap<JobId, Vec<String>> = BTreeMap::new();
    let mut after = EventCursor::START;
    loop {
        let events = storage.scheduler.take_events(after, 5_000).await?;
        let Some(last) = events.last() else { break };
        after = last.cursor;
        for event in events {
            if let Some(name) = event.event.name.strip_prefix("post.")
                && ENDS.contains(&name)
            {
                told.entry(event.job).or_default().push(name.to_owned());
            }
        }
    }
    Ok(phases
        .values()
        .filter(|(id, phase)| {
            let told = told.get(id).map_or(&[][..], Vec::as_slice);
            if ENDS.contains(&phase.as_str()) {
                *told != [phase.clone()]
            } else {
                !told.is_empty()
            }
        })
        .count())
}
