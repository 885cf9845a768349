//! What the lists of posts have in common: window, limit, cursors and the envelope.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::cursor::{self, ListId};
use crate::endpoint::Call;
use crate::graph_error::GraphError;
use crate::id::PostId;
use crate::post::Post;
use crate::reply::Reply;

/// The parameters of a list of somebody's posts, besides `fields`.
pub(super) const PARAMETERS: &[&str] = &["since", "until", "limit", "before", "after"];

/// Nothing before this instant (2023-07-05) can be asked for.
const FLOOR: i64 = 1_688_540_400;
const DEFAULT_LIMIT: usize = 25;
const LARGEST_LIMIT: usize = 100;

/// The part of time that a list shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// A part of a list, and where the list goes on.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) posts: Vec<&'a Post>,
    list: ListId,
    goes_on: bool,
    has_previous: bool,
}

/// The order of most lists.
pub(super) fn newest_first(post: &Post) -> Reverse<(DateTime<Utc>, PostId)> {
    Reverse((post.published_at, post.id))
}

/// The posts behind or before the cursor, in ascending `order`.
///
/// A cursor stays good when its post is deleted.
pub(super) fn page<'a, K: Ord>(
    call: &Call<'_>,
    list: ListId,
    posts: impl Iterator<Item = &'a Post>,
    order: impl Fn(&Post) -> K,
) -> Result<Page<'a>, GraphError> {
    let limit = limit(call)?;
    let lag = TimeDelta::seconds(i64::from(call.state.switches.listing_lag_seconds));
    let mut posts: Vec<&Post> = posts
        .filter(|post| call.now - post.published_at >= lag)
        .collect();
    posts.sort_by_key(|post| order(post));

    let position = |text: &str| {
        cursor::decode(call.state.seed, list, text)
            .and_then(|id| call.state.posts.get(&id))
            .map(&order)
            .ok_or_else(|| GraphError::parameter("The cursor is not valid for this list"))
    };
    let parameters = &call.request.parameters;
    let (from, to) = match (parameters.get("after"), parameters.get("before")) {
        (Some(_), Some(_)) => {
            return Err(GraphError::parameter(
                "Params before and after exclude each other",
            ));
        }
        (Some(after), None) => {
            let position = position(after)?;
            let from = posts.partition_point(|post| order(post) <= position);
            (from, from.saturating_add(limit))
        }
        (None, Some(before)) => {
            let position = position(before)?;
            let to = posts.partition_point(|post| order(post) < position);
            (to.saturating_sub(limit), to)
        }
        (None, None) => (0, limit),
    };
    let to = to.min(posts.len());
    Ok(Page {
        list,
        goes_on: to < posts.len(),
        has_previous: from > 0,
        posts: posts.get(from..to).unwrap_or_default().to_vec(),
    })
}

impl Page<'_> {
    /// The answer with the cursors of this page; an empty page has none.
    pub(super) fn answer(&self, call: &Call<'_>, object: impl Fn(&Post) -> Value) -> Reply {
        let mut answer = self.answer_without_paging(call, object);
        if let (Some(first), Some(last)) = (self.posts.first(), self.posts.last()) {
            let state = &*call.state;
            let before = cursor::encode(state.seed, self.list, first.id);
            let after = cursor::encode(state.seed, self.list, last.id);
            let mut paging = json!({ "cursors": { "before": before, "after": after } });
            if state.switches.paging_links {
                if self.goes_on {
                    paging["next"] = json!(link(call, "after", &after));
                }
                if self.has_previous {
                    paging["previous"] = json!(link(call, "before", &before));
                }
            }
            answer["paging"] = paging;
        }
        Reply::json(answer)
    }

    /// The answer of a list that has no cursors.
    pub(super) fn answer_without_paging(
        &self,
        call: &Call<'_>,
        object: impl Fn(&Post) -> Value,
    ) -> Value {
        let data: Vec<Value> = self
            .posts
            .iter()
            .map(|post| call.selection.apply(&object(post)))
            .collect();
        json!({ "data": data })
    }
}

impl Window {
    /// Whether the post was published in it.
    pub(super) fn holds(&self, post: &Post) -> bool {
        self.since.is_none_or(|since| post.published_at >= since)
            && self.until.is_none_or(|until| post.published_at < until)
    }
}

/// The window that `since` and `until` ask for.
pub(super) fn window(call: &Call<'_>) -> Result<Window, GraphError> {
    let bound = |name: &str| {
        call.request
            .parameters
            .get(name)
            .map(|text| {
                instant(text).ok_or_else(|| {
                    GraphError::parameter(format!(
                        "Param {name} must be a UNIX timestamp or a date"
                    ))
                })
            })
            .transpose()
    };
    let since = bound("since")?;
    let until = bound("until")?;
    if since.is_some_and(|since| since.timestamp() < FLOOR) {
        return Err(GraphError::parameter(format!(
            "Param since must not be before {FLOOR}"
        )));
    }
    if until.is_some_and(|until| until > call.now) {
        return Err(GraphError::parameter(
            "Param until must not be in the future",
        ));
    }
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        return Err(GraphError::parameter("Param since must be before until"));
    }
    Ok(Window { since, until })
}

/// Unix seconds or a date such as `2025-10-15`.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(seconds) = text.parse() {
        return DateTime::from_timestamp(seconds, 0);
    }
    let date: NaiveDate = text.parse().ok()?;
    Some(date.and_time(NaiveTime::MIN).and_utc())
}

fn limit(call: &Call<'_>) -> Result<usize, GraphError> {
    let Some(text) = call.request.parameters.get("limit") else {
        return Ok(DEFAULT_LIMIT);
    };
    text.parse()
        .ok()
        .filter(|limit| (1..=LARGEST_LIMIT).contains(limit))
        .ok_or_else(|| GraphError::parameter("Param limit must be a number from 1 to 100"))
}

/// A link to the next page with the token inside, as Meta sends it.
fn link(call: &Call<'_>, direction: &str, cursor: &str) -> String {
    let mut url = call.base_url.clone();
    let path = call
        .request
        .path
        .trim_matches('/')
        .trim_start_matches("v1.0/");
    url.set_path(&format!("/v1.0/{path}"));
    let mut query = url.query_pairs_mut();
    if let Some(token) = &call.request.token {
        query.append_pair("access_token", &token.secret);
    }
    let parameters = &call.request.parameters;
    for name in parameters.names() {
        if !matches!(name, "after" | "before") {
            query.append_pair(name, parameters.get(name).unwrap_or_default());
        }
    }
    query.append_pair(direction, cursor);
    drop(query);
    url.into()
}
