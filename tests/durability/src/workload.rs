//! Operations on stores, the same ones for the same seed, and what they lead to.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{Debug, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use threads_client::{AccessToken, PostId, Scope, UserId};
use threads_monitor::scheduler::{
    Change, EventCursor, Evidence, JobId, JobKind, JobQuery, Lease, NewEvent, NewJob, WorkerId,
};
use threads_monitor::snapshot_store::{Metric, Reading, Snapshot, SnapshotQuery, Source, Subject};
use threads_monitor::token_store::{Credential, Token};
use threads_monitor::{Storage, StoreError};

use crate::numbers::Numbers;

/// Accounts of a workload.
pub const ACCOUNTS: u8 = 3;
/// Jobs of an account.
const SLOTS: u8 = 2;
/// The state of a job whose publish request is on its way.
pub const PUBLISHING: &str = "publishing";

/// One operation, which happens whole or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Inserts or replaces a token.
    Save(u8),
    /// Removes it.
    DeleteToken(u8),
    /// Makes a job with a state of so many bytes.
    Enqueue(u8, u8, usize),
    /// Leases it.
    Claim(u8, u8),
    /// Leases whatever is due.
    ClaimDue,
    /// Notes that a post is about to be sent: it must not be forgotten from now on.
    Intent(u8, u8),
    /// Notes that it was sent.
    Done(u8, u8),
    /// Changes a job from outside of a lease.
    Update(u8, u8),
    /// Adds to what is known about a job.
    Evidence(u8, u8),
    /// Adds so many points.
    Append(u8, usize),
    /// Removes old points of all accounts.
    Prune,
    /// Removes the jobs of an account.
    EraseJobs(u8),
    /// Removes its history.
    EraseSnapshots(u8),
}

impl Op {
    /// The account that it changes; `None` if it is all of them.
    pub const fn account(self) -> Option<u8> {
        match self {
            Self::Save(account)
            | Self::DeleteToken(account)
            | Self::Enqueue(account, ..)
            | Self::Claim(account, _)
            | Self::Intent(account, _)
            | Self::Done(account, _)
            | Self::Update(account, _)
            | Self::Evidence(account, _)
            | Self::Append(account, _)
            | Self::EraseJobs(account)
            | Self::EraseSnapshots(account) => Some(account),
            Self::ClaimDue | Self::Prune => None,
        }
    }
}

/// Operations that are under way at the same time, of different accounts.
pub type Step = Vec<Op>;

/// So many steps of a seed.
pub fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut numbers = Numbers::new(seed);
    let is_large = seed % 5 == 4;
    // A post that is being published, for as long as nothing else becomes of it.
    let mut beginning = [Op::Enqueue(0, 0, 50), Op::Claim(0, 0), Op::Intent(0, 0)].into_iter();
    (0..count)
        .map(|_| {
            if let Some(op) = beginning.next() {
                return vec![op];
            }
            let first = op(&mut numbers, is_large);
            let mut step = vec![first];
            if numbers.one_in(4) && first.account().is_some() {
                for _ in 0..2 {
                    let next = op(&mut numbers, is_large);
                    let is_free = next.account().is_some()
                        && step.iter().all(|other| other.account() != next.account());
                    if is_free {
                        step.push(next);
                    }
                }
            }
            step
        })
        .collect()
}

fn op(numbers: &mut Numbers, is_large: bool) -> Op {
    let mut below = |limit: u8| u8::try_from(numbers.below(limit.into())).unwrap_or(0);
    let (account, slot, kind) = (below(ACCOUNTS), below(SLOTS), below(32));
    let size = if is_large { 60_000 } else { 900 };
    match kind {
        0..=5 => Op::Save(account),
        6 => Op::DeleteToken(account),
        7..=11 => Op::Enqueue(account, slot, 1 + numbers.below(size)),
        12..=15 => Op::Claim(account, slot),
        16 => Op::ClaimDue,
        17..=21 => Op::Intent(account, slot),
        22 => Op::Done(account, slot),
        23 => Op::Update(account, slot),
        24 => Op::Evidence(account, slot),
        25..=28 => Op::Append(account, 1 + numbers.below(12)),
        29 => Op::Prune,
        30 => Op::EraseJobs(account),
        _ => Op::EraseSnapshots(account),
    }
}

/// What can be read of each account.
pub type State = BTreeMap<u8, String>;

/// Stores, and what a caller of them holds on to.
#[derive(Debug)]
pub struct World {
    storage: Storage,
    leases: Mutex<HashMap<JobId, Lease>>,
}

impl World {
    /// A caller of these stores that holds on to nothing.
    pub fn new(storage: Storage) -> Self {
        Self {
            storage,
            leases: Mutex::default(),
        }
    }

