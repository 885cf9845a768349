//! Logging in: the page, the way back, and the tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use threads_client::{
    AccessToken, ApiErrorKind, AppSecret, AuthorizationCode, AuthorizationResponse, CsrfState,
    Error, OAuthClient, Scope,
};

use crate::support::{
    CODE, SECRET, TOKEN, client, oauth, oauth_at, only_request, requests, server_answering, url,
};

#[test]
fn the_authorization_page_gets_everything_meta_asks_for_and_a_state() {
    let oauth = oauth_at("https://graph.threads.net");

    let (page, state) = oauth
        .authorize_url(&[Scope::Basic, Scope::ManageInsights])
        .unwrap();

    assert_eq!(page.origin().ascii_serialization(), "https://threads.com");
    assert_eq!(page.path(), "/oauth/authorize");
    let query: BTreeMap<_, _> = page.query_pairs().into_owned().collect();
    let expected = [
        ("client_id", "1234567890"),
        ("redirect_uri", "https://app.example/callback"),
        ("response_type", "code"),
        ("scope", "threads_basic,threads_manage_insights"),
        ("state", state.expose()),
    ];
    let query: Vec<_> = query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(query, expected);
}

#[test]
fn another_authorization_page_keeps_its_own_query() {
    let oauth = OAuthClient::builder(
        "1",
        AppSecret::new(SECRET),
        url("https://app.example/callback"),
    )
    .authorize_base(url("https://www.threads.net/oauth/authorize?lang=de"))
    .build()
    .unwrap();

    let (page, _) = oauth.authorize_url(&[Scope::Basic]).unwrap();

    assert!(
        page.as_str()
            .starts_with("https://www.threads.net/oauth/authorize?lang=de&client_id=1&"),
        "{page}"
    );
}

#[test]
fn the_state_is_256_random_bits() {
    let oauth = oauth_at("https://graph.threads.net");
    let mut seen = std::collections::HashSet::new();
    let mut ones = 0;

    for _ in 0..64 {
        let (_, state) = oauth.authorize_url(&[Scope::Basic]).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(state.expose()).unwrap();
        assert_eq!(bytes.len(), 32);
        ones += bytes.iter().map(|byte| byte.count_ones()).sum::<u32>();
        assert!(seen.insert(bytes));
    }

    // 16,384 fair bits: outside of this by chance less than once in a million million runs.
    assert!(
        (7_700..8_700).contains(&ones),
        "{ones} of 16384 bits are set"
    );
}

#[test]
fn scopes_without_the_basic_one_are_refused() {
    let oauth = oauth_at("https://graph.threads.net");

    for scopes in [&[][..], &[Scope::ContentPublish]] {
        assert!(matches!(
            oauth.authorize_url(scopes),
            Err(Error::InvalidRequest(_))
        ));
    }
}

#[test]
fn the_way_back_brings_a_code_and_the_state() {
    let state = CsrfState::from_stored("abc_-1".to_owned());
    for query in [
        "code=AQB1&state=abc_-1",
        "?code=AQB1&state=abc_-1#_",
        "state=abc_-1&code=AQB1%23_&x=y",
    ] {
        let code = AuthorizationResponse::from_query(query)
            .unwrap()
            .code_for(&state)
            .unwrap();

        assert_eq!(code.expose(), "AQB1", "{query}");
    }
    let pasted = url("https://app.example/callback?code=AQB1&state=abc_-1#_");
    assert_eq!(
        AuthorizationResponse::from_url(&pasted)
            .unwrap()
            .code_for(&state)
            .unwrap()
            .expose(),
        "AQB1"
    );
}

#[test]
fn the_tail_that_meta_appends_is_not_part_of_the_code() {
    for (text, code) in [
        ("AQB1#_", "AQB1"),
        ("AQB1", "AQB1"),
        ("AQB1_", "AQB1_"),
        ("#_", ""),
    ] {
        assert_eq!(AuthorizationCode::new(text).expose(), code);
    }
}

#[test]
fn a_code_that_is_nothing_but_that_tail_is_missing() {
    let error = AuthorizationResponse::from_query("code=%23_&state=s").unwrap_err();

    assert_eq!(error.to_string(), "invalid `code`: is missing");
}

