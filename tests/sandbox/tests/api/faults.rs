//! Faults: what the client sees, and what really happened.

use std::io::ErrorKind;
use std::time::Duration;

use reqwest::Method;
use threads_sandbox::{AppUsage, Endpoint, Fault, FaultPlan, FaultRule, Sandbox, When};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{World, send};

/// Publishes with one fault and says what the plain client got.
async fn publish_with(world: &World, fault: Fault) -> Result<u16, reqwest::Error> {
    let container = world.create("once").await;
    world.sandbox.fail_next(Endpoint::PublishContainer, fault);
    let response = world
        .request(Method::POST, "me/threads_publish")
        .bearer_auth(&world.token)
        .form(&[("creation_id", &container)])
        .timeout(Duration::from_millis(400))
        .send()
        .await?;
    let status = response.status().as_u16();
    response.text().await?;
    Ok(status)
}

#[tokio::test]
async fn effect_then_drop_leaves_one_effect_and_no_answer() {
    let world = World::start().await;

    let outcome = publish_with(&world, Fault::DropAfterEffect).await;

    assert!(outcome.is_err());
    assert_eq!(world.published(), 1);
    let log = world.sandbox.requests();
    let entry = log.last().unwrap();
    assert_eq!(entry.status, None);
    assert_eq!(entry.fault.as_deref(), Some("drop_after_effect"));
    assert_eq!(entry.error_code, None);
    assert_eq!(entry.endpoint, Some(Endpoint::PublishContainer));
    let listed = world.get("me/threads?limit=1&fields=text").await.ok();
    assert_eq!(listed["data"][0]["text"], "once");
}

#[tokio::test]
async fn faults_before_the_effect_leave_no_effect() {
    for fault in [
        Fault::DropBeforeEffect,
        Fault::ResetBeforeEffect,
        Fault::HangBeforeEffect,
    ] {
        let world = World::start().await;

        let outcome = publish_with(&world, fault.clone()).await;

        assert!(outcome.is_err(), "{fault:?}");
        assert_eq!(world.published(), 0, "{fault:?}");
        let entry = world.sandbox.requests().pop().unwrap();
        assert_eq!((entry.status, entry.error_code), (None, None), "{fault:?}");
    }
}

