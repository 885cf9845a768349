//! Where Meta's documentation and its answers differ, as far as reading is concerned: one test for each trap.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use chrono::DateTime;
use futures::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use threads_client::{
    AccountMetric, Insights, Location, MediaType, Page, Period, Post, PostField, PostId,
    PostMetric, Profile, PublicProfile, ReplyAudience, ReplyControl, TextEntityType,
};
use wiremock::MockServer;

use crate::support::{answer, client, fixture, get, only_request, requests, server_answering};

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

#[test]
fn ids_come_as_strings_and_as_numbers_beyond_two_to_the_53() {
    let post: Post = read(
        r#"{"id":9007199254740993,"owner":{"id":"9007199254740995"},"root_post":{"id":9007199254740997},
            "children":{"data":[{"id":9007199254740999}]},"location_id":9007199254741001}"#,
    );
    let place: Location = read(r#"{"id":9007199254741003}"#);

    assert_eq!(post.id.as_str(), "9007199254740993");
    assert_eq!(post.owner.unwrap().as_str(), "9007199254740995");
    assert_eq!(post.root_post.unwrap().as_str(), "9007199254740997");
    assert_eq!(post.children[0].id.as_str(), "9007199254740999");
    assert_eq!(post.location_id.unwrap().as_str(), "9007199254741001");
    assert_eq!(place.id.as_str(), "9007199254741003");
    assert_eq!(
        serde_json::to_string(&post.id).unwrap(),
        r#""9007199254740993""#
    );
}

#[test]
fn timestamps_have_no_colon_or_end_in_z_and_keywords_count_milliseconds() {
    let expected = DateTime::from_timestamp(1_778_996_523, 0);
    for time in ["2026-05-17T05:42:03+0000", "2026-05-17T05:42:03Z"] {
        let post: Post = read(&format!(
            r#"{{"id":"1","timestamp":"{time}","ghost_post_expiration_timestamp":"{time}",
                "poll_attachment":{{"expiration_timestamp":"{time}"}}}}"#
        ));

        assert_eq!(post.timestamp, expected);
        assert_eq!(post.ghost_post_expiration_timestamp, expected);
        assert_eq!(post.poll.unwrap().expiration_timestamp, expected);
    }

    let profile: Profile = read(
        r#"{"id":"1","username":"a","recently_searched_keywords":[{"query":"x","timestamp":1778996523000}]}"#,
    );
    let keywords = profile.recently_searched_keywords.unwrap();
    assert_eq!(keywords[0].searched_at, expected);
}

