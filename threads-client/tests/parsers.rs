//! No parser panics, whatever it is given; and what it accepts it reads faithfully.

use proptest::prelude::*;
use serde_json::{Map, Number, Value};
use threads_client::{
    AccountMetric, ApiError, AuthorizationResponse, Container, Draft, DraftSpoiler, DraftStyling,
    DraftTextAttachment, DraftTextStyle, Insights, Page, Post, PostId, PostMetric, Profile,
    PublicProfile, PublishingQuota, Receipt, in_text_tags, text_length, unique_links,
};

/// Names that the parsers look for, so that arbitrary documents get deep into them.
const NAMES: &[&str] = &[
    "data",
    "paging",
    "cursors",
    "before",
    "after",
    "next",
    "id",
    "name",
    "period",
    "values",
    "value",
    "end_time",
    "total_value",
    "breakdowns",
    "dimension_keys",
    "dimension_values",
    "results",
    "link_total_values",
    "link_url",
    "error",
    "message",
    "type",
    "code",
    "error_subcode",
    "is_transient",
    "error_user_title",
    "error_user_msg",
    "fbtrace_id",
    "error_type",
    "error_message",
    "error_description",
    "error_code",
    "timestamp",
    "children",
    "media_type",
    "owner",
    "quoted_post",
    "permalink",
    "username",
    "status",
    "quota_usage",
    "config",
    "quota_duration",
    "content",
    "single",
    "carousel",
    "kind",
    "url",
    "text",
    "poll",
    "options",
    "text_attachment",
    "plaintext",
    "text_with_styling_info",
    "spoilers",
    "offset",
    "length",
    "crossreshare_to_ig_status",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|float| Number::from_f64(float).map_or(Value::Null, Value::Number)),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(
            &[
                "views",
                "lifetime",
                "2026-05-17T05:42:03+0000",
                "https://a.example/",
                "IMAGE"
            ][..]
        )
        .prop_map(Value::from),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 64, 6, |inner| {
        let name =
            prop_oneof![4 => prop::sample::select(NAMES).prop_map(str::to_owned), 1 => ".{0,6}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

fn foreign_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(
            &[
                "access_token=",
                "code%3D",
                "Bearer ",
                "\r\n",
                "\u{1b}[2J",
                "&"
            ][..]
        )
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..200).prop_map(|pieces| pieces.concat())
}

/// Reads the bytes in every way this crate reads bytes.
fn read_all(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Page<Post>>(bytes);
    let _ = serde_json::from_slice::<Post>(bytes);
    let _ = serde_json::from_slice::<Profile>(bytes);
    let _ = serde_json::from_slice::<PublicProfile>(bytes);
    let _ = serde_json::from_slice::<Insights<AccountMetric>>(bytes);
    let _ = serde_json::from_slice::<Insights<PostMetric>>(bytes);
    let _ = serde_json::from_slice::<Container>(bytes);
    let _ = serde_json::from_slice::<Receipt<PostId>>(bytes);
    let _ = serde_json::from_slice::<PublishingQuota>(bytes);
    if let Ok(draft) = serde_json::from_slice::<Draft>(bytes) {
        let _ = (draft.validate(), draft.warnings());
    }
    for status in [200, 400, 429, 500] {
        let _ = ApiError::from_response(status, bytes).to_string();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_documents_do_not_panic(document in document()) {
        read_all(&serde_json::to_vec(&document).unwrap());
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn fixtures_with_a_changed_byte_do_not_panic(index in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for fixture in [
            include_bytes!("fixtures/posts_page_1.json").as_slice(),
            include_bytes!("fixtures/account_insights.json"),
            include_bytes!("fixtures/error_media_not_found.json"),
            include_bytes!("fixtures/post.json"),
        ] {
            let mut changed = fixture.to_vec();
            let position = index.index(changed.len());
            changed[position] = byte;
            read_all(&changed);
            read_all(&changed[..position]);
        }
    }

    #[test]
    fn arbitrary_texts_do_not_panic(text in ".*", offset in any::<u32>(), length in any::<u32>()) {
        let _ = AuthorizationResponse::from_query(&text);
        let draft = Draft::text(text.clone()).topic_tag(text.clone());
        let _ = (draft.validate(), draft.warnings(), unique_links(&draft), draft.topic());
        let styled = DraftTextAttachment::new(text.clone())
            .style(DraftTextStyle::new(offset, length, [DraftStyling::Bold]));
        let draft = Draft::text_attachment(styled)
            .with_text(text.clone())
            .spoiler(DraftSpoiler::new(offset, length));
        let _ = (draft.validate(), draft.warnings());
        for tag in in_text_tags(&text) {
            let tag = format!("#{tag}");
            prop_assert!(text.contains(&tag));
        }
        prop_assert!(text_length(&text).code_points <= text_length(&text).bytes);
    }

    #[test]
    fn error_texts_are_short_and_free_of_control_characters(text in foreign_text(), repeat in 1_usize..12) {
        let body = serde_json::json!({ "error": { "message": text.repeat(repeat), "code": 100 } });
        let message = ApiError::from_response(400, &serde_json::to_vec(&body).unwrap()).message;

        prop_assert!(message.chars().count() <= 1_001);
        prop_assert!(!message.chars().any(char::is_control));
    }

    #[test]
    fn ids_keep_every_digit(number in any::<u64>()) {
        let id: PostId = serde_json::from_str(&number.to_string()).unwrap();

        prop_assert_eq!(id.as_str(), number.to_string());
    }

    #[test]
    fn figures_are_read_as_they_are_written(figures in prop::collection::vec(any::<u64>(), 0..8)) {
        let values: Vec<_> = figures.iter().map(|value| serde_json::json!({ "value": value })).collect();
        let body = serde_json::json!({ "data": [{ "name": "views", "values": values }] });
        let insights: Insights<PostMetric> = serde_json::from_value(body).unwrap();

        let read: Vec<_> = insights.series(&PostMetric::Views).unwrap().iter().map(|point| point.value).collect();
        prop_assert_eq!(&read, &figures);
        let total = if let [only] = figures[..] { Some(only) } else { None };
        prop_assert_eq!(insights.total(&PostMetric::Views), total);
    }
}
