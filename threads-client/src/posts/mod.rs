//! Posts: one, lists of them, and the end of one.

mod field;
mod kind;
mod list;
mod poll;
mod post;
mod text;

use serde::Deserialize;

pub use field::PostField;
pub use kind::{
    GhostPostStatus, HideStatus, MediaProductType, MediaType, ReplyApprovalStatus, ReplyAudience,
};
pub use poll::{Poll, PollOption};
pub use post::{CarouselItem, Post};
pub use text::{StyledText, TextAttachment, TextEntity, TextEntityType, TextStyle};

pub(crate) use field::{FieldSet, OWN_REPLIES, PENDING_REPLIES, PROFILE_POSTS, REPLIES, SEARCH};
pub(crate) use list::{Place, PostList, list_request, time_window};

use crate::http::{Fields, path_id};
use crate::{Client, PostId, Result, wire};

/// Calls about posts; made by [`Client::posts`].
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::PostsApi;
///
/// let posts: PostsApi<'_> = client.posts();
/// println!("{} posts", posts.list().send().await?.items.len());
/// println!("{} mentions", posts.mentions().send().await?.items.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PostsApi<'a> {
    client: &'a Client,
}

impl<'a> PostsApi<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The account's own posts and reposts, newest first, without replies.
    ///
    /// Scope: `threads_basic`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/retrieve-and-discover-posts/retrieve-posts).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::PostField;
    ///
    /// let page = client.posts().list().limit(50).add_fields([PostField::ReplyAudience]).send().await?;
    /// println!("{} posts, and more: {}", page.items.len(), page.next.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(self) -> PostListRequest<'a> {
        self.request("GET /me/threads", "threads", field::OWN_POSTS)
    }

    /// Public posts that mention the account, newest first.
    ///
    /// Before the app is approved, Meta lists mentions by its testers only.
    ///
    /// Scopes: `threads_basic`, `threads_manage_mentions`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/threads-mentions).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut mentions = client.posts().mentions().limit(100).stream();
    /// while let Some(post) = mentions.try_next().await? {
    ///     println!("mentioned by {:?}", post.username);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn mentions(self) -> PostListRequest<'a> {
        self.request("GET /me/mentions", "mentions", field::MENTIONS)
    }

    /// The account's own ghost posts, those that are over among them.
    ///
    /// Scope: `threads_basic`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/create-posts/ghost-posts).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// for post in client.posts().ghost_posts().send().await?.items {
    ///     println!("{} ends {:?}", post.id, post.ghost_post_expiration_timestamp);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn ghost_posts(self) -> PostListRequest<'a> {
        self.request("GET /me/ghost_posts", "ghost_posts", field::GHOST_POSTS)
    }

    fn request(
        self,
        endpoint: &'static str,
        edge: &'static str,
        fields: &'static str,
    ) -> PostListRequest<'a> {
        PostListRequest::new(
            self.client,
            PostList::new(endpoint, Place::Own(edge), fields),
        )
    }

    /// One post or reply: an own one, or with advanced access any public one.
    ///
    /// Scope: `threads_basic`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/retrieve-and-discover-posts/retrieve-posts).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
    /// let post = client.posts().get(&id).await?;
    /// println!("@{:?} wrote {:?}", post.username, post.text);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`](crate::Error::InvalidRequest) if the id cannot be one; any other
    /// [`Error`](crate::Error) of a call.
    pub async fn get(self, post: &PostId) -> Result<Post> {
        self.read(post, &FieldSet::of(field::ONE_POST)).await
    }

    /// One post or reply, with the chosen fields beside the id.
    ///
    /// Scope: `threads_basic`; some fields need more, see [`PostField`]. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/retrieve-and-discover-posts/retrieve-posts).
    ///
    /// # Errors
    ///
    /// Those of [`get`](Self::get). Meta refuses the whole call if one field is not available.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
    /// use threads_client::PostField;
    ///
    /// let post = client.posts().select(&id, &[PostField::Location, PostField::ReplyAudience]).await?;
    /// println!("who may reply: {:?}", post.reply_audience);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn select(self, post: &PostId, fields: &[PostField]) -> Result<Post> {
        self.read(post, &FieldSet::only(fields.iter().cloned()))
            .await
    }

    async fn read(self, post: &PostId, fields: &FieldSet) -> Result<Post> {
        let path = [path_id("post", post.as_str())?];
        let query = Fields::new().with("fields", fields.as_str());
        self.client.read("GET /{post}", &path, query).await
    }

    /// Deletes an own post, by exactly one request; Meta allows 100 deletions in 24 hours.
    ///
    /// It is never sent again. After an error the post may be gone all the same: ask for it with
    /// [`get`](Self::get).
    ///
    /// Scopes: `threads_basic`, `threads_delete`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts/delete-posts).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`](crate::Error::InvalidRequest) if the id cannot be one;
    /// [`Error::Decode`](crate::Error::Decode) if Meta does not say that it did it; any other
    /// [`Error`](crate::Error) of a call.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
    /// let deleted = client.posts().delete(&id).await?;
    /// println!("deleted {:?}", deleted.deleted_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete(self, post: &PostId) -> Result<Deleted> {
        let path = [path_id("post", post.as_str())?];
        let answer: DeletedBody = self.client.remove("DELETE /{post}", &path).await?;
        Ok(Deleted {
            deleted_id: answer.deleted_id,
        })
    }
}

/// A post that is gone.
///
/// ```no_run
/// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
/// use threads_client::Deleted;
///
/// let Deleted { deleted_id, .. } = client.posts().delete(&id).await?;
/// println!("{} is gone", deleted_id.unwrap_or(id));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deleted {
    /// Which post, if Meta says so.
    pub deleted_id: Option<PostId>,
}

#[derive(Deserialize)]
struct DeletedBody {
    #[serde(rename = "success", deserialize_with = "wire::success")]
    _success: (),
    deleted_id: Option<PostId>,
}

/// A list of posts of one account to ask for; made by [`PostsApi::list`], [`PostsApi::mentions`],
/// [`PostsApi::ghost_posts`], [`RepliesApi::mine`](crate::RepliesApi::mine) and
/// [`ProfileApi::public_posts`](crate::ProfileApi::public_posts).
///
/// ```no_run
/// # async fn run(
/// #     client: threads_client::Client,
/// #     monday: chrono::DateTime<chrono::Utc>,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use futures::TryStreamExt;
/// use threads_client::PostField;
///
/// let week = client.posts().list().since(monday).until(monday + chrono::Days::new(7));
/// let mut posts = week.limit(100).max_pages(5.try_into()?).stream();
/// while let Some(post) = posts.try_next().await? {
///     println!("{}", post.id);
/// }
///
/// let few = client.posts().list().limit(10).fields([PostField::Text]).add_fields([PostField::TopicTag]);
/// let page = few.clone().send().await?;
/// if let Some(next) = &page.next {
///     let second = few.clone().after(next).send().await?;
///     if let Some(previous) = &second.previous {
///         let first = few.before(previous).send().await?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct PostListRequest<'a> {
    client: &'a Client,
    list: PostList,
}

list_request!(PostListRequest);
time_window!(PostListRequest);
