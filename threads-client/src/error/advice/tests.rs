//! The table of advice, against what is known of Meta's codes.

use std::collections::HashSet;

use super::*;
use crate::ContainerId;
use crate::error::table::{ENTRIES, ROWS};
use crate::error::{DecodeFailure, InvalidRequest, PublishError, TransportError, TransportStep};
use crate::http::quota_counter::Quota;

/// Code, subcode, a text, the kind, and the name of the advice.
pub(in crate::error) type Known = (
    Option<i64>,
    Option<i64>,
    &'static str,
    ApiErrorKind,
    &'static str,
);

#[rustfmt::skip]
pub(in crate::error) const KNOWN: &[Known] = {
    use ApiErrorKind::{InvalidParameter, NotFound, Other, PermissionDenied, RateLimited, Transient, Unauthenticated};
    &[
        (Some(1), None, "", Transient, "meta_unavailable"),
        (Some(1), Some(2_207_052), "", InvalidParameter, "media_not_fetched"),
        (Some(2), None, "", Transient, "meta_unavailable"),
        (Some(3), None, "", PermissionDenied, "app_not_capable"),
        (Some(4), None, "", RateLimited, "too_many_calls"),
        (Some(17), None, "", RateLimited, "too_many_calls"),
        (Some(32), None, "", RateLimited, "too_many_calls"),
        (Some(613), None, "", RateLimited, "too_many_calls"),
        (Some(80_001), None, "", RateLimited, "too_many_calls"),
        (Some(9), Some(2_207_042), "", RateLimited, "posting_limit"),
        (Some(10), None, "Application does not have permission for this action", PermissionDenied, "permission_missing"),
        (Some(24), Some(4_279_009), "", NotFound, "container_not_there"),
        (Some(24), None, "", NotFound, "not_found"),
        (Some(100), None, "(#100) Param text must be at most 500 characters long", InvalidParameter, "text_too_long"),
        (Some(100), None, "text can't be blank", InvalidParameter, "nothing_to_post"),
        (Some(100), None, "(#100) Tried accessing nonexisting field (statuss)", InvalidParameter, "field_unknown"),
        (Some(100), None, "Param media_type must be one of the following values: TEXT", InvalidParameter, "value_not_allowed"),
        (Some(100), None, "The requested resource does not exist", InvalidParameter, "resource_missing"),
        (Some(100), None, "something else", InvalidParameter, "parameter_refused"),
        (Some(100), Some(33), "", NotFound, "not_visible"),
        (Some(101), None, "", InvalidParameter, "app_credentials"),
        (Some(102), None, "", Unauthenticated, "login_ended"),
        (Some(190), None, "", Unauthenticated, "login_ended"),
        (Some(190), Some(458), "", Unauthenticated, "app_removed"),
        (Some(190), Some(459), "", Unauthenticated, "account_checkpoint"),
        (Some(190), Some(460), "", Unauthenticated, "password_changed"),
        (Some(190), Some(463), "", Unauthenticated, "login_expired"),
        (Some(190), Some(464), "", Unauthenticated, "account_unconfirmed"),
        (Some(190), Some(467), "", Unauthenticated, "login_invalid"),
        (Some(200), None, "", PermissionDenied, "permission_missing"),
        (Some(299), None, "", PermissionDenied, "permission_missing"),
        (Some(341), None, "", RateLimited, "too_many_calls"),
        (Some(368), None, "", Other, "blocked_for_now"),
        (Some(506), None, "", Other, "duplicate_post"),
        (Some(4), Some(2_207_051), "", PermissionDenied, "activity_restricted"),
        (Some(100), Some(4_279_013), "", PermissionDenied, "account_restricted"),
        (Some(100), None, "ErrorCode::THREADS_API__LINK_LIMIT_EXCEEDED", InvalidParameter, "too_many_links"),
        (None, None, "THREADS_API__FEATURE_NOT_AVAILABLE", InvalidParameter, "feature_not_available"),
        (Some(100), None, "THREADS_API__GEO_GATING_INVALID_COUNTRY_CODES", InvalidParameter, "country_not_supported"),
        // The authorization window and the code exchange.
        (Some(1_349_026), None, "", InvalidParameter, "wrong_app_id"),
        (None, None, "FBType::TH__APPLICATION", InvalidParameter, "wrong_app_id"),
        (Some(4_476_002), None, "", InvalidParameter, "wrong_app_id"),
        (Some(1_349_245), None, "", PermissionDenied, "tester_not_accepted"),
        (Some(1_349_187), None, "", InvalidParameter, "redirect_not_https"),
        (Some(1_349_168), None, "", InvalidParameter, "redirect_not_registered"),
        (Some(400), None, "Matching code was not found or was already used", InvalidParameter, "login_code_used"),
        (Some(400), None, "Invalid redirect URI", InvalidParameter, "redirect_not_registered"),
        (Some(400), None, "", InvalidParameter, "login_refused"),
    ]
};

