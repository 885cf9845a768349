//! Every documented limit of a new container, from both sides.

use crate::support::World;

/// Sends forms written like `media_type=TEXT&text=x`; each must be refused.
async fn assert_refused(forms: &[&str]) {
    let world = World::start().await;
    for form in forms {
        let reply = create(&world, form).await;

        assert_eq!((reply.status, reply.code()), (400, 100), "{form}");
        assert_eq!(reply.json["error"]["type"], "THApiException", "{form}");
    }
    assert_eq!(world.published(), 0);
}

/// Sends forms that must be accepted.
async fn assert_accepted(forms: &[&str]) {
    let world = World::start().await;
    for form in forms {
        let reply = create(&world, form).await;

        assert_eq!(reply.status, 200, "{form}: {reply:?}");
    }
}

async fn create(world: &World, form: &str) -> crate::support::Reply {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    world.post("me/threads", &pairs).await
}

fn text(of: &str, times: usize) -> String {
    format!("media_type=TEXT&text={}", of.repeat(times))
}

fn links(count: usize) -> String {
    let links: Vec<String> = (0..count)
        .map(|number| format!("https://e.example/{number}"))
        .collect();
    format!("media_type=TEXT&text={}", links.join("+"))
}

#[tokio::test]
async fn the_media_type_is_required_and_upper_case() {
    assert_refused(&["text=x", "media_type=text&text=x", "media_type=GIF&text=x"]).await;
}

#[tokio::test]
async fn texts_have_1_to_500_bytes() {
    assert_refused(&[
        "media_type=TEXT",
        "media_type=TEXT&text=+",
        &text("a", 501),
        &text("é", 251),
    ])
    .await;
    assert_accepted(&[&text("a", 500), &text("é", 250)]).await;
}

#[tokio::test]
async fn a_post_has_at_most_five_different_links() {
    let six_in_all = format!("{}&link_attachment=https://f.example", links(5));
    let five_in_all = format!("{}&link_attachment=https://e.example/0", links(5));

    assert_refused(&[&links(6), &six_in_all]).await;
    assert_accepted(&[&links(5), &five_in_all]).await;

    let world = World::start().await;
    let reply = create(&world, &links(6)).await;
    let message = reply.json["error"]["message"].as_str().unwrap();
    assert!(message.contains("THREADS_API__LINK_LIMIT_EXCEEDED"));
}

#[tokio::test]
async fn link_attachments_are_urls_of_texts() {
    assert_refused(&[
        "media_type=TEXT&text=x&link_attachment=nonsense",
        "media_type=TEXT&text=x&link_attachment=ftp://e.example",
        "media_type=IMAGE&image_url=https://m.example/a.jpg&link_attachment=https://e.example",
    ])
    .await;
    assert_accepted(&["media_type=TEXT&link_attachment=https://e.example"]).await;
}

#[tokio::test]
async fn topics_have_1_to_50_characters_and_no_dots_or_ampersands() {
    let long = format!("media_type=TEXT&text=x&topic_tag={}", "a".repeat(51));
    let longest = format!("media_type=TEXT&text=x&topic_tag={}", "ä".repeat(50));

    assert_refused(&[
        &long,
        "media_type=TEXT&text=x&topic_tag=",
        "media_type=TEXT&text=x&topic_tag=a.b",
        "media_type=TEXT&text=x&topic_tag=a%26b",
        "media_type=TEXT&text=x&topic_tag=%23tea",
    ])
    .await;
    assert_accepted(&[&longest]).await;
}

