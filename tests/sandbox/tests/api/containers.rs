//! From a container to a post, and everything that is refused on the way.

use std::time::Duration;

use threads_sandbox::{
    LedgerKind, PublishedContainer, Readiness, Republish, Sandbox, Switches, TextUnit,
};

use crate::support::World;

async fn image(world: &World, extra: &[(&str, &str)]) -> String {
    let mut form = vec![
        ("media_type", "IMAGE"),
        ("image_url", "https://media.example/a.jpg"),
    ];
    form.extend_from_slice(extra);
    world.post("me/threads", &form).await.id()
}

async fn publish(world: &World, container: &str) -> crate::support::Reply {
    world
        .post("me/threads_publish", &[("creation_id", container)])
        .await
}

#[tokio::test]
async fn a_text_is_published_in_two_steps_and_written_down() {
    let world = World::start().await;
    let container = world.create("hello").await;

    assert_eq!(world.status(&container).await, "FINISHED");
    assert_eq!(world.published(), 0);
    let post = publish(&world, &container).await.id();

    assert_eq!(world.status(&container).await, "PUBLISHED");
    let entry = world.sandbox.ledger().pop().unwrap();
    assert_eq!(entry.kind, LedgerKind::PostPublished);
    assert_eq!(entry.account.unwrap(), world.user);
    assert_eq!(entry.container_id.unwrap(), container);
    assert_eq!(entry.post_id.unwrap(), post);
    assert_eq!(entry.text.unwrap(), "hello");
    assert_eq!(entry.at, world.sandbox.now());
}

#[tokio::test]
async fn a_text_can_be_published_in_one_step() {
    let world = World::start().await;

    let form = [
        ("media_type", "TEXT"),
        ("text", "at once"),
        ("auto_publish_text", "true"),
    ];
    let post = world.post("me/threads", &form).await.id();

    let read = world.get(&format!("{post}?fields=text")).await.ok();
    assert_eq!(read["text"], "at once");
    assert_eq!(world.published(), 1);
}

#[tokio::test]
async fn an_image_is_in_progress_for_two_polls() {
    let world = World::start().await;
    let container = image(&world, &[]).await;

    assert_eq!(publish(&world, &container).await.codes(), (24, 4_279_009));
    assert_eq!(world.status(&container).await, "IN_PROGRESS");
    assert_eq!(world.status(&container).await, "IN_PROGRESS");
    assert_eq!(world.status(&container).await, "FINISHED");
    publish(&world, &container).await.id();

    assert_eq!(world.published(), 1);
}

#[tokio::test]
async fn an_image_is_ready_after_virtual_time_without_polls() {
    let world = World::start().await;
    let container = image(&world, &[("alt_text", "a cup")]).await;

    world.sandbox.advance(Duration::from_secs(30));

    let post = publish(&world, &container).await.id();
    let read = world
        .get(&format!("{post}?fields=media_type,media_url,alt_text"))
        .await
        .ok();
    assert_eq!(read["media_type"], "IMAGE");
    assert_eq!(read["media_url"], "https://media.example/a.jpg");
    assert_eq!(read["alt_text"], "a cup");
}

#[tokio::test]
async fn readiness_is_a_switch() {
    let switches = Switches {
        text_readiness: Readiness {
            polls: 1,
            seconds: 60,
        },
        ..Switches::default()
    };
    let world = World::with(Sandbox::builder().switches(switches)).await;
    let container = world.create("slow").await;

    assert_eq!(world.status(&container).await, "IN_PROGRESS");
    assert_eq!(world.status(&container).await, "FINISHED");
}

#[tokio::test]
async fn a_carousel_takes_finished_children_in_order() {
    let world = World::start().await;
    let first = image(&world, &[("is_carousel_item", "true"), ("alt_text", "one")]).await;
    let second = image(&world, &[("is_carousel_item", "true"), ("alt_text", "two")]).await;
    let children = format!("{second},{first}");
    let form = [
        ("media_type", "CAROUSEL"),
        ("children", children.as_str()),
        ("text", "both"),
    ];

    assert_eq!(world.post("me/threads", &form).await.code(), 100);
    world.sandbox.advance(Duration::from_secs(30));
    let carousel = world.post("me/threads", &form).await.id();
    world.sandbox.advance(Duration::from_secs(30));
    let post = publish(&world, &carousel).await.id();

    let read = world
        .get(&format!("{post}?fields=media_type,children{{alt_text}}"))
        .await
        .ok();
    assert_eq!(read["media_type"], "CAROUSEL_ALBUM");
    let children = read["children"]["data"].as_array().unwrap();
    let texts: Vec<_> = children.iter().map(|child| &child["alt_text"]).collect();
    assert_eq!(texts, ["two", "one"]);
    assert_eq!(world.published(), 1);
}

#[tokio::test]
async fn carousel_children_are_checked() {
    let world = World::start().await;
    let child = image(&world, &[("is_carousel_item", "true")]).await;
    let single = image(&world, &[]).await;
    world.sandbox.advance(Duration::from_secs(30));
    let many = vec![child.clone(); 21].join(",");

    for children in [
        child.clone(),
        format!("{child},{child}"),
        format!("{child},{single}"),
        many,
        format!("[\"{child}\",\"{single}\"]"),
    ] {
        let form = [("media_type", "CAROUSEL"), ("children", children.as_str())];
        assert_eq!(
            world.post("me/threads", &form).await.code(),
            100,
            "{children}"
        );
    }
    let unknown = format!("{child},18999999999999999");
    let form = [("media_type", "CAROUSEL"), ("children", unknown.as_str())];
    assert_eq!(world.post("me/threads", &form).await.code(), 24);
    assert_eq!(publish(&world, &child).await.code(), 100);
}