pub(in crate::error) fn answer(
    status: u16,
    code: Option<i64>,
    subcode: Option<i64>,
    message: &str,
) -> ApiError {
    let mut error = serde_json::json!({ "message": message });
    if let Some(code) = code {
        error["code"] = code.into();
    }
    if let Some(subcode) = subcode {
        error["error_subcode"] = subcode.into();
    }
    ApiError::from_response(
        status,
        serde_json::json!({ "error": error }).to_string().as_bytes(),
    )
}

pub(in crate::error) fn at(endpoint: &'static str, mut error: ApiError) -> ApiError {
    error.endpoint = Some(endpoint.into());
    error
}

#[test]
fn every_known_code_has_a_kind_and_advice_of_its_own() {
    for &(code, subcode, message, kind, id) in KNOWN {
        let error = answer(400, code, subcode, message);

        assert_eq!(error.kind, kind, "{code:?}/{subcode:?} {message}");
        assert_eq!(error.advice().id(), id, "{code:?}/{subcode:?} {message}");
        assert_eq!(
            Advice::of_code(code, subcode, message),
            error.advice(),
            "from its parts: {code:?}/{subcode:?} {message}"
        );
    }
}

#[test]
fn every_row_of_the_table_is_known_to_a_test() {
    for row in ROWS {
        assert!(
            KNOWN.iter().any(|known| known.4 == row.entry.id),
            "{}",
            row.entry.id
        );
    }
}

#[test]
fn both_languages_say_something_and_not_the_same() {
    let mut ids = HashSet::new();
    let mut sentences = HashSet::new();
    for entry in ENTRIES {
        assert!(ids.insert(entry.id), "{} is there twice", entry.id);
        for text in [entry.english, entry.indonesian] {
            assert!(
                text.len() > 20 && text.ends_with('.') && text.is_ascii(),
                "{text}"
            );
            assert!(text.starts_with(char::is_uppercase), "{text}");
            assert!(sentences.insert(text), "{text} is there twice");
        }
    }
}

