//! The same numbers for programs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use threads_client::{PostId, UserId};
use threads_monitor::snapshot_store::{Metric, Subject};
use threads_monitor::{AccountSummary, CollectionHealth, Connection, Zone};

use crate::app::{Activity, AppState};
use crate::problem::Problem;

/// Whether the program can do its work.
pub(crate) async fn health(State(state): State<Arc<AppState>>) -> Response {
    let accounts = state.settings.monitor.accounts().await;
    let is_ok = accounts.is_ok();
    let body = json!({
        "ok": is_ok,
        "store": if is_ok { "reachable" } else { "failing" },
        "accounts": accounts.as_ref().map(Vec::len).ok(),
        "tokens": accounts.as_deref().map(tokens).ok(),
        "monitor": match &*state.settings.activity.borrow() {
            Activity::Filling { .. } => "filling",
            Activity::Running => "running",
            Activity::Idle => "idle",
        },
        // Null: Meta has not answered yet, or the demonstration has a clock of its own.
        "clock_ahead_seconds": state.settings.monitor.clock_ahead().map(|ahead| ahead.num_seconds()),
        "mode": if state.is_demo() { "demo" } else { "real" },
        "version": env!("CARGO_PKG_VERSION"),
        "time_zone_data": Zone::DATA_VERSION,
    });
    let status = if is_ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}

/// How many accounts need a person, and how many scheduled posts depend on that.
fn tokens(accounts: &[AccountSummary]) -> Value {
    let count = |wanted: fn(&Connection) -> bool| {
        let accounts = accounts.iter();
        accounts
            .filter(|account| wanted(&account.connection))
            .count()
    };
    let notices = accounts
        .iter()
        .filter_map(|account| account.notice.as_ref());
    json!({
        "ending": count(|connection| matches!(connection, Connection::Expiring { .. })),
        "dead": count(|connection| matches!(connection, Connection::NeedsReconnect { .. })),
        "posts_at_stake": notices.map(|notice| notice.posts.count).sum::<usize>(),
    })
}

/// All accounts with their newest numbers.
pub(crate) async fn accounts(State(state): State<Arc<AppState>>) -> Result<Json<Value>, Problem> {
    let accounts = state.settings.monitor.accounts().await?;
    Ok(Json(json!({ "accounts": accounts })))
}

#[derive(Debug, Deserialize)]
pub(crate) struct SeriesQuery {
    metric: Option<String>,
    post: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// What was measured of one metric, `from <= at < to`.
pub(crate) async fn series(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    Query(query): Query<SeriesQuery>,
) -> Result<Json<Value>, Problem> {
    let monitor = &state.settings.monitor;
    let account = super::account(monitor, &UserId::new(id)).await?;
    let metric = query
        .metric
        .as_deref()
        .and_then(Metric::from_name)
        .filter(|metric| !matches!(metric, Metric::Profile | Metric::Post | Metric::TimeZone))
        .ok_or_else(|| {
            invalid("`metric` must be followers, posts_seen, views, likes, replies, reposts, quotes, shares or clicks")
        })?;
    let to = match &query.to {
        Some(to) => instant(to, account.zone)?,
        None => monitor.now() + TimeDelta::days(2),
    };
    let from = match &query.from {
        Some(from) => instant(from, account.zone)?,
        None => monitor.now() - TimeDelta::days(90),
    };
    let subject = match query.post {
        Some(post) => Subject::Post(PostId::new(post)),
        None => Subject::Account,
    };
    let points = monitor
        .series(&account.user, subject.clone(), metric, from, to)
        .await?;
    Ok(Json(json!({
        "account": account.user,
        "subject": subject,
        "metric": metric,
        "time_zone": account.zone,
        "from": from,
        "to": to,
        "points": points,
    })))
}

/// A date (the start of the day in the account's zone) or an RFC 3339 instant.
fn instant(text: &str, zone: Zone) -> Result<DateTime<Utc>, Problem> {
    let date = || {
        text.parse::<NaiveDate>()
            .ok()
            .and_then(|date| zone.start_of_day(date))
    };
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|instant| instant.to_utc())
        .or_else(date)
        .ok_or_else(|| {
            invalid("`from` and `to` must be a date such as 2026-11-23 or an instant such as 2026-11-23T08:00:00Z")
        })
}

fn invalid(text: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "The request is not valid", text)
}

#[derive(Serialize)]
struct AccountCollection {
    account: UserId,
    collection: Vec<CollectionHealth>,
}

/// All scheduled posts, and how collecting goes.
pub(crate) async fn jobs(State(state): State<Arc<AppState>>) -> Result<Json<Value>, Problem> {
    let monitor = &state.settings.monitor;
    let mut posts = Vec::new();
    let mut collection = Vec::new();
    for account in monitor.accounts().await? {
        posts.extend(monitor.scheduled_posts(&account.user).await?);
        collection.push(AccountCollection {
            account: account.user,
            collection: account.collection,
        });
    }
    Ok(Json(json!({
        "scheduled_posts": posts,
        "accounts": collection,
    })))
}
