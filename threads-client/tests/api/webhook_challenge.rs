//! The challenge: who gets an answer when a webhook is set up.

use proptest::prelude::*;
use threads_client::{CallbackError, VerifyToken};

#[test]
fn the_challenge_is_answered_to_whoever_knows_the_verify_token() {
    let token = VerifyToken::new("kai & möwe");
    for query in [
        "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=kai+%26+m%C3%B6we",
        "?hub.verify_token=kai%20%26%20m%C3%B6we&hub.mode=subscribe&hub.challenge=1158201444&x=1",
    ] {
        assert_eq!(token.challenge(query).unwrap(), "1158201444");
    }
}

#[test]
fn the_challenge_is_not_answered_to_others() {
    let token = VerifyToken::new("harbour");
    let cases = [
        ("", "hub.mode"),
        ("hub.challenge=1&hub.verify_token=harbour", "hub.mode"),
        (
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=harbour",
            "hub.mode",
        ),
        (
            "hub.mode=Subscribe&hub.challenge=1&hub.verify_token=harbour",
            "hub.mode",
        ),
        (
            "hub.mode=subscribe&hub.mode=subscribe&hub.challenge=1&hub.verify_token=harbour",
            "hub.mode",
        ),
        ("hub.mode=subscribe&hub.challenge=1", "hub.verify_token"),
        (
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
            "hub.verify_token",
        ),
        (
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=harbou",
            "hub.verify_token",
        ),
        (
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=harbourr",
            "hub.verify_token",
        ),
        (
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=Harbour",
            "hub.verify_token",
        ),
        (
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=x&hub.verify_token=harbour",
            "hub.verify_token",
        ),
        (
            "hub.mode=subscribe&hub.verify_token=harbour",
            "hub.challenge",
        ),
        (
            "hub.mode=subscribe&hub.challenge=&hub.verify_token=harbour",
            "hub.challenge",
        ),
        (
            "hub.mode=subscribe&hub.challenge=-1&hub.verify_token=harbour",
            "hub.challenge",
        ),
        (
            "hub.mode=subscribe&hub.challenge=1%0A&hub.verify_token=harbour",
            "hub.challenge",
        ),
        (
            "hub.mode=subscribe&hub.challenge=%D9%A1&hub.verify_token=harbour",
            "hub.challenge",
        ),
        (
            "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=harbour",
            "hub.challenge",
        ),
        (
            "hub.mode=subscribe&hub.challenge=1&hub.challenge=2&hub.verify_token=harbour",
            "hub.challenge",
        ),
    ];

    for (query, wrong) in cases {
        let error = token.challenge(query).unwrap_err();
        assert!(
            matches!(&error, CallbackError::Subscription { parameter, .. } if *parameter == wrong),
            "{query}: {error:?}"
        );
        assert_eq!(error.status(), 403);
    }
    let long = format!(
        "hub.mode=subscribe&hub.challenge={}&hub.verify_token=harbour",
        "1".repeat(65)
    );
    assert!(token.challenge(&long).is_err());
}

#[test]
fn an_empty_verify_token_matches_nothing() {
    let query = "hub.mode=subscribe&hub.challenge=1&hub.verify_token=";

    assert!(VerifyToken::new("").challenge(query).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_query_of_a_challenge_panics(query in "[?&=%.a-z0-9_é]{0,60}") {
        if let Ok(challenge) = VerifyToken::new("a").challenge(&query) {
            prop_assert!(challenge.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
}
