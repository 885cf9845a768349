//! Scheduled posts: the list, one of them, and what a person can do.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, RawForm, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use threads_client::{DraftContent, Media, MediaKind, UserId};
use threads_monitor::planning::{DraftPlan, NewDraft};
use threads_monitor::publishing::{Decision, Due, NewChain, NewPost, Phase, ScheduledPost};
use threads_monitor::scheduler::JobId;
use threads_monitor::snapshot_store::{Metric, Reading, SnapshotQuery, Subject};
use threads_monitor::{AccountSummary, MonitorError, StoreError, Zone};

use super::chain::ChainView;
use super::queue::{self, QueueEntry};
use super::reuse::ReuseView;
use super::{PageQuery, Person, warning_words};
use crate::app::AppState;
use crate::compose::ScheduleForm;
use crate::fields::pairs;
use crate::format::Moment;
use crate::parts;
use crate::problem::{Problem, capitalised, missing_scope};
use crate::shell::{Shell, page};
use crate::words::{self, AttemptWords, StateWords};

#[derive(Template)]
#[template(path = "posts.html")]
struct PostsPage {
    shell: Shell,
    id: String,
    person: Person,
    queue: Vec<QueueEntry>,
}

#[derive(Template)]
#[template(path = "compose.html")]
struct ComposePage {
    shell: Shell,
    id: String,
    person: Person,
    form: ScheduleForm,
}

#[derive(Template)]
#[template(path = "post.html")]
struct PostPage {
    shell: Shell,
    person: Person,
    post: PostView,
    reuse: Option<ReuseView>,
}

struct PostView {
    id: String,
    chain: Option<ChainView>,
    account: String,
    state: StateWords,
    next_wake: Option<Moment>,
    cancel_requested: Option<Moment>,
    permalink: Option<String>,
    needs_decision: bool,
    can_cancel: bool,
    cancel_word: &'static str,
    attempts: Vec<AttemptView>,
    text: String,
    media: Vec<MediaView>,
    due: Moment,
    latest: Moment,
    created: Moment,
    options: Vec<(&'static str, String)>,
}

struct AttemptView {
    word: &'static str,
    tone: &'static str,
    meaning: &'static str,
    advice: Option<&'static str>,
    answer: Option<String>,
    at: Moment,
}

struct MediaView {
    kind: &'static str,
    address: String,
    alt: Option<String>,
}

pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let monitor = &state.settings.monitor;
    let account = super::account(monitor, &UserId::new(id)).await?;
    let queue = queue::ordered(monitor.scheduled_posts(&account.user).await?)
        .iter()
        .map(|scheduled| QueueEntry::of(scheduled, account.zone))
        .collect();
    let mut shell = state.shell();
    shell.notice = query.notice();
    page(
        StatusCode::OK,
        &PostsPage {
            shell,
            id: account.user.to_string(),
            person: Person::of(&account),
            queue,
        },
    )
}

