//! Publishing step by step: what is sent and what is read.

use threads_client::{
    ContainerError, ContainerId, ContainerStatus, Draft, Error, LocationId, Media, PostId,
    ReplyControl,
};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{client, only_request, requests, server_answering, url};

const CONTAINER: &str = "/v1.0/18000000000000001";

fn image() -> Draft {
    Draft::image(url("https://cdn.example/1.jpg?size=l&x=1"))
}

#[tokio::test]
async fn a_text_becomes_a_form_with_the_names_for_writing() {
    let server = server_answering(200, "container_created.json").await;
    let draft = Draft::text("Grüße & küsse\n+1")
        .link_attachment(url("https://a.example/x"))
        .topic_tag("Rust")
        .reply_control(ReplyControl::FollowersOnly)
        .reply_to(PostId::new("17900000000000001"))
        .quote(PostId::new("17900000000000002"))
        .location(LocationId::new("77"))
        .countries(["DE", "US"]);

    let container = client(&server)
        .publishing()
        .create_container(&draft)
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(container, ContainerId::new("18000000000000001"));
    assert_eq!(request.line, "POST /v1.0/me/threads");
    assert_eq!(request.query(), []);
    assert_eq!(
        request.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    let expected = [
        ("allowlisted_country_codes", "DE,US"),
        ("link_attachment", "https://a.example/x"),
        ("location_id", "77"),
        ("media_type", "TEXT"),
        ("quote_post_id", "17900000000000002"),
        ("reply_control", "followers_only"),
        ("reply_to_id", "17900000000000001"),
        ("text", "Grüße & küsse\n+1"),
        ("topic_tag", "Rust"),
    ];
    assert_eq!(request.form(), expected);
}

#[tokio::test]
async fn reply_control_is_written_in_lower_case() {
    let names = [
        (ReplyControl::Everyone, "everyone"),
        (ReplyControl::AccountsYouFollow, "accounts_you_follow"),
        (ReplyControl::MentionedOnly, "mentioned_only"),
        (
            ReplyControl::ParentPostAuthorOnly,
            "parent_post_author_only",
        ),
        (ReplyControl::FollowersOnly, "followers_only"),
    ];

    for (control, name) in names {
        let server = server_answering(200, "container_created.json").await;
        let draft = Draft::text("x").reply_control(control);
        client(&server)
            .publishing()
            .create_container(&draft)
            .await
            .unwrap();

        assert_eq!(only_request(&server).await.form["reply_control"], name);
        assert_eq!(serde_json::to_value(control).unwrap(), name);
    }
}

#[tokio::test]
async fn an_image_and_a_video_are_sent_as_addresses() {
    let server = server_answering(200, "container_created_as_number.json").await;
    let video = Draft::video(url("https://cdn.example/2.mp4"))
        .with_text("Two")
        .spoiler_media();

    let container = client(&server)
        .publishing()
        .create_container(&image().alt_text("A boat"))
        .await
        .unwrap();
    client(&server)
        .publishing()
        .create_container(&video)
        .await
        .unwrap();

    assert_eq!(container, ContainerId::new("18000000000000002"));
    let requests = requests(&server).await;
    let expected = [
        ("alt_text", "A boat"),
        ("image_url", "https://cdn.example/1.jpg?size=l&x=1"),
        ("media_type", "IMAGE"),
    ];
    assert_eq!(requests[0].form(), expected);
    let expected = [
        ("is_spoiler_media", "true"),
        ("media_type", "VIDEO"),
        ("text", "Two"),
        ("video_url", "https://cdn.example/2.mp4"),
    ];
    assert_eq!(requests[1].form(), expected);
}

#[tokio::test]
async fn a_carousel_names_its_children_in_order() {
    let server = server_answering(200, "container_created.json").await;
    let item = Media::video(url("https://cdn.example/2.mp4")).alt_text("A lighthouse");
    let draft = Draft::carousel(vec![item.clone(), item.clone()]).with_text("Both");
    let children = [
        ContainerId::new("18000000000000022"),
        ContainerId::new("18000000000000011"),
    ];

    client(&server)
        .publishing()
        .create_child(&item)
        .await
        .unwrap();
    client(&server)
        .publishing()
        .create_carousel(&draft, &children)
        .await
        .unwrap();

    let requests = requests(&server).await;
    let expected = [
        ("alt_text", "A lighthouse"),
        ("is_carousel_item", "true"),
        ("media_type", "VIDEO"),
        ("video_url", "https://cdn.example/2.mp4"),
    ];
    assert_eq!(requests[0].form(), expected);
    let expected = [
        ("children", "18000000000000022,18000000000000011"),
        ("media_type", "CAROUSEL"),
        ("text", "Both"),
    ];
    assert_eq!(requests[1].form(), expected);
}

#[tokio::test]
async fn a_draft_in_the_wrong_step_is_not_sent() {
    let server = server_answering(200, "container_created.json").await;
    let client = client(&server);
    let publishing = client.publishing();
    let item = Media::image(url("https://cdn.example/1.jpg"));
    let carousel = Draft::carousel(vec![item.clone(), item]);
    let ids = |count| {
        (0..count)
            .map(|id: u8| ContainerId::new(id.to_string()))
            .collect::<Vec<_>>()
    };

    let errors = [
        publishing.create_container(&carousel).await.unwrap_err(),
        publishing
            .create_carousel(&Draft::text("x"), &ids(2))
            .await
            .unwrap_err(),
        publishing
            .create_carousel(&carousel, &ids(1))
            .await
            .unwrap_err(),
        publishing
            .create_carousel(&carousel, &ids(3))
            .await
            .unwrap_err(),
        publishing
            .create_carousel(&carousel, &["1".into(), "2,3".into()])
            .await
            .unwrap_err(),
        publishing
            .create_child(&Media::image(url("ftp://cdn.example/1.jpg")))
            .await
            .unwrap_err(),
        publishing
            .publish_container(&ContainerId::new(""))
            .await
            .unwrap_err(),
        publishing
            .container(&ContainerId::new("../me"))
            .await
            .unwrap_err(),
    ];

    for error in errors {
        assert!(matches!(error, Error::InvalidRequest(_)), "{error:?}");
    }
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn the_state_of_a_container_is_an_answer_even_when_it_failed() {
    let cases = [
        (
            "container_in_progress.json",
            ContainerStatus::InProgress,
            None,
        ),
        ("container_finished.json", ContainerStatus::Finished, None),
        ("container_published.json", ContainerStatus::Published, None),
        ("container_expired.json", ContainerStatus::Expired, None),
        (
            "container_error.json",
            ContainerStatus::Error,
            Some(ContainerError::FailedDownloadingVideo),
        ),
        (
            "container_napping.json",
            ContainerStatus::Unknown("NAPPING".to_owned()),
            Some(ContainerError::Unknown("TOO_BLUE".to_owned())),
        ),
    ];

    for (fixture, status, error_message) in cases {
        let server = server_answering(200, fixture).await;
        let id = ContainerId::new("18000000000000001");
        let container = client(&server).publishing().container(&id).await.unwrap();

        let request = only_request(&server).await;
        assert_eq!(request.line, format!("GET {CONTAINER}"));
        assert_eq!(request.query(), [("fields", "id,status,error_message")]);
        assert_eq!(
            (container.id, container.status, container.error_message),
            (id, status, error_message)
        );
    }
}

#[test]
fn misspelt_reasons_are_read_and_kept_apart_from_unknown_ones() {
    let cases = [
        ("INVALID_ASPEC_RATIO", ContainerError::InvalidAspectRatio),
        ("INVALID_ASPECT_RATIO", ContainerError::InvalidAspectRatio),
        ("FAILED_FRAME_RATE", ContainerError::InvalidFrameRate),
        ("INVALID_FRAME_RATE", ContainerError::InvalidFrameRate),
        ("UNKNOWN", ContainerError::Unspecified),
        ("NEW", ContainerError::Unknown("NEW".to_owned())),
    ];

    for (name, reason) in cases {
        assert_eq!(ContainerError::from(name), reason);
    }
}

#[tokio::test]
async fn publishing_names_the_container_and_returns_the_post() {
    let server = server_answering(200, "published.json").await;

    let id = ContainerId::new("18000000000000001");
    let post = client(&server)
        .publishing()
        .publish_container(&id)
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "POST /v1.0/me/threads_publish");
    assert_eq!(request.query(), []);
    assert_eq!(request.form(), [("creation_id", "18000000000000001")]);
    assert_eq!(post, PostId::new("17900000000000077"));
}

#[tokio::test]
async fn a_success_without_an_id_is_not_a_success() {
    for body in [
        "",
        "{}",
        r#"{"id":""}"#,
        r#"{"id":null}"#,
        r#"{"success":true}"#,
        r#"{"id":"179"#,
        "null",
        "[]",
        r#"["17900000000000077"]"#,
        r#"["17900000000000077","SUCCESS"]"#,
        r#"{"id":"17900000000000077","id":"17900000000000078"}"#,
    ] {
        let server = MockServer::start().await;
        let response = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        Mock::given(method("POST"))
            .respond_with(response)
            .expect(1)
            .mount(&server)
            .await;

        let id = ContainerId::new("18000000000000001");
        let error = client(&server)
            .publishing()
            .publish_container(&id)
            .await
            .unwrap_err();

        assert!(matches!(error, Error::Decode { .. }), "{body}: {error:?}");
    }
}
