//! The JSON objects, exclusions and extras of a new container.

use serde_json::{Value, json};
use threads_sandbox::{CrossShareAnswer, OffsetUnit, Sandbox, Switches, TextUnit};

use crate::support::{Reply, World};

async fn create(world: &World, parameters: &[(&str, &str)]) -> Reply {
    let mut form = vec![("media_type", "TEXT")];
    form.extend_from_slice(parameters);
    world.post("me/threads", &form).await
}

/// Publishes and reads some fields back.
async fn read_back(world: &World, parameters: &[(&str, &str)], fields: &str) -> Value {
    let mut form = vec![("auto_publish_text", "true")];
    form.extend_from_slice(parameters);
    let post = create(world, &form).await.id();
    world.get(&format!("{post}?fields={fields}")).await.ok()
}

async fn world_with(change: impl FnOnce(&mut Switches)) -> World {
    let mut switches = Switches::default();
    change(&mut switches);
    World::with(Sandbox::builder().switches(switches)).await
}

#[tokio::test]
async fn a_styled_text_attachment_comes_back_as_it_was_sent() {
    let world = World::start().await;
    let attachment = json!({
        "plaintext": "bold and light",
        "link_attachment_url": "https://e.example/x",
        "text_with_styling_info": [
            { "offset": 0, "length": 4, "styling_info": ["bold", "italic"] },
            { "offset": 9, "length": 5, "styling_info": ["highlight"] },
        ],
    });

    let text = attachment.to_string();
    let parameters = [("text_attachment", text.as_str())];
    let read = read_back(&world, &parameters, "text_attachment,media_type").await;

    assert_eq!(read["text_attachment"], attachment);
    assert_eq!(read["media_type"], "TEXT_POST");
}