    /// The stores.
    pub const fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Forgets the leases, as a caller that was started again.
    pub fn forget(&self) {
        self.leases
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn lease(&self, id: JobId) -> Option<Lease> {
        let leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        leases.get(&id).cloned()
    }

    fn keep(&self, lease: Lease) {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        leases.insert(lease.job.id, lease);
    }

    fn drop_lease(&self, id: JobId) {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        leases.remove(&id);
    }

    /// Does one operation, as number `number`; gives the version of a token that it wrote.
    ///
    /// # Errors
    ///
    /// When the store fails. That it refuses (because a lease was lost, say) is no error.
    pub async fn run(&self, number: usize, op: Op) -> Result<Option<u64>, StoreError> {
        match self.try_to(number, op).await {
            Err(StoreError::Conflict { .. } | StoreError::LeaseLost { .. }) => Ok(None),
            result => result,
        }
    }

    async fn try_to(&self, number: usize, op: Op) -> Result<Option<u64>, StoreError> {
        let Storage {
            tokens,
            scheduler,
            snapshots,
        } = &self.storage;
        let worker = WorkerId::new("worker");
        let now = at(number);
        match op {
            Op::Save(account) => {
                let replaced = tokens.load(&user(account)).await?;
                let version = replaced.map(|stored| stored.version);
                let written = tokens.save(&token(account, number), version).await?;
                return Ok(Some(written.number()));
            }
            Op::DeleteToken(account) => tokens.delete(&user(account)).await?,
            Op::Enqueue(account, slot, size) => {
                if let Some(job) = job(account, slot, number, size) {
                    scheduler.enqueue(job).await?;
                }
            }
            Op::Claim(account, slot) => {
                if let Some(id) = id(account, slot)
                    && let Some(lease) = scheduler.claim_job(&id, now, &worker, LEASE).await?
                {
                    self.keep(lease);
                }
            }
            Op::ClaimDue => {
                for lease in scheduler.claim(now, &worker, LEASE, 2).await? {
                    self.keep(lease);
                }
            }
            Op::Intent(account, slot) => {
                if let Some(mut lease) = id(account, slot).and_then(|id| self.lease(id)) {
                    let change = change(PUBLISHING, number, Some(now));
                    scheduler.checkpoint(&mut lease, change).await?;
                    self.keep(lease);
                }
            }
            Op::Done(account, slot) => {
                if let Some(lease) = id(account, slot).and_then(|id| self.lease(id)) {
                    self.drop_lease(lease.job.id);
                    let change = change("published", number, None);
                    scheduler.release(lease, change).await?;
                }
            }
            Op::Update(account, slot) => {
                if let Some(id) = id(account, slot)
                    && let Some(job) = scheduler.get(&id).await?
                {
                    let change = change("edited", number, Some(now));
                    scheduler.update(&id, job.version, change).await?;
                }
            }
            Op::Evidence(account, slot) => {
                if let Some(id) = id(account, slot) {
                    let evidence = Evidence {
                        at: now,
                        worker,
                        epoch: 1,
                        data: json!(number),
                    };
                    scheduler.append_evidence(&id, evidence).await?;
                }
            }
            Op::Append(account, count) => snapshots.append(&points(account, number, count)).await?,
            Op::Prune => drop(snapshots.prune(at(number.saturating_sub(8))).await?),
            Op::EraseJobs(account) => drop(scheduler.erase_account(&user(account)).await?),
            Op::EraseSnapshots(account) => drop(snapshots.erase_account(&user(account)).await?),
        }
        Ok(None)
    }

    /// Everything that can be read, but for numbers that a store may choose.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn state(&self) -> Result<State, StoreError> {
        let mut state = State::new();
        for account in 0..ACCOUNTS {
            state.insert(account, self.account(account).await?);
        }
        Ok(state)
    }

    async fn account(&self, account: u8) -> Result<String, StoreError> {
        let Storage {
            tokens,
            scheduler,
            snapshots,
        } = &self.storage;
        let account = user(account);
        let mut text = String::new();
        if let Some(stored) = tokens.load(&account).await? {
            let secret = stored.token.credential.access_token.expose().to_owned();
            say(&mut text, TOKENS, &(secret, stored.token));
        }
        for job in scheduler.list(&JobQuery::account(account.clone())).await? {
            let evidence = scheduler.evidence(&job.id).await?;
            let state = brief(&job.state.to_string());
            let keys = (job.id, job.kind, job.serial_key, job.idempotency_key);
            let times = (job.wake_at, job.epoch, job.lease, job.created_at);
            let text = &mut text;
            say(text, JOBS, &(keys, job.request, state, times, evidence));
        }
        for event in scheduler
            .take_events(EventCursor::START, usize::MAX)
            .await?
        {
            if event.account == account {
                say(&mut text, JOBS, &(event.job, event.event));
            }
        }
        for point in snapshots.query(&SnapshotQuery::account(account)).await? {
            say(&mut text, SNAPSHOTS, &point);
        }
        Ok(text)
    }
}

