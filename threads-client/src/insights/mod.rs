//! Figures about the account and its posts.

mod metric;
mod model;

use chrono::{DateTime, Utc};

pub use metric::{AccountMetric, Breakdown, Period, PostMetric};
pub use model::{BreakdownResult, Insight, InsightBreakdown, InsightPoint, Insights, LinkClicks};

use crate::http::{Fields, path_id};
use crate::{Client, Error, PostId, Result, wire};

/// The first second Meta has figures of accounts for: 13 April 2024.
const EARLIEST: i64 = 1_712_991_600;

/// Calls for figures; made by [`Client::insights`].
///
/// ```no_run
/// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
/// use threads_client::{AccountMetric, InsightsApi, PostMetric};
///
/// let insights: InsightsApi<'_> = client.insights();
/// let account = insights.account().metrics([AccountMetric::FollowersCount]).send().await?;
/// let post = insights.post(&id).metrics([PostMetric::Likes]).send().await?;
/// println!("{:?}", account.total(&AccountMetric::FollowersCount));
/// println!("{:?}", post.total(&PostMetric::Likes));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct InsightsApi<'a> {
    client: &'a Client,
}

impl<'a> InsightsApi<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Figures about the account.
    ///
    /// Scopes: `threads_basic`, `threads_manage_insights`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/insights).
    pub fn account(self) -> AccountInsightsRequest<'a> {
        AccountInsightsRequest {
            client: self.client,
            metrics: Vec::new(),
            since: None,
            until: None,
            breakdown: None,
            period: None,
        }
    }

    /// Figures about one post since it was published; empty for a repost.
    ///
    /// Scopes: `threads_basic`, `threads_manage_insights`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/insights).
    pub fn post(self, post: &PostId) -> PostInsightsRequest<'a> {
        PostInsightsRequest {
            client: self.client,
            post: post.clone(),
            metrics: Vec::new(),
            since: None,
            until: None,
            period: None,
        }
    }
}

/// Figures about the account to ask for; made by [`InsightsApi::account`].
///
/// ```no_run
/// # async fn run(
/// #     client: threads_client::Client,
/// #     monday: chrono::DateTime<chrono::Utc>,
/// # ) -> threads_client::Result<()> {
/// use threads_client::{AccountMetric, Breakdown};
///
/// let request = client.insights().account().metrics([AccountMetric::Views, AccountMetric::Likes]);
/// let week = request.since(monday).until(monday + chrono::Days::new(7)).send().await?;
/// for day in week.series(&AccountMetric::Views).unwrap_or_default() {
///     println!("{:?}: {}", day.end_time, day.value);
/// }
///
/// let request = client.insights().account().metrics([AccountMetric::FollowerDemographics]);
/// let ages = request.breakdown(Breakdown::Age).send().await?;
/// println!("{:?}", ages.breakdowns(&AccountMetric::FollowerDemographics));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct AccountInsightsRequest<'a> {
    client: &'a Client,
    metrics: Vec<AccountMetric>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    breakdown: Option<Breakdown>,
    period: Option<Period>,
}

