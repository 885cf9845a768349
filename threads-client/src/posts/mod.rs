//! The posts of the account.

use std::num::NonZeroUsize;

use chrono::{DateTime, Utc};
use futures::Stream;
use serde::Deserialize;
use url::Url;

use crate::http::{Fields, path_id};
use crate::open_enum::open_enum;
use crate::page;
use crate::wire::Reference;
use crate::{Client, Cursor, Error, Page, PostId, Result, UserId, wire};

/// Meta refuses a call that asks for one unknown field, so only documented ones are here.
const FIELDS: &str = "id,media_type,text,permalink,timestamp,username,shortcode,media_url,thumbnail_url,owner,children,\
     is_quote_post,quoted_post,reposted_post,link_attachment_url,topic_tag,alt_text,gif_url";

const LIST: &str = "GET /me/threads";

/// Calls about posts; made by [`Client::posts`].
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
    pub fn list(self) -> PostListRequest<'a> {
        PostListRequest {
            client: self.client,
            options: ListOptions::default(),
        }
    }

    /// One post.
    ///
    /// Scope: `threads_basic`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/retrieve-and-discover-posts/retrieve-posts).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the id cannot be one; any other [`Error`] of a call.
    pub async fn get(self, post: &PostId) -> Result<Post> {
        let path = [path_id("post", post.as_str())?];
        self.client
            .read("GET /{post}", &path, Fields::new().with("fields", FIELDS))
            .await
    }
}

/// A list of posts to ask for; made by [`PostsApi::list`].
#[derive(Debug, Clone)]
#[must_use]
pub struct PostListRequest<'a> {
    client: &'a Client,
    options: ListOptions,
}

#[derive(Debug, Clone)]
struct ListOptions {
    limit: Option<u8>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    after: Option<Cursor>,
    before: Option<Cursor>,
    max_pages: NonZeroUsize,
}

impl Default for ListOptions {
    fn default() -> Self {
        const MAX_PAGES: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
        Self {
            limit: None,
            since: None,
            until: None,
            after: None,
            before: None,
            max_pages: MAX_PAGES,
        }
    }
}

impl PostListRequest<'_> {
    /// Posts on one page, from 1 to 100; Meta's default is 25.
    pub fn limit(mut self, limit: u8) -> Self {
        self.options.limit = Some(limit);
        self
    }

    /// Only posts from this time on, in whole seconds.
    pub fn since(mut self, since: DateTime<Utc>) -> Self {
        self.options.since = Some(since);
        self
    }

    /// Only posts before this time, in whole seconds.
    pub fn until(mut self, until: DateTime<Utc>) -> Self {
        self.options.until = Some(until);
        self
    }

    /// Starts after this place; not together with [`before`](Self::before).
    pub fn after(mut self, cursor: &Cursor) -> Self {
        self.options.after = Some(cursor.clone());
        self
    }

    /// Ends before this place; not together with [`after`](Self::after).
    pub fn before(mut self, cursor: &Cursor) -> Self {
        self.options.before = Some(cursor.clone());
        self
    }

    /// How many pages [`stream`](Self::stream) may read; 1,000 if not set.
    pub fn max_pages(mut self, pages: NonZeroUsize) -> Self {
        self.options.max_pages = pages;
        self
    }

    /// Asks for one page.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the options contradict each other; any other [`Error`] of a call.
    pub async fn send(self) -> Result<Page<Post>> {
        fetch(self.client, &self.options).await
    }

    /// All posts from here on, page after page.
    ///
    /// The stream reads a page when it is polled for the first post on it. It ends after the first error, and
    /// with [`Error::PageLimit`] if there are more pages than [`max_pages`](Self::max_pages).
    pub fn stream(self) -> impl Stream<Item = Result<Post>> + Send + Unpin + use<> {
        let client = self.client.clone();
        let options = self.options;
        page::stream(LIST, options.max_pages.get(), move |cursor| {
            let client = client.clone();
            let mut options = options.clone();
            if cursor.is_some() {
                options.after = cursor;
                options.before = None;
            }
            async move { fetch(&client, &options).await }
        })
    }
}

