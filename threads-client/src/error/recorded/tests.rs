//! The texts of errors, read back.

use super::super::advice::tests::{KNOWN, answer, at, ours};
use crate::error::{ApiError, Error};
use crate::{Advice, Draft};

#[test]
fn the_text_of_an_answer_says_what_it_answers_and_whether_it_passes() {
    let mut error = at(
        "POST /me/threads_publish",
        answer(400, Some(190), None, "Session has expired: `GET /me`"),
    );
    assert_eq!(
        error.to_string(),
        "Threads answered 400 (code 190) to `POST /me/threads_publish`: Session has expired: `GET /me`"
    );
    assert_eq!(
        Advice::of_text(&error.to_string()).unwrap().id(),
        "login_ended"
    );

    error.is_transient = Some(true);
    assert!(error.to_string().contains("400 (code 190, transient) to"));
    let advice = Advice::of_text(&error.to_string()).unwrap();
    assert_eq!(advice, Advice::outcome_unknown(), "not certain any more");
    assert_eq!(advice, error.advice());

    let mut bare = at("POST /me/threads_publish", answer(502, None, None, ""));
    let advice = Advice::of_text(&bare.to_string());
    assert_eq!(advice, Some(Advice::outcome_unknown()), "{bare}");
    bare.endpoint = None;
    bare.is_transient = Some(true);
    assert!(
        bare.to_string()
            .starts_with("Threads answered 502 (transient): ")
    );
}

#[test]
fn advice_is_found_again_in_the_text_of_an_error() {
    for (error, _) in ours() {
        let text = format!("gave up after repeated refusals: {error}");
        let again = Advice::of_text(&text);
        match &error {
            // Nobody keeps these: they end a listing, not a post.
            Error::PageLimit { .. } => assert_eq!(again, None),
            // The text of a container names its state and not the reason beside it.
            Error::Container(container) if container.error_message.is_some() => {
                assert_eq!(again.unwrap().id(), "container_failed");
            }
            _ => assert_eq!(
                again.map(|advice| advice.id()),
                Some(error.advice().id()),
                "{text}"
            ),
        }
    }
    for &(code, subcode, message, _, _) in KNOWN {
        let error = answer(400, code, subcode, message);
        let again = Advice::of_text(&error.to_string());
        assert_eq!(again, Some(error.advice()), "{error}");
    }
    for status in [401, 404, 429, 503] {
        let error = ApiError::from_response(status, b"");
        assert_eq!(Advice::of_text(&error.to_string()), Some(error.advice()));
    }
    let refused = Error::from(Draft::text("x".repeat(600)).validate().unwrap_err());
    assert_eq!(
        Advice::of_text(&refused.to_string()),
        Some(refused.advice())
    );
}

#[test]
fn a_text_that_is_not_ours_has_no_advice() {
    for text in [
        "",
        "its container expired",
        "the program stopped before it knew the answer",
        "Threads answered",
        "Threads answered maybe",
        "SOME_OTHER_WORD",
    ] {
        assert_eq!(Advice::of_text(text), None, "{text}");
    }
}