/// A word of the sentence, in both languages, that each action promises, and words that contradict it.
#[test]
fn no_sentence_says_something_else_than_its_action() {
    let again = ["try again", "coba lagi"];
    let connect = ["connect", "hubungkan"];
    for entry in ENTRIES {
        let english = entry.english.to_lowercase();
        let indonesian = entry.indonesian.to_lowercase();
        let says = |words: [&str; 2]| (english.contains(words[0]), indonesian.contains(words[1]));
        let both = |words| says(words) == (true, true);
        let neither = |words| says(words) == (false, false);
        let id = entry.id;
        match &entry.action {
            Action::RetryAfter(_) => {
                assert!(both(again), "{id}");
                assert!(
                    neither(["connect the account", "hubungkan kembali"]),
                    "{id}"
                );
            }
            Action::Reauthorise | Action::AskForScope(_) => {
                assert!(both(connect), "{id}");
                assert!(neither(again), "{id}");
            }
            Action::RecreateContainer => {
                assert!(both(["prepare it anew", "siapkan ulang"]), "{id}");
            }
            Action::WaitForQuota => {
                assert!(both(["wait until", "tunggu sampai"]), "{id}");
                assert!(neither(again), "{id}");
            }
            Action::CheckBeforeRetry => {
                assert!(both(["look at the account", "lihat akunnya"]), "{id}");
                assert!(neither(again), "{id}");
            }
            Action::ContactMeta => {
                assert!(both(["meta", "meta"]), "{id}");
                assert!(neither(again) && neither(connect), "{id}");
            }
            Action::UpdateProgram => assert!(both(["newer version", "lebih baru"]), "{id}"),
            Action::FixMedia | Action::FixRequest | Action::SetUpApp => {
                assert!(neither(again), "{id}");
                assert!(
                    neither(["connect the account", "hubungkan kembali"]),
                    "{id}"
                );
            }
        }
    }
}

#[test]
fn an_unknown_code_is_told_as_unknown() {
    let advice = answer(400, Some(987_654), Some(1), "new").advice();

    assert_eq!(advice.id(), "refused");
    assert_eq!(advice.action(), &Action::ContactMeta);
    assert!(advice.sentence(Language::English).contains("does not know"));
    assert_eq!(Advice::of_code(None, None, "").id(), "refused");
}

#[test]
fn without_a_known_code_the_status_decides() {
    let cases = [
        (401, "login_ended"),
        (403, "permission_missing"),
        (404, "not_found"),
        (429, "too_many_calls"),
        (400, "parameter_refused"),
        (503, "meta_unavailable"),
        (302, "refused"),
    ];

    for (status, id) in cases {
        assert_eq!(
            ApiError::from_response(status, b"").advice().id(),
            id,
            "{status}"
        );
    }
}

#[test]
fn the_wait_that_meta_names_is_part_of_the_action() {
    let mut error = answer(429, Some(4), None, "");
    error.retry_after = Some(Duration::from_secs(90));

    assert_eq!(
        error.advice().action(),
        &Action::RetryAfter(Some(Duration::from_secs(90)))
    );
    assert_eq!(Error::from(error).advice().action().name(), "retry_after");
}

#[test]
fn the_permission_that_meta_names_is_part_of_the_action() {
    let named = answer(
        403,
        Some(10),
        None,
        "Requires the threads_manage_insights permission, or threads_other",
    );
    let unnamed = answer(403, Some(10), None, "threads_unheard_of is not a scope");

    assert_eq!(
        named.advice().action(),
        &Action::AskForScope(Some(Scope::ManageInsights))
    );
    assert_eq!(unnamed.advice().action(), &Action::AskForScope(None));
}

#[test]
fn only_the_own_account_that_does_not_exist_is_a_login_in_doubt() {
    const MISSING: &str = "The requested resource does not exist";
    let disguises = [
        (100, None, MISSING, "resource_missing"),
        (100, Some(33), "Unsupported get request", "not_visible"),
        (24, None, MISSING, "not_found"),
    ];

    for (code, subcode, message, elsewhere) in disguises {
        let missing = || answer(400, Some(code), subcode, message);
        for own in ["GET /me", "GET /me/threads"] {
            let error = at(own, missing());
            assert_eq!(error.advice().id(), "login_in_doubt", "{own}");
            assert_eq!(error.advice().action(), &Action::Reauthorise);
            assert_eq!(Advice::of_text(&error.to_string()), Some(error.advice()));
        }
        let error = at("GET /{post}", missing());
        assert_eq!(error.advice().id(), elsewhere);
        assert_eq!(Advice::of_text(&error.to_string()), Some(error.advice()));
    }
    let unnamed = at("GET /me", answer(404, None, None, ""));
    assert_eq!(unnamed.advice().id(), "not_found", "a gateway may say so");
}

