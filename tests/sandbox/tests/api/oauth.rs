//! The authorization window and the code exchange.

use reqwest::Method;
use threads_sandbox::Sandbox;
use url::Url;

use crate::support::{HOUR, Reply, World, send};

const REDIRECT: &str = "https://app.example/callback";

fn window_query<'a>(world: &'a World, app_id: &'a str) -> Vec<(&'a str, &'a str)> {
    let _ = world;
    vec![
        ("client_id", app_id),
        ("redirect_uri", REDIRECT),
        ("scope", "threads_basic,threads_manage_insights"),
        ("response_type", "code"),
        ("state", "st4te & more"),
    ]
}

async fn open_window(world: &World, query: &[(&str, &str)]) -> Reply {
    send(world.request(Method::GET, "oauth/authorize").query(query)).await
}

/// The value of the hidden field of the window's form.
fn hidden_request(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"request\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn decide(world: &World, decision: &str, account: &str) -> Url {
    let app_id = world.sandbox.app_id();
    let page = open_window(world, &window_query(world, &app_id)).await;
    assert_eq!(page.status, 200);
    let reply = send(world.request(Method::POST, "oauth/authorize").form(&[
        ("request", hidden_request(&page.text).as_str()),
        ("account", account),
        ("decision", decision),
    ]))
    .await;
    location(&reply)
}

