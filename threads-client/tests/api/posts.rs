//! Posts: one, a page, and all of them.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::num::NonZeroUsize;

use chrono::DateTime;
use futures::{StreamExt, TryStreamExt};
use threads_client::{Client, Cursor, Error, MediaType, Post, PostId, ReplyAudience, UserId};
use wiremock::matchers::{query_param, query_param_is_missing};
use wiremock::{Mock, MockServer};

use crate::support::{answer, client, get, only_request, requests, server_answering};

const FIELDS: &str = concat!(
    "id,media_type,text,permalink,timestamp,username,shortcode,media_url,thumbnail_url,",
    "children{id,media_type,media_url,thumbnail_url,alt_text},is_quote_post,quoted_post,",
    "link_attachment_url,topic_tag,alt_text,gif_url,",
    "poll_attachment{option_a,option_b,option_c,option_d,option_a_votes_percentage,",
    "option_b_votes_percentage,option_c_votes_percentage,option_d_votes_percentage,",
    "total_votes,expiration_timestamp},text_entities,text_attachment,is_spoiler_media,has_replies,",
    "reposted_post,owner"
);

#[tokio::test]
async fn one_post_is_read_with_all_its_fields() {
    let server = server_answering(200, "post.json").await;

    let post = client(&server)
        .posts()
        .get(&PostId::new("17900000000000001"))
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/17900000000000001");
    let fields = format!("{FIELDS},is_verified,profile_picture_url,is_reply,root_post,replied_to");
    assert_eq!(request.query(), [("fields", fields.as_str())]);
    assert_eq!(post.id.as_str(), "17900000000000001");
    assert_eq!(post.media_type, Some(MediaType::CarouselAlbum));
    assert_eq!(post.text.as_deref(), Some("Two boats"));
    assert_eq!(
        post.permalink.unwrap().path(),
        "/@north.harbour/post/DAbc123"
    );
    assert_eq!(post.timestamp, DateTime::from_timestamp(1_778_996_523, 0));
    assert_eq!(post.username.as_deref(), Some("north.harbour"));
    assert_eq!(post.shortcode.as_deref(), Some("DAbc123"));
    assert_eq!(post.media_url.unwrap().path(), "/a.jpg");
    assert_eq!(post.thumbnail_url.unwrap().path(), "/t.jpg");
    assert_eq!(post.owner, Some(UserId::new("27000000000000001")));
    let children: Vec<_> = post.children.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(children, ["17900000000000003", "17900000000000002"]);
    assert_eq!(post.is_quote_post, Some(true));
    assert_eq!(post.quoted_post, Some(PostId::new("17900000000000009")));
    assert_eq!(post.reposted_post, None);
    assert_eq!(post.link_attachment_url.unwrap().path(), "/boats");
    assert_eq!(post.topic_tag.as_deref(), Some("Boats"));
    assert_eq!(post.alt_text.as_deref(), Some("A red and a blue boat"));
    assert_eq!(post.gif_url.unwrap().path(), "/x.gif");
}

#[tokio::test]
async fn unknown_kinds_and_odd_members_do_not_lose_the_post() {
    let server = server_answering(200, "post_of_tomorrow.json").await;

    let post = client(&server)
        .posts()
        .get(&PostId::new("17900000000000001"))
        .await
        .unwrap();

    assert_eq!(
        post.media_type,
        Some(MediaType::Unknown("HOLOGRAM".to_owned()))
    );
    assert_eq!(
        (post.text, post.permalink, post.quoted_post),
        (None, None, None)
    );
    assert_eq!(post.children, []);
    assert_eq!(post.reposted_post, Some(PostId::new("17900000000000008")));
    assert_eq!(post.reply_audience, Some(ReplyAudience::FollowersOnly));
}

