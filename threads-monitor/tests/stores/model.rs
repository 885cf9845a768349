//! Any sequence of operations, with the store closed and opened again at any point, gives
//! the same answers from a durable backend as from memory.
#![cfg(any(feature = "file", feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use threads_client::{AccessToken, PostId, Scope, UserId};
use threads_monitor::scheduler::{
    Change, EventCursor, Evidence, JobId, JobKind, JobQuery, Lease, NewEvent, NewJob, WorkerId,
};
use threads_monitor::snapshot_store::{Metric, Reading, Snapshot, SnapshotQuery, Source, Subject};
use threads_monitor::token_store::{Credential, Token};
use threads_monitor::{Storage, StoreError, Version};

#[cfg(feature = "seal")]
use crate::places::Sealed;
#[cfg(any(feature = "file", feature = "sqlite"))]
use crate::places::Temporary;
use crate::places::{Place, open};
#[cfg(feature = "postgres")]
use crate::server;

/// Small numbers stand for accounts, jobs, instants and versions, so that sequences meet
/// the same ones again and again.
#[derive(Debug, Clone)]
enum Step {
    Reopen,
    Tokens(TokenStep),
    Jobs(JobStep),
    Snapshots(SnapshotStep),
}

#[derive(Debug, Clone)]
enum TokenStep {
    Save {
        user: u8,
        secret: String,
        replaces: Replaces,
    },
    Delete(u8),
}

#[derive(Debug, Clone, Copy)]
enum Replaces {
    Nothing,
    Current,
    Old,
}

fn kind(collects: bool) -> JobKind {
    if collects {
        JobKind::CollectPosts
    } else {
        JobKind::PublishPost
    }
}

#[derive(Debug, Clone)]
enum JobStep {
    Enqueue {
        key: u8,
        user: u8,
        lane: u8,
        wake: i8,
        request: Value,
    },
    Claim(i8, u8),
    ClaimKind(bool, i8, u8),
    ClaimJob(u8, i8),
    Checkpoint(u8, Change),
    Release(u8, Change),
    Renew(u8, i8),
    Update {
        job: u8,
        stale: bool,
        change: Change,
    },
    Evidence(u8),
    Erase(u8),
}

#[derive(Debug, Clone)]
enum SnapshotStep {
    Append(Vec<Snapshot>),
    Prune(i8),
    Erase(u8),
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(|number| json!(number)),
        any::<f64>()
            .prop_filter("JSON has no such number", |number| number.is_finite())
            .prop_map(|number| json!(number)),
        any::<String>().prop_map(|text| json!({ text.clone(): [text, null] })),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let wake = proptest::option::weighted(0.8, any::<i8>());
    (value(), wake, 0..3_u8).prop_map(|(state, wake, events)| Change {
        state,
        wake_at: wake.map(at),
        events: (0..events)
            .map(|number| NewEvent {
                at: at(0),
                name: number.to_string(),
                data: json!([number]),
            })
            .collect(),
    })
}

fn token_step() -> impl Strategy<Value = TokenStep> {
    let replaces = prop_oneof![
        Just(Replaces::Nothing),
        Just(Replaces::Current),
        Just(Replaces::Old)
    ];
    prop_oneof![
        3 => (0..3_u8, any::<String>(), replaces).prop_map(|(user, secret, replaces)| {
            TokenStep::Save { user, secret, replaces }
        }),
        1 => (0..3_u8).prop_map(TokenStep::Delete),
    ]
}

fn job_step() -> impl Strategy<Value = JobStep> {
    let job = 0..8_u8;
    let now = any::<i8>();
    prop_oneof![
        5 => (job.clone(), 0..3_u8, 0..3_u8, now, value())
            .prop_map(|(key, user, lane, wake, request)| {
                JobStep::Enqueue { key, user, lane, wake, request }
            }),
        4 => (now, 0..4_u8).prop_map(|(now, limit)| JobStep::Claim(now, limit)),
        2 => (any::<bool>(), now, 0..4_u8)
            .prop_map(|(collects, now, limit)| JobStep::ClaimKind(collects, now, limit)),
        2 => (job.clone(), now).prop_map(|(job, now)| JobStep::ClaimJob(job, now)),
        3 => (job.clone(), change()).prop_map(|(lease, change)| JobStep::Checkpoint(lease, change)),
        3 => (job.clone(), change()).prop_map(|(lease, change)| JobStep::Release(lease, change)),
        2 => (job.clone(), now).prop_map(|(lease, now)| JobStep::Renew(lease, now)),
        2 => (job.clone(), any::<bool>(), change())
            .prop_map(|(job, stale, change)| JobStep::Update { job, stale, change }),
        1 => job.prop_map(JobStep::Evidence),
        1 => (0..3_u8).prop_map(JobStep::Erase),
    ]
}

