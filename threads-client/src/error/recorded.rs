//! Advice for errors that were kept as the text they display.
//!
//! Programs store what an error said and show it much later. The texts are this crate's own, made by the
//! `Display` next door, and a test reads each of them back.

use super::advice::{Advice, may_be_a_dead_token};
use super::classify::{self, classify};
use super::{refusal, table};
use crate::ContainerError;
use crate::http::class;

/// How texts of this crate are told from others, and from each other.
const ANSWERED: &str = "Threads answered ";
const NOT_IN_TIME: &str = "did not answer in time";
const NOT_CONNECTED: &str = "could not connect for";
const BROKE_OFF: [&str; 2] = ["the connection failed during", "broke off"];
const NOT_DECODED: &str = "could not decode the answer of";
const NOT_SENT: &str = "was not sent";
const PUBLISHING: &str = "publishing container ";

pub(super) fn advice(text: &str) -> Option<Advice> {
    let is_publication = text.contains(PUBLISHING);
    if let Some((_, answer)) = text.split_once(ANSWERED) {
        return answered(answer, is_publication);
    }
    let is_publication = is_publication || class::is_publication(endpoint(text));
    let container = text
        .split(|character: char| !(character.is_ascii_uppercase() || character == '_'))
        .filter(|word| word.contains('_'))
        .map(ContainerError::from)
        .find(|error| !matches!(error, ContainerError::Unknown(_)));
    if let Some(error) = container {
        return Some(error.advice());
    }
    let has = |part: &str| text.contains(part);
    let entry = if has(NOT_CONNECTED) {
        &table::NOT_CONNECTED
    } else if let Some((_, reason)) = text.split_once(NOT_SENT) {
        held_back(reason)
    } else if has("is EXPIRED, not FINISHED") {
        &table::CONTAINER_EXPIRED
    } else if has("is ERROR, not FINISHED") {
        &table::CONTAINER_FAILED
    } else if has("IN_PROGRESS, not FINISHED") {
        &table::CONTAINER_UNFINISHED
    } else if has(NOT_IN_TIME) {
        if is_publication {
            &table::OUTCOME_UNKNOWN
        } else {
            &table::NO_ANSWER
        }
    } else if BROKE_OFF.iter().any(|part| has(part)) {
        if is_publication {
            &table::OUTCOME_UNKNOWN
        } else {
            &table::CONNECTION_LOST
        }
    } else if has(NOT_DECODED) {
        if is_publication {
            &table::OUTCOME_UNKNOWN
        } else {
            &table::ANSWER_NOT_UNDERSTOOD
        }
    } else if has(PUBLISHING) {
        &table::OUTCOME_UNKNOWN
    } else if has("invalid `") {
        &table::REQUEST_INVALID
    } else {
        return None;
    };
    Some(Advice::new(entry))
}

fn held_back(reason: &str) -> &'static table::Entry {
    if reason.contains("the quota of") {
        &table::QUOTA_USED_UP
    } else if reason.contains("failed to answer") {
        &table::META_DOWN
    } else {
        &table::HELD_BACK
    }
}

/// Reads ``400 (code 24, subcode 4279009, transient) to `GET /me`: message``.
fn answered(answer: &str, is_publication: bool) -> Option<Advice> {
    let (head, message) = answer.split_once(": ").unwrap_or((answer, ""));
    let endpoint = endpoint(head);
    let is_publication = is_publication || class::is_publication(endpoint);
    let digits = head.find(|character: char| !character.is_ascii_digit());
    let status = head.get(..digits.unwrap_or(head.len()))?.parse().ok()?;
    let number = |name: &str| {
        let (_, rest) = head.split_once(name)?;
        let end = rest.find([',', ')']).unwrap_or(rest.len());
        rest.get(..end)?.parse::<i64>().ok()
    };
    let (code, subcode) = (number("(code "), number("subcode "));
    let is_transient = head.contains("transient)");
    let proves_refusal = || refusal::of(status, code?, subcode, message);
    if is_publication && (is_transient || proves_refusal().is_none()) {
        return Some(Advice::outcome_unknown());
    }
    if let Some(row) = classify::row(code, subcode, message) {
        if !is_publication && may_be_a_dead_token(row.entry, endpoint) {
            return Some(Advice::new(&table::LOGIN_IN_DOUBT));
        }
        return Some(Advice::of_code(code, subcode, message));
    }
    let is_transient = is_transient.then_some(true);
    let kind = classify(status, code, subcode, message, is_transient);
    Some(Advice::of_kind(kind))
}

/// The first text between backticks that begins like a call.
fn endpoint(text: &str) -> &str {
    text.split('`')
        .find(|part| part.contains(" /"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