#[tokio::test]
async fn polls_have_2_to_4_options_of_1_to_25_characters() {
    let options = |poll: &str| format!("media_type=TEXT&text=x&poll_attachment={poll}");
    let good = options(r#"{"option_a":"x","option_b":"y"}"#);
    let with_link = format!("{good}&link_attachment=https://e.example");
    let on_image = good.replace(
        "media_type=TEXT",
        "media_type=IMAGE&image_url=https://m.example/a.jpg",
    );

    assert_refused(&[
        &options(r#"{"option_a":"x"}"#),
        &options(r#"["x","y"]"#),
        &options("x,y"),
        &options(r#"{"option_a":"x","option_b":""}"#),
        &options(r#"{"option_a":"x","option_b":"y","option_d":"z"}"#),
        &options(r#"{"option_a":"x","option_b":"y","option_e":"z"}"#),
        &options(r#"{"option_a":"x","option_b":"abcdefghijklmnopqrstuvwxyz"}"#),
        &with_link,
        &on_image,
    ])
    .await;
    assert_accepted(&[
        &good,
        &options(r#"{"option_a":"x","option_b":"y","option_c":"z","option_d":"w"}"#),
    ])
    .await;
}

#[tokio::test]
async fn images_and_videos_need_their_own_public_url() {
    assert_refused(&[
        "media_type=IMAGE",
        "media_type=IMAGE&image_url=a.jpg",
        "media_type=IMAGE&image_url=ftp://m.example/a.jpg",
        "media_type=IMAGE&video_url=https://m.example/a.mp4",
        "media_type=VIDEO&image_url=https://m.example/a.jpg",
        "media_type=TEXT&text=x&image_url=https://m.example/a.jpg",
        "media_type=IMAGE&image_url=https://m.example/a.jpg&auto_publish_text=true",
    ])
    .await;
    assert_accepted(&[
        "media_type=IMAGE&image_url=https://m.example/a.jpg",
        "media_type=VIDEO&video_url=https://m.example/a.mp4&text=x",
    ])
    .await;
}

#[tokio::test]
async fn alt_texts_have_at_most_1000_characters_and_belong_to_media() {
    let image = "media_type=IMAGE&image_url=https://m.example/a.jpg&alt_text=";

    assert_refused(&[
        &format!("{image}{}", "a".repeat(1_001)),
        "media_type=TEXT&text=x&alt_text=x",
    ])
    .await;
    assert_accepted(&[&format!("{image}{}", "ä".repeat(1_000))]).await;
}

#[tokio::test]
async fn carousels_need_children_and_children_carry_no_text() {
    assert_refused(&[
        "media_type=CAROUSEL&text=x",
        "media_type=TEXT&text=x&children=1,2",
        "media_type=TEXT&text=x&is_carousel_item=true",
        "media_type=IMAGE&image_url=https://m.example/a.jpg&is_carousel_item=true&text=x",
    ])
    .await;
}

#[tokio::test]
async fn text_attachments_have_at_most_10000_characters_and_known_members() {
    let attachment = |inner: &str| format!("media_type=TEXT&text_attachment={inner}");
    let of_length = |length: usize| {
        let plain = "a".repeat(length);
        attachment(&format!(r#"{{"plaintext":"{plain}"}}"#))
    };

    assert_refused(&[
        &of_length(10_001),
        &of_length(0),
        &attachment(r#"{"text":"x"}"#),
        &attachment("plain"),
    ])
    .await;
    assert_accepted(&[&of_length(10_000)]).await;
}

#[tokio::test]
async fn spoilers_are_at_most_ten_and_have_a_place() {
    let entity = r#"{"entity_type":"SPOILER","offset":0,"length":1}"#;
    let entities = |list: &str| format!("media_type=TEXT&text=x&text_entities=[{list}]");

    assert_refused(&[
        &entities(&[entity; 11].join(",")),
        &entities(r#"{"entity_type":"BOLD","offset":0,"length":1}"#),
        &entities(r#"{"entity_type":"SPOILER","offset":0}"#),
        "media_type=TEXT&text=x&text_entities={}",
        "media_type=TEXT&text=x&is_spoiler_media=true",
    ])
    .await;
    assert_accepted(&[
        &entities(&[entity; 10].join(",")),
        "media_type=IMAGE&image_url=https://m.example/a.jpg&is_spoiler_media=true",
    ])
    .await;
}

#[tokio::test]
async fn ghost_posts_carry_nothing_else() {
    assert_refused(&[
        "media_type=TEXT&text=x&is_ghost_post=true&link_attachment=https://e.example",
        "media_type=TEXT&text=x&is_ghost_post=true&enable_reply_approvals=true",
        "media_type=IMAGE&image_url=https://m.example/a.jpg&is_ghost_post=true",
        "media_type=TEXT&text=x&is_ghost_post=yes",
    ])
    .await;
    assert_accepted(&["media_type=TEXT&text=x&is_ghost_post=true"]).await;
}

#[tokio::test]
async fn the_other_parameters_have_their_rules() {
    assert_refused(&[
        "media_type=TEXT&text=x&reply_control=EVERYONE",
        "media_type=TEXT&text=x&allowlisted_country_codes=Indonesia",
        "media_type=TEXT&text=x&location_id=Menlo+Park",
        r#"media_type=TEXT&gif_attachment={"gif_id":"1","provider":"TENOR"}"#,
        r#"media_type=TEXT&gif_attachment={"provider":"GIPHY"}"#,
        "media_type=TEXT&text=x&vibe=1",
        "media_type=TEXT&text=x&scheduled_publish_time=1780000000",
    ])
    .await;
    assert_accepted(&[
        "media_type=TEXT&text=x&reply_control=mentioned_only",
        "media_type=TEXT&text=x&allowlisted_country_codes=ID,MY",
        "media_type=TEXT&text=x&location_id=12345",
        r#"media_type=TEXT&gif_attachment={"gif_id":"1","provider":"GIPHY"}"#,
        "media_type=TEXT&text=x&crossreshare_to_ig=true",
    ])
    .await;
}
