//! One account: numbers, charts, posts, health.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, RawForm, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{Days, SecondsFormat};
use threads_client::UserId;
use threads_monitor::archive::Csv;
use threads_monitor::chart::{self, BarChart, Baseline, LineChart};
use threads_monitor::scheduler::JobKind;
use threads_monitor::trends::Day;
use threads_monitor::{
    AccountSummary, CollectionHealth, Measurement, PostSummary, TokenDates, Zone,
};

use super::queue::{self, QueueEntry};
use super::series::{self, RANGES, Range};
use super::{ConnectionWords, PageQuery, Person};
use crate::app::AppState;
use crate::compose::ScheduleForm;
use crate::fields::pairs;
use crate::format::{self, Figure, Moment, grouped, shortened};
use crate::problem::{Problem, capitalised};
use crate::shell::{Shell, page};
use crate::words;

/// How many posts the page shows.
const RECENT: usize = 10;
const QUEUE: usize = 6;

const POST_METRICS: [&str; 6] = ["Views", "Likes", "Replies", "Reposts", "Quotes", "Shares"];

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    shell: Shell,
    id: String,
    person: Person,
    biography: Option<String>,
    connection: ConnectionWords,
    figures: Vec<NamedFigure>,
    next_post: Option<Moment>,
    ranges: Vec<RangeLink>,
    charts: Vec<ChartCard>,
    post_metrics: [&'static str; 6],
    recent: Vec<RecentPost>,
    form: ScheduleForm,
    queue: Vec<QueueEntry>,
    health: Vec<HealthEntry>,
    thinned: Option<ThinnedEntry>,
    token: Vec<Fact>,
    scopes: Vec<String>,
    zones: Vec<&'static str>,
    zone_value: String,
    zone_error: Option<String>,
}

/// What was removed because it was kept for long enough.
struct ThinnedEntry {
    removed: String,
    last: Option<Moment>,
    error: Option<String>,
}

struct NamedFigure {
    name: &'static str,
    figure: Figure,
    more: Option<String>,
}

struct RangeLink {
    key: &'static str,
    word: &'static str,
    is_current: bool,
}

struct ChartCard {
    id: &'static str,
    heading: &'static str,
    legend: &'static str,
    svg: String,
    caption: String,
    day_word: String,
    rows: Vec<ChartRow>,
    csv: Option<String>,
}

struct ChartRow {
    date: String,
    figure: Figure,
    at: Option<Moment>,
}

struct RecentPost {
    text: String,
    published_at: Moment,
    kind: String,
    permalink: Option<String>,
    metrics: Vec<NamedFigure>,
}

struct HealthEntry {
    name: &'static str,
    word: &'static str,
    tone: &'static str,
    last_success: Option<Moment>,
    next: Option<Moment>,
    advice: Option<&'static str>,
    error: Option<String>,
}

struct Fact {
    name: &'static str,
    at: Moment,
}

pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let account = super::account(&state.settings.monitor, &UserId::new(id)).await?;
    let mut form = ScheduleForm::empty(account.zone)?;
    form.make_room(query.media.unwrap_or_default());
    let shown = build(&state, &account, &query, form).await?;
    page(StatusCode::OK, &shown)
}

async fn build(
    state: &AppState,
    account: &AccountSummary,
    query: &PageQuery,
    form: ScheduleForm,
) -> Result<AccountPage, Problem> {
    let monitor = &state.settings.monitor;
    let (user, zone) = (&account.user, account.zone);
    let range = Range::of(query.range.as_deref());
    let posts = queue::ordered(monitor.scheduled_posts(user).await?);
    let next_post = posts
        .iter()
        .filter(|scheduled| !scheduled.post.is_over())
        .map(|scheduled| scheduled.post.due_at)
        .min();
    let recent = monitor.recent_posts(user, RECENT).await?;
    let mut shell = state.shell();
    shell.notice = query.notice();
    Ok(AccountPage {
        shell,
        id: user.to_string(),
        person: Person::of(account),
        biography: account
            .profile
            .as_ref()
            .and_then(|profile| profile.biography.clone())
            .filter(|biography| !biography.trim().is_empty()),
        connection: ConnectionWords::of(account),
        figures: figures(account, series::weekly_change(monitor, user, zone).await?),
        next_post: next_post.map(|due| Moment::new(due, zone)),
        ranges: RANGES
            .iter()
            .map(|link| RangeLink {
                key: link.key,
                word: link.word,
                is_current: *link == range,
            })
            .collect(),
        charts: vec![
            followers_chart(
                user,
                zone,
                range,
                &series::followers(monitor, user, zone, range).await?,
            ),
            views_chart(
                user,
                zone,
                range,
                &series::views(monitor, user, range).await?,
            ),
        ],
        post_metrics: POST_METRICS,
        recent: recent.iter().map(|post| recent_post(post, zone)).collect(),
        form,
        queue: posts
            .iter()
            .take(QUEUE)
            .map(|scheduled| QueueEntry::of(scheduled, zone))
            .collect(),
        health: account
            .collection
            .iter()
            .map(|entry| health(entry, zone))
            .collect(),
        thinned: account.thinned.as_ref().map(|thinned| ThinnedEntry {
            removed: format!(
                "{} numbers and {} attempts of posts removed so far",
                grouped(thinned.numbers),
                grouped(thinned.attempts)
            ),
            last: thinned.last_success_at.map(|at| Moment::new(at, zone)),
            error: thinned.last_error.as_deref().map(capitalised),
        }),
        token: token_facts(&account.token, zone),
        scopes: account
            .token
            .scopes
            .iter()
            .map(ToString::to_string)
            .collect(),
        zones: Zone::all().map(Zone::name).collect(),
        zone_value: zone.name().to_owned(),
        zone_error: None,
    })
}

