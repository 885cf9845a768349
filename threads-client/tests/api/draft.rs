//! Drafts: what is refused before anything is sent, and how they are kept.

use threads_client::{
    Draft, DraftContent, DraftRule, DraftWarning, Error, LocationId, Media, PostId, ReplyControl,
    text_length, unique_links,
};

use crate::support::{client, requests, server_answering, url};

fn image(name: &str) -> Media {
    Media::image(url(&format!("https://cdn.example/{name}.jpg")))
}

fn items(count: usize) -> Vec<Media> {
    (0..count)
        .map(|number| image(&number.to_string()))
        .collect()
}

fn text_of(code_points: usize) -> String {
    "a".repeat(code_points)
}

type Refused = (Draft, &'static str, DraftRule);

/// Drafts that break one rule, with the field and the rule.
fn refused() -> Vec<Refused> {
    [
        refused_texts(),
        refused_media(),
        refused_tags(),
        refused_links(),
        refused_references(),
    ]
    .concat()
}

fn good() -> Draft {
    Draft::text("Hello")
}

fn good_image() -> Draft {
    Draft::image(url("https://cdn.example/1.jpg"))
}

fn refused_texts() -> Vec<Refused> {
    let too_long = DraftRule::TextTooLong { code_points: 501 };
    vec![
        (Draft::text(text_of(501)), "text", too_long.clone()),
        (good_image().with_text("é".repeat(501)), "text", too_long),
        (Draft::text(""), "text", DraftRule::Empty),
        (Draft::text(" \n\t"), "text", DraftRule::Empty),
        (
            Draft::text("").quote(PostId::new("1")),
            "text",
            DraftRule::Empty,
        ),
    ]
}

fn refused_media() -> Vec<Refused> {
    let mut bad_item = items(3);
    bad_item[2] = Media::video(url("ftp://cdn.example/2.mp4"));
    let mut long_item = items(2);
    long_item[1] = image("1").alt_text(text_of(1_001));
    let too_long = DraftRule::AltTextTooLong { code_points: 1_001 };
    let misplaced = DraftRule::AltTextWithoutMedia;
    vec![
        (
            Draft::carousel(items(1)),
            "media",
            DraftRule::CarouselSize { items: 1 },
        ),
        (
            Draft::carousel(items(21)),
            "media",
            DraftRule::CarouselSize { items: 21 },
        ),
        (
            Draft::carousel(bad_item),
            "media[2].url",
            DraftRule::UrlScheme,
        ),
        (
            Draft::carousel(long_item),
            "media[1].alt_text",
            too_long.clone(),
        ),
        (
            Draft::carousel(items(2)).alt_text("x"),
            "alt_text",
            misplaced.clone(),
        ),
        (
            Draft::video(url("data:video/mp4,x")),
            "media.url",
            DraftRule::UrlScheme,
        ),
        (good_image().alt_text(text_of(1_001)), "alt_text", too_long),
        (good().alt_text("x"), "alt_text", misplaced),
        (
            good().spoiler_media(),
            "is_spoiler_media",
            DraftRule::SpoilerWithoutMedia,
        ),
    ]
}

fn refused_tags() -> Vec<Refused> {
    let length = |tag: &str, code_points| {
        (
            good().topic_tag(tag),
            "topic_tag",
            DraftRule::TopicTagLength { code_points },
        )
    };
    let character = |tag: &str, character| {
        (
            good().topic_tag(tag),
            "topic_tag",
            DraftRule::TopicTagCharacter { character },
        )
    };
    vec![
        length("", 0),
        length("  ", 0),
        length(&text_of(51), 51),
        character("#Rust", '#'),
        character("Node.js", '.'),
        character("R&B", '&'),
        character("a\nb", '\n'),
    ]
}

fn refused_links() -> Vec<Refused> {
    let link = |text: &str, rule| (good().link_attachment(url(text)), "link_attachment", rule);
    let five =
        "https://a.example https://b.example https://c.example https://d.example https://e.example";
    let sixth = "https://f.example";
    let too_many = DraftRule::TooManyLinks { links: 6 };
    vec![
        (
            Draft::text(format!("{five} {sixth}")),
            "text",
            too_many.clone(),
        ),
        (
            Draft::text(five).link_attachment(url(sixth)),
            "text",
            too_many,
        ),
        link("ftp://a.example/x", DraftRule::UrlScheme),
        link("mailto:x@a.example", DraftRule::UrlScheme),
        link("https://me:pw@a.example", DraftRule::UrlCredentials),
        link("https://me@a.example", DraftRule::UrlCredentials),
        (
            good_image().link_attachment(url("https://a.example")),
            "link_attachment",
            DraftRule::LinkAttachmentWithMedia,
        ),
    ]
}

fn refused_references() -> Vec<Refused> {
    vec![
        (
            good().countries(["DE", "de"]),
            "countries",
            DraftRule::Country,
        ),
        (
            good().reply_to(PostId::new("1/2")),
            "reply_to",
            DraftRule::Id,
        ),
        (good().quote(PostId::new("")), "quote", DraftRule::Id),
        (
            good().location(LocationId::new(" ")),
            "location",
            DraftRule::Id,
        ),
    ]
}

#[test]
fn what_meta_refuses_is_named_with_field_and_rule() {
    for (draft, field, rule) in refused() {
        let error = draft.validate().expect_err(&format!("{draft:?}"));

        assert_eq!(
            (error.field.as_str(), &error.rule),
            (field, &rule),
            "{draft:?}"
        );
        assert_eq!(error.to_string(), format!("invalid `{field}`: {rule}"));
    }
}

#[tokio::test]
async fn a_refused_draft_is_not_sent() {
    let server = server_answering(200, "container_created.json").await;
    let client = client(&server);

    for (draft, field, rule) in refused() {
        let error = match &draft.content {
            DraftContent::Carousel(items) => {
                let children: Vec<_> = (0..items.len()).map(|id| id.to_string().into()).collect();
                client
                    .publishing()
                    .create_carousel(&draft, &children)
                    .await
                    .unwrap_err()
            }
            _ => client
                .publishing()
                .create_container(&draft)
                .await
                .unwrap_err(),
        };

        match error {
            Error::InvalidRequest(invalid) => {
                assert_eq!(invalid.field.as_deref(), Some(field));
                assert_eq!(invalid.reason, rule.to_string());
            }
            other => panic!("{draft:?}: {other:?}"),
        }
        assert!(client.publishing().publish(draft).await.is_err());
    }
    assert!(requests(&server).await.is_empty());
}

#[test]
fn drafts_at_the_limits_are_accepted() {
    let five_links = "https://a.example https://b.example https://c.example https://d.example (https://e.example).";
    let drafts = [
        Draft::text(text_of(500)),
        Draft::text("漢".repeat(500)),
        Draft::text("").link_attachment(url("https://a.example")),
        Draft::image(url("http://cdn.example:8080/1.jpg")).alt_text("é".repeat(1_000)),
        Draft::video(url("https://cdn.example/1.mp4"))
            .with_text("")
            .spoiler_media(),
        Draft::carousel(items(2)),
        Draft::carousel(items(20)).with_text("Twenty"),
        Draft::text(five_links).link_attachment(url("https://a.example/")),
        Draft::text("x").topic_tag("ü".repeat(50)),
        Draft::text("x").topic_tag("C# and more"),
        Draft::text("x").countries(["DE", "US"]),
    ];

    for draft in drafts {
        assert_eq!(draft.validate(), Ok(()), "{draft:?}");
    }
}

#[test]
fn a_text_between_500_code_points_and_500_bytes_is_a_warning() {
    let warned = Draft::text("é".repeat(251));
    let cases = [
        (Draft::text("é".repeat(250)), vec![]),
        (
            warned.clone(),
            vec![DraftWarning::TextOverByteLimit { bytes: 502 }],
        ),
        (Draft::text("é".repeat(501)), vec![]),
        (Draft::image(url("https://cdn.example/1.jpg")), vec![]),
    ];

    for (draft, warnings) in cases {
        assert_eq!(draft.warnings(), warnings);
    }
    assert_eq!(warned.validate(), Ok(()));
}

#[test]
fn texts_are_measured_in_code_points_and_bytes() {
    let length = text_length("a漢👍🏽");

    assert_eq!((length.code_points, length.bytes), (4, 12));
}

#[test]
fn links_are_counted_once_however_they_are_written() {
    let draft = Draft::text(
        "See https://a.example, HTTPS://A.EXAMPLE/ and (http://b.example/x?y=1#z)! \
         no.link \"https://c.example/q\" https:// ftp://d.example 見https://e.example/é",
    );
    let draft = draft.link_attachment(url("https://a.example"));

    let expected = [
        "https://a.example/",
        "http://b.example/x?y=1#z",
        "https://c.example/q",
        "https://e.example/%C3%A9",
    ];
    assert_eq!(unique_links(&draft), expected);
}

#[test]
fn a_draft_survives_being_kept_as_json() {
    let full = Draft::text("Hello")
        .link_attachment(url("https://a.example/x"))
        .topic_tag("Rust")
        .reply_control(ReplyControl::AccountsYouFollow)
        .reply_to(PostId::new("17900000000000001"))
        .quote(PostId::new("17900000000000002"))
        .location(LocationId::new("77"))
        .countries(["DE"]);
    let carousel = Draft::carousel(vec![
        image("1").alt_text("one"),
        Media::video(url("https://cdn.example/2.mp4")),
    ]);
    let cases = [
        (
            full,
            r#"{"content":"text","text":"Hello","link_attachment":"https://a.example/x","topic_tag":"Rust","reply_control":"accounts_you_follow","reply_to":"17900000000000001","quote":"17900000000000002","location":"77","countries":["DE"]}"#,
        ),
        (
            carousel,
            r#"{"content":{"carousel":[{"kind":"image","url":"https://cdn.example/1.jpg","alt_text":"one"},{"kind":"video","url":"https://cdn.example/2.mp4"}]}}"#,
        ),
        (
            Draft::image(url("https://cdn.example/1.jpg"))
                .alt_text("one")
                .spoiler_media(),
            r#"{"content":{"single":{"kind":"image","url":"https://cdn.example/1.jpg"}},"alt_text":"one","is_spoiler_media":true}"#,
        ),
    ];

    for (draft, json) in cases {
        assert_eq!(serde_json::to_string(&draft).unwrap(), json);
        assert_eq!(serde_json::from_str::<Draft>(json).unwrap(), draft);
    }
}

#[test]
fn a_draft_with_parts_this_version_does_not_know_is_refused() {
    for json in [
        r#"{"content":"text","text":"x","poll":{"a":"yes"}}"#,
        r#"{"content":{"single":{"kind":"image","url":"https://a.example","crop":1}}}"#,
        r#"{"content":{"single":{"kind":"hologram","url":"https://a.example"}}}"#,
        r#"{"content":"text","text":"x","reply_control":"EVERYONE"}"#,
        r#"{"text":"x"}"#,
    ] {
        assert!(serde_json::from_str::<Draft>(json).is_err(), "{json}");
    }
}
