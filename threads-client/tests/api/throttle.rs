//! What is held back, and what is sent all the same.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

use std::time::Duration;

use threads_client::{
    AccessToken, Client, ContainerId, Draft, Error, HeldBack, PaceStep, PostId, Quota, Result,
    RetryPolicy, ThrottlePolicy, Timeouts,
};
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::peer::{Behaviour, Peer};
use crate::support::{self, TOKEN, answer, requests, url};

fn client_with(server: &MockServer, policy: ThrottlePolicy) -> Client {
    Client::builder()
        .access_token(AccessToken::new(TOKEN))
        .base_url(url(&server.uri()))
        .retry(RetryPolicy::none())
        .throttle(policy)
        .build()
        .unwrap()
}

fn client(server: &MockServer) -> Client {
    client_with(server, ThrottlePolicy::default())
}

/// Answers everything with a post that has the headers.
async fn server_with(headers: &[(&str, &str)]) -> MockServer {
    let server = MockServer::start().await;
    let mut response = answer(200, "post.json");
    for (name, value) in headers {
        response = response.insert_header(*name, *value);
    }
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    server
}

async fn read(client: &Client) -> Result<()> {
    client
        .posts()
        .get(&PostId::new("17900000000000001"))
        .await
        .map(drop)
}

async fn publish(client: &Client) -> Result<()> {
    client
        .publishing()
        .publish_container(&ContainerId::new("18000000000000001"))
        .await
        .map(drop)
}

/// The answer has another shape; what counts here is that it was asked for.
async fn is_verified(client: &Client, server: &MockServer) -> bool {
    let before = requests(server).await.len();
    let _ = client
        .publishing()
        .container(&ContainerId::new("18000000000000001"))
        .await;
    requests(server).await.len() == before + 1
}

fn held(result: Result<()>) -> (HeldBack, Duration) {
    match result.unwrap_err() {
        Error::Throttled {
            reason,
            retry_after,
            ..
        } => (reason, retry_after),
        other => panic!("{other:?}"),
    }
}

fn app_usage(percent: u32) -> String {
    format!(r#"{{"call_count":2,"total_time":{percent},"total_cputime":1}}"#)
}

#[tokio::test]
async fn as_the_limit_runs_short_less_and_less_is_sent() {
    // Used, and whether a background read, a read and a publication are sent after that is known.
    let table = [
        (69, true, true, true),
        (75, false, true, true),
        (88, false, false, true),
        (99, false, false, false),
    ];

    for (used, poll, interactive, publication) in table {
        let server = server_with(&[("x-app-usage", &app_usage(used))]).await;
        let client = client(&server);
        read(&client).await.unwrap();
        // The first of four turns is always taken.
        let first_turn = read(&client.background()).await.is_ok();
        assert_eq!(first_turn, used < 85, "{used}");
        let before = requests(&server).await.len();

        let sent = [
            read(&client.background()).await.is_ok(),
            read(&client).await.is_ok(),
            publish(&client).await.is_ok(),
        ];

        assert_eq!(sent, [poll, interactive, publication], "{used}");
        let expected = sent.into_iter().filter(|sent| *sent).count();
        assert_eq!(
            requests(&server).await.len() - before,
            expected,
            "{used}: what is held back is not sent"
        );
        assert!(read(&client.verifying()).await.is_ok(), "{used}");
        assert!(is_verified(&client, &server).await, "{used}");
    }
}

#[tokio::test]
async fn a_call_that_is_held_back_says_so_and_may_be_tried_later() {
    let server = server_with(&[("x-app-usage", &app_usage(100))]).await;
    let client = client(&server);
    read(&client).await.unwrap();

    let error = publish(&client).await.unwrap_err();

    assert!(error.is_retryable());
    assert!(!error.is_auth());
    assert!(error.api().is_none());
    assert_eq!(
        error.to_string(),
        "`POST /me/threads_publish` was not sent: the call limit is nearly used up"
    );
    let wait = error.retry_after().unwrap();
    assert!(
        wait > Duration::from_mins(2) && wait < Duration::from_mins(4),
        "{wait:?}"
    );
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn access_that_is_regained_later_is_waited_for() {
    let usage = r#"{"17841":[{"type":"threads","call_count":40,"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":7}]}"#;
    let server = server_with(&[("x-business-use-case-usage", usage)]).await;
    let client = client(&server);
    read(&client).await.unwrap();

    let (reason, wait) = held(read(&client).await);

    assert_eq!(reason, HeldBack::Asked);
    assert!(
        wait > Duration::from_secs(410) && wait <= Duration::from_mins(7),
        "{wait:?}"
    );
    let pace = client.pace();
    assert_eq!(pace.step, PaceStep::VerifyOnly);
    assert!(pace.wait.is_some());
    assert!(is_verified(&client, &server).await);
}

#[tokio::test]
async fn a_throttle_that_names_a_time_holds_back_the_whole_account_and_no_other() {
    let server = MockServer::start().await;
    Mock::given(path("/v1.0/me"))
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "3600"))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(answer(200, "post.json"))
        .mount(&server)
        .await;
    let client = client(&server);
    client.profile().get().await.unwrap_err();

    for same in [
        client.clone(),
        client.background(),
        client.with_access_token(AccessToken::new(TOKEN)),
    ] {
        assert_eq!(held(read(&same).await).0, HeldBack::Asked);
        assert_eq!(held(publish(&same).await).0, HeldBack::Asked);
    }
    let other = client.with_access_token(AccessToken::new("THQ-another-account"));
    assert!(read(&other).await.is_ok());
}

