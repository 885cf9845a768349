//! All accounts at one look.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use threads_monitor::{AccountSummary, chart};

use super::series::{self, Range};
use super::{ConnectionWords, PageQuery, Person, archive};
use crate::app::AppState;
use crate::format::{Figure, Moment};
use crate::problem::Problem;
use crate::shell::{Shell, page};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    shell: Shell,
    accounts: Vec<AccountCard>,
    can_back_up: bool,
}

struct AccountCard {
    id: String,
    person: Person,
    followers: Figure,
    change: String,
    sparkline: String,
    connection: ConnectionWords,
    next_post: Option<Moment>,
}

pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let mut accounts = Vec::new();
    for account in state.settings.monitor.accounts().await? {
        accounts.push(card(&state, &account).await?);
    }
    let mut shell = state.shell();
    shell.notice = query.notice();
    page(
        StatusCode::OK,
        &HomePage {
            shell,
            accounts,
            can_back_up: archive::can_back_up(&state),
        },
    )
}

async fn card(state: &AppState, account: &AccountSummary) -> Result<AccountCard, Problem> {
    let monitor = &state.settings.monitor;
    let zone = account.zone;
    let person = Person::of(account);
    let days = series::followers(monitor, &account.user, zone, Range::of(Some("30d"))).await?;
    let change = series::weekly_change(monitor, &account.user, zone).await?;
    let next_post = monitor
        .scheduled_posts(&account.user)
        .await?
        .iter()
        .filter(|scheduled| !scheduled.post.is_over())
        .map(|scheduled| scheduled.post.due_at)
        .min();
    Ok(AccountCard {
        id: account.user.to_string(),
        followers: Figure::of(&account.followers, zone),
        change: change
            .unwrap_or_else(|| "No change yet: it needs a week of measurements.".to_owned()),
        sparkline: chart::sparkline(&format!("Followers of {}", person.name), &days),
        connection: ConnectionWords::of(account),
        next_post: next_post.map(|due| Moment::new(due, zone)),
        person,
    })
}
