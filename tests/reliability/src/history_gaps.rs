//! Numbers of an account are collected by one or two processes that are killed, on some days
//! and not on others: what was measured is there once, what was not is a gap.
//!
//! The history has two kinds of numbers. *Followers* are measured at an instant and cannot be
//! measured later; the public view of them is [`trends::daily`], a day of which has a point or
//! none. They are measured again when a process died before it could write down that it had.
//! Numbers *by day*, such as likes, are named by their day, and Meta tells past ones, so a day
//! on which nothing ran is filled later, with what Meta says.
//!
//! What really was measured is what the sandbox's log of requests says. So of each day
//! - a point without an answered request is *invented*,
//! - no point with an answered request, and no kill after it, is *lost*,
//! - two measurements within half a lease are *doubled*: two processes measured at one time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use threads_client::{AccessToken, AccountMetric, Scope, UserId};
use threads_monitor::scheduler::{JobId, JobKind, NewJob};
use threads_monitor::snapshot_store::{Metric, SnapshotQuery, Subject};
use threads_monitor::token_store::Credential;
use threads_monitor::trends::{self, Point};
use threads_monitor::{Monitor, Storage, Zone};
use threads_sandbox::{Endpoint, Fault, FaultPlan, FaultRule, RequestLogEntry, When};

use crate::backend::Backend;
use crate::broken::Mistake;
use crate::chores::Chore;
use crate::config::Config;
use crate::figures::progress;
use crate::node::Node;
use crate::pace::{Pace, pause};
use crate::world::{Setup, World};

/// Half a lease.
const APART: TimeDelta = TimeDelta::seconds(90);
/// How long a process may take to open its stores, and to collect what is due.
const PATIENCE: Duration = Duration::from_mins(1);
/// A call without an answer is given up after so many real seconds.
const CALL: Duration = Duration::from_secs(3);
/// Numbers by day that are asked for a day at a time.
const BY_DAY: [(AccountMetric, Metric); 4] = [
    (AccountMetric::Likes, Metric::Likes),
    (AccountMetric::Replies, Metric::Replies),
    (AccountMetric::Reposts, Metric::Reposts),
    (AccountMetric::Quotes, Metric::Quotes),
];

/// How it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Days.
    pub days: usize,
    /// Processes that were killed.
    pub kills: usize,
    /// Days with followers.
    pub measured: usize,
    /// Days without.
    pub gaps: usize,
    /// Measurements of followers.
    pub samples: usize,
    /// Days, or single samples, that nothing was measured for.
    pub invented: usize,
    /// Days whose number is another one than Meta's.
    pub wrong: usize,
    /// Days that were measured and are a gap.
    pub lost: usize,
    /// Two samples at one time.
    pub doubled: usize,
    /// Numbers of whole days that Meta has and the history has not, or has twice.
    pub by_day: usize,
}

impl Gaps {
    /// Everything that must not be.
    pub fn faults(&self) -> usize {
        self.invented + self.wrong + self.lost + self.doubled + self.by_day
    }

    /// Adds another world's.
    pub fn add(&mut self, other: &Self) {
        self.days += other.days;
        self.kills += other.kills;
        self.measured += other.measured;
        self.gaps += other.gaps;
        self.samples += other.samples;
        self.invented += other.invented;
        self.wrong += other.wrong;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.by_day += other.by_day;
    }
}

impl fmt::Display for Gaps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} days, {} kills: {} with followers, {} gaps, {} samples; invented {}, wrong {}, \
             lost {}, doubled {}, days of insights amiss {}",
            self.days,
            self.kills,
            self.measured,
            self.gaps,
            self.samples,
            self.invented,
            self.wrong,
            self.lost,
            self.doubled,
            self.by_day
        )
    }
}

/// Slow answers, so that kills fall in between, and lost ones.
pub fn faults(seed: u64) -> FaultPlan {
    let rule =
        |part, fault| FaultRule::new(Endpoint::AccountInsights, When::Probability(part), fault);
    FaultPlan {
        seed,
        rules: vec![
            rule(0.02, Fault::DropAfterEffect),
            rule(0.02, Fault::status(503)),
            rule(0.02, Fault::TruncatedBody),
            rule(
                0.2,
                Fault::SlowBody {
                    delay_ms: 20,
                    chunk_bytes: 200,
                },
            ),
        ],
    }
}

/// What was really going on, day by day.
#[derive(Debug, Default)]
struct Truth {
    killed_at: Vec<DateTime<Utc>>,
    requests: Vec<RequestLogEntry>,
    /// The least and the most followers on a day that processes ran.
    followers: BTreeMap<usize, (u64, u64)>,
}

