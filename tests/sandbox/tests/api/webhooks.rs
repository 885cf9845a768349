//! What the sandbox sends to an app, byte for byte.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use threads_sandbox::{Notification, Sandbox};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use crate::support::{World, send};

/// A callback that gives these answers in turn, and keeps what it was sent.
struct Callback {
    url: Url,
    received: Arc<Mutex<Vec<String>>>,
}

impl Callback {
    async fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                let challenge = request
                    .split("hub.challenge=")
                    .nth(1)
                    .and_then(|rest| rest.split('&').next())
                    .unwrap_or_default()
                    .to_owned();
                kept.lock().unwrap().push(request);
                let answer = answer.replace("CHALLENGE", &challenge);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self {
            url: Url::parse(&format!("http://{address}/callback")).unwrap(),
            received,
        }
    }

    fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4_096];
        let count = stream.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8(bytes.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "))
                .unwrap()
                .parse()
                .unwrap();
            if body.len() >= length {
                return text;
            }
        }
        assert!(count > 0, "the request ended early: {text}");
    }
}

/// HMAC-SHA256 under the secret of the sandbox's app.
fn hmac(world: &World, bytes: &str) -> Vec<u8> {
    let secret = world.sandbox.app_secret();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(bytes.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

const OK: &str = "HTTP/1.0 200 OK\r\n\r\n";
const BUSY: &str = "HTTP/1.0 503 Service Unavailable\r\n\r\n";

async fn reply(world: &World, parent: &str, text: &str) -> String {
    let form = [
        ("media_type", "TEXT"),
        ("text", text),
        ("reply_to_id", parent),
        ("auto_publish_text", "true"),
    ];
    world.post("me/threads", &form).await.id()
}

#[tokio::test]
async fn a_reply_is_told_with_its_parent_and_root_in_escaped_ascii() {
    let world = World::start().await;
    let parent = world.publish("parent").await;
    let post_id = reply(&world, &parent, "café 😀").await;

    let about = Notification::Replies {
        post_id: post_id.clone(),
    };
    let signed = world.sandbox.webhook(&about).unwrap();

    assert!(signed.body.is_ascii());
    assert!(
        signed.body.contains(r"caf\u00e9 \ud83d\ude00"),
        "{signed:?}"
    );
    let json: Value = serde_json::from_str(&signed.body).unwrap();
    assert_eq!(json["app_id"], world.sandbox.app_id());
    assert_eq!(json["topic"], "moderate");
    assert_eq!(json["target_id"], parent);
    assert_eq!(json["time"], world.sandbox.now().timestamp());
    assert_eq!(json["values"]["field"], "replies");
    let value = &json["values"]["value"];
    assert_eq!(value["id"], post_id);
    assert_eq!(value["text"], "café 😀");
    assert_eq!(value["media_type"], "TEXT_POST");
    assert_eq!(value["replied_to"], json!({ "id": parent }));
    assert_eq!(value["root_post"]["owner_id"], world.user);
    assert_eq!(value["timestamp"], "2026-06-01T12:00:00+0000");
    let hex: Vec<String> = hmac(&world, &signed.body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(signed.signature, format!("sha256={}", hex.concat()));
}

#[tokio::test]
async fn the_signature_depends_on_body_and_secret_and_on_nothing_else() {
    let sign = async |secret: &str, text: &str| {
        let world = World::with(Sandbox::builder().app("1", secret)).await;
        let post_id = world.publish(text).await;
        let about = Notification::Mentions {
            post_id,
            user: "noor.reads".to_owned(),
        };
        world.sandbox.webhook(&about).unwrap()
    };

    let first = sign("one", "x").await;

    assert_eq!(first, sign("one", "x").await);
    assert_ne!(first.signature, sign("one", "y").await.signature);
    let other = sign("two", "x").await;
    assert_eq!(first.body, other.body);
    assert_ne!(first.signature, other.signature);
    assert!(!first.body.contains("one"));
}

#[tokio::test]
async fn publishing_deleting_and_mentioning_have_their_fields() {
    let world = World::start().await;
    let post_id = world.publish("hello @noor.reads").await;
    let notify = |about| {
        let signed = world.sandbox.webhook(&about).unwrap();
        serde_json::from_str::<Value>(&signed.body).unwrap()
    };

    let published = notify(Notification::Publish {
        post_id: post_id.clone(),
    });
    let mention = notify(Notification::Mentions {
        post_id: post_id.clone(),
        user: "noor.reads".to_owned(),
    });
    let early = world.sandbox.webhook(&Notification::Delete {
        post_id: post_id.clone(),
    });
    world.sandbox.delete_post(&post_id).unwrap();
    let deleted = notify(Notification::Delete {
        post_id: post_id.clone(),
    });

    let keys = |json: &Value| -> Vec<String> {
        let value = json["values"]["value"].as_object().unwrap();
        value.keys().cloned().collect()
    };
    assert_eq!(
        keys(&published),
        ["id", "media_type", "permalink", "timestamp", "username"]
    );
    assert_eq!(published["topic"], "interaction");
    assert_eq!(
        keys(&deleted),
        ["deleted_at", "id", "owner", "timestamp", "username"]
    );
    assert_eq!(deleted["target_id"], post_id);
    let noor = world.sandbox.user("noor.reads").unwrap().id;
    assert_eq!(mention["target_id"], noor);
    assert_eq!(mention["values"]["value"]["is_reply"], false);
    assert!(early.is_err());
}

#[tokio::test]
async fn a_callback_that_fails_is_tried_again_with_the_same_bytes() {
    let world = World::start().await;
    let post_id = world.publish("x").await;
    let about = Notification::Publish { post_id };
    let signed = world.sandbox.webhook(&about).unwrap();
    let callback = Callback::start(&[BUSY, OK]).await;

    let report = world.sandbox.deliver_webhook(&about, &callback.url).await;

    let report = report.unwrap();
    assert_eq!(report.attempts, [Some(503), Some(200)]);
    assert!(report.is_accepted());
    let received = callback.received();
    assert_eq!(received[0], received[1]);
    assert!(received[0].starts_with("POST /callback HTTP/1.0\r\n"));
    let header = format!("X-Hub-Signature-256: {}\r\n", signed.signature);
    assert!(received[0].contains(&header));
    assert!(received[0].ends_with(&format!("\r\n\r\n{}", signed.body)));
}

#[tokio::test]
async fn a_callback_is_tried_three_times_and_only_on_this_computer() {
    let world = World::start().await;
    let post_id = world.publish("x").await;
    let about = Notification::Publish { post_id };
    let callback = Callback::start(&[BUSY, BUSY, BUSY, OK]).await;

    let report = world.sandbox.deliver_webhook(&about, &callback.url).await;

    assert_eq!(report.unwrap().attempts, [Some(503); 3]);
    let elsewhere = Url::parse("https://app.example/webhook").unwrap();
    let refused = world.sandbox.deliver_webhook(&about, &elsewhere).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_subscription_is_verified_by_its_challenge() {
    let world = World::start().await;
    for (answers, is_verified) in [
        (&["HTTP/1.0 200 OK\r\n\r\nCHALLENGE"], true),
        (
            &["HTTP/1.0 200 OK\r\n\r\n{\"challenge\":\"CHALLENGE\"}"],
            false,
        ),
        (&["HTTP/1.0 403 Forbidden\r\n\r\nCHALLENGE"], false),
    ] {
        let callback = Callback::start(answers).await;

        let outcome = world.sandbox.verify_callback(&callback.url, "vt 1").await;

        assert_eq!(outcome.unwrap(), is_verified, "{answers:?}");
        let request = callback.received().pop().unwrap();
        assert!(request.starts_with("GET /callback?hub.mode=subscribe&hub.challenge="));
        assert!(request.contains("&hub.verify_token=vt+1 HTTP/1.0\r\n"));
    }
}

#[tokio::test]
async fn a_signed_request_has_two_parts_and_arrives_as_a_form() {
    let world = World::start().await;
    let signed = world.sandbox.signed_request(&world.user).unwrap();
    let callback =
        Callback::start(&["HTTP/1.0 200 OK\r\n\r\n{\"url\":\"https://a.example\"}"]).await;

    let report = world
        .sandbox
        .deliver_signed_request(&world.user, &callback.url)
        .await
        .unwrap();

    let (signature, payload) = signed.split_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert_eq!(signature, hmac(&world, payload));
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(payload["algorithm"], "HMAC-SHA256");
    assert_eq!(payload["user_id"], world.user);
    assert_eq!(payload["issued_at"], world.sandbox.now().timestamp());
    assert_eq!(report.body, "{\"url\":\"https://a.example\"}");
    let request = callback.received().pop().unwrap();
    assert!(request.contains("Content-Type: application/x-www-form-urlencoded\r\n"));
    assert!(request.ends_with(&format!("\r\n\r\nsigned_request={signed}")));
}

#[tokio::test]
async fn the_control_interface_sends_and_signs_as_well() {
    let world = World::start().await;
    let post_id = world.publish("x").await;
    let control = |path: &str, body: Value| {
        send(
            world
                .request(Method::POST, &format!("__sandbox/{path}"))
                .json(&body),
        )
    };
    let notification = json!({ "field": "publish", "post_id": post_id });

    let signed = control("webhooks", json!({ "notification": notification }))
        .await
        .ok();
    let request = control("signed_requests", json!({ "user": "noor.reads" }))
        .await
        .ok();
    let callback = Callback::start(&[OK]).await;
    let wanted = json!({ "notification": notification, "deliver_to": callback.url });
    let delivered = control("webhooks", wanted).await.ok();
    let verified = Callback::start(&["HTTP/1.0 200 OK\r\n\r\nCHALLENGE"]).await;
    let wanted = json!({ "deliver_to": verified.url, "verify_token": "x" });
    let verified = control("challenges", wanted).await.ok();
    let wrong = control("webhooks", json!({ "notification": { "field": "likes" } })).await;

    let about = Notification::Publish { post_id };
    assert_eq!(signed, json!(world.sandbox.webhook(&about).unwrap()));
    let expected = world.sandbox.signed_request("noor.reads").unwrap();
    assert_eq!(request["signed_request"], expected.as_str());
    assert_eq!(delivered["attempts"], json!([200]));
    assert_eq!(verified["verified"], true);
    assert_eq!(wrong.status, 400);
}
