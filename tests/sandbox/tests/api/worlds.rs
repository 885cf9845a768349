//! The worlds and faults of publishing, headers and accounts.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use threads_sandbox::{BusinessUsage, Endpoint, Fault, Sandbox, SandboxError, Standing, Switches};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{World, send};

const USAGE: BusinessUsage = BusinessUsage {
    call_count: 97,
    total_time: 12,
    total_cputime: 31,
    estimated_time_to_regain_access: 5,
};

async fn world_with(change: impl FnOnce(&mut Switches)) -> World {
    let mut switches = Switches::default();
    change(&mut switches);
    World::with(Sandbox::builder().switches(switches)).await
}

async fn publish(world: &World, container: &str) -> crate::support::Reply {
    let form = [("creation_id", container)];
    world.post("me/threads_publish", &form).await
}

#[tokio::test]
async fn the_business_usage_header_is_a_list_per_id() {
    let world = world_with(|switches| switches.business_usage = Some(USAGE)).await;

    let reply = world.get("me").await;

    let header = reply.headers["x-business-use-case-usage"].to_str().unwrap();
    let header: Value = serde_json::from_str(header).unwrap();
    let entry = &header[world.sandbox.app_id()][0];
    assert_eq!(entry["call_count"], 97);
    assert_eq!(entry["estimated_time_to_regain_access"], 5);
    assert_eq!(entry["type"], "threads");
}

#[tokio::test]
async fn one_answer_can_carry_the_business_usage_header() {
    let world = World::start().await;
    let fault = Fault::BusinessUsage { usage: USAGE };
    world.sandbox.fail_next(Endpoint::Profile, fault);

    let struck = world.get("me").await;
    let next = world.get("me").await;

    assert_eq!(struck.status, 200);
    assert!(struck.headers.contains_key("x-business-use-case-usage"));
    assert!(!next.headers.contains_key("x-business-use-case-usage"));
}

#[tokio::test]
async fn the_date_header_can_differ_from_the_virtual_clock() {
    let world = world_with(|switches| switches.date_skew_seconds = Some(-90)).await;

    let behind = world.get("me").await;
    let fault = Fault::DateSkew { seconds: 3_600 };
    world.sandbox.fail_next(Endpoint::Profile, fault);
    let ahead = world.get("me").await;

    assert_eq!(behind.headers["date"], "Mon, 01 Jun 2026 11:58:30 GMT");
    assert_eq!(ahead.headers["date"], "Mon, 01 Jun 2026 13:00:00 GMT");
    assert_eq!(ahead.headers.get_all("date").iter().count(), 1);
}

/// Opens a connection and asks for something over it.
async fn ask_bare(world: &World, head: &str, body: &str) -> TcpStream {
    let port = world.sandbox.base_url().port().unwrap();
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let token = &world.token;
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

#[tokio::test]
async fn truncated_headers_end_in_the_middle_after_the_effect() {
    let world = World::start().await;
    let container = world.create("once").await;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::TruncatedHeaders);

    let body = format!("creation_id={container}");
    let mut socket = ask_bare(&world, "POST /v1.0/me/threads_publish", &body).await;
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await.unwrap();

    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200 OK\r\ncontent-type: "),
        "{text}"
    );
    assert!(!text.contains("\r\n\r\n"), "{text}");
    assert_eq!(world.published(), 1);
    let entry = world.sandbox.requests().pop().unwrap();
    assert_eq!(entry.status, None);
    assert_eq!(entry.fault.as_deref(), Some("truncated_headers"));
}