async fn fetch(client: &Client, options: &ListOptions) -> Result<Page<Post>> {
    if options
        .limit
        .is_some_and(|limit| !(1..=100).contains(&limit))
    {
        return Err(Error::invalid("limit", "must be from 1 to 100"));
    }
    if options.after.is_some() && options.before.is_some() {
        return Err(Error::invalid("after", "cannot be combined with `before`"));
    }
    let (since, until) = wire::window(options.since, options.until)?;
    let query = Fields::new()
        .with("fields", FIELDS)
        .with_some("since", since.as_deref())
        .with_some("until", until.as_deref())
        .with_some(
            "limit",
            options.limit.map(|limit| limit.to_string()).as_deref(),
        )
        .with_some("after", options.after.as_ref().map(Cursor::as_str))
        .with_some("before", options.before.as_ref().map(Cursor::as_str));
    client.read(LIST, &["me", "threads"], query).await
}

/// A published post, as Meta describes it. What Meta leaves out is `None`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Post {
    /// Id of the post.
    pub id: PostId,
    /// What kind of post it is.
    pub media_type: Option<MediaType>,
    /// Text; absent on media without a caption.
    pub text: Option<String>,
    /// Address on the web; absent if the media is flagged for copyright.
    #[serde(default, deserialize_with = "wire::url")]
    pub permalink: Option<Url>,
    /// When it was published.
    #[serde(default, deserialize_with = "wire::timestamp")]
    pub timestamp: Option<DateTime<Utc>>,
    /// Handle of the author.
    pub username: Option<String>,
    /// Short form of the id in web addresses.
    pub shortcode: Option<String>,
    /// Address of the image or video; it expires.
    #[serde(default, deserialize_with = "wire::url")]
    pub media_url: Option<Url>,
    /// Address of a still of the video; it expires.
    #[serde(default, deserialize_with = "wire::url")]
    pub thumbnail_url: Option<Url>,
    /// Author; only on own top-level posts.
    #[serde(default, deserialize_with = "owner")]
    pub owner: Option<UserId>,
    /// Items of a carousel, in order.
    #[serde(default, deserialize_with = "wire::post_references")]
    pub children: Vec<PostId>,
    /// Whether this post quotes another one.
    pub is_quote_post: Option<bool>,
    /// The post that is quoted.
    #[serde(default, deserialize_with = "wire::post_reference")]
    pub quoted_post: Option<PostId>,
    /// The post that is reposted.
    #[serde(default, deserialize_with = "wire::post_reference")]
    pub reposted_post: Option<PostId>,
    /// Link shown as a card; called `link_attachment` when publishing.
    #[serde(default, deserialize_with = "wire::url")]
    pub link_attachment_url: Option<Url>,
    /// Topic, without `#`.
    pub topic_tag: Option<String>,
    /// Description of the media for people who do not see it.
    pub alt_text: Option<String>,
    /// Address of the GIF.
    #[serde(default, deserialize_with = "wire::url")]
    pub gif_url: Option<Url>,
    /// Who may reply. Not asked for by this crate's own calls: it needs `threads_read_replies`.
    pub reply_audience: Option<ReplyAudience>,
}

fn owner<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<UserId>, D::Error> {
    Ok(Option::<Reference<UserId>>::deserialize(deserializer)?.and_then(|reference| reference.id))
}

open_enum! {
    /// What kind of post it is, as read. Publishing uses other names.
    pub enum MediaType {
        /// Text, also with a link, a GIF or a poll.
        TextPost = "TEXT_POST",
        /// One image.
        Image = "IMAGE",
        /// One video.
        Video = "VIDEO",
        /// Several images or videos.
        CarouselAlbum = "CAROUSEL_ALBUM",
        /// A voice post.
        Audio = "AUDIO",
        /// A repost of another post.
        RepostFacade = "REPOST_FACADE",
    }
}

open_enum! {
    /// Who may reply, as read. Publishing uses [`ReplyControl`](crate::ReplyControl), in lower case.
    pub enum ReplyAudience {
        /// Everyone.
        Everyone = "EVERYONE",
        /// Accounts the author follows.
        AccountsYouFollow = "ACCOUNTS_YOU_FOLLOW",
        /// Accounts mentioned in the post.
        MentionedOnly = "MENTIONED_ONLY",
        /// The author of the post above.
        ParentPostAuthorOnly = "PARENT_POST_AUTHOR_ONLY",
        /// Followers of the author.
        FollowersOnly = "FOLLOWERS_ONLY",
    }
}
