//! What is known of the use of one token.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::class::Class;
use super::quota_counter::{Quota, QuotaCounter};
use super::throttle::{PaceStep, Passage, ThrottlePolicy, passage};
use super::time::now;
use super::usage::{AppUsage, Reading};
use crate::AccessToken;
use crate::error::HeldBack;

/// An old figure says less and less: whatever window Meta counts over, newer answers bring newer figures.
const FADES_OVER: Duration = Duration::from_hours(1);
/// A turn that was drawn ends when nothing was sent for so long.
const TURN: Duration = Duration::from_mins(1);
/// However much is sent in it, a turn ends after this time.
const LONGEST_TURN: Duration = Duration::from_mins(15);
/// One of so many turns is taken.
const TURNS: u32 = 4;
/// More replies than Meta lets an account publish in a day need not be remembered.
const REMEMBERED_REPLIES: usize = 1_000;

/// Pace of one token: what this client has counted, and what Meta has said.
///
/// ```
/// use threads_client::{Client, Pace, PaceStep};
///
/// let client = Client::builder().build()?;
/// let Pace { step, used, wait, .. } = client.pace();
/// assert_eq!((step, used, wait), (PaceStep::Full, 0, None));
/// # Ok::<(), threads_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pace {
    /// What is still sent.
    pub step: PaceStep,
    /// Share of the call limit that counts as used, in percent: Meta's figure, fading, or an own count.
    pub used: u32,
    /// How long Meta asked to be left alone from now on.
    pub wait: Option<Duration>,
    /// Own counts, one for each quota.
    pub quotas: Vec<QuotaUse>,
}

/// How much of a quota was used through this client.
///
/// ```
/// use threads_client::{Client, Quota, QuotaUse};
///
/// let left = |quota: &QuotaUse| quota.limit.saturating_sub(quota.used);
///
/// let pace = Client::builder().build()?.pace();
/// let posts = pace.quotas.iter().find(|quota| quota.quota == Quota::Posts);
/// assert_eq!(posts.map(left), Some(250));
/// # Ok::<(), threads_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotaUse {
    /// Which quota.
    pub quota: Quota,
    /// Own count over the moving window.
    pub used: u32,
    /// How many Meta allows.
    pub limit: u32,
}

/// A call, as far as its pace is concerned.
#[derive(Clone, Copy)]
pub(super) struct Sending<'a> {
    pub(super) class: Class,
    pub(super) quota: Option<Quota>,
    /// The turn of the background client that sends it.
    pub(super) turn: Option<&'a Turn>,
}

/// What a client is for.
pub(crate) enum Purpose {
    /// Somebody waits for the answers.
    Interactive,
    /// Nobody waits for them.
    Background(Turn),
    /// They tell what became of a publication.
    Verification,
}

impl Purpose {
    /// The same for another client, which takes turns of its own.
    pub(crate) fn renewed(&self) -> Self {
        match self {
            Self::Interactive => Self::Interactive,
            Self::Background(_) => Self::Background(Turn::default()),
            Self::Verification => Self::Verification,
        }
    }
}

/// Whether it is the turn of a background client while polls are slowed down.
#[derive(Default)]
pub(crate) struct Turn(Mutex<Option<Draw>>);

#[derive(Clone, Copy)]
struct Draw {
    is_taken: bool,
    since: Instant,
    until: Instant,
}

/// What is known of the use of one token.
pub(crate) struct Meter(Mutex<State>);

