//! What is sent for polls, GIFs, text attachments, spoilers, ghost posts, shares and reposts.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use threads_client::{
    ContainerId, Draft, DraftGif, DraftPoll, DraftSpoiler, DraftStyling, DraftTextAttachment,
    DraftTextStyle, Error, InstagramShare, InstagramShareStatus, Media, PostId,
};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{client, only_request, requests, server_answering, url};

/// The form that the creation of a container sends for a draft.
async fn form_of(draft: &Draft) -> Vec<(String, String)> {
    let server = server_answering(200, "container_created.json").await;
    client(&server)
        .publishing()
        .create_container(draft)
        .await
        .unwrap();
    let request = only_request(&server).await;
    assert_eq!(request.line, "POST /v1.0/me/threads");
    assert_eq!(request.query(), []);
    request.form.into_iter().collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn poll() -> Draft {
    Draft::poll("Tea or coffee?", DraftPoll::new("Tea", "Coffee"))
}

fn image() -> Draft {
    Draft::image(url("https://cdn.example/1.jpg"))
}

#[tokio::test]
async fn a_poll_is_an_object_of_named_options() {
    let expected = [
        ("media_type", "TEXT"),
        (
            "poll_attachment",
            r#"{"option_a":"Tea","option_b":"Coffee"}"#,
        ),
        ("text", "Tea or coffee?"),
    ];
    assert_eq!(form_of(&poll()).await, pairs(&expected));

    let poll = DraftPoll::new("1", "\"2\"").option("3 & 4").option("ü");
    let form = form_of(&Draft::poll("?", poll)).await;
    assert_eq!(
        form[1].1,
        r#"{"option_a":"1","option_b":"\"2\"","option_c":"3 & 4","option_d":"ü"}"#
    );
}

#[tokio::test]
async fn a_gif_is_an_object_of_id_and_provider() {
    let draft = Draft::gif(DraftGif::giphy("3o7abKhOpu0NwenH3O")).with_text("Done");
    let expected = [
        (
            "gif_attachment",
            r#"{"gif_id":"3o7abKhOpu0NwenH3O","provider":"GIPHY"}"#,
        ),
        ("media_type", "TEXT"),
        ("text", "Done"),
    ];

    assert_eq!(form_of(&draft).await, pairs(&expected));
}

#[tokio::test]
async fn a_text_attachment_is_an_object_with_its_styles() {
    let attachment = DraftTextAttachment::new("Bold and high")
        .link_attachment_url(url("https://a.example/x"))
        .style(DraftTextStyle::new(
            0,
            4,
            [DraftStyling::Bold, DraftStyling::Italic],
        ))
        .style(DraftTextStyle::new(
            9,
            4,
            [
                DraftStyling::Highlight,
                DraftStyling::Underline,
                DraftStyling::Strikethrough,
            ],
        ));
    let draft = Draft::text_attachment(attachment).with_text("Longer");
    let expected = [
        ("media_type", "TEXT"),
        ("text", "Longer"),
        (
            "text_attachment",
            concat!(
                r#"{"plaintext":"Bold and high","link_attachment_url":"https://a.example/x","#,
                r#""text_with_styling_info":[{"offset":0,"length":4,"styling_info":["bold","italic"]},"#,
                r#"{"offset":9,"length":4,"styling_info":["highlight","underline","strikethrough"]}]}"#
            ),
        ),
    ];
    assert_eq!(form_of(&draft).await, pairs(&expected));

    let form = form_of(&Draft::text_attachment(DraftTextAttachment::new("Bare"))).await;
    let expected = [
        ("media_type", "TEXT"),
        ("text_attachment", r#"{"plaintext":"Bare"}"#),
    ];
    assert_eq!(form, pairs(&expected));
}

#[tokio::test]
async fn spoilers_are_a_list_of_entities_on_any_post_with_text() {
    let entities = r#"[{"entity_type":"SPOILER","offset":0,"length":2},{"entity_type":"SPOILER","offset":3,"length":1}]"#;
    let item = Media::image(url("https://cdn.example/1.jpg"));
    let carousel = Draft::carousel(vec![item.clone(), item]).with_text("It was");
    for draft in [Draft::text("It was"), image().with_text("It was"), carousel] {
        let draft = draft
            .spoiler(DraftSpoiler::new(0, 2))
            .spoiler(DraftSpoiler::new(3, 1));
        let server = server_answering(200, "container_created.json").await;
        let children: &[ContainerId] = match &draft.content {
            threads_client::DraftContent::Carousel(_) => &["1".into(), "2".into()],
            _ => &[],
        };

        client(&server)
            .publishing()
            .create_receipt(&draft, children)
            .await
            .unwrap();

        assert_eq!(only_request(&server).await.form["text_entities"], entities);
    }
}

#[tokio::test]
async fn a_spoiler_of_a_carousel_is_set_on_the_parent_only() {
    let server = server_answering(200, "container_created.json").await;
    let item = Media::image(url("https://cdn.example/1.jpg"));
    let draft = Draft::carousel(vec![item.clone(), item.clone()]).spoiler_media();
    let client = client(&server);

    client.publishing().create_child(&item).await.unwrap();
    client
        .publishing()
        .create_carousel(&draft, &["1".into(), "2".into()])
        .await
        .unwrap();

    let requests = requests(&server).await;
    assert_eq!(requests[0].form.get("is_spoiler_media"), None);
    assert_eq!(requests[1].form["is_spoiler_media"], "true");
}

#[tokio::test]
async fn a_ghost_post_is_a_text_with_a_mark() {
    let draft = Draft::ghost_post("Gone tomorrow").spoiler(DraftSpoiler::new(0, 4));
    let expected = [
        ("is_ghost_post", "true"),
        ("media_type", "TEXT"),
        ("text", "Gone tomorrow"),
        (
            "text_entities",
            r#"[{"entity_type":"SPOILER","offset":0,"length":4}]"#,
        ),
    ];

    assert_eq!(form_of(&draft).await, pairs(&expected));
}

#[tokio::test]
async fn approvals_and_shares_are_sent_only_where_they_are_wanted() {
    let draft = poll()
        .enable_reply_approvals()
        .share_to_instagram(InstagramShare::Standard);
    let form = form_of(&draft).await;
    let expected = [
        ("crossreshare_to_ig", "true"),
        ("enable_reply_approvals", "true"),
        ("media_type", "TEXT"),
    ];
    assert_eq!(form[..3], pairs(&expected));

    let form = form_of(&image().share_to_instagram(InstagramShare::DarkMode)).await;
    let expected = [
        ("crossreshare_to_ig_dark_mode", "true"),
        ("image_url", "https://cdn.example/1.jpg"),
        ("media_type", "IMAGE"),
    ];
    assert_eq!(form, pairs(&expected));
}

#[tokio::test]
async fn a_text_is_published_at_once_when_that_is_asked_for() {
    for draft in [
        Draft::text("Hello"),
        poll(),
        Draft::gif(DraftGif::giphy("3o7")).with_text("x"),
        Draft::ghost_post("Boo"),
    ] {
        let server = server_answering(200, "auto_published.json").await;

        let post = client(&server)
            .publishing()
            .auto_publish_text(&draft)
            .await
            .unwrap();

        let mut request = only_request(&server).await;
        assert_eq!(post, PostId::new("17900000000000078"));
        assert_eq!(request.line, "POST /v1.0/me/threads");
        assert_eq!(
            request.form.remove("auto_publish_text").as_deref(),
            Some("true")
        );
        assert_eq!(
            request.form.into_iter().collect::<Vec<_>>(),
            form_of(&draft).await
        );
    }
}

#[tokio::test]
async fn nothing_but_the_separate_call_publishes_at_once() {
    let server = server_answering(200, "container_created.json").await;
    let client = client(&server);
    let draft = Draft::text("Hello");

    client.publishing().create_container(&draft).await.unwrap();
    client
        .publishing()
        .create_receipt(&draft, &[])
        .await
        .unwrap();

    for request in requests(&server).await {
        assert!(
            !request.form.contains_key("auto_publish_text"),
            "{request:?}"
        );
    }
}

#[tokio::test]
async fn a_repost_names_the_post_in_the_path_and_sends_an_empty_form() {
    let server = server_answering(200, "reposted.json").await;

    let repost = client(&server)
        .publishing()
        .repost(&PostId::new("17900000000000001"))
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(repost, PostId::new("17900000000000079"));
    assert_eq!(request.line, "POST /v1.0/17900000000000001/repost");
    assert_eq!((request.query(), request.form()), (vec![], vec![]));
}

#[tokio::test]
async fn receipts_say_how_sharing_went_if_meta_says_so() {
    let container = ContainerId::new("18000000000000001");
    let draft = Draft::text("x").share_to_instagram(InstagramShare::Standard);
    let failed = server_answering(200, "container_created_shared.json").await;
    let shared = server_answering(200, "published.json").await;
    let silent = server_answering(200, "auto_published.json").await;

    let created = client(&failed)
        .publishing()
        .create_receipt(&draft, &[])
        .await
        .unwrap();
    let published = client(&shared)
        .publishing()
        .publish_container_receipt(&container)
        .await
        .unwrap();
    let at_once = client(&silent)
        .publishing()
        .auto_publish_text_receipt(&draft)
        .await
        .unwrap();

    assert_eq!(
        (created.id, created.crossreshare_to_ig_status),
        (container, Some(InstagramShareStatus::Failed))
    );
    assert_eq!(
        (published.id, published.crossreshare_to_ig_status),
        (
            PostId::new("17900000000000077"),
            Some(InstagramShareStatus::Success)
        )
    );
    assert_eq!(at_once.crossreshare_to_ig_status, None);
}

#[tokio::test]
async fn an_odd_share_status_does_not_lose_the_post() {
    let later = InstagramShareStatus::Unknown("LATER".to_owned());
    for (status, expected) in [
        (r#""LATER""#, Some(later)),
        ("null", None),
        (r#"{"state":"SUCCESS"}"#, None),
        ("[]", None),
    ] {
        let server = MockServer::start().await;
        let body = format!(r#"{{"id":"17900000000000077","crossreshare_to_ig_status":{status}}}"#);
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/json"))
            .mount(&server)
            .await;

        let receipt = client(&server)
            .publishing()
            .publish_container_receipt(&"18000000000000001".into())
            .await
            .unwrap();

        assert_eq!(receipt.id, PostId::new("17900000000000077"), "{status}");
        assert_eq!(receipt.crossreshare_to_ig_status, expected, "{status}");
    }
}

#[tokio::test]
async fn a_call_that_cannot_be_right_is_not_sent() {
    let server = server_answering(200, "auto_published.json").await;
    let client = client(&server);
    let publishing = client.publishing();
    let item = Media::image(url("https://cdn.example/1.jpg"));

    let errors = [
        publishing.auto_publish_text(&image()).await.unwrap_err(),
        publishing
            .auto_publish_text(&Draft::carousel(vec![item.clone(), item]))
            .await
            .unwrap_err(),
        publishing
            .auto_publish_text(&Draft::text(""))
            .await
            .unwrap_err(),
        publishing.repost(&PostId::new("")).await.unwrap_err(),
        publishing.repost(&PostId::new("1/2")).await.unwrap_err(),
        publishing
            .create_receipt(&poll(), &["1".into()])
            .await
            .unwrap_err(),
    ];

    let fields: Vec<_> = errors
        .iter()
        .map(|error| match error {
            Error::InvalidRequest(invalid) => invalid.field.as_deref().unwrap_or_default(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        fields,
        ["content", "content", "text", "post", "post", "children"]
    );
    assert!(requests(&server).await.is_empty());
}
