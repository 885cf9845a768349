//! The whole crate against a strict stand-in for Meta that shares no code with it.

use std::time::Duration;

use chrono::Days;
use futures::TryStreamExt;
use threads_client::{
    AccountMetric, AppSecret, AuthorizationResponse, Breakdown, Client, ContainerStatus, Cursor,
    Draft, Media, MediaType, OAuthClient, Post, PostMetric, ReplyControl, Scope, TokenPlacement,
};
use threads_sandbox::{Endpoint, Fault, Sandbox};

use crate::support::quick_wait;
use crate::support::sandbox::{client_placing, visit};

const ACCOUNT: &str = "kedai.senja";

fn client(sandbox: &Sandbox, placement: TokenPlacement) -> Client {
    client_placing(sandbox, ACCOUNT, Sandbox::all_scopes(), placement)
}

#[tokio::test]
async fn everything_that_is_asked_for_is_understood() {
    let sandbox = Sandbox::start().await.unwrap();

    for placement in [TokenPlacement::Header, TokenPlacement::Query] {
        let client = client(&sandbox, placement);

        assert_eq!(client.profile().get().await.unwrap().username, ACCOUNT);
        assert!(client.quota().publishing().await.unwrap().config.is_some());
        assert!(
            client
                .quota()
                .replies()
                .await
                .unwrap()
                .reply_config
                .is_some()
        );
        let page = client.posts().list().limit(3).send().await.unwrap();
        assert_eq!(page.items.len(), 3);
        let post = client.posts().get(&page.items[0].id).await.unwrap();
        assert_eq!(post.permalink, page.items[0].permalink);
        let metrics = [PostMetric::Views, PostMetric::Likes, PostMetric::Shares];
        let figures = client
            .insights()
            .post(&post.id)
            .metrics(metrics)
            .send()
            .await
            .unwrap();
        assert!(figures.total(&PostMetric::Views).is_some());
        assert!(
            !client
                .refresh_access_token()
                .await
                .unwrap()
                .access_token
                .expose()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn account_figures_are_read_in_all_their_shapes() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client(&sandbox, TokenPlacement::Header);
    let account = || client.insights().account();

    let window = account().metrics([AccountMetric::Views, AccountMetric::Likes]);
    let window = window
        .since(sandbox.now() - Days::new(7))
        .until(sandbox.now())
        .send()
        .await
        .unwrap();
    let followers = account()
        .metrics([AccountMetric::FollowersCount])
        .send()
        .await
        .unwrap();
    let ages = account()
        .metrics([AccountMetric::FollowerDemographics])
        .breakdown(Breakdown::Age);
    let ages = ages.send().await.unwrap();

    assert!(window.series(&AccountMetric::Views).unwrap().len() >= 7);
    assert!(window.total(&AccountMetric::Likes).is_some());
    assert!(followers.total(&AccountMetric::FollowersCount).is_some());
    assert!(
        !ages
            .breakdowns(&AccountMetric::FollowerDemographics)
            .unwrap()[0]
            .results
            .is_empty()
    );
}

#[tokio::test]
async fn the_stream_brings_every_post_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client(&sandbox, TokenPlacement::Header);

    let posts: Vec<Post> = client
        .posts()
        .list()
        .limit(25)
        .stream()
        .try_collect()
        .await
        .unwrap();

    let mut ids: Vec<_> = posts.iter().map(|post| post.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), posts.len());
    assert_eq!(posts.len(), sandbox.posts(ACCOUNT).unwrap().len());
    let first = client
        .posts()
        .list()
        .after(&Cursor::new("not a cursor"))
        .send()
        .await;
    assert!(first.unwrap_err().api().is_some());
}

#[tokio::test]
async fn a_text_and_a_carousel_are_published_and_read_back() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client(&sandbox, TokenPlacement::Header);
    let text = Draft::text("Grüße & küsse +1 👋")
        .topic_tag("Rust")
        .reply_control(ReplyControl::FollowersOnly);
    let image = |name| {
        Media::image(format!("https://media.example/{name}.jpg").parse().unwrap()).alt_text(name)
    };
    let carousel =
        Draft::carousel(vec![image("one"), image("two"), image("three")]).with_text("Three");

    let text = client
        .publishing()
        .publish_with(text, &quick_wait())
        .await
        .unwrap();
    let carousel = client
        .publishing()
        .publish_with(carousel, &quick_wait())
        .await
        .unwrap();

    let text = client.posts().get(&text).await.unwrap();
    assert_eq!(text.text.as_deref(), Some("Grüße & küsse +1 👋"));
    assert_eq!(text.topic_tag.as_deref(), Some("Rust"));
    let carousel = client.posts().get(&carousel).await.unwrap();
    assert_eq!(carousel.media_type, Some(MediaType::CarouselAlbum));
    assert_eq!(carousel.children.len(), 3);
}

#[tokio::test]
async fn a_publication_whose_answer_is_lost_is_found_by_its_container() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client(&sandbox, TokenPlacement::Header);
    let before = sandbox.posts(ACCOUNT).unwrap().len();
    sandbox.fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);

    let error = client
        .publishing()
        .publish_with(Draft::text("Once"), &quick_wait())
        .await
        .unwrap_err();

    let container = client
        .publishing()
        .container(error.container().unwrap())
        .await
        .unwrap();
    assert_eq!(container.status, ContainerStatus::Published);
    assert_eq!(sandbox.posts(ACCOUNT).unwrap().len(), before + 1);
}

#[tokio::test]
async fn a_login_leads_from_the_page_to_a_long_lived_token() {
    let sandbox = Sandbox::builder().auto_approve(true).start().await.unwrap();
    let redirect = sandbox.redirect_uris().remove(0);
    let oauth = OAuthClient::builder(
        sandbox.app_id(),
        AppSecret::new(sandbox.app_secret()),
        redirect,
    )
    .base_url(sandbox.base_url())
    .authorize_base(sandbox.authorize_url())
    .build()
    .unwrap();

    let (page, state) = oauth
        .authorize_url(&[Scope::Basic, Scope::ManageInsights])
        .unwrap();
    let code = AuthorizationResponse::from_url(&visit(page).await)
        .unwrap()
        .code_for(&state)
        .unwrap();
    let short = oauth.exchange_code(&code).await.unwrap();
    let long = oauth
        .exchange_long_lived(&short.access_token)
        .await
        .unwrap();
    let again = oauth.exchange_code(&code).await.unwrap_err();
    let info = oauth
        .debug_token(&long.access_token, &long.access_token)
        .await
        .unwrap();

    assert!(long.expires_in.unwrap() > Duration::from_hours(24 * 59));
    assert_eq!(info.user_id, short.user_id);
    assert_eq!(info.scopes, [Scope::Basic, Scope::ManageInsights]);
    assert!(info.is_valid && info.expires_at > info.issued_at);
    assert!(again.api().is_some(), "a code works once: {again:?}");
    assert!(!oauth.app_token().await.unwrap().expose().is_empty());
}