/// Lives through so many days and judges the history.
///
/// # Errors
///
/// When the machinery fails. What the monitor does wrong is in the result.
pub async fn run(
    setup: &Setup<'_>,
    seed: u64,
    days: usize,
    mistake: Option<Mistake>,
) -> Result<Gaps> {
    let mut world = World::new(&Setup {
        accounts: 1,
        program: setup.program.clone(),
        faults: setup.faults.clone(),
        ..*setup
    })
    .await?;
    let user = world.plan.accounts.first().context("no account")?.clone();
    begin(&world, &user).await?;
    let mut dice = fastrand::Rng::with_seed(seed);
    let first = world.pace;
    let mut truth = Truth::default();
    for day in 0..days {
        // Noon of each day; nothing is due twice on one.
        let pace = Pace {
            start: first.start + TimeDelta::days(i64::try_from(day)?),
            ..first
        };
        world.move_to(pace, setup.database).await?;
        let is_edge = day == 0 || day + 1 == days;
        // On one day of five at least nothing runs, and never on the first or the last one.
        let is_off = day % 5 == 2 || dice.u8(0..5) == 0;
        if is_edge || !is_off {
            let is_whole = is_edge || dice.bool();
            live_through(&world, &mut dice, is_whole, mistake, &user, day, &mut truth).await?;
        }
    }
    judge(&world, &user, days, first, &truth).await
}

/// Gives the account the rights and the jobs that collect.
async fn begin(world: &World, user: &UserId) -> Result<()> {
    let storage = world.storage().await?;
    let scopes = vec![Scope::Basic, Scope::ManageInsights];
    let names: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
    let secret = world
        .sandbox
        .issue_token(user.as_str(), &names, Duration::ZERO)?;
    let mut stored = storage.tokens.load(user).await?.context("no token")?;
    stored.token.scopes = scopes;
    stored.token.credential = Credential {
        access_token: AccessToken::new(secret),
        ..stored.token.credential
    };
    storage
        .tokens
        .save(&stored.token, Some(stored.version))
        .await?;
    let now = world.pace.now();
    for kind in [JobKind::CollectFollowers, JobKind::CollectInsights] {
        let job = NewJob {
            id: JobId::random(),
            account: user.clone(),
            kind,
            serial_key: format!("{kind}:{user}"),
            idempotency_key: kind.to_string(),
            request: Value::Null,
            state: Value::Null,
            wake_at: now,
            created_at: now,
        };
        storage.scheduler.enqueue(job).await?;
    }
    Ok(())
}

/// A day on which processes run and are killed. On a whole one the last of them ends its work.
async fn live_through(
    world: &World,
    dice: &mut fastrand::Rng,
    is_whole: bool,
    mistake: Option<Mistake>,
    user: &UserId,
    day: usize,
    truth: &mut Truth,
) -> Result<()> {
    let before = world.sandbox.user(user.as_str())?.followers;
    let config = Config {
        chore: Chore::Nothing,
        mistake,
        ..world.config()
    };
    let count = if world.backend == Backend::File { 1 } else { 2 };
    for _ in 0..dice.usize(1..=2) {
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(Node::start(&world.program, &config)?);
        }
        for node in &mut nodes {
            node.expect("open", PATIENCE).await?;
        }
        for node in nodes {
            pause(Duration::from_millis(dice.u64(0..=250))).await;
            node.kill().await?;
            truth.killed_at.push(world.pace.now());
        }
    }
    if is_whole {
        let config = Config {
            chore: Chore::WatchCollecting,
            ..config
        };
        let mut node = Node::start(&world.program, &config)?;
        while node.expect("left ", PATIENCE).await? != "0" {}
        node.kill().await?;
    }
    let after = world.sandbox.user(user.as_str())?.followers;
    truth
        .followers
        .insert(day, (before.min(after), before.max(after)));
    truth.requests.extend(world.sandbox.requests());
    world.sandbox.clear_requests();
    Ok(())
}

/// Whether it is a whole answer about followers.
fn measures(request: &RequestLogEntry) -> bool {
    let is_whole = request
        .fault
        .as_deref()
        .is_none_or(|fault| fault == "slow_body");
    request.endpoint == Some(Endpoint::AccountInsights)
        && request
            .parameter("metric")
            .is_some_and(|metrics| metrics.contains("followers_count"))
        && request.status == Some(200)
        && is_whole
}

