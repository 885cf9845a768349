//! What every call has in common: tokens, encodings, paths and refusals.

use reqwest::Method;
use reqwest::multipart::Form;
use serde_json::json;

use crate::support::{World, send};

#[tokio::test]
async fn the_token_is_taken_from_header_query_and_every_body() {
    let world = World::start().await;
    let create = || world.request(Method::POST, "v1.0/me/threads");
    let text = [("media_type", "TEXT"), ("text", "hello")];
    let mut with_token = text.to_vec();
    with_token.push(("access_token", &world.token));
    let multipart = Form::new()
        .text("media_type", "TEXT")
        .text("text", "hello")
        .text("access_token", world.token.clone());

    let requests = [
        create().bearer_auth(&world.token).form(&text),
        create()
            .query(&[("access_token", &world.token)])
            .form(&text),
        create().form(&with_token),
        create().multipart(multipart),
        create().json(&json!({
            "media_type": "TEXT", "text": "hello", "access_token": world.token,
        })),
        create().query(&with_token),
    ];

    for request in requests {
        send(request).await.id();
    }
    let placements: Vec<_> = world
        .sandbox
        .requests()
        .iter()
        .map(|entry| serde_json::to_value(entry.token_placement).unwrap())
        .collect();
    assert_eq!(
        json!(placements),
        json!(["header", "query", "body", "body", "body", "query"])
    );
}

