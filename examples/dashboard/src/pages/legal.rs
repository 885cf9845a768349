//! Privacy policy and terms.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use threads_client::Scope;
use threads_monitor::Retention;

use crate::app::{AppState, SCOPES};
use crate::problem::Problem;
use crate::shell::{Shell, page};

/// Changes with every change of the policy's text.
const POLICY_DATE: &str = "November 24, 2026";
const POLICY_DATE_MACHINE: &str = "2026-11-24";

#[derive(Template)]
#[template(path = "privacy.html")]
struct PrivacyPage {
    shell: Shell,
    updated: &'static str,
    updated_machine: &'static str,
    store: String,
    is_sealed: bool,
    kept: Vec<String>,
    contact: String,
    scopes: Vec<(&'static Scope, &'static str)>,
}

#[derive(Template)]
#[template(path = "terms.html")]
struct TermsPage {
    shell: Shell,
    updated: &'static str,
    updated_machine: &'static str,
    contact: String,
}

fn contact(state: &AppState) -> String {
    state
        .settings
        .contact
        .clone()
        .unwrap_or_else(|| "the person or organisation that runs this installation".to_owned())
}

/// How long what is kept, from the same settings by which it is removed.
fn kept(retention: &Retention) -> Vec<String> {
    let days = |span: Duration| span.as_secs() / (24 * 60 * 60);
    [
        retention.raw.map(|raw| {
            format!(
                "Every measurement is kept for {} days; of older days, only the last measurement of each number.",
                days(raw)
            )
        }),
        retention
            .daily
            .map(|daily| format!("Measurements are removed after {} days.", days(daily))),
        retention.attempts.map(|attempts| {
            format!(
                "The technical record of attempts to publish a post is removed {} days after its end.",
                days(attempts)
            )
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(crate) async fn privacy(State(state): State<Arc<AppState>>) -> Result<Response, Problem> {
    page(
        StatusCode::OK,
        &PrivacyPage {
            shell: state.shell(),
            updated: POLICY_DATE,
            updated_machine: POLICY_DATE_MACHINE,
            store: state.settings.store.clone(),
            is_sealed: state.settings.keys.is_some(),
            kept: kept(state.settings.monitor.retention()),
            contact: contact(&state),
            scopes: SCOPES
                .iter()
                .map(|(scope, reason)| (scope, *reason))
                .collect(),
        },
    )
}

pub(crate) async fn terms(State(state): State<Arc<AppState>>) -> Result<Response, Problem> {
    page(
        StatusCode::OK,
        &TermsPage {
            shell: state.shell(),
            updated: POLICY_DATE,
            updated_machine: POLICY_DATE_MACHINE,
            contact: contact(&state),
        },
    )
}
