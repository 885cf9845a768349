//! What is written to disk, field by field: changing it is a decision, not an accident.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use serde_json::{Value, json};
use threads_client::Draft;
use threads_monitor::publishing::{
    Attempt, Blocked, Outcome, Phase, Post, PublishedPart, PublishedSource, Remedy, RestDecided,
    StopReason, Stopped,
};
use threads_monitor::scheduler::JobId;
use threads_monitor::snapshot_store::{
    Metric, PostReading, ProfileReading, Reading, Snapshot, Source, Subject,
};
use threads_monitor::{Measurement, Zone, trends};

const AT: &str = "2026-11-23T12:00:00Z";

fn post(phase: Phase, attempts: Vec<Attempt>) -> Post {
    let zone: Zone = "Asia/Jakarta".parse().unwrap();
    let mut post = Post::new(
        Draft::text("hello"),
        AT.parse().unwrap(),
        Some(zone),
        Duration::from_hours(2),
    );
    post.phase = phase;
    post.attempts = attempts;
    post
}

fn both_ways<T>(value: &T, expected: &Value)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    assert_eq!(&serde_json::to_value(value).unwrap(), expected);
    assert_eq!(
        &serde_json::from_value::<T>(expected.clone()).unwrap(),
        value
    );
}

#[test]
fn a_scheduled_post() {
    both_ways(
        &post(Phase::Scheduled, Vec::new()),
        &json!({
            "draft": { "content": "text", "text": "hello" },
            "due_at": AT,
            "zone": "Asia/Jakarta",
            "max_lateness_seconds": 7200,
            "phase": { "name": "scheduled" },
            "containers_used": 0,
            "last_step_epoch": 0,
            "attempts": [],
            "cancel_requested_at": null,
        }),
    );
}