#[tokio::test]
async fn the_version_and_a_trailing_slash_are_optional() {
    let world = World::start().await;

    for path in [
        "me",
        "me/",
        "v1.0/me",
        "v1.0/me/",
        "v1.0/me/threads/",
        "me/threads",
    ] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn unknown_paths_and_versions_are_refused() {
    let world = World::start().await;

    for path in [
        "",
        "nope",
        "v2.0/me",
        "me/nope",
        "v1.0/me/threads/nope",
        "v1.0",
    ] {
        assert_eq!(world.get(path).await.code(), 2500, "{path}");
    }
}

#[tokio::test]
async fn unknown_ids_are_refused() {
    let world = World::start().await;

    assert_eq!(world.get("123456").await.codes(), (100, 33));
    assert_eq!(
        world.get("123456/insights?metric=views").await.codes(),
        (100, 33)
    );
    assert_eq!(
        world.get("99999999999999999999999").await.codes(),
        (100, 33)
    );
}

#[tokio::test]
async fn wrong_methods_are_refused() {
    let world = World::start().await;
    for (method, path) in [
        (Method::POST, "me"),
        (Method::DELETE, "me/threads"),
        (Method::GET, "me/threads_publish"),
        (Method::POST, "me/threads_insights"),
        (Method::PUT, "me/threads"),
    ] {
        let reply = send(
            world
                .request(method.clone(), path)
                .bearer_auth(&world.token),
        )
        .await;

        assert_eq!(reply.codes(), (100, 33), "{method} {path}");
    }
}

#[tokio::test]
async fn missing_and_wrong_tokens_are_refused_before_anything_is_told() {
    let world = World::start().await;
    for path in [
        "me",
        "me/threads",
        "123456",
        "me/threads_insights?metric=nope",
    ] {
        let none = send(world.request(Method::GET, path)).await;
        let wrong = world.get_as("THQWnobody", path).await;

        assert_eq!(none.code(), 190, "{path}");
        assert_eq!(wrong.codes(), (190, 467), "{path}");
        assert_eq!(wrong.json["error"]["type"], "OAuthException");
    }
}

#[tokio::test]
async fn two_different_tokens_are_refused_and_two_equal_ones_are_not() {
    let world = World::start().await;
    let other = world.token_with(&["threads_basic"]);
    let with_query = |token: &str| {
        world
            .request(Method::GET, "me")
            .bearer_auth(&world.token)
            .query(&[("access_token", token)])
    };

    assert_eq!(send(with_query(&other)).await.code(), 100);
    assert_eq!(send(with_query(&world.token)).await.status, 200);
}

#[tokio::test]
async fn unknown_retired_and_repeated_parameters_are_refused() {
    let world = World::start().await;
    for query in [
        "nope=1",
        "pretty=0",
        "debug=all",
        "date_format=U",
        "ids=1,2",
        "fields=id&fields=id",
        "limit=5",
    ] {
        assert_eq!(
            world.get(&format!("me?{query}")).await.code(),
            100,
            "{query}"
        );
    }
    for query in ["nope=1", "pretty=1", "since=1780000000&since=1780000000"] {
        let reply = world.get(&format!("me/threads?{query}")).await;
        assert_eq!(reply.code(), 100, "{query}");
    }
}

#[tokio::test]
async fn unknown_fields_are_refused_everywhere() {
    let world = World::start().await;
    let post = world.sandbox.posts(&world.user).unwrap()[0].id.clone();
    let container = world.create("hello").await;
    for path in [
        "me?fields=id,follower_count".to_owned(),
        "me/threads?fields=id,like_count".to_owned(),
        format!("{post}?fields=status"),
        format!("{post}?fields=gif_attachment"),
        format!("{container}?fields=text"),
        "me/threads_publishing_limit?fields=id".to_owned(),
    ] {
        let reply = world.get(&path).await;

        assert_eq!(reply.code(), 100, "{path}");
        let message = reply.json["error"]["message"].as_str().unwrap();
        assert!(message.contains("nonexisting field"), "{message}");
    }
}

#[tokio::test]
async fn every_scope_is_asked_for() {
    let world = World::start().await;
    let post = world.sandbox.posts(&world.user).unwrap()[0].id.clone();
    let basic = world.token_with(&["threads_basic"]);
    let nothing = world.token_with(&["threads_manage_insights"]);

    for path in [
        format!("{post}/insights?metric=views"),
        "me/threads_insights?metric=views".to_owned(),
        "me/threads_publishing_limit".to_owned(),
        "profile_lookup?username=noor.reads".to_owned(),
        format!("{post}?fields=reply_audience"),
    ] {
        let reply = world.get_as(&basic, &path).await;
        assert_eq!((reply.status, reply.code()), (403, 10), "{path}");
    }
    let create = world
        .request(Method::POST, "me/threads")
        .bearer_auth(&basic);
    assert_eq!(
        send(create.form(&[("media_type", "TEXT")])).await.code(),
        10
    );
    assert_eq!(world.get_as(&nothing, "me").await.code(), 10);
}

#[tokio::test]
async fn broken_bodies_and_bodies_of_get_requests_are_refused() {
    let world = World::start().await;
    let create = || {
        world
            .request(Method::POST, "me/threads")
            .bearer_auth(&world.token)
    };
    let json = "application/json";

    let requests = [
        create().header("content-type", json).body("{broken"),
        create().header("content-type", json).body("[1]"),
        create()
            .header("content-type", "text/plain")
            .body("media_type=TEXT"),
        create().body("media_type=TEXT"),
        create()
            .header("content-type", "multipart/form-data")
            .body("x"),
        world
            .request(Method::POST, "me/threads")
            .header("authorization", "Basic abc")
            .form(&[("media_type", "TEXT"), ("text", "hello")]),
        world
            .request(Method::GET, "me")
            .bearer_auth(&world.token)
            .form(&[("fields", "id")]),
    ];

    for request in requests {
        let reply = send(request).await;
        assert_eq!(reply.status, 400);
        assert!([100, 190].contains(&reply.code()), "{reply:?}");
    }
    assert_eq!(world.published(), 0);
}

#[tokio::test]
async fn files_are_not_taken() {
    let world = World::start().await;
    let part = reqwest::multipart::Part::bytes(vec![1, 2, 3]).file_name("a.jpg");
    let form = Form::new()
        .text("media_type", "IMAGE")
        .part("image_url", part);

    let request = world
        .request(Method::POST, "me/threads")
        .bearer_auth(&world.token);
    let reply = send(request.multipart(form)).await;

    assert_eq!(reply.code(), 100);
}