fn snapshot_step() -> impl Strategy<Value = SnapshotStep> {
    let point = (
        0..3_u8,
        0..3_u8,
        0..3_u8,
        -8..8_i8,
        any::<i8>(),
        any::<u64>(),
    );
    prop_oneof![
        4 => proptest::collection::vec(point.prop_map(snapshot), 0..8)
            .prop_map(SnapshotStep::Append),
        1 => (-8..8_i8).prop_map(SnapshotStep::Prune),
        1 => (0..3_u8).prop_map(SnapshotStep::Erase),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Reopen),
        4 => token_step().prop_map(Step::Tokens),
        22 => job_step().prop_map(Step::Jobs),
        6 => snapshot_step().prop_map(Step::Snapshots),
    ]
}

fn snapshot(
    (user, post, metric, at_minute, captured, count): (u8, u8, u8, i8, i8, u64),
) -> Snapshot {
    Snapshot {
        account: account(user),
        subject: match post {
            0 => Subject::Account,
            post => Subject::Post(PostId::new(post.to_string())),
        },
        metric: match metric {
            0 => Metric::Followers,
            1 => Metric::Views,
            _ => Metric::Likes,
        },
        at: at(at_minute),
        captured_at: at(captured),
        source: Source::Insights,
        reading: Reading::Count(count),
    }
}

fn at(minutes: i8) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(i64::from(minutes))
}

fn account(user: u8) -> UserId {
    UserId::new(user.to_string())
}

/// Stores, and what a caller of them holds on to.
struct Caller {
    storage: Storage,
    leases: Vec<Lease>,
    versions: Vec<Version>,
    /// Versions of jobs, the first one first.
    job_versions: Vec<Version>,
    numbers: Numbers,
}

/// Versions and cursors by the order in which they were seen: a backend may leave numbers
/// out, so two of them need not give the same ones. Those of tokens and of jobs are
/// counted apart, as backends may do.
#[derive(Default)]
struct Numbers(BTreeMap<(Of, String), usize>);

/// Whose numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Tokens,
    Others,
}

impl Numbers {
    fn renamed(&mut self, of: Of, text: &str) -> String {
        const KINDS: [&str; 2] = ["Version(", "EventCursor("];
        let mut rest = text;
        let mut answer = String::new();
        while let Some((start, kind)) = KINDS
            .iter()
            .filter_map(|kind| rest.find(kind).map(|at| (at, *kind)))
            .min()
        {
            let (before, number) = rest.split_at(start + kind.len());
            let (number, after) = number.split_at(number.find(')').unwrap());
            let next = self.0.len();
            let name = self
                .0
                .entry((of, format!("{kind}{number}")))
                .or_insert(next);
            answer.push_str(before);
            answer.push('#');
            answer.push_str(&name.to_string());
            rest = after;
        }
        answer + rest
    }
}

/// Answers as text, which is how two callers are compared.
fn shown<A: std::fmt::Debug>(result: &Result<A, StoreError>) -> String {
    format!("{result:?}")
}

impl Caller {
    fn new(storage: Storage) -> Self {
        Self {
            storage,
            leases: Vec::new(),
            versions: Vec::new(),
            job_versions: Vec::new(),
            numbers: Numbers::default(),
        }
    }

    fn lease(&mut self, index: u8) -> Option<&mut Lease> {
        let index = usize::from(index).checked_rem(self.leases.len())?;
        self.leases.get_mut(index)
    }

    async fn job(&self, index: u8) -> Option<(JobId, Version)> {
        let jobs = self
            .storage
            .scheduler
            .list(&JobQuery::default())
            .await
            .unwrap();
        let index = usize::from(index).checked_rem(jobs.len())?;
        jobs.get(index).map(|job| (job.id, job.version))
    }

    /// Does one step; a job that is made gets this id.
    async fn step(&mut self, step: &Step, id: JobId) -> String {
        let answer = match step.clone() {
            Step::Reopen => String::new(),
            Step::Tokens(step) => self.token_step(step).await,
            Step::Jobs(step) => self.job_step(step, id).await,
            Step::Snapshots(step) => self.snapshot_step(step).await,
        };
        let of = match step {
            Step::Tokens(_) => Of::Tokens,
            _ => Of::Others,
        };
        self.numbers.renamed(of, &answer)
    }

