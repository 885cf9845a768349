//! The lists of posts: where they are, what they pass on, and where they end.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

use std::num::NonZeroUsize;
use std::pin::Pin;
use std::time::Duration;

use chrono::DateTime;
use futures::{FutureExt, Stream, StreamExt};
use threads_client::{
    Client, Cursor, Error, HideStatus, Page, Post, PostField, PostId, ReplyApprovalStatus,
    ReplyOrder, Result,
};
use wiremock::matchers::{query_param, query_param_is_missing};
use wiremock::{MockServer, ResponseTemplate};

use crate::support::{self, answer, client, get, only_request, requests, server_answering};

const COMMON: &str = "id,media_type,text,permalink,timestamp,username,shortcode,media_url,thumbnail_url,\
     children{id,media_type,media_url,thumbnail_url,alt_text},is_quote_post,quoted_post,\
     link_attachment_url,topic_tag,alt_text,gif_url,\
     poll_attachment{option_a,option_b,option_c,option_d,option_a_votes_percentage,\
     option_b_votes_percentage,option_c_votes_percentage,option_d_votes_percentage,\
     total_votes,expiration_timestamp},text_entities,text_attachment,is_spoiler_media,has_replies";

type Posts = Pin<Box<dyn Stream<Item = Result<Post>> + Send>>;
type Answer<'a> = Pin<Box<dyn Future<Output = Result<Page<Post>>> + Send + 'a>>;

/// One of the lists, with the options that all of them have.
struct List {
    path: &'static str,
    /// Beyond the common ones, or all if it starts with `=`.
    fields: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    page: fn(&Client) -> Answer<'_>,
    stream: fn(&Client, u8) -> Posts,
}

fn post() -> PostId {
    PostId::new("17900000000000040")
}

macro_rules! list {
    ($path:literal, $fields:literal, $parameters:expr, $client:ident => $request:expr) => {
        List {
            path: concat!("/v1.0/", $path),
            fields: $fields,
            parameters: $parameters,
            page: |$client| Box::pin(async move { $request.send().await }),
            stream: |$client, limit| Box::pin($request.limit(limit).stream()),
        }
    };
}

fn lists() -> Vec<List> {
    vec![
        list!("me/threads", "reposted_post,owner", &[], client => client.posts().list()),
        list!(
            "me/mentions",
            "reposted_post,is_verified,profile_picture_url",
            &[],
            client => client.posts().mentions()
        ),
        list!(
            "me/ghost_posts",
            "=id,media_type,text,permalink,timestamp,username,shortcode,owner,text_entities,\
             ghost_post_status,ghost_post_expiration_timestamp",
            &[],
            client => client.posts().ghost_posts()
        ),
        list!(
            "me/replies",
            "is_reply,is_reply_owned_by_me,root_post,replied_to,hide_status",
            &[],
            client => client.replies().mine()
        ),
        list!(
            "17900000000000040/replies",
            "is_reply,is_reply_owned_by_me,root_post,replied_to,hide_status,is_verified,profile_picture_url",
            &[],
            client => client.replies().of(&post())
        ),
        list!(
            "17900000000000040/conversation",
            "is_reply,is_reply_owned_by_me,root_post,replied_to,hide_status,is_verified,profile_picture_url",
            &[],
            client => client.replies().conversation(&post())
        ),
        list!(
            "17900000000000040/pending_replies",
            "is_reply,is_reply_owned_by_me,root_post,replied_to,hide_status,is_verified,profile_picture_url,\
             reply_approval_status",
            &[],
            client => client.replies().pending(&post())
        ),
        list!(
            "profile_posts",
            "reposted_post",
            &[("username", "big.lighthouse")],
            client => client.profile().public_posts(" @big.lighthouse")
        ),
        list!(
            "keyword_search",
            "is_verified,profile_picture_url",
            &[("q", "boats & piers")],
            client => client.search().keyword("boats & piers")
        ),
    ]
}

#[tokio::test]
async fn each_list_asks_its_own_address_for_its_own_fields() {
    for list in lists() {
        let server = server_answering(200, "posts_page_1.json").await;

        let page = (list.page)(&client(&server)).await.unwrap();

        let request = only_request(&server).await;
        assert_eq!(request.line, format!("GET {}", list.path));
        let fields = match list.fields.strip_prefix('=') {
            Some(all) => all.to_owned(),
            None => format!("{COMMON},{}", list.fields),
        };
        let mut expected: Vec<(&str, &str)> = list.parameters.to_vec();
        expected.push(("fields", &fields));
        expected.sort_unstable();
        assert_eq!(request.query(), expected, "{}", list.path);
        assert_eq!(page.items.len(), 2);
        assert_eq!(page.next, Some(Cursor::new("A1")));
    }
}