#[test]
fn a_publication_of_unknown_outcome_is_checked_before_it_is_repeated() {
    let publish = "POST /me/threads_publish";
    let unknown = [
        answer(500, Some(10), None, ""),
        answer(503, Some(2), None, ""),
        answer(400, Some(1), None, ""),
        answer(400, Some(4), None, ""),
        answer(400, Some(24), None, ""),
        answer(400, Some(100), Some(33), ""),
        answer(400, Some(100), Some(2_207_051), ""),
        answer(
            400,
            Some(100),
            None,
            "The requested resource does not exist",
        ),
        answer(400, Some(368), None, ""),
        answer(400, Some(506), None, ""),
        answer(400, Some(987_654), None, ""),
        answer(408, Some(100), None, ""),
        answer(400, None, None, ""),
        answer(200, Some(100), None, ""),
    ];
    let certain = [
        (answer(400, Some(10), None, ""), "permission_missing"),
        (answer(401, Some(190), Some(463), ""), "login_expired"),
        (
            answer(400, Some(24), Some(4_279_009), ""),
            "container_not_there",
        ),
        (answer(400, Some(9), Some(2_207_042), ""), "posting_limit"),
        (answer(400, Some(100), None, ""), "parameter_refused"),
    ];

    for error in unknown {
        let wrapped = PublishError {
            container: ContainerId::new("1"),
            source: error.clone().into(),
        };
        let stored = format!("{wrapped}: {error}");
        assert_eq!(
            Advice::of_text(&stored).unwrap().action(),
            &Action::CheckBeforeRetry,
            "{stored}"
        );
        assert_eq!(
            Error::Publish(Box::new(wrapped)).advice().action(),
            &Action::CheckBeforeRetry,
            "{error:?}"
        );
        let error = at(publish, error);
        assert_eq!(
            error.advice().action(),
            &Action::CheckBeforeRetry,
            "{error:?}"
        );
    }
    for (error, id) in certain {
        let stored = format!("publishing container 1 failed: {error}");
        assert_eq!(Advice::of_text(&stored).unwrap().id(), id, "{stored}");
        assert_eq!(at(publish, error).advice().id(), id);
    }
}

#[test]
fn a_name_in_another_text_or_beside_another_code_says_nothing() {
    let name = "THREADS_API__LINK_LIMIT_EXCEEDED";
    let mut elsewhere = answer(400, Some(100), None, "no");
    elsewhere.user_message = Some(name.to_owned());

    assert_eq!(elsewhere.advice().id(), "parameter_refused");
    assert_eq!(
        answer(400, Some(190), None, name).advice().id(),
        "login_ended"
    );
    assert_eq!(
        answer(400, None, None, name).advice().id(),
        "too_many_links"
    );
}

fn transport(endpoint: &'static str, step: TransportStep) -> Error {
    Error::Transport(TransportError::new(endpoint.into(), step, "broken".into()))
}

fn container(status: &str, error: Option<&str>) -> Error {
    let body = serde_json::json!({ "id": "18", "status": status, "error_message": error });
    Error::Container(Box::new(serde_json::from_value(body).unwrap()))
}