    async fn token_step(&mut self, step: TokenStep) -> String {
        let tokens = &self.storage.tokens;
        let (user, secret, replaces) = match step {
            TokenStep::Delete(user) => return shown(&tokens.delete(&account(user)).await),
            TokenStep::Save {
                user,
                secret,
                replaces,
            } => (account(user), secret, replaces),
        };
        let replaces = match replaces {
            Replaces::Nothing => None,
            Replaces::Current => {
                let stored = tokens.load(&user).await.unwrap();
                stored.map(|stored| stored.version)
            }
            Replaces::Old => self.versions.first().copied(),
        };
        let credential = Credential {
            access_token: AccessToken::new(secret.clone()),
            obtained_at: at(1),
            expires_at: at(2),
            expiry_assumed: true,
        };
        let token = Token {
            user,
            credential: credential.clone(),
            candidate: Some(credential),
            scopes: vec![Scope::Basic, Scope::Unknown(secret)],
            connected_at: at(3),
        };
        let saved = tokens.save(&token, replaces).await;
        self.versions.extend(saved.as_ref().ok());
        shown(&saved)
    }

    async fn job_step(&mut self, step: JobStep, id: JobId) -> String {
        let scheduler = self.storage.scheduler.clone();
        let ten_minutes = Duration::from_mins(10);
        let worker = WorkerId::new("w");
        match step {
            JobStep::Enqueue {
                key,
                user,
                lane,
                wake,
                request,
            } => {
                let new = NewJob {
                    id,
                    account: account(user),
                    kind: kind(key % 3 == 0),
                    serial_key: lane.to_string(),
                    idempotency_key: key.to_string(),
                    state: request.clone(),
                    request,
                    wake_at: at(wake),
                    created_at: at(0),
                };
                let enqueued = scheduler.enqueue(new).await;
                self.job_versions
                    .extend(enqueued.iter().map(|job| job.version));
                shown(&enqueued)
            }
            JobStep::Claim(now, limit) => {
                let limit = usize::from(limit);
                let claimed = scheduler.claim(at(now), &worker, ten_minutes, limit).await;
                self.leases.extend(claimed.iter().flatten().cloned());
                shown(&claimed)
            }
            JobStep::ClaimKind(collects, now, limit) => {
                let claimed = scheduler
                    .claim_kind(
                        kind(collects),
                        at(now),
                        &worker,
                        ten_minutes,
                        usize::from(limit),
                    )
                    .await;
                self.leases.extend(claimed.iter().flatten().cloned());
                shown(&claimed)
            }
            JobStep::ClaimJob(job, now) => {
                let id = self.job(job).await.map_or(id, |(id, _)| id);
                let claimed = scheduler
                    .claim_job(&id, at(now), &worker, ten_minutes)
                    .await;
                self.leases.extend(claimed.iter().flatten().cloned());
                shown(&claimed)
            }
            JobStep::Checkpoint(lease, change) => match self.lease(lease) {
                None => String::new(),
                Some(lease) => {
                    let result = scheduler.checkpoint(lease, change).await;
                    format!("{} {lease:?}", shown(&result))
                }
            },
            // The lease is kept, so that one that was given back is tried again.
            JobStep::Release(lease, change) => match self.lease(lease) {
                None => String::new(),
                Some(lease) => shown(&scheduler.release(lease.clone(), change).await),
            },
            JobStep::Renew(lease, now) => match self.lease(lease) {
                None => String::new(),
                Some(lease) => {
                    let result = scheduler.renew(lease, at(now), ten_minutes).await;
                    format!("{} {lease:?}", shown(&result))
                }
            },
            JobStep::Update { job, stale, change } => {
                let oldest = self.job_versions.first().copied();
                let oldest = oldest.unwrap_or(Version::new(0));
                let (id, version) = self.job(job).await.unwrap_or((id, oldest));
                let version = if stale { oldest } else { version };
                shown(&scheduler.update(&id, version, change).await)
            }
            JobStep::Evidence(job) => {
                let id = self.job(job).await.map_or(id, |(id, _)| id);
                let evidence = Evidence {
                    at: at(0),
                    worker,
                    epoch: 1,
                    data: json!("seen"),
                };
                shown(&scheduler.append_evidence(&id, evidence).await)
            }
            JobStep::Erase(user) => shown(&scheduler.erase_account(&account(user)).await),
        }
    }

