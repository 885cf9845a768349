//! Processes are killed around the refresh of tokens.
//!
//! Every account has a token that is due, each a moment after the one before, so that each life
//! of a process has some of them. In the end every account has to have a token that works, and
//! Meta must not have been asked twice at one time for a new one in place of the same token.
//!
//! **What counts as a double refresh.** A token (one *version*) may be refreshed again when the
//! first answer was lost on its way, or its process was killed before it could store it: there
//! is no other way on. So of two calls for one version, the second is charged
//! - as *concurrent*, if the first was answered in full and the second came within half a lease
//!   of it: whoever takes over from a dead process has to wait for the end of its lease, so the
//!   first one's process still had the job; and
//! - as *needless*, if the first was answered in full and no process was killed in between.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use anyhow::{Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use threads_client::{AccessToken, Scope, UserId};
use threads_monitor::Storage;
use threads_monitor::scheduler::{EventCursor, JobId, JobKind, NewJob};
use threads_monitor::token_store::Credential;
use threads_sandbox::{
    Endpoint, Fault, FaultPlan, FaultRule, LedgerKind, RefreshedToken, RequestLogEntry, Switches,
    When,
};

use crate::broken::Mistake;
use crate::chores::Chore;
use crate::config::Config;
use crate::figures::progress;
use crate::kills::finish;
use crate::node::Node;
use crate::pace::pause;
use crate::world::{Setup, World};

/// The pace of this campaign: a lease of three minutes is six seconds of this machine, so that
/// only a process that stands still for that long loses one while it lives.
pub const PACE: i32 = 30;
/// The tokens are so old, of sixty days: they are due.
const AGE: TimeDelta = TimeDelta::days(31);
/// Half a lease.
const APART: TimeDelta = TimeDelta::seconds(90);
/// How long a process may take to open its stores.
const OPENING: Duration = Duration::from_mins(1);
/// The mean life of a process, starting included, in real milliseconds.
const LIFE_MS: i64 = 350;
/// A call without an answer is given up after so many real seconds.
const CALL: Duration = Duration::from_secs(3);

/// How much is killed.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Processes that are killed.
    pub kills: usize,
    /// Accounts whose token is refreshed meanwhile.
    pub accounts: usize,
    /// Processes that share the store.
    pub nodes: usize,
}

/// How it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refreshes {
    /// Accounts.
    pub accounts: usize,
    /// Accounts whose token in use is a new one that works.
    pub fresh: usize,
    /// Calls for a new token.
    pub calls: usize,
    /// Versions for which more than one call was answered in full: a kill was just in time.
    pub repeated: usize,
    /// Accounts without a token that works, though their process could have stored one.
    pub unusable: usize,
    /// Accounts whose new token was lost on its way while the platform had ended the old one.
    /// No protocol can help those; a person is asked.
    pub taken: usize,
    /// Accounts whose token lives on for sixty days without its process knowing, as the answer
    /// was lost and the token is the same. Meta refuses to say so again for a day.
    pub unknown: usize,
    /// Accounts whose token was due and is an old one.
    pub forgotten: usize,
    /// Accounts without a token that works, of which nobody was told.
    pub untold: usize,
    /// Second calls while the first one's process had the job.
    pub concurrent: usize,
    /// Second calls that nothing called for.
    pub needless: usize,
}

impl Refreshes {
    /// Everything that must not be.
    pub fn faults(&self) -> usize {
        self.unusable + self.forgotten + self.untold + self.concurrent + self.needless
    }

    /// Whether nothing wrong was found, and every account that could be has a fresh token.
    pub fn is_clean(&self) -> bool {
        self.faults() == 0 && self.fresh + self.unknown + self.taken == self.accounts
    }
}

impl fmt::Display for Refreshes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} accounts, {} fresh; without a usable token {}, not refreshed {}, untold {}, \
             concurrent {}, needless {}; {} calls, {} versions answered again after a kill, {} \
             alive for longer than known, {} taken by the platform",
            self.accounts,
            self.fresh,
            self.unusable,
            self.forgotten,
            self.untold,
            self.concurrent,
            self.needless,
            self.calls,
            self.repeated,
            self.unknown,
            self.taken
        )
    }
}

/// Every answer comes slowly, so that another process has time to ask the same.
pub fn slow() -> FaultPlan {
    let fault = Fault::SlowBody {
        delay_ms: 40,
        chunk_bytes: 100,
    };
    FaultPlan {
        seed: 0,
        rules: vec![FaultRule::new(Endpoint::RefreshToken, When::Always, fault)],
    }
}