fn figures(account: &AccountSummary, change: Option<String>) -> Vec<NamedFigure> {
    let zone = account.zone;
    let plain = |name, measurement: &Measurement| NamedFigure {
        name,
        figure: Figure::of(measurement, zone),
        more: None,
    };
    vec![
        NamedFigure {
            more: change,
            ..plain("Followers", &account.followers)
        },
        NamedFigure {
            name: "Profile views",
            figure: Figure::of_meta_day(&account.views_last_day, zone),
            more: None,
        },
        plain("Posts seen", &account.posts_seen),
        plain("Following", &account.following),
        plain("Media count", &account.media_count),
    ]
}

fn followers_chart(user: &UserId, zone: Zone, range: Range, days: &[Day]) -> ChartCard {
    ChartCard {
        id: "followers",
        heading: "Followers",
        legend: "marks are measurements, dashes cross days without one",
        svg: chart::line(&LineChart {
            id: "followers",
            title: "Followers",
            description: "The last measurement of each day.",
            unit: "followers",
            days,
            baseline: Baseline::Data,
        }),
        caption: format!("The last measurement of each day in {zone}."),
        day_word: format!("Day in {zone}"),
        rows: rows(days, zone),
        csv: Some(format!(
            "/accounts/{user}/followers.csv?range={}",
            range.key
        )),
    }
}

fn views_chart(user: &UserId, zone: Zone, range: Range, days: &[Day]) -> ChartCard {
    // Meta still corrects yesterday.
    let provisional_from = days
        .last()
        .and_then(|day| day.date.checked_sub_days(Days::new(1)));
    ChartCard {
        id: "views",
        heading: "Profile views",
        legend: "each bar is a Meta day (US Pacific); light bars still change",
        svg: chart::bars(&BarChart {
            id: "views",
            title: "Profile views",
            description: "Each day is a Meta day, which begins and ends at midnight in US Pacific time. Today and yesterday still change.",
            unit: "views",
            days,
            provisional_from,
        }),
        caption:
            "Views of the profile in each Meta day (US Pacific). Today and yesterday still change."
                .to_owned(),
        day_word: "Meta day (US Pacific)".to_owned(),
        rows: rows(days, zone),
        csv: Some(format!("/accounts/{user}/views.csv?range={}", range.key)),
    }
}

/// The rows of a chart's table: the same days, newest first.
fn rows(days: &[Day], zone: Zone) -> Vec<ChartRow> {
    days.iter()
        .rev()
        .map(|day| ChartRow {
            date: format::date(day.date),
            figure: day
                .point
                .map_or(Figure::NotMeasured, |point| Figure::Measured {
                    value: format::grouped(point.value),
                    about: String::new(),
                    at: None,
                    source: format::source_words(point.source),
                }),
            at: day.point.map(|point| Moment::new(point.captured_at, zone)),
        })
        .collect()
}

fn recent_post(post: &PostSummary, zone: Zone) -> RecentPost {
    let numbers = [
        &post.views,
        &post.likes,
        &post.replies,
        &post.reposts,
        &post.quotes,
        &post.shares,
    ];
    RecentPost {
        text: shortened(
            post.post
                .text
                .as_deref()
                .filter(|text| !text.trim().is_empty())
                .unwrap_or("(no text)"),
            280,
        ),
        published_at: Moment::new(post.published_at, zone),
        kind: if post.post.is_repost {
            "repost".to_owned()
        } else {
            post.post
                .media_type
                .as_deref()
                .unwrap_or("post")
                .trim_end_matches("_POST")
                .trim_end_matches("_ALBUM")
                .to_lowercase()
        },
        permalink: post
            .post
            .permalink
            .as_ref()
            .filter(|link| link.scheme() == "https")
            .map(ToString::to_string),
        metrics: POST_METRICS
            .into_iter()
            .zip(numbers)
            .map(|(name, measurement)| NamedFigure {
                name,
                figure: Figure::of(measurement, zone),
                more: None,
            })
            .collect(),
    }
}

