//! Drafts: their cards, and what a person can do with one.

use std::sync::Arc;

use axum::extract::{Path, RawForm, State};
use axum::response::{IntoResponse, Redirect, Response};
use threads_monitor::planning::{DraftPlan, KeptDraft, Said, Stage};
use threads_monitor::publishing::{Due, NewPost};
use threads_monitor::scheduler::JobId;
use threads_monitor::{AccountSummary, Monitor, MonitorError, Zone};

use super::{Refused, again, one, told, typed_text};
use crate::app::AppState;
use crate::compose::read_local;
use crate::fields::pairs;
use crate::format::Moment;
use crate::pages::{queue, warning_words};
use crate::problem::Problem;

/// A draft, with the forms for it.
pub(super) struct DraftCard {
    pub(super) id: String,
    pub(super) revision: u32,
    pub(super) text: String,
    pub(super) content: String,
    pub(super) due: String,
    pub(super) is_queued: bool,
    pub(super) stage: &'static str,
    pub(super) tone: &'static str,
    /// Who said what, and when.
    pub(super) said: Vec<String>,
    pub(super) waits: bool,
    pub(super) is_open: bool,
    pub(super) problem: Option<String>,
    /// What speaks against it.
    pub(super) warnings: Vec<String>,
}

/// What was typed into a card, and could not be taken.
pub(super) struct Typed {
    id: JobId,
    problem: String,
    /// The text and the time, if they were to be changed.
    content: Option<(String, String, bool)>,
}

pub(super) async fn cards(
    monitor: &Monitor,
    account: &AccountSummary,
    typed: Option<&Typed>,
) -> Result<Vec<DraftCard>, Problem> {
    let zone = account.zone;
    let mut cards = Vec::new();
    for draft in monitor.drafts(&account.user).await? {
        let mut card = card(&draft, zone);
        let content = &draft.entry.content;
        // Without a time of its own, only what it says counts.
        let due = content.due.unwrap_or(Due::NextSlot);
        let post = NewPost::new(account.user.clone(), content.draft.clone(), due);
        let warnings = monitor.plan_warnings(&post).await?;
        card.warnings
            .extend(warnings.iter().map(|warning| warning_words(warning, zone)));
        if let Some(typed) = typed.filter(|typed| typed.id == draft.id) {
            card.problem = Some(typed.problem.clone());
            if let Some((text, due, is_queued)) = &typed.content {
                card.text.clone_from(text);
                card.due.clone_from(due);
                card.is_queued = *is_queued;
            }
        }
        cards.push(card);
    }
    Ok(cards)
}

fn card(draft: &KeptDraft, zone: Zone) -> DraftCard {
    let entry = &draft.entry;
    let due = match entry.content.due {
        Some(Due::At(at)) => Some(zone.local(at)),
        // On the wall of the account; another zone's time is shown as what it is here.
        Some(Due::Local { time, zone: of }) if of == zone => Some(time),
        Some(Due::Local { time, zone: of }) => {
            of.instant(time).map(|local| zone.local(local.instant()))
        }
        _ => None,
    };
    let told = |said: &Said, what: &str| {
        format!(
            "{what} by {} on {}",
            said.by,
            Moment::new(said.at, zone).text
        )
    };
    let mut said = Vec::new();
    said.extend(entry.asked.as_ref().map(|asked| told(asked, "Put forward")));
    let (stage, tone) = match &entry.stage {
        Stage::Waiting => ("Waits for approval", "warn"),
        Stage::Rejected { said: no, reason } => {
            said.push(match reason.as_str() {
                "" => told(no, "Not approved"),
                reason => format!("{}: {reason}", told(no, "Not approved")),
            });
            ("Not approved", "bad")
        }
        _ => ("Draft", ""),
    };
    DraftCard {
        id: draft.id.to_string(),
        revision: entry.revision,
        text: entry.content.draft.text.clone().unwrap_or_default(),
        content: queue::content(&entry.content.draft),
        due: due
            .map(|due| due.format("%Y-%m-%dT%H:%M").to_string())
            .unwrap_or_default(),
        is_queued: entry.content.due == Some(Due::NextSlot),
        stage,
        tone,
        said,
        waits: entry.stage == Stage::Waiting,
        is_open: entry.stage == Stage::Open,
        problem: None,
        warnings: Vec::new(),
    }
}

pub(crate) async fn tell(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Response, Problem> {
    state.accept_changes()?;
    let monitor = &state.settings.monitor;
    let id: JobId = id.parse().map_err(|_| Problem::not_found())?;
    let draft = monitor.draft(&id).await?.ok_or_else(Problem::not_found)?;
    let account = crate::pages::account(monitor, &draft.account).await?;
    let pairs = pairs(&body);
    let revision = one(&pairs, "revision").parse().unwrap_or(u32::MAX);
    let by = one(&pairs, "by");
    let mut content = None;
    let plan = |notice| format!("/accounts/{}/plan?notice={notice}#drafts", account.user);
    let done: Result<String, MonitorError> = match one(&pairs, "action").as_str() {
        "change" => {
            let typed = (
                typed_text(&pairs),
                one(&pairs, "due"),
                one(&pairs, "queued") == "yes",
            );
            let changed = changed(&draft, &typed, account.zone);
            content = Some(typed);
            match changed {
                Ok(changed) => monitor
                    .change_draft(&id, revision, &changed)
                    .await
                    .map(|_| plan("draft-changed")),
                Err(problem) => Err(MonitorError::Config(problem)),
            }
        }
        "ask" => monitor
            .ask_approval(&id, revision, &by)
            .await
            .map(|_| plan("draft-asked")),
        "approve" => monitor
            .approve_draft(&id, revision, &by)
            .await
            .map(|post| format!("/posts/{}?notice=approved", post.id)),
        "reject" => monitor
            .reject_draft(&id, revision, &by, &one(&pairs, "reason"))
            .await
            .map(|_| plan("draft-rejected")),
        "schedule" => monitor
            .schedule_draft(&id, revision)
            .await
            .map(|post| format!("/posts/{}?notice=scheduled", post.id)),
        "discard" => monitor
            .discard_draft(&id)
            .await
            .map(|_| plan("draft-discarded")),
        _ => Err(MonitorError::Config(
            "choose one of the draft's buttons".to_owned(),
        )),
    };
    match done {
        Ok(address) => Ok(Redirect::to(&address).into_response()),
        Err(error) => {
            let typed = Typed {
                id,
                problem: told(error)?,
                content,
            };
            let refused = Refused {
                problem: Some(typed.problem.clone()),
                draft: Some(typed),
                ..Refused::default()
            };
            again(&state, &account, refused).await
        }
    }
}

/// The draft with another text and another time; the rest of it stays.
fn changed(
    draft: &KeptDraft,
    (text, due, is_queued): &(String, String, bool),
    zone: Zone,
) -> Result<DraftPlan, String> {
    let mut content = draft.entry.content.clone();
    content.draft.text = (!text.trim().is_empty()).then(|| text.clone());
    content.due = if *is_queued {
        Some(Due::NextSlot)
    } else if due.is_empty() {
        None
    } else {
        let time = read_local(due)
            .ok_or("this is not a date with a time: write it like 2026-11-24T19:00")?;
        Some(Due::Local { time, zone })
    };
    Ok(content)
}
