//! People who do not use the app: what they did, do, and are made to do.

use reqwest::Method;
use serde_json::json;
use threads_sandbox::{LedgerKind, Sandbox, SandboxError};

use crate::support::{DAY, World, data, each, send};

#[tokio::test]
async fn somebody_replies_mentions_and_quotes_when_told() {
    let world = World::start().await;
    let post = world.publish("What do you drink?").await;

    let reply = world.sandbox.reply_as("fan_1", &post, "Tea.").unwrap();
    let nested = world
        .sandbox
        .reply_as("noor.reads", &reply, "Coffee!")
        .unwrap();
    let mention = world
        .sandbox
        .mention_as("fan_1", "kedai.senja", "nice place")
        .unwrap();
    let quote = world
        .sandbox
        .quote_as("fan_2", &post, "Everything.")
        .unwrap();

    let conversation = world
        .get(&format!(
            "{post}/conversation?fields=id,username,replied_to,is_reply_owned_by_me"
        ))
        .await
        .ok();
    assert_eq!(each(&conversation, "id"), [nested, reply.clone()]);
    assert_eq!(each(&conversation, "username"), ["noor.reads", "fan_1"]);
    assert_eq!(conversation["data"][0]["replied_to"]["id"], reply);
    assert_eq!(conversation["data"][0]["is_reply_owned_by_me"], false);
    let mentions = world.get("me/mentions?fields=text").await.ok();
    assert_eq!(
        mentions["data"],
        json!([{ "id": mention, "text": "@kedai.senja nice place" }])
    );
    let quoting = world
        .get(&format!(
            "{quote}?fields=is_quote_post,quoted_post{{username}}"
        ))
        .await
        .ok();
    assert_eq!(quoting["is_quote_post"], true);
    assert_eq!(quoting["quoted_post"]["username"], "kedai.senja");
    let parent = world.get(&format!("{post}?fields=has_replies")).await.ok();
    assert_eq!(parent["has_replies"], true);
}

#[tokio::test]
async fn what_others_write_is_in_the_ledger_and_never_counts_as_published() {
    let world = World::start().await;
    let post = world.publish("hello").await;

    let reply = world.sandbox.reply_as("fan_1", &post, "hi").unwrap();

    let last = world.sandbox.ledger().pop().unwrap();
    assert_eq!(last.kind, LedgerKind::PostReceived);
    assert_eq!(last.post_id, Some(reply));
    assert_eq!(last.parent, Some(post));
    assert_eq!(last.account.as_ref(), Some(&world.user));
    assert_eq!(world.published(), 1);
}

#[tokio::test]
async fn people_are_no_accounts() {
    let world = World::start().await;
    world.sandbox.post_as("fan_1", "hello all").unwrap();

    let page = send(world.request(Method::GET, "__sandbox/state"))
        .await
        .ok();

    assert_eq!(world.sandbox.users().len(), 3);
    assert_eq!(page["users"].as_array().unwrap().len(), 3);
    assert_eq!(world.sandbox.posts("fan_1").unwrap().len(), 1);
    for name in ["fan_1", "meta"] {
        let token = world
            .sandbox
            .issue_token(name, &[], std::time::Duration::ZERO);
        assert!(matches!(token, Err(SandboxError::UnknownUser(_))), "{name}");
    }
}

#[tokio::test]
async fn what_nobody_can_do_is_refused() {
    let world = World::start().await;
    let post = world.publish("hello").await;
    let sandbox = &world.sandbox;

    for name in ["", "Has Space", "@fan", "UPPER", &"x".repeat(31)] {
        let refused = sandbox.reply_as(name, &post, "hi");
        assert!(matches!(refused, Err(SandboxError::Setting(_))), "{name}");
    }
    for id in ["1", "x", ""] {
        assert!(matches!(
            sandbox.reply_as("fan", id, "hi"),
            Err(SandboxError::UnknownPost(_))
        ));
        assert!(matches!(
            sandbox.quote_as("fan", id, "hi"),
            Err(SandboxError::UnknownPost(_))
        ));
    }
    let nobody = sandbox.mention_as("fan", "nobody", "hi");
    assert!(matches!(nobody, Err(SandboxError::UnknownUser(_))));
    sandbox.delete_post(&post).unwrap();
    assert!(sandbox.reply_as("fan", &post, "too late").is_err());
}

