//! The account's posts, and the numbers of each at its age.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{MediaType, Post, PostField, PostId, PostMetric};

use super::{CollectState, Collected, Run, is_about_this_only};
use crate::account::{newest, observed};
use crate::error::MonitorError;
use crate::scheduler::JobKind;
use crate::snapshot_store::{
    Metric, PostReading, Reading, Snapshot, SnapshotQuery, Source, Subject,
};

/// How often a post is measured while it is younger than so much.
const AGES: [(TimeDelta, TimeDelta); 4] = [
    (TimeDelta::hours(2), TimeDelta::minutes(15)),
    (TimeDelta::hours(24), TimeDelta::hours(1)),
    (TimeDelta::days(7), TimeDelta::hours(6)),
    (TimeDelta::days(30), TimeDelta::hours(24)),
];
/// How often it is measured after that.
const OLD: TimeDelta = TimeDelta::days(7);
/// A run does not measure more posts than this; the others come with the next one.
const MEASURED_AT_ONCE: usize = 200;
/// Pages of a hundred posts in one run; the next run reads on.
const PAGES: usize = 100;
/// A post that Meta would not measure is not asked for again for so long.
const LEFT_ALONE: TimeDelta = TimeDelta::hours(24);
/// How often our own count of posts is noted though it did not change.
const COUNT_AGAIN: TimeDelta = TimeDelta::hours(24);
/// A run that comes a little early still measures.
const EARLY: TimeDelta = TimeDelta::minutes(1);

const NUMBERS: [(PostMetric, Metric); 6] = [
    (PostMetric::Views, Metric::Views),
    (PostMetric::Likes, Metric::Likes),
    (PostMetric::Replies, Metric::Replies),
    (PostMetric::Reposts, Metric::Reposts),
    (PostMetric::Quotes, Metric::Quotes),
    (PostMetric::Shares, Metric::Shares),
];

/// What is kept of a post.
const READ: [PostField; 5] = [
    PostField::Text,
    PostField::Timestamp,
    PostField::MediaType,
    PostField::Permalink,
    PostField::TopicTag,
];