#[test]
fn media_types_have_other_names_when_read_and_in_search() {
    let kind = |name: &str| {
        let post: Post = read(&format!(r#"{{"id":"1","media_type":"{name}"}}"#));
        post.media_type.unwrap()
    };

    for (name, expected) in [
        ("TEXT_POST", MediaType::TextPost),
        ("TEXT", MediaType::TextPost),
        ("CAROUSEL_ALBUM", MediaType::CarouselAlbum),
        ("IMAGE", MediaType::Image),
        ("VIDEO", MediaType::Video),
        ("AUDIO", MediaType::Audio),
        ("REPOST_FACADE", MediaType::RepostFacade),
        ("CAROUSEL", MediaType::Unknown("CAROUSEL".to_owned())),
    ] {
        assert_eq!(kind(name), expected);
    }
}

#[test]
fn reply_audience_is_upper_case_where_reply_control_is_lower_case() {
    let pairs = [
        (ReplyAudience::Everyone, ReplyControl::Everyone),
        (
            ReplyAudience::AccountsYouFollow,
            ReplyControl::AccountsYouFollow,
        ),
        (ReplyAudience::MentionedOnly, ReplyControl::MentionedOnly),
        (
            ReplyAudience::ParentPostAuthorOnly,
            ReplyControl::ParentPostAuthorOnly,
        ),
        (ReplyAudience::FollowersOnly, ReplyControl::FollowersOnly),
    ];

    for (read_as, sent_as) in pairs {
        let name = sent_as.as_str().to_ascii_uppercase();
        let post: Post = read(&format!(r#"{{"id":"1","reply_audience":"{name}"}}"#));

        assert_eq!(post.reply_audience, Some(read_as));
    }
}

#[test]
fn is_quote_post_means_that_this_post_quotes_another() {
    let post: Post = read(r#"{"id":"1","is_quote_post":true,"quoted_post":{"id":"2"}}"#);

    assert_eq!(post.is_quote_post, Some(true));
    assert_eq!(post.quoted_post, Some(PostId::new("2")));
}

#[tokio::test]
async fn what_is_read_is_asked_for_by_its_name_for_reading() {
    let server = server_answering(200, "posts_page_1.json").await;
    let client = client(&server);

    client.posts().list().send().await.unwrap();
    client.replies().mine().send().await.unwrap();
    client.search().keyword("x").send().await.unwrap();

    for request in requests(&server).await {
        let fields = format!(",{},", request.query["fields"]);
        for name in ["link_attachment_url", "gif_url"] {
            assert!(fields.contains(&format!(",{name},")), "{name}: {fields}");
        }
        for name in ["link_attachment", "gif_attachment"] {
            assert!(!fields.contains(&format!(",{name},")), "{name}: {fields}");
        }
    }
}

#[test]
fn pictures_have_another_name_on_own_and_on_public_profiles() {
    let own: Profile =
        read(r#"{"id":"1","username":"a","threads_profile_picture_url":"https://a.example/1"}"#);
    let public: PublicProfile =
        read(r#"{"username":"a","profile_picture_url":"https://a.example/2"}"#);

    assert_eq!(own.picture_url.unwrap().path(), "/1");
    assert_eq!(public.picture_url.unwrap().path(), "/2");
}

#[test]
fn text_entities_come_as_an_array_and_wrapped_with_numbers_and_with_strings() {
    for entities in [
        r#"[{"entity_type":"SPOILER","offset":1,"length":2}]"#,
        r#"{"data":[{"entity_type":"SPOILER","offset":1,"length":2}]}"#,
        r#"{"data":[{"entity_type":"spoiler","offset":"1","length":"2"}]}"#,
        r#"{"paging":{},"data":[{"entity_type":"SPOILER","offset":1,"length":"2","text":"x"}]}"#,
    ] {
        let post: Post = read(&format!(r#"{{"id":"1","text_entities":{entities}}}"#));

        let [entity] = post.text_entities.try_into().unwrap();
        assert_eq!(entity.entity_type, TextEntityType::Spoiler, "{entities}");
        assert_eq!(
            (entity.offset, entity.length),
            (Some(1), Some(2)),
            "{entities}"
        );
    }
}

#[tokio::test]
async fn children_and_polls_are_left_out_unless_their_parts_are_asked_for() {
    let server = server_answering(200, "posts_page_1.json").await;

    client(&server).posts().list().send().await.unwrap();

    let request = only_request(&server).await;
    let fields = &request.query["fields"];
    assert!(
        fields.contains(",children{id,media_type,media_url,thumbnail_url,alt_text},"),
        "{fields}"
    );
    assert!(fields.contains(",poll_attachment{option_a,"), "{fields}");
    assert!(
        fields.contains(",total_votes,expiration_timestamp},"),
        "{fields}"
    );
}

#[tokio::test]
async fn paging_urls_hold_the_token_and_are_never_followed() {
    let server = MockServer::start().await;
    get("/v1.0/me/mentions")
        .respond_with(answer(200, "posts_page_last.json"))
        .mount(&server)
        .await;

    let posts: Vec<_> = client(&server).posts().mentions().stream().collect().await;

    // This page has a `next` URL, and no cursor.
    assert_eq!(posts.len(), 1);
    assert_eq!(requests(&server).await.len(), 1);
    let page: Page<Post> = read(&String::from_utf8(fixture("posts_page_1.json")).unwrap());
    assert!(!format!("{page:?}").contains("THQVJ"));
    let insights: Insights<AccountMetric> =
        read(&String::from_utf8(fixture("account_insights.json")).unwrap());
    assert!(!format!("{insights:?}").contains("THQVJ"));
}

#[tokio::test]
async fn paging_can_be_absent_as_in_searches() {
    let server = server_answering(200, "search_page.json").await;

    let posts: Vec<Post> = client(&server)
        .search()
        .keyword("boats")
        .stream()
        .try_collect()
        .await
        .unwrap();

    assert_eq!(posts.len(), 1);
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn period_and_window_of_media_insights_are_passed_on_only_if_asked_for() {
    let server = server_answering(200, "post_insights.json").await;
    let client = client(&server);
    let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let post = PostId::new("1");
    let request = || client.insights().post(&post).metrics([PostMetric::Views]);

    request().send().await.unwrap();
    let windowed = request().since(time(5)).until(time(9));
    windowed.period(Period::Lifetime).send().await.unwrap();
    let refused = request().since(time(9)).until(time(9)).send().await;

    let requests = requests(&server).await;
    assert_eq!(requests[0].query(), [("metric", "views")]);
    let expected = [
        ("metric", "views"),
        ("period", "lifetime"),
        ("since", "5"),
        ("until", "9"),
    ];
    assert_eq!(requests[1].query(), expected);
    assert!(refused.is_err());
    assert_eq!(requests.len(), 2);
}

#[test]
fn the_metric_replies_is_found_by_name_although_its_id_says_thread_replies() {
    let insights: Insights<PostMetric> = read(
        r#"{"data":[{"name":"replies","period":"lifetime","values":[{"value":7}],
            "id":"1/insights/thread_replies/lifetime"}]}"#,
    );

    assert_eq!(insights.total(&PostMetric::Replies), Some(7));
}

#[test]
fn views_of_an_account_come_as_days_or_as_one_total() {
    let days: Insights<AccountMetric> = read(
        r#"{"data":[{"name":"views","period":"day","values":[{"value":3,"end_time":"2026-07-10T07:00:00+0000"}]}]}"#,
    );
    let total: Insights<AccountMetric> =
        read(r#"{"data":[{"name":"views","period":"day","total_value":{"value":3}}]}"#);

    assert_eq!(days.total(&AccountMetric::Views), None);
    assert_eq!(days.series(&AccountMetric::Views).unwrap().len(), 1);
    assert_eq!(total.total(&AccountMetric::Views), Some(3));
    assert_eq!(total.series(&AccountMetric::Views), None);
}

#[test]
fn replies_count_of_a_public_profile_may_be_there_or_not() {
    let with: PublicProfile = read(r#"{"username":"a","replies_count":3}"#);
    let without: PublicProfile = read(r#"{"username":"a"}"#);

    assert_eq!((with.replies_count, without.replies_count), (Some(3), None));
}

#[tokio::test]
async fn a_place_is_searched_for_with_q_and_not_with_query() {
    let server = server_answering(200, "locations.json").await;

    let client = client(&server);
    let search = client.locations().search().query("Menlo Park");
    search.send().await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.query["q"], "Menlo Park");
    assert!(!request.query.contains_key("query"));
}

#[tokio::test]
async fn reads_send_their_parameters_in_the_query_and_no_body() {
    let server = server_answering(200, "posts_page_1.json").await;
    let client = client(&server);

    client.posts().list().send().await.unwrap();
    client.posts().get(&PostId::new("1")).await.unwrap_err();
    client.search().keyword("x").send().await.unwrap();

    for request in server.received_requests().await.unwrap() {
        assert_eq!(request.method.as_str(), "GET");
        assert!(request.body.is_empty());
        assert!(!request.headers.contains_key("content-type"));
        assert!(request.url.query().unwrap().contains("fields="));
    }
}

#[tokio::test]
async fn each_family_of_quotas_is_asked_for_by_itself() {
    let server = server_answering(200, "quota.json").await;
    let client = client(&server);

    client.quota().publishing().await.unwrap();
    client.quota().replies().await.unwrap();
    client.quota().deletions().await.unwrap();
    client.quota().location_searches().await.unwrap();

    let fields: Vec<_> = requests(&server)
        .await
        .iter()
        .map(|request| request.query["fields"].clone())
        .collect();
    let expected = [
        "quota_usage,config",
        "reply_quota_usage,reply_config",
        "delete_quota_usage,delete_config",
        "location_search_quota_usage,location_search_config",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn one_field_too_many_fails_the_whole_call_so_scope_bound_ones_are_asked_for_by_choice() {
    let server = server_answering(200, "posts_page_1.json").await;
    let client = client(&server);
    let bound = ["reply_audience", "location_id", "location{"];

    client.posts().list().send().await.unwrap();
    let chosen = [
        PostField::ReplyAudience,
        PostField::LocationId,
        PostField::Location,
    ];
    let list = client.posts().list().add_fields(chosen);
    list.send().await.unwrap();

    let requests = requests(&server).await;
    for name in bound {
        assert!(!requests[0].query["fields"].contains(name), "{name}");
        assert!(requests[1].query["fields"].contains(name), "{name}");
    }
}

#[tokio::test]
async fn a_dead_token_can_hide_behind_a_resource_that_does_not_exist() {
    let server = server_answering(400, "error_media_not_found.json").await;

    let error = client(&server).posts().list().send().await.unwrap_err();

    // Not guessed here: whoever sees it on an own list checks the token.
    assert!(!error.is_auth());
    assert!(error.api().is_some());
}
