//! What Meta's documentation leaves unclear or gets wrong about writing, one test for each.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use threads_client::{
    Container, ContainerError, ContainerId, Draft, DraftContent, DraftGif, DraftPoll, DraftRule,
    DraftSpoiler, DraftStyling, DraftTextAttachment, DraftTextStyle, DraftWarning, Error, Media,
    MediaType, PostId, ReplyAudience, ReplyControl, text_length,
};
use wiremock::MockServer;

use crate::support::{
    self, answer, client, get, only_request, post, quick_wait, requests, server_answering, url,
};

fn item(name: &str) -> Media {
    Media::image(url(&format!("https://cdn.example/{name}.jpg")))
}

async fn form_of(draft: &Draft) -> std::collections::BTreeMap<String, String> {
    let server = server_answering(200, "container_created.json").await;
    client(&server)
        .publishing()
        .create_container(draft)
        .await
        .unwrap();
    only_request(&server).await.form
}

#[tokio::test]
async fn ids_may_come_as_numbers_and_always_leave_as_text() {
    let server = server_answering(200, "container_created_as_number.json").await;
    let client = client(&server);
    let draft = Draft::carousel(vec![item("1"), item("2")]);

    let child = client.publishing().create_child(&item("1")).await.unwrap();
    let carousel = client
        .publishing()
        .create_carousel(
            &draft,
            &[child.clone(), ContainerId::new("9007199254740993")],
        )
        .await
        .unwrap();
    client
        .publishing()
        .publish_container(&carousel)
        .await
        .unwrap();

    let requests = requests(&server).await;
    assert_eq!(child, ContainerId::new("18000000000000002"));
    assert_eq!(
        requests[1].form["children"],
        "18000000000000002,9007199254740993"
    );
    assert_eq!(requests[2].form["creation_id"], "18000000000000002");
}

#[tokio::test]
async fn media_type_is_written_and_read_with_different_words() {
    let texts = [
        Draft::text("x"),
        Draft::poll("x", DraftPoll::new("a", "b")),
        Draft::gif(DraftGif::giphy("3o7")).with_text("x"),
        Draft::text_attachment(DraftTextAttachment::new("y")).with_text("x"),
        Draft::ghost_post("x"),
    ];
    for draft in texts {
        assert_eq!(form_of(&draft).await["media_type"], "TEXT", "{draft:?}");
    }
    assert_eq!(MediaType::TextPost.as_str(), "TEXT_POST");
    assert_eq!(MediaType::CarouselAlbum.as_str(), "CAROUSEL_ALBUM");
}

#[test]
fn reply_control_is_lower_case_and_reply_audience_upper_case() {
    for (control, audience) in [
        (ReplyControl::Everyone, "EVERYONE"),
        (ReplyControl::AccountsYouFollow, "ACCOUNTS_YOU_FOLLOW"),
        (ReplyControl::MentionedOnly, "MENTIONED_ONLY"),
        (
            ReplyControl::ParentPostAuthorOnly,
            "PARENT_POST_AUTHOR_ONLY",
        ),
        (ReplyControl::FollowersOnly, "FOLLOWERS_ONLY"),
    ] {
        let read = ReplyAudience::from(audience);

        assert_eq!(control.as_str().to_uppercase(), audience);
        assert!(!matches!(read, ReplyAudience::Unknown(_)), "{audience}");
        assert!(
            matches!(
                ReplyAudience::from(control.as_str()),
                ReplyAudience::Unknown(_)
            ),
            "{control:?}"
        );
    }
}

#[tokio::test]
async fn link_and_gif_are_written_under_other_names_than_they_are_read() {
    let draft = Draft::gif(DraftGif::giphy("3o7"))
        .with_text("x")
        .link_attachment(url("https://a.example/x"));

    let form = form_of(&draft).await;

    assert_eq!(form["link_attachment"], "https://a.example/x");
    assert_eq!(
        form["gif_attachment"],
        r#"{"gif_id":"3o7","provider":"GIPHY"}"#
    );
    for read in ["link_attachment_url", "gif_url"] {
        assert!(!form.contains_key(read), "{read}");
    }
}