#[tokio::test]
async fn each_stream_follows_cursors_and_ends_on_an_empty_page() {
    for list in lists() {
        let server = MockServer::start().await;
        serve(&server, list.path, "", "posts_page_1.json").await;
        serve(&server, list.path, "A1", "posts_page_2.json").await;
        serve(&server, list.path, "A2", "posts_page_empty.json").await;

        let posts: Vec<_> = (list.stream)(&client(&server), 2).collect().await;

        let ids: Vec<_> = posts
            .iter()
            .map(|post| post.as_ref().unwrap().id.as_str())
            .collect();
        assert_eq!(
            ids,
            [
                "17900000000000001",
                "17900000000000002",
                "17900000000000003"
            ],
            "{}",
            list.path
        );
        for request in requests(&server).await {
            assert_eq!(request.query["limit"], "2", "{}", list.path);
        }
    }
}

#[tokio::test]
async fn each_stream_ends_where_a_cursor_is_missing_or_comes_again() {
    for list in lists() {
        let ends = MockServer::start().await;
        serve(&ends, list.path, "", "posts_page_last.json").await;
        let repeats = MockServer::start().await;
        serve(&repeats, list.path, "", "posts_page_1.json").await;
        serve(&repeats, list.path, "A1", "posts_page_2.json").await;
        serve(&repeats, list.path, "A2", "posts_page_repeats.json").await;

        let last = (list.stream)(&client(&ends), 100).count().await;
        let repeated = (list.stream)(&client(&repeats), 100).count().await;

        assert_eq!((last, repeated), (1, 4), "{}", list.path);
    }
}

#[tokio::test]
async fn each_list_refuses_a_page_size_that_meta_would_refuse() {
    for list in lists() {
        let server = server_answering(200, "posts_page_1.json").await;

        for limit in [0, 101] {
            let error = (list.stream)(&client(&server), limit).next().await;
            assert_eq!(
                field_of(error.unwrap().unwrap_err()),
                "limit",
                "{}",
                list.path
            );
        }
        assert!(requests(&server).await.is_empty());
    }
}