async fn judge(
    world: &World,
    user: &UserId,
    days: usize,
    first: Pace,
    truth: &Truth,
) -> Result<Gaps> {
    let storage = world.storage().await?;
    let mut all = Gaps {
        days,
        kills: truth.killed_at.len(),
        ..Gaps::default()
    };
    let asked: Vec<DateTime<Utc>> = truth
        .requests
        .iter()
        .filter(|request| measures(request))
        .map(|request| request.at)
        .collect();
    let to = world.pace.now() + TimeDelta::days(1);
    let points = followers(world, storage.clone(), user, first.start, to).await?;
    all.samples = points.len();
    let patience = world.pace.span(CALL);
    for point in &points {
        let is_measured = asked
            .iter()
            .any(|at| *at <= point.at + TimeDelta::seconds(1) && point.at - *at <= patience);
        all.invented += usize::from(!is_measured);
    }
    all.doubled = points
        .windows(2)
        .filter(|pair| pair[1].at - pair[0].at < APART)
        .count();

    let first_day = Zone::UTC.date(first.start);
    let last_day = Zone::UTC.date(world.pace.now());
    let daily = trends::daily(&points, Zone::UTC, first_day, last_day);
    for (number, day) in daily.iter().enumerate() {
        let on_day = |at: &&DateTime<Utc>| Zone::UTC.date(**at) == day.date;
        let asked: Vec<_> = asked.iter().filter(on_day).collect();
        let Some(point) = day.point else {
            all.gaps += 1;
            let is_stored = asked.iter().any(|at| {
                let until = **at..=**at + patience;
                !truth.killed_at.iter().any(|killed| until.contains(killed))
            });
            all.lost += usize::from(is_stored);
            continue;
        };
        all.measured += 1;
        all.invented += usize::from(asked.is_empty());
        let range = truth.followers.get(&number);
        all.wrong += usize::from(
            range.is_none_or(|(least, most)| point.value < *least || point.value > *most),
        );
    }
    all.by_day = by_day(world, &storage, user, truth).await?;
    progress(&all);
    Ok(all)
}

/// The followers as the public API gives them.
async fn followers(
    world: &World,
    storage: Storage,
    user: &UserId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Point>> {
    let monitor = Monitor::builder(storage)
        .client(world.config().client()?)
        .build()?;
    let whole = monitor.series(user, Subject::Account, Metric::Followers, from, to);
    Ok(whole.await?)
}

/// Days of insights, from the first day that processes ran to the last one before today, that
/// are not there exactly once, or are not what Meta says.
async fn by_day(world: &World, storage: &Storage, user: &UserId, truth: &Truth) -> Result<usize> {
    world.sandbox.clear_faults();
    let stored = storage.tokens.load(user).await?.context("no token")?;
    let client = world
        .config()
        .client()?
        .with_access_token(stored.token.credential.access_token);
    let Some(first) = truth.requests.first() else {
        return Ok(0);
    };
    let today = Zone::META.date(world.pace.now());
    let mut amiss = 0;
    // What Meta says of the last two days may still grow.
    let days = Zone::META.date(first.at).iter_days();
    for day in days.take_while(|day| today.signed_duration_since(*day).num_days() > 2) {
        let (from, to) = Zone::META
            .start_of_day(day)
            .zip(Zone::META.end_of_day(day))
            .context("a day without an end")?;
        let metrics = BY_DAY.iter().map(|(asked, _)| asked.clone());
        let insights = client
            .insights()
            .account()
            .metrics(metrics)
            .since(from)
            .until(to)
            .send()
            .await?;
        for (asked, metric) in &BY_DAY {
            let query = SnapshotQuery::account(user.clone())
                .subject(Subject::Account)
                .metric(*metric);
            let known: Vec<u64> = storage
                .snapshots
                .query(&query)
                .await?
                .iter()
                .filter(|snapshot| snapshot.at == to)
                .filter_map(|snapshot| snapshot.reading.count())
                .collect();
            let said: Vec<u64> = insights.total(asked).into_iter().collect();
            amiss += usize::from(known != said);
        }
    }
    // Whatever is stored is about the end of a day, and each is there once.
    for (_, metric) in BY_DAY {
        let query = SnapshotQuery::account(user.clone()).metric(metric);
        let mut seen = BTreeSet::new();
        for snapshot in storage.snapshots.query(&query).await? {
            let date = Zone::META.date(snapshot.at - TimeDelta::milliseconds(1));
            let is_end = Zone::META.end_of_day(date) == Some(snapshot.at);
            amiss += usize::from(!is_end || !seen.insert(date));
        }
    }
    Ok(amiss)
}
