//! What Meta may or may not refuse: a draft with a warning is sent all the same.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use proptest::prelude::*;
use threads_client::{
    Draft, DraftGif, DraftPoll, DraftSpoiler, DraftStyling, DraftTextAttachment, DraftTextStyle,
    DraftWarning, Media, ReplyControl, text_length, unique_links,
};
use url::Url;

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn field(field: &str) -> String {
    field.to_owned()
}

fn over(name: &str, bytes: usize, limit: usize) -> Vec<DraftWarning> {
    vec![DraftWarning::OverByteLimit {
        field: field(name),
        bytes,
        limit,
    }]
}

fn links(count: usize) -> Draft {
    let links: Vec<_> = (0..count)
        .map(|number| format!("https://{number}.example"))
        .collect();
    Draft::text(links.join(" "))
}

#[test]
fn what_may_be_refused_is_a_warning_with_its_field() {
    let image = || Draft::image(url("https://cdn.example/1.jpg"));
    let ghost = || Draft::ghost_post("Boo");
    let cases: Vec<(Draft, Vec<DraftWarning>)> = vec![
        (Draft::text("a".repeat(500)), vec![]),
        (
            Draft::text("’".repeat(167)),
            vec![DraftWarning::TextOverByteLimit { bytes: 501 }],
        ),
        (
            Draft::poll("?", DraftPoll::new("a", "é".repeat(13))),
            over("poll[1]", 26, 25),
        ),
        (
            image().alt_text("é".repeat(501)),
            over("alt_text", 1_002, 1_000),
        ),
        (links(3), vec![]),
        (links(4), vec![DraftWarning::ManyLinks { links: 4 }]),
        (links(5), vec![DraftWarning::ManyLinks { links: 5 }]),
        (Draft::gif(DraftGif::giphy("1")), vec![DraftWarning::NoText]),
        (Draft::gif(DraftGif::giphy("1")).with_text("x"), vec![]),
        (
            Draft::text_attachment(DraftTextAttachment::new("x")),
            vec![DraftWarning::NoText],
        ),
        (
            Draft::text_attachment(DraftTextAttachment::new("é".repeat(5_001))).with_text("x"),
            over("text_attachment.plaintext", 10_002, 10_000),
        ),
        (ghost(), vec![]),
        (
            ghost()
                .topic_tag("Tea")
                .reply_control(ReplyControl::Everyone),
            vec![
                DraftWarning::OptionOnGhostPost { field: "topic_tag" },
                DraftWarning::OptionOnGhostPost {
                    field: "reply_control",
                },
            ],
        ),
        (
            Draft::text("x").topic_tag("2026"),
            vec![DraftWarning::NumericTopic],
        ),
        (Draft::text("x").topic_tag("2026a"), vec![]),
        (
            Draft::text("abcdef")
                .spoiler(DraftSpoiler::new(2, 2))
                .spoiler(DraftSpoiler::new(0, 3)),
            vec![DraftWarning::OverlappingSpoilers],
        ),
    ];

    for (draft, warnings) in cases {
        assert_eq!(draft.validate(), Ok(()), "{draft:?}");
        assert_eq!(draft.warnings(), warnings, "{draft:?}");
        for warning in warnings {
            assert!(!warning.field().is_empty());
            assert!(warning.to_string().len() > 10, "{warning}");
        }
    }
}

#[test]
fn only_marked_parts_behind_other_characters_are_unclear() {
    let unclear = |field: &str| {
        vec![DraftWarning::UnclearOffset {
            field: field.to_owned(),
        }]
    };
    let spoiler = |text: &str, offset, length| {
        Draft::text(text)
            .spoiler(DraftSpoiler::new(offset, length))
            .warnings()
    };
    assert_eq!(spoiler("plain é", 0, 5), []);
    assert_eq!(spoiler("plain é", 0, 6), []);
    assert_eq!(spoiler("plain é", 0, 7), unclear("spoilers[0]"));
    assert_eq!(spoiler("é plain", 2, 5), unclear("spoilers[0]"));
    assert_eq!(spoiler("👍 plain", 5, 2), unclear("spoilers[0]"));

    let styled = DraftTextAttachment::new("plain é plain")
        .style(DraftTextStyle::new(0, 5, [DraftStyling::Bold]))
        .style(DraftTextStyle::new(8, 5, [DraftStyling::Bold]));
    let draft = Draft::text_attachment(styled).with_text("x");
    assert_eq!(
        draft.warnings(),
        unclear("text_attachment.text_with_styling_info[1]")
    );
}