#[tokio::test]
async fn styles_are_known_inside_the_text_and_never_overlap() {
    let world = World::start().await;
    let span = |offset: u64, length: u64, style: &str| {
        format!(r#"{{"offset":{offset},"length":{length},"styling_info":["{style}"]}}"#)
    };
    for (spans, is_good) in [
        (span(0, 4, "underline"), true),
        (span(0, 4, "strikethrough"), true),
        (
            format!("{},{}", span(2, 2, "bold"), span(0, 2, "bold")),
            true,
        ),
        (
            format!("{},{}", span(0, 3, "bold"), span(2, 2, "italic")),
            false,
        ),
        (span(0, 0, "bold"), false),
        (span(0, 5, "bold"), false),
        (span(0, 4, "blink"), false),
        (
            r#"{"offset":0,"length":4,"styling_info":[]}"#.to_owned(),
            false,
        ),
        (
            r#"{"offset":0,"length":4,"styling_info":"bold"}"#.to_owned(),
            false,
        ),
        (r#"{"offset":0,"styling_info":["bold"]}"#.to_owned(), false),
    ] {
        let attachment = format!(r#"{{"plaintext":"abcd","text_with_styling_info":[{spans}]}}"#);

        let reply = create(&world, &[("text_attachment", &attachment)]).await;

        assert_eq!(reply.status == 200, is_good, "{spans}: {reply:?}");
        assert!(is_good || reply.code() == 100, "{spans}");
    }
}

#[tokio::test]
async fn the_unit_of_offsets_is_a_switch() {
    let spoiler =
        |length: u64| format!(r#"[{{"entity_type":"SPOILER","offset":1,"length":{length}}}]"#);
    for (unit, length) in [
        (OffsetUnit::Utf16, 2),
        (OffsetUnit::Bytes, 4),
        (OffsetUnit::CodePoints, 1),
    ] {
        let world = world_with(|switches| switches.offset_unit = unit).await;
        for other in [1, 2, 4] {
            let entities = spoiler(other);
            let form = [("text", "a😀"), ("text_entities", entities.as_str())];

            let reply = create(&world, &form).await;

            assert_eq!(reply.status == 200, other == length, "{unit:?} {other}");
        }
    }
}

#[tokio::test]
async fn spoilers_come_back_as_numbers_in_a_data_object() {
    let world = World::start().await;
    let entities = r#"[{"entity_type":"spoiler","offset":"2","length":"3"}]"#;
    let parameters = [("text", "a bcd"), ("text_entities", entities)];

    let read = read_back(&world, &parameters, "text_entities").await;

    let spoiler = json!({ "entity_type": "SPOILER", "offset": 2, "length": 3 });
    assert_eq!(read["text_entities"], json!({ "data": [spoiler] }));
}

#[tokio::test]
async fn spoilers_need_a_text_to_hide() {
    let world = World::start().await;
    let entities = r#"[{"entity_type":"SPOILER","offset":0,"length":1}]"#;
    let link = ("link_attachment", "https://e.example/x");

    let without_text = create(&world, &[link, ("text_entities", entities)]).await;
    let outside = r#"[{"entity_type":"SPOILER","offset":0,"length":2}]"#;
    let outside = create(&world, &[("text", "x"), ("text_entities", outside)]).await;

    assert_eq!(without_text.code(), 100);
    assert_eq!(outside.code(), 100);
}

#[tokio::test]
async fn objects_of_the_wrong_shape_are_refused_or_in_another_world_ignored() {
    let misshapen = [
        ("poll_attachment", r#"["yes","no"]"#),
        ("poll_attachment", r#"{"options":["yes","no"]}"#),
        ("poll_attachment", r#"{"option_a":1,"option_b":2}"#),
        ("gif_attachment", r#"{"id":"1","provider":"GIPHY"}"#),
        ("gif_attachment", "not json"),
        ("text_attachment", r#"{"text":"x"}"#),
        (
            "text_attachment",
            r#"{"plaintext":"x","link_attachment_url":1}"#,
        ),
        ("text_entities", r#"{"entity_type":"SPOILER"}"#),
        (
            "text_entities",
            r#"[{"type":"SPOILER","offset":0,"length":1}]"#,
        ),
    ];
    let strict = World::start().await;
    let lax = world_with(|switches| switches.silently_ignore_malformed_objects = true).await;
    for (name, value) in misshapen {
        let parameters = [("text", "x"), (name, value)];

        assert_eq!(create(&strict, &parameters).await.code(), 100, "{value}");
        let fields = "media_type,text,gif_url,text_attachment,text_entities,\
                      poll_attachment{option_a}";
        let mut read = read_back(&lax, &parameters, fields).await;
        read.as_object_mut().unwrap().remove("id");
        let plain = json!({ "media_type": "TEXT_POST", "text": "x" });
        assert_eq!(read, plain, "{value}");
    }
}

#[tokio::test]
async fn a_broken_rule_is_an_error_in_every_world() {
    let lax = world_with(|switches| switches.silently_ignore_malformed_objects = true).await;
    for (name, value) in [
        ("poll_attachment", r#"{"option_a":"x"}"#),
        ("gif_attachment", r#"{"gif_id":"1","provider":"TENOR"}"#),
        ("text_attachment", r#"{"plaintext":""}"#),
        (
            "text_entities",
            r#"[{"entity_type":"BOLD","offset":0,"length":1}]"#,
        ),
    ] {
        let reply = create(&lax, &[("text", "x"), (name, value)]).await;

        assert_eq!(reply.code(), 100, "{value}");
    }
}

#[tokio::test]
async fn one_text_excludes_what_cannot_stand_beside_it() {
    let world = World::start().await;
    let poll = ("poll_attachment", r#"{"option_a":"x","option_b":"y"}"#);
    let attachment = ("text_attachment", r#"{"plaintext":"long"}"#);
    let linked = (
        "text_attachment",
        r#"{"plaintext":"long","link_attachment_url":"https://a.example"}"#,
    );
    let link = ("link_attachment", "https://b.example");
    let ghost = ("is_ghost_post", "true");
    for parameters in [
        [poll, attachment],
        [poll, link],
        [linked, link],
        [ghost, ("topic_tag", "tea")],
        [ghost, ("reply_control", "everyone")],
        [ghost, ("crossreshare_to_ig", "true")],
        [ghost, ("allowlisted_country_codes", "ID")],
        [ghost, attachment],
        [ghost, poll],
        [
            ("crossreshare_to_ig", "true"),
            ("crossreshare_to_ig_dark_mode", "true"),
        ],
        [
            (
                "text_attachment",
                r#"{"plaintext":"x","link_attachment_url":"x"}"#,
            ),
            ("alt_text", "x"),
        ],
    ] {
        let mut form = vec![("text", "x")];
        form.extend_from_slice(&parameters);

        assert_eq!(create(&world, &form).await.code(), 100, "{parameters:?}");
    }
    let spoiler = r#"[{"entity_type":"SPOILER","offset":0,"length":1}]"#;
    let form = [("text", "x"), ghost, ("text_entities", spoiler)];
    create(&world, &form).await.id();
}

#[tokio::test]
async fn a_ghost_post_may_not_answer_or_quote() {
    let world = World::start().await;
    let other = world.publish("x").await;
    for name in ["reply_to_id", "quote_post_id"] {
        let form = [("text", "y"), ("is_ghost_post", "true"), (name, &other)];

        assert_eq!(create(&world, &form).await.code(), 100, "{name}");
    }
}

#[tokio::test]
async fn the_link_of_a_text_attachment_counts_as_a_link() {
    let world = World::start().await;
    let text: Vec<String> = (0..5).map(|n| format!("https://e.example/{n}")).collect();
    let text = text.join(" ");
    let with_link = |url: &str| format!(r#"{{"plaintext":"x","link_attachment_url":"{url}"}}"#);
    let sixth = with_link("https://f.example/");
    let again = with_link("https://e.example/4");

    let refused = create(&world, &[("text", &text), ("text_attachment", &sixth)]).await;
    let counted_once = create(&world, &[("text", &text), ("text_attachment", &again)]).await;

    assert_eq!(refused.code(), 100);
    let message = refused.json["error"]["message"].as_str().unwrap();
    assert!(message.contains("THREADS_API__LINK_LIMIT_EXCEEDED"));
    assert_eq!(counted_once.status, 200);
    let strict = world_with(|switches| switches.link_limit = 3).await;
    let four = "https://a.example https://b.example https://c.example https://d.example";
    assert_eq!(create(&strict, &[("text", four)]).await.code(), 100);
}

#[tokio::test]
async fn countries_have_to_exist_and_the_account_has_to_be_eligible() {
    let world = World::start().await;
    let kept_to = |codes| [("text", "x"), ("allowlisted_country_codes", codes)];
    for codes in ["ZZ", "id", "ID,,MY", "Indonesia", ""] {
        let reply = create(&world, &kept_to(codes)).await;

        let message = reply.json["error"]["message"].as_str().unwrap().to_owned();
        assert_eq!(reply.code(), 100, "{codes}");
        assert!(message.contains("THREADS_API__GEO_GATING_INVALID_COUNTRY_CODES"));
    }
    let read = read_back(&world, &kept_to("ID,MY"), "allowlisted_country_codes").await;
    assert_eq!(read["allowlisted_country_codes"], json!(["ID", "MY"]));

    let small = world
        .sandbox
        .issue_token(
            "tiny.telescope",
            Sandbox::all_scopes(),
            std::time::Duration::ZERO,
        )
        .unwrap();
    let mut form = vec![("media_type", "TEXT")];
    form.extend_from_slice(&kept_to("ID"));
    let request = world.request(reqwest::Method::POST, "me/threads");
    let reply = crate::support::send(request.bearer_auth(small).form(&form)).await;
    let message = reply.json["error"]["message"].as_str().unwrap();
    assert!(message.contains("THREADS_API__FEATURE_NOT_AVAILABLE"));
}

#[tokio::test]
async fn every_reply_control_is_read_back_in_capitals() {
    let world = World::start().await;
    for control in [
        "everyone",
        "accounts_you_follow",
        "mentioned_only",
        "parent_post_author_only",
        "followers_only",
    ] {
        let parameters = [("text", "x"), ("reply_control", control)];

        let read = read_back(&world, &parameters, "reply_audience").await;

        assert_eq!(read["reply_audience"], control.to_ascii_uppercase());
    }
}

#[tokio::test]
async fn which_answer_tells_of_the_share_to_instagram_is_a_switch() {
    for (answer, in_created, in_published) in [
        (CrossShareAnswer::Publish, false, true),
        (CrossShareAnswer::Container, true, false),
        (CrossShareAnswer::Nowhere, false, false),
    ] {
        let world = world_with(|switches| switches.cross_share_answer = answer).await;
        let form = [("text", "x"), ("crossreshare_to_ig_dark_mode", "true")];

        let created = create(&world, &form).await.ok();
        let id = created["id"].as_str().unwrap();
        let form = [("creation_id", id)];
        let published = world.post("me/threads_publish", &form).await.ok();

        let tells = |answer: &Value| answer["crossreshare_to_ig_status"] == "SUCCESS";
        assert_eq!(tells(&created), in_created, "{answer:?}");
        assert_eq!(tells(&published), in_published, "{answer:?}");
    }
}

#[tokio::test]
async fn a_post_is_published_though_its_share_fails_and_the_share_needs_its_scope() {
    let world = world_with(|switches| switches.cross_share_succeeds = false).await;
    let form = [
        ("text", "x"),
        ("crossreshare_to_ig", "true"),
        ("auto_publish_text", "true"),
    ];

    let answer = create(&world, &form).await.ok();

    assert_eq!(answer["crossreshare_to_ig_status"], "FAILED");
    assert_eq!(world.published(), 1);
    let token = world.token_with(&["threads_basic", "threads_content_publish"]);
    let form = [("media_type", "TEXT"), form[0], form[1]];
    let request = world.request(reqwest::Method::POST, "me/threads");
    let reply = crate::support::send(request.bearer_auth(token).form(&form)).await;
    assert_eq!(reply.code(), 10);
}

#[tokio::test]
async fn a_text_published_at_once_counts_for_the_quota_and_is_its_own_id() {
    let world = World::start().await;
    let form = [("text", "x"), ("auto_publish_text", "true")];

    let post = create(&world, &form).await.id();

    let entry = world.sandbox.ledger().pop().unwrap();
    assert_eq!(entry.post_id.unwrap(), post);
    let limit = world.get("me/threads_publishing_limit?fields=quota_usage");
    assert_eq!(limit.await.ok()["data"][0]["quota_usage"], 1);
}

#[tokio::test]
async fn a_child_carries_nothing_of_the_carousel() {
    let world = World::start().await;
    for (name, value) in [
        ("is_spoiler_media", "true"),
        ("topic_tag", "tea"),
        ("reply_control", "everyone"),
        ("enable_reply_approvals", "true"),
        ("location_id", "12345"),
        ("allowlisted_country_codes", "ID"),
        ("crossreshare_to_ig", "true"),
    ] {
        let form = [
            ("media_type", "IMAGE"),
            ("image_url", "https://m.example/a.jpg"),
            ("is_carousel_item", "true"),
            (name, value),
        ];

        assert_eq!(world.post("me/threads", &form).await.code(), 100, "{name}");
    }
}

#[tokio::test]
async fn a_fresh_post_cannot_be_answered_yet_in_that_world() {
    let world = world_with(|switches| switches.parent_lag_seconds = 20).await;
    let parent = world.publish("parent").await;
    let form = [("text", "reply"), ("reply_to_id", parent.as_str())];

    assert_eq!(create(&world, &form).await.codes(), (24, 4_279_009));
    world.sandbox.advance(std::time::Duration::from_secs(20));

    create(&world, &form).await.id();
}

#[tokio::test]
async fn emojis_can_be_counted_by_their_bytes_and_letters_once() {
    let world = world_with(|switches| switches.text_unit = TextUnit::EmojiBytes).await;
    let letters = "é".repeat(500);
    let emojis = "😀".repeat(125);
    let too_long = format!("{emojis}a");

    create(&world, &[("text", &letters)]).await.id();
    create(&world, &[("text", &emojis)]).await.id();

    assert_eq!(create(&world, &[("text", &too_long)]).await.code(), 100);
}