    async fn snapshot_step(&self, step: SnapshotStep) -> String {
        let snapshots = &self.storage.snapshots;
        match step {
            SnapshotStep::Append(points) => shown(&snapshots.append(&points).await),
            SnapshotStep::Prune(before) => shown(&snapshots.prune(at(before)).await),
            SnapshotStep::Erase(user) => shown(&snapshots.erase_account(&account(user)).await),
        }
    }

    /// Everything that can be read, secrets too.
    async fn state(&mut self) -> Vec<String> {
        let state = self.raw_state().await;
        state
            .iter()
            .map(|(of, text)| self.numbers.renamed(*of, text))
            .collect()
    }

    async fn raw_state(&self) -> Vec<(Of, String)> {
        let Storage {
            tokens,
            scheduler,
            snapshots,
        } = &self.storage;
        let mut state = Vec::new();
        for user in tokens.list(None, 100).await.unwrap() {
            let stored = tokens.load(&user).await.unwrap().unwrap();
            let secret = stored.token.credential.access_token.expose();
            state.push((Of::Tokens, format!("{stored:?} {secret:?}")));
        }
        for job in scheduler.list(&JobQuery::default()).await.unwrap() {
            let evidence = scheduler.evidence(&job.id).await.unwrap();
            state.push((Of::Others, format!("{job:?} {evidence:?}")));
        }
        let next = shown(&scheduler.next_due().await);
        state.push((Of::Others, next));
        let events = scheduler.take_events(EventCursor::START, 1_000).await;
        state.push((Of::Others, shown(&events)));
        for user in 0..3 {
            let query = SnapshotQuery::account(account(user));
            let points = shown(&snapshots.query(&query).await);
            state.push((Of::Others, points));
        }
        state
    }
}

async fn assert_same(place: &impl Place, steps: &[Step]) {
    let mut memory = Caller::new(Storage::in_memory());
    let mut durable = Caller::new(open(place).await);
    for step in steps {
        if let Step::Reopen = step {
            let closed = std::mem::replace(&mut durable.storage, Storage::in_memory());
            drop(closed);
            durable.storage = open(place).await;
            assert_eq!(
                durable.state().await,
                memory.state().await,
                "after opening again"
            );
            continue;
        }
        let id = JobId::random();
        let expected = memory.step(step, id).await;
        let answer = durable.step(step, id).await;
        assert_eq!(answer, expected, "{step:?}");
    }
    assert_eq!(durable.state().await, memory.state().await);
    assert_eq!(place.wrong_lanes().await, Vec::<String>::new(), "lanes");
    let closed = std::mem::replace(&mut durable.storage, Storage::in_memory());
    drop(closed);
    durable.storage = open(place).await;
    assert_eq!(durable.state().await, memory.state().await, "at the end");
}

/// Runs so many sequences, each in a place of its own.
///
/// A variable asks for more of them.
fn check<P: Place>(cases: u32, place: impl Fn() -> P) {
    let wanted = std::env::var("STORE_MODEL_CASES");
    let settings = ProptestConfig {
        cases: wanted.map_or(cases, |wanted| wanted.parse().unwrap()),
        failure_persistence: None,
        // A database takes its time, and what shrinking finds has to be waited for.
        max_shrink_iters: 60,
        ..ProptestConfig::default()
    };
    proptest!(settings, |(steps in proptest::collection::vec(step(), 1..50))| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(assert_same(&place(), &steps));
    });
}

#[cfg(feature = "file")]
#[test]
fn a_directory_answers_as_memory_does() {
    check(100, || Temporary::new("file", "data"));
}

#[cfg(feature = "sqlite")]
#[test]
fn a_sqlite_database_answers_as_memory_does() {
    check(40, || Temporary::new("sqlite", "threads.db"));
}

#[cfg(all(feature = "file", feature = "seal"))]
#[test]
fn a_sealed_directory_answers_as_memory_does() {
    check(100, || Sealed(Temporary::new("file", "data")));
}

#[cfg(all(feature = "sqlite", feature = "seal"))]
#[test]
fn a_sealed_sqlite_database_answers_as_memory_does() {
    check(40, || Sealed(Temporary::new("sqlite", "threads.db")));
}

#[cfg(feature = "postgres")]
#[test]
fn a_postgres_server_answers_as_memory_does() {
    if server::Place::new().is_some() {
        check(25, || server::Place::new().unwrap());
    }
}

#[cfg(all(feature = "postgres", feature = "seal"))]
#[test]
fn a_sealed_postgres_server_answers_as_memory_does() {
    if server::Place::new().is_some() {
        check(25, || Sealed(server::Place::new().unwrap()));
    }
}
