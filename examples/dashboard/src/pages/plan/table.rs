//! Many posts from a CSV text: what would become of each row, and then the rows.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use threads_client::UserId;
use threads_monitor::planning::{BulkMode, BulkOptions, BulkOutcome, BulkReport, BulkRow, COLUMNS};
use threads_monitor::{AccountSummary, Zone};

use super::{one, told};
use crate::app::AppState;
use crate::fields::pairs;
use crate::format::{Moment, shortened};
use crate::pages::{Person, warning_words};
use crate::problem::{Problem, capitalised};
use crate::shell::{Shell, page};

#[derive(Template)]
#[template(path = "table.html")]
struct TablePage {
    shell: Shell,
    id: String,
    person: Person,
    zone: Zone,
    columns: String,
    csv: String,
    confirms: bool,
    error: Option<String>,
    result: Option<ResultView>,
}

struct ResultView {
    rows: Vec<RowView>,
    summary: String,
    tone: &'static str,
    /// Whether all rows, or some of them, can be scheduled now.
    can_all: bool,
    good: usize,
}

struct RowView {
    line: u64,
    text: String,
    due: Option<Moment>,
    word: &'static str,
    tone: &'static str,
    notes: Vec<String>,
    post: Option<String>,
}

pub(crate) async fn ask(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let account = crate::pages::account(&state.settings.monitor, &UserId::new(id)).await?;
    page(StatusCode::OK, &blank(&state, &account))
}

pub(crate) async fn take(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Response, Problem> {
    state.accept_changes()?;
    let monitor = &state.settings.monitor;
    let account = crate::pages::account(monitor, &UserId::new(id)).await?;
    let pairs = pairs(&body);
    let csv = pairs
        .iter()
        .find(|(name, _)| name == "csv")
        .map(|(_, value)| value.clone())
        .unwrap_or_default();
    let mode = match one(&pairs, "action").as_str() {
        "all" => BulkMode::AllOrNothing,
        "good" => BulkMode::GoodRows,
        _ => BulkMode::DryRun,
    };
    let options = BulkOptions {
        mode,
        accept_warnings: one(&pairs, "confirm") == "yes",
    };
    let mut shown = blank(&state, &account);
    shown.confirms = options.accept_warnings;
    let taken = monitor
        .import_posts(&account.user, account.zone, csv.as_bytes(), options)
        .await;
    shown.csv = csv;
    let report = match taken {
        Ok(report) => report,
        Err(error) => {
            shown.error = Some(told(error)?);
            return page(StatusCode::UNPROCESSABLE_ENTITY, &shown);
        }
    };
    if mode == BulkMode::AllOrNothing && report.problems() == 0 {
        let address = format!("/accounts/{}/posts?notice=table", account.user);
        return Ok(Redirect::to(&address).into_response());
    }
    let status = if mode == BulkMode::AllOrNothing {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    shown.result = Some(view(&report, mode, account.zone));
    page(status, &shown)
}

/// The plan as a file.
pub(crate) async fn download(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let monitor = &state.settings.monitor;
    let account = crate::pages::account(monitor, &UserId::new(id)).await?;
    let csv = monitor.export_posts(&account.user, account.zone).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"plan.csv\"",
        ),
    ];
    Ok((headers, csv).into_response())
}

fn blank(state: &AppState, account: &AccountSummary) -> TablePage {
    TablePage {
        shell: state.shell(),
        id: account.user.to_string(),
        person: Person::of(account),
        zone: account.zone,
        columns: COLUMNS.join(", "),
        csv: String::new(),
        confirms: false,
        error: None,
        result: None,
    }
}

fn view(report: &BulkReport, mode: BulkMode, zone: Zone) -> ResultView {
    let rows: Vec<RowView> = report.rows.iter().map(|row| row_view(row, zone)).collect();
    let good = report
        .rows
        .iter()
        .filter(|row| row.outcome == BulkOutcome::Fine)
        .count();
    let (problems, scheduled) = (report.problems(), report.scheduled());
    let summary = match mode {
        BulkMode::GoodRows => format!("Scheduled: {scheduled}. Not scheduled: {problems}."),
        _ if rows.is_empty() => "There is no row in it.".to_owned(),
        _ => format!(
            "Nothing is scheduled yet. Rows that can be scheduled: {good}. Rows with a problem: {problems}."
        ),
    };
    ResultView {
        rows,
        summary,
        tone: if problems == 0 { "good" } else { "warn" },
        can_all: good > 0 && problems == 0,
        good,
    }
}

fn row_view(row: &BulkRow, zone: Zone) -> RowView {
    let mut notes: Vec<String> = row
        .warnings
        .iter()
        .map(|warning| warning_words(warning, zone))
        .collect();
    let (word, tone, post) = match &row.outcome {
        BulkOutcome::Fine => ("Fine", "good", None),
        BulkOutcome::Scheduled(id) => ("Scheduled", "good", Some(id.to_string())),
        BulkOutcome::AlreadyThere(id) => ("Already there", "", Some(id.to_string())),
        BulkOutcome::Problem(problem) => {
            notes.insert(0, capitalised(problem));
            ("Problem", "bad", None)
        }
        BulkOutcome::Unconfirmed => ("To be confirmed", "warn", None),
        _ => ("Unknown", "warn", None),
    };
    RowView {
        line: row.line,
        text: shortened(&row.text, 140),
        due: row.due_at.map(|at| Moment::new(at, zone)),
        word,
        tone,
        notes,
        post,
    }
}
