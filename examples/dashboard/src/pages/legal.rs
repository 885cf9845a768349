//! Privacy policy and terms.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use threads_client::Scope;

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

pub(crate) async fn privacy(State(state): State<Arc<AppState>>) -> Result<Response, Problem> {
    page(
        StatusCode::OK,
        &PrivacyPage {
            shell: state.shell(),
            updated: POLICY_DATE,
            updated_machine: POLICY_DATE_MACHINE,
            store: state.settings.store.clone(),
            is_sealed: state.settings.keys.is_some(),
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
