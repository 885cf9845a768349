//! What Meta's documentation of logging in, webhooks and callbacks leaves unclear or gets wrong.
//!
//! One test for each, named after it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use chrono::DateTime;
use threads_client::{
    AccessToken, ApiErrorKind, AppSecret, AuthorizationCode, AuthorizationResponse, CallbackError,
    Client, MediaType, OAuthClient, Scope, TokenPlacement, WebhookEvent, WebhookNotification,
};
use wiremock::MockServer;

use crate::support::callbacks::{request_verifier, signed, signed_request, webhook_verifier};
use crate::support::{
    CODE, SECRET, TOKEN, answer, client, fixture, get, oauth, oauth_at, only_request, requests,
    server_answering, url,
};

fn notifications(name: &str) -> Vec<WebhookNotification> {
    let (body, signature) = signed(name, "threads");
    webhook_verifier()
        .notifications(&body, Some(&signature))
        .unwrap()
}

#[tokio::test]
async fn ids_come_as_strings_and_as_numbers_beyond_2_to_the_53() {
    let server = server_answering(200, "grant_short_lived.json").await;
    let grant = oauth(&server)
        .exchange_code(&AuthorizationCode::new(CODE))
        .await
        .unwrap();
    assert_eq!(grant.user_id.unwrap().as_str(), "17841499999999918");

    let request = request_verifier()
        .verify(&signed_request("number"))
        .unwrap();
    assert_eq!(request.user_id.as_str(), "18446744073709551615");

    let [_, _, deletion] = &notifications("webhook_entries.json")[..] else {
        panic!("three notifications");
    };
    assert_eq!(deletion.target_id.as_deref(), Some("27000000000000002"));
    let WebhookEvent::Delete(post) = &deletion.event else {
        panic!("{deletion:?}");
    };
    assert_eq!(post.id.as_str(), "8901240");
    assert_eq!(post.owner.as_ref().unwrap().as_str(), "27000000000000002");
}

#[test]
fn the_time_of_a_webhook_is_in_seconds_and_timestamps_have_no_colon() {
    let notification = notifications("webhook_replies.json").remove(0);

    assert_eq!(
        notification.time,
        DateTime::from_timestamp(1_782_000_000, 0)
    );
    let WebhookEvent::Reply(reply) = notification.event else {
        panic!("{notification:?}");
    };
    let fixture = String::from_utf8(fixture("webhook_replies.json")).unwrap();
    assert!(fixture.contains("2026-06-01T10:33:16+0000"));
    assert_eq!(
        reply.timestamp.unwrap().to_rfc3339(),
        "2026-06-01T10:33:16+00:00"
    );
}

#[test]
fn the_media_type_of_a_webhook_is_that_of_reading() {
    let WebhookEvent::Reply(reply) = notifications("webhook_replies.json").remove(0).event else {
        panic!("a reply");
    };
    let WebhookEvent::Publish(post) = notifications("webhook_publish.json").remove(0).event else {
        panic!("a publication");
    };

    assert_eq!(reply.media_type, Some(MediaType::TextPost));
    assert_eq!(post.media_type, Some(MediaType::CarouselAlbum));
}

#[test]
fn the_picture_of_a_profile_has_another_name_in_webhooks() {
    let WebhookEvent::Reply(reply) = notifications("webhook_replies.json").remove(0).event else {
        panic!("a reply");
    };

    assert!(reply.profile_picture_url.is_some());
}

#[test]
fn a_sample_of_a_webhook_without_its_commas_is_an_error_that_names_the_place() {
    let (body, signature) = signed("webhook_missing_comma.json", "threads");

    let error = webhook_verifier()
        .notifications(&body, Some(&signature))
        .unwrap_err();

    assert!(matches!(error, CallbackError::Payload { .. }), "{error:?}");
    assert_eq!(error.status(), 400);
}

#[test]
fn the_secret_that_signs_webhooks_is_not_named_so_either_does() {
    for by in ["threads", "meta"] {
        let (body, signature) = signed("webhook_replies.json", by);
        assert_eq!(webhook_verifier().verify(&body, Some(&signature)), Ok(()));
    }
    let (body, signature) = signed("webhook_replies.json", "other");
    assert!(webhook_verifier().verify(&body, Some(&signature)).is_err());
}

#[test]
fn webhooks_are_signed_as_they_are_escaped_not_as_they_would_be_written_again() {
    let (body, signature) = signed("webhook_replies.json", "threads");
    assert!(body.is_ascii(), "the fixture is escaped as Meta escapes");
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let written_again = serde_json::to_vec(&value).unwrap();

    let refusal = webhook_verifier().verify(&written_again, Some(&signature));

    assert_eq!(refusal, Err(CallbackError::SignatureMismatch));
    assert_eq!(webhook_verifier().verify(&body, Some(&signature)), Ok(()));
}

#[test]
fn values_is_an_object_and_the_envelope_of_graph_is_read_all_the_same() {
    assert_eq!(notifications("webhook_publish.json").len(), 1);
    assert_eq!(notifications("webhook_entries.json").len(), 3);
}

#[test]
fn the_payload_of_callbacks_is_not_documented_for_threads_so_only_the_user_is_required() {
    for name in ["threads", "meta", "number", "without_expires", "lower_case"] {
        let request = request_verifier().verify(&signed_request(name)).unwrap();

        assert!(!request.user_id.as_str().is_empty(), "{name}");
    }
    assert!(
        request_verifier()
            .verify(&signed_request("without_user"))
            .is_err()
    );
}

