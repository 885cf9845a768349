//! Running a scheduled post: commits each step, then does what the step asks for.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use threads_client::{
    ApiErrorKind, Client, ContainerId, ContainerStatus, Error as ClientError, UserId,
};

use super::answer::{self, Answer, Remedy};
use super::chain::{Chain, ChainStanding};
use super::event::{Effect, Event, Next, StatusReading, Step};
use super::lease::{self, part};
use super::matching;
use super::post::{Phase, Post, PostPolicy};
use super::quota::{Quotas, kind};
use super::step::step;
use crate::clock::Clock;
use crate::error::{MonitorError, StoreError};
use crate::jobs::suspicion;
use crate::scheduler::{
    Change, Evidence, JobKind, JobQuery, JobRecord, Lease, NewEvent, Scheduler,
};
use crate::tokens::TokenManager;

/// How often an answer is offered to a store that fails, before it is left to
/// verification.
const WRITE_TRIES: usize = 5;

/// What the engine works with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engine<'a> {
    pub(crate) scheduler: &'a dyn Scheduler,
    pub(crate) tokens: &'a TokenManager,
    pub(crate) clock: &'a dyn Clock,
    /// How long a post is leased. Whoever cannot extend a lease sends nothing after its first
    /// half: what keeps it from its store may let another node in, and late ones are verified.
    pub(crate) lease_for: Duration,
    /// How far the store's clock is ahead of ours; see [`lease::Claimed`].
    pub(crate) ahead: TimeDelta,
    pub(crate) policy: &'a PostPolicy,
    pub(crate) quotas: &'a Quotas,
}

/// Reads a post from its job.
pub(crate) fn read_post(job: &JobRecord) -> Result<Post, StoreError> {
    serde_json::from_value(job.state.clone()).map_err(|error| StoreError::Corrupt {
        what: format!("the state of scheduled post {}: {error}", job.id),
        advice: "nothing was changed; a newer version of this program may be able to read it"
            .to_owned(),
    })
}

/// The change that stores a step, with an event if the phase has a new name.
pub(crate) fn change(before: &Post, step: &Step, now: DateTime<Utc>) -> Result<Change, StoreError> {
    let wake_at = match &step.next {
        Next::Do(_) => Some(now),
        Next::WaitUntil(wake_at) => Some(*wake_at),
        Next::End => None,
    };
    Ok(Change {
        state: super::state(&step.post)?,
        wake_at,
        events: events(before, &step.post, now),
    })
}

fn events(before: &Post, after: &Post, now: DateTime<Utc>) -> Vec<NewEvent> {
    let event = |name: String, data| NewEvent {
        at: now,
        name,
        data,
    };
    let status = after.chain_status();
    let mut events = Vec::new();
    let is_other_part = before.chain.as_ref().map(Chain::at) != after.chain.as_ref().map(Chain::at);
    if before.phase.name() != after.phase.name() || is_other_part {
        let mut data = match &after.phase {
            Phase::Published { media_id, .. } => json!({ "media_id": media_id }),
            Phase::Failed { reason, .. } | Phase::NeedsAttention { reason, .. } => {
                json!({ "reason": reason })
            }
            Phase::Blocked { detail, .. } => json!({ "reason": detail }),
            _ => Value::Null,
        };
        if let (Some(chain), Some(status)) = (&after.chain, &status) {
            data["part"] = json!(chain.at() + 1);
            data["of"] = json!(status.of);
        }
        events.push(event(format!("post.{}", after.phase.name()), data));
    }
    let was = before.chain_status().map(|status| status.standing);
    if let Some(status) = status.filter(|status| Some(status.standing) != was) {
        let data = json!({
            "published": status.published,
            "of": status.of,
            "reason": status.stopped.map(|stopped| stopped.reason),
        });
        match status.standing {
            ChainStanding::Partial => events.push(event("chain.partial".to_owned(), data)),
            ChainStanding::Complete => events.push(event("chain.complete".to_owned(), data)),
            ChainStanding::Underway => {}
        }
    }
    events
}