#[tokio::test]
async fn text_entities_are_written_as_a_bare_list_of_numbers() {
    let draft = Draft::text("It was he").spoiler(DraftSpoiler::new(7, 2));

    assert_eq!(
        form_of(&draft).await["text_entities"],
        r#"[{"entity_type":"SPOILER","offset":7,"length":2}]"#
    );
}

#[test]
fn offsets_are_promised_for_ascii_only() {
    let spoiler = |text: &str| Draft::text(text).spoiler(DraftSpoiler::new(7, 2));
    let style = DraftTextStyle::new(7, 2, [DraftStyling::Bold]);
    let styled = |text: &str| {
        Draft::text_attachment(DraftTextAttachment::new(text).style(style.clone())).with_text("x")
    };

    for (plain, odd) in [
        (spoiler("It was he"), spoiler("It wäs he")),
        (styled("It was he"), styled("It wäs he")),
    ] {
        assert_eq!(plain.warnings(), []);
        assert_eq!(odd.validate(), Ok(()));
        assert!(
            matches!(odd.warnings()[..], [DraftWarning::UnclearOffset { .. }]),
            "{odd:?}"
        );
    }
}

#[tokio::test]
async fn children_are_one_value_with_commas_in_the_order_of_the_draft() {
    let server = server_answering(200, "container_created.json").await;
    let draft = Draft::carousel(vec![item("1"), item("2"), item("3")]);
    let children: Vec<ContainerId> = ["33", "11", "22"].map(ContainerId::from).into();

    client(&server)
        .publishing()
        .create_carousel(&draft, &children)
        .await
        .unwrap();

    assert_eq!(only_request(&server).await.form["children"], "33,11,22");
}

#[tokio::test]
async fn is_carousel_item_is_sent_only_when_it_is_one() {
    let server = server_answering(200, "container_created.json").await;
    let client = client(&server);
    let single = Draft::image(url("https://cdn.example/1.jpg"));

    client.publishing().create_child(&item("1")).await.unwrap();
    client.publishing().create_container(&single).await.unwrap();

    let requests = requests(&server).await;
    assert_eq!(requests[0].form["is_carousel_item"], "true");
    assert_eq!(requests[1].form.get("is_carousel_item"), None);
}

#[test]
fn a_text_of_fewer_characters_than_bytes_is_not_refused_but_warned_about() {
    // As it was seen: 498 characters, of which three are curly apostrophes.
    let text = format!("{}’’’", "a".repeat(495));
    let length = text_length(&text);
    let draft = Draft::text(text);

    assert_eq!((length.code_points, length.bytes), (498, 504));
    assert_eq!(draft.validate(), Ok(()));
    assert_eq!(
        draft.warnings(),
        [DraftWarning::TextOverByteLimit { bytes: 504 }]
    );
    let error = Draft::text("漢".repeat(501)).validate().unwrap_err();
    assert_eq!(error.rule, DraftRule::TextTooLong { code_points: 501 });
}

#[tokio::test]
async fn the_share_status_may_be_in_either_answer_or_in_none() {
    let draft = Draft::text("x");
    let id = ContainerId::new("18000000000000001");
    for (created, published) in [
        ("container_created_shared.json", "auto_published.json"),
        ("container_created.json", "published.json"),
    ] {
        let server = MockServer::start().await;
        post("/v1.0/me/threads")
            .respond_with(answer(200, created))
            .mount(&server)
            .await;
        post("/v1.0/me/threads_publish")
            .respond_with(answer(200, published))
            .mount(&server)
            .await;
        let client = client(&server);

        let created = client
            .publishing()
            .create_receipt(&draft, &[])
            .await
            .unwrap();
        let published = client
            .publishing()
            .publish_container_receipt(&id)
            .await
            .unwrap();

        assert_ne!(
            created.crossreshare_to_ig_status.is_some(),
            published.crossreshare_to_ig_status.is_some()
        );
    }
    let container: Container =
        serde_json::from_slice(&support::fixture("container_finished.json")).unwrap();
    assert_eq!(container.crossreshare_to_ig_status, None);
}

