//! Paging by cursors.
//!
//! Meta's `paging.next` is a whole URL that can hold the access token, so it is not even read here.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use futures::Stream;
use futures::stream;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Error, Result};

/// A place between two pages, meaningful to Meta only.
///
/// ```no_run
/// # async fn run(client: threads_client::Client, kept: String) -> threads_client::Result<()> {
/// use threads_client::Cursor;
///
/// let page = client.posts().list().after(&Cursor::new(kept)).send().await?;
/// let next: Option<&str> = page.next.as_ref().map(Cursor::as_str);
/// println!("to be kept: {next:?}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor that was kept as text.
    pub fn new(cursor: impl Into<String>) -> Self {
        Self(cursor.into())
    }

    /// The cursor as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Cursor").field(&self.0).finish()
    }
}

/// One page of a list.
///
/// A last page can still have a `next` cursor; the page after it is then empty.
///
/// ```
/// use threads_client::{Page, Post};
///
/// let answer = r#"{"data": [{"id": "17900000000000001"}], "paging": {"cursors": {"after": "QVFI"}}}"#;
/// let page: Page<Post> = serde_json::from_str(answer)?;
///
/// assert_eq!(page.items.len(), 1);
/// assert_eq!(page.next.as_ref().map(|cursor| cursor.as_str()), Some("QVFI"));
/// assert_eq!(page.previous, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on the page, in Meta's order.
    pub items: Vec<T>,
    /// Where the next page starts.
    pub next: Option<Cursor>,
    /// Where the page before ends.
    pub previous: Option<Cursor>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = PageBody::deserialize(deserializer)?;
        let cursors = body
            .paging
            .and_then(|paging| paging.cursors)
            .unwrap_or_default();
        let usable = |cursor: Option<Cursor>| cursor.filter(|cursor| !cursor.0.is_empty());
        Ok(Self {
            items: body.data,
            next: usable(cursors.after),
            previous: usable(cursors.before),
        })
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct PageBody<T> {
    #[serde(deserialize_with = "bounded")]
    data: Vec<T>,
    paging: Option<Paging>,
}

/// Meta's pages have up to 100 items; a body of the greatest size could hold a million.
const MOST_ITEMS: usize = 1_000;
/// So many are on a page of which no other number was asked for.
const USUAL_ITEMS: usize = 25;

fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Items<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
        type Value = Vec<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "a list of at most {MOST_ITEMS} items")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = list.next_element()? {
                if items.len() == MOST_ITEMS {
                    return Err(A::Error::invalid_length(MOST_ITEMS + 1, &self));
                }
                if items.is_empty() {
                    items.reserve_exact(USUAL_ITEMS);
                }
                items.push(item);
            }
            Ok(items)
        }
    }

    deserializer.deserialize_seq(Items(PhantomData))
}

#[derive(Deserialize)]
struct Paging {
    cursors: Option<Cursors>,
}

#[derive(Deserialize, Default)]
struct Cursors {
    before: Option<Cursor>,
    after: Option<Cursor>,
}

/// The items of all pages, one after the other.
///
/// It ends after an empty page, a page without a cursor, a cursor that was seen before, or an error. A list
/// that is longer than `max_pages` ends with an error rather than as if it were complete.
pub(crate) fn stream<T, F, A>(
    endpoint: &'static str,
    max_pages: usize,
    fetch: F,
) -> impl Stream<Item = Result<T>> + Send + Unpin + use<T, F, A>
where
    T: Send + 'static,
    F: Fn(Option<Cursor>) -> A + Send + 'static,
    A: Future<Output = Result<Page<T>>> + Send + 'static,
{
    let start = Walk {
        items: Vec::new().into_iter(),
        seen: HashSet::new(),
        step: Step::First,
        pages: 0,
    };
    Box::pin(stream::unfold(
        (start, fetch),
        move |(mut walk, fetch)| async move {
            loop {
                if let Some(item) = walk.items.next() {
                    return Some((Ok(item), (walk, fetch)));
                }
                let cursor = match std::mem::replace(&mut walk.step, Step::Done) {
                    Step::First => None,
                    Step::After(cursor) => Some(cursor),
                    Step::Done => return None,
                };
                if walk.pages == max_pages {
                    return Some((
                        Err(Error::PageLimit {
                            endpoint: endpoint.into(),
                            pages: max_pages,
                        }),
                        (walk, fetch),
                    ));
                }
                match fetch(cursor).await {
                    Ok(page) => walk.turn(page),
                    Err(error) => return Some((Err(error), (walk, fetch))),
                }
            }
        },
    ))
}

struct Walk<T> {
    items: std::vec::IntoIter<T>,
    seen: HashSet<Cursor>,
    step: Step,
    pages: usize,
}

enum Step {
    First,
    After(Cursor),
    Done,
}

impl<T> Walk<T> {
    fn turn(&mut self, page: Page<T>) {
        self.pages += 1;
        let is_empty = page.items.is_empty();
        self.items = page.items.into_iter();
        if let Some(next) = page.next
            && !is_empty
            && self.seen.insert(next.clone())
        {
            self.step = Step::After(next);
        }
    }
}
