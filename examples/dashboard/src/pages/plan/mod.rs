//! What an account is going to post: repeated posts, the queue, drafts.

mod drafts;
mod queue;
mod repeated;
mod table;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use threads_client::UserId;
use threads_monitor::{AccountSummary, MonitorError, Zone};

pub(crate) use self::drafts::tell as tell_draft;
pub(crate) use self::queue::save as save_queue;
pub(crate) use self::repeated::{add as repeat, end as end_repeated};
pub(crate) use self::table::{ask as ask_table, download, take as take_table};

use self::drafts::{DraftCard, Typed};
use self::queue::{QueueForm, TimeView};
use self::repeated::{RepeatForm, SeriesView};
use super::{PageQuery, Person};
use crate::app::AppState;
use crate::problem::{Problem, capitalised};
use crate::shell::{Shell, page};

/// Times of the queue that are shown.
const TIMES: usize = 8;

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    shell: Shell,
    id: String,
    person: Person,
    zone: Zone,
    /// What was wrong with what was sent, if it belongs to no field.
    problem: Option<String>,
    series: Vec<SeriesView>,
    repeat: RepeatForm,
    times: Vec<TimeView>,
    queue: QueueForm,
    drafts: Vec<DraftCard>,
}

/// What was sent last, and could not be taken.
#[derive(Default)]
struct Refused {
    problem: Option<String>,
    repeat: Option<RepeatForm>,
    queue: Option<QueueForm>,
    draft: Option<Typed>,
}

pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let account = super::account(&state.settings.monitor, &UserId::new(id)).await?;
    let mut shown = build(&state, &account, Refused::default()).await?;
    shown.shell.notice = query.notice();
    page(StatusCode::OK, &shown)
}

/// The page once more, with what was typed and what is wrong.
async fn again(
    state: &AppState,
    account: &AccountSummary,
    refused: Refused,
) -> Result<Response, Problem> {
    let shown = build(state, account, refused).await?;
    page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

async fn build(
    state: &AppState,
    account: &AccountSummary,
    refused: Refused,
) -> Result<PlanPage, Problem> {
    let monitor = &state.settings.monitor;
    let (user, zone) = (&account.user, account.zone);
    let series = monitor.repeated_posts(user).await?;
    let plan = monitor.posting_plan(user).await?;
    Ok(PlanPage {
        shell: state.shell(),
        id: user.to_string(),
        person: Person::of(account),
        zone,
        problem: refused.problem,
        series: repeated::views(&series, zone),
        repeat: match refused.repeat {
            Some(form) => form,
            None => RepeatForm::empty(zone.date(monitor.now()))?,
        },
        times: queue::times(&monitor.queue_times(user, TIMES).await?, zone),
        queue: refused.queue.unwrap_or_else(|| QueueForm::of(&plan)),
        drafts: drafts::cards(monitor, account, refused.draft.as_ref()).await?,
    })
}

/// What to tell the person who sent a form; other errors are problems of the page.
fn told(error: MonitorError) -> Result<String, Problem> {
    match error {
        MonitorError::QueueFull { .. } => {
            Ok("The queue has no free time within a year: give it more times.".to_owned())
        }
        MonitorError::Draft(_)
        | MonitorError::NotSchedulable { .. }
        | MonitorError::Repeat(_)
        | MonitorError::Plan(_)
        | MonitorError::Table(_)
        | MonitorError::Config(_)
        | MonitorError::PostState { .. } => Ok(capitalised(&error.to_string())),
        other => Err(other.into()),
    }
}

/// The first value of a field.
fn one(pairs: &[(String, String)], wanted: &str) -> String {
    pairs
        .iter()
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

/// A text as it was typed: browsers send line breaks as CR LF.
fn typed_text(pairs: &[(String, String)]) -> String {
    one(pairs, "text").replace("\r\n", "\n")
}
