//! What the log of requests proves.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{Charge, SETTLE};
use crate::credentials::SCOPES;
use crate::endpoint::{Access, Endpoint, EndpointSpec};
use crate::endpoints::TABLE;
use crate::fields::Selection;
use crate::ledger::LedgerEntry;
use crate::request_log::{RequestLogEntry, TokenPlacement};

/// Codes that say nothing about whether a call acted: the platform was busy,
/// throttled, or had seen the post before.
const UNCLEAR_CODES: [i64; 9] = [1, 2, 4, 17, 32, 341, 368, 506, 613];
const UNCLEAR_SUBCODE: i64 = 2_207_051;

pub(super) fn charges(ledger: &[LedgerEntry], requests: &[RequestLogEntry]) -> Vec<Charge> {
    let accounts: BTreeSet<&str> = ledger
        .iter()
        .filter_map(|entry| entry.account.as_deref())
        .collect();
    let mut charges: Vec<Charge> = requests
        .iter()
        .flat_map(|entry| form(entry).into_iter().chain(rounded_id(entry, &accounts)))
        .collect();
    charges.extend(repeated_publishes(requests));
    charges.extend(repeated_reposts(requests));
    charges
}

/// Parameters, fields and token of one request.
fn form(entry: &RequestLogEntry) -> Vec<Charge> {
    let specs: Vec<&EndpointSpec> = TABLE
        .iter()
        .copied()
        .filter(|spec| Some(spec.endpoint) == entry.endpoint && spec.method == *entry.method)
        .collect();
    let mut charges = Vec::new();
    for (name, _) in &entry.parameters {
        let is_known = |spec: &&EndpointSpec| {
            spec.parameters.contains(&name.as_str())
                || (name == "fields" && !spec.fields.is_empty())
        };
        if !specs.is_empty() && name != "access_token" && !specs.iter().any(is_known) {
            charges.push(Charge::UnknownParameter {
                name: name.clone(),
                request: entry.seq,
            });
        }
    }
    let scopes: BTreeSet<String> = SCOPES.iter().map(|&scope| scope.to_owned()).collect();
    if let Some(fields) = entry.parameter("fields") {
        let is_known = |spec: &&EndpointSpec| {
            spec.fields.is_empty()
                || Selection::parse(Some(fields), spec.fields, "object", &scopes).is_ok()
        };
        if !specs.iter().all(is_known) {
            charges.push(Charge::UnknownField {
                fields: fields.to_owned(),
                request: entry.seq,
            });
        }
    }
    if let Some(spec) = specs.first() {
        charges.extend(token(entry, spec));
    }
    charges
}

/// Where the token was.
fn token(entry: &RequestLogEntry, spec: &EndpointSpec) -> Option<Charge> {
    let request = entry.seq;
    let is_page = ["after", "before"]
        .iter()
        .any(|name| entry.parameter(name).is_some());
    match (spec.access, entry.token_placement?) {
        (Access::User, TokenPlacement::Query) if is_page => {
            Some(Charge::PagingLinkFollowed { request })
        }
        (Access::User, TokenPlacement::Query) => Some(Charge::TokenMisplaced { request }),
        (Access::Open, TokenPlacement::Header)
            if matches!(
                spec.endpoint,
                Endpoint::ExchangeToken | Endpoint::RefreshToken
            ) =>
        {
            Some(Charge::TokenMisplaced { request })
        }
        _ => None,
    }
}

/// An account's id that went through a floating-point number.
fn rounded_id(entry: &RequestLogEntry, accounts: &BTreeSet<&str>) -> Option<Charge> {
    let sent = entry
        .path
        .split('/')
        .find(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))?;
    let is_rounded = !accounts.contains(sent)
        && accounts.iter().any(|account| {
            account
                .parse::<f64>()
                .is_ok_and(|number| format!("{number:.0}") == sent)
        });
    is_rounded.then(|| Charge::RoundedId {
        sent: sent.to_owned(),
        request: entry.seq,
    })
}

/// Publish calls for a container that was published, or may be and may still act.
fn repeated_publishes(requests: &[RequestLogEntry]) -> Vec<Charge> {
    let settle = TimeDelta::from_std(SETTLE).unwrap_or(TimeDelta::MAX);
    let calls: Vec<(&str, &RequestLogEntry)> = requests
        .iter()
        .filter(|entry| entry.endpoint == Some(Endpoint::PublishContainer))
        .filter_map(|entry| entry.parameter("creation_id").map(|id| (id, entry)))
        .collect();
    let mut charges = Vec::new();
    for (position, (container, call)) in calls.iter().enumerate() {
        let is_guess = calls
            .iter()
            .take(position)
            .filter(|(earlier, _)| earlier == container)
            .any(|(_, earlier)| match outcome(earlier) {
                Outcome::Worked => true,
                Outcome::Unclear => call.at - earlier.at < settle,
                Outcome::Refused => false,
            });
        if is_guess {
            charges.push(Charge::PublishRepeated {
                container_id: (*container).to_owned(),
                request: call.seq,
            });
        }
    }
    charges
}

/// Reposts that were sent again though the first one was not refused.
fn repeated_reposts(requests: &[RequestLogEntry]) -> Vec<Charge> {
    let mut sent = BTreeSet::new();
    let mut charges = Vec::new();
    for entry in requests {
        if entry.endpoint != Some(Endpoint::Repost) {
            continue;
        }
        if sent.contains(&entry.path) {
            charges.push(Charge::RepostRepeated {
                path: entry.path.clone(),
                request: entry.seq,
            });
        }
        if outcome(entry) != Outcome::Refused {
            sent.insert(&entry.path);
        }
    }
    charges
}

/// What the client could know from an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Worked,
    Refused,
    Unclear,
}

fn outcome(entry: &RequestLogEntry) -> Outcome {
    let is_unclear_code = entry
        .error_code
        .is_some_and(|code| UNCLEAR_CODES.contains(&code))
        || entry.error_subcode == Some(UNCLEAR_SUBCODE);
    // A body that says something else, or nothing, behind a status of success.
    let is_unclear_body = entry.fault.as_deref().is_some_and(|fault| {
        ["wrong_json", "missing_id", "html_body", "truncated_body"].contains(&fault)
    });
    match entry.status {
        Some(200) if !is_unclear_body => Outcome::Worked,
        Some(408 | 409 | 425 | 429) => Outcome::Unclear,
        Some(400..=499) if !is_unclear_code => Outcome::Refused,
        _ => Outcome::Unclear,
    }
}