fn location(reply: &Reply) -> Url {
    assert_eq!(reply.status, 302, "{reply:?}");
    Url::parse(reply.headers["location"].to_str().unwrap()).unwrap()
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

async fn exchange(world: &World, code: &str, changes: &[(&str, &str)]) -> Reply {
    let (id, secret) = (world.sandbox.app_id(), world.sandbox.app_secret());
    let mut form = vec![
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("code", code),
    ];
    for change in changes {
        form.retain(|(name, _)| name != &change.0);
        form.push(*change);
    }
    send(
        world
            .request(Method::POST, "oauth/access_token")
            .form(&form),
    )
    .await
}

#[tokio::test]
async fn the_window_says_that_it_is_a_sandbox_and_lists_the_accounts() {
    let world = World::start().await;
    let app_id = world.sandbox.app_id();

    let page = open_window(&world, &window_query(&world, &app_id)).await;

    assert!(page.text.contains("This is a sandbox"));
    for user in world.sandbox.users() {
        assert!(page.text.contains(&user.username));
    }
    assert!(!page.text.contains("<script"));
    assert!(!page.text.contains("st4te"));
    assert!(page.headers.contains_key("content-security-policy"));
}

#[tokio::test]
async fn allowing_redirects_with_code_state_and_the_trailing_mark() {
    let world = World::start().await;

    let url = decide(&world, "allow", "noor.reads").await;

    assert!(url.as_str().starts_with(REDIRECT));
    assert!(url.as_str().ends_with("#_"));
    assert_eq!(parameter(&url, "state").unwrap(), "st4te & more");
    let code = parameter(&url, "code").unwrap();
    let grant = exchange(&world, &code, &[]).await.ok();
    let noor = world.sandbox.user("noor.reads").unwrap();
    assert_eq!(grant["user_id"].as_u64().unwrap().to_string(), noor.id);
    assert_eq!(grant["token_type"], "bearer");
    assert!(grant.get("expires_in").is_none());
    let token = grant["access_token"].as_str().unwrap();
    let profile = world.get_as(token, "me?fields=username").await.ok();
    assert_eq!(profile["username"], "noor.reads");
}

#[tokio::test]
async fn denying_redirects_with_the_documented_error() {
    let world = World::start().await;

    let url = decide(&world, "deny", "noor.reads").await;

    assert_eq!(parameter(&url, "error").unwrap(), "access_denied");
    assert_eq!(parameter(&url, "error_reason").unwrap(), "user_denied");
    assert_eq!(
        parameter(&url, "error_description").unwrap(),
        "The user denied your request"
    );
    assert_eq!(parameter(&url, "state").unwrap(), "st4te & more");
    assert_eq!(parameter(&url, "code"), None);
    assert!(world.sandbox.ledger().iter().all(|entry| {
        entry.account.as_deref() != Some(world.sandbox.user("noor.reads").unwrap().id.as_str())
    }));
}

#[tokio::test]
async fn a_window_can_be_answered_once() {
    let world = World::start().await;
    let app_id = world.sandbox.app_id();
    let page = open_window(&world, &window_query(&world, &app_id)).await;
    let request = hidden_request(&page.text);
    let form = [
        ("request", request.as_str()),
        ("account", world.user.as_str()),
        ("decision", "allow"),
    ];
    send(world.request(Method::POST, "oauth/authorize").form(&form)).await;

    let again = send(world.request(Method::POST, "oauth/authorize").form(&form)).await;

    assert_eq!(again.status, 400);
}

#[tokio::test]
async fn auto_approval_skips_the_window() {
    let world = World::with(Sandbox::builder().auto_approve(true)).await;
    let app_id = world.sandbox.app_id();

    let reply = open_window(&world, &window_query(&world, &app_id)).await;

    assert!(parameter(&location(&reply), "code").is_some());
}

#[tokio::test]
async fn the_window_refuses_with_its_own_error_shape() {
    let world = World::start().await;
    let app_id = world.sandbox.app_id();
    let cases = [
        ("client_id", "", 4_476_002),
        ("client_id", "999", 1_349_026),
        ("redirect_uri", "https://app.example/callback/", 1_349_168),
        ("redirect_uri", "https://evil.example/callback", 1_349_168),
        ("redirect_uri", "http://app.example/callback", 1_349_187),
        ("response_type", "token", 100),
        ("scope", "threads_manage_insights", 100),
        ("scope", "threads_basic,made_up", 100),
        ("code_challenge", "abc", 100),
    ];
    for (name, value, code) in cases {
        let mut query = window_query(&world, &app_id);
        query.retain(|(known, _)| *known != name);
        query.push((name, value));

        let reply = open_window(&world, &query).await;

        assert_eq!(reply.status, 400, "{name}={value}");
        assert_eq!(reply.json["error_code"], code, "{name}={value}");
        assert!(reply.json["error_message"].is_string());
    }
}

#[tokio::test]
async fn scopes_may_be_separated_by_spaces() {
    let world = World::with(Sandbox::builder().auto_approve(true)).await;
    let app_id = world.sandbox.app_id();
    let mut query = window_query(&world, &app_id);
    query.retain(|(name, _)| *name != "scope");
    query.push(("scope", "threads_basic threads_delete"));

    let url = location(&open_window(&world, &query).await);

    let code = parameter(&url, "code").unwrap();
    let grant = exchange(&world, &code, &[]).await.ok();
    let token = grant["access_token"].as_str().unwrap();
    let info = world
        .get_as(token, &format!("debug_token?input_token={token}"))
        .await
        .ok();
    assert_eq!(
        info["data"]["scopes"],
        serde_json::json!(["threads_basic", "threads_delete"])
    );
}

#[tokio::test]
async fn a_code_works_once() {
    let world = World::start().await;
    let url = decide(&world, "allow", "kedai.senja").await;
    let code = parameter(&url, "code").unwrap();
    exchange(&world, &code, &[]).await.ok();

    let again = exchange(&world, &code, &[]).await;

    assert_eq!(again.status, 400);
    assert_eq!(again.json["error_type"], "OAuthException");
    assert_eq!(again.json["code"], 400);
    assert!(
        again.json["error_message"]
            .as_str()
            .unwrap()
            .contains("already used")
    );
}

#[tokio::test]
async fn a_code_dies_after_an_hour() {
    let world = World::start().await;
    let url = decide(&world, "allow", "kedai.senja").await;
    let code = parameter(&url, "code").unwrap();
    world.sandbox.advance(HOUR);

    let late = exchange(&world, &code, &[]).await;

    assert_eq!(late.json["error_type"], "OAuthException");
}

#[tokio::test]
async fn the_exchange_checks_every_parameter_and_keeps_the_code() {
    let world = World::start().await;
    let url = decide(&world, "allow", "kedai.senja").await;
    let code = parameter(&url, "code").unwrap();
    for change in [
        ("client_id", "1"),
        ("client_secret", "wrong"),
        ("grant_type", "client_credentials"),
        ("redirect_uri", "https://app.example/other"),
        ("redirect_uri", ""),
        ("code", "AQunknown"),
        ("code", &format!("{code}#_")),
        ("extra", "1"),
    ] {
        let reply = exchange(&world, &code, &[change]).await;

        assert_eq!(reply.status, 400, "{change:?}");
        assert!(reply.json["error_type"].is_string(), "{change:?}");
        assert!(reply.json["error_message"].is_string(), "{change:?}");
    }

    exchange(&world, &code, &[]).await.ok();
}

#[tokio::test]
async fn plain_http_redirects_to_this_machine_can_be_registered() {
    let world = World::start().await;
    let local = Url::parse("http://127.0.0.1:3000/callback").unwrap();
    let remote = Url::parse("http://app.example/callback").unwrap();

    world.sandbox.register_redirect_uri(local.clone()).unwrap();

    assert!(world.sandbox.redirect_uris().contains(&local));
    assert!(world.sandbox.register_redirect_uri(remote).is_err());
}
