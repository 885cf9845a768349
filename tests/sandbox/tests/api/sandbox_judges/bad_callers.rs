//! Clients that use the API wrongly, and one that uses it well.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::Value;
use threads_sandbox::{AccountSeed, Charge, Endpoint, Fault, Sandbox, Verdict, judge_other_host};

use crate::support::{DAY, World, send};

/// Asserts that the judge found this one thing and nothing else.
fn assert_only(verdict: &Verdict, guilt: fn(&Charge) -> bool) {
    assert!(!verdict.is_acquitted());
    assert!(verdict.charges().iter().all(guilt), "{verdict}");
}

async fn code_exchange(world: &World) -> String {
    let mut url = world.sandbox.authorize_url();
    let redirect_uri = world.sandbox.redirect_uris()[0].to_string();
    url.query_pairs_mut()
        .append_pair("client_id", &world.sandbox.app_id())
        .append_pair("redirect_uri", &redirect_uri)
        .append_pair("scope", "threads_basic,threads_content_publish")
        .append_pair("response_type", "code");
    let answer = send(world.http.get(url)).await;
    let location = answer.headers["location"].to_str().unwrap();
    let location = url::Url::parse(location).unwrap();
    let code = location
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let form = [
        ("client_id", world.sandbox.app_id()),
        ("client_secret", world.sandbox.app_secret()),
        ("grant_type", "authorization_code".to_owned()),
        ("redirect_uri", redirect_uri),
        ("code", code),
    ];
    let answer = send(world.http.post(world.url("oauth/access_token")).form(&form)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text
}

/// A world whose account has an id that a floating-point number cannot hold.
async fn world_with_odd_id() -> World {
    for number in 0..64 {
        let builder = Sandbox::builder()
            .seed(format!("odd {number}"))
            .account(AccountSeed::new("odd.one").followers(20_000).posts(8))
            .auto_approve(true);
        let world = World::with(builder).await;
        let rounded = format!("{:.0}", world.user.parse::<f64>().unwrap());
        if rounded != world.user {
            return world;
        }
    }
    panic!("every id survives rounding")
}

#[tokio::test]
async fn a_client_that_knows_the_api_is_acquitted() {
    let world = world_with_odd_id().await;
    let exchanged: Value = serde_json::from_str(&code_exchange(&world).await).unwrap();
    let id = exchanged["user_id"].to_string();
    let id = id.trim_matches('"');
    assert_eq!(id, world.user);
    world.get(&format!("{id}?fields=id,username")).await.ok();

    let list = "me/threads?fields=id,text,gif_url&limit=5";
    let page = world.get(list).await.ok();
    let after = page["paging"]["cursors"]["after"].as_str().unwrap();
    world.get(&format!("{list}&after={after}")).await.ok();

    let post = page["data"][0]["id"].as_str().unwrap();
    world
        .sandbox
        .fail_next(Endpoint::Repost, Fault::StatusAfterEffect { status: 502 });
    world.post(&format!("{post}/repost"), &[]).await;
    let listed = world
        .get("me/threads?fields=id,media_type,reposted_post{id}&limit=1")
        .await
        .ok();
    assert_eq!(listed["data"][0]["reposted_post"]["id"], post);

    world.sandbox.advance(DAY);
    let query = [
        ("grant_type", "th_refresh_token"),
        ("access_token", world.token.as_str()),
    ];
    let request = world.request(Method::GET, "refresh_access_token");
    send(request.query(&query)).await.ok();

    let verdict = world.sandbox.judge(&[]);
    assert!(verdict.is_acquitted(), "{verdict}");
}

#[tokio::test]
async fn unknown_and_retired_parameters_are_convicted() {
    for (name, value) in [
        ("scheduled_publish_time", "1790000000"),
        ("pretty", "1"),
        ("media_urls", "https://m.example/a.jpg"),
    ] {
        let world = World::start().await;
        let form = [("media_type", "TEXT"), ("text", "x"), (name, value)];
        world.post("me/threads", &form).await;

        assert_only(&world.sandbox.judge(&[]), |charge| {
            matches!(charge, Charge::UnknownParameter { .. })
        });
    }
}

#[tokio::test]
async fn a_token_in_the_url_of_a_data_call_is_convicted() {
    let world = World::start().await;
    let path = format!("me?fields=id&access_token={}", world.token);
    send(world.request(Method::GET, &path)).await.ok();

    assert_only(&world.sandbox.judge(&[]), |charge| {
        matches!(charge, Charge::TokenMisplaced { .. })
    });
}

#[tokio::test]
async fn a_token_in_the_header_of_a_refresh_is_convicted() {
    let world = World::start().await;
    let path = "refresh_access_token?grant_type=th_refresh_token";
    assert_ne!(world.get(path).await.status, 200);

    assert_only(&world.sandbox.judge(&[]), |charge| {
        matches!(charge, Charge::TokenMisplaced { .. })
    });
}

#[tokio::test]
async fn following_a_redirect_with_the_token_is_convicted() {
    let elsewhere = World::start().await;
    for (policy, is_bad) in [(Policy::limited(3), true), (Policy::none(), false)] {
        let world = World::start().await;
        elsewhere.sandbox.clear_requests();
        let to = elsewhere.url("v1.0/me/threads?fields=id");
        world
            .sandbox
            .fail_next(Endpoint::Posts, Fault::Redirect { to, status: 307 });
        let http = Client::builder().redirect(policy).build().unwrap();
        // A token in the query would be lost on the way, so the client puts it there again.
        let first = http.get(world.url("me/threads")).bearer_auth(&world.token);
        let mut answer = first.send().await.unwrap();
        if is_bad {
            let there = http.get(answer.url().clone()).bearer_auth(&world.token);
            answer = there.send().await.unwrap();
        }

        let verdict = judge_other_host(&elsewhere.sandbox.requests());

        assert_eq!(verdict.is_acquitted(), !is_bad, "{verdict}: {answer:?}");
    }
}

#[tokio::test]
async fn following_a_paging_link_is_convicted() {
    let world = World::start().await;
    let page = world.get("me/threads?fields=id&limit=5").await.ok();
    let next = page["paging"]["next"].as_str().unwrap();
    send(world.http.get(next)).await.ok();

    assert_only(&world.sandbox.judge(&[]), |charge| {
        matches!(charge, Charge::PagingLinkFollowed { .. })
    });
}

#[tokio::test]
async fn asking_for_a_field_that_is_only_written_is_convicted() {
    for field in ["gif_attachment", "link_attachment", "reply_control"] {
        let world = World::start().await;
        world.get(&format!("me/threads?fields=id,{field}")).await;

        assert_only(&world.sandbox.judge(&[]), |charge| {
            matches!(charge, Charge::UnknownField { .. })
        });
    }
}

#[tokio::test]
async fn an_id_that_went_through_a_float_is_convicted() {
    let world = world_with_odd_id().await;
    let answer = code_exchange(&world).await;
    let digits: String = answer
        .split("\"user_id\":")
        .nth(1)
        .unwrap()
        .trim_start_matches('"')
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let rounded = format!("{:.0}", digits.parse::<f64>().unwrap());
    world.get(&format!("{rounded}?fields=id")).await;

    assert_only(&world.sandbox.judge(&[]), |charge| {
        matches!(charge, Charge::RoundedId { .. })
    });
}

#[tokio::test]
async fn retrying_a_repost_is_convicted_by_the_log_and_by_the_ledger() {
    for (fault, has_effect) in [
        (Fault::DropAfterEffect, true),
        (Fault::StatusAfterEffect { status: 500 }, true),
        (Fault::status(503), false),
    ] {
        let world = World::start().await;
        let post = world.publish("x").await;
        world.sandbox.fail_next(Endpoint::Repost, fault);
        let path = format!("{post}/repost");
        for _ in 0..2 {
            let request = world.request(Method::POST, &path);
            let _answer = request.bearer_auth(&world.token).send().await;
        }

        let verdict = world.sandbox.judge(&[]);

        assert_only(&verdict, |charge| {
            matches!(
                charge,
                Charge::RepostRepeated { .. } | Charge::TwoLiveReposts { .. }
            )
        });
        let is_double = |charge: &Charge| matches!(charge, Charge::TwoLiveReposts { .. });
        assert_eq!(verdict.charges().iter().any(is_double), has_effect);
    }
}

#[tokio::test]
async fn repeating_a_refused_repost_is_no_crime() {
    let world = World::start().await;
    let post = world.publish("x").await;
    world.sandbox.fail_next(Endpoint::Repost, Fault::code(190));
    let path = format!("{post}/repost");

    assert_eq!(world.post(&path, &[]).await.code(), 190);
    world.post(&path, &[]).await.id();

    let verdict = world.sandbox.judge(&[]);
    assert!(verdict.is_acquitted(), "{verdict}");
}

#[tokio::test]
async fn publishing_a_published_container_again_is_convicted_however_late() {
    let world = World::start().await;
    let container = world.create("x").await;
    for _ in 0..2 {
        let form = [("creation_id", container.as_str())];
        world.post("me/threads_publish", &form).await;
        world.sandbox.advance(Duration::from_hours(1));
    }

    assert_only(&world.sandbox.judge(&[]), |charge| {
        matches!(charge, Charge::PublishRepeated { .. })
    });
}
