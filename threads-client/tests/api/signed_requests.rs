//! Deauthorize and data-deletion callbacks: what is believed, and what is answered.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use threads_client::{
    AppSecret, CallbackError, DataDeletionResponse, Error, SignedRequestVerifier,
};

use crate::support::callbacks::{META_SECRET, THREADS_SECRET, request_verifier, signed_request};
use crate::support::url;

#[test]
fn either_secret_of_the_app_may_have_signed() {
    let meta_alone = SignedRequestVerifier::new(AppSecret::new(META_SECRET)).unwrap();

    for name in ["threads", "meta"] {
        let request = request_verifier().verify(&signed_request(name)).unwrap();

        assert_eq!(request.user_id.as_str(), "27000000000000001", "{name}");
        assert_eq!(
            request.issued_at,
            DateTime::from_timestamp(1_782_000_000, 0)
        );
        assert_eq!(request.expires, DateTime::from_timestamp(1_782_003_600, 0));
    }
    assert_eq!(
        meta_alone.verify(&signed_request("threads")),
        Err(CallbackError::SignatureMismatch)
    );
}

#[test]
fn a_form_carries_the_signed_request() {
    let text = signed_request("threads");
    let encoded = text.replace('.', "%2E");
    for form in [
        format!("signed_request={text}"),
        format!("signed_request={encoded}"),
        format!("x=1&signed_request={text}&y="),
    ] {
        let request = request_verifier().verify_form(form.as_bytes()).unwrap();

        assert_eq!(request.user_id.as_str(), "27000000000000001");
    }
    for form in [
        String::new(),
        format!("signed-request={text}"),
        format!("signed_request={text}&signed_request={text}"),
        format!("{{\"signed_request\":\"{text}\"}}"),
    ] {
        let error = request_verifier().verify_form(form.as_bytes()).unwrap_err();

        assert!(
            matches!(
                error,
                CallbackError::Form {
                    field: "signed_request",
                    ..
                }
            ),
            "{form}: {error:?}"
        );
        assert_eq!(error.status(), 400);
    }
    assert_eq!(
        request_verifier().verify_form(b"signed_request="),
        Err(CallbackError::SignatureMissing)
    );
}

#[test]
fn the_forms_that_meta_may_use_are_read() {
    let verify = |name: &str| request_verifier().verify(&signed_request(name)).unwrap();

    assert_eq!(verify("number").user_id.as_str(), "18446744073709551615");
    assert_eq!(verify("number").expires, None);
    assert_eq!(verify("lower_case").user_id.as_str(), "27000000000000001");
    assert_eq!(verify("without_expires").expires, None);
    assert_eq!(verify("expires_0").expires, None, "0 means never");
}

#[test]
fn padding_that_meta_does_not_write_is_forgiven() {
    for name in ["padded_signature", "padded_payload"] {
        let text = signed_request(name);
        assert!(text.contains('='), "{name}");

        assert!(request_verifier().verify(&text).is_ok(), "{name}");
    }
}

#[test]
fn what_is_forged_is_refused() {
    let right = signed_request("threads");
    let (signature, payload) = right.split_once('.').unwrap();
    let mismatch = [
        signed_request("other_secret"),
        signed_request("empty_secret"),
        signed_request("sha1"),
        signed_request("over_the_json"),
        format!("AAAA.{payload}"),
        format!(".{payload}"),
        format!("{signature}."),
        format!("{signature}.{payload}="),
        format!("{signature}.{payload}.{payload}"),
        format!("{signature}.{}", &payload[1..]),
        format!("{signature}.{}", &payload[..payload.len() - 1]),
    ];
    for text in mismatch {
        assert_eq!(
            request_verifier().verify(&text),
            Err(CallbackError::SignatureMismatch),
            "{text}"
        );
    }
    for text in [
        signature.to_owned(),
        right.replace('.', ""),
        format!("{} .{payload}", &signature[..42]),
        format!("{signature}é.{payload}"),
        // Another way to write the same bytes.
        format!("{}R.{payload}", &signature[..42]),
        format!("+{}.{payload}", &signature[1..]),
    ] {
        assert_eq!(
            request_verifier().verify(&text),
            Err(CallbackError::SignatureMalformed),
            "{text}"
        );
    }
}

#[test]
fn what_is_signed_by_another_algorithm_or_by_none_is_refused() {
    for name in ["other_algorithm", "no_algorithm", "algorithm_none"] {
        assert_eq!(
            request_verifier().verify(&signed_request(name)),
            Err(CallbackError::Algorithm),
            "{name}"
        );
    }
}