/// How many publish intents of a state are open.
pub fn intents(state: &State) -> usize {
    // As the state of a job is shown.
    let shown = format!("{:?}", json!(PUBLISHING).to_string());
    let count = |text: &String| text.matches(&shown).count();
    state.values().map(count).sum()
}

/// What the steps lead to: the state before the first one, and after each.
///
/// # Errors
///
/// When the stores in memory fail.
pub async fn states(world: &World, first: usize, steps: &[Step]) -> Result<Vec<State>> {
    let mut states = vec![world.state().await?];
    for (index, step) in steps.iter().enumerate() {
        for op in step {
            world
                .run(first + index, *op)
                .await
                .with_context(|| format!("in memory: {op:?}"))?;
        }
        states.push(world.state().await?);
    }
    Ok(states)
}

const LEASE: Duration = Duration::from_mins(10);

/// How the lines of a state begin, by store.
pub const TOKENS: &str = "token";
/// As [`TOKENS`].
pub const JOBS: &str = "job";
/// As [`TOKENS`].
pub const SNAPSHOTS: &str = "point";

/// The lines of one store.
pub fn of_store(state: &State, store: &str) -> Vec<String> {
    let lines = state.values().flat_map(|text| text.lines());
    lines
        .filter(|line| line.starts_with(store))
        .map(str::to_owned)
        .collect()
}

fn say(text: &mut String, store: &str, value: &impl Debug) {
    // Writing into a text does not fail.
    let _ = writeln!(text, "{store} {value:?}");
}

/// A short text for a long one.
fn brief(text: &str) -> String {
    if text.len() <= 64 {
        return text.to_owned();
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{} bytes, {:016x}", text.len(), hasher.finish())
}

fn user(account: u8) -> UserId {
    UserId::new(format!("1000{account}"))
}

/// Hours apart, so that every lease has run out at the next step.
fn at(number: usize) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(i64::try_from(number).unwrap_or(0))
}

fn id(account: u8, slot: u8) -> Option<JobId> {
    format!("018f0000-0000-7000-8000-0000000{account:02x}{slot:03x}")
        .parse()
        .ok()
}

fn token(account: u8, number: usize) -> Token {
    let filling = "x".repeat(number % 7 * 40);
    Token {
        user: user(account),
        credential: Credential {
            access_token: AccessToken::new(format!("THAA-{account}-{number}-{filling}")),
            obtained_at: at(number),
            expires_at: at(number + 1_440),
            expiry_assumed: false,
        },
        candidate: None,
        scopes: vec![Scope::Basic],
        connected_at: at(0),
    }
}

/// A text of that length, of which no two pages are alike.
fn long_text(number: usize, size: usize) -> String {
    let mut text = String::with_capacity(size + 16);
    for line in 0.. {
        if text.len() >= size {
            break;
        }
        let _ = write!(text, "{number}.{line};");
    }
    text
}

fn job(account: u8, slot: u8, number: usize, size: usize) -> Option<NewJob> {
    Some(NewJob {
        id: id(account, slot)?,
        account: user(account),
        kind: JobKind::PublishPost,
        serial_key: format!("{account}-{slot}"),
        idempotency_key: format!("post-{slot}"),
        request: json!({ "text": slot }),
        state: json!({ "draft": long_text(number, size) }),
        wake_at: at(number),
        created_at: at(number),
    })
}

fn change(state: &str, number: usize, wake_at: Option<DateTime<Utc>>) -> Change {
    Change {
        state: json!(state),
        wake_at,
        events: vec![NewEvent {
            at: at(number),
            name: format!("post.{state}"),
            data: json!(number),
        }],
    }
}

fn points(account: u8, number: usize, count: usize) -> Vec<Snapshot> {
    (0..count)
        .map(|index| Snapshot {
            account: user(account),
            subject: match index % 3 {
                0 => Subject::Account,
                _ => Subject::Post(PostId::new(format!("{}", index % 3))),
            },
            metric: Metric::Views,
            at: at(number) + TimeDelta::minutes(i64::try_from(index).unwrap_or(0)),
            captured_at: at(number),
            source: Source::Insights,
            reading: Reading::Count(u64::try_from(number * 100 + index).unwrap_or(0)),
        })
        .collect()
}