#[tokio::test]
async fn faults_after_the_effect_leave_exactly_one() {
    for fault in [
        Fault::ResetAfterEffect,
        Fault::HangAfterEffect,
        Fault::TruncatedBody,
    ] {
        let world = World::start().await;

        let outcome = publish_with(&world, fault.clone()).await;

        assert!(outcome.is_err(), "{fault:?}");
        assert_eq!(world.published(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn answers_that_mislead_come_with_their_status() {
    for (fault, status, effects) in [
        (Fault::status(503), 503, 0),
        (Fault::rate_limited(30), 429, 0),
        (Fault::code(190), 400, 0),
        (Fault::StatusAfterEffect { status: 502 }, 502, 1),
        (
            Fault::GraphAfterEffect {
                code: 10,
                subcode: None,
                status: 403,
            },
            403,
            1,
        ),
        (Fault::WrongJson, 200, 1),
        (Fault::MissingId, 200, 1),
        (Fault::HtmlBody, 200, 1),
        (
            Fault::Redirect {
                to: "https://elsewhere.example/".to_owned(),
                status: 307,
            },
            307,
            0,
        ),
    ] {
        let world = World::start().await;

        let outcome = publish_with(&world, fault.clone()).await;

        assert_eq!(outcome.unwrap(), status, "{fault:?}");
        assert_eq!(world.published(), effects, "{fault:?}");
    }
}

#[tokio::test]
async fn graph_faults_carry_code_subcode_and_envelope() {
    let world = World::start().await;
    for (code, subcode) in [
        (4, 2_207_051),
        (190, 458),
        (190, 459),
        (190, 460),
        (190, 463),
        (190, 467),
        (100, 33),
        (24, 4_279_009),
    ] {
        world
            .sandbox
            .fail_next(Endpoint::Profile, Fault::subcode(code, subcode));
        assert_eq!(world.get("me").await.codes(), (code, subcode));
    }
    let log = world.sandbox.requests();
    assert_eq!(log.last().unwrap().error_code, Some(24));
    assert_eq!(log.last().unwrap().error_subcode, Some(4_279_009));
    assert_eq!(world.get("me").await.status, 200);
}

#[tokio::test]
async fn bodies_of_mislead_answers_are_what_their_names_say() {
    let world = World::start().await;
    let container = world.create("x").await;
    let publish = || {
        let form = [("creation_id", container.clone())];
        let request = world.request(Method::POST, "me/threads_publish");
        send(request.bearer_auth(&world.token).form(&form))
    };

    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::MissingId);
    assert_eq!(publish().await.json, serde_json::json!({}));
    world.sandbox.fail_next(Endpoint::Profile, Fault::HtmlBody);
    assert!(world.get("me").await.text.starts_with("<!doctype html>"));
    world
        .sandbox
        .fail_next(Endpoint::Profile, Fault::rate_limited(30));
    assert_eq!(world.get("me").await.headers["retry-after"], "30");
    world.sandbox.fail_next(
        Endpoint::Profile,
        Fault::AppUsage {
            usage: AppUsage {
                call_count: 91,
                total_time: 5,
                total_cputime: 7,
            },
        },
    );
    let usage = world.get("me").await.headers["x-app-usage"]
        .to_str()
        .unwrap()
        .to_owned();
    let usage: serde_json::Value = serde_json::from_str(&usage).unwrap();
    assert_eq!(usage["call_count"], 91);
}

#[tokio::test]
async fn a_slow_body_arrives_in_the_end() {
    let world = World::start().await;
    world.sandbox.fail_next(
        Endpoint::Profile,
        Fault::SlowBody {
            delay_ms: 5,
            chunk_bytes: 4,
        },
    );

    let own = world.get("me").await.ok();

    assert_eq!(own["id"], world.user.as_str());
}

#[tokio::test]
async fn a_container_can_be_made_to_fail() {
    let world = World::start().await;
    world.sandbox.fail_next(
        Endpoint::CreateContainer,
        Fault::ContainerError {
            message: "INVALID_DURATION".to_owned(),
        },
    );

    let container = world.create("x").await;

    let read = world
        .get(&format!("{container}?fields=status,error_message"))
        .await
        .ok();
    assert_eq!(read["status"], "ERROR");
    assert_eq!(read["error_message"], "INVALID_DURATION");
}

#[tokio::test]
async fn a_token_refresh_can_be_lost_after_it_happened() {
    let world = World::start().await;
    world.sandbox.advance(Duration::from_hours(48));
    world
        .sandbox
        .fail_next(Endpoint::RefreshToken, Fault::DropAfterEffect);
    let query = [
        ("grant_type", "th_refresh_token"),
        ("access_token", &world.token),
    ];

    let request = world
        .request(Method::GET, "refresh_access_token")
        .query(&query);
    let outcome = request.send().await;

    assert!(outcome.is_err());
    let last = world.sandbox.ledger().pop().unwrap();
    assert_eq!(last.kind, threads_sandbox::LedgerKind::TokenRefreshed);
}

#[tokio::test]
async fn plans_strike_by_number_by_chance_and_everywhere() {
    let world = World::start().await;
    world.sandbox.faults(FaultPlan {
        seed: 3,
        rules: vec![
            FaultRule::new(Endpoint::Profile, When::Nth(2), Fault::status(500)),
            FaultRule::new(Endpoint::Posts, When::Probability(0.5), Fault::status(502)),
        ],
    });
    let mut profile = Vec::new();
    let mut posts = Vec::new();
    for _ in 0..30 {
        profile.push(world.get("me").await.status);
        posts.push(world.get("me/threads").await.status);
    }

    assert_eq!(profile[..3], [200, 500, 200]);
    let struck = posts.iter().filter(|&&status| status == 502).count();
    assert!((5..25).contains(&struck), "{struck}");
    world.sandbox.faults(FaultPlan {
        seed: 0,
        rules: vec![FaultRule::everywhere(When::Always, Fault::status(503))],
    });
    assert_eq!(world.get("me").await.status, 503);
    world.sandbox.clear_faults();
    assert_eq!(world.get("me").await.status, 200);
}

/// Sends a request over a bare socket and reads to the end of the connection.
async fn read_bare(world: &World) -> (Vec<u8>, std::io::Result<usize>) {
    let port = world.sandbox.base_url().port().unwrap();
    let mut socket = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .unwrap();
    let request = format!(
        "GET /v1.0/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        world.token
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let outcome = socket.read_to_end(&mut bytes).await;
    (bytes, outcome)
}

#[tokio::test]
async fn a_drop_closes_and_a_reset_resets_without_a_byte() {
    let world = World::start().await;

    world
        .sandbox
        .fail_next(Endpoint::Profile, Fault::DropBeforeEffect);
    let (dropped, end) = read_bare(&world).await;
    world
        .sandbox
        .fail_next(Endpoint::Profile, Fault::ResetBeforeEffect);
    let (reset, broken) = read_bare(&world).await;

    assert!(dropped.is_empty());
    assert_eq!(end.unwrap(), 0);
    assert!(reset.is_empty());
    assert_eq!(broken.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_announced() {
    let world = World::start().await;
    world
        .sandbox
        .fail_next(Endpoint::Profile, Fault::TruncatedBody);

    let (bytes, _) = read_bare(&world).await;

    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let announced: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap()
        .parse()
        .unwrap();
    assert!(head.starts_with("HTTP/1.1 200"));
    assert_eq!(body.len(), announced / 2);
}

#[tokio::test]
async fn a_hanging_call_does_not_hold_up_the_others_or_the_shutdown() {
    let world = World::start().await;
    world
        .sandbox
        .fail_next(Endpoint::Profile, Fault::HangBeforeEffect);
    let hanging = tokio::spawn(
        world
            .request(Method::GET, "me")
            .bearer_auth(&world.token)
            .send(),
    );
    for _ in 0..10_000 {
        if !world.sandbox.requests().is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }

    assert_eq!(world.get("me").await.status, 200);
    let stopped = tokio::time::timeout(Duration::from_secs(10), world.sandbox.shutdown()).await;

    assert!(stopped.is_ok());
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test]
async fn the_ledger_file_has_one_line_per_effect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("effects.jsonl");
    let world = World::with(Sandbox::builder().ledger_file(&path)).await;
    publish_with(&world, Fault::DropAfterEffect)
        .await
        .unwrap_err();
    let post = world.publish("two").await;
    world.sandbox.delete_post(&post).unwrap();

    let file = std::fs::read_to_string(&path).unwrap();

    let lines: Vec<threads_sandbox::LedgerEntry> = file
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, world.sandbox.ledger());
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines.iter().map(|line| line.seq).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    assert!(!file.contains(&world.token));
}

#[tokio::test]
async fn an_effect_can_come_long_after_the_client_gave_up() {
    let world = World::start().await;
    let sent_at = world.sandbox.now();

    let outcome = publish_with(&world, Fault::DropThenEffect { after_seconds: 200 }).await;

    assert!(outcome.is_err());
    world.sandbox.advance(Duration::from_secs(199));
    assert_eq!(world.published(), 0);
    world.sandbox.advance(Duration::from_hours(1));
    assert_eq!(world.published(), 1);
    let entry = world.sandbox.ledger().pop().unwrap();
    assert_eq!(entry.at, sent_at + chrono::TimeDelta::seconds(200));
}

#[tokio::test]
async fn a_late_effect_and_a_second_try_still_make_one_post_of_a_one_shot_container() {
    let world = World::start().await;
    publish_with(&world, Fault::DropThenEffect { after_seconds: 5 })
        .await
        .unwrap_err();
    let container = world.sandbox.requests().pop().unwrap();
    let container = container.parameter("creation_id").unwrap().to_owned();

    let form = [("creation_id", container.as_str())];
    world.post("me/threads_publish", &form).await.id();
    world.sandbox.advance(Duration::from_secs(5));

    assert_eq!(world.published(), 1);
}