#[test]
fn a_chain() {
    let at = AT.parse().unwrap();
    let parts = vec![Draft::text("one"), Draft::text("two")];
    let mut fresh = Post::chain(parts, at, None, Duration::from_hours(2)).unwrap();
    fresh.draft = Draft::text("two").reply_to("1790".into());
    fresh.phase = Phase::Abandoned { at };
    let to: JobId = "0193a5f6-0000-7000-8000-000000000000".parse().unwrap();
    let chain = fresh.chain.as_mut().unwrap();
    chain.published.push(PublishedPart {
        media_id: "1790".into(),
        at,
        source: PublishedSource::Answer,
        attempts: Vec::new(),
    });
    chain.ends_after = Some(2);
    chain.stopped = Some(Stopped {
        at,
        reason: StopReason::IdUnknown,
    });
    chain.decided = Some(RestDecided::Moved { to, at });
    chain.backed_up_at = Some(at);

    both_ways(
        &fresh,
        &json!({
            "draft": { "content": "text", "text": "two", "reply_to": "1790" },
            "due_at": AT,
            "zone": null,
            "max_lateness_seconds": 7200,
            "phase": { "name": "abandoned", "at": AT },
            "containers_used": 0,
            "last_step_epoch": 0,
            "attempts": [],
            "cancel_requested_at": null,
            "chain": {
                "parts": [
                    { "content": "text", "text": "one" },
                    { "content": "text", "text": "two" },
                ],
                "due_at": AT,
                "published": [
                    { "media_id": "1790", "at": AT, "source": "answer", "attempts": [] },
                ],
                "ends_after": 2,
                "stopped": { "at": AT, "reason": "id_unknown" },
                "decided": { "is": "moved", "to": to, "at": AT },
                "backed_up_at": AT,
            },
        }),
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one entry for each phase")]
fn every_phase() {
    let at = AT.parse().unwrap();
    let container = || "1800".into();
    let ready = || Phase::Ready {
        container: container(),
        since: at,
    };
    let phases = [
        (
            Phase::Preparing {
                since: at,
                children: vec!["1801".into()],
                children_finished: 1,
                container: None,
                failures: 2,
            },
            json!({ "name": "preparing", "since": AT, "children": ["1801"],
                "children_finished": 1, "container": null, "failures": 2 }),
        ),
        (
            ready(),
            json!({ "name": "ready", "container": "1800", "since": AT }),
        ),
        (
            Phase::Publishing {
                container: container(),
                finished_at: at,
            },
            json!({ "name": "publishing", "container": "1800", "finished_at": AT }),
        ),
        (
            Phase::Verifying {
                container: container(),
                finished_at: at,
                unknown: true,
                since: at,
                settle_until: at,
                looks: 3,
                clean_scans: 1,
                last_clean_scan_at: None,
            },
            json!({ "name": "verifying", "container": "1800", "finished_at": AT,
                "unknown": true, "since": AT, "settle_until": AT, "looks": 3,
                "clean_scans": 1, "last_clean_scan_at": null }),
        ),
        (
            Phase::Blocked {
                reason: Blocked::Reconnect,
                detail: "why".to_owned(),
                resume: Box::new(ready()),
            },
            json!({ "name": "blocked", "reason": "reconnect", "detail": "why",
                "resume": { "name": "ready", "container": "1800", "since": AT } }),
        ),
        (
            Phase::Restored {
                backed_up_at: at,
                from: Box::new(Phase::Scheduled),
                since: None,
                looks: 3,
                clean_scans: 1,
                last_clean_scan_at: Some(at),
            },
            json!({ "name": "restored", "backed_up_at": AT, "from": { "name": "scheduled" },
                "since": null, "looks": 3, "clean_scans": 1, "last_clean_scan_at": AT }),
        ),
        (
            Phase::NeedsAttention {
                container: Some(container()),
                finished_at: Some(at),
                reason: "why".to_owned(),
                since: at,
            },
            json!({ "name": "needs_attention", "container": "1800", "finished_at": AT,
                "reason": "why", "since": AT }),
        ),
        (
            Phase::NeedsAttention {
                container: None,
                finished_at: None,
                reason: "why".to_owned(),
                since: at,
            },
            json!({ "name": "needs_attention", "container": null, "finished_at": null,
                "reason": "why", "since": AT }),
        ),
        (
            Phase::Published {
                at,
                source: PublishedSource::LateAnswer,
                media_id: Some("1790".into()),
                lookups: 0,
            },
            json!({ "name": "published", "at": AT, "source": "late_answer",
                "media_id": "1790", "lookups": 0 }),
        ),
        (
            Phase::Failed {
                at,
                reason: "why".to_owned(),
            },
            json!({ "name": "failed", "at": AT, "reason": "why" }),
        ),
        (
            Phase::Abandoned { at },
            json!({ "name": "abandoned", "at": AT }),
        ),
        (
            Phase::Cancelled { at },
            json!({ "name": "cancelled", "at": AT }),
        ),
        (Phase::Missed { at }, json!({ "name": "missed", "at": AT })),
    ];

    for (phase, expected) in phases {
        assert_eq!(expected["name"], phase.name());
        both_ways(&phase, &expected);
    }
}

#[test]
fn every_outcome_of_an_attempt() {
    let why = || "why".to_owned();
    let outcomes = [
        (Outcome::Pending, json!({ "is": "pending" })),
        (
            Outcome::Effective { answer: None },
            json!({ "is": "effective", "answer": null }),
        ),
        (
            Outcome::NotSent { why: why() },
            json!({ "is": "not_sent", "why": "why" }),
        ),
        (
            Outcome::Rejected {
                why: why(),
                remedy: Remedy::NewContainer,
            },
            json!({ "is": "rejected", "why": "why", "remedy": "new_container" }),
        ),
        (
            Outcome::Unknown { why: why() },
            json!({ "is": "unknown", "why": "why" }),
        ),
        (
            Outcome::Ineffective {
                why: why(),
                remedy: Some(Remedy::Quota),
            },
            json!({ "is": "ineffective", "why": "why", "remedy": "quota" }),
        ),
    ];

    for (outcome, expected) in outcomes {
        let attempt = Attempt {
            container: "1800".into(),
            authorised_at: AT.parse().unwrap(),
            outcome,
        };
        both_ways(
            &attempt,
            &json!({ "container": "1800", "authorised_at": AT, "outcome": expected }),
        );
    }
}

#[test]
fn snapshots_of_every_kind() {
    let snapshot = |subject, metric, reading| Snapshot {
        account: "1784".into(),
        subject,
        metric,
        at: AT.parse().unwrap(),
        captured_at: AT.parse().unwrap(),
        source: Source::Insights,
        reading,
    };
    let expected = |subject: Value, metric: &str, reading: Value| {
        json!({ "account": "1784", "subject": subject, "metric": metric, "at": AT,
            "captured_at": AT, "source": "insights", "reading": reading })
    };

    both_ways(
        &snapshot(Subject::Account, Metric::Followers, Reading::Count(0)),
        &expected(
            json!("account"),
            "followers",
            json!({ "type": "count", "value": 0 }),
        ),
    );
    both_ways(
        &snapshot(
            Subject::Post("1790".into()),
            Metric::Post,
            Reading::Post(PostReading::default()),
        ),
        &expected(
            json!({ "post": "1790" }),
            "post",
            json!({ "type": "post", "value": { "text": null, "media_type": null,
                "permalink": null, "topic_tag": null, "is_repost": false } }),
        ),
    );
    both_ways(
        &snapshot(
            Subject::Account,
            Metric::Profile,
            Reading::Profile(ProfileReading::default()),
        ),
        &expected(
            json!("account"),
            "profile",
            json!({ "type": "profile", "value": { "username": null, "name": null,
                "picture_url": null, "biography": null, "is_verified": null } }),
        ),
    );
    both_ways(
        &snapshot(
            Subject::Account,
            Metric::TimeZone,
            Reading::TimeZone(Zone::UTC),
        ),
        &expected(
            json!("account"),
            "time_zone",
            json!({ "type": "time_zone", "value": "UTC" }),
        ),
    );
}

#[test]
fn three_kinds_of_numbers_are_three_things_in_json() {
    let measured = Measurement::Measured(trends::Point {
        at: AT.parse().unwrap(),
        captured_at: AT.parse().unwrap(),
        value: 0,
        source: Source::Insights,
    });

    assert_eq!(
        serde_json::to_value([measured, Measurement::NotMeasured, Measurement::NotProvided])
            .unwrap(),
        json!([
            { "state": "measured", "at": AT, "captured_at": AT, "value": 0, "source": "insights" },
            { "state": "not_measured" },
            { "state": "not_provided" },
        ])
    );
}
