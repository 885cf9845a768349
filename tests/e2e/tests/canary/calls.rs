//! Every call of the client, and what becomes of it.

use std::time::Duration;

use threads_client::{
    AccessToken, AccountMetric, AppSecret, AuthorizationCode, Client, Draft, Media, OAuthClient,
    PostField, ProfileField, RetryPolicy, ThrottlePolicy, Timeouts, TokenPlacement, WaitPolicy,
};
use url::Url;

use crate::seen::Seen;

pub(crate) const APP_SECRET: &str = "canary0app0secret0d41d8cd98f00b204";

pub(crate) const CODE: &str = "AQcanary0code0long0enough0to0find";

macro_rules! keep {
    ($seen:expr, $($future:expr),+ $(,)?) => {$(
        match $future.await {
            Ok(answer) => $seen.add(&format!("{answer:?}")),
            Err(error) => $seen.error(&error),
        }
    )+};
}

/// Calls everything with these credentials, and keeps what fails.
pub(crate) async fn call_everything(base: &Url, token: &str, seen: &Seen) {
    let hurried = Timeouts::default()
        .total(Duration::from_millis(300))
        .publish(Duration::from_millis(300));
    for placement in [TokenPlacement::Header, TokenPlacement::Query] {
        let client = Client::builder()
            .base_url(base.clone())
            .access_token(AccessToken::new(token))
            .token_placement(placement)
            .retry(RetryPolicy::none())
            // What is held back would be seen nowhere.
            .throttle(ThrottlePolicy::none())
            .timeouts(hurried.clone())
            .build()
            .unwrap();
        seen.add(&format!("{client:?} {:?}", client.publishing()));
        macro_rules! call {
            ($future:expr) => {
                keep!(seen, $future)
            };
        }
        let draft = Draft::text("canary");
        let impatient = WaitPolicy::default()
            .first_pause(Duration::from_millis(1))
            .longest_pause(Duration::from_millis(1))
            .give_up_after(Duration::from_millis(20))
            .settle(Duration::ZERO);
        call!(client.profile().get());
        call!(client.profile().lookup("meta"));
        call!(client.posts().list().send());
        call!(client.posts().get(&"1790".into()));
        call!(
            client
                .insights()
                .account()
                .metrics([AccountMetric::Views])
                .send()
        );
        call!(
            client
                .insights()
                .post(&"1790".into())
                .metrics([threads_client::PostMetric::Views])
                .send()
        );
        call!(client.quota().publishing());
        call!(client.publishing().create_container(&draft));
        call!(client.publishing().container(&"1800".into()));
        call!(client.publishing().publish_container(&"1800".into()));
        call!(client.publishing().publish_with(draft.clone(), &impatient));
        call!(client.refresh_access_token());
        read_everything(&client, seen).await;
        write_everything(&client, &draft, seen).await;
        let redirect: Url = "https://app.example/callback".parse().unwrap();
        let oauth = OAuthClient::builder("1234567890", AppSecret::new(APP_SECRET), redirect)
            .base_url(base.clone())
            .retry(RetryPolicy::none())
            .timeouts(hurried.clone())
            .build()
            .unwrap();
        seen.add(&format!("{oauth:?}"));
        let access_token = AccessToken::new(token);
        call!(oauth.exchange_code(&AuthorizationCode::new(CODE)));
        call!(oauth.exchange_long_lived(&access_token));
        call!(oauth.refresh(&access_token));
        call!(oauth.app_token());
        call!(oauth.debug_token(&access_token, &access_token));
    }
}

/// The reads that are not among the calls of every day.
async fn read_everything(client: &Client, seen: &Seen) {
    let (post, one) = ("1790".into(), "17900000000000001".into());
    let embedded: Url = "https://www.threads.com/@meta/post/C8H5FiCtESk"
        .parse()
        .unwrap();
    keep!(
        seen,
        client.profile().select(&[ProfileField::Name]),
        client.profile().public_posts("meta").send(),
        client.posts().mentions().send(),
        client.posts().ghost_posts().send(),
        client.posts().select(&post, &[PostField::Text]),
        client.replies().of(&post).send(),
        client.replies().conversation(&post).send(),
        client.replies().mine().send(),
        client.replies().pending(&post).send(),
        client.search().keyword("canary").send(),
        client.search().recent_keywords(),
        client.locations().search().query("Menlo Park").send(),
        client.locations().get(&one),
        client.quota().replies(),
        client.quota().deletions(),
        client.quota().location_searches(),
        client.embed(&embedded).send(),
        client
            .get::<threads_client::Page<threads_client::Post>>("me/mentions")
            .query(&[("fields", "id")])
            .send(),
    );
    let mut listed = client
        .posts()
        .list()
        .max_pages(2.try_into().unwrap())
        .stream();
    keep!(seen, futures::TryStreamExt::try_next(&mut listed));
}

/// The writes that are not among the calls of every day.
async fn write_everything(client: &Client, draft: &Draft, seen: &Seen) {
    let post = "1790".into();
    let picture = Media::image("https://media.example/canary.jpg".parse().unwrap());
    let publishing = client.publishing();
    keep!(
        seen,
        publishing.create_child(&picture),
        publishing.create_receipt(draft, &[]),
        publishing.create_carousel(draft, &["1800".into()]),
        publishing.publish_container_receipt(&"1800".into()),
        publishing.auto_publish_text(draft),
        publishing.auto_publish_text_receipt(draft),
        publishing.repost(&post),
        client.posts().delete(&post),
        client.replies().hide(&post),
        client.replies().unhide(&post),
        client.replies().approve(&post),
        client.replies().ignore(&post),
    );
}
