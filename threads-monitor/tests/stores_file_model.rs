//! Any sequence of operations, with the store closed and opened again at any point, gives
//! the same answers from a directory as from memory.
#![cfg(feature = "file")]

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use threads_client::{AccessToken, PostId, Scope, UserId};
use threads_monitor::scheduler::{
    Change, EventCursor, Evidence, JobId, JobKind, JobQuery, Lease, NewEvent, NewJob, WorkerId,
};
use threads_monitor::snapshot_store::{Metric, Reading, Snapshot, SnapshotQuery, Source, Subject};
use threads_monitor::token_store::{Credential, Token};
use threads_monitor::{Storage, StoreError, Version};

/// Small numbers stand for accounts, jobs, instants and versions, so that sequences meet
/// the same ones again and again.
#[derive(Debug, Clone)]
enum Step {
    Reopen,
    SaveToken {
        user: u8,
        secret: String,
        replaces: Replaces,
    },
    DeleteToken {
        user: u8,
    },
    Enqueue {
        key: u8,
        user: u8,
        lane: u8,
        wake: i8,
        request: Value,
    },
    Claim {
        now: i8,
        limit: u8,
    },
    ClaimJob {
        job: u8,
        now: i8,
    },
    Checkpoint {
        lease: u8,
        state: Value,
        wake: Option<i8>,
        events: u8,
    },
    Release {
        lease: u8,
        wake: Option<i8>,
        events: u8,
    },
    Renew {
        lease: u8,
        now: i8,
    },
    Update {
        job: u8,
        stale: bool,
        wake: Option<i8>,
    },
    Evidence {
        job: u8,
    },
    EraseJobs {
        user: u8,
    },
    Append {
        points: Vec<(u8, u8, u8, i8, i8, u64)>,
    },
    Prune {
        before: i8,
    },
    EraseSnapshots {
        user: u8,
    },
}

#[derive(Debug, Clone, Copy)]
enum Replaces {
    Nothing,
    Current,
    Old,
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

fn step() -> impl Strategy<Value = Step> {
    let user = 0..3_u8;
    let job = 0..8_u8;
    let now = any::<i8>();
    let wake = proptest::option::weighted(0.8, any::<i8>());
    let replaces = prop_oneof![
        Just(Replaces::Nothing),
        Just(Replaces::Current),
        Just(Replaces::Old)
    ];
    prop_oneof![
        2 => Just(Step::Reopen),
        3 => (user.clone(), any::<String>(), replaces)
            .prop_map(|(user, secret, replaces)| Step::SaveToken { user, secret, replaces }),
        1 => user.clone().prop_map(|user| Step::DeleteToken { user }),
        5 => (job.clone(), user.clone(), 0..3_u8, any::<i8>(), value())
            .prop_map(|(key, user, lane, wake, request)| Step::Enqueue { key, user, lane, wake, request }),
        4 => (now, 0..4_u8).prop_map(|(now, limit)| Step::Claim { now, limit }),
        2 => (job.clone(), now).prop_map(|(job, now)| Step::ClaimJob { job, now }),
        3 => (job.clone(), value(), wake.clone(), 0..3_u8)
            .prop_map(|(lease, state, wake, events)| Step::Checkpoint { lease, state, wake, events }),
        3 => (job.clone(), wake.clone(), 0..2_u8)
            .prop_map(|(lease, wake, events)| Step::Release { lease, wake, events }),
        2 => (job.clone(), now).prop_map(|(lease, now)| Step::Renew { lease, now }),
        2 => (job.clone(), any::<bool>(), wake)
            .prop_map(|(job, stale, wake)| Step::Update { job, stale, wake }),
        1 => job.prop_map(|job| Step::Evidence { job }),
        1 => user.clone().prop_map(|user| Step::EraseJobs { user }),
        4 => proptest::collection::vec(
                (0..3_u8, 0..3_u8, 0..3_u8, any::<i8>(), any::<i8>(), any::<u64>()), 0..8)
            .prop_map(|points| Step::Append { points }),
        1 => any::<i8>().prop_map(|before| Step::Prune { before }),
        1 => user.prop_map(|user| Step::EraseSnapshots { user }),
    ]
}

fn at(minutes: i8) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(i64::from(minutes))
}