/// Errors of every kind with the advice they must have.
pub(in crate::error) fn ours() -> Vec<(Error, &'static str)> {
    let (read, publish) = ("GET /me", "POST /me/threads_publish");
    let decode = |endpoint: &'static str| Error::Decode {
        endpoint: endpoint.into(),
        path: ".".to_owned(),
        source: DecodeFailure::UnexpectedEnd,
    };
    let held = |reason| Error::Throttled {
        endpoint: read.into(),
        reason,
        retry_after: Duration::from_secs(7),
    };
    let timeout = |endpoint: &'static str| Error::Timeout {
        endpoint: endpoint.into(),
    };
    vec![
        (timeout(read), "no_answer"),
        (timeout(publish), "outcome_unknown"),
        (timeout("POST /{post}/repost"), "outcome_unknown"),
        (timeout("POST /me/threads"), "no_answer"),
        (transport(read, TransportStep::Connect), "not_connected"),
        (transport(publish, TransportStep::Connect), "not_connected"),
        (transport(read, TransportStep::Exchange), "connection_lost"),
        (transport(read, TransportStep::Body), "connection_lost"),
        (transport(publish, TransportStep::Body), "outcome_unknown"),
        (decode(read), "answer_not_understood"),
        (decode(publish), "outcome_unknown"),
        (
            Error::InvalidRequest(InvalidRequest {
                field: Some("text".into()),
                reason: "is too long".into(),
            }),
            "request_invalid",
        ),
        (held(HeldBack::Usage), "held_back"),
        (held(HeldBack::Asked), "held_back"),
        (held(HeldBack::Outage), "meta_down"),
        (held(HeldBack::Quota(Quota::Deletes)), "quota_used_up"),
        (
            Error::PageLimit {
                endpoint: read.into(),
                pages: 3,
            },
            "list_too_long",
        ),
        (container("IN_PROGRESS", None), "container_unfinished"),
        (container("EXPIRED", None), "container_expired"),
        (container("ERROR", None), "container_failed"),
        (
            container("ERROR", Some("FAILED_DOWNLOADING_VIDEO")),
            "video_not_fetched",
        ),
    ]
}

#[test]
fn every_error_of_ours_has_advice() {
    for (error, id) in ours() {
        assert_eq!(error.advice().id(), id, "{error:?}");
    }
    let held = Error::Throttled {
        endpoint: "GET /me".into(),
        reason: HeldBack::Usage,
        retry_after: Duration::from_secs(7),
    };
    assert_eq!(
        held.advice().action(),
        &Action::RetryAfter(Some(Duration::from_secs(7)))
    );
}

#[test]
fn every_reason_of_a_container_has_advice_and_misspelt_ones_are_recognised() {
    let cases = [
        ("FAILED_DOWNLOADING_VIDEO", "video_not_fetched"),
        ("FAILED_PROCESSING_AUDIO", "audio_failed"),
        ("FAILED_PROCESSING_VIDEO", "video_failed"),
        ("INVALID_ASPEC_RATIO", "aspect_ratio"),
        ("INVALID_ASPECT_RATIO", "aspect_ratio"),
        ("BAD_ASPECT_RATIO", "aspect_ratio"),
        ("INVALID_BIT_RATE", "bit_rate"),
        ("INVALID_DURATION", "duration"),
        ("INVALID_FRAME_RATE", "frame_rate"),
        ("FAILED_FRAME_RATE", "frame_rate"),
        ("UNSUPPORTED_FRAME_RATE", "frame_rate"),
        ("INVALID_AUDIO_CHANNELS", "audio_channels"),
        ("INVALID_AUDIO_CHANNEL_LAYOUT", "audio_layout"),
        ("UNKNOWN", "media_not_prepared"),
        ("SOMETHING_NEW", "container_failed"),
    ];

    for (name, id) in cases {
        let advice = ContainerError::from(name).advice();
        assert_eq!(advice.id(), id, "{name}");
        assert_eq!(advice.action(), &Action::FixMedia, "{name}");
    }
    assert_eq!(
        Advice::of_text("Meta could not process the post: INVALID_ASPEC_RATIO")
            .unwrap()
            .id(),
        "aspect_ratio"
    );
    for status in ["FINISHED", "PUBLISHED"] {
        let Error::Container(container) = container(status, None) else {
            panic!("not a container");
        };
        assert_eq!(container.advice(), None);
    }
}

#[test]
fn a_language_is_found_by_its_tag() {
    for tag in ["id", "id-ID", "ID_id"] {
        assert_eq!(tag.parse(), Ok(Language::Indonesian), "{tag}");
    }
    assert_eq!("en-GB".parse(), Ok(Language::English));
    for tag in ["", "de", "idx", "-id"] {
        assert_eq!(tag.parse::<Language>(), Err(UnknownLanguage), "{tag}");
    }
}