#[tokio::test]
async fn a_half_open_connection_stays_silent_even_when_the_client_is_done() {
    for (fault, effects) in [
        (Fault::HalfOpenBeforeEffect, 0),
        (Fault::HalfOpenAfterEffect, 1),
    ] {
        let world = World::start().await;
        let container = world.create("once").await;
        world.sandbox.fail_next(Endpoint::PublishContainer, fault);
        let body = format!("creation_id={container}");
        let mut socket = ask_bare(&world, "POST /v1.0/me/threads_publish", &body).await;

        // A hanging call would close now; a peer that crashed does not notice.
        socket.shutdown().await.unwrap();
        let mut byte = [0];
        let silence = Duration::from_millis(100);
        let read = tokio::time::timeout(silence, socket.read(&mut byte)).await;

        assert!(read.is_err(), "{read:?}");
        assert_eq!(world.published(), effects);
        let stopped = tokio::time::timeout(Duration::from_secs(10), world.sandbox.shutdown()).await;
        assert!(stopped.is_ok());
    }
}

#[tokio::test]
async fn a_dripping_body_has_its_status_at_once_and_its_end_much_later() {
    let world = World::start().await;
    world.sandbox.fail_next(Endpoint::Profile, Fault::drip());

    let request = world.request(Method::GET, "me").bearer_auth(&world.token);
    let mut response = request.send().await.unwrap();
    let patience = Duration::from_millis(1_500);
    let mut pieces = Vec::new();
    let end = tokio::time::timeout(patience, async {
        while let Some(piece) = response.chunk().await.unwrap() {
            pieces.push(piece);
        }
    });

    assert!(end.await.is_err());
    assert_eq!(response.status(), 200);
    assert_eq!(pieces, ["{"]);
}

#[tokio::test]
async fn a_finished_container_may_not_be_found_for_a_while() {
    let world = world_with(|switches| switches.publish_lag_seconds = 5).await;
    let container = world.create("once").await;

    assert_eq!(world.status(&container).await, "FINISHED");
    assert_eq!(publish(&world, &container).await.codes(), (24, 4_279_009));
    world.sandbox.advance(Duration::from_secs(5));

    publish(&world, &container).await.id();
    assert_eq!(world.published(), 1);
}

#[tokio::test]
async fn a_lost_container_is_never_found_though_it_says_finished() {
    let world = World::start().await;
    world
        .sandbox
        .fail_next(Endpoint::CreateContainer, Fault::ContainerLost);
    let container = world.create("never").await;

    for _ in 0..3 {
        assert_eq!(world.status(&container).await, "FINISHED");
        assert_eq!(publish(&world, &container).await.codes(), (24, 4_279_009));
        world.sandbox.advance(Duration::from_hours(1));
    }

    assert_eq!(world.published(), 0);
    let next = world.create("found").await;
    publish(&world, &next).await.id();
}

#[tokio::test]
async fn a_restricted_account_reads_but_does_not_publish() {
    let world = World::start().await;
    let post = world.publish("before").await;
    let container = world.create("after").await;
    let standing = |standing| world.sandbox.set_standing(&world.user, standing);
    standing(Standing::Restricted).unwrap();

    let text = [("media_type", "TEXT"), ("text", "x")];
    let create = world.post("me/threads", &text).await;
    let repost = world.post(&format!("{post}/repost"), &[]).await;

    let restricted = (100, 4_279_013);
    assert_eq!(create.codes(), restricted);
    assert_eq!(repost.codes(), restricted);
    assert_eq!(publish(&world, &container).await.codes(), restricted);
    assert_eq!(world.get("me").await.status, 200);
    assert_eq!(world.published(), 1);
    standing(Standing::Good).unwrap();
    publish(&world, &container).await.id();
}

#[tokio::test]
async fn a_deactivated_account_loses_its_tokens_until_it_is_back() {
    let world = World::start().await;
    let path = format!("__sandbox/users/{}/standing", world.user);
    let set = |standing: &str| {
        let request = world.request(Method::PUT, &path);
        send(request.json(&json!({ "standing": standing })))
    };

    assert_eq!(set("deactivated").await.ok()["standing"], "deactivated");
    assert_eq!(world.get("me").await.codes(), (190, 459));
    set("good").await.ok();

    assert_eq!(world.get("me").await.status, 200);
    assert_eq!(set("banished").await.status, 400);
    let unknown = world.sandbox.set_standing("nobody", Standing::Good);
    assert!(matches!(unknown, Err(SandboxError::UnknownUser(_))));
}
