//! Replies: reading and moderating them.

use serde::Deserialize;

use crate::http::{Fields, Repeat, path_id};
use crate::posts::{OWN_REPLIES, PENDING_REPLIES, Place, PostList, REPLIES, list_request};
use crate::{Client, PostId, PostListRequest, ReplyApprovalStatus, Result, wire};

/// Calls about replies; made by [`Client::replies`].
///
/// ```no_run
/// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
/// use threads_client::RepliesApi;
///
/// let replies: RepliesApi<'_> = client.replies();
/// for reply in replies.of(&id).send().await?.items {
///     if reply.text.as_deref().unwrap_or_default().contains("buy now") {
///         replies.hide(&reply.id).await?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RepliesApi<'a> {
    client: &'a Client,
}

impl<'a> RepliesApi<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The direct replies to a post or a reply, newest first.
    ///
    /// Scopes: `threads_basic`, `threads_read_replies`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/retrieve-and-manage-replies/retrieve-replies).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut replies = client.replies().of(&id).stream();
    /// while let Some(reply) = replies.try_next().await? {
    ///     println!("{:?}: {:?}", reply.username, reply.text);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(self, post: &PostId) -> ReplyListRequest<'a> {
        self.list("GET /{post}/replies", post, "replies")
    }

    /// All replies below a post, at every depth, as one list; meant for posts that are no replies themselves.
    ///
    /// Scopes: `threads_basic`, `threads_read_replies`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/retrieve-and-manage-replies/replies-and-conversations).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
    /// use threads_client::ReplyOrder;
    ///
    /// let page = client.replies().conversation(&id).order(ReplyOrder::OldestFirst).send().await?;
    /// for reply in page.items {
    ///     println!("{} answers {:?}", reply.id, reply.replied_to);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn conversation(self, post: &PostId) -> ReplyListRequest<'a> {
        self.list("GET /{post}/conversation", post, "conversation")
    }

    /// The account's own replies, newest first.
    ///
    /// Scopes: `threads_basic`, `threads_read_replies`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/retrieve-and-manage-replies/retrieve-replies).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// for reply in client.replies().mine().limit(10).send().await?.items {
    ///     println!("{:?} to {:?}", reply.text, reply.replied_to);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn mine(self) -> PostListRequest<'a> {
        let list = PostList::new("GET /me/replies", Place::Own("replies"), OWN_REPLIES);
        PostListRequest::new(self.client, list)
    }

    /// The replies to an own post that wait for approval, and those that were ignored.
    ///
    /// Scopes: `threads_basic`, `threads_read_replies`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/reply-management).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
    /// use threads_client::ReplyApprovalStatus;
    ///
    /// let waiting = client.replies().pending(&id).approval_status(&ReplyApprovalStatus::Pending);
    /// for reply in waiting.send().await?.items {
    ///     client.replies().approve(&reply.id).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pending(self, post: &PostId) -> PendingReplyListRequest<'a> {
        let place = Place::Of(post.clone(), "pending_replies");
        let list = PostList::new("GET /{post}/pending_replies", place, PENDING_REPLIES);
        PendingReplyListRequest::new(self.client, list)
    }

    fn list(
        self,
        endpoint: &'static str,
        post: &PostId,
        edge: &'static str,
    ) -> ReplyListRequest<'a> {
        let list = PostList::new(endpoint, Place::Of(post.clone(), edge), REPLIES);
        ReplyListRequest::new(self.client, list)
    }

    /// Hides a direct reply to an own post, and with it the replies below.
    ///
    /// Hiding twice is hiding once, so it may be sent again after a passing failure.
    ///
    /// Scopes: `threads_basic`, `threads_manage_replies`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/reply-management).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`](crate::Error::InvalidRequest) if the id cannot be one;
    /// [`Error::Decode`](crate::Error::Decode) if Meta does not say that it did it; any other
    /// [`Error`](crate::Error) of a call.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, reply: threads_client::PostId) -> threads_client::Result<()> {
    /// client.replies().hide(&reply).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn hide(self, reply: &PostId) -> Result<()> {
        self.manage(reply, true).await
    }

    /// Shows a hidden reply again; see [`hide`](Self::hide).
    ///
    /// Scopes: `threads_basic`, `threads_manage_replies`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/reply-management).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, reply: threads_client::PostId) -> threads_client::Result<()> {
    /// client.replies().unhide(&reply).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`hide`](Self::hide).
    pub async fn unhide(self, reply: &PostId) -> Result<()> {
        self.manage(reply, false).await
    }

    /// Lets a pending or ignored reply be seen, by exactly one request.
    ///
    /// It is never sent again: Meta may refuse to approve what is no longer pending, and that refusal would
    /// hide that the first request did it. After an error ask for the [pending](Self::pending) replies.
    ///
    /// Scopes: `threads_basic`, `threads_manage_replies`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/reply-management).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, reply: threads_client::PostId) -> threads_client::Result<()> {
    /// client.replies().approve(&reply).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`hide`](Self::hide).
    pub async fn approve(self, reply: &PostId) -> Result<()> {
        self.decide(reply, true).await
    }

    /// Leaves a pending reply unseen; it can still be approved later. See [`approve`](Self::approve).
    ///
    /// Scopes: `threads_basic`, `threads_manage_replies`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/reply-management).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, reply: threads_client::PostId) -> threads_client::Result<()> {
    /// client.replies().ignore(&reply).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`hide`](Self::hide).
    pub async fn ignore(self, reply: &PostId) -> Result<()> {
        self.decide(reply, false).await
    }

    async fn manage(self, reply: &PostId, hide: bool) -> Result<()> {
        let path = [path_id("reply", reply.as_str())?, "manage_reply"];
        let form = Fields::new().with("hide", word(hide));
        let Done { .. } = self
            .client
            .write("POST /{reply}/manage_reply", &path, form, Repeat::Safely)
            .await?;
        Ok(())
    }

    async fn decide(self, reply: &PostId, approve: bool) -> Result<()> {
        let path = [path_id("reply", reply.as_str())?, "manage_pending_reply"];
        let form = Fields::new().with("approve", word(approve));
        let endpoint = "POST /{reply}/manage_pending_reply";
        let Done { .. } = self
            .client
            .write(endpoint, &path, form, Repeat::Never)
            .await?;
        Ok(())
    }
}

