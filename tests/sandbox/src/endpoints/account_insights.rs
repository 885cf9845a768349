//! `GET /{user}/threads_insights`: the numbers of an account.

use std::collections::BTreeMap;

use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use url::Url;

use crate::clock::end_of_time;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::post_insights::metrics;
use crate::evolution::{self, post_counters, split};
use crate::graph_error::{Failure, GraphError};
use crate::pacific::PacificDay;
use crate::reply::Reply;
use crate::state::State;
use crate::user::User;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::AccountInsights,
    method: Method::GET,
    path: &[Segment::User, Segment::Literal("threads_insights")],
    access: Access::User,
    scopes: &["threads_manage_insights"],
    parameters: &["metric", "since", "until", "breakdown", "period"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: read,
};

/// Nothing before this instant (2024-04-13) can be asked for.
const FLOOR: i64 = 1_712_991_600;
/// Demographics need this many followers.
const FEWEST_FOLLOWERS: u64 = 100;

const METRICS: [&str; 8] = [
    "views",
    "likes",
    "replies",
    "reposts",
    "quotes",
    "clicks",
    "followers_count",
    "follower_demographics",
];

/// The stretch of time a call is about.
#[derive(Debug, Clone, Copy)]
struct Window {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    is_default: bool,
}

fn read(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let id = call.user()?;
    let parameters = &call.request.parameters;
    let metrics = metrics(parameters.require("metric")?, &METRICS)?;
    if let Some(period) = parameters.get("period")
        && period != "day"
    {
        return Err(GraphError::parameter("period must be day").into());
    }
    let window = window(call)?;
    let breakdown = breakdown(call, &metrics)?;
    if !window.is_default
        && let Some(metric) = metrics
            .iter()
            .find(|metric| matches!(**metric, "followers_count" | "follower_demographics"))
    {
        let message = format!("The metric {metric} does not support since and until");
        return Err(GraphError::parameter(message).into());
    }
    let state = &*call.state;
    let user = state
        .users
        .get(&id)
        .ok_or_else(|| GraphError::no_such_object("get", &id.to_string()))?;
    let mut data = Vec::new();
    for metric in &metrics {
        let value = match *metric {
            "views" => Some(views(state, user, window, call.now)),
            "clicks" => Some(clicks(state, user, window)),
            "followers_count" => Some(total(state.followers(user, call.now))),
            "follower_demographics" => Some(demographics(state, user, breakdown, call.now)?),
            name => reactions(state, user, window, name),
        };
        if let Some(Value::Object(mut value)) = value {
            value.insert("name".to_owned(), json!(metric));
            value.insert("period".to_owned(), json!("day"));
            value.insert("title".to_owned(), json!(metric));
            value.insert("description".to_owned(), json!(describe(metric)));
            value.insert(
                "id".to_owned(),
                json!(format!("{id}/insights/{metric}/day")),
            );
            data.push(Value::Object(value));
        }
    }
    let mut answer = json!({ "data": data });
    if metrics.contains(&"views") {
        answer["paging"] = paging(call, window);
    }
    Ok(Reply::json(answer))
}

/// `since` and `until`, checked; without them yesterday through today.
fn window(call: &Call<'_>) -> Result<Window, GraphError> {
    let parameters = &call.request.parameters;
    let since = parameters.unix_seconds("since")?;
    let until = parameters.unix_seconds("until")?;
    if since.is_none() && until.is_none() {
        return Ok(Window {
            since: PacificDay::containing(call.now).previous().start(),
            until: call.now,
            is_default: true,
        });
    }
    let until = match until {
        Some(until) => instant(until, "until")?,
        None => call.now,
    };
    let since = match since {
        Some(since) => instant(since, "since")?,
        None => until - TimeDelta::days(1),
    };
    for (name, bound) in [("since", since), ("until", until)] {
        if bound.timestamp() < FLOOR {
            return Err(GraphError::parameter(format!(
                "Param {name} must not be before {FLOOR}"
            )));
        }
    }
    if since >= until {
        return Err(GraphError::parameter("Param since must be before until"));
    }
    let widest = call.state.switches.widest_insights_window_seconds;
    if widest > 0 && until - since > TimeDelta::seconds(i64::from(widest)) {
        return Err(GraphError::parameter(format!(
            "There cannot be more than {widest} seconds between since and until"
        )));
    }
    Ok(Window {
        since,
        until,
        is_default: false,
    })
}

fn instant(seconds: i64, name: &str) -> Result<DateTime<Utc>, GraphError> {
    DateTime::from_timestamp(seconds, 0)
        .filter(|instant| *instant < end_of_time())
        .ok_or_else(|| GraphError::parameter(format!("Param {name} must be a UNIX timestamp")))
}

fn breakdown<'a>(call: &'a Call<'_>, metrics: &[&str]) -> Result<Option<&'a str>, GraphError> {
    let breakdown = call.request.parameters.get("breakdown");
    let wanted = metrics.contains(&"follower_demographics");
    match breakdown {
        None if wanted => Err(GraphError::parameter(
            "The metric follower_demographics needs a breakdown: country, city, age or gender",
        )),
        Some(_) if !wanted => Err(GraphError::parameter(
            "A breakdown is only for the metric follower_demographics",
        )),
        Some(name) if !matches!(name, "country" | "city" | "age" | "gender") => {
            Err(GraphError::parameter(
                "breakdown must be one of the following values: country, city, age, gender",
            ))
        }
        other => Ok(other),
    }
}