/// Answers that come slowly, so that many kills fall in between, and some that get lost.
pub fn faults(seed: u64) -> FaultPlan {
    let rule = |part, fault| FaultRule::new(Endpoint::RefreshToken, When::Probability(part), fault);
    let verify = |fault| FaultRule::new(Endpoint::Profile, When::Probability(0.03), fault);
    FaultPlan {
        seed,
        rules: vec![
            rule(0.02, Fault::DropBeforeEffect),
            rule(0.02, Fault::DropAfterEffect),
            rule(0.02, Fault::TruncatedBody),
            rule(0.02, Fault::status(503)),
            rule(
                0.5,
                Fault::SlowBody {
                    delay_ms: 40,
                    chunk_bytes: 100,
                },
            ),
            verify(Fault::status(503)),
            verify(Fault::DropAfterEffect),
        ],
    }
}

/// Runs the campaign on a world of its own, and judges it.
///
/// # Errors
///
/// When the machinery fails. What the monitor does wrong is in the result.
pub async fn run(
    setup: &Setup<'_>,
    platform: RefreshedToken,
    seed: u64,
    size: Size,
    mistake: Option<Mistake>,
) -> Result<Refreshes> {
    let step = LIFE_MS * i64::try_from(size.kills)? * i64::from(setup.pace.factor)
        / i64::try_from(size.accounts.max(1))?;
    let world = World::new(&Setup {
        accounts: size.accounts,
        step: TimeDelta::milliseconds(step),
        program: setup.program.clone(),
        faults: setup.faults.clone(),
        ..*setup
    })
    .await?;
    world.sandbox.set_switches(Switches {
        refresh: platform,
        ..world.sandbox.switches()
    });
    let storage = world.storage().await?;
    make_due(&world, &storage).await?;
    drop(storage);

    let config = Config {
        chore: Chore::Nothing,
        mistake,
        ..world.config()
    };
    let killed_at = kill(&world, &config, seed, size).await?;
    let config = Config {
        chore: Chore::WatchTokens,
        ..config
    };
    finish(&world, &config, &mut BTreeSet::new()).await?;
    judge(&world, &killed_at).await
}

/// Gives every account an old token, and the job that refreshes it.
async fn make_due(world: &World, storage: &Storage) -> Result<()> {
    for (number, user) in world.plan.accounts.iter().enumerate() {
        let now = world.pace.now();
        let secret =
            world
                .sandbox
                .issue_token(user.as_str(), &[Scope::Basic.as_str()], AGE.to_std()?)?;
        let Some(mut stored) = storage.tokens.load(user).await? else {
            continue;
        };
        stored.token.scopes = vec![Scope::Basic];
        stored.token.credential = Credential {
            access_token: AccessToken::new(secret),
            obtained_at: now - AGE,
            expires_at: now - AGE + TimeDelta::days(60),
            expiry_assumed: false,
        };
        storage
            .tokens
            .save(&stored.token, Some(stored.version))
            .await?;
        let kind = JobKind::RefreshToken;
        let job = NewJob {
            id: JobId::random(),
            account: user.clone(),
            kind,
            serial_key: format!("{kind}:{user}"),
            idempotency_key: kind.to_string(),
            request: Value::Null,
            state: Value::Null,
            wake_at: world.plan.due(number),
            created_at: now,
        };
        storage.scheduler.enqueue(job).await?;
    }
    Ok(())
}

/// Kills so many processes at random moments, and says when. None is left at the end.
async fn kill(world: &World, config: &Config, seed: u64, size: Size) -> Result<Vec<DateTime<Utc>>> {
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut killed_at = Vec::new();
    let mut nodes = Vec::new();
    for _ in 0..size.nodes {
        nodes.push(Node::start(&world.program, config)?);
    }
    for kill in 0..size.kills {
        let mut victim = nodes.swap_remove(dice.usize(0..nodes.len()));
        // One in four is counted from its very start, so that some die while they open.
        if kill % 4 != 0 {
            victim.expect("open", OPENING).await?;
        }
        pause(Duration::from_millis(dice.u64(5..=400))).await;
        victim.kill().await?;
        killed_at.push(world.pace.now());
        nodes.push(Node::start(&world.program, config)?);
        if kill % 100 == 99 {
            let calls = refreshes(world).len();
            progress(format!("{} kills, {calls} refresh calls", kill + 1));
        }
    }
    for node in nodes {
        node.kill().await?;
        killed_at.push(world.pace.now());
    }
    Ok(killed_at)
}

