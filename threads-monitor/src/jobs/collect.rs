//! Followers, profile, and the account's insights by day.

use chrono::{Days, NaiveDate, TimeDelta};
use threads_client::{AccountMetric, Insights, Scope};

use super::{CollectState, Collected, Run, is_about_this_only, profile_reading};
use crate::account::{newest, observed};
use crate::error::MonitorError;
use crate::scheduler::JobKind;
use crate::snapshot_store::{Metric, Reading, Snapshot, Source, Subject};
use crate::zone::Zone;

/// Meta accepts no insights before this day.
const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2024, 4, 14);
/// How far back a monitor that was off for long goes.
const FURTHEST_BACK: Days = Days::new(90);
/// Meta does not document the widest window; this one is known to work.
const WINDOW: Days = Days::new(30);

/// What Meta gives as a total of a window, so that a window of one day gives a day.
const DAY_TOTALS: [(AccountMetric, Metric); 4] = [
    (AccountMetric::Likes, Metric::Likes),
    (AccountMetric::Replies, Metric::Replies),
    (AccountMetric::Reposts, Metric::Reposts),
    (AccountMetric::Quotes, Metric::Quotes),
];

impl Run<'_> {
    /// Followers from insights; public profile discovery only if insights have none.
    pub(super) async fn followers(&mut self) -> Result<Collected, MonitorError> {
        let from_insights = if self.has(&Scope::ManageInsights) {
            let answer = self
                .client
                .insights()
                .account()
                .metrics([AccountMetric::FollowersCount])
                .send()
                .await;
            match answer {
                Ok(insights) => Ok(insights.total(&AccountMetric::FollowersCount)),
                Err(error) if error.is_retryable() || error.is_auth() => return Err(error.into()),
                Err(error) => Err(error),
            }
        } else {
            Ok(None)
        };
        let (count, source) = match from_insights {
            Ok(Some(count)) => (count, Source::Insights),
            missing if self.has(&Scope::ProfileDiscovery) => match self.discovered().await? {
                Some(count) => (count, Source::ProfileDiscovery),
                None => return no_followers(missing.err()),
            },
            Ok(None) if !self.has(&Scope::ManageInsights) => {
                return Ok(Collected::NoScope(Scope::ManageInsights));
            }
            missing => return no_followers(missing.err()),
        };
        let now = self.now();
        let snapshot = observed(
            &self.lease.job.account,
            Metric::Followers,
            now,
            source,
            Reading::Count(count),
        );
        self.append(&[snapshot]).await?;
        Ok(Collected::Again(
            self.monitor.cadence_of(JobKind::CollectFollowers),
        ))
    }

    /// The account's own public follower count.
    async fn discovered(&mut self) -> Result<Option<u64>, MonitorError> {
        let known = self
            .monitor
            .storage()
            .snapshots
            .latest(&self.lease.job.account, &[Subject::Account])
            .await?;
        let username = match newest(&known, Metric::Profile).map(|profile| &profile.reading) {
            Some(Reading::Profile(profile)) => profile.username.clone(),
            _ => Some(self.client.profile().get().await?.username),
        };
        match username {
            Some(username) => Ok(self
                .client
                .profile()
                .lookup(&username)
                .await?
                .follower_count),
            None => Ok(None),
        }
    }

    pub(super) async fn profile(&mut self) -> Result<Collected, MonitorError> {
        let profile = profile_reading(self.client.profile().get().await?);
        let known = self
            .monitor
            .storage()
            .snapshots
            .latest(&self.lease.job.account, &[Subject::Account])
            .await?;
        let reading = Reading::Profile(profile);
        if newest(&known, Metric::Profile).is_none_or(|known| known.reading != reading) {
            let now = self.now();
            let snapshot = observed(
                &self.lease.job.account,
                Metric::Profile,
                now,
                Source::Api,
                reading,
            );
            self.append(&[snapshot]).await?;
        }
        self.keep_thinning().await?;
        Ok(Collected::Again(
            self.monitor.cadence_of(JobKind::CollectProfile),
        ))
    }

    /// An account that was connected before there were settings about it gets the job that
    /// thins out its history, too.
    async fn keep_thinning(&mut self) -> Result<(), MonitorError> {
        if !self.monitor.retention().removes_something() {
            return Ok(());
        }
        let account = self.lease.job.account.clone();
        let _not_while_erasing = self.monitor.erasing(&account).read().await;
        let now = self.monitor.now();
        let scheduler = &self.monitor.storage().scheduler;
        scheduler
            .renew(self.lease, now, self.monitor.lease_for())
            .await?;
        self.monitor
            .enqueue_standing(&account, JobKind::ThinHistory, now)
            .await?;
        self.monitor.expect_connected(&account).await
    }

    /// Each Meta day since the last run. The last two days are fetched again, because
    /// their numbers still grow.
    pub(super) async fn insights(
        &mut self,
        state: &mut CollectState,
    ) -> Result<Collected, MonitorError> {
        if !self.has(&Scope::ManageInsights) {
            return Ok(Collected::NoScope(Scope::ManageInsights));
        }
        // A day that has just begun has nothing to ask for yet.
        let today = Zone::META.date(self.now() - TimeDelta::minutes(1));
        let backfill = Days::new(u64::from(self.monitor.cadence().backfill_days));
        let first = state
            .through
            .and_then(|through| through.checked_sub_days(Days::new(1)))
            .or_else(|| today.checked_sub_days(backfill))
            .max(today.checked_sub_days(FURTHEST_BACK))
            .max(FIRST_DAY)
            .unwrap_or(today)
            .min(today);
        let mut window = first;
        while window <= today {
            let next = window.checked_add_days(WINDOW).unwrap_or(NaiveDate::MAX);
            let last = next.pred_opt().unwrap_or(today).min(today);
            let insights = self.window(&[AccountMetric::Views], window, last).await?;
            let views = self.views(&insights);
            self.append(&views).await?;
            window = next;
        }
        // A day at a time, so that what is fetched is kept, whatever the next day does,
        // and so that one day that Meta cannot answer for holds up no other.
        let mut refused = None;
        for day in first.iter_days().take_while(|day| *day <= today) {
            let metrics = [
                AccountMetric::Likes,
                AccountMetric::Replies,
                AccountMetric::Reposts,
                AccountMetric::Quotes,
                AccountMetric::Clicks,
            ];
            match self.window(&metrics, day, day).await {
                Ok(insights) => {
                    let totals = self.day_totals(&insights, day);
                    self.append(&totals).await?;
                }
                Err(MonitorError::Client(error)) if is_about_this_only(&error) => {
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
            state.through = Some(day);
        }
        match refused {
            Some(error) => Err(error.into()),
            None => Ok(Collected::Again(
                self.monitor.cadence_of(JobKind::CollectInsights),
            )),
        }
    }

    /// Insights of the Meta days from `first` to `last`, both included.
    async fn window(
        &self,
        metrics: &[AccountMetric],
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<Insights<AccountMetric>, MonitorError> {
        let mut request = self
            .client
            .insights()
            .account()
            .metrics(metrics.iter().cloned());
        if let (Some(since), Some(until)) =
            (Zone::META.start_of_day(first), Zone::META.end_of_day(last))
        {
            request = request.since(since).until(until.min(self.now()));
        }
        Ok(request.send().await?)
    }

    fn views(&self, insights: &Insights<AccountMetric>) -> Vec<Snapshot> {
        let captured_at = self.now();
        let mut snapshots = Vec::new();
        for point in insights.series(&AccountMetric::Views).unwrap_or_default() {
            // A number without a day cannot be placed.
            let Some(end) = point.end_time else { continue };
            snapshots.push(Snapshot {
                account: self.lease.job.account.clone(),
                subject: Subject::Account,
                metric: Metric::Views,
                at: end,
                captured_at,
                source: Source::Insights,
                reading: Reading::Count(point.value),
            });
        }
        snapshots
    }

    fn day_totals(&self, insights: &Insights<AccountMetric>, day: NaiveDate) -> Vec<Snapshot> {
        let Some(at) = Zone::META.end_of_day(day) else {
            return Vec::new();
        };
        let captured_at = self.now();
        let totals = DAY_TOTALS
            .iter()
            .filter_map(|(asked, stored)| Some((*stored, insights.total(asked)?)));
        // No list of links means "no answer"; an empty one means that there were none.
        let clicks = insights
            .links(&AccountMetric::Clicks)
            .map(|links| (Metric::Clicks, links.iter().map(|link| link.value).sum()));
        totals
            .chain(clicks)
            .map(|(metric, count)| Snapshot {
                account: self.lease.job.account.clone(),
                subject: Subject::Account,
                metric,
                at,
                captured_at,
                source: Source::Insights,
                reading: Reading::Count(count),
            })
            .collect()
    }
}

fn no_followers(error: Option<threads_client::Error>) -> Result<Collected, MonitorError> {
    Err(error.map_or_else(
        || MonitorError::Config("Meta's answer has no follower count".to_owned()),
        MonitorError::Client,
    ))
}
