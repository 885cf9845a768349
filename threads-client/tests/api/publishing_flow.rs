//! Waiting for containers, and publishing all at once.

use threads_client::{Client, ContainerId, ContainerStatus, Draft, Error, Media, PostId};
use wiremock::matchers::body_string_contains;
use wiremock::{MockServer, ResponseTemplate};

use crate::support::{answer, client, get, post, quick_wait, requests, server_answering, url};

const CONTAINER: &str = "/v1.0/18000000000000001";

#[tokio::test]
async fn waiting_ends_when_the_container_is_finished() {
    let server = MockServer::start().await;
    get(CONTAINER)
        .respond_with(answer(200, "container_in_progress.json"))
        .up_to_n_times(2)
        .expect(2)
        .mount(&server)
        .await;
    get(CONTAINER)
        .respond_with(answer(200, "container_finished.json"))
        .expect(1)
        .mount(&server)
        .await;

    let container = wait(&client(&server)).await.unwrap();

    assert_eq!(container.status, ContainerStatus::Finished);
}

#[tokio::test]
async fn a_container_that_was_published_counts_as_finished() {
    let server = server_answering(200, "container_published.json").await;

    let container = wait(&client(&server)).await.unwrap();

    assert_eq!(container.status, ContainerStatus::Published);
}

#[tokio::test]
async fn a_container_that_cannot_be_published_is_an_error_with_its_state() {
    // One question at once, three pauses, one question after each.
    let cases = [
        ("container_error.json", 1, ContainerStatus::Error),
        ("container_expired.json", 1, ContainerStatus::Expired),
        ("container_in_progress.json", 4, ContainerStatus::InProgress),
        (
            "container_napping.json",
            4,
            ContainerStatus::Unknown("NAPPING".to_owned()),
        ),
    ];

    for (fixture, questions, status) in cases {
        let server = server_answering(200, fixture).await;

        let error = wait(&client(&server)).await.unwrap_err();

        assert_eq!(requests(&server).await.len(), questions, "{fixture}");
        assert_eq!(error.container().unwrap().as_str(), "18000000000000001");
        assert!(!error.is_retryable());
        match error {
            Error::Container(container) => assert_eq!(container.status, status),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn text_and_media_are_waited_for_before_they_are_published() {
    let image = Draft::image(url("https://cdn.example/1.jpg"));
    for (draft, media_type) in [(Draft::text("Hello"), "TEXT"), (image, "IMAGE")] {
        let server = MockServer::start().await;
        creates(&server, media_type, "18000000000000001").await;
        get(CONTAINER)
            .respond_with(answer(200, "container_in_progress.json"))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        becomes_finished(&server, "18000000000000001").await;
        publishes(&server, "18000000000000001").await;

        let post = client(&server)
            .publishing()
            .publish_with(draft, &quick_wait())
            .await
            .unwrap();

        assert_eq!(post, PostId::new("17900000000000077"));
        let lines: Vec<_> = requests(&server)
            .await
            .into_iter()
            .map(|request| request.line)
            .collect();
        let expected = [
            "POST /v1.0/me/threads",
            "GET /v1.0/18000000000000001",
            "GET /v1.0/18000000000000001",
            "POST /v1.0/me/threads_publish",
        ];
        assert_eq!(lines, expected);
    }
}

#[tokio::test]
async fn all_children_are_finished_before_the_carousel_is_created() {
    let server = MockServer::start().await;
    creates(&server, "IMAGE", "18000000000000011").await;
    creates(&server, "VIDEO", "18000000000000022").await;
    creates(&server, "CAROUSEL", "18000000000000033").await;
    get("/v1.0/18000000000000022")
        .respond_with(answer(200, "container_in_progress.json"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    for id in [
        "18000000000000011",
        "18000000000000022",
        "18000000000000033",
    ] {
        becomes_finished(&server, id).await;
    }
    publishes(&server, "18000000000000033").await;
    let draft = Draft::carousel(vec![
        Media::image(url("https://cdn.example/1.jpg")),
        Media::video(url("https://cdn.example/2.mp4")),
    ]);

    client(&server)
        .publishing()
        .publish_with(draft, &quick_wait())
        .await
        .unwrap();

    let requests = requests(&server).await;
    let steps: Vec<_> = requests
        .iter()
        .map(|request| {
            request
                .form
                .get("media_type")
                .unwrap_or(&request.line)
                .as_str()
        })
        .collect();
    let expected = [
        "IMAGE",
        "VIDEO",
        "GET /v1.0/18000000000000011",
        "GET /v1.0/18000000000000022",
        "GET /v1.0/18000000000000022",
        "CAROUSEL",
        "GET /v1.0/18000000000000033",
        "POST /v1.0/me/threads_publish",
    ];
    assert_eq!(steps, expected);
    assert_eq!(
        requests[5].form["children"],
        "18000000000000011,18000000000000022"
    );
}

#[tokio::test]
async fn nothing_is_published_when_the_container_fails() {
    let server = MockServer::start().await;
    creates(&server, "TEXT", "18000000000000001").await;
    get(CONTAINER)
        .respond_with(answer(200, "container_error.json"))
        .mount(&server)
        .await;
    post("/v1.0/me/threads_publish")
        .respond_with(answer(200, "published.json"))
        .expect(0)
        .mount(&server)
        .await;

    let publishing = client(&server);
    let error = publishing
        .publishing()
        .publish_with(Draft::text("Hello"), &quick_wait())
        .await
        .unwrap_err();

    assert!(matches!(error, Error::Container(_)), "{error:?}");
}

#[tokio::test]
async fn a_failed_last_step_keeps_the_container_and_the_reason() {
    let server = MockServer::start().await;
    creates(&server, "TEXT", "18000000000000001").await;
    becomes_finished(&server, "18000000000000001").await;
    let refusal = answer(400, "error_media_not_found.json");
    post("/v1.0/me/threads_publish")
        .respond_with(refusal)
        .expect(1)
        .mount(&server)
        .await;

    let publishing = client(&server);
    let error = publishing
        .publishing()
        .publish_with(Draft::text("Hello"), &quick_wait())
        .await
        .unwrap_err();

    assert!(matches!(error, Error::Publish(_)), "{error:?}");
    assert_eq!(
        error.container(),
        Some(&ContainerId::new("18000000000000001"))
    );
    assert_eq!(error.api().unwrap().subcode, Some(4_279_009));
}

async fn wait(client: &Client) -> threads_client::Result<threads_client::Container> {
    client
        .publishing()
        .wait_until_finished(&ContainerId::new("18000000000000001"), &quick_wait())
        .await
}

fn id(id: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(format!(r#"{{"id":"{id}"}}"#), "application/json")
}

async fn creates(server: &MockServer, media_type: &str, container: &str) {
    let form = body_string_contains(format!("media_type={media_type}"));
    post("/v1.0/me/threads")
        .and(form)
        .respond_with(id(container))
        .expect(1)
        .mount(server)
        .await;
}

async fn becomes_finished(server: &MockServer, container: &str) {
    let body = format!(r#"{{"id":"{container}","status":"FINISHED"}}"#);
    let response = ResponseTemplate::new(200).set_body_raw(body, "application/json");
    get(&format!("/v1.0/{container}"))
        .respond_with(response)
        .expect(1)
        .mount(server)
        .await;
}

async fn publishes(server: &MockServer, container: &str) {
    let form = body_string_contains(format!("creation_id={container}"));
    let response = answer(200, "published.json");
    post("/v1.0/me/threads_publish")
        .and(form)
        .respond_with(response)
        .expect(1)
        .mount(server)
        .await;
}