fn word(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

#[derive(Deserialize)]
struct Done {
    #[serde(rename = "success", deserialize_with = "wire::success")]
    _success: (),
}

/// In which order replies are listed.
///
/// ```no_run
/// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
/// use threads_client::ReplyOrder;
///
/// let first = client.replies().of(&id).order(ReplyOrder::OldestFirst).limit(1).send().await?;
/// println!("{:?}", first.items.first().and_then(|reply| reply.text.as_deref()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplyOrder {
    /// From the newest on, as Meta does if nothing is said: `reverse=true`.
    NewestFirst,
    /// From the oldest on: `reverse=false`.
    OldestFirst,
}

impl ReplyOrder {
    fn reverse(self) -> &'static str {
        word(self == Self::NewestFirst)
    }
}

/// Replies to a post to ask for; made by [`RepliesApi::of`] and [`RepliesApi::conversation`].
///
/// Meta knows no `since` and `until` here: read the newest first and stop at the last reply you know. `limit`
/// is used by Meta's own sample and missing in its reference.
///
/// ```no_run
/// # async fn run(
/// #     client: threads_client::Client,
/// #     id: threads_client::PostId,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use futures::TryStreamExt;
/// use threads_client::{PostField, ReplyOrder};
///
/// let oldest = client.replies().of(&id).order(ReplyOrder::OldestFirst).limit(50);
/// let page = oldest.clone().add_fields([PostField::ReplyAudience]).send().await?;
/// if let Some(next) = &page.next {
///     let second = oldest.after(next).send().await?;
///     if let Some(previous) = &second.previous {
///         let first = client.replies().of(&id).before(previous).send().await?;
///     }
/// }
///
/// let all = client.replies().conversation(&id).fields([PostField::Text]);
/// let texts: Vec<_> = all.max_pages(20.try_into()?).stream().try_collect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ReplyListRequest<'a> {
    client: &'a Client,
    list: PostList,
}

list_request!(ReplyListRequest);

impl ReplyListRequest<'_> {
    /// In which order.
    pub fn order(mut self, order: ReplyOrder) -> Self {
        self.list.set("reverse", order.reverse());
        self
    }
}

/// Pending replies to ask for; made by [`RepliesApi::pending`].
///
/// ```no_run
/// # async fn run(
/// #     client: threads_client::Client,
/// #     id: threads_client::PostId,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use futures::TryStreamExt;
/// use threads_client::{PostField, ReplyApprovalStatus, ReplyOrder};
///
/// let waiting = client.replies().pending(&id).approval_status(&ReplyApprovalStatus::Pending);
/// let oldest = waiting.order(ReplyOrder::OldestFirst).limit(50);
/// let page = oldest.clone().fields([PostField::Text]).add_fields([PostField::Username]).send().await?;
/// if let Some(next) = &page.next {
///     let second = oldest.clone().after(next).send().await?;
///     if let Some(previous) = &second.previous {
///         let first = oldest.clone().before(previous).send().await?;
///     }
/// }
///
/// let all: Vec<_> = oldest.max_pages(20.try_into()?).stream().try_collect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct PendingReplyListRequest<'a> {
    client: &'a Client,
    list: PostList,
}

list_request!(PendingReplyListRequest);

impl PendingReplyListRequest<'_> {
    /// In which order.
    pub fn order(mut self, order: ReplyOrder) -> Self {
        self.list.set("reverse", order.reverse());
        self
    }

    /// Only those that still wait, or only those that were ignored.
    pub fn approval_status(mut self, status: &ReplyApprovalStatus) -> Self {
        self.list.set("approval_status", status.as_str().to_owned());
        self
    }
}