fn total(value: u64) -> Value {
    json!({ "total_value": { "value": value } })
}

/// Profile views per Pacific day: every day that the window touches, up to now.
fn views(state: &State, user: &User, window: Window, now: DateTime<Utc>) -> Value {
    let first = PacificDay::containing(window.since);
    // A window that ends at midnight does not touch the day that starts there.
    let last = PacificDay::containing(window.until.min(now) - TimeDelta::milliseconds(1));
    let values: Vec<Value> = profile_views_between(state, user, first, last, now)
        .into_iter()
        .map(|(day, value)| json!({ "value": value, "end_time": wire_time(day.end()) }))
        .collect();
    json!({ "values": values })
}

/// The profile views of each day from `first` to `last`, since the account exists.
pub(super) fn profile_views_between(
    state: &State,
    user: &User,
    first: PacificDay,
    last: PacificDay,
    now: DateTime<Utc>,
) -> Vec<(PacificDay, u64)> {
    let mut posts: BTreeMap<PacificDay, usize> = BTreeMap::new();
    for post in state.posts_of(user.id) {
        *posts
            .entry(PacificDay::containing(post.published_at))
            .or_default() += 1;
    }
    let count = |day: PacificDay| posts.get(&day).copied().unwrap_or(0);
    let mut day = first.max(PacificDay::containing(user.joined_at));
    let mut views = Vec::new();
    while day <= last {
        let value = evolution::profile_views(
            user,
            state.started_at,
            day,
            count(day),
            count(day.previous()),
            now,
        );
        views.push((day, value));
        day = day.next();
    }
    views
}

fn reactions(state: &State, user: &User, window: Window, metric: &str) -> Option<Value> {
    let gained = state.gained(user.id, window.since, window.until.min(state.now()));
    let value = match metric {
        "likes" => gained.likes,
        "replies" => gained.replies,
        "reposts" => gained.reposts,
        _ => gained.quotes,
    };
    (value > 0 || !state.switches.omit_quiet_metrics).then(|| total(value))
}

/// Clicks per link; the key is missing when there were none.
fn clicks(state: &State, user: &User, window: Window) -> Value {
    let until = window.until.min(state.now());
    let mut clicks: BTreeMap<String, u64> = BTreeMap::new();
    for post in state.posts_of(user.id) {
        let gained = post_counters(post, until)
            .since(post_counters(post, window.since))
            .clicks;
        if gained > 0 {
            for link in post.content.links() {
                *clicks.entry(link).or_default() += gained;
            }
        }
    }
    if clicks.is_empty() {
        return json!({});
    }
    let values: Vec<Value> = clicks
        .into_iter()
        .map(|(link, value)| json!({ "value": value, "link_url": link }))
        .collect();
    json!({ "link_total_values": values })
}

fn demographics(
    state: &State,
    user: &User,
    breakdown: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Value, GraphError> {
    let followers = state.followers(user, now);
    if followers < FEWEST_FOLLOWERS {
        return Err(GraphError::parameter(
            "The metric follower_demographics needs at least 100 followers",
        ));
    }
    let dimension = breakdown.unwrap_or("country");
    let names: &[&str] = match dimension {
        "city" => &[
            "Jakarta", "Bandung", "Cairo", "New York", "London", "Berlin",
        ],
        "age" => &["25-34", "18-24", "35-44", "45-54", "55-64", "65+", "13-17"],
        "gender" => &["F", "M", "U"],
        _ => &["ID", "EG", "US", "MY", "GB", "DE", "JP"],
    };
    let seed = user.seed.child(dimension, 0);
    let results: Vec<Value> = split(seed, followers, names)
        .into_iter()
        .map(|(name, value)| json!({ "dimension_values": [name], "value": value }))
        .collect();
    Ok(json!({
        "total_value": {
            "breakdowns": [{ "dimension_keys": [dimension], "results": results }]
        }
    }))
}

/// Links to the windows before and after, with the token inside, as Meta sends them.
fn paging(call: &Call<'_>, window: Window) -> Value {
    let length = window.until - window.since;
    json!({
        "previous": link(call, window.since - length, window.since),
        "next": link(call, window.until, window.until + length),
    })
}

fn link(call: &Call<'_>, since: DateTime<Utc>, until: DateTime<Utc>) -> String {
    let mut url: Url = call.base_url.clone();
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
    if let Some(metric) = call.request.parameters.get("metric") {
        query.append_pair("metric", metric);
    }
    query.append_pair("since", &since.timestamp().to_string());
    query.append_pair("until", &until.timestamp().to_string());
    drop(query);
    url.into()
}

fn describe(metric: &str) -> &'static str {
    match metric {
        "views" => "How often the profile was seen.",
        "likes" => "How many likes the posts received.",
        "replies" => "How many replies the posts received.",
        "reposts" => "How often posts were reposted.",
        "quotes" => "How often posts were quoted.",
        "clicks" => "How often links were clicked.",
        "followers_count" => "How many accounts follow this one.",
        _ => "Who follows this account.",
    }
}

/// A time as the API writes it: no colon in the offset.
pub(crate) fn wire_time(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S+0000").to_string()
}
