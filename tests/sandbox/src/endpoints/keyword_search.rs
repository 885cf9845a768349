//! `GET /keyword_search`: public posts by a word in them, or by their topic.

use std::cmp::Reverse;

use axum::http::Method;
use chrono::{DateTime, Utc};

use crate::content::MediaKind;
use crate::cursor::ListId;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::listing::{self, Window};
use crate::endpoints::{media, media_fields};
use crate::evolution::post_counters;
use crate::graph_error::{Failure, GraphError};
use crate::id::UserId;
use crate::post::Post;
use crate::reply::Reply;
use crate::state::State;
use crate::switches::SearchPaging;
use crate::user::{User, in_last_day};

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::KeywordSearch,
    method: Method::GET,
    path: &[Segment::Literal("keyword_search")],
    access: Access::User,
    scopes: &["threads_keyword_search"],
    parameters: &[
        "q",
        "search_type",
        "search_mode",
        "media_type",
        "author_username",
        "since",
        "until",
        "limit",
        "before",
        "after",
    ],
    fields: media_fields::OTHERS,
    errors: ErrorShape::Graph,
    handler: search,
};

/// A keyword with this in it stands for the sensitive ones, which find nothing.
const SENSITIVE_MARKER: &str = "sandbox-sensitive";
/// How many keywords the profile remembers.
const MOST_RECENT_KEYWORDS: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Top,
    Recent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Keyword,
    Tag,
}

/// What is searched for.
struct Query {
    text: String,
    mode: Mode,
    kind: Option<MediaKind>,
    author: Option<String>,
    window: Window,
}

fn search(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let caller = call.caller()?.user;
    let order = choice(
        call,
        "search_type",
        &[("TOP", Order::Top), ("RECENT", Order::Recent)],
    )?
    .unwrap_or(Order::Top);
    let query = query(call)?;
    let has_cursors = call.state.switches.search_paging == SearchPaging::Cursors;
    check_cursors(call, has_cursors)?;
    let quota = call.state.switches.keyword_search_quota;
    let is_full = call.state.users.get(&caller).is_none_or(|user| {
        u32::try_from(in_last_day(&user.searches, call.now)).is_ok_and(|used| used >= quota)
    });
    if is_full {
        let what = format!("{quota} keyword searches in 24 hours");
        return Err(GraphError::limit_reached(&what).into());
    }

    let state = &*call.state;
    let posts = state
        .posts
        .values()
        .filter(|post| query.finds(state, post, caller));
    let list = ListId::named("search", format!("{} {order:?} by {caller}", query.text));
    let page = match order {
        Order::Recent => listing::page(call, list, posts, listing::newest_first)?,
        Order::Top => listing::page(call, list, posts, |post| {
            let views = post_counters(post, call.now).views;
            Reverse((views, post.published_at, post.id))
        })?,
    };
    let object = |post: &Post| media::object(state, post, caller);
    let answer = if has_cursors {
        page.answer(call, object)
    } else {
        Reply::json(page.answer_without_paging(call, object))
    };
    let found_something = !page.posts.is_empty();
    let now = call.now;
    if let Some(user) = call.state.users.get_mut(&caller) {
        remember(user, query.text, now);
        // A search without a result is free.
        if found_something {
            user.searches.push(now);
        }
    }
    Ok(answer)
}

fn query(call: &Call<'_>) -> Result<Query, Failure> {
    let parameters = &call.request.parameters;
    let text = parameters.require("q")?;
    let mode = choice(
        call,
        "search_mode",
        &[("KEYWORD", Mode::Keyword), ("TAG", Mode::Tag)],
    )?;
    let kind = choice(
        call,
        "media_type",
        &[
            ("TEXT", MediaKind::Text),
            ("IMAGE", MediaKind::Image),
            ("VIDEO", MediaKind::Video),
        ],
    )?;
    let author = parameters.get("author_username");
    if author.is_some_and(|author| author.is_empty() || author.starts_with('@')) {
        return Err(
            GraphError::parameter("Param author_username is an exact name without @").into(),
        );
    }
    Ok(Query {
        text: text.to_owned(),
        mode: mode.unwrap_or(Mode::Keyword),
        kind,
        author: author.map(ToOwned::to_owned),
        window: listing::window(call)?,
    })
}

/// The value of a parameter that has a few spellings.
fn choice<T: Copy>(
    call: &Call<'_>,
    name: &str,
    choices: &[(&str, T)],
) -> Result<Option<T>, GraphError> {
    let Some(text) = call.request.parameters.get(name) else {
        return Ok(None);
    };
    choices
        .iter()
        .find(|(spelling, _)| *spelling == text)
        .map(|(_, choice)| Some(*choice))
        .ok_or_else(|| {
            let spellings: Vec<&str> = choices.iter().map(|(spelling, _)| *spelling).collect();
            GraphError::parameter(format!(
                "{name} must be one of the following values: {}",
                spellings.join(", ")
            ))
        })
}

/// Cursors are not in the reference; a switch lets them be there as in Meta's samples.
fn check_cursors(call: &Call<'_>, has_cursors: bool) -> Result<(), GraphError> {
    let sent = ["before", "after"]
        .into_iter()
        .find(|name| call.request.parameters.get(name).is_some());
    match sent {
        Some(name) if !has_cursors => Err(GraphError::parameter(format!(
            "The parameter {name} is not documented for this call"
        ))),
        _ => Ok(()),
    }
}

impl Query {
    fn finds(&self, state: &State, post: &Post, caller: UserId) -> bool {
        let Some(author) = state.users.get(&post.author) else {
            return false;
        };
        let content = &post.content;
        let is_public = post.is_live()
            && author.is_public()
            && !content.is_ghost
            && !content.is_carousel_item
            && state.is_shown(post);
        // Before the app is approved a search covers its user's own posts.
        let is_covered = state.switches.advanced_access || post.author == caller;
        is_public
            && is_covered
            && self.window.holds(post)
            && self.kind.is_none_or(|kind| content.kind == kind)
            && self
                .author
                .as_ref()
                .is_none_or(|name| *name == author.username)
            && self.fits(post)
    }

    fn fits(&self, post: &Post) -> bool {
        let wanted = self.text.to_lowercase();
        let content = &post.content;
        let place = match self.mode {
            Mode::Keyword => content.text.as_ref(),
            Mode::Tag => content.topic_tag.as_ref(),
        };
        let Some(place) = place.map(|text| text.to_lowercase()) else {
            return false;
        };
        !wanted.contains(SENSITIVE_MARKER)
            && match self.mode {
                Mode::Keyword => place.contains(&wanted),
                Mode::Tag => place == wanted,
            }
    }
}

/// Puts a keyword in front of the recent ones, once.
fn remember(user: &mut User, keyword: String, now: DateTime<Utc>) {
    user.recent_keywords.retain(|(known, _)| *known != keyword);
    user.recent_keywords.insert(0, (keyword, now));
    user.recent_keywords.truncate(MOST_RECENT_KEYWORDS);
}
