//! `GET /{user}/threads`: the caller's posts, newest first.

use axum::http::Method;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::cursor;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::media;
use crate::graph_error::{Failure, GraphError};
use crate::id::PostId;
use crate::post::Post;
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Posts,
    method: Method::GET,
    path: &[Segment::User, Segment::Literal("threads")],
    access: Access::User,
    scopes: &[],
    parameters: &["since", "until", "limit", "before", "after"],
    fields: media::FIELDS,
    errors: ErrorShape::Graph,
    handler: list,
};

/// Nothing before this instant (2023-07-05) can be asked for.
const FLOOR: i64 = 1_688_540_400;
const DEFAULT_LIMIT: usize = 25;
const LARGEST_LIMIT: usize = 100;

fn list(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let author = call.user()?;
    let (since, until) = window(call)?;
    let limit = limit(call)?;
    let state = &*call.state;
    let lag = TimeDelta::seconds(i64::from(state.switches.listing_lag_seconds));
    let mut posts: Vec<&Post> = state
        .posts_of(author)
        .filter(|post| post.is_top_level() && post.is_live())
        .filter(|post| call.now - post.published_at >= lag)
        .filter(|post| since.is_none_or(|since| post.published_at >= since))
        .filter(|post| until.is_none_or(|until| post.published_at < until))
        .collect();
    posts.sort_by_key(|post| std::cmp::Reverse((post.published_at, post.id)));

    let page = page(call, &posts, limit)?;
    let has_older = page.last().map(|post| post.id) != posts.last().map(|post| post.id);
    let has_newer = page.first().map(|post| post.id) != posts.first().map(|post| post.id);
    let data: Vec<Value> = page
        .iter()
        .map(|post| call.selection.apply(&media::object(state, post, author)))
        .collect();
    let mut answer = json!({ "data": data });
    if let (Some(first), Some(last)) = (page.first(), page.last()) {
        let before = cursor::encode(state.seed, author, first.id);
        let after = cursor::encode(state.seed, author, last.id);
        let mut paging = json!({ "cursors": { "before": before, "after": after } });
        if state.switches.paging_links {
            if has_older {
                paging["next"] = json!(link(call, "after", &after));
            }
            if has_newer {
                paging["previous"] = json!(link(call, "before", &before));
            }
        }
        answer["paging"] = paging;
    }
    Ok(Reply::json(answer))
}

/// The posts behind or before the cursor.
fn page<'a>(
    call: &Call<'_>,
    posts: &[&'a Post],
    limit: usize,
) -> Result<Vec<&'a Post>, GraphError> {
    let parameters = &call.request.parameters;
    match (parameters.get("after"), parameters.get("before")) {
        (Some(_), Some(_)) => Err(GraphError::parameter(
            "Params before and after exclude each other",
        )),
        (Some(after), None) => {
            let position = position(call, after)?;
            Ok(posts
                .iter()
                .copied()
                .filter(|post| (post.published_at, post.id) < position)
                .take(limit)
                .collect())
        }
        (None, Some(before)) => {
            let position = position(call, before)?;
            let newer: Vec<&Post> = posts
                .iter()
                .copied()
                .filter(|post| (post.published_at, post.id) > position)
                .collect();
            let skipped = newer.len().saturating_sub(limit);
            Ok(newer.into_iter().skip(skipped).collect())
        }
        (None, None) => Ok(posts.iter().copied().take(limit).collect()),
    }
}

/// Where a cursor points to; it stays good when its post is deleted.
fn position(call: &Call<'_>, text: &str) -> Result<(DateTime<Utc>, PostId), GraphError> {
    let invalid = || GraphError::parameter("The cursor is not valid for this list");
    let author = call.user().map_err(|_| invalid())?;
    let id = cursor::decode(call.state.seed, author, text).ok_or_else(invalid)?;
    let post = call.state.posts.get(&id).ok_or_else(invalid)?;
    Ok((post.published_at, id))
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

type Bounds = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

fn window(call: &Call<'_>) -> Result<Bounds, GraphError> {
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
    Ok((since, until))
}

/// Unix seconds or a date such as `2025-10-15`.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(seconds) = text.parse() {
        return DateTime::from_timestamp(seconds, 0);
    }
    let date: NaiveDate = text.parse().ok()?;
    Some(date.and_time(NaiveTime::MIN).and_utc())
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
    for name in ["fields", "since", "until", "limit"] {
        if let Some(value) = call.request.parameters.get(name) {
            query.append_pair(name, value);
        }
    }
    query.append_pair(direction, cursor);
    drop(query);
    url.into()
}