#[tokio::test]
async fn a_throttle_that_names_no_time_is_waited_for_all_the_same() {
    let server = MockServer::start().await;
    Mock::given(path("/v1.0/me"))
        .respond_with(answer(400, "error_rate_limit.json"))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(&server);
    let error = client.profile().get().await.unwrap_err();
    assert_eq!(error.api().map(|api| api.retry_after), Some(None));

    let (reason, wait) = held(read(&client).await);

    assert_eq!(reason, HeldBack::Asked);
    assert!(wait > Duration::from_secs(50) && wait <= Duration::from_mins(1));
    assert!(is_verified(&client, &server).await);
}

#[tokio::test]
async fn a_full_day_of_posts_holds_back_no_reads() {
    let server = MockServer::start().await;
    let full =
        r#"{"error": {"message": "reached the maximum", "code": 9, "error_subcode": 2207042}}"#;
    Mock::given(path("/v1.0/me/threads_publish"))
        .respond_with(
            ResponseTemplate::new(400)
                .set_body_raw(full, "application/json")
                .insert_header("retry-after", "3600"),
        )
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(answer(200, "post.json"))
        .mount(&server)
        .await;
    let client = client(&server);
    publish(&client).await.unwrap_err();

    assert!(read(&client).await.is_ok());
}

#[tokio::test]
async fn a_refreshed_token_goes_on_with_the_figures_of_the_old_one() {
    let server = MockServer::start().await;
    Mock::given(path("/refresh_access_token"))
        .respond_with(answer(200, "grant_long_lived.json"))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(answer(200, "post.json").insert_header("x-app-usage", app_usage(100)))
        .mount(&server)
        .await;
    let client = client(&server);
    read(&client).await.unwrap();

    let grant = client.refresh_access_token().await.unwrap();
    let refreshed = client.with_access_token(grant.access_token);

    assert_eq!(held(read(&refreshed).await).0, HeldBack::Usage);
}

#[tokio::test]
async fn a_failing_server_that_names_a_time_speaks_of_itself_only() {
    let server = MockServer::start().await;
    Mock::given(path("/v1.0/me"))
        .respond_with(ResponseTemplate::new(503).insert_header("retry-after", "3600"))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(answer(200, "post.json"))
        .mount(&server)
        .await;
    let client = client(&server);

    client.profile().get().await.unwrap_err();

    assert!(read(&client).await.is_ok());
}

#[tokio::test]
async fn tokens_are_refreshed_however_short_the_limit_is() {
    let server = MockServer::start().await;
    Mock::given(path("/refresh_access_token"))
        .respond_with(answer(200, "grant_long_lived.json"))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(answer(200, "post.json").insert_header("x-app-usage", app_usage(100)))
        .mount(&server)
        .await;
    let client = client(&server);
    read(&client).await.unwrap();
    assert!(read(&client).await.is_err());

    assert!(client.refresh_access_token().await.is_ok());
}

#[tokio::test]
async fn a_policy_of_none_sends_everything() {
    let server = server_with(&[
        ("x-app-usage", &app_usage(100)),
        (
            "x-business-use-case-usage",
            r#"{"1":[{"estimated_time_to_regain_access":7}]}"#,
        ),
    ])
    .await;
    let client = client_with(&server, ThrottlePolicy::none());

    for _ in 0..3 {
        read(&client).await.unwrap();
        read(&client.background()).await.unwrap();
        publish(&client).await.unwrap();
    }

    assert_eq!(requests(&server).await.len(), 9);
    assert_eq!(client.pace().step, PaceStep::Full);
}

