//! How much may still be published.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::http::Fields;
use crate::wire::List;
use crate::{Client, Result};

/// Quota calls; made by [`Client::quota`].
///
/// Each family of quotas is asked for by itself, because one missing scope can fail a call for several. Meta
/// has no figure for keyword searches (2,200 in 24 hours), profile discovery (1,000 in 24 hours) and embeds
/// (1,000 an hour).
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// let quota = client.quota().deletions().await?;
/// println!("{:?} of {:?}", quota.delete_quota_usage, quota.delete_config);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct QuotaApi<'a> {
    client: &'a Client,
}

impl<'a> QuotaApi<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// How many posts were published in the current window, and how many may be.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/troubleshooting#retrieve-publishing-quota-limit).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// let quota = client.quota().publishing().await?;
    /// let total = quota.config.and_then(|config| config.quota_total);
    /// println!("{:?} of {total:?} posts", quota.quota_usage);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`](crate::Error) of a call.
    pub async fn publishing(self) -> Result<PublishingQuota> {
        self.fields("quota_usage,config").await
    }

    /// How many replies were published in the current window, and how many may be.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`, `threads_manage_replies`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/troubleshooting#retrieve-publishing-quota-limit).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// let quota = client.quota().replies().await?;
    /// println!("{:?} replies, of {:?}", quota.reply_quota_usage, quota.reply_config);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`](crate::Error) of a call.
    pub async fn replies(self) -> Result<PublishingQuota> {
        self.fields("reply_quota_usage,reply_config").await
    }

    /// How many posts were deleted in the current window, and how many may be.
    ///
    /// Scopes: `threads_basic`, `threads_delete`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/troubleshooting#retrieve-publishing-quota-limit).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// let quota = client.quota().deletions().await?;
    /// println!("{:?} deletions, of {:?}", quota.delete_quota_usage, quota.delete_config);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`](crate::Error) of a call.
    pub async fn deletions(self) -> Result<PublishingQuota> {
        self.fields("delete_quota_usage,delete_config").await
    }

    /// How many searches for places were made in the current window, and how many may be.
    ///
    /// Scopes: `threads_basic`, `threads_location_tagging`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/troubleshooting#retrieve-publishing-quota-limit).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// let quota = client.quota().location_searches().await?;
    /// println!("{:?} searches, of {:?}", quota.location_search_quota_usage, quota.location_search_config);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`](crate::Error) of a call.
    pub async fn location_searches(self) -> Result<PublishingQuota> {
        self.fields("location_search_quota_usage,location_search_config")
            .await
    }

    async fn fields(self, fields: &str) -> Result<PublishingQuota> {
        let query = Fields::new().with("fields", fields);
        let list: List<PublishingQuota> = self
            .client
            .read(
                "GET /me/threads_publishing_limit",
                &["me", "threads_publishing_limit"],
                query,
            )
            .await?;
        Ok(list.data.into_iter().next().unwrap_or_default())
    }
}

/// Use and size of the publishing quotas. What was not asked for, or not told, is `None`.
///
/// ```
/// use threads_client::PublishingQuota;
///
/// let answer = r#"{"quota_usage": 4, "config": {"quota_total": 250, "quota_duration": 86400}}"#;
/// let quota: PublishingQuota = serde_json::from_str(answer)?;
///
/// assert_eq!(quota.quota_usage, Some(4));
/// assert_eq!(quota.reply_quota_usage, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[non_exhaustive]
pub struct PublishingQuota {
    /// Posts published in the window.
    pub quota_usage: Option<u64>,
    /// Size of the post quota.
    pub config: Option<QuotaConfig>,
    /// Replies published in the window.
    pub reply_quota_usage: Option<u64>,
    /// Size of the reply quota.
    pub reply_config: Option<QuotaConfig>,
    /// Posts deleted in the window.
    pub delete_quota_usage: Option<u64>,
    /// Size of the quota of deletions.
    pub delete_config: Option<QuotaConfig>,
    /// Searches for places in the window.
    pub location_search_quota_usage: Option<u64>,
    /// Size of the quota of searches for places.
    pub location_search_config: Option<QuotaConfig>,
}

/// Size of one quota.
///
/// ```
/// use std::time::Duration;
/// use threads_client::QuotaConfig;
///
/// let config: QuotaConfig = serde_json::from_str(r#"{"quota_total": 250, "quota_duration": 86400}"#)?;
/// assert_eq!(config.quota_total, Some(250));
/// assert_eq!(config.quota_duration, Some(Duration::from_secs(24 * 60 * 60)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct QuotaConfig {
    /// How many in one window.
    pub quota_total: Option<u64>,
    /// Length of the moving window.
    #[serde(default, deserialize_with = "seconds")]
    pub quota_duration: Option<Duration>,
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_secs))
}