impl AccountInsightsRequest<'_> {
    /// Adds metrics; at least one is needed.
    pub fn metrics(mut self, metrics: impl IntoIterator<Item = AccountMetric>) -> Self {
        self.metrics.extend(metrics);
        self
    }

    /// Start of the window, in whole seconds; not before 13 April 2024. Without a window Meta counts from
    /// yesterday. It does not vouch for figures before June 2024, nor say how wide a window may be.
    pub fn since(mut self, since: DateTime<Utc>) -> Self {
        self.since = Some(since);
        self
    }

    /// End of the window, in whole seconds.
    pub fn until(mut self, until: DateTime<Utc>) -> Self {
        self.until = Some(until);
        self
    }

    /// How to split the followers; needed by, and only for, [`AccountMetric::FollowerDemographics`].
    pub fn breakdown(mut self, breakdown: Breakdown) -> Self {
        self.breakdown = Some(breakdown);
        self
    }

    /// Length of one point. Meta does not document this parameter for Threads; leave it off.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::{AccountMetric, Period};
    ///
    /// let request = client.insights().account().metrics([AccountMetric::Views]);
    /// let asked_as_elsewhere = request.period(Period::Day).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn period(mut self, period: Period) -> Self {
        self.period = Some(period);
        self
    }

    /// Asks for the figures.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if there is no metric, if demographics lack a breakdown, or if a metric that
    /// knows no window is asked for one; any other [`Error`] of a call.
    pub async fn send(self) -> Result<Insights<AccountMetric>> {
        let metrics = names(self.metrics.iter().map(AccountMetric::as_str))?;
        let asks_for = |metric| self.metrics.contains(metric);
        if asks_for(&AccountMetric::FollowerDemographics) != self.breakdown.is_some() {
            return Err(Error::invalid(
                "breakdown",
                "belongs to follower_demographics, and it to a breakdown",
            ));
        }
        // Meta ignores or refuses a window for these, and a figure of another window than asked is wrong.
        let has_window = self.since.is_some() || self.until.is_some();
        if has_window
            && [
                AccountMetric::FollowersCount,
                AccountMetric::FollowerDemographics,
            ]
            .iter()
            .any(asks_for)
        {
            return Err(Error::invalid(
                "since",
                "followers are counted now: ask for them without a window",
            ));
        }
        let (since, until) = wire::window(EARLIEST, self.since, self.until)?;
        let query = Fields::new()
            .with("metric", &metrics)
            .with_some("since", since.as_deref())
            .with_some("until", until.as_deref())
            .with_some("breakdown", self.breakdown.as_ref().map(Breakdown::as_str))
            .with_some("period", self.period.as_ref().map(Period::as_str));
        self.client
            .read(
                "GET /me/threads_insights",
                &["me", "threads_insights"],
                query,
            )
            .await
    }
}

/// Figures about a post to ask for; made by [`InsightsApi::post`].
///
/// ```no_run
/// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
/// use threads_client::PostMetric;
///
/// let metrics = [PostMetric::Views, PostMetric::Likes];
/// let insights = client.insights().post(&id).metrics(metrics.clone()).send().await?;
/// for metric in metrics {
///     match insights.total(&metric) {
///         Some(figure) => println!("{metric}: {figure}"),
///         None => println!("{metric}: not measured"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// With the parameters that Meta does not document for posts, as its own sample sends them:
///
/// ```no_run
/// # async fn run(
/// #     client: threads_client::Client,
/// #     id: threads_client::PostId,
/// #     monday: chrono::DateTime<chrono::Utc>,
/// # ) -> threads_client::Result<()> {
/// use threads_client::{Period, PostMetric};
///
/// let request = client.insights().post(&id).metrics([PostMetric::Views]);
/// let request = request.since(monday).until(monday + chrono::Days::new(7)).period(Period::Lifetime);
/// let since_publication = request.send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct PostInsightsRequest<'a> {
    client: &'a Client,
    post: PostId,
    metrics: Vec<PostMetric>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    period: Option<Period>,
}

impl PostInsightsRequest<'_> {
    /// Adds metrics; at least one is needed.
    pub fn metrics(mut self, metrics: impl IntoIterator<Item = PostMetric>) -> Self {
        self.metrics.extend(metrics);
        self
    }

    /// Start of a window. Meta does not document it for posts: its sample sends it, and the figures cover
    /// everything since publication all the same. Leave it off.
    pub fn since(mut self, since: DateTime<Utc>) -> Self {
        self.since = Some(since);
        self
    }

    /// End of a window; as undocumented as [`since`](Self::since).
    pub fn until(mut self, until: DateTime<Utc>) -> Self {
        self.until = Some(until);
        self
    }

    /// Length of one point. Meta does not document this parameter for Threads; leave it off.
    pub fn period(mut self, period: Period) -> Self {
        self.period = Some(period);
        self
    }

    /// Asks for the figures.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if there is no metric, the id cannot be one or the window is no window; any
    /// other [`Error`] of a call.
    pub async fn send(self) -> Result<Insights<PostMetric>> {
        let metrics = names(self.metrics.iter().map(PostMetric::as_str))?;
        let path = [path_id("post", self.post.as_str())?, "insights"];
        let (since, until) = wire::window(i64::MIN, self.since, self.until)?;
        let query = Fields::new()
            .with("metric", &metrics)
            .with_some("since", since.as_deref())
            .with_some("until", until.as_deref())
            .with_some("period", self.period.as_ref().map(Period::as_str));
        self.client.read("GET /{post}/insights", &path, query).await
    }
}

fn names<'m>(metrics: impl Iterator<Item = &'m str>) -> Result<String> {
    let names = metrics.collect::<Vec<_>>().join(",");
    if names.is_empty() {
        Err(Error::invalid("metrics", "needs at least one"))
    } else {
        Ok(names)
    }
}