#[tokio::test]
async fn a_stream_that_is_interrupted_loses_nothing_and_asks_nothing_twice() {
    let server = MockServer::start().await;
    get("/v1.0/me/replies")
        .respond_with(answer(200, "posts_page_last.json").set_delay(Duration::from_millis(100)))
        .expect(1)
        .mount(&server)
        .await;
    let mut stream = client(&server).replies().mine().stream();

    // Polled once, and dropped while the request is under way.
    assert!(stream.next().now_or_never().is_none());
    tokio::task::yield_now().await;
    assert!(stream.next().now_or_never().is_none());
    let posts: Vec<_> = stream.collect().await;

    assert_eq!(posts.len(), 1);
    assert!(posts[0].is_ok());
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn fields_can_be_added_and_chosen() {
    let server = server_answering(200, "posts_page_1.json").await;
    let client = client(&server);

    let list = client.posts().list();
    list.add_fields([
        PostField::ReplyAudience,
        PostField::Location,
        PostField::Text,
    ])
    .send()
    .await
    .unwrap();
    let list = client.replies().mine().fields([PostField::Text]);
    list.add_fields([PostField::Unknown("field_of_tomorrow".to_owned())])
        .send()
        .await
        .unwrap();

    let requests = requests(&server).await;
    assert_eq!(
        requests[0].query["fields"],
        format!(
            "{COMMON},reposted_post,owner,reply_audience,\
             location{{id,address,city,country,name,latitude,longitude,postal_code}}"
        )
    );
    assert_eq!(requests[1].query["fields"], "id,text,field_of_tomorrow");
}

#[tokio::test]
async fn lists_of_an_account_pass_on_a_window_and_cursors() {
    let server = server_answering(200, "posts_page_1.json").await;
    let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();

    client(&server)
        .posts()
        .mentions()
        .fields([])
        .since(time(1_688_540_400))
        .until(time(1_688_540_401))
        .before(&Cursor::new("B+"))
        .send()
        .await
        .unwrap();

    let expected = [
        ("before", "B+"),
        ("fields", "id"),
        ("since", "1688540400"),
        ("until", "1688540401"),
    ];
    assert_eq!(only_request(&server).await.query(), expected);
}

#[tokio::test]
async fn a_window_before_meta_has_posts_is_not_sent() {
    let server = server_answering(200, "posts_page_1.json").await;
    let early = DateTime::from_timestamp(1_688_540_399, 0).unwrap();
    let client = client(&server);

    let errors = [
        client.posts().list().since(early).send().await,
        client.search().keyword("x").since(early).send().await,
    ];

    for error in errors {
        assert_eq!(field_of(error.unwrap_err()), "since");
    }
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn replies_are_listed_in_either_order_and_pending_ones_by_status() {
    let server = server_answering(200, "replies_page.json").await;
    let client = client(&server);
    let replies = client.replies();

    let page = replies
        .of(&post())
        .order(ReplyOrder::OldestFirst)
        .fields([])
        .send()
        .await
        .unwrap();
    replies
        .conversation(&post())
        .order(ReplyOrder::NewestFirst)
        .fields([])
        .after(&page.next.clone().unwrap())
        .send()
        .await
        .unwrap();
    for status in [ReplyApprovalStatus::Pending, ReplyApprovalStatus::Ignored] {
        replies
            .pending(&post())
            .approval_status(&status)
            .order(ReplyOrder::OldestFirst)
            .fields([])
            .send()
            .await
            .unwrap();
    }

    let requests = requests(&server).await;
    let queries: Vec<_> = requests.iter().map(support::Seen::query).collect();
    let expected = [
        vec![("fields", "id"), ("reverse", "false")],
        vec![("after", "RA"), ("fields", "id"), ("reverse", "true")],
        vec![
            ("approval_status", "pending"),
            ("fields", "id"),
            ("reverse", "false"),
        ],
        vec![
            ("approval_status", "ignored"),
            ("fields", "id"),
            ("reverse", "false"),
        ],
    ];
    assert_eq!(queries, expected);
    let reply = &page.items[1];
    assert_eq!(reply.replied_to, Some(PostId::new("17900000000000061")));
    assert_eq!(
        reply.hide_status,
        Some(HideStatus::Unknown("HUSHED_TOMORROW".to_owned()))
    );
    assert_eq!(
        reply.reply_approval_status,
        Some(ReplyApprovalStatus::Ignored)
    );
}

#[tokio::test]
async fn ids_and_names_that_would_change_the_call_are_not_sent() {
    let server = server_answering(200, "posts_page_1.json").await;
    let client = client(&server);

    for bad in ["", "..", "me/threads", "1?x=1", "1#x", "ü"] {
        let id = PostId::new(bad);
        let replies = client.replies();
        let errors = [
            replies.of(&id).send().await,
            replies.conversation(&id).send().await,
            replies.pending(&id).send().await,
        ];
        for error in errors {
            assert_eq!(field_of(error.unwrap_err()), "post", "{bad:?}");
        }
    }
    for bad in ["", "@", " ", "a b", "a/b", "@@a", "ü"] {
        let error = client.profile().public_posts(bad).send().await.unwrap_err();
        assert_eq!(field_of(error), "username", "{bad:?}");
        let mut stream = client.profile().public_posts(bad).stream();
        assert!(stream.next().await.unwrap().is_err(), "{bad:?}");
    }
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn a_stream_reads_no_more_pages_than_it_may() {
    let server = MockServer::start().await;
    get("/v1.0/keyword_search")
        .respond_with(answer(200, "replies_page.json"))
        .mount(&server)
        .await;

    let client = client(&server);
    let search = client
        .search()
        .keyword("x")
        .max_pages(NonZeroUsize::new(1).unwrap());
    let items: Vec<_> = search.stream().collect().await;

    assert!(
        matches!(items.last(), Some(Err(Error::PageLimit { pages: 1, .. }))),
        "{items:?}"
    );
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn an_error_ends_every_stream() {
    for list in lists() {
        let server = MockServer::start().await;
        serve(&server, list.path, "", "posts_page_1.json").await;
        get(list.path)
            .respond_with(answer(400, "error_permission.json"))
            .expect(1)
            .mount(&server)
            .await;

        let items: Vec<_> = (list.stream)(&client(&server), 2).collect().await;

        assert_eq!(items.len(), 3, "{}", list.path);
        assert!(items[2].as_ref().unwrap_err().api().is_some());
    }
}

fn field_of(error: Error) -> String {
    match error {
        Error::InvalidRequest(invalid) => invalid.field.unwrap().into_owned(),
        other => panic!("{other:?}"),
    }
}

/// Serves a page once, for the cursor it belongs to.
async fn serve(server: &MockServer, path: &str, cursor: &str, fixture: &str) {
    let page = get(path);
    let page = if cursor.is_empty() {
        page.and(query_param_is_missing("after"))
    } else {
        page.and(query_param("after", cursor))
    };
    let response: ResponseTemplate = answer(200, fixture);
    page.respond_with(response)
        .up_to_n_times(1)
        .expect(1)
        .mount(server)
        .await;
}

#[tokio::test]
async fn a_page_with_more_items_than_meta_ever_sends_is_an_error_and_not_a_memory_hog() {
    let page = |items: usize| {
        let data: Vec<_> = (0..items)
            .map(|number| serde_json::json!({ "id": number.to_string() }))
            .collect();
        ResponseTemplate::new(200).set_body_json(serde_json::json!({ "data": data }))
    };

    for (items, is_read) in [(1_000, true), (1_001, false)] {
        let server = MockServer::start().await;
        wiremock::Mock::given(wiremock::matchers::any())
            .respond_with(page(items))
            .mount(&server)
            .await;

        let read = client(&server).posts().list().send().await;

        match read {
            Ok(page) => assert!(is_read && page.items.len() == items),
            Err(Error::Decode { path, .. }) => assert!(!is_read, "{path}"),
            Err(other) => panic!("{other}"),
        }
    }
}