pub(crate) async fn schedule(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Response, Problem> {
    state.accept_changes()?;
    let monitor = &state.settings.monitor;
    let account = super::account(monitor, &UserId::new(id)).await?;
    let pairs = pairs(&body);
    let is_confirmed = pairs.iter().any(|(name, _)| name == "confirm");
    let mut form = ScheduleForm::of_pairs(&pairs, account.zone);
    if form.action == "add-part" {
        parts::add(&mut form.parts);
        return composing(StatusCode::OK, &state, &account, form);
    }
    if form.action == "draft" {
        return keep(&state, &account, form).await;
    }
    let composed = if form.action == "queue" {
        form.compose_queued()
            .map(|draft| (draft, Due::NextSlot, "queued"))
    } else {
        form.compose(monitor.now())
            .map(|composed| (composed.draft, composed.due, composed.notice))
    };
    let Some((draft, due, notice)) = composed else {
        return again(&state, &account, form);
    };
    // Without a key every submission is a post of its own, as with any plain client.
    let key = (!form.key.is_empty()).then(|| format!("form-{}", form.key));
    let scheduled = if form.parts.is_empty() {
        let mut post = NewPost::new(account.user.clone(), draft, due);
        post.idempotency_key = key;
        post.unless_warned = !is_confirmed;
        monitor.schedule(post).await
    } else {
        let mut chain = NewChain::new(account.user.clone(), form.with_parts(draft), due);
        chain.idempotency_key = key;
        chain.unless_warned = !is_confirmed;
        monitor.schedule_chain(chain).await
    };
    match scheduled {
        Ok(scheduled) => {
            let address = format!("/posts/{}?notice={notice}", scheduled.id);
            Ok(Redirect::to(&address).into_response())
        }
        Err(MonitorError::Draft(error)) => {
            form.refuse(&error);
            again(&state, &account, form)
        }
        Err(MonitorError::MissingScope { scope, .. }) => {
            form.errors.add("form", missing_scope(&scope));
            again(&state, &account, form)
        }
        Err(MonitorError::Warned { warnings }) => {
            form.warnings = warnings
                .iter()
                .map(|warning| warning_words(warning, account.zone))
                .collect();
            again(&state, &account, form)
        }
        Err(MonitorError::QueueFull { .. }) => {
            form.errors.add(
                "form",
                "The queue has no free time. Give it times on the plan page, or choose a date and a time.",
            );
            again(&state, &account, form)
        }
        Err(MonitorError::Store(StoreError::Conflict { .. })) => used(&state, &account, form),
        Err(error) => Err(error.into()),
    }
}

/// Keeps what was written as a draft.
async fn keep(
    state: &AppState,
    account: &AccountSummary,
    mut form: ScheduleForm,
) -> Result<Response, Problem> {
    let monitor = &state.settings.monitor;
    if !form.parts.is_empty() {
        form.errors.add(
            "form",
            "A draft is one post, so a thread cannot be kept as one. Schedule it, or take the parts out.",
        );
        return again(state, account, form);
    }
    let Some((draft, due)) = form.compose_draft(monitor.now()) else {
        return again(state, account, form);
    };
    let new = NewDraft {
        account: account.user.clone(),
        content: DraftPlan::new(draft, due),
        idempotency_key: (!form.key.is_empty()).then(|| format!("form-{}", form.key)),
    };
    match monitor.keep_draft(new).await {
        Ok(_) => {
            let address = format!("/accounts/{}/plan?notice=drafted#drafts", account.user);
            Ok(Redirect::to(&address).into_response())
        }
        Err(MonitorError::Store(StoreError::Conflict { .. })) => used(state, account, form),
        Err(error) => Err(error.into()),
    }
}

fn used(
    state: &AppState,
    account: &AccountSummary,
    mut form: ScheduleForm,
) -> Result<Response, Problem> {
    form.errors.add(
        "form",
        "This form was already used for another post, which is scheduled. Send it again to schedule this one, too.",
    );
    form.renew_key()?;
    again(state, account, form)
}

/// The form once more, with what was typed and what is wrong.
fn again(
    state: &AppState,
    account: &AccountSummary,
    form: ScheduleForm,
) -> Result<Response, Problem> {
    composing(StatusCode::UNPROCESSABLE_ENTITY, state, account, form)
}

fn composing(
    status: StatusCode,
    state: &AppState,
    account: &AccountSummary,
    mut form: ScheduleForm,
) -> Result<Response, Problem> {
    form.make_room(0);
    page(
        status,
        &ComposePage {
            shell: state.shell(),
            id: account.user.to_string(),
            person: Person::of(account),
            form,
        },
    )
}

pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let scheduled = find(&state, &id).await?;
    let account = super::account(&state.settings.monitor, &scheduled.account).await?;
    let permalink = permalink(&state, &scheduled).await?;
    let mut shell = state.shell();
    shell.notice = query.notice();
    page(
        StatusCode::OK,
        &PostPage {
            shell,
            person: Person::of(&account),
            post: view(&scheduled, account.zone, permalink),
            reuse: ReuseView::of(&scheduled.post)?,
        },
    )
}

pub(crate) async fn cancel(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    state.accept_changes()?;
    let id = read_id(&id)?;
    let scheduled = state.settings.monitor.cancel(&id).await?;
    let notice = match scheduled.post.phase {
        Phase::Cancelled { .. } | Phase::Published { .. } if is_partly_live(&scheduled) => {
            "part-cancelled"
        }
        Phase::Cancelled { .. } => "cancelled",
        _ => "cancel-asked",
    };
    Ok(Redirect::to(&format!("/posts/{id}?notice={notice}")))
}

pub(crate) async fn decide(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Redirect, Problem> {
    state.accept_changes()?;
    let id = read_id(&id)?;
    let decision = pairs(&body)
        .into_iter()
        .find_map(|(name, value)| match (name.as_str(), value.as_str()) {
            ("decision", "it_is_live") => Some(Decision::ItIsLive),
            ("decision", "discard") => Some(Decision::Discard),
            _ => None,
        })
        .ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "That is no decision",
                "Choose one of the two buttons on the post's page. Nothing was changed.",
            )
        })?;
    state.settings.monitor.decide(&id, decision).await?;
    Ok(Redirect::to(&format!("/posts/{id}?notice=decided")))
}

