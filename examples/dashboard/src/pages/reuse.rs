//! What a post says that is over, kept as a draft: another time, other words, another try.

use std::sync::Arc;

use axum::extract::{Path, RawForm, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use threads_monitor::planning::{DraftPlan, NewDraft};
use threads_monitor::publishing::{Phase, Post};

use super::posts::find;
use crate::app::AppState;
use crate::compose::fresh_key;
use crate::fields::pairs;
use crate::problem::Problem;

/// The button, with what it means for this post.
pub(super) struct ReuseView {
    pub(super) key: String,
    pub(super) meaning: &'static str,
}

impl ReuseView {
    /// `None` while the post is not over, and for a thread, which no draft can hold.
    pub(super) fn of(post: &Post) -> Result<Option<Self>, Problem> {
        if !can_be_reused(post) {
            return Ok(None);
        }
        Ok(Some(Self {
            key: fresh_key()?,
            meaning: match post.phase {
                Phase::Abandoned { .. } => {
                    "A new draft with the same words and files. Nobody knows whether this post is live: look at the account on Threads before you schedule the draft, or readers may see it twice."
                }
                Phase::Published { .. } => {
                    "A new draft with the same words and files, to be sent once more. This post stays."
                }
                _ => {
                    "A new draft with the same words and files. This post was not published, and will not be."
                }
            },
        }))
    }
}

fn can_be_reused(post: &Post) -> bool {
    post.is_over() && post.chain.is_none()
}

pub(crate) async fn reuse(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Redirect, Problem> {
    state.accept_changes()?;
    let scheduled = find(&state, &id).await?;
    if !can_be_reused(&scheduled.post) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "This post cannot become a draft",
            "A draft is made of a single post that is over. Nothing was changed.",
        ));
    }
    // The same form sent twice is one draft.
    let key = pairs(&body)
        .into_iter()
        .find_map(|(name, value)| (name == "key" && !value.is_empty()).then_some(value));
    let new = NewDraft {
        account: scheduled.account.clone(),
        content: DraftPlan::new(scheduled.post.draft, None),
        idempotency_key: key.map(|key| format!("reuse-{key}")),
    };
    state.settings.monitor.keep_draft(new).await?;
    let address = format!("/accounts/{}/plan?notice=reused#drafts", scheduled.account);
    Ok(Redirect::to(&address))
}