struct State {
    usage: Option<AppUsage>,
    reading: Option<(u32, Instant)>,
    held_until: Option<Instant>,
    /// Made when they are first used: most accounts never search, delete or embed.
    counters: [Option<Box<QuotaCounter>>; Quota::ALL.len()],
    turns: u32,
    replies: Replies,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            usage: None,
            reading: None,
            held_until: None,
            counters: [const { None }; Quota::ALL.len()],
            turns: 0,
            replies: Replies::default(),
        }))
    }

    /// The latest usage of the app that Meta reported.
    pub(crate) fn usage(&self) -> Option<AppUsage> {
        self.state().usage
    }

    pub(crate) fn pace(&self, policy: &ThrottlePolicy) -> Pace {
        let now = now();
        let mut state = self.state();
        let used = state.used(policy, now);
        let wait = state.wait(now);
        let quotas = Quota::ALL
            .into_iter()
            .map(|quota| QuotaUse {
                quota,
                used: state.count(quota, now),
                limit: policy.limit(quota),
            })
            .collect();
        let step = match wait {
            _ if !policy.is_on() => PaceStep::Full,
            Some(_) => PaceStep::VerifyOnly,
            None => PaceStep::of(used),
        };
        Pace {
            step,
            used,
            wait,
            quotas,
        }
    }

    /// Own count of a quota.
    pub(crate) fn used(&self, quota: Quota) -> u32 {
        self.state().count(quota, now())
    }

    /// Counts the call and lets it through, or says why not and for how long.
    pub(super) fn admit(
        &self,
        policy: &ThrottlePolicy,
        sending: &Sending<'_>,
        now: Instant,
    ) -> Result<(), (HeldBack, Duration)> {
        let mut state = self.state();
        if policy.is_on() {
            state.check(policy, sending, now)?;
        }
        state.add(Quota::Calls, now);
        if let Some(quota) = sending.quota {
            state.add(quota, now);
        }
        Ok(())
    }

    /// A call that was counted and then not sent does not count.
    pub(super) fn not_sent(&self, sending: &Sending<'_>, now: Instant) {
        let mut state = self.state();
        state.take_back(Quota::Calls, now);
        if let Some(quota) = sending.quota {
            state.take_back(quota, now);
        }
    }

    /// A refusal does not count against the quota of what was refused.
    pub(super) fn refused(&self, quota: Quota, now: Instant) {
        self.state().take_back(quota, now);
    }

    /// Keeps what the headers of an answer say.
    pub(super) fn keep(
        &self,
        policy: &ThrottlePolicy,
        reading: &Reading,
        asked: Option<Duration>,
        now: Instant,
    ) {
        if reading.is_empty() && asked.is_none() {
            return;
        }
        let mut state = self.state();
        state.usage = reading.app.or(state.usage);
        if let Some(used) = reading.highest() {
            state.reading = Some((used, now));
        }
        if let Some(wait) = reading.regain.max(asked) {
            let until = now + policy.wait(wait);
            state.held_until = Some(state.held_until.map_or(until, |old| old.max(until)));
        }
    }

    /// Remembers, from the answer to its creation, that a container is a reply.
    pub(super) fn remember_reply(&self, body: &[u8]) {
        #[derive(Deserialize)]
        struct Created {
            id: crate::ContainerId,
        }
        if let Ok(Created { id }) = serde_json::from_slice(body) {
            self.state().replies.insert(id.as_str());
        }
    }

    /// Whether the form of a publication names a container that is a reply.
    pub(super) fn publishes_a_reply(&self, form: &str) -> bool {
        form.split('&')
            .find_map(|field| field.strip_prefix("creation_id="))
            .is_some_and(|container| self.state().replies.0.contains(container))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.state().count(Quota::Calls, now) == 0
    }
}

impl State {
    fn check(
        &mut self,
        policy: &ThrottlePolicy,
        sending: &Sending<'_>,
        now: Instant,
    ) -> Result<(), (HeldBack, Duration)> {
        let is_background = sending.turn.is_some();
        if let Some(wait) = self.wait(now)
            && passage(PaceStep::VerifyOnly, sending.class, is_background) != Passage::Free
        {
            return Err((HeldBack::Asked, wait));
        }
        let used = self.used(policy, now);
        match passage(PaceStep::of(used), sending.class, is_background) {
            Passage::Free => {}
            Passage::InTurns => {
                if let Some(wait) = sending
                    .turn
                    .and_then(|turn| turn.take(now, &mut self.turns))
                {
                    return Err((HeldBack::Usage, wait));
                }
            }
            Passage::Below(share) => {
                return Err((HeldBack::Usage, self.wait_until_below(share, now)));
            }
        }
        if let Some(quota) = sending.quota
            && self.count(quota, now) >= policy.limit(quota)
        {
            return Err((HeldBack::Quota(quota), self.relief(quota, now)));
        }
        Ok(())
    }

    /// The share that is used, in percent: the higher one of Meta's figure and the own count.
    fn used(&mut self, policy: &ThrottlePolicy, now: Instant) -> u32 {
        let calls = u64::from(self.count(Quota::Calls, now));
        let limit = u64::from(policy.limit(Quota::Calls)).max(1);
        let own = u32::try_from(calls * 100 / limit).unwrap_or(u32::MAX);
        let Some((used, at)) = self.reading else {
            return own;
        };
        let left = FADES_OVER.saturating_sub(now.saturating_duration_since(at));
        if left.is_zero() {
            self.reading = None;
        }
        let faded = u128::from(used) * left.as_millis() / FADES_OVER.as_millis();
        own.max(u32::try_from(faded).unwrap_or(u32::MAX))
    }

    /// How long it takes until less than `share` percent count as used, if nothing else is sent.
    fn wait_until_below(&mut self, share: u32, now: Instant) -> Duration {
        match self.reading {
            Some((used, at)) if used >= share && used > 0 => {
                let fading = FADES_OVER.mul_f64(1.0 - f64::from(share) / f64::from(used));
                let end = at + fading + Duration::from_secs(1);
                end.saturating_duration_since(now)
            }
            _ => self.relief(Quota::Calls, now),
        }
    }