fn is_partly_live(scheduled: &ScheduledPost) -> bool {
    let status = scheduled.post.chain_status();
    status.is_some_and(|status| status.published > 0)
}

pub(super) fn read_id(id: &str) -> Result<JobId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

pub(super) async fn find(state: &AppState, id: &str) -> Result<ScheduledPost, Problem> {
    let id = read_id(id)?;
    state
        .settings
        .monitor
        .scheduled(&id)
        .await?
        .ok_or_else(|| MonitorError::NoSuchPost { id }.into())
}

/// The page of a published post on Threads, once the post was read back.
async fn permalink(state: &AppState, scheduled: &ScheduledPost) -> Result<Option<String>, Problem> {
    let Phase::Published {
        media_id: Some(media_id),
        ..
    } = &scheduled.post.phase
    else {
        return Ok(None);
    };
    let query = SnapshotQuery::account(scheduled.account.clone())
        .subject(Subject::Post(media_id.clone()))
        .metric(Metric::Post)
        .newest_first()
        .limit(1);
    let found = state
        .settings
        .monitor
        .storage()
        .snapshots
        .query(&query)
        .await?;
    Ok(found.first().and_then(|snapshot| match &snapshot.reading {
        Reading::Post(post) => post
            .permalink
            .as_ref()
            .filter(|link| link.scheme() == "https")
            .map(ToString::to_string),
        _ => None,
    }))
}

fn view(scheduled: &ScheduledPost, zone: Zone, permalink: Option<String>) -> PostView {
    let post = &scheduled.post;
    let draft = &post.draft;
    let moment = |at| Moment::new(at, zone);
    let mut options = vec![("Content", queue::content(draft))];
    if let Some(tag) = &draft.topic_tag {
        options.push(("Topic", tag.clone()));
    }
    if let Some(control) = draft.reply_control {
        options.push(("Who can reply", control.as_str().replace('_', " ")));
    }
    options.extend(
        draft
            .warnings()
            .iter()
            .map(|warning| ("Worth a look", capitalised(&warning.to_string()))),
    );
    let is_final = post.is_over();
    PostView {
        chain: ChainView::of(post),
        id: scheduled.id.to_string(),
        account: scheduled.account.to_string(),
        state: words::state(post, zone),
        next_wake: scheduled.next_wake_at.filter(|_| !is_final).map(moment),
        cancel_requested: post.cancel_requested_at.filter(|_| !is_final).map(moment),
        permalink,
        needs_decision: matches!(post.phase, Phase::NeedsAttention { .. }),
        can_cancel: !is_final
            && post.cancel_requested_at.is_none()
            && !matches!(post.phase, Phase::NeedsAttention { .. }),
        cancel_word: match post.phase {
            Phase::Publishing { .. } | Phase::Verifying { .. } | Phase::Restored { .. } => {
                "Ask to cancel"
            }
            _ => "Cancel this post",
        },
        attempts: post
            .attempts
            .iter()
            .map(|attempt| {
                let AttemptWords {
                    word,
                    tone,
                    meaning,
                    answer,
                    advice,
                } = words::attempt(attempt, &post.phase);
                AttemptView {
                    word,
                    tone,
                    meaning,
                    answer,
                    advice,
                    at: moment(attempt.authorised_at),
                }
            })
            .collect(),
        text: queue::text(draft).to_owned(),
        media: media(&draft.content, draft.alt_text.as_deref()),
        due: moment(post.due_at),
        latest: moment(post.latest_at()),
        created: moment(scheduled.created_at),
        options,
    }
}

fn media(content: &DraftContent, alt: Option<&str>) -> Vec<MediaView> {
    let one = |media: &Media, alt: Option<&str>| MediaView {
        kind: match media.kind {
            MediaKind::Image => "Image",
            MediaKind::Video => "Video",
        },
        address: media.url.to_string(),
        alt: alt.or(media.alt_text.as_deref()).map(str::to_owned),
    };
    match content {
        DraftContent::Single(item) => vec![one(item, alt)],
        DraftContent::Carousel(items) => items.iter().map(|item| one(item, None)).collect(),
        _ => Vec::new(),
    }
}
