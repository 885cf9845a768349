//! Polls, GIFs, text attachments, spoilers and ghost posts: what is refused before anything is sent, and how
//! they are kept.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use threads_client::{
    Draft, DraftGif, DraftPoll, DraftRule, DraftSpoiler, DraftStyling, DraftTextAttachment,
    DraftTextStyle, GifProvider, InstagramShare, ReplyControl, in_text_tags, unique_links,
};
use url::Url;

type Refused = (Draft, &'static str, DraftRule);

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn poll(options: &[&str]) -> Draft {
    let mut poll = DraftPoll::new("", "");
    poll.options = options.iter().map(ToString::to_string).collect();
    Draft::poll("Which?", poll)
}

fn gif(gif: DraftGif) -> Draft {
    Draft::gif(gif).with_text("Look")
}

fn attachment(attachment: DraftTextAttachment) -> Draft {
    Draft::text_attachment(attachment).with_text("Longer")
}

fn bold(offset: u32, length: u32) -> DraftTextStyle {
    DraftTextStyle::new(offset, length, [DraftStyling::Bold])
}

fn styled(styles: Vec<DraftTextStyle>) -> Draft {
    let mut text = DraftTextAttachment::new("0123456789");
    text.text_with_styling_info = styles;
    attachment(text)
}

fn hidden(text: &str, spoilers: &[(u32, u32)]) -> Draft {
    spoilers
        .iter()
        .fold(Draft::text(text), |draft, (offset, length)| {
            draft.spoiler(DraftSpoiler::new(*offset, *length))
        })
}

fn refused_polls() -> Vec<Refused> {
    let size = |options| DraftRule::PollSize { options };
    let length = |code_points| DraftRule::PollOptionLength { code_points };
    vec![
        (poll(&[]), "poll", size(0)),
        (poll(&["a"]), "poll", size(1)),
        (poll(&["a", "b", "c", "d", "e"]), "poll", size(5)),
        (poll(&["a", ""]), "poll[1]", length(0)),
        (poll(&["a", "b", " \t"]), "poll[2]", length(0)),
        (poll(&[&"é".repeat(26), "b"]), "poll[0]", length(26)),
        (
            Draft::poll(" ", DraftPoll::new("a", "b")),
            "text",
            DraftRule::Empty,
        ),
        (
            poll(&["a", "b"]).link_attachment(url("https://a.example")),
            "link_attachment",
            DraftRule::LinkAttachmentWithPoll,
        ),
        (
            poll(&["a", "b"]).alt_text("x"),
            "alt_text",
            DraftRule::AltTextWithoutMedia,
        ),
        (
            poll(&["a", "b"]).spoiler_media(),
            "is_spoiler_media",
            DraftRule::SpoilerWithoutMedia,
        ),
    ]
}

fn refused_gifs() -> Vec<Refused> {
    let mut tenor = DraftGif::giphy("12345");
    tenor.provider = GifProvider::Tenor;
    vec![
        (gif(tenor), "gif.provider", DraftRule::GifProvider),
        (gif(DraftGif::giphy("")), "gif.gif_id", DraftRule::GifId),
        (gif(DraftGif::giphy("a b")), "gif.gif_id", DraftRule::GifId),
        (gif(DraftGif::giphy("a\0")), "gif.gif_id", DraftRule::GifId),
    ]
}

fn refused_text_attachments() -> Vec<Refused> {
    let text = |text: &str| attachment(DraftTextAttachment::new(text));
    let linked =
        |link: &str| attachment(DraftTextAttachment::new("Longer").link_attachment_url(url(link)));
    let length = |code_points| DraftRule::TextAttachmentLength { code_points };
    let (plaintext, link) = (
        "text_attachment.plaintext",
        "text_attachment.link_attachment_url",
    );
    vec![
        (text(""), plaintext, length(0)),
        (text(" \n"), plaintext, length(0)),
        (text(&"é".repeat(10_001)), plaintext, length(10_001)),
        (linked("ftp://a.example"), link, DraftRule::UrlScheme),
        (
            linked("https://me:pw@a.example"),
            link,
            DraftRule::UrlCredentials,
        ),
        (
            linked("https://a.example").link_attachment(url("https://a.example")),
            "link_attachment",
            DraftRule::TwoLinkAttachments,
        ),
    ]
}

fn refused_styles() -> Vec<Refused> {
    let first = "text_attachment.text_with_styling_info[0]";
    let second = "text_attachment.text_with_styling_info[1]";
    let outside = |end| DraftRule::RangeOutsideText { end, bytes: 10 };
    let overlap = DraftRule::OverlappingStyles;
    vec![
        (styled(vec![bold(0, 0)]), first, DraftRule::EmptyRange),
        (styled(vec![bold(0, 11)]), first, outside(11)),
        (styled(vec![bold(0, 1), bold(10, 1)]), second, outside(11)),
        (
            styled(vec![bold(u32::MAX, u32::MAX)]),
            first,
            outside(8_589_934_590),
        ),
        (
            styled(vec![DraftTextStyle::new(0, 1, [])]),
            first,
            DraftRule::NoStyle,
        ),
        (
            styled(vec![bold(0, 4), bold(3, 4)]),
            second,
            overlap.clone(),
        ),
        (styled(vec![bold(5, 5), bold(0, 6)]), first, overlap.clone()),
        (
            styled(vec![bold(0, 9), bold(2, 1)]),
            second,
            overlap.clone(),
        ),
        (styled(vec![bold(2, 2), bold(2, 2)]), second, overlap),
    ]
}

fn refused_spoilers() -> Vec<Refused> {
    let outside = |end, bytes| DraftRule::RangeOutsideText { end, bytes };
    let eleven: Vec<_> = (0..11).map(|offset| (offset, 1)).collect();
    vec![
        (
            hidden("0123456789abc", &eleven),
            "spoilers",
            DraftRule::TooManySpoilers { spoilers: 11 },
        ),
        (
            hidden("abc", &[(1, 0)]),
            "spoilers[0]",
            DraftRule::EmptyRange,
        ),
        (
            hidden("abc", &[(0, 3), (1, 3)]),
            "spoilers[1]",
            outside(4, 3),
        ),
        // Three code points are six bytes; only what is outside of both is certain to be outside.
        (hidden("ééé", &[(0, 7)]), "spoilers[0]", outside(7, 6)),
        (
            Draft::gif(DraftGif::giphy("3o7")).spoiler(DraftSpoiler::new(0, 1)),
            "spoilers[0]",
            outside(1, 0),
        ),
    ]
}

fn refused_ghost_posts() -> Vec<Refused> {
    let ghost = || Draft::ghost_post("Boo");
    let excluded = DraftRule::NotOnGhostPosts;
    vec![
        (Draft::ghost_post(""), "text", DraftRule::Empty),
        (ghost().reply_to("1".into()), "reply_to", excluded.clone()),
        (ghost().quote("1".into()), "quote", excluded.clone()),
        (
            ghost().enable_reply_approvals(),
            "enable_reply_approvals",
            excluded.clone(),
        ),
        (
            ghost().link_attachment(url("https://a.example")),
            "link_attachment",
            excluded.clone(),
        ),
        (ghost().location("77".into()), "location", excluded.clone()),
        (ghost().countries(["DE"]), "countries", excluded.clone()),
        (
            ghost().share_to_instagram(InstagramShare::Standard),
            "share_to_instagram",
            excluded,
        ),
    ]
}

#[test]
fn what_meta_refuses_of_text_posts_is_named_with_field_and_rule() {
    let refused = [
        refused_polls(),
        refused_gifs(),
        refused_text_attachments(),
        refused_styles(),
        refused_spoilers(),
        refused_ghost_posts(),
    ]
    .concat();

    for (draft, field, rule) in refused {
        let error = draft.validate().expect_err(&format!("{draft:?}"));

        assert_eq!(
            (error.field.as_str(), &error.rule),
            (field, &rule),
            "{draft:?}"
        );
        assert_eq!(error.to_string(), format!("invalid `{field}`: {rule}"));
    }
}

#[test]
fn what_keeps_every_rule_at_its_limit_passes() {
    let ten: Vec<_> = (0..10).map(|offset| (offset, 1)).collect();
    let good = [
        poll(&["a", "b"]),
        poll(&[&"é".repeat(25), "b", "c", "d"]),
        gif(DraftGif::giphy("3o7")).link_attachment(url("https://a.example")),
        Draft::gif(DraftGif::giphy("3o7")),
        Draft::text_attachment(DraftTextAttachment::new("é".repeat(10_000))),
        attachment(DraftTextAttachment::new("x")).link_attachment(url("https://a.example")),
        styled(vec![bold(5, 5), bold(0, 5)]),
        hidden("0123456789", &ten),
        hidden("ééé", &[(0, 6)]),
        Draft::ghost_post("Boo")
            .spoiler(DraftSpoiler::new(0, 3))
            .topic_tag("Ghosts")
            .reply_control(ReplyControl::FollowersOnly),
        poll(&["a", "b"])
            .enable_reply_approvals()
            .share_to_instagram(InstagramShare::DarkMode)
            .reply_to("1".into()),
    ];

    for draft in good {
        assert_eq!(draft.validate(), Ok(()), "{draft:?}");
    }
}

#[test]
fn the_link_of_a_text_attachment_counts_and_its_text_does_not() {
    let text =
        DraftTextAttachment::new("https://z.example").link_attachment_url(url("https://b.example"));
    let draft = Draft::text_attachment(text).with_text("https://a.example https://b.example/");

    assert_eq!(
        unique_links(&draft),
        ["https://a.example/", "https://b.example/"]
    );
}

#[test]
fn tags_in_a_text_end_where_meta_ends_them() {
    let fifty = "a".repeat(50);
    let text = format!("#{fifty} #{fifty}b");
    let cases: [(&str, Vec<&str>); 12] = [
        ("", vec![]),
        ("#", vec![]),
        ("no#tag", vec![]),
        ("#Tea", vec!["Tea"]),
        ("#1 #2026 #1a", vec!["1a"]),
        ("#a.b #c&d #e@f #g!h", vec!["a", "c", "e", "g"]),
        ("#a?b #c,d #e;f #g:h", vec!["a", "c", "e", "g"]),
        ("#. ## #!x", vec![]),
        ("#a#b", vec!["a"]),
        (
            "#新しい\u{3000}#two\n#three",
            vec!["新しい", "two", "three"],
        ),
        ("see https://a.example/#top", vec![]),
        (&text, vec![&fifty]),
    ];

    for (text, tags) in cases {
        assert_eq!(in_text_tags(text), tags, "{text}");
        assert_eq!(Draft::text(text).topic(), tags.first().copied(), "{text}");
    }
    assert_eq!(
        Draft::text("#Tea").topic_tag("Coffee").topic(),
        Some("Coffee")
    );
}

#[test]
fn text_posts_survive_being_kept_as_json() {
    let link = url("https://a.example/x");
    let cases = [
        (
            Draft::poll("Which?", DraftPoll::new("a", "b").option("c")),
            r#"{"content":{"poll":{"options":["a","b","c"]}},"text":"Which?"}"#,
        ),
        (
            Draft::gif(DraftGif::giphy("3o7")),
            r#"{"content":{"gif":{"gif_id":"3o7","provider":"GIPHY"}}}"#,
        ),
        (
            Draft::text_attachment(
                DraftTextAttachment::new("Longer")
                    .link_attachment_url(link)
                    .style(DraftTextStyle::new(0, 4, [DraftStyling::Strikethrough])),
            ),
            r#"{"content":{"text_attachment":{"plaintext":"Longer","link_attachment_url":"https://a.example/x","text_with_styling_info":[{"offset":0,"length":4,"styling_info":["strikethrough"]}]}}}"#,
        ),
        (
            Draft::ghost_post("Boo"),
            r#"{"content":"ghost_post","text":"Boo"}"#,
        ),
        (
            Draft::text("Hello")
                .spoiler(DraftSpoiler::new(0, 1))
                .enable_reply_approvals()
                .share_to_instagram(InstagramShare::DarkMode),
            r#"{"content":"text","text":"Hello","spoilers":[{"offset":0,"length":1}],"enable_reply_approvals":true,"share_to_instagram":"dark_mode"}"#,
        ),
    ];

    for (draft, json) in cases {
        assert_eq!(serde_json::to_string(&draft).unwrap(), json);
        assert_eq!(serde_json::from_str::<Draft>(json).unwrap(), draft);
    }
}

#[test]
fn parts_of_text_posts_that_this_version_does_not_know_are_refused() {
    for json in [
        r#"{"content":{"poll":{"options":["a","b"],"ends":"never"}}}"#,
        r#"{"content":{"gif":{"gif_id":"1","provider":"GIPHY","size":"l"}}}"#,
        r#"{"content":{"gif":{"gif_id":"1","provider":"ELSE"}}}"#,
        r#"{"content":{"text_attachment":{"plaintext":"x","font":"serif"}}}"#,
        r#"{"content":"text","text":"x","spoilers":[{"offset":0,"length":1,"kind":"SPOILER"}]}"#,
        r#"{"content":"text","text":"x","spoilers":[{"offset":-1,"length":1}]}"#,
        r#"{"content":"text","text":"x","share_to_instagram":"reel"}"#,
    ] {
        assert!(serde_json::from_str::<Draft>(json).is_err(), "{json}");
    }
}