#[test]
fn media_that_meta_can_hardly_fetch_are_warned_about() {
    let insecure = |name: &str| DraftWarning::InsecureMedia { field: field(name) };
    let private = |name: &str| DraftWarning::PrivateMediaHost { field: field(name) };
    for host in [
        "localhost",
        "LOCALHOST.",
        "app.localhost",
        "nas",
        "nas.local",
        "media.internal",
        "box.lan",
        "x.home.arpa",
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "0x7f.1",
        "[::1]",
        "[::]",
        "[fd00::1]",
        "[fe80::1]",
        "[ff02::1]",
        "[::ffff:10.0.0.1]",
    ] {
        let draft = Draft::image(url(&format!("https://{host}/1.jpg")));
        assert_eq!(draft.validate(), Ok(()), "{host}");
        assert_eq!(draft.warnings(), [private("media.url")], "{host}");
    }
    for host in [
        "cdn.example",
        "mylocal.example",
        "localhost.example.com",
        "not.alocal",
        "8.8.8.8",
        "100.128.0.1",
        "172.32.0.1",
        "[2606:4700::1]",
    ] {
        let host = if host == "notlocal" {
            "not.alocal"
        } else {
            host
        };
        let draft = Draft::video(url(&format!("https://{host}/1.mp4")));
        assert_eq!(draft.warnings(), [], "{host}");
    }

    let items = vec![
        Media::image(url("https://cdn.example/1.jpg")),
        Media::video(url("http://localhost/2.mp4")).alt_text("é".repeat(501)),
    ];
    let mut expected = vec![insecure("media[1].url"), private("media[1].url")];
    expected.extend(over("media[1].alt_text", 1_002, 1_000));
    assert_eq!(Draft::carousel(items).warnings(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_is_refused_by_its_code_points_and_warned_about_by_its_bytes(text in "[aé漢👍]{1,600}") {
        let length = text_length(&text);
        let draft = Draft::text(text);

        prop_assert_eq!(draft.validate().is_ok(), length.code_points <= 500);
        let is_warned = draft.warnings().contains(&DraftWarning::TextOverByteLimit { bytes: length.bytes });
        prop_assert_eq!(is_warned, length.code_points <= 500 && length.bytes > 500);
    }

    #[test]
    fn a_spoiler_without_a_warning_marks_the_same_in_every_unit(
        text in "a{6,9}[aé👍]{0,6}", offset in 0_u32..8, length in 1_u32..6,
    ) {
        let draft = Draft::text(text.clone()).spoiler(DraftSpoiler::new(offset, length));
        prop_assume!(draft.validate().is_ok() && draft.warnings().is_empty());

        let (start, end) = (offset as usize, (offset + length) as usize);
        let points: String = text.chars().skip(start).take(end - start).collect();
        let units: Vec<u16> = text.encode_utf16().take(end).skip(start).collect();
        prop_assert_eq!(text.get(start..end), Some(points.as_str()));
        prop_assert_eq!(String::from_utf16(&units).unwrap(), points);
    }

    #[test]
    fn repeating_a_link_never_adds_to_their_number(picks in prop::collection::vec(0_usize..8, 0..20)) {
        let texts: Vec<_> = picks.iter().map(|pick| format!("https://{pick}.example/x")).collect();
        let different: std::collections::BTreeSet<_> = picks.iter().collect();
        let draft = Draft::text(texts.join(" "));

        prop_assert_eq!(unique_links(&draft).len(), different.len());
    }
}
