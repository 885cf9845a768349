//! Secrets stay out of logs, the request log and debug output.

use std::io::Write;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use threads_sandbox::{Endpoint, Fault, Sandbox};
use tracing::Level;

use crate::support::{World, send};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn no_secret_is_ever_logged_or_shown() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.jsonl");
    let builder = Sandbox::builder()
        .app("4711", "app-secret-marker")
        .auto_approve(true)
        .ledger_file(&ledger);
    let builder_shown = format!("{builder:?}");
    let world = World::with(builder).await;

    let window = send(world.request(Method::GET, "oauth/authorize").query(&[
        ("client_id", "4711"),
        ("redirect_uri", "https://app.example/callback"),
        ("scope", "threads_basic"),
        ("response_type", "code"),
        ("state", "state-marker"),
    ]))
    .await;
    let location = window.headers["location"].to_str().unwrap().to_owned();
    let (_, rest) = location.split_once("code=").unwrap();
    let code = rest.split('&').next().unwrap().to_owned();
    let grant = send(world.request(Method::POST, "oauth/access_token").form(&[
        ("client_id", "4711"),
        ("client_secret", "app-secret-marker"),
        ("grant_type", "authorization_code"),
        ("redirect_uri", "https://app.example/callback"),
        ("code", &code),
    ]))
    .await
    .ok();
    let short = grant["access_token"].as_str().unwrap().to_owned();
    send(world.request(Method::GET, "access_token").query(&[
        ("grant_type", "th_exchange_token"),
        ("client_secret", "app-secret-marker"),
        ("access_token", &short),
    ]))
    .await
    .ok();
    world
        .get(&format!("debug_token?input_token={short}"))
        .await
        .ok();
    world.get_as("wrong-token-marker", "me").await;
    world
        .get(&format!("me?access_token={}&nope=1", world.token))
        .await;
    for fault in [Fault::DropAfterEffect, Fault::ResetAfterEffect] {
        world.sandbox.fail_next(Endpoint::Profile, fault);
        let request = world.request(Method::GET, "me").bearer_auth(&world.token);
        assert!(request.send().await.is_err());
    }
    let requests = world.sandbox.requests();
    let shown = [
        captured.text(),
        builder_shown,
        format!(
            "{:?} {requests:?} {:?}",
            world.sandbox,
            world.sandbox.ledger()
        ),
        serde_json::to_string(&requests).unwrap(),
        std::fs::read_to_string(&ledger).unwrap(),
        send(world.request(Method::GET, "__sandbox/state"))
            .await
            .text,
        send(world.request(Method::GET, "__sandbox/requests"))
            .await
            .text,
    ];

    assert!(
        captured.text().contains("answered"),
        "logging was not captured"
    );
    assert!(requests.iter().any(|entry| {
        entry
            .parameter("client_secret")
            .is_some_and(|value| value.starts_with("fingerprint:"))
    }));
    for secret in [
        world.token.as_str(),
        &short,
        &code,
        "app-secret-marker",
        "state-marker",
        "wrong-token-marker",
    ] {
        for text in &shown {
            assert!(!text.contains(secret), "{secret} is shown");
        }
    }
}

#[tokio::test]
async fn equal_secrets_have_equal_fingerprints() {
    let world = World::start().await;
    let path = format!("me?access_token={}", world.token);
    send(world.request(Method::GET, &path)).await.ok();
    send(world.request(Method::GET, &path)).await.ok();
    send(world.request(Method::GET, "me?access_token=other")).await;

    let log = world.sandbox.requests();

    let shown: Vec<_> = log
        .iter()
        .map(|entry| entry.parameter("access_token").unwrap())
        .collect();
    assert_eq!(shown[0], shown[1]);
    assert_ne!(shown[0], shown[2]);
}
