//! What all lists of posts have in common.

use std::borrow::Cow;
use std::num::NonZeroUsize;

use chrono::{DateTime, Utc};
use futures::Stream;

use super::field::FieldSet;
use super::{Post, PostField};
use crate::error::InvalidRequest;
use crate::http::{Fields, path_id};
use crate::{Client, Cursor, Error, Page, PostId, Result, page, wire};

/// The first second Meta has posts of: 5 July 2023.
const EARLIEST: i64 = 1_688_540_400;

/// A list of posts: where it is, and what is asked for.
#[derive(Debug, Clone)]
pub(crate) struct PostList {
    /// Template of the call.
    endpoint: &'static str,
    place: Place,
    fields: FieldSet,
    /// What only this endpoint knows.
    parameters: Vec<(&'static str, Cow<'static, str>)>,
    /// The first rule that such a parameter broke; nothing is sent then.
    broken: Option<InvalidRequest>,
    limit: Option<u8>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    after: Option<Cursor>,
    before: Option<Cursor>,
    max_pages: NonZeroUsize,
}

/// Where a list is, below the API version.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// Of the account itself.
    Own(&'static str),
    /// Of one post.
    Of(PostId, &'static str),
    /// Of nobody in particular.
    Root(&'static str),
}

impl PostList {
    pub(crate) fn new(endpoint: &'static str, place: Place, fields: &'static str) -> Self {
        const MAX_PAGES: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
        Self {
            endpoint,
            place,
            fields: FieldSet::of(fields),
            parameters: Vec::new(),
            broken: None,
            limit: None,
            since: None,
            until: None,
            after: None,
            before: None,
            max_pages: MAX_PAGES,
        }
    }

    /// Sets a parameter that only this endpoint knows, in place of an earlier value.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.parameters.retain(|(other, _)| *other != name);
        self.parameters.push((name, value.into()));
    }

    /// Sets such a parameter, or keeps what is wrong with it for the moment of sending.
    pub(crate) fn set_checked(&mut self, name: &'static str, value: Result<String>) {
        match value {
            Ok(value) => self.set(name, value),
            Err(Error::InvalidRequest(broken)) => {
                self.broken.get_or_insert(broken);
            }
            // Checks have nothing else to say.
            Err(_) => {}
        }
    }

    pub(crate) fn limit(&mut self, limit: u8) {
        self.limit = Some(limit);
    }

    pub(crate) fn since(&mut self, since: DateTime<Utc>) {
        self.since = Some(since);
    }

    pub(crate) fn until(&mut self, until: DateTime<Utc>) {
        self.until = Some(until);
    }

    pub(crate) fn after(&mut self, cursor: &Cursor) {
        self.after = Some(cursor.clone());
    }

    pub(crate) fn before(&mut self, cursor: &Cursor) {
        self.before = Some(cursor.clone());
    }

    pub(crate) fn max_pages(&mut self, pages: NonZeroUsize) {
        self.max_pages = pages;
    }

    pub(crate) fn fields(&mut self, fields: impl IntoIterator<Item = PostField>) {
        self.fields = FieldSet::only(fields);
    }

    pub(crate) fn add_fields(&mut self, fields: impl IntoIterator<Item = PostField>) {
        self.fields = self.fields.clone().and(fields);
    }

    pub(crate) async fn fetch(&self, client: &Client) -> Result<Page<Post>> {
        let query = self.query()?;
        let path = match &self.place {
            Place::Own(edge) => ["me", edge],
            Place::Of(post, edge) => [path_id("post", post.as_str())?, edge],
            Place::Root(name) => return client.read(self.endpoint, &[name], query).await,
        };
        client.read(self.endpoint, &path, query).await
    }

    pub(crate) fn stream(
        self,
        client: &Client,
    ) -> impl Stream<Item = Result<Post>> + Send + Unpin + use<> {
        let client = client.clone();
        page::stream(self.endpoint, self.max_pages.get(), move |cursor| {
            let client = client.clone();
            let mut list = self.clone();
            if cursor.is_some() {
                list.after = cursor;
                list.before = None;
            }
            async move { list.fetch(&client).await }
        })
    }

    fn query(&self) -> Result<Fields> {
        if let Some(broken) = &self.broken {
            return Err(Error::InvalidRequest(broken.clone()));
        }
        if self.limit.is_some_and(|limit| !(1..=100).contains(&limit)) {
            return Err(Error::invalid("limit", "must be from 1 to 100"));
        }
        if self.after.is_some() && self.before.is_some() {
            return Err(Error::invalid("after", "cannot be combined with `before`"));
        }
        let (since, until) = wire::window(EARLIEST, self.since, self.until)?;
        let limit = self.limit.map(|limit| limit.to_string());
        let mut query = Fields::new();
        for (name, value) in &self.parameters {
            query.add(name, value);
        }
        Ok(query
            .with("fields", self.fields.as_str())
            .with_some("since", since.as_deref())
            .with_some("until", until.as_deref())
            .with_some("limit", limit.as_deref())
            .with_some("after", self.after.as_ref().map(Cursor::as_str))
            .with_some("before", self.before.as_ref().map(Cursor::as_str)))
    }
}

/// The setters that every list of posts has, and the two ways of sending it.
macro_rules! list_request {
    ($name:ident) => {
        impl<'a> $name<'a> {
            pub(crate) fn new(client: &'a $crate::Client, list: $crate::posts::PostList) -> Self {
                Self { client, list }
            }

            /// Posts on one page, from 1 to 100; Meta's default is 25.
            pub fn limit(mut self, limit: u8) -> Self {
                self.list.limit(limit);
                self
            }

            /// Starts after this place; not together with [`before`](Self::before).
            pub fn after(mut self, cursor: &$crate::Cursor) -> Self {
                self.list.after(cursor);
                self
            }

            /// Ends before this place; not together with [`after`](Self::after).
            pub fn before(mut self, cursor: &$crate::Cursor) -> Self {
                self.list.before(cursor);
                self
            }

            /// Asks for these fields and the id, and for nothing else.
            pub fn fields(mut self, fields: impl IntoIterator<Item = $crate::PostField>) -> Self {
                self.list.fields(fields);
                self
            }

            /// Asks for these fields, too: such as those that need one more scope.
            pub fn add_fields(
                mut self,
                fields: impl IntoIterator<Item = $crate::PostField>,
            ) -> Self {
                self.list.add_fields(fields);
                self
            }

            /// How many pages [`stream`](Self::stream) may read; 1,000 if not set.
            pub fn max_pages(mut self, pages: std::num::NonZeroUsize) -> Self {
                self.list.max_pages(pages);
                self
            }

            /// Asks for one page.
            ///
            /// # Errors
            ///
            /// [`Error::InvalidRequest`](crate::Error::InvalidRequest) if an option cannot be right or two
            /// contradict each other; any other [`Error`](crate::Error) of a call.
            pub async fn send(self) -> $crate::Result<$crate::Page<$crate::Post>> {
                self.list.fetch(self.client).await
            }

            /// All posts from here on, page after page.
            ///
            /// The stream reads a page when it is polled for the first post on it. It ends after an empty
            /// page, a page without a cursor, a cursor that was there before, and the first error; with
            /// [`Error::PageLimit`](crate::Error::PageLimit) if there are more pages than
            /// [`max_pages`](Self::max_pages).
            ///
            /// A future of its `next` can be dropped at any time: no post is lost, and the next one goes on
            /// with the request that is under way.
            ///
            /// # Errors
            ///
            /// As items: those of [`send`](Self::send), and `PageLimit` as said above.
            pub fn stream(
                self,
            ) -> impl futures::Stream<Item = $crate::Result<$crate::Post>> + Send + Unpin + use<>
            {
                self.list.stream(self.client)
            }
        }
    };
}

/// The setters of lists that can be limited in time.
macro_rules! time_window {
    ($name:ident) => {
        impl $name<'_> {
            /// Only posts from this time on, in whole seconds; not before 5 July 2023.
            pub fn since(mut self, since: chrono::DateTime<chrono::Utc>) -> Self {
                self.list.since(since);
                self
            }

            /// Only posts before this time, in whole seconds.
            pub fn until(mut self, until: chrono::DateTime<chrono::Utc>) -> Self {
                self.list.until(until);
                self
            }
        }
    };
}

pub(crate) use {list_request, time_window};