#[test]
fn timestamps_are_read_with_and_without_a_colon_and_as_z() {
    let at = |text: &str| {
        let json = format!(r#"{{"id":"1","timestamp":"{text}"}}"#);
        serde_json::from_str::<Post>(&json).map(|post| post.timestamp)
    };
    let expected = DateTime::from_timestamp(1_778_996_523, 0);

    for text in [
        "2026-05-17T05:42:03+0000",
        "2026-05-17T05:42:03+00:00",
        "2026-05-17T05:42:03Z",
        "2026-05-17T07:42:03+0200",
        "2026-05-16T22:42:03-07:00",
        "2026-05-17T05:42:03.000+0000",
    ] {
        assert_eq!(at(text).unwrap(), expected, "{text}");
    }
    for text in ["", "yesterday", "2026-05-17", "1778996523"] {
        assert!(at(text).is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_list_without_options_asks_for_the_fields_only() {
    let server = server_answering(200, "posts_page_1.json").await;

    let page = client(&server).posts().list().send().await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/me/threads");
    assert_eq!(request.query(), [("fields", FIELDS)]);
    assert_eq!(page.items.len(), 2);
    assert_eq!(page.next, Some(Cursor::new("A1")));
    assert_eq!(page.previous, Some(Cursor::new("B1")));
}

#[tokio::test]
async fn a_list_passes_its_options_on() {
    let server = server_answering(200, "posts_page_1.json").await;

    let client = client(&server);
    let list = client.posts().list().limit(100).after(&Cursor::new("A+/="));
    let list = list.since(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
    list.until(DateTime::from_timestamp(1_700_000_060, 0).unwrap())
        .send()
        .await
        .unwrap();

    let expected = [
        ("after", "A+/="),
        ("fields", FIELDS),
        ("limit", "100"),
        ("since", "1700000000"),
        ("until", "1700000060"),
    ];
    assert_eq!(only_request(&server).await.query(), expected);
}

#[tokio::test]
async fn options_that_contradict_each_other_are_not_sent() {
    let server = server_answering(200, "posts_page_1.json").await;
    let client = client(&server);
    let time = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let cursor = Cursor::new("A1");
    let cases = [
        ("limit", client.posts().list().limit(0)),
        ("limit", client.posts().list().limit(101)),
        ("since", client.posts().list().since(time).until(time)),
        (
            "after",
            client.posts().list().after(&cursor).before(&cursor),
        ),
    ];

    for (field, list) in cases {
        match list.clone().send().await.unwrap_err() {
            Error::InvalidRequest(invalid) => assert_eq!(invalid.field.as_deref(), Some(field)),
            other => panic!("{list:?}: {other:?}"),
        }
        assert!(list.stream().next().await.unwrap().is_err());
    }
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn a_page_without_paging_has_no_neighbours() {
    let server = server_answering(200, "posts_page_without_paging.json").await;

    let page = client(&server).posts().list().send().await.unwrap();

    assert_eq!((page.next, page.previous), (None, None));
    assert_eq!(page.items.len(), 1);
}

#[tokio::test]
async fn the_stream_follows_cursors_until_one_is_missing_and_never_the_next_url() {
    let server = pages(&[
        ("", "posts_page_1.json"),
        ("A1", "posts_page_2.json"),
        ("A2", "posts_page_last.json"),
    ])
    .await;

    let ids = ids(&client(&server)).await;

    assert_eq!(
        ids,
        [
            "17900000000000001",
            "17900000000000002",
            "17900000000000003",
            "17900000000000004"
        ]
    );
    let requests = requests(&server).await;
    let after: Vec<_> = requests
        .iter()
        .map(|request| request.query.get("after").map(String::as_str))
        .collect();
    assert_eq!(after, [None, Some("A1"), Some("A2")]);
    for request in requests {
        assert_eq!(request.line, "GET /v1.0/me/threads");
        assert_eq!(request.query["fields"], FIELDS);
        assert_eq!(request.query["limit"], "2");
    }
}

#[tokio::test]
async fn the_stream_ends_on_an_empty_page_even_if_it_has_a_cursor() {
    let server = pages(&[("", "posts_page_1.json"), ("A1", "posts_page_empty.json")]).await;

    assert_eq!(ids(&client(&server)).await.len(), 2);
}

#[tokio::test]
async fn the_stream_ends_on_a_cursor_it_has_seen() {
    let pages = pages(&[
        ("", "posts_page_1.json"),
        ("A1", "posts_page_2.json"),
        ("A2", "posts_page_repeats.json"),
    ]);
    let server = pages.await;

    assert_eq!(ids(&client(&server)).await.len(), 4);
    assert_eq!(requests(&server).await.len(), 3);
}

#[tokio::test]
async fn an_error_ends_the_stream() {
    let server = MockServer::start().await;
    page(&server, "", "posts_page_1.json").await;
    get("/v1.0/me/threads")
        .respond_with(answer(400, "error_expired_token.json"))
        .expect(1)
        .mount(&server)
        .await;

    let items: Vec<_> = client(&server)
        .posts()
        .list()
        .limit(2)
        .stream()
        .collect()
        .await;

    assert_eq!(items.len(), 3);
    assert!(items[0].is_ok() && items[1].is_ok());
    assert!(items[2].as_ref().unwrap_err().is_auth());
}

#[tokio::test]
async fn a_stream_that_may_not_read_on_says_so() {
    let server = pages(&[("", "posts_page_1.json"), ("A1", "posts_page_2.json")]).await;

    let client = client(&server);
    let list = client
        .posts()
        .list()
        .limit(2)
        .max_pages(NonZeroUsize::new(2).unwrap());
    let items: Vec<_> = list.stream().collect().await;

    assert_eq!(items.iter().filter(|item| item.is_ok()).count(), 3);
    assert!(
        matches!(items.last(), Some(Err(Error::PageLimit { pages: 2, .. }))),
        "{items:?}"
    );
    assert_eq!(requests(&server).await.len(), 2);
}

#[tokio::test]
async fn the_stream_sends_nothing_before_it_is_polled() {
    let server = server_answering(200, "posts_page_last.json").await;

    let stream = client(&server).posts().list().stream();

    assert!(requests(&server).await.is_empty());
    assert_eq!(stream.count().await, 1);
}

#[tokio::test]
async fn ids_that_would_change_the_path_are_not_sent() {
    let server = server_answering(200, "post.json").await;

    for id in ["", "..", "me/threads", "1?x=1", "1#x", "%2e%2e", "1 2", "ü"] {
        let error = client(&server)
            .posts()
            .get(&PostId::new(id))
            .await
            .unwrap_err();

        assert!(
            matches!(error, Error::InvalidRequest(_)),
            "{id:?}: {error:?}"
        );
    }
    assert!(requests(&server).await.is_empty());
}

/// Serves each page once, for the cursor it belongs to.
async fn pages(pages: &[(&str, &str)]) -> MockServer {
    let server = MockServer::start().await;
    for (cursor, fixture) in pages {
        page(&server, cursor, fixture).await;
    }
    server
}

async fn page(server: &MockServer, cursor: &str, fixture: &str) {
    let list = get("/v1.0/me/threads");
    let list = if cursor.is_empty() {
        list.and(query_param_is_missing("after"))
    } else {
        list.and(query_param("after", cursor))
    };
    let mock: Mock = list
        .respond_with(answer(200, fixture))
        .up_to_n_times(1)
        .expect(1);
    mock.mount(server).await;
}

async fn ids(client: &Client) -> Vec<String> {
    let posts: Vec<Post> = client
        .posts()
        .list()
        .limit(2)
        .stream()
        .try_collect()
        .await
        .unwrap();
    posts.into_iter().map(|post| post.id.to_string()).collect()
}