#[test]
fn a_misspelt_reason_and_its_correction_are_the_same() {
    for reason in ["INVALID_ASPEC_RATIO", "INVALID_ASPECT_RATIO"] {
        assert_eq!(
            ContainerError::from(reason),
            ContainerError::InvalidAspectRatio
        );
    }
    assert!(matches!(
        ContainerError::from("INVALID_ASPCT_RATIO"),
        ContainerError::Unknown(_)
    ));
}

/// Publishes a text while the last step answers with the fixture.
async fn publish_against(status: u16, fixture: &str) -> (Error, usize) {
    let server = MockServer::start().await;
    post("/v1.0/me/threads")
        .respond_with(answer(200, "container_created.json"))
        .mount(&server)
        .await;
    get("/v1.0/18000000000000001")
        .respond_with(answer(200, "container_finished.json"))
        .mount(&server)
        .await;
    post("/v1.0/me/threads_publish")
        .respond_with(answer(status, fixture))
        .mount(&server)
        .await;

    let error = client(&server)
        .publishing()
        .publish_with(Draft::text("x"), &quick_wait())
        .await
        .unwrap_err();

    let seen = requests(&server).await;
    let published = |line: &str| line == "POST /v1.0/me/threads_publish";
    let calls = seen.iter().filter(|request| published(&request.line));
    (error, calls.count())
}

#[tokio::test]
async fn a_container_that_is_not_found_right_after_it_was_finished_is_left_to_the_caller() {
    let (error, calls) = publish_against(400, "error_media_not_found.json").await;

    assert_eq!(calls, 1);
    assert_eq!(error.api().unwrap().subcode, Some(4_279_009));
    assert_eq!(
        error.container(),
        Some(&ContainerId::new("18000000000000001"))
    );
}

#[tokio::test]
async fn code_10_on_publish_is_not_taken_for_not_published() {
    for status in [400, 500] {
        let (error, calls) = publish_against(status, "error_permission.json").await;

        assert_eq!(calls, 1);
        assert!(matches!(error, Error::Publish(_)), "{error:?}");
        assert_eq!(error.api().unwrap().code, Some(10));
        assert_eq!(
            error.container(),
            Some(&ContainerId::new("18000000000000001"))
        );
    }
}

#[tokio::test]
async fn objects_are_json_texts_in_the_one_shape_that_is_not_ignored() {
    let poll = Draft::poll("x", DraftPoll::new("a", "b"));
    let long = Draft::text_attachment(DraftTextAttachment::new("y")).with_text("x");

    let (poll, long) = (form_of(&poll).await, form_of(&long).await);

    // Options as a list, or spread over fields, make a plain text post without a word.
    assert_eq!(
        poll["poll_attachment"],
        r#"{"option_a":"a","option_b":"b"}"#
    );
    assert_eq!(long["text_attachment"], r#"{"plaintext":"y"}"#);
    for form in [poll, long] {
        assert_eq!(form.len(), 3, "{form:?}");
    }
}

#[tokio::test]
async fn a_false_is_never_sent_for_what_is_not_wanted() {
    let form = form_of(&Draft::text("x")).await;

    assert_eq!(
        form.into_iter().collect::<Vec<_>>(),
        [
            ("media_type".to_owned(), "TEXT".to_owned()),
            ("text".to_owned(), "x".to_owned())
        ]
    );
}

#[test]
fn a_quote_says_which_post_it_quotes_and_not_who_quotes_it() {
    let draft = Draft::text("x").quote(PostId::new("17900000000000001"));

    assert_eq!(draft.quote, Some(PostId::new("17900000000000001")));
    assert_eq!(draft.content, DraftContent::Text);
}