#[tokio::test]
async fn a_publication_is_refused_before_it_is_sent_while_meta_fails() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(answer(503, "error_transient.json"))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(answer(200, "post.json"))
        .mount(&server)
        .await;
    let client = client(&server);
    for _ in 0..20 {
        assert!(publish(&client).await.unwrap_err().api().is_some());
    }

    let (reason, wait) = held(publish(&client).await);

    assert_eq!(reason, HeldBack::Outage);
    assert!(wait <= Duration::from_secs(5), "{wait:?}");
    assert_eq!(requests(&server).await.len(), 20, "one request a call");
    assert!(read(&client).await.is_ok(), "reads go on");
    let other = client.with_access_token(AccessToken::new("THQ-another-account"));
    assert_eq!(
        held(publish(&other).await).0,
        HeldBack::Outage,
        "it is the host that fails"
    );
}

#[tokio::test]
async fn refusals_never_keep_calls_from_being_sent() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(answer(400, "error_parameter.json"))
        .mount(&server)
        .await;
    let client = client(&server);

    for _ in 0..60 {
        assert!(read(&client).await.unwrap_err().api().is_some());
    }

    assert_eq!(requests(&server).await.len(), 60);
}

fn used(client: &Client, quota: Quota) -> u32 {
    let pace = client.pace();
    let found = pace.quotas.iter().find(|use_| use_.quota == quota);
    found.unwrap().used
}

#[tokio::test]
async fn posts_and_replies_are_counted_apart() {
    let server = MockServer::start().await;
    Mock::given(path("/v1.0/me/threads"))
        .respond_with(answer(200, "container_created.json"))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(answer(200, "published.json"))
        .mount(&server)
        .await;
    let client = client(&server);
    let reply = Draft::text("Yes").reply_to(PostId::new("17900000000000001"));
    let container = client.publishing().create_container(&reply).await.unwrap();

    client
        .publishing()
        .publish_container(&container)
        .await
        .unwrap();
    for another in ["18000000000000002", "18000000000000003"] {
        let another = ContainerId::new(another);
        client
            .publishing()
            .publish_container(&another)
            .await
            .unwrap();
    }

    assert_eq!(used(&client, Quota::Replies), 1);
    assert_eq!(used(&client, Quota::Posts), 2);
    assert_eq!(used(&client, Quota::Calls), 4);
}

#[tokio::test]
async fn a_quota_that_is_used_up_by_the_own_count_is_not_asked_for() {
    let server = server_with(&[]).await;
    let client = client(&server);
    for _ in 0..250 {
        publish(&client).await.unwrap();
    }

    let (reason, _) = held(publish(&client).await);

    assert_eq!(reason, HeldBack::Quota(Quota::Posts));
    assert_eq!(requests(&server).await.len(), 250);
    assert!(read(&client).await.is_ok());
}

#[tokio::test]
async fn embeds_count_for_all_clients_and_against_no_token() {
    let server = server_with(&[("x-app-usage", &app_usage(100))]).await;
    let client = client(&server);
    let other = client.with_access_token(AccessToken::new("THQ-another-account"));
    let post = url("https://www.threads.com/t/abc");

    let _ = client.embed(&post).send().await;
    let _ = other.background().embed(&post).send().await;

    // The second is held back by what the first was told.
    assert_eq!(used(&client, Quota::Embeds), 1);
    assert_eq!(used(&other, Quota::Embeds), 1);
    assert_eq!(used(&other, Quota::Calls), 0);
    assert!(read(&other).await.is_ok());
}

#[tokio::test]
async fn every_attempt_counts_as_a_call() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(502))
        .mount(&server)
        .await;
    let client = support::client(&server);

    read(&client).await.unwrap_err();

    assert_eq!(used(&client, Quota::Calls), 3);
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_is_given_up_before_the_whole_time_is_over() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"id\"".to_owned();
    let peer = Peer::start(Behaviour::WriteAndKeep(half)).await;
    let client = Client::builder()
        .access_token(AccessToken::new(TOKEN))
        .base_url(url(&peer.base))
        .retry(RetryPolicy::none())
        .timeouts(
            Timeouts::default()
                .total(Duration::from_hours(1))
                .publish(Duration::from_hours(1))
                .between_bytes(Duration::from_millis(50)),
        )
        .build()
        .unwrap();

    let outcomes = [read(&client).await, publish(&client).await];

    for outcome in outcomes {
        assert!(matches!(outcome, Err(Error::Timeout { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn the_answer_of_meta_knows_its_endpoint() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(answer(500, "error_permission.json"))
        .mount(&server)
        .await;
    let client = client(&server);

    let refused = read(&client).await.unwrap_err();
    let unknown = publish(&client).await.unwrap_err();

    let endpoint = |error: &Error| error.api().unwrap().endpoint.clone().unwrap();
    assert_eq!(endpoint(&refused), "GET /{post}");
    assert_eq!(endpoint(&unknown), "POST /me/threads_publish");
    assert_eq!(refused.advice().id(), "permission_missing");
    assert_eq!(unknown.advice().id(), "outcome_unknown");
}
