//! Many posts, some nodes and days of virtual time, with faults drawn from a seed.
//!
//! One thread, no clock and no chance but the seed's: the same seed gives the same trace. The
//! nodes follow the rules of the engine (what a worker knows first, writes under the newest
//! lease only, one call for each durable attempt, a deadline for it, evidence when the lease
//! is lost, twins, claimed ids), and everything that they decide is decided by the production
//! reducer and found by the production matching. After every happening the judge compares the
//! store with what is live.
//!
//! A write is durable once it is acknowledged (A5). A node may die before a write or after
//! it, and a store may fail with the write lost, or done and the answer lost. Nodes' clocks
//! differ by up to [`SKEW`]. In a bounded world a call that acts does so within four minutes
//! and shows a minute later, which leaves the settle time half a minute for sending and
//! clocks.

mod judge;
mod meta;
mod store;
mod story;

use chrono::TimeDelta;
use fastrand::Rng;
use threads_monitor::publishing::PublishMode;

use self::story::Story;
use crate::design::Design;
use crate::platform::World;

/// The most that a node's clock is wrong by.
pub const SKEW: TimeDelta = TimeDelta::seconds(10);

/// How likely each fault is in one run, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// The call is slow, and the answer with it.
    pub slow_call: u32,
    /// The call is answered by anything that is possible.
    pub odd_reply: u32,
    /// The answer is lost.
    pub lost_answer: u32,
    /// The call is never processed.
    pub lost_call: u32,
    /// The connection is refused.
    pub not_sent: u32,
    /// A read fails.
    pub unreadable: u32,
    /// A write of the store fails, done or not.
    pub failed_write: u32,
    /// A node dies at a move of its own.
    pub crash: u32,
    /// A node stands still at a move of its own.
    pub pause: u32,
    /// A node stands still between the authorisation of a publish call and the call.
    pub held_up: u32,
    /// A container gets lost or fails.
    pub lost_container: u32,
    /// A person cancels or edits.
    pub person: u32,
}

impl Faults {
    fn draw(rng: &mut Rng) -> Self {
        let mut rate = || [0, 10, 50, 200][rng.usize(..4)];
        Self {
            slow_call: rate(),
            odd_reply: rate(),
            lost_answer: rate(),
            lost_call: rate(),
            not_sent: rate(),
            unreadable: rate(),
            failed_write: rate(),
            crash: rate() / 4,
            pause: rate() / 4,
            held_up: rate(),
            lost_container: rate(),
            person: rate(),
        }
    }
}

/// What one seed came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What was broken, if anything was.
    pub broken: Option<String>,
    /// Happenings.
    pub events: u64,
    /// Publish calls that were sent.
    pub calls: u64,
    /// Posts that ended in each phase, by its name.
    pub endings: Vec<(&'static str, u32)>,
    /// A number that two different traces hardly share.
    pub fingerprint: u64,
    /// What happened, if it was to be kept.
    pub trace: Vec<String>,
}

/// Whether a run keeps its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// Its fingerprint only.
    Forgotten,
    /// All of it.
    Kept,
}

/// Runs one seed. The seed draws the world, too; only a paranoid design meets unbounded ones.
pub fn run(seed: u64, design: Design, trace: Trace) -> Outcome {
    let mut rng = Rng::with_seed(seed);
    let world = World {
        one_shot: rng.bool(),
        bounded: design.mode != PublishMode::Paranoid || rng.bool(),
        gone_after_publish: rng.bool(),
        lagging_status: rng.bool(),
        lying_refusals: false,
    };
    let faults = Faults::draw(&mut rng);
    Story::new(rng, world, design, faults, trace).run()
}