fn health(entry: &CollectionHealth, zone: Zone) -> HealthEntry {
    let (word, tone) = match (entry.failures, entry.last_success_at) {
        (0, Some(_)) => ("Works", "good"),
        (0, None) => ("Not run yet", ""),
        (1..=2, _) => ("Failed, is tried again", "warn"),
        _ => ("Keeps failing", "bad"),
    };
    HealthEntry {
        name: match entry.kind {
            JobKind::CollectFollowers => "Followers",
            JobKind::CollectProfile => "Profile",
            JobKind::CollectInsights => "Daily insights",
            JobKind::CollectPosts => "Posts and their numbers",
            JobKind::RefreshToken => "Access token",
            _ => "Other",
        },
        word,
        tone,
        last_success: entry.last_success_at.map(|at| Moment::new(at, zone)),
        next: entry.next_at.map(|at| Moment::new(at, zone)),
        error: entry.last_error.as_deref().map(capitalised),
        advice: entry.last_error.as_deref().and_then(words::advice),
    }
}

fn token_facts(token: &TokenDates, zone: Zone) -> Vec<Fact> {
    let moment = |name, at| Fact {
        name,
        at: Moment::new(at, zone),
    };
    vec![
        moment("Connected", token.connected_at),
        moment("Token obtained", token.obtained_at),
        moment(
            if token.expiry_assumed {
                "Ends (assumed)"
            } else {
                "Ends"
            },
            token.expires_at,
        ),
    ]
}

pub(crate) async fn set_zone(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Response, Problem> {
    state.accept_changes()?;
    let user = UserId::new(id);
    let account = super::account(&state.settings.monitor, &user).await?;
    let typed = pairs(&body)
        .into_iter()
        .find_map(|(name, value)| (name == "zone").then_some(value))
        .unwrap_or_default();
    match typed.trim().parse::<Zone>() {
        Ok(zone) => {
            state.settings.monitor.set_zone(&user, zone).await?;
            Ok(Redirect::to(&format!("/accounts/{user}?notice=zone")).into_response())
        }
        Err(error) => {
            let form = ScheduleForm::empty(account.zone)?;
            let mut shown = build(&state, &account, &PageQuery::default(), form).await?;
            shown.zone_value = typed;
            shown.zone_error = Some(capitalised(&error.to_string()));
            page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
    }
}

pub(crate) async fn collect(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    state.accept_changes()?;
    let user = UserId::new(id);
    let runs = state.settings.monitor.collect_now(&user).await?;
    let notice = if runs.iter().all(|(_, result)| result.is_ok()) {
        "collected"
    } else {
        "collected-partly"
    };
    Ok(Redirect::to(&format!("/accounts/{user}?notice={notice}")))
}

pub(crate) async fn followers_csv(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let monitor = &state.settings.monitor;
    let account = super::account(monitor, &UserId::new(id)).await?;
    let range = Range::of(query.range.as_deref());
    let days = series::followers(monitor, &account.user, account.zone, range).await?;
    Ok(download(&account, "followers", account.zone, &days))
}

pub(crate) async fn views_csv(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let monitor = &state.settings.monitor;
    let account = super::account(monitor, &UserId::new(id)).await?;
    let range = Range::of(query.range.as_deref());
    let days = series::views(monitor, &account.user, range).await?;
    Ok(download(&account, "views", Zone::META, &days))
}

/// A series as a file. A day without a measurement has an empty cell, not a zero.
fn download(account: &AccountSummary, metric: &'static str, zone: Zone, days: &[Day]) -> Response {
    let handle = account
        .profile
        .as_ref()
        .and_then(|profile| profile.username.as_deref())
        .unwrap_or_default();
    let mut csv = Csv::new([
        "account",
        "day",
        "time_zone",
        metric,
        "measured_at",
        "source",
    ]);
    for day in days {
        let date = day.date.to_string();
        let (value, at, source) = day.point.map_or_else(Default::default, |point| {
            (
                point.value.to_string(),
                point.captured_at.to_rfc3339_opts(SecondsFormat::Secs, true),
                format::source_words(point.source),
            )
        });
        csv.row([handle, &date, zone.name(), &value, &at, source]);
    }
    let name = match metric {
        "views" => HeaderValue::from_static("attachment; filename=\"views.csv\""),
        _ => HeaderValue::from_static("attachment; filename=\"followers.csv\""),
    };
    (
        [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/csv; charset=utf-8"),
            ),
            (header::CONTENT_DISPOSITION, name),
        ],
        csv.into_text(),
    )
        .into_response()
}