fn account(user: u8) -> UserId {
    UserId::new(user.to_string())
}

fn events(count: u8) -> Vec<NewEvent> {
    (0..count)
        .map(|number| NewEvent {
            at: at(0),
            name: number.to_string(),
            data: json!([number]),
        })
        .collect()
}

/// Stores, and what a caller of them holds on to.
struct Caller {
    storage: Storage,
    leases: Vec<Lease>,
    versions: Vec<Version>,
}

/// Answers as text, which is how two callers are compared. Secrets are put in.
fn shown<A: std::fmt::Debug>(result: Result<A, StoreError>) -> String {
    format!("{result:?}")
}

fn shown_token(token: &Token) -> String {
    format!("{token:?} {:?}", token.credential.access_token.expose())
}

impl Caller {
    fn new(storage: Storage) -> Self {
        Self {
            storage,
            leases: Vec::new(),
            versions: Vec::new(),
        }
    }

    fn lease(&self, index: u8) -> Option<usize> {
        (!self.leases.is_empty()).then(|| usize::from(index) % self.leases.len())
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

    /// Does one step; `id` is the same for both callers.
    async fn step(&mut self, step: &Step, id: JobId) -> String {
        let Storage {
            tokens,
            scheduler,
            snapshots,
        } = self.storage.clone();
        let minute = Duration::from_secs(600);
        let worker = WorkerId::new("w");
        match step.clone() {
            Step::Reopen => String::new(),
            Step::SaveToken {
                user,
                secret,
                replaces,
            } => {
                let credential = |secret: String| Credential {
                    access_token: AccessToken::new(secret),
                    obtained_at: at(1),
                    expires_at: at(2),
                    expiry_assumed: true,
                };
                let token = Token {
                    user: account(user),
                    credential: credential(secret.clone()),
                    candidate: Some(credential(secret.clone())),
                    scopes: vec![Scope::Basic, Scope::Unknown(secret)],
                    connected_at: at(3),
                };
                let replaces = match replaces {
                    Replaces::Nothing => None,
                    Replaces::Current => tokens
                        .load(&token.user)
                        .await
                        .unwrap()
                        .map(|stored| stored.version),
                    Replaces::Old => self.versions.first().copied(),
                };
                let saved = tokens.save(&token, replaces).await;
                self.versions.extend(saved.as_ref().ok());
                shown(saved)
            }
            Step::DeleteToken { user } => shown(tokens.delete(&account(user)).await),
            Step::Enqueue {
                key,
                user,
                lane,
                wake,
                request,
            } => {
                let new = NewJob {
                    id,
                    account: account(user),
                    kind: JobKind::PublishPost,
                    serial_key: lane.to_string(),
                    idempotency_key: key.to_string(),
                    state: request.clone(),
                    request,
                    wake_at: at(wake),
                    created_at: at(0),
                };
                shown(scheduler.enqueue(new).await)
            }
            Step::Claim { now, limit } => {
                let claimed = scheduler
                    .claim(at(now), &worker, minute, usize::from(limit))
                    .await;
                self.leases.extend(claimed.iter().flatten().cloned());
                shown(claimed)
            }
            Step::ClaimJob { job, now } => {
                let id = self.job(job).await.map_or(id, |(id, _)| id);
                let claimed = scheduler.claim_job(&id, at(now), &worker, minute).await;
                self.leases.extend(claimed.iter().flatten().cloned());
                shown(claimed)
            }
            Step::Checkpoint {
                lease,
                state,
                wake,
                events: count,
            } => {
                let Some(index) = self.lease(lease) else {
                    return String::new();
                };
                let change = Change {
                    state,
                    wake_at: wake.map(at),
                    events: events(count),
                };
                let result = scheduler.checkpoint(&mut self.leases[index], change).await;
                shown(result) + &format!("{:?}", self.leases[index])
            }
            Step::Release {
                lease,
                wake,
                events: count,
            } => {
                let Some(index) = self.lease(lease) else {
                    return String::new();
                };
                let change = Change {
                    state: json!("released"),
                    wake_at: wake.map(at),
                    events: events(count),
                };
                // Kept, so that a lease that was given back is tried again.
                shown(scheduler.release(self.leases[index].clone(), change).await)
            }
            Step::Renew { lease, now } => {
                let Some(index) = self.lease(lease) else {
                    return String::new();
                };
                let result = scheduler
                    .renew(&mut self.leases[index], at(now), minute)
                    .await;
                shown(result) + &format!("{:?}", self.leases[index])
            }
            Step::Update { job, stale, wake } => {
                let (id, version) = self.job(job).await.unwrap_or((id, Version::new(1)));
                let version = if stale { Version::new(1) } else { version };
                let change = Change {
                    state: json!("edited"),
                    wake_at: wake.map(at),
                    events: events(1),
                };
                shown(scheduler.update(&id, version, change).await)
            }
            Step::Evidence { job } => {
                let id = self.job(job).await.map_or(id, |(id, _)| id);
                let evidence = Evidence {
                    at: at(0),
                    worker,
                    epoch: 1,
                    data: json!("seen"),
                };
                shown(scheduler.append_evidence(&id, evidence).await)
            }
            Step::EraseJobs { user } => shown(scheduler.erase_account(&account(user)).await),
            Step::Append { points } => {
                let points: Vec<_> = points.into_iter().map(point).collect();
                shown(snapshots.append(&points).await)
            }
            Step::Prune { before } => shown(snapshots.prune(at(before)).await),
            Step::EraseSnapshots { user } => shown(snapshots.erase_account(&account(user)).await),
        }
    }

    /// Everything that can be read.
    async fn state(&self) -> String {
        let Storage {
            tokens,
            scheduler,
            snapshots,
        } = &self.storage;
        let mut state = String::new();
        for user in tokens.list(None, 100).await.unwrap() {
            let stored = tokens.load(&user).await.unwrap().unwrap();
            state += &format!("{:?} {}\n", stored.version, shown_token(&stored.token));
        }
        for job in scheduler.list(&JobQuery::default()).await.unwrap() {
            let evidence = scheduler.evidence(&job.id).await.unwrap();
            state += &format!("{job:?} {evidence:?}\n");
        }
        let events = scheduler
            .take_events(EventCursor::START, 1_000)
            .await
            .unwrap();
        state += &format!("{events:?} {:?}\n", scheduler.next_due().await.unwrap());
        for user in 0..3 {
            let query = SnapshotQuery::account(account(user));
            state += &format!("{:?}\n", snapshots.query(&query).await.unwrap());
        }
        state
    }
}

fn point((user, post, metric, at_minute, captured, count): (u8, u8, u8, i8, i8, u64)) -> Snapshot {
    let metric = match metric {
        0 => Metric::Followers,
        1 => Metric::Views,
        _ => Metric::Likes,
    };
    Snapshot {
        account: account(user),
        subject: match post {
            0 => Subject::Account,
            post => Subject::Post(PostId::new(post.to_string())),
        },
        metric,
        at: at(at_minute / 16),
        captured_at: at(captured),
        source: Source::Insights,
        reading: Reading::Count(count),
    }
}

async fn open(path: &Path) -> Storage {
    Storage::open(&format!("file:{}", path.display()))
        .await
        .unwrap()
}

async fn assert_same(steps: &[Step]) {
    let place = TempDir::new().unwrap();
    let mut memory = Caller::new(Storage::in_memory());
    let mut file = Caller::new(open(place.path()).await);
    for step in steps {
        if let Step::Reopen = step {
            let closed = std::mem::replace(&mut file.storage, Storage::in_memory());
            drop(closed);
            file.storage = open(place.path()).await;
            assert_eq!(
                file.state().await,
                memory.state().await,
                "after opening again"
            );
            continue;
        }
        let id = JobId::random();
        let expected = memory.step(step, id).await;
        let answer = file.step(step, id).await;
        assert_eq!(answer, expected, "{step:?}");
    }
    assert_eq!(file.state().await, memory.state().await);
    drop(file.storage);
    file.storage = open(place.path()).await;
    assert_eq!(file.state().await, memory.state().await, "at the end");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_directory_answers_as_memory_does(steps in proptest::collection::vec(step(), 1..50)) {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(assert_same(&steps));
    }
}
