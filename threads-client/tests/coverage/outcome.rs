//! What the public interface makes of an answer.

use std::fmt::{Debug, Write as _};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use threads_client::{
    AccessToken, AccountMetric, AppSecret, AuthorizationCode, Breakdown, Client, ContainerId,
    Draft, LocationId, OAuthClient, PostId, PostMetric, ProfileField, RetryPolicy, WebhookVerifier,
};
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) is_failure: bool,
}

/// Makes calls and decides what they are answered.
pub(crate) struct Judge {
    server: MockServer,
    client: Client,
    oauth: OAuthClient,
}

impl Judge {
    pub(crate) async fn new() -> Self {
        let server = MockServer::start().await;
        let base: Url = server.uri().parse().unwrap();
        let client = Client::builder()
            .access_token(AccessToken::new("THQWtoken"))
            .base_url(base.clone())
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        let redirect = "https://app.example/callback".parse().unwrap();
        let oauth = OAuthClient::builder("100", AppSecret::new("secret"), redirect)
            .base_url(base)
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        Self {
            server,
            client,
            oauth,
        }
    }

    /// Serves the answer and makes the call.
    pub(crate) async fn outcome(&self, call: &str, status: u16, body: &Value) -> Outcome {
        if call == "webhook" {
            return webhook(body);
        }
        self.server.reset().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&self.server)
            .await;
        let Self { client, oauth, .. } = self;
        let token = AccessToken::new("THQVshort");
        let code = AuthorizationCode::new("AQB");
        let id = PostId::new("17900000000000001");
        let container = ContainerId::new("18000000000000001");
        match call {
            "OAuthClient::exchange_code" | "oauth error" => told(&oauth.exchange_code(&code).await),
            "OAuthClient::exchange_long_lived" => told(&oauth.exchange_long_lived(&token).await),
            "OAuthClient::app_token" => told(&oauth.app_token().await),
            "OAuthClient::debug_token" => told(&oauth.debug_token(&token, &token).await),
            "ProfileApi::get" => told(&client.profile().select(&[ProfileField::Name]).await),
            "ProfileApi::lookup" => told(&client.profile().lookup("meta").await),
            "InsightsApi::post" => {
                let request = client.insights().post(&id).metrics([PostMetric::Views]);
                told(&request.send().await)
            }
            "InsightsApi::account" => {
                let request = client
                    .insights()
                    .account()
                    .metrics([AccountMetric::FollowerDemographics])
                    .breakdown(Breakdown::Age);
                told(&request.send().await)
            }
            "PublishingApi::create_receipt" => told(
                &client
                    .publishing()
                    .create_receipt(&Draft::text("Hello"), &[])
                    .await,
            ),
            "PublishingApi::publish_container_receipt" => told(
                &client
                    .publishing()
                    .publish_container_receipt(&container)
                    .await,
            ),
            "PublishingApi::container" => told(&client.publishing().container(&container).await),
            "PublishingApi::repost" => told(&client.publishing().repost(&id).await),
            "PostsApi::delete" => told(&client.posts().delete(&id).await),
            "PostsApi::get" | "error" => told(&client.posts().get(&id).await),
            "PostsApi::list" => told(&client.posts().list().send().await),
            "RepliesApi::hide" => told(&client.replies().hide(&id).await),
            "LocationsApi::search" => told(&client.locations().search().query("x").send().await),
            "LocationsApi::get" => told(&client.locations().get(&LocationId::new("106")).await),
            "QuotaApi::publishing" => told(&client.quota().publishing().await),
            "QuotaApi::replies" => told(&client.quota().replies().await),
            "QuotaApi::deletions" => told(&client.quota().deletions().await),
            "QuotaApi::location_searches" => told(&client.quota().location_searches().await),
            "Client::embed" => {
                let post = "https://www.threads.com/@acme.lab/post/DAbc123"
                    .parse()
                    .unwrap();
                told(&client.embed(&post).send().await)
            }
            other => panic!("there is no way to make the call {other}"),
        }
    }
}

fn told<T: Debug, E: Debug>(result: &Result<T, E>) -> Outcome {
    Outcome {
        text: format!("{result:?}"),
        is_failure: result.is_err(),
    }
}

/// A notification that Meta signed.
fn webhook(body: &Value) -> Outcome {
    const SECRET: &str = "secret";
    let body = serde_json::to_vec(body).unwrap();
    let mut signature = String::from("sha256=");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(&body);
    for byte in mac.finalize().into_bytes() {
        write!(signature, "{byte:02x}").unwrap();
    }
    let verifier = WebhookVerifier::new(AppSecret::new(SECRET)).unwrap();
    let mut outcome = told(&verifier.notifications(&body, Some(&signature)));
    // The digest of the body differs whatever was left out.
    for notification in verifier
        .notifications(&body, Some(&signature))
        .unwrap_or_default()
    {
        outcome.text = outcome
            .text
            .replace(&format!("{:?}", notification.key()), "");
    }
    outcome
}