    fn wait(&mut self, now: Instant) -> Option<Duration> {
        let wait = self.held_until?.saturating_duration_since(now);
        if wait.is_zero() {
            self.held_until = None;
            return None;
        }
        Some(wait)
    }

    fn count(&mut self, quota: Quota, now: Instant) -> u32 {
        self.counter(quota).map_or(0, |counter| counter.total(now))
    }

    fn add(&mut self, quota: Quota, now: Instant) {
        if let Some(counter) = self.counters.get_mut(quota.index()) {
            counter
                .get_or_insert_with(|| Box::new(QuotaCounter::new(quota.window(), now)))
                .add(now);
        }
    }

    fn take_back(&mut self, quota: Quota, now: Instant) {
        if let Some(counter) = self.counter(quota) {
            counter.take_back(now);
        }
    }

    fn relief(&mut self, quota: Quota, now: Instant) -> Duration {
        self.counter(quota)
            .map_or(Duration::ZERO, |counter| counter.next_relief(now))
    }

    fn counter(&mut self, quota: Quota) -> Option<&mut QuotaCounter> {
        self.counters.get_mut(quota.index())?.as_deref_mut()
    }
}

impl Turn {
    /// Takes part in the draw; how long to wait if it was lost.
    ///
    /// A run of reads through one client is let through, or held back, as a whole: a quarter of each run would
    /// finish none of them. So a turn that was won lasts as long as it is used.
    fn take(&self, now: Instant, turns: &mut u32) -> Option<Duration> {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let draw = match *drawn {
            Some(draw) if now < draw.until => draw,
            _ => {
                let is_taken = turns.is_multiple_of(TURNS);
                *turns = turns.wrapping_add(1);
                Draw {
                    is_taken,
                    since: now,
                    until: now + TURN,
                }
            }
        };
        let until = if draw.is_taken {
            (now + TURN).min(draw.since + LONGEST_TURN).max(draw.until)
        } else {
            draw.until
        };
        *drawn = Some(Draw { until, ..draw });
        (!draw.is_taken).then(|| until.saturating_duration_since(now))
    }
}

/// The newest containers that are replies.
#[derive(Default)]
struct Replies(HashSet<String>, VecDeque<String>);

impl Replies {
    fn insert(&mut self, container: &str) {
        if self.0.insert(container.to_owned()) {
            self.1.push_back(container.to_owned());
        }
        if self.1.len() > REMEMBERED_REPLIES
            && let Some(oldest) = self.1.pop_front()
        {
            self.0.remove(&oldest);
        }
    }
}

/// The meters of all tokens of a connection.
///
/// Clients come and go, so the meters are kept here, by a keyed hash of the token. Those that nobody holds and
/// that have counted nothing for a day are dropped when there are many.
#[derive(Default)]
pub(crate) struct Meters {
    by_token: Mutex<ByToken>,
    keys: RandomState,
}

#[derive(Default)]
struct ByToken {
    meters: HashMap<u64, Arc<Meter>>,
    /// How many there were after the last sweep.
    swept: usize,
}

/// Fewer are kept whatever they are.
const MANY: usize = 1_024;

impl Meters {
    pub(crate) fn of(&self, token: &AccessToken) -> Arc<Meter> {
        let key = self.keys.hash_one(token.expose());
        let mut kept = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        // Each sweep pays for as many new tokens as there are old ones.
        if kept.meters.len() >= MANY.max(kept.swept.saturating_mul(2)) {
            let now = now();
            let mut keys_of = HashMap::new();
            for meter in kept.meters.values() {
                *keys_of.entry(Arc::as_ptr(meter)).or_insert(0) += 1;
            }
            let is_held = |meter: &Arc<Meter>| {
                let keys = keys_of.get(&Arc::as_ptr(meter)).copied();
                Arc::strong_count(meter) > keys.unwrap_or(0)
            };
            kept.meters
                .retain(|_, meter| is_held(meter) || !meter.is_idle(now));
            kept.swept = kept.meters.len();
        }
        let meter = kept.meters.entry(key);
        Arc::clone(meter.or_insert_with(|| Arc::new(Meter::new())))
    }

    /// Lets another token of the same account go on with what was counted.
    pub(crate) fn carry_over(&self, meter: &Arc<Meter>, token: &AccessToken) {
        let key = self.keys.hash_one(token.expose());
        let mut kept = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        kept.meters.insert(key, Arc::clone(meter));
    }
}

#[cfg(test)]
mod tests;
