//! Posts as the reducer knows them, each once, with time reduced to what it distinguishes.
//!
//! # Time
//!
//! The clock stands still at one instant, and what would make it go on moves every instant
//! of the post into the past instead. Under the policy used here the reducer asks three
//! questions of time, and each instant keeps just what answers them:
//!
//! - Is the settle time of the last call over? `authorised_at` of the last attempt and
//!   `settle_until` are now, or a whole settle time away.
//! - Is it too late to send? `due_at` is now, or a little more than the lateness ago.
//! - Is a container too slow in preparation? It always is, so that a container that is not
//!   there is given up at once.
//!
//! Lead, pauses and the time between two looks are zero: whatever may happen later may happen
//! at once, so the search covers more than any real pace does. A day never passes, so two
//! ways out of *verifying* and *needs attention* are left out; both lead to a person.
//!
//! What the reducer only writes down, such as reasons and counts of looks, is forgotten. The
//! test `what_the_model_forgets_makes_no_difference` compares with the whole post.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::Draft;
use threads_monitor::publishing::{Effect, Event, Next, Outcome, Phase, Post, PostPolicy, Step};

use super::state::Doing;
use crate::design::Design;
use crate::fast::FastMap;

/// The settle time of the model.
pub const SETTLE: TimeDelta = TimeDelta::minutes(6);
/// The lateness of the model.
const LATENESS: TimeDelta = TimeDelta::hours(2);
/// How long ago a post was due that is too late.
const TOO_LATE: TimeDelta = TimeDelta::hours(3);
/// More than the preparation may take.
const TOO_SLOW: TimeDelta = TimeDelta::seconds(1);

/// The instant at which the clock stands.
pub const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// What may happen to a post, as the search names it.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// An event of the reducer.
    Event(Event),
    /// The settle time passes.
    Settle,
    /// So much time passes that it is too late to send.
    Hours,
    /// The content is changed in place: only a mistaken design does that.
    Edit,
}

/// A post, or a mark that the search goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The post after it, and what its worker does then.
    Post(u16, Doing),
    /// More attempts than the bounds allow.
    OutOfBounds,
}

/// What the search has to know of a post.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Its ending.
    pub ending: Ending,
    /// Which content it has.
    pub version: u8,
    /// Whether a person may cancel: nobody did yet.
    pub is_cancellable: bool,
    /// The phase's name.
    pub phase: &'static str,
}

/// How far a post is from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It goes on.
    Open,
    /// A person is asked; only evidence moves it.
    NeedsAttention,
    /// Reported as live.
    Live,
    /// Reported as not live: failed, cancelled or missed.
    NotLive,
    /// Closed by a person, outcome unknown.
    Abandoned,
}

impl Ending {
    /// Whether nothing will change any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Live | Self::NotLive | Self::Abandoned)
    }
}

/// Every post that the search has met. Since the reducer is pure, each of them meets each
/// happening once.
#[derive(Debug)]
pub struct Posts {
    design: Design,
    policy: PostPolicy,
    attempts: usize,
    met: Vec<(Post, Facts)>,
    ids: HashMap<String, u16>,
    taken: FastMap<(u16, u16), Taken>,
}

/// The policy of the model: as the module says.
pub fn policy(attempts: usize, containers: u32) -> PostPolicy {
    let mut policy = PostPolicy::default();
    let settle = SETTLE.to_std().unwrap_or_default();
    policy.settle = settle;
    for pause in [
        &mut policy.lead_text,
        &mut policy.preparation,
        &mut policy.pause_after_finished,
        &mut policy.between_scans,
    ] {
        *pause = Duration::ZERO;
    }
    policy.attempts = attempts;
    policy.containers = containers;
    policy.lookups = 0;
    policy
}

/// A post of this content that nothing has happened to.
pub fn new_post(version: u8) -> Post {
    let lateness = LATENESS.to_std().unwrap_or_default();
    Post::new(Draft::text(format!("v{version}")), NOW, None, lateness)
}

impl Posts {
    /// None but the new ones, whose ids are 0 and 1: their versions.
    pub fn new(design: Design, attempts: usize, containers: u32) -> Self {
        let mut posts = Self {
            design,
            policy: design.policy(policy(attempts, containers)),
            attempts,
            met: Vec::new(),
            ids: HashMap::new(),
            taken: FastMap::default(),
        };
        for version in [0, 1] {
            posts.id(new_post(version));
        }
        posts
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.met.len()
    }

    /// Whether there are none, which is never so.
    pub fn is_empty(&self) -> bool {
        self.met.is_empty()
    }

    /// What the search has to know.
    pub fn facts(&self, id: u16) -> Facts {
        self.met[usize::from(id)].1
    }

    /// The post.
    pub fn post(&self, id: u16) -> &Post {
        &self.met[usize::from(id)].0
    }

    /// What a happening makes of a post. `code` names the happening.
    pub fn take(&mut self, id: u16, code: u16, happening: impl FnOnce() -> Happening) -> Taken {
        if let Some(taken) = self.taken.get(&(id, code)) {
            return *taken;
        }
        let taken = self.compute(id, happening());
        self.taken.insert((id, code), taken);
        taken
    }

