//! Disconnecting an account: first the consequences, then the deed.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use threads_client::UserId;

use super::Person;
use crate::app::AppState;
use crate::problem::Problem;
use crate::shell::{Shell, page};

#[derive(Template)]
#[template(path = "disconnect.html")]
struct DisconnectPage {
    shell: Shell,
    id: String,
    person: Person,
    store: String,
    open_posts: usize,
}

pub(crate) async fn ask(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let monitor = &state.settings.monitor;
    let account = super::account(monitor, &UserId::new(id)).await?;
    let open_posts = monitor
        .scheduled_posts(&account.user)
        .await?
        .iter()
        .filter(|scheduled| !scheduled.post.is_over())
        .count();
    page(
        StatusCode::OK,
        &DisconnectPage {
            shell: state.shell(),
            id: account.user.to_string(),
            person: Person::of(&account),
            store: state.settings.store.clone(),
            open_posts,
        },
    )
}

pub(crate) async fn disconnect(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    state.accept_changes()?;
    let monitor = state.settings.monitor.clone();
    let erased =
        super::to_the_end(async move { Ok(monitor.disconnect(&UserId::new(id)).await?) }).await?;
    Ok(Redirect::to(if erased.undecided_posts == 0 {
        "/?notice=disconnected"
    } else {
        "/?notice=disconnected-undecided"
    }))
}