#[test]
fn what_is_signed_but_no_payload_is_an_error_that_names_the_place() {
    for (name, place) in [
        ("without_user", "."),
        ("empty_user", "user_id"),
        ("not_json", "."),
    ] {
        let error = request_verifier()
            .verify(&signed_request(name))
            .unwrap_err();

        assert!(
            matches!(&error, CallbackError::Payload { path, .. } if path == place),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn more_than_four_kibibytes_are_refused_unread() {
    let limit = Err(CallbackError::TooLarge { limit: 4_096 });
    let request = "a".repeat(4_096);

    assert_eq!(
        request_verifier().verify(&request),
        Err(CallbackError::SignatureMalformed)
    );
    assert_eq!(request_verifier().verify(&(request + "a")), limit);
    let form = format!(
        "signed_request={}&x={}",
        signed_request("threads"),
        "a".repeat(4_096)
    );
    assert_eq!(request_verifier().verify_form(form.as_bytes()), limit);
}

#[test]
fn a_replayed_request_is_known_by_its_key_and_later_by_its_age() {
    let issued = DateTime::from_timestamp(1_782_000_000, 0).unwrap();
    let mut seen = HashSet::new();
    let mut processed = 0;

    for hour in 0..1_000 {
        // The signature is written in another way each time; what was signed stays the same.
        let text = signed_request("threads");
        let text = text.replacen('.', &format!("{}.", "=".repeat(hour % 5)), 1);
        let request = request_verifier().verify(&text).unwrap();
        let now = issued + TimeDelta::hours(i64::try_from(hour).unwrap());
        let is_old = request.age(now).unwrap() > Duration::from_hours(48);
        if !is_old && seen.insert(request.key()) {
            processed += 1;
        }
    }

    assert_eq!(processed, 1);
    let other = request_verifier()
        .verify(&signed_request("number"))
        .unwrap();
    assert!(!seen.contains(&other.key()));
    assert_eq!(other.key().to_string().len(), 64);
}

#[test]
fn a_request_says_when_it_ends() {
    let request = request_verifier()
        .verify(&signed_request("threads"))
        .unwrap();
    let endless = request_verifier()
        .verify(&signed_request("without_expires"))
        .unwrap();
    let end = DateTime::from_timestamp(1_782_003_600, 0).unwrap();

    assert!(!request.is_expired(end - TimeDelta::seconds(1)));
    assert!(request.is_expired(end));
    assert!(!endless.is_expired(end));
    assert_eq!(
        request.age(end - TimeDelta::days(1)),
        Some(Duration::ZERO),
        "a clock that is behind makes no age"
    );
}

#[test]
fn an_empty_secret_signs_nothing() {
    assert!(SignedRequestVerifier::new(AppSecret::new("")).is_err());
    assert!(
        SignedRequestVerifier::new(AppSecret::new(THREADS_SECRET))
            .unwrap()
            .or_secret(AppSecret::new(""))
            .is_err()
    );
}

#[test]
fn a_deletion_is_answered_by_a_page_and_a_code() {
    let response =
        DataDeletionResponse::new(url("https://app.example/deletion/abc123"), "abc123").unwrap();

    assert_eq!(
        serde_json::to_string(&response).unwrap(),
        r#"{"url":"https://app.example/deletion/abc123","confirmation_code":"abc123"}"#
    );
}

#[test]
fn an_answer_that_the_user_cannot_follow_is_refused() {
    let cases = [
        ("http://app.example/d", "a", "url"),
        ("ftp://app.example/d", "a", "url"),
        ("https://me:x@app.example/d", "a", "url"),
        ("https://app.example/d", "", "confirmation_code"),
        ("https://app.example/d", "a b", "confirmation_code"),
        ("https://app.example/d", "<b>", "confirmation_code"),
    ];
    for (page, code, wrong) in cases {
        let error = DataDeletionResponse::new(url(page), code).unwrap_err();
        assert!(
            matches!(&error, Error::InvalidRequest(why) if why.field.as_deref() == Some(wrong)),
            "{page} {code}: {error:?}"
        );
    }
    assert!(DataDeletionResponse::new(url("https://app.example/d"), "a".repeat(129)).is_err());
    assert!(DataDeletionResponse::new(url("http://127.0.0.1:8080/d"), "a").is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_change_of_a_signed_request_is_believed(
        which in prop::sample::select(&["threads", "meta", "number"][..]),
        place in any::<prop::sample::Index>(),
        other in prop::sample::select(
            &b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "[..]
        ),
        change in 0..4,
    ) {
        let right = signed_request(which);
        let mut bytes = right.clone().into_bytes();
        let at = place.index(bytes.len());
        match change {
            0 => bytes[at] = other,
            1 => bytes.insert(at, other),
            2 => { bytes.remove(at); }
            _ => bytes.truncate(at),
        }
        let text = String::from_utf8(bytes).unwrap();
        // Padding behind the signature is forgiven.
        prop_assume!(text.replacen("=.", ".", 1) != right);

        prop_assert!(request_verifier().verify(&text).is_err(), "{}", text);
    }

    #[test]
    fn nothing_that_is_made_up_is_believed(text in "[A-Za-z0-9_=-]{0,60}\\.?[A-Za-z0-9_=.-]{0,200}") {
        prop_assert!(request_verifier().verify(&text).is_err());
    }

    #[test]
    fn no_form_panics(body in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(request_verifier().verify_form(&body).is_err());
    }
}