#[test]
fn a_way_back_without_its_state_is_refused() {
    let expected = CsrfState::from_stored("abcdef".to_owned());
    for query in [
        "",
        "code=AQB1",
        "code=AQB1&state=",
        "state=abcdef",
        "code=&state=abcdef",
        "code=AQB1&state=abcdef&state=abcdef",
        "code=AQB1&code=AQB2&state=abcdef",
        "code=AQB1&state=abcdeg",
        "code=AQB1&state=abcde",
        "code=AQB1&state=abcdef0",
        "code=AQB1&state=ABCDEF",
        "code=AQB1#state=abcdef",
        "error=access_denied&state=abcdef",
        "error=access_denied&code=AQB1&state=abcdef",
    ] {
        let code = AuthorizationResponse::from_query(query)
            .and_then(|response| response.code_for(&expected));

        assert!(
            matches!(code, Err(Error::InvalidRequest(_))),
            "{query}: {code:?}"
        );
    }
}

#[test]
fn an_empty_state_matches_nothing() {
    let empty = CsrfState::from_stored(String::new());

    assert!(!empty.matches(""));
    assert!(!empty.matches("x"));
    assert!(CsrfState::from_stored("x".to_owned()).matches("x"));
}

#[test]
fn a_refusal_brings_its_reasons() {
    let query = "error=access_denied&error_reason=user_denied&error_description=The+user%0D%0Adenied+your+request&state=s";

    match AuthorizationResponse::from_query(query).unwrap() {
        AuthorizationResponse::Denied {
            error,
            reason,
            description,
            state,
        } => {
            assert_eq!(error, "access_denied");
            assert_eq!(reason.as_deref(), Some("user_denied"));
            assert_eq!(
                description.as_deref(),
                Some("The user  denied your request")
            );
            assert!(state.unwrap().matches("s"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_code_is_exchanged_by_a_form() {
    let server = server_answering(200, "grant_short_lived.json").await;

    let grant = oauth(&server)
        .exchange_code(&AuthorizationCode::new(format!("{CODE}#_")))
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "POST /oauth/access_token");
    assert_eq!(request.query(), []);
    assert_eq!(request.authorization, None);
    assert_eq!(
        request.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    let expected = [
        ("client_id", "1234567890"),
        ("client_secret", SECRET),
        ("code", CODE),
        ("grant_type", "authorization_code"),
        ("redirect_uri", "https://app.example/callback"),
    ];
    assert_eq!(request.form(), expected);
    assert_eq!(grant.access_token.expose(), "THQVJshortLivedGrant0001");
    assert_eq!(grant.token_type.as_deref(), Some("bearer"));
    assert_eq!(grant.user_id.unwrap().as_str(), "17841499999999918");
    assert_eq!(grant.expires_in, None);
}

#[tokio::test]
async fn an_older_grant_without_a_type_and_with_a_text_id_is_read() {
    let server = server_answering(200, "grant_short_lived_older.json").await;

    let grant = oauth(&server)
        .exchange_code(&AuthorizationCode::new(CODE))
        .await
        .unwrap();

    assert_eq!(grant.token_type, None);
    assert_eq!(grant.user_id.unwrap().as_str(), "17841499999999918");
}

#[tokio::test]
async fn a_short_lived_token_is_exchanged_for_a_long_lived_one() {
    let server = server_answering(200, "grant_long_lived.json").await;

    let grant = oauth(&server)
        .exchange_long_lived(&AccessToken::new(TOKEN))
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /access_token");
    let expected = [
        ("access_token", TOKEN),
        ("client_secret", SECRET),
        ("grant_type", "th_exchange_token"),
    ];
    assert_eq!(request.query(), expected);
    assert_eq!(request.authorization, None);
    assert_eq!(grant.access_token.expose(), "THQWJlongLivedGrant00002");
    assert_eq!(grant.expires_in, Some(Duration::from_secs(5_183_944)));
}

#[tokio::test]
async fn a_refresh_needs_no_secret_and_is_the_same_for_both_clients() {
    let server = server_answering(200, "grant_long_lived.json").await;

    let by_app = oauth(&server)
        .refresh(&AccessToken::new(TOKEN))
        .await
        .unwrap();
    let by_account = client(&server).refresh_access_token().await.unwrap();

    assert_eq!(
        by_app.access_token.expose(),
        by_account.access_token.expose()
    );
    for request in requests(&server).await {
        assert_eq!(request.line, "GET /refresh_access_token");
        assert_eq!(
            request.query(),
            [("access_token", TOKEN), ("grant_type", "th_refresh_token")]
        );
        assert_eq!(request.authorization, None);
    }
}

#[tokio::test]
async fn the_app_gets_a_token_of_its_own() {
    let server = server_answering(200, "grant_app.json").await;

    let token = oauth(&server).app_token().await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /oauth/access_token");
    let expected = [
        ("client_id", "1234567890"),
        ("client_secret", SECRET),
        ("grant_type", "client_credentials"),
    ];
    assert_eq!(request.query(), expected);
    assert_eq!(token.expose(), "TH|1234567890|abcDEFghiJKL");
}

#[test]
fn the_app_s_token_can_be_composed_without_a_call() {
    let token = oauth_at("https://graph.threads.net").local_app_token();

    assert_eq!(token.expose(), format!("TH|1234567890|{SECRET}"));
    assert_eq!(format!("{token:?}"), "AccessToken([redacted])");
}

#[tokio::test]
async fn a_token_is_inspected_by_another() {
    let server = server_answering(200, "token_info.json").await;

    let info = oauth(&server)
        .debug_token(&AccessToken::new(TOKEN), &AccessToken::new("caller"))
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/debug_token");
    assert_eq!(
        request.query(),
        [("access_token", "caller"), ("input_token", TOKEN)]
    );
    assert!(info.is_valid);
    assert_eq!(info.user_id.unwrap().as_str(), "27000000000000001");
    let unknown = Scope::Unknown("threads_of_tomorrow".to_owned());
    assert_eq!(info.scopes, [Scope::Basic, Scope::ManageInsights, unknown]);
    assert_eq!(info.issued_at, DateTime::from_timestamp(1_779_800_000, 0));
    assert_eq!(info.expires_at, DateTime::from_timestamp(1_785_000_000, 0));
    assert_eq!(info.data_access_expires_at, None, "0 means never");
    assert_eq!(info.application.as_deref(), Some("Harbour Monitor"));
    assert_eq!(info.kind.as_deref(), Some("USER"));
}

#[tokio::test]
async fn an_empty_token_is_not_a_grant() {
    let server = server_answering(200, "grant_empty.json").await;

    let error = oauth(&server)
        .refresh(&AccessToken::new(TOKEN))
        .await
        .unwrap_err();

    assert!(
        matches!(&error, Error::Decode { path, .. } if path == "access_token"),
        "{error:?}"
    );
}

#[tokio::test]
async fn every_shape_of_a_refusal_is_read() {
    let cases = [
        (
            "error_expired_token.json",
            ApiErrorKind::Unauthenticated,
            Some(190),
            "Error validating access token: Session has expired",
        ),
        (
            "error_oauth_flat.json",
            ApiErrorKind::InvalidParameter,
            Some(400),
            "Matching code was not found or was already used",
        ),
        (
            "error_oauth_rfc.json",
            ApiErrorKind::InvalidParameter,
            None,
            "The client secret is wrong",
        ),
        (
            "error_window.json",
            ApiErrorKind::InvalidParameter,
            Some(1_349_187),
            "Insecure redirect blocked",
        ),
    ];

    for (fixture, kind, code, message) in cases {
        let server = server_answering(400, fixture).await;

        let error = oauth(&server)
            .exchange_code(&AuthorizationCode::new(CODE))
            .await
            .unwrap_err();

        let api = error.api().unwrap();
        assert_eq!(
            (api.status, api.kind, api.code, api.message.as_str()),
            (400, kind, code, message),
            "{fixture}"
        );
    }
}

#[test]
fn scopes_have_meta_s_names() {
    let names = [
        (Scope::Basic, "threads_basic"),
        (Scope::ContentPublish, "threads_content_publish"),
        (Scope::ManageReplies, "threads_manage_replies"),
        (Scope::ReadReplies, "threads_read_replies"),
        (Scope::ManageInsights, "threads_manage_insights"),
        (Scope::ManageMentions, "threads_manage_mentions"),
        (Scope::KeywordSearch, "threads_keyword_search"),
        (Scope::Delete, "threads_delete"),
        (Scope::LocationTagging, "threads_location_tagging"),
        (Scope::ProfileDiscovery, "threads_profile_discovery"),
        (Scope::ShareToInstagram, "threads_share_to_instagram"),
        (Scope::Unknown("x".to_owned()), "x"),
    ];

    for (scope, name) in names {
        assert_eq!(scope.to_string(), name);
        assert_eq!(name.parse::<Scope>().unwrap(), scope);
        assert_eq!(serde_json::to_value(&scope).unwrap(), name);
        assert_eq!(serde_json::from_value::<Scope>(name.into()).unwrap(), scope);
    }
}

#[test]
fn an_app_that_cannot_be_one_is_refused() {
    let build = |id: &str, redirect: &str, base: &str| {
        OAuthClient::builder(id, AppSecret::new(SECRET), url(redirect))
            .base_url(url(base))
            .build()
    };

    assert!(build("", "https://app.example/", "https://graph.threads.net").is_err());
    assert!(build("1", "https://app.example/#x", "https://graph.threads.net").is_err());
    assert!(build("1", "https://app.example/", "http://graph.threads.net").is_err());
    assert!(build("1", "https://app.example/", "https://graph.threads.com").is_ok());
}