    fn compute(&mut self, id: u16, happening: Happening) -> Taken {
        let post = self.post(id);
        let step = match happening {
            Happening::Event(event) => self.design.step(&self.policy, post, NOW, event),
            Happening::Settle => moved(post, SETTLE),
            Happening::Hours => moved(post, TOO_LATE),
            Happening::Edit => {
                let mut post = post.clone();
                if self.design.edits_in_flight(&post.phase) {
                    post.draft = new_post(1).draft;
                }
                let next = Next::WaitUntil(NOW);
                Step { post, next }
            }
        };
        if step.post.attempts.len() > self.attempts {
            return Taken::OutOfBounds;
        }
        let doing = doing(&step);
        let mut post = step.post;
        project(&mut post, NOW);
        Taken::Post(self.id(post), doing)
    }

    fn id(&mut self, post: Post) -> u16 {
        let key = format!("{post:?}");
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let id = u16::try_from(self.met.len()).expect("more posts than the search can number");
        let facts = facts(&post);
        self.met.push((post, facts));
        self.ids.insert(key, id);
        id
    }
}

fn facts(post: &Post) -> Facts {
    Facts {
        ending: match &post.phase {
            Phase::Published { .. } => Ending::Live,
            Phase::Failed { .. } | Phase::Cancelled { .. } | Phase::Missed { .. } => {
                Ending::NotLive
            }
            Phase::Abandoned { .. } => Ending::Abandoned,
            Phase::NeedsAttention { .. } => Ending::NeedsAttention,
            _ => Ending::Open,
        },
        version: u8::from(post.draft.text.as_deref() == Some("v1")),
        is_cancellable: post.cancel_requested_at.is_none() && !post.phase.is_final(),
        phase: post.phase.name(),
    }
}

/// What the worker that took the step does next.
fn doing(step: &Step) -> Doing {
    let Next::Do(effect) = &step.next else {
        let is_asleep = matches!(step.next, Next::WaitUntil(_));
        assert!(
            is_asleep || step.post.phase.is_final(),
            "never silent: {:?}",
            step.post
        );
        return Doing::Nothing;
    };
    match effect {
        Effect::CreateContainer { .. } => Doing::Create,
        Effect::ReadStatus { container } => Doing::Read(number(container.as_str())),
        Effect::Publish { container, .. } => Doing::Publish {
            container: number(container.as_str()),
            is_late: false,
        },
        Effect::Look { container, .. } => Doing::Look(number(container.as_str())),
        effect => panic!("no post of the model needs {effect:?}"),
    }
}

/// The name of a container.
pub(super) fn container(number: u8) -> String {
    format!("c{number}")
}

fn number(container: &str) -> u8 {
    let digits = container.strip_prefix('c').unwrap_or_default();
    digits.parse().expect("containers are named by `container`")
}

/// The same post later.
fn moved(post: &Post, by: TimeDelta) -> Step {
    let mut post = post.clone();
    project(&mut post, NOW + by);
    let next = Next::WaitUntil(NOW);
    Step { post, next }
}

/// Forgets what makes no difference at this instant, which becomes [`NOW`].
pub fn project(post: &mut Post, now: DateTime<Utc>) {
    let is_late = now > post.latest_at();
    post.due_at = if is_late { NOW - TOO_LATE } else { NOW };
    post.cancel_requested_at = post.cancel_requested_at.map(|_| NOW);
    let last = post.attempts.len().saturating_sub(1);
    for (index, attempt) in post.attempts.iter_mut().enumerate() {
        let is_settling = index == last && now < attempt.authorised_at + SETTLE;
        attempt.authorised_at = if is_settling { NOW } else { NOW - SETTLE };
        forget_why(&mut attempt.outcome);
    }
    project_phase(&mut post.phase, now);
}

fn forget_why(outcome: &mut Outcome) {
    match outcome {
        Outcome::Effective { answer } => *answer = None,
        Outcome::NotSent { why }
        | Outcome::Rejected { why, .. }
        | Outcome::Unknown { why }
        | Outcome::Ineffective { why, .. } => why.clear(),
        _ => {}
    }
}

fn project_phase(phase: &mut Phase, now: DateTime<Utc>) {
    match phase {
        Phase::Preparing {
            since, failures, ..
        } => {
            *since = NOW - TOO_SLOW;
            *failures = 0;
        }
        Phase::Ready { since, .. } => *since = NOW,
        Phase::Publishing { finished_at, .. } => *finished_at = NOW,
        Phase::Verifying {
            finished_at,
            since,
            settle_until,
            looks,
            last_clean_scan_at,
            ..
        } => {
            *finished_at = NOW;
            *since = NOW;
            *settle_until = if now < *settle_until {
                NOW + SETTLE
            } else {
                NOW
            };
            *looks = 0;
            *last_clean_scan_at = last_clean_scan_at.map(|_| NOW);
        }
        Phase::Blocked { detail, resume, .. } => {
            detail.clear();
            project_phase(resume, now);
        }
        Phase::NeedsAttention {
            finished_at,
            reason,
            since,
            ..
        } => {
            *finished_at = finished_at.map(|_| NOW);
            reason.clear();
            *since = NOW;
        }
        Phase::Failed { at, reason } => {
            *at = NOW;
            reason.clear();
        }
        Phase::Published { at, .. }
        | Phase::Abandoned { at }
        | Phase::Cancelled { at }
        | Phase::Missed { at } => *at = NOW,
        _ => {}
    }
}