#[test]
fn a_refusal_is_one_however_access_denied_is_spelt() {
    for error in ["access_denied", "acceess_denied"] {
        let query = format!("error={error}&error_reason=user_denied&state=s");

        let response = AuthorizationResponse::from_query(&query).unwrap();

        assert!(
            matches!(&response, AuthorizationResponse::Denied { error: found, .. } if found == error),
            "{response:?}"
        );
    }
}

#[tokio::test]
async fn the_parameter_is_access_token_although_a_page_prints_access_tokens() {
    let server = server_answering(200, "profile.json").await;
    let app = oauth(&server).local_app_token();
    let client = Client::builder()
        .access_token(app)
        .base_url(url(&server.uri()))
        .token_placement(TokenPlacement::Query)
        .build()
        .unwrap();

    client.profile().get().await.unwrap();

    let request = only_request(&server).await;
    let composed = format!("TH|1234567890|{SECRET}");
    assert_eq!(request.query.get("access_token"), Some(&composed));
    assert_eq!(request.query.get("access_tokens"), None);
}

#[test]
fn both_families_of_hosts_are_taken() {
    for (api, page) in [
        (
            "https://graph.threads.net",
            "https://threads.net/oauth/authorize",
        ),
        (
            "https://graph.threads.com",
            "https://threads.com/oauth/authorize",
        ),
        (
            "https://graph.threads.net",
            "https://www.threads.com/oauth/authorize",
        ),
        (
            "https://graph.threads.com",
            "https://www.threads.net/oauth/authorize",
        ),
    ] {
        let oauth = OAuthClient::builder(
            "1234567890",
            AppSecret::new(SECRET),
            url("https://app.example/callback"),
        )
        .base_url(url(api))
        .authorize_base(url(page))
        .build()
        .unwrap();

        let (address, _) = oauth.authorize_url(&[Scope::Basic]).unwrap();

        assert!(address.as_str().starts_with(page), "{address}");
    }
    let (default, _) = oauth_at("https://graph.threads.net")
        .authorize_url(&[Scope::Basic])
        .unwrap();
    assert_eq!(default.host_str(), Some("threads.com"));
}

#[tokio::test]
async fn a_refresh_that_fails_for_a_private_profile_asks_for_a_new_login() {
    let server = server_answering(400, "error_expired_token.json").await;

    let error = oauth(&server)
        .refresh(&AccessToken::new(TOKEN))
        .await
        .unwrap_err();

    assert!(error.is_auth());
}

#[tokio::test]
async fn errors_of_the_login_are_flat_and_call_the_status_a_code() {
    let server = server_answering(400, "error_oauth_flat.json").await;

    let error = oauth(&server)
        .exchange_code(&AuthorizationCode::new(CODE))
        .await
        .unwrap_err();

    let api = error.api().unwrap();
    assert_eq!(api.kind, ApiErrorKind::InvalidParameter);
    assert_eq!(
        api.message,
        "Matching code was not found or was already used"
    );
}

#[tokio::test]
async fn examples_of_get_with_form_fields_are_queries_without_a_body() {
    let server = MockServer::start().await;
    for (path, body) in [
        ("/oauth/access_token", "grant_app.json"),
        ("/access_token", "grant_long_lived.json"),
        ("/refresh_access_token", "grant_long_lived.json"),
        ("/v1.0/debug_token", "token_info.json"),
    ] {
        get(path)
            .respond_with(answer(200, body))
            .mount(&server)
            .await;
    }
    let (oauth, token) = (oauth(&server), AccessToken::new(TOKEN));

    oauth.app_token().await.unwrap();
    oauth.exchange_long_lived(&token).await.unwrap();
    oauth.refresh(&token).await.unwrap();
    oauth.debug_token(&token, &token).await.unwrap();

    let requests = requests(&server).await;
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert_eq!(request.form(), [], "{}", request.line);
        assert!(!request.query.is_empty(), "{}", request.line);
        assert!(!request.headers.contains_key("content-type"));
    }
}

#[test]
fn the_tail_of_the_redirect_is_not_part_of_the_code() {
    let pasted = url("https://app.example/callback?code=AQB1&state=abc#_");
    let expected = threads_client::CsrfState::from_stored("abc".to_owned());

    let code = AuthorizationResponse::from_url(&pasted)
        .unwrap()
        .code_for(&expected)
        .unwrap();

    assert_eq!(code.expose(), "AQB1");
    assert_eq!(AuthorizationCode::new("AQB1#_").expose(), "AQB1");
}

#[tokio::test]
async fn a_dead_token_can_come_without_code_190_and_the_token_can_be_asked_about() {
    let server = MockServer::start().await;
    get("/v1.0/me")
        .respond_with(answer(400, "error_parameter.json"))
        .mount(&server)
        .await;
    get("/v1.0/debug_token")
        .respond_with(answer(200, "token_info_invalid.json"))
        .mount(&server)
        .await;

    let error = client(&server).profile().get().await.unwrap_err();
    let token = AccessToken::new(TOKEN);
    let info = oauth(&server).debug_token(&token, &token).await.unwrap();

    assert_eq!(error.api().unwrap().code, Some(100));
    assert!(!error.is_auth(), "code 100 alone is no proof");
    assert!(!info.is_valid);
    assert_eq!(info.scopes, []);
    assert_eq!(
        (info.user_id, info.expires_at, info.kind),
        (None, None, None),
        "what Meta leaves out is not made up"
    );
}
