//! Searching public posts.

use serde::Deserialize;

use crate::http::Fields;
use crate::posts::{Place, PostList, SEARCH, list_request, time_window};
use crate::{Client, Error, Result, SearchedKeyword, wire};

/// Search calls; made by [`Client::search`].
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::SearchApi;
///
/// let search: SearchApi<'_> = client.search();
/// for keyword in search.recent_keywords().await? {
///     let found = search.keyword(keyword.query).send().await?;
///     println!("{} posts", found.items.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct SearchApi<'a> {
    client: &'a Client,
}

impl<'a> SearchApi<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Public posts with a keyword, or with [a topic](SearchMode::Tag).
    ///
    /// **Before Meta approved the app for `threads_keyword_search`, only the account's own posts are found.**
    /// An empty result then says nothing about the public ones. Sensitive words find nothing, either.
    ///
    /// Meta counts searches that find something: up to 2,200 in 24 hours for one user, over all apps. Posts
    /// that were found lately may be replied to, quoted and reposted.
    ///
    /// Scopes: `threads_basic`, `threads_keyword_search`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/keyword-search).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::{SearchMediaType, SearchMode, SearchType};
    ///
    /// let search = client.search().keyword("Rust").search_mode(SearchMode::Tag);
    /// let search = search.search_type(SearchType::Recent).media_type(SearchMediaType::Image);
    /// for post in search.limit(100).send().await?.items {
    ///     println!("{:?}: {:?}", post.username, post.text);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn keyword(self, keyword: impl Into<String>) -> PostSearchRequest<'a> {
        let list = PostList::new("GET /keyword_search", Place::Root("keyword_search"), SEARCH);
        let mut request = PostSearchRequest::new(self.client, list);
        let keyword = keyword.into();
        let keyword = if keyword.trim().is_empty() {
            Err(Error::invalid("q", "must not be empty"))
        } else {
            Ok(keyword)
        };
        request.list.set_checked("q", keyword);
        request
    }

    /// What the account searched for lately.
    ///
    /// Scope: `threads_basic`. See [Meta's page](https://developers.facebook.com/docs/threads/keyword-search).
    ///
    /// # Errors
    ///
    /// Any [`Error`] of a call.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// for keyword in client.search().recent_keywords().await? {
    ///     println!("{} at {:?}", keyword.query, keyword.searched_at);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recent_keywords(self) -> Result<Vec<SearchedKeyword>> {
        let query = Fields::new().with("fields", "recently_searched_keywords");
        let answer: Keywords = self.client.read("GET /me", &["me"], query).await?;
        Ok(answer.recently_searched_keywords)
    }
}

#[derive(Deserialize)]
struct Keywords {
    #[serde(default, deserialize_with = "wire::items")]
    recently_searched_keywords: Vec<SearchedKeyword>,
}

/// A search to send; made by [`SearchApi::keyword`].
///
/// Meta does not document cursors for searches, but has been seen to send them; they are followed if they come.
///
/// ```no_run
/// # async fn run(
/// #     client: threads_client::Client,
/// #     monday: chrono::DateTime<chrono::Utc>,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use futures::TryStreamExt;
/// use threads_client::{PostField, SearchMediaType, SearchMode, SearchType};
///
/// let search = client.search().keyword("tea").search_type(SearchType::Recent);
/// let week = search.since(monday).until(monday + chrono::Days::new(7)).limit(50);
/// let page = week.clone().add_fields([PostField::AltText]).send().await?;
/// if let Some(next) = &page.next {
///     let second = week.clone().after(next).send().await?;
///     if let Some(previous) = &second.previous {
///         let first = week.before(previous).send().await?;
///     }
/// }
///
/// let images = client.search().keyword("tea").search_mode(SearchMode::Tag).media_type(SearchMediaType::Image);
/// let by_one = images.author_username("acme.lab").fields([PostField::Permalink]);
/// let all: Vec<_> = by_one.max_pages(3.try_into()?).stream().try_collect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct PostSearchRequest<'a> {
    client: &'a Client,
    list: PostList,
}

list_request!(PostSearchRequest);
time_window!(PostSearchRequest);

impl PostSearchRequest<'_> {
    /// Which posts come first; Meta's default is [`SearchType::Top`].
    pub fn search_type(mut self, search_type: SearchType) -> Self {
        self.list.set("search_type", search_type.as_str());
        self
    }

    /// What is searched; Meta's default is [`SearchMode::Keyword`].
    pub fn search_mode(mut self, search_mode: SearchMode) -> Self {
        self.list.set("search_mode", search_mode.as_str());
        self
    }

    /// Only posts of this kind.
    pub fn media_type(mut self, media_type: SearchMediaType) -> Self {
        self.list.set("media_type", media_type.as_str());
        self
    }

    /// Only posts of this account, by its exact username; a leading `@` is dropped.
    pub fn author_username(mut self, username: impl AsRef<str>) -> Self {
        let username = wire::username("author_username", username.as_ref());
        self.list
            .set_checked("author_username", username.map(str::to_owned));
        self
    }
}

/// Which posts a search lists first.
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::SearchType;
///
/// for order in [SearchType::Top, SearchType::Recent] {
///     let page = client.search().keyword("tea").search_type(order).send().await?;
///     println!("{}: {:?}", order.as_str(), page.items.first().map(|post| &post.id));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchType {
    /// The most popular.
    Top,
    /// The newest.
    Recent,
}

impl SearchType {
    /// The name Meta uses on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Top => "TOP",
            Self::Recent => "RECENT",
        }
    }
}

/// What a search looks through.
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::SearchMode;
///
/// for mode in [SearchMode::Keyword, SearchMode::Tag] {
///     let page = client.search().keyword("tea").search_mode(mode).send().await?;
///     println!("{}: {} posts", mode.as_str(), page.items.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchMode {
    /// The words of posts.
    Keyword,
    /// Their topics.
    Tag,
}

impl SearchMode {
    /// The name Meta uses on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keyword => "KEYWORD",
            Self::Tag => "TAG",
        }
    }
}

/// Kinds of posts a search can be limited to; carousels cannot be searched for.
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::SearchMediaType;
///
/// for media in [SearchMediaType::Image, SearchMediaType::Video] {
///     let page = client.search().keyword("tea").media_type(media).send().await?;
///     println!("{}: {} posts", media.as_str(), page.items.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchMediaType {
    /// Text.
    Text,
    /// One image.
    Image,
    /// One video.
    Video,
}

impl SearchMediaType {
    /// The name Meta uses on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Image => "IMAGE",
            Self::Video => "VIDEO",
        }
    }
}