#[tokio::test]
async fn an_unpublished_container_expires_after_24_hours() {
    let world = World::start().await;
    let container = world.create("too late").await;

    world.sandbox.advance(Duration::from_secs(86_399));
    assert_eq!(world.status(&container).await, "FINISHED");
    world.sandbox.advance(Duration::from_secs(1));

    assert_eq!(world.status(&container).await, "EXPIRED");
    assert_eq!(publish(&world, &container).await.codes(), (24, 4_279_009));
    assert_eq!(world.published(), 0);
}

#[tokio::test]
async fn a_marked_or_unreachable_media_url_ends_in_error() {
    let world = World::start().await;
    for (url, message) in [
        (
            "https://media.example/sandbox-error-FAILED_PROCESSING_VIDEO.mp4",
            "FAILED_PROCESSING_VIDEO",
        ),
        ("https://media.example/sandbox-error-", "UNKNOWN"),
        ("http://localhost:8000/a.mp4", "UNKNOWN"),
        ("http://192.168.1.5/a.mp4", "UNKNOWN"),
    ] {
        let form = [("media_type", "VIDEO"), ("video_url", url)];
        let container = world.post("me/threads", &form).await.id();
        world.sandbox.advance(Duration::from_secs(30));

        let read = world
            .get(&format!("{container}?fields=id,status,error_message"))
            .await
            .ok();

        assert_eq!(read["status"], "ERROR", "{url}");
        assert_eq!(read["error_message"], message, "{url}");
        assert_eq!(publish(&world, &container).await.code(), 24);
    }
}

#[tokio::test]
async fn what_a_published_container_answers_is_a_switch() {
    let world = World::start().await;
    for (published_container, codes) in [
        (PublishedContainer::NotFound, Some((100, Some(33)))),
        (PublishedContainer::NonexistingField, Some((100, None))),
        (PublishedContainer::Published, None),
    ] {
        world.sandbox.set_switches(Switches {
            published_container,
            ..Switches::default()
        });
        let container = world.create("hello").await;
        publish(&world, &container).await.id();

        let reply = world.get(&format!("{container}?fields=id,status")).await;

        match codes {
            Some((code, subcode)) => {
                assert_eq!(reply.code(), code);
                assert_eq!(reply.json["error"]["error_subcode"].as_i64(), subcode);
            }
            None => assert_eq!(reply.ok()["status"], "PUBLISHED"),
        }
    }
}

#[tokio::test]
async fn the_status_can_lag_behind_the_post() {
    let switches = Switches {
        status_lag_seconds: 60,
        ..Switches::default()
    };
    let world = World::with(Sandbox::builder().switches(switches)).await;
    let container = world.create("hello").await;
    publish(&world, &container).await.id();

    assert_eq!(world.status(&container).await, "FINISHED");
    world.sandbox.advance(Duration::from_mins(1));
    assert_eq!(world.status(&container).await, "PUBLISHED");
}

#[tokio::test]
async fn publishing_twice_is_a_switch_and_the_ledger_tells() {
    for (republish, works, posts) in [
        (Republish::Refused, false, 1),
        (Republish::SamePost, true, 1),
        (Republish::SecondPost, true, 2),
    ] {
        let switches = Switches {
            republish,
            ..Switches::default()
        };
        let world = World::with(Sandbox::builder().switches(switches)).await;
        let container = world.create("once").await;
        let first = publish(&world, &container).await.id();

        let second = publish(&world, &container).await;

        assert_eq!(second.status == 200, works, "{republish:?}");
        assert_eq!(world.published(), posts, "{republish:?}");
        let is_same = second.json["id"] == first.as_str();
        assert_eq!(is_same, republish == Republish::SamePost);
    }
}

#[tokio::test]
async fn other_accounts_cannot_use_a_container() {
    let world = World::start().await;
    let container = world.create("mine").await;
    let noor = world
        .sandbox
        .issue_token("noor.reads", Sandbox::all_scopes(), Duration::ZERO)
        .unwrap();

    let status = world
        .get_as(&noor, &format!("{container}?fields=status"))
        .await;
    let publish = world
        .request(reqwest::Method::POST, "me/threads_publish")
        .bearer_auth(&noor)
        .form(&[("creation_id", &container)]);

    assert_eq!(status.codes(), (100, 33));
    assert_eq!(crate::support::send(publish).await.code(), 24);
    assert_eq!(world.published(), 0);
}

#[tokio::test]
async fn code_points_can_be_counted_instead_of_bytes() {
    let switches = Switches {
        text_unit: TextUnit::CodePoints,
        ..Switches::default()
    };
    let world = World::with(Sandbox::builder().switches(switches)).await;

    world.create(&"é".repeat(500)).await;

    let form = [("media_type", "TEXT"), ("text", &*"é".repeat(501))];
    assert_eq!(world.post("me/threads", &form).await.code(), 100);
}

#[tokio::test]
async fn replies_need_their_scope_and_a_live_parent() {
    let world = World::start().await;
    let parent = world.publish("parent").await;
    let scopes = ["threads_basic", "threads_content_publish"];
    let token = world.token_with(&scopes);
    let form = [
        ("media_type", "TEXT"),
        ("text", "reply"),
        ("reply_to_id", parent.as_str()),
    ];

    let without_scope = world
        .request(reqwest::Method::POST, "me/threads")
        .bearer_auth(&token)
        .form(&form);
    assert_eq!(crate::support::send(without_scope).await.code(), 10);
    let container = world.post("me/threads", &form).await.id();
    world.sandbox.delete_post(&parent).unwrap();

    assert_eq!(publish(&world, &container).await.codes(), (24, 4_279_009));
    assert_eq!(
        world.post("me/threads", &form).await.codes(),
        (24, 4_279_009)
    );
}
