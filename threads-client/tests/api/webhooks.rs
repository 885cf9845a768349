//! Webhooks: what is believed, and what is read.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use sha2::Sha256;
use threads_client::{
    AppSecret, CallbackError, Error, MediaType, VerifyToken, WebhookEvent, WebhookNotification,
    WebhookTopic, WebhookVerifier,
};

use crate::support::callbacks::{META_SECRET, THREADS_SECRET, signed, webhook_verifier};
use crate::support::{self, fixture};

const BODIES: &[&str] = &[
    "webhook_replies.json",
    "webhook_mentions.json",
    "webhook_delete.json",
    "webhook_publish.json",
    "webhook_of_tomorrow.json",
    "webhook_entries.json",
];

fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(THREADS_SECRET.as_bytes()).unwrap();
    mac.update(body);
    let mut header = String::from("sha256=");
    for byte in mac.finalize().into_bytes() {
        write!(header, "{byte:02x}").unwrap();
    }
    header
}

fn read(body: &[u8]) -> Result<Vec<WebhookNotification>, CallbackError> {
    webhook_verifier().notifications(body, Some(&sign(body)))
}

fn only(name: &str) -> WebhookNotification {
    let (body, signature) = signed(name, "threads");
    let mut notifications = webhook_verifier()
        .notifications(&body, Some(&signature))
        .unwrap();
    assert_eq!(notifications.len(), 1, "{name}");
    notifications.remove(0)
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn either_secret_of_the_app_may_have_signed() {
    let threads_alone = WebhookVerifier::new(AppSecret::new(THREADS_SECRET)).unwrap();
    let swapped = WebhookVerifier::new(AppSecret::new(META_SECRET))
        .unwrap()
        .or_secret(AppSecret::new(THREADS_SECRET))
        .unwrap();

    for name in BODIES {
        for by in ["threads", "meta"] {
            let (body, signature) = signed(name, by);
            assert_eq!(webhook_verifier().verify(&body, Some(&signature)), Ok(()));
            assert_eq!(swapped.verify(&body, Some(&signature)), Ok(()));
            let upper = signature.to_uppercase().replace("SHA256", "sha256");
            assert_eq!(webhook_verifier().verify(&body, Some(&upper)), Ok(()));
        }
        let (body, signature) = signed(name, "meta");
        assert_eq!(
            threads_alone.verify(&body, Some(&signature)),
            Err(CallbackError::SignatureMismatch),
            "a secret that was not given signs nothing"
        );
    }
}

#[test]
fn what_is_not_signed_is_refused() {
    let (body, right) = signed("webhook_replies.json", "threads");
    let (_, other) = signed("webhook_replies.json", "other");
    let (_, of_another_body) = signed("webhook_delete.json", "threads");
    let (_, sha1) = signed("webhook_replies.json", "sha1");
    let hex = &right["sha256=".len()..];
    let malformed = [
        String::new(),
        "sha256=".to_owned(),
        hex.to_owned(),
        sha1,
        format!("sha1={hex}"),
        format!("SHA256={hex}"),
        format!("sha256={hex}0"),
        format!("sha256={}", &hex[..63]),
        format!("sha256={}", &hex[..62]),
        format!("sha256= {}", &hex[..63]),
        format!("sha256={}g", &hex[..63]),
        format!("sha256=+{}", &hex[..63]),
        format!("sha256={}é", &hex[..62]),
        format!("{right},{right}"),
    ];
    let verifier = webhook_verifier();

    for header in malformed {
        assert_eq!(
            verifier.notifications(&body, Some(&header)),
            Err(CallbackError::SignatureMalformed),
            "{header}"
        );
    }
    for header in [other, of_another_body, format!("sha256={}", "0".repeat(64))] {
        assert_eq!(
            verifier.notifications(&body, Some(&header)),
            Err(CallbackError::SignatureMismatch),
            "{header}"
        );
    }
    assert_eq!(
        verifier.notifications(&body, None),
        Err(CallbackError::SignatureMissing)
    );
    assert_eq!(CallbackError::SignatureMissing.status(), 403);
}

#[test]
fn the_signature_counts_before_the_content() {
    let (_, signature) = signed("webhook_replies.json", "threads");

    let refusal = webhook_verifier().notifications(b"not JSON", Some(&signature));

    assert_eq!(refusal, Err(CallbackError::SignatureMismatch));
}

#[test]
fn a_body_of_more_than_a_mebibyte_is_refused_even_if_it_is_signed() {
    let mut body = fixture("webhook_publish.json");
    body.resize(1024 * 1024, b' ');
    assert_eq!(read(&body).unwrap().len(), 1);

    body.push(b' ');

    let refusal = read(&body).unwrap_err();
    assert_eq!(refusal, CallbackError::TooLarge { limit: 1024 * 1024 });
    assert_eq!(refusal.status(), 413);
}

#[test]
fn an_empty_secret_signs_nothing() {
    let verifier = || WebhookVerifier::new(AppSecret::new("x")).unwrap();

    for refusal in [
        WebhookVerifier::new(AppSecret::new("")).unwrap_err(),
        verifier().or_secret(AppSecret::new("")).unwrap_err(),
        verifier()
            .or_secret(AppSecret::new("y"))
            .unwrap()
            .or_secret(AppSecret::new("z"))
            .unwrap_err(),
    ] {
        assert!(matches!(&refusal, Error::InvalidRequest(why)
            if why.field.as_deref() == Some("app_secret")));
    }
}

#[test]
fn no_debug_output_of_a_callback_shows_a_secret() {
    let text = format!(
        "{:?} {:?} {:?}",
        webhook_verifier(),
        support::callbacks::request_verifier(),
        VerifyToken::new(THREADS_SECRET)
    );

    for secret in [THREADS_SECRET, META_SECRET] {
        assert!(!text.contains(&secret[..8]), "{text}");
    }
    assert!(text.contains("[redacted]"), "{text}");
}

#[test]
fn a_reply_is_read_with_all_its_keys() {
    let notification = only("webhook_replies.json");

    assert_eq!(notification.app_id.as_deref(), Some("123456"));
    assert_eq!(notification.topic, Some(WebhookTopic::Moderate));
    assert_eq!(notification.target_id.as_deref(), Some("78901"));
    assert_eq!(notification.time, Some(time("2026-06-21T00:00:00Z")));
    assert_eq!(notification.subscription_id.as_deref(), Some("234567"));
    assert_eq!(notification.has_uid_field, Some(false));
    assert_eq!(notification.event.field(), "replies");
    let WebhookEvent::Reply(reply) = notification.event else {
        panic!("{notification:?}");
    };
    assert_eq!(reply.id.as_str(), "8901234");
    assert_eq!(reply.username.as_deref(), Some("quay_fan"));
    assert_eq!(reply.text.as_deref(), Some("Grüße 👋 vom Kai"));
    assert_eq!(reply.media_type, Some(MediaType::TextPost));
    assert_eq!(
        reply.permalink.unwrap().as_str(),
        "https://www.threads.net/@quay_fan/post/Pp"
    );
    assert_eq!(reply.shortcode.as_deref(), Some("Pp"));
    assert_eq!(reply.timestamp, Some(time("2026-06-01T10:33:16Z")));
    assert_eq!(reply.replied_to.unwrap().as_str(), "567890");
    let root = reply.root_post.unwrap();
    assert_eq!(root.id.unwrap().as_str(), "123456");
    assert_eq!(root.owner_id.unwrap().as_str(), "27000000000000001");
    assert_eq!(root.username.as_deref(), Some("harbour.lab"));
    assert_eq!(reply.is_verified, Some(false));
    assert_eq!(
        reply.profile_picture_url.unwrap().as_str(),
        "https://scontent.cdninstagram.com/z.jpg"
    );
    assert_eq!(reply.has_replies, None, "not sent is not false");
}

#[test]
fn a_mention_is_read_with_all_its_keys() {
    let notification = only("webhook_mentions.json");

    assert_eq!(notification.topic, Some(WebhookTopic::Interaction));
    assert_eq!(notification.event.field(), "mentions");
    let WebhookEvent::Mention(post) = notification.event else {
        panic!("{notification:?}");
    };
    assert_eq!(post.id.as_str(), "8901235");
    assert_eq!(post.alt_text.as_deref(), Some("A crane at dusk"));
    assert_eq!(
        post.gif_url.unwrap().as_str(),
        "https://media.giphy.com/crane.gif"
    );
    assert_eq!(
        (post.has_replies, post.is_quote_post, post.is_reply),
        (Some(true), Some(true), Some(true))
    );
    assert_eq!(post.media_product_type.as_deref(), Some("THREADS"));
    assert_eq!(post.media_type, Some(MediaType::Image));
    assert_eq!(post.text.as_deref(), Some("Look, @harbour.lab"));
    assert_eq!(post.media_url.unwrap().path(), "/m.jpg");
    assert_eq!(post.thumbnail_url.unwrap().path(), "/t.jpg");
    assert_eq!(post.poll.unwrap().options[1].text, "No");
    assert_eq!(post.quoted_post.unwrap().as_str(), "567891");
    assert_eq!(post.reposted_post.unwrap().as_str(), "567892");
    assert_eq!(post.replied_to.unwrap().as_str(), "567893");
    assert_eq!(
        post.root_post.unwrap().owner_id.unwrap().as_str(),
        "27000000000000002"
    );
    assert_eq!(post.is_verified, Some(true));
    assert_eq!(post.profile_picture_url.unwrap().path(), "/q.jpg");
}

#[test]
fn a_deletion_is_read_with_all_its_keys() {
    let notification = only("webhook_delete.json");

    assert_eq!(notification.event.field(), "delete");
    let WebhookEvent::Delete(post) = notification.event else {
        panic!("{notification:?}");
    };
    assert_eq!(post.id.as_str(), "8901236");
    assert_eq!(post.owner.unwrap().as_str(), "27000000000000001");
    assert_eq!(post.deleted_at, Some(time("2026-06-01T10:40:00Z")));
    assert_eq!(post.timestamp, Some(time("2026-05-30T08:00:00Z")));
    assert_eq!(post.username.as_deref(), Some("harbour.lab"));
}

#[test]
fn a_publication_is_read_with_all_its_keys() {
    let notification = only("webhook_publish.json");

    assert_eq!(notification.event.field(), "publish");
    let WebhookEvent::Publish(post) = notification.event else {
        panic!("{notification:?}");
    };
    assert_eq!(post.id.as_str(), "8901237");
    assert_eq!(post.media_type, Some(MediaType::CarouselAlbum));
    assert_eq!(post.permalink.unwrap().path(), "/@harbour.lab/post/Rr");
    assert_eq!(post.timestamp, Some(time("2026-06-01T10:45:00Z")));
    assert_eq!(post.username.as_deref(), Some("harbour.lab"));
}

#[test]
fn an_unknown_field_is_kept_as_it_came() {
    let notification = only("webhook_of_tomorrow.json");

    assert_eq!(
        notification.topic,
        Some(WebhookTopic::Unknown("tides".to_owned()))
    );
    assert_eq!(notification.has_uid_field, Some(true));
    assert_eq!(notification.event.field(), "high_water");
    let WebhookEvent::Unknown { value, .. } = notification.event else {
        panic!("{notification:?}");
    };
    assert_eq!(
        value.as_str(),
        r#"{"level":  18446744073709551617, "unit": "cm"}"#
    );
}

#[test]
fn a_known_field_with_an_unreadable_value_is_kept_as_it_came() {
    for (field, value) in [
        ("replies", r#"{"text":"without an id"}"#),
        ("mentions", "[]"),
        ("delete", r#"{"id":"1","deleted_at":"yesterday"}"#),
        ("publish", "null"),
    ] {
        let body = format!(r#"{{"values":{{"field":"{field}","value":{value}}}}}"#);

        let notifications = read(body.as_bytes()).unwrap();

        let [notification] = notifications.as_slice() else {
            panic!("{notifications:?}");
        };
        assert_eq!(notification.event.field(), field);
        let WebhookEvent::Unknown { value: kept, .. } = &notification.event else {
            panic!("{notification:?}");
        };
        assert_eq!(kept.as_str(), value);
    }
}

#[test]
fn the_envelope_of_graph_is_read_too() {
    let (body, signature) = signed("webhook_entries.json", "threads");

    let notifications = webhook_verifier()
        .notifications(&body, Some(&signature))
        .unwrap();

    let targets: Vec<_> = notifications
        .iter()
        .map(|notification| {
            (
                notification.target_id.as_deref().unwrap(),
                notification.time.unwrap().timestamp(),
                notification.event.field(),
            )
        })
        .collect();
    assert_eq!(
        targets,
        [
            ("27000000000000001", 1_782_000_500, "publish"),
            ("27000000000000001", 1_782_000_500, "publish"),
            ("27000000000000002", 1_782_000_501, "delete"),
        ]
    );
    let WebhookEvent::Delete(deleted) = &notifications[2].event else {
        panic!("{notifications:?}");
    };
    assert_eq!(deleted.id.as_str(), "8901240");
    assert_eq!(deleted.deleted_at.unwrap().timestamp(), 1_782_000_499);
    let keys: HashSet<_> = notifications.iter().map(WebhookNotification::key).collect();
    assert_eq!(keys.len(), 3, "each of them has a key of its own");
}

#[test]
fn what_is_signed_but_no_notification_is_an_error_that_names_the_place() {
    for (body, place) in [
        ("{}", "values"),
        ("[]", "."),
        ("", "."),
        (r#"{"values":{"value":{}}}"#, "values"),
        (r#"{"values":{"field":7,"value":{}}}"#, "values.field"),
        (r#"{"values":{"field":"replies"}}"#, "values"),
        (
            r#"{"values":[{"field":"replies","value":{}},7]}"#,
            "values[1]",
        ),
        (
            r#"{"entry":[{"changes":[{"field":null,"value":1}]}]}"#,
            "entry[0].changes[0].field",
        ),
    ] {
        let error = read(body.as_bytes()).unwrap_err();

        assert!(
            matches!(&error, CallbackError::Payload { path, .. } if path == place),
            "{body}: {error:?}"
        );
        assert_eq!(error.status(), 400);
    }
}

#[test]
fn an_odd_envelope_is_no_reason_to_refuse_what_was_signed() {
    let body =
        r#"{"time":"soon","app_id":{},"topic":7,"target_id":[],"values":{"field":"x","value":1}}"#;

    let notifications = read(body.as_bytes()).unwrap();

    assert_eq!(notifications.len(), 1);
    assert_eq!(notifications[0].event.field(), "x");
    assert_eq!(
        (notifications[0].time, &notifications[0].app_id),
        (None, &None)
    );
}

#[test]
fn two_deliveries_of_a_notification_have_one_key() {
    let first = only("webhook_replies.json");
    let again = only("webhook_replies.json");
    assert_eq!(first.key(), again.key());
    assert_eq!(first.key().to_string(), again.key().to_string());

    let text = String::from_utf8(fixture("webhook_replies.json")).unwrap();
    let mut keys = HashSet::from([first.key().to_string()]);
    for (old, new) in [
        ("\"234567\"", "\"234568\""),
        ("\"78901\"", "\"78902\""),
        ("1782000000", "1782000001"),
        ("vom Kai", "vom Pier"),
        ("\"replies\"", "\"mentions\""),
        ("\"target_id\": \"78901\", ", ""),
    ] {
        let changed = text.replacen(old, new, 1);
        assert_ne!(changed, text, "{old}");
        let notifications = read(changed.as_bytes()).unwrap();
        let key = notifications[0].key();
        assert_ne!(key, first.key(), "{old}");
        assert!(keys.insert(key.to_string()), "{old}");
        assert_eq!(key.to_string().len(), 64);
    }
}

#[test]
fn a_recorded_delivery_is_known_by_its_key_while_it_is_young_and_by_its_age_later() {
    let (body, signature) = signed("webhook_publish.json", "meta");
    let sent = DateTime::from_timestamp(1_782_000_300, 0).unwrap();
    let mut seen = HashSet::new();
    let mut processed = 0;

    for minute in 0..10_000 {
        let now = sent + TimeDelta::minutes(minute);
        let notification = webhook_verifier()
            .notifications(&body, Some(&signature))
            .unwrap()
            .remove(0);
        let is_old = notification.age(now).unwrap() > Duration::from_hours(48);
        if !is_old && seen.insert(notification.key()) {
            processed += 1;
        }
    }

    assert_eq!(processed, 1);
}

#[test]
fn the_age_of_a_notification_is_counted_from_the_time_it_names() {
    let notification = only("webhook_publish.json");
    let sent = notification.time.unwrap();

    assert_eq!(
        notification.age(sent + TimeDelta::hours(49)),
        Some(Duration::from_hours(49))
    );
    assert_eq!(
        notification.age(sent - TimeDelta::seconds(5)),
        Some(Duration::ZERO)
    );
    let without = read(br#"{"values":{"field":"x","value":1}}"#).unwrap();
    assert_eq!(without[0].age(sent), None, "no time is not no age");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_change_of_body_or_signature_is_believed(
        which in prop::sample::select(BODIES),
        place in any::<prop::sample::Index>(),
        mask in 1_u8..,
        change in 0..5,
    ) {
        let (body, signature) = signed(which, "threads");
        let (mut changed, mut header) = (body.clone(), signature.clone().into_bytes());
        match change {
            0 => { let at = place.index(changed.len()); changed[at] ^= mask; }
            1 => { changed.truncate(place.index(changed.len())); }
            2 => { let at = place.index(changed.len()); changed.insert(at, mask); }
            3 => {
                let at = place.index(header.len());
                let other = header[at] ^ (mask & 0x7f).max(1);
                // Hexadecimal digits mean the same in both cases.
                prop_assume!(at < 7 || !other.eq_ignore_ascii_case(&header[at]));
                header[at] = other;
            }
            _ => { header.truncate(place.index(header.len())); }
        }
        prop_assume!(changed != body || header != signature.as_bytes());
        let header = String::from_utf8_lossy(&header);

        prop_assert!(webhook_verifier().notifications(&changed, Some(&header)).is_err());
    }

    #[test]
    fn no_signature_that_is_made_up_is_believed(header in "(sha256=)?[0-9a-f]{0,70}") {
        let body = fixture("webhook_publish.json");

        prop_assert!(webhook_verifier().notifications(&body, Some(&header)).is_err());
    }

    #[test]
    fn no_signed_body_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&body);
    }

    #[test]
    fn no_signed_notification_panics(
        place in any::<prop::sample::Index>(),
        which in prop::sample::select(BODIES),
        part in "[\\[\\]{}\":,0-9a-z\\\\ ]{0,8}",
        length in 0_usize..40,
    ) {
        let mut body = String::from_utf8(fixture(which)).unwrap();
        let start = place.index(body.len());
        let end = (start + length).min(body.len());
        body.replace_range(start..end, &part);

        if let Ok(notifications) = read(body.as_bytes()) {
            for notification in notifications {
                let again = notification.key().to_string();
                prop_assert_eq!(again.len(), 64);
                if let WebhookEvent::Reply(post) = notification.event {
                    prop_assert!(!post.id.as_str().is_empty());
                }
            }
        }
    }
}
