//! Searching the account's own lists for a post that may be ours.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use threads_client::{Client, DraftContent, PostField, PostId, Scope, UserId};

use super::engine::{Engine, read_post};
use super::event::ScanResult;
use super::matching;
use super::post::Post;
use crate::error::MonitorError;
use crate::scheduler::{JobId, JobKind, JobQuery, Lease};

/// Posts of one scan. A scan window is minutes long, so more than this is no list
/// that can be searched honestly.
const SCAN_LIMIT: usize = 1000;
impl Engine<'_> {
    pub(super) async fn scan(
        &self,
        client: &Client,
        lease: &Lease,
        post: &Post,
        since: DateTime<Utc>,
    ) -> Result<ScanResult, MonitorError> {
        if let Some(why) = self.unlisted(&lease.job.account, post).await? {
            return Ok(ScanResult::Unlisted { why });
        }
        let Some(mut claimed) = self.claimed(&lease.job.account, &lease.job.id).await? else {
            return Ok(ScanResult::Incomplete {
                why: "another scheduled post of the account cannot be read".to_owned(),
            });
        };
        // The part that it is at is not one that was there before it.
        let parts = post.chain.iter().flat_map(|chain| &chain.published);
        claimed.extend(parts.map(|part| part.media_id.clone()));
        // While calls are held back, this read is among the last that are.
        let client = client.verifying();
        let list = if post.draft.reply_to.is_some() {
            let fields = matching::LOOKED_AT
                .into_iter()
                .chain([PostField::RepliedTo]);
            client.replies().mine().fields(fields)
        } else {
            client.posts().list().fields(matching::LOOKED_AT)
        };
        let mut stream = list.since(since).limit(100).stream();
        let mut posts = Vec::new();
        loop {
            match stream.try_next().await {
                Ok(Some(_)) if posts.len() >= SCAN_LIMIT => {
                    return Ok(ScanResult::Incomplete {
                        why: "the account's list is too long to search".to_owned(),
                    });
                }
                Ok(Some(live)) => posts.push(live),
                Ok(None) => return Ok(matching::find(&post.draft, &posts, since, &claimed)),
                Err(error) => {
                    return Ok(ScanResult::Incomplete {
                        why: error.to_string(),
                    });
                }
            }
        }
    }

    /// Why no list that may be read shows such a post; `None` if one does.
    async fn unlisted(
        &self,
        account: &UserId,
        post: &Post,
    ) -> Result<Option<String>, MonitorError> {
        if post.draft.content == DraftContent::GhostPost {
            return Ok(Some(
                "ghost posts are not in the account's list of posts".to_owned(),
            ));
        }
        if matching::is_listed(&post.draft) {
            return Ok(None);
        }
        let scopes = self.tokens.load(account).await?.token.scopes;
        let may_read = scopes.is_empty() || scopes.contains(&Scope::ReadReplies);
        Ok((!may_read).then(|| {
            format!(
                "the account did not grant `{}`, without which the list of its replies cannot be \
                 read",
                Scope::ReadReplies
            )
        }))
    }

    /// The media ids that other scheduled posts of the account became; `None` when one
    /// of them cannot be read, because it may be any.
    async fn claimed(
        &self,
        account: &UserId,
        except: &JobId,
    ) -> Result<Option<HashSet<PostId>>, MonitorError> {
        let query = JobQuery::account(account.clone()).kind(JobKind::PublishPost);
        let jobs = self.scheduler.list(&query).await?;
        let mut ids = HashSet::new();
        for job in jobs.iter().filter(|job| job.id != *except) {
            match read_post(job) {
                Ok(post) => ids.extend(post.media_ids().cloned()),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(ids))
    }
}