#[tokio::test]
async fn people_act_over_http_too() {
    let world = World::start().await;
    let post = world.publish("hello").await;
    let receive = async |body: serde_json::Value| {
        send(
            world
                .request(Method::POST, "__sandbox/received")
                .json(&body),
        )
        .await
    };

    let reply = receive(json!({ "user": "fan_1", "reply_to": post, "text": "hi" }))
        .await
        .id();
    let mention = json!({ "user": "fan_1", "mentions": "kedai.senja", "text": "hi" });
    receive(mention).await.id();
    receive(json!({ "user": "fan_1", "quotes": post, "text": "hi" }))
        .await
        .id();
    receive(json!({ "user": "fan_1", "text": "hi" })).await.id();

    let replies = world.get(&format!("{post}/replies")).await.ok();
    assert_eq!(each(&replies, "id"), [reply]);
    assert_eq!(world.sandbox.posts("fan_1").unwrap().len(), 4);
    for wrong in [
        json!({ "user": "fan_1", "text": "hi", "reply_to": post, "quotes": post }),
        json!({ "user": "fan_1", "text": "hi", "nope": 1 }),
        json!({ "user": "fan_1" }),
        json!({ "user": "fan_1", "text": "hi", "reply_to": "1" }),
    ] {
        assert_eq!(receive(wrong.clone()).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_rich_world_has_a_post_of_every_kind() {
    let world = World::rich().await;
    let fields = "id,text,media_type,media_url,thumbnail_url,permalink,children{media_type,alt_text},\
        is_quote_post,quoted_post{username},reposted_post{username},alt_text,link_attachment_url,\
        gif_url,poll_attachment{option_a,option_d,option_d_votes_percentage,total_votes,\
        expiration_timestamp},topic_tag,is_spoiler_media,text_entities,text_attachment,\
        reply_audience,location{name},allowlisted_country_codes,has_replies";

    let page = world
        .get(&format!("me/threads?limit=100&fields={fields}"))
        .await
        .ok();
    let posts = data(&page);
    let find = |text: &str| {
        posts
            .iter()
            .find(|post| {
                post["text"]
                    .as_str()
                    .is_some_and(|own| own.starts_with(text))
            })
            .unwrap()
    };

    let kinds = each(&page, "media_type");
    for kind in [
        "TEXT_POST",
        "IMAGE",
        "VIDEO",
        "CAROUSEL_ALBUM",
        "REPOST_FACADE",
    ] {
        assert!(kinds.contains(&kind), "{kind}");
    }
    let audiences = each(&page, "reply_audience");
    for audience in [
        "EVERYONE",
        "ACCOUNTS_YOU_FOLLOW",
        "MENTIONED_ONLY",
        "PARENT_POST_AUTHOR_ONLY",
        "FOLLOWERS_ONLY",
    ] {
        assert!(audiences.contains(&audience), "{audience}");
    }
    let repost = posts
        .iter()
        .find(|post| post["media_type"] == "REPOST_FACADE")
        .unwrap();
    assert_eq!(repost["reposted_post"]["username"], "bo.builds");
    let quote = find("Look at this folding");
    assert_eq!(quote["is_quote_post"], true);
    assert_eq!(quote["quoted_post"]["username"], "ada.makes");
    let poll = &find("Which one first?")["poll_attachment"];
    assert_eq!(poll["option_d"], "Clock");
    assert!(poll["total_votes"].as_u64().unwrap() > 0);
    assert!(poll["option_d_votes_percentage"].as_f64().unwrap() <= 1.0);
    assert_eq!(poll["expiration_timestamp"], "2026-05-17T16:00:00+0000");
    let children = &find("Four steps")["children"]["data"];
    assert_eq!(children[0]["media_type"], "IMAGE");
    assert_eq!(children[1]["alt_text"], "Hands turning the sheet");
    assert_eq!(find("The lamp in the wind")["is_spoiler_media"], true);
    assert!(find("The lamp in the wind")["thumbnail_url"].is_string());
    assert_eq!(find("Our yard")["location"]["name"], "Studio Lab");
    assert!(find("It moves")["gif_url"].is_string());
    let styles = &find("The whole story")["text_attachment"]["text_with_styling_info"];
    assert_eq!(styles[0]["styling_info"], json!(["bold", "italic"]));
    let spoiler = json!({ "data": [{ "entity_type": "SPOILER", "offset": 11, "length": 3 }] });
    assert_eq!(find("It was the cat")["text_entities"], spoiler);
    assert_eq!(
        find("Workshop in Bandung")["allowlisted_country_codes"],
        json!(["ID", "SG"])
    );
    assert!(find("The plans are out")["link_attachment_url"].is_string());
    assert_eq!(find("Ask me")["has_replies"], true);
    assert_eq!(find("Ask me")["topic_tag"], "Making");
    // Media that was flagged has no permalink.
    assert!(find("With a song").get("permalink").is_none());
}

#[tokio::test]
async fn votes_come_in_until_a_poll_is_over() {
    let world = World::start().await;
    let form = [
        ("media_type", "TEXT"),
        ("text", "Tea or coffee?"),
        (
            "poll_attachment",
            r#"{"option_a":"tea","option_b":"coffee"}"#,
        ),
        ("auto_publish_text", "true"),
    ];
    let post = world.post("me/threads", &form).await.id();
    let fields = "poll_attachment{total_votes,option_a_votes_percentage,option_b_votes_percentage}";
    let votes = async || {
        let read = world.get(&format!("{post}?fields={fields}")).await.ok();
        read["poll_attachment"].clone()
    };

    let new = votes().await;
    world.sandbox.advance(DAY);
    let over = votes().await;
    world.sandbox.advance(DAY);

    assert_eq!(new["total_votes"], 0);
    assert_eq!(new["option_a_votes_percentage"].as_f64(), Some(0.0));
    assert!(over["total_votes"].as_u64().unwrap() >= 2);
    let sum = ["option_a_votes_percentage", "option_b_votes_percentage"]
        .iter()
        .map(|name| over[name].as_f64().unwrap())
        .sum::<f64>();
    assert!((0.98..=1.02).contains(&sum), "{over}");
    assert_eq!(votes().await, over);
}

#[tokio::test]
async fn people_go_on_replying_as_time_goes_by() {
    let world = World::rich().await;
    let post = world.post_like("Ask me");
    let count = async |id: &str| {
        let page = world
            .get(&format!("{id}/conversation?limit=100"))
            .await
            .ok();
        data(&page).len()
    };
    let new = world.publish("A new machine.").await;
    let (old_before, new_before) = (count(&post).await, count(&new).await);

    world.sandbox.advance(14 * DAY);

    assert!(count(&post).await > old_before);
    assert_eq!(new_before, 0);
    assert!((1..=4).contains(&count(&new).await));
    let waiting = world.post_like("Serious questions");
    let waiting = world
        .get(&format!("{waiting}/pending_replies?limit=100"))
        .await
        .ok();
    assert!(data(&waiting).len() > 3);
    assert_eq!(world.published(), 1);
}

#[tokio::test]
async fn the_rich_world_is_the_same_every_time_and_leaves_the_demonstration_alone() {
    let look = async |seed: &str, account: &str| {
        let sandbox = Sandbox::builder().seed(seed).start().await.unwrap();
        sandbox.advance(3 * DAY);
        let posts = sandbox.posts(account).unwrap();
        let fans = sandbox.posts("ada.makes").map(|posts| posts.len()).ok();
        (posts, fans)
    };

    assert_eq!(
        look("rich", "studio.lab").await,
        look("rich", "studio.lab").await
    );
    let (posts, fans) = look("demo", "kedai.senja").await;
    assert_eq!((posts.len(), fans), (168, None));
}