impl Run<'_> {
    pub(super) async fn posts(
        &mut self,
        state: &mut CollectState,
    ) -> Result<Collected, MonitorError> {
        let posts = self.list(state).await?;
        self.count_posts().await?;
        if self.has(&threads_client::Scope::ManageInsights) {
            self.measure(&posts, state).await?;
        }
        let now = self.now();
        let youngest = posts.values().map(|(at, _)| now - *at).min();
        let cadence = self.monitor.cadence_of(JobKind::CollectPosts);
        Ok(Collected::Again(match youngest {
            Some(age) => cadence.min(interval(age).to_std().unwrap_or(cadence)),
            None => cadence,
        }))
    }

    /// Reads the list as far as it is new, and returns all posts known after that.
    async fn list(
        &mut self,
        state: &mut CollectState,
    ) -> Result<HashMap<PostId, (DateTime<Utc>, PostReading)>, MonitorError> {
        let mut known = self.known_posts().await?;
        let mut after = None;
        for _ in 0..PAGES {
            let mut request = self.client.posts().list().limit(100).fields(READ);
            if let Some(cursor) = &after {
                request = request.after(cursor);
            }
            let page = request.send().await?;
            let mut changed = Vec::new();
            let mut any_new = false;
            for post in &page.items {
                // A post without a time has no place in a history.
                let Some(at) = post.timestamp else { continue };
                let reading = reading(post);
                any_new |= !known.contains_key(&post.id);
                if known.get(&post.id).is_none_or(|(_, old)| *old != reading) {
                    changed.push(self.post_snapshot(&post.id, at, reading.clone()));
                    known.insert(post.id.clone(), (at, reading));
                }
            }
            if !changed.is_empty() {
                self.append(&changed).await?;
            }
            let next = page.next.filter(|next| after.as_ref() != Some(next));
            if page.items.is_empty() || next.is_none() {
                state.listed_all = true;
                break;
            }
            if !any_new && state.listed_all {
                break;
            }
            after = next;
        }
        Ok(known)
    }

    async fn known_posts(
        &self,
    ) -> Result<HashMap<PostId, (DateTime<Utc>, PostReading)>, MonitorError> {
        let query = SnapshotQuery::account(self.lease.job.account.clone()).metric(Metric::Post);
        let snapshots = self.monitor.storage().snapshots.query(&query).await?;
        Ok(snapshots
            .into_iter()
            .filter_map(|snapshot| match (snapshot.subject, snapshot.reading) {
                (Subject::Post(id), Reading::Post(post)) => Some((id, (snapshot.at, post))),
                _ => None,
            })
            .collect())
    }

    fn post_snapshot(&self, id: &PostId, at: DateTime<Utc>, reading: PostReading) -> Snapshot {
        Snapshot {
            account: self.lease.job.account.clone(),
            subject: Subject::Post(id.clone()),
            metric: Metric::Post,
            at,
            captured_at: self.now(),
            source: Source::Api,
            reading: Reading::Post(reading),
        }
    }

    async fn count_posts(&mut self) -> Result<(), MonitorError> {
        let account = self.lease.job.account.clone();
        let snapshots = &self.monitor.storage().snapshots;
        let count = snapshots.count(&account, Metric::Post).await?;
        let known = snapshots.latest(&account, &[Subject::Account]).await?;
        let now = self.now();
        let fresh = newest(&known, Metric::PostsSeen).is_some_and(|last| {
            last.reading == Reading::Count(count) && now - last.at < COUNT_AGAIN
        });
        if !fresh {
            let reading = Reading::Count(count);
            let snapshot = observed(&account, Metric::PostsSeen, now, Source::Monitor, reading);
            self.append(&[snapshot]).await?;
        }
        Ok(())
    }

    /// Measures every post whose time has come, the newest first.
    async fn measure(
        &mut self,
        posts: &HashMap<PostId, (DateTime<Utc>, PostReading)>,
        state: &mut CollectState,
    ) -> Result<(), MonitorError> {
        let account = self.lease.job.account.clone();
        let mut candidates: Vec<(&PostId, DateTime<Utc>)> = posts
            .iter()
            .filter(|(_, (_, post))| !post.is_repost)
            .map(|(id, (at, _))| (id, *at))
            .collect();
        candidates.sort_by_key(|(id, at)| (std::cmp::Reverse(*at), *id));
        let subjects: Vec<Subject> = candidates
            .iter()
            .map(|(id, _)| Subject::Post((*id).clone()))
            .collect();
        let latest = self
            .monitor
            .storage()
            .snapshots
            .latest(&account, &subjects)
            .await?;
        let measured: HashMap<&Subject, DateTime<Utc>> = latest
            .iter()
            .filter(|snapshot| snapshot.metric == Metric::Views)
            .map(|snapshot| (&snapshot.subject, snapshot.captured_at))
            .collect();
        let now = self.now();
        state.unmeasurable.retain(|_, again_at| *again_at > now);
        let due: Vec<(PostId, DateTime<Utc>)> = candidates
            .into_iter()
            .zip(&subjects)
            .filter(|((id, at), subject)| {
                !state.unmeasurable.contains_key(*id)
                    && measured
                        .get(subject)
                        .is_none_or(|last| now - *last + EARLY >= interval(now - *at))
            })
            .map(|((id, at), _)| (id.clone(), at))
            .take(MEASURED_AT_ONCE)
            .collect();
        for (id, at) in due {
            match self.measure_post(&id).await {
                Ok(()) => {}
                // One post that cannot be measured, because it was deleted for
                // instance, holds up no other, and is left alone for a while.
                Err(MonitorError::Client(error)) if is_about_this_only(&error) => {
                    tracing::debug!(post.id = %id, %error, "post {id} could not be measured");
                    let pause = interval(now - at).max(LEFT_ALONE);
                    state.unmeasurable.insert(id, now + pause);
                    self.append(&[]).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn measure_post(&mut self, id: &PostId) -> Result<(), MonitorError> {
        let metrics = NUMBERS.iter().map(|(asked, _)| asked.clone());
        let insights = self
            .client
            .insights()
            .post(id)
            .metrics(metrics)
            .send()
            .await?;
        let now = self.now();
        let snapshots: Vec<Snapshot> = NUMBERS
            .iter()
            .filter_map(|(asked, stored)| {
                Some(Snapshot {
                    account: self.lease.job.account.clone(),
                    subject: Subject::Post(id.clone()),
                    metric: *stored,
                    at: now,
                    captured_at: now,
                    source: Source::Insights,
                    reading: Reading::Count(insights.total(asked)?),
                })
            })
            .collect();
        self.append(&snapshots).await
    }
}

fn interval(age: TimeDelta) -> TimeDelta {
    AGES.iter()
        .find(|(younger_than, _)| age < *younger_than)
        .map_or(OLD, |(_, interval)| *interval)
}

fn reading(post: &Post) -> PostReading {
    PostReading {
        text: post.text.clone(),
        media_type: post.media_type.as_ref().map(ToString::to_string),
        permalink: post.permalink.clone(),
        topic_tag: post.topic_tag.clone(),
        is_repost: post.media_type == Some(MediaType::RepostFacade),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_post_is_measured_less_often_as_it_ages() {
        let intervals: Vec<TimeDelta> = [
            TimeDelta::minutes(1),
            TimeDelta::hours(3),
            TimeDelta::days(2),
            TimeDelta::days(10),
            TimeDelta::days(400),
        ]
        .into_iter()
        .map(interval)
        .collect();

        assert_eq!(
            intervals,
            [
                TimeDelta::minutes(15),
                TimeDelta::hours(1),
                TimeDelta::hours(6),
                TimeDelta::hours(24),
                TimeDelta::days(7),
            ]
        );
        assert_eq!(
            interval(TimeDelta::minutes(-5)).to_std().unwrap(),
            Duration::from_mins(15)
        );
    }
}