impl Engine<'_> {
    /// The store's time.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        now.checked_add_signed(self.ahead).unwrap_or(now)
    }

    /// Runs a leased post until it has to wait or is at its end.
    pub(crate) async fn run(&self, mut lease: Lease) -> Result<(), MonitorError> {
        let account = lease.job.account.clone();
        let mut event = self.first_event(&lease).await?;
        if matches!(event, Event::Deadly { .. }) {
            self.commit(&mut lease, event).await?;
            return Ok(());
        }
        let client = match self.client(&account).await? {
            Ok(client) => Some(client),
            Err(why) => {
                if !matches!(event, Event::LateAnswer { .. }) {
                    event = Event::NoToken { why };
                }
                None
            }
        };
        if let Some(client) = client.as_ref().filter(|_| event == Event::Woke)
            && let Some(why) = self.quota_full(client, &lease).await?
        {
            event = Event::QuotaFull { why };
        }
        loop {
            let Some((post, effect)) = self.commit(&mut lease, event).await? else {
                return Ok(());
            };
            let Some(client) = &client else {
                let why = "the account has no usable token".to_owned();
                event = match effect {
                    Effect::Publish { .. } => Event::Answered(Answer::NotSent {
                        why,
                        retry_after: None,
                    }),
                    _ => Event::NoToken { why },
                };
                continue;
            };
            let is_ours = match effect {
                // The last moment to see that the account was erased by another program.
                Effect::Publish { .. } => self.is_ours(&lease).await?,
                _ => true,
            };
            if !is_ours || !self.keep_lease(&mut lease).await? {
                return Ok(());
            }
            event = self.perform(client, &lease, &post, effect).await?;
            if is_refused_for_its_token(&event) {
                // Before the answer is stored: while it is not, no other post of the account
                // is run.
                self.suspect(&account).await;
            }
        }
    }

    /// A client that speaks for the account, or why there is none.
    async fn client(&self, account: &UserId) -> Result<Result<Client, String>, MonitorError> {
        if let Some(why) = suspicion::standing(self.scheduler, account).await? {
            return Ok(Err(why));
        }
        match self.tokens.client(account).await {
            Ok(client) => Ok(Ok(client)),
            Err(error) if is_about_the_token(&error) => Ok(Err(error.to_string())),
            Err(error) => Err(error),
        }
    }

    async fn suspect(&self, account: &UserId) {
        if let Err(error) = suspicion::raise(self.scheduler, account, self.clock.now()).await {
            // The answer is worth more; the next call finds out again.
            tracing::warn!(user.id = %account, %error, "a refused token could not be noted");
        }
    }

    /// What a worker that had lost its lease may have learned comes first.
    async fn first_event(&self, lease: &Lease) -> Result<Event, StoreError> {
        let post = read_post(&lease.job)?;
        let evidence = self.scheduler.evidence(&lease.job.id).await?;
        let late = evidence.iter().rev().find_map(|evidence| {
            let container: ContainerId = evidence.data.get("container")?.as_str()?.into();
            let mut ours = post.attempts.iter().map(|attempt| &attempt.container);
            let is_ours = ours.any(|ours| *ours == container);
            is_ours.then_some(Event::LateAnswer {
                container,
                media_id: evidence.data.get("media_id")?.as_str()?.into(),
            })
        });
        if let Some(late) = late {
            return Ok(late);
        }
        if let Some(why) = lease::deadly(self.policy, lease, &post) {
            return Ok(Event::Deadly { why });
        }
        let may_be_sent = matches!(post.phase, Phase::Ready { .. });
        if may_be_sent && self.has_open_twin(lease, &post).await? {
            return Ok(Event::TwinOpen);
        }
        Ok(Event::Woke)
    }

    /// Whether another post of the account with the same content may be live without
    /// its id being known. A second one could then be taken for it, or it for the second.
    async fn has_open_twin(&self, lease: &Lease, post: &Post) -> Result<bool, StoreError> {
        let others = self.open_others(lease).await?;
        Ok(others
            .iter()
            .any(|other| other.is_unbound() && matching::is_twin(&post.draft, &other.draft)))
    }

    /// The account's other posts that are not at their end, as far as they can be read.
    pub(super) async fn open_others(&self, lease: &Lease) -> Result<Vec<Post>, StoreError> {
        let query = JobQuery::account(lease.job.account.clone())
            .kind(JobKind::PublishPost)
            .open();
        let jobs = self.scheduler.list(&query).await?;
        let others = jobs.iter().filter(|job| job.id != lease.job.id);
        Ok(others.filter_map(|job| read_post(job).ok()).collect())
    }

    /// Takes a step and makes it durable. Returns what to do next; the lease is given
    /// back when there is nothing.
    ///
    /// When a person changed the post in the meantime, the same event is taken again
    /// from the changed post: nothing of either is lost.
    async fn commit(
        &self,
        lease: &mut Lease,
        event: Event,
    ) -> Result<Option<(Post, Effect)>, MonitorError> {
        let mut failures = 0;
        loop {
            let now = self.now();
            let before = read_post(&lease.job)?;
            let mut step = step(self.policy, &before, now, event.clone());
            let is_at_rest = !matches!(step.next, Next::Do(_));
            step.post.last_step_epoch =
                lease::came_on(&before, &step.post, is_at_rest, lease.epoch);
            let change = change(&before, &step, now)?;
            let written = match &step.next {
                Next::Do(_) => self.scheduler.checkpoint(lease, change).await,
                Next::WaitUntil(_) | Next::End => {
                    self.scheduler.release(lease.clone(), change).await
                }
            };
            match written {
                Ok(()) => {
                    if before.phase.name() != step.post.phase.name() {
                        tracing::info!(
                            job.id = %lease.job.id,
                            phase = step.post.phase.name(),
                            "scheduled post {} is now {}",
                            lease.job.id,
                            step.post.phase.name(),
                        );
                    }
                    return Ok(match step.next {
                        Next::Do(effect) => Some((step.post, effect)),
                        Next::WaitUntil(_) | Next::End => None,
                    });
                }
                Err(StoreError::Conflict { .. }) => {
                    let Some(job) = self.scheduler.get(&lease.job.id).await? else {
                        return Ok(None);
                    };
                    if job.epoch != lease.epoch {
                        return self.leave_evidence(lease, &before, &event).await;
                    }
                    lease.job = job;
                }
                Err(StoreError::LeaseLost { .. }) => {
                    return self.leave_evidence(lease, &before, &event).await;
                }
                Err(error) if matches!(event, Event::Answered(_)) && failures < WRITE_TRIES => {
                    // An answer is precious: without it the post has to be verified.
                    failures += 1;
                    tracing::warn!(
                        job.id = %lease.job.id,
                        %error,
                        "the answer of a publish call could not be stored yet"
                    );
                    let pause = TimeDelta::milliseconds(200 << failures);
                    self.clock.sleep_until(self.clock.now() + pause).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Somebody else has the post now. What we know of it is still worth telling.
    async fn leave_evidence(
        &self,
        lease: &Lease,
        post: &Post,
        event: &Event,
    ) -> Result<Option<(Post, Effect)>, MonitorError> {
        if let (Event::Answered(Answer::Published(media_id)), Phase::Publishing { container, .. }) =
            (event, &post.phase)
        {
            let evidence = Evidence {
                at: self.now(),
                worker: lease.job.lease.as_ref().map_or_else(
                    || crate::scheduler::WorkerId::new("unknown"),
                    |holder| holder.worker.clone(),
                ),
                epoch: lease.epoch,
                data: json!({ "container": container, "media_id": media_id }),
            };
            self.scheduler
                .append_evidence(&lease.job.id, evidence)
                .await?;
        }
        tracing::warn!(job.id = %lease.job.id, "lost the lease of scheduled post {}", lease.job.id);
        Ok(None)
    }

    /// Whether the post is still there, and nobody else has it.
    async fn is_ours(&self, lease: &Lease) -> Result<bool, MonitorError> {
        let job = self.scheduler.get(&lease.job.id).await?;
        Ok(job.is_some_and(|job| job.epoch == lease.epoch))
    }

    /// Extends the lease if too little of it is left. `false` when it is lost, or the
    /// post was erased: then nothing may be sent any more.
    async fn keep_lease(&self, lease: &mut Lease) -> Result<bool, MonitorError> {
        let now = self.now();
        let enough = part(self.lease_for, 2) + part(self.lease_for, 6);
        if lease.until - now >= enough {
            return Ok(true);
        }
        match self.scheduler.renew(lease, now, self.lease_for).await {
            Ok(()) => Ok(true),
            Err(StoreError::LeaseLost { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn perform(
        &self,
        client: &Client,
        lease: &Lease,
        post: &Post,
        effect: Effect,
    ) -> Result<Event, MonitorError> {
        let publishing = client.publishing();
        Ok(match effect {
            Effect::CreateChild { index } => match post.items().get(index) {
                Some(media) => created(publishing.create_child(media).await),
                None => Event::Woke,
            },
            Effect::CreateContainer { children } if children.is_empty() => {
                created(publishing.create_container(&post.draft).await)
            }
            Effect::CreateContainer { children } => {
                created(publishing.create_carousel(&post.draft, &children).await)
            }
            Effect::ReadStatus { container } => {
                Event::Status(read_status(client, &container).await)
            }
            Effect::Publish {
                container,
                send_before,
            } => {
                let now = self.now();
                Event::Answered(if now > send_before {
                    Answer::NotSent {
                        why: "the program was held up for too long before sending".to_owned(),
                        retry_after: None,
                    }
                } else if lease.until - now < part(self.lease_for, 2) {
                    Answer::NotSent {
                        why: "too little of the lease was left for sending".to_owned(),
                        retry_after: None,
                    }
                } else {
                    let answer = answer::classify(publishing.publish_container(&container).await);
                    if matches!(answer, Answer::Published(_) | Answer::Unknown { .. }) {
                        self.quotas.sent(&lease.job.account, kind(post));
                    }
                    answer
                })
            }
            Effect::Look { container, since } => {
                let status = read_status(client, &container).await;
                let scan = match status {
                    StatusReading::Published => None,
                    _ => Some(self.scan(client, lease, post, since).await?),
                };
                Event::Looked { status, scan }
            }
            Effect::Scan { since } => Event::Scanned(self.scan(client, lease, post, since).await?),
        })
    }
}

const fn is_refused_for_its_token(event: &Event) -> bool {
    matches!(
        event,
        Event::Answered(Answer::Rejected {
            remedy: Remedy::Reconnect,
            ..
        }) | Event::CreateFailed {
            remedy: Some(Remedy::Reconnect),
            ..
        }
    )
}

fn created(result: Result<ContainerId, ClientError>) -> Event {
    let error = match result {
        Ok(id) => return Event::Created(id),
        Err(error) => error,
    };
    let (why, retry_after) = (error.to_string(), error.retry_after());
    let remedy = if error.is_retryable() {
        None
    } else {
        // A lost answer costs an invisible container at most, so whatever is not a
        // listed refusal is tried again.
        match answer::classify(Err(error)) {
            Answer::Rejected { remedy, .. } => Some(remedy),
            _ => None,
        }
    };
    Event::CreateFailed {
        why,
        remedy,
        retry_after,
    }
}

async fn read_status(client: &Client, container: &ContainerId) -> StatusReading {
    match client.publishing().container(container).await {
        Ok(container) => match container.status {
            ContainerStatus::InProgress => StatusReading::InProgress,
            ContainerStatus::Finished => StatusReading::Finished,
            ContainerStatus::Published => StatusReading::Published,
            ContainerStatus::Expired => StatusReading::Expired,
            ContainerStatus::Error => StatusReading::Error {
                message: container
                    .error_message
                    .map_or_else(|| "UNKNOWN".to_owned(), |message| message.to_string()),
            },
            other => StatusReading::Unreadable {
                why: format!("Meta answered with the unknown status `{other}`"),
                retry_after: None,
            },
        },
        Err(error) => {
            let not_found = error.api().is_some_and(|api| {
                matches!(
                    api.kind,
                    ApiErrorKind::NotFound | ApiErrorKind::InvalidParameter
                )
            });
            if not_found {
                StatusReading::NotFound
            } else {
                StatusReading::Unreadable {
                    why: error.to_string(),
                    retry_after: error.retry_after(),
                }
            }
        }
    }
}

pub(crate) fn is_about_the_token(error: &MonitorError) -> bool {
    match error {
        MonitorError::NotConnected { .. } | MonitorError::TokenExpired { .. } => true,
        MonitorError::Client(error) => error.is_auth(),
        _ => false,
    }
}