fn refreshes(world: &World) -> Vec<RequestLogEntry> {
    let mut requests = world.sandbox.requests();
    requests.retain(|request| request.endpoint == Some(Endpoint::RefreshToken));
    requests
}

/// Whether the whole answer was sent, however slowly.
fn is_answered(request: &RequestLogEntry) -> bool {
    let is_whole = request
        .fault
        .as_deref()
        .is_none_or(|fault| fault == "slow_body");
    is_whole && request.status == Some(200)
}

async fn judge(world: &World, killed_at: &[DateTime<Utc>]) -> Result<Refreshes> {
    let requests = refreshes(world);
    ensure!(
        world
            .sandbox
            .requests()
            .first()
            .is_none_or(|first| first.seq == 1),
        "the log of requests is not whole"
    );
    let mut all = Refreshes {
        accounts: world.plan.accounts.len(),
        calls: requests.len(),
        ..Refreshes::default()
    };
    let mut versions: BTreeMap<&str, Vec<&RequestLogEntry>> = BTreeMap::new();
    for request in &requests {
        let version = request.parameter("access_token").unwrap_or("");
        versions.entry(version).or_default().push(request);
    }
    for calls in versions.values() {
        let answered = calls.iter().filter(|call| is_answered(call)).count();
        all.repeated += usize::from(answered > 1);
        for pair in calls.windows(2) {
            let [first, second] = pair else { continue };
            if !is_answered(first) {
                continue;
            }
            all.concurrent += usize::from(second.at - first.at < APART);
            let between = first.at..=second.at;
            all.needless += usize::from(!killed_at.iter().any(|at| between.contains(at)));
        }
    }
    judge_tokens(world, &requests, killed_at, &mut all).await?;
    Ok(all)
}

/// Asks the API itself whether the accounts' tokens work.
async fn judge_tokens(
    world: &World,
    requests: &[RequestLogEntry],
    killed_at: &[DateTime<Utc>],
    all: &mut Refreshes,
) -> Result<()> {
    world.sandbox.clear_faults();
    let client = world.config().client()?;
    let storage = world.storage().await?;
    let told = told(&storage).await?;
    let ledger = world.sandbox.ledger();
    let platform = world.sandbox.switches().refresh;
    for user in &world.plan.accounts {
        let replaced = ledger.iter().rev().find(|entry| {
            entry.kind == LedgerKind::TokenRefreshed
                && entry.account.as_deref() == Some(user.as_str())
        });
        let token = storage.tokens.load(user).await?.map(|stored| stored.token);
        let in_use = token.map(|token| token.credential);
        if let Some(credential) = in_use {
            let client = client.with_access_token(credential.access_token);
            if client
                .profile()
                .get()
                .await
                .is_ok_and(|profile| profile.id == *user)
            {
                if credential.expires_at - world.pace.now() > TimeDelta::days(50) {
                    all.fresh += 1;
                } else if platform == RefreshedToken::Same && replaced.is_some() {
                    all.unknown += 1;
                } else {
                    all.forgotten += 1;
                }
                continue;
            }
        }
        all.untold += usize::from(!told.contains(user));
        let is_lost = replaced.is_some_and(|entry| {
            let is_answered = requests
                .iter()
                .any(|request| request.at == entry.at && is_answered(request));
            let until_stored = entry.at..=entry.at + world.pace.span(CALL);
            !is_answered || killed_at.iter().any(|at| until_stored.contains(at))
        });
        if is_lost && platform == RefreshedToken::NewAndOldInvalid {
            all.taken += 1;
        } else {
            all.unusable += 1;
        }
    }
    Ok(())
}

/// The accounts of which somebody was told that they have to be connected again.
async fn told(storage: &Storage) -> Result<BTreeSet<UserId>> {
    let mut told = BTreeSet::new();
    let mut after = EventCursor::START;
    loop {
        let events = storage.scheduler.take_events(after, 5_000).await?;
        let Some(last) = events.last() else {
            return Ok(told);
        };
        after = last.cursor;
        for event in events {
            if event.event.name == "account.needs_reconnect" {
                told.insert(event.account);
            }
        }
    }
}
