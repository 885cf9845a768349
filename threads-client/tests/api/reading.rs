//! One post with everything in it, and what can be done with one: choosing fields, deleting, moderating.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use chrono::DateTime;
use threads_client::{
    AccessToken, Client, Error, GhostPostStatus, HideStatus, LocationId, MediaProductType,
    MediaType, Post, PostField, PostId, ReplyApprovalStatus, ReplyAudience, TextEntityType,
    TextStyle, TokenPlacement,
};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::peer::{Behaviour, Peer};
use crate::support::{
    self, TOKEN, answer, client, client_at, only_request, requests, server_answering, url,
};

fn full() -> Post {
    serde_json::from_slice(&support::fixture("post_full.json")).unwrap()
}

#[test]
fn every_documented_field_of_a_post_is_read() {
    let post = full();

    assert_eq!(post.media_product_type, Some(MediaProductType::Threads));
    assert_eq!(post.is_verified, Some(false));
    assert_eq!(post.profile_picture_url.unwrap().path(), "/p.jpg");
    assert_eq!(post.is_spoiler_media, Some(true));
    assert_eq!(post.has_replies, Some(true));
    assert_eq!(
        (post.is_reply, post.is_reply_owned_by_me),
        (Some(true), Some(false))
    );
    assert_eq!(post.root_post, Some(PostId::new("17900000000000040")));
    assert_eq!(post.replied_to, Some(PostId::new("17900000000000041")));
    assert_eq!(post.hide_status, Some(HideStatus::NotHushed));
    assert_eq!(
        post.reply_approval_status,
        Some(ReplyApprovalStatus::Pending)
    );
    assert_eq!(post.reply_audience, Some(ReplyAudience::MentionedOnly));
    assert_eq!(post.location_id, Some(LocationId::new("12345")));
    assert_eq!(
        post.allowlisted_country_codes,
        Some(vec!["DE".to_owned(), "DK".to_owned()])
    );
    assert_eq!(post.ghost_post_status, Some(GhostPostStatus::Archived));
    assert_eq!(
        post.ghost_post_expiration_timestamp,
        DateTime::from_timestamp(1_779_082_923, 0)
    );
}

#[test]
fn the_place_of_a_post_is_read() {
    let place = full().location.unwrap();

    assert_eq!(place.id, LocationId::new("12345"));
    assert_eq!(place.name.as_deref(), Some("Acme Pier"));
    assert_eq!(place.address.as_deref(), Some("1 Quay St"));
    assert_eq!(place.city.as_deref(), Some("Lübeck"));
    assert_eq!(place.country.as_deref(), Some("Germany"));
    assert_eq!((place.latitude, place.longitude), (Some(53.87), Some(10.0)));
    assert_eq!(place.postal_code.as_deref(), Some("23552"));
}

#[test]
fn a_poll_is_read_with_the_options_it_has() {
    let poll = full().poll.unwrap();

    let options: Vec<_> = poll
        .options
        .iter()
        .map(|option| (option.text.as_str(), option.share))
        .collect();
    assert_eq!(
        options,
        [
            ("Lübeck", Some(0.25)),
            ("Tyre", Some(0.75)),
            ("Jaffa", Some(0.0))
        ]
    );
    assert_eq!(poll.total_votes, Some(8));
    assert_eq!(
        poll.expiration_timestamp,
        DateTime::from_timestamp(1_779_082_923, 0)
    );
}

#[test]
fn a_poll_that_nobody_counted_has_no_votes_rather_than_none_at_all() {
    let post: Post =
        serde_json::from_str(r#"{"id":"1","poll_attachment":{"option_a":"Yes","option_b":"No"}}"#)
            .unwrap();

    let poll = post.poll.unwrap();
    assert_eq!((poll.total_votes, poll.options[0].share), (None, None));
    assert_eq!(poll.options.len(), 2);
}

#[test]
fn the_items_of_a_carousel_are_read_in_order() {
    let [image, video] = full().children.try_into().unwrap();

    assert_eq!(image.id, PostId::new("17900000000000051"));
    assert_eq!(image.media_type, Some(MediaType::Image));
    assert_eq!(image.media_url.unwrap().path(), "/1.jpg");
    assert_eq!(image.alt_text.as_deref(), Some("A pier"));
    assert_eq!(image.thumbnail_url, None);
    assert_eq!(video.id, PostId::new("17900000000000052"));
    assert_eq!(video.media_type, Some(MediaType::Video));
    assert_eq!(video.thumbnail_url.unwrap().path(), "/2.jpg");
    assert_eq!(video.alt_text, None);
}

#[test]
fn the_attached_text_is_read_with_its_styles() {
    let attachment = full().text_attachment.unwrap();

    assert_eq!(
        attachment.plaintext.as_deref(),
        Some("A long story about harbours")
    );
    assert_eq!(attachment.link_attachment_url.unwrap().path(), "/harbours");
    let [first, second] = attachment.text_with_styling_info.try_into().unwrap();
    assert_eq!((first.offset, first.length), (Some(0), Some(6)));
    assert_eq!(first.styling_info, [TextStyle::Bold, TextStyle::Italic]);
    let styles = [
        TextStyle::Underline,
        TextStyle::Strikethrough,
        TextStyle::Highlight,
        TextStyle::Unknown("neon".to_owned()),
    ];
    assert_eq!(second.styling_info, styles);
}

#[test]
fn odd_members_do_not_lose_the_post() {
    let post: Post = serde_json::from_str(
        r#"{"id":"1","children":{"paging":{},"data":null},"text_entities":null,"root_post":{},
            "poll_attachment":{"option_a":"Yes","option_a_votes_percentage":"0.5","total_votes":"2"},
            "text_attachment":{"text_with_styling_info":{"data":[{"styling_info":null}]}},
            "location":{"id":7,"latitude":"53.5","longitude":"far","postal_code":null},
            "text_attachment_of_tomorrow":{},"hide_status":"GONE","allowlisted_country_codes":null}"#,
    )
    .unwrap();

    assert!(post.children.is_empty() && post.text_entities.is_empty());
    assert_eq!(post.root_post, None);
    let poll = post.poll.unwrap();
    assert_eq!(
        (poll.options[0].share, poll.total_votes),
        (Some(0.5), Some(2))
    );
    assert_eq!(
        post.text_attachment.unwrap().text_with_styling_info[0].styling_info,
        []
    );
    let place = post.location.unwrap();
    assert_eq!((place.latitude, place.longitude), (Some(53.5), None));
    assert_eq!(
        post.hide_status,
        Some(HideStatus::Unknown("GONE".to_owned()))
    );
    assert_eq!(post.allowlisted_country_codes, None);
}

#[tokio::test]
async fn chosen_fields_of_a_post_are_asked_for_with_their_parts() {
    let server = server_answering(200, "post_full.json").await;

    let fields = [
        PostField::ReplyAudience,
        PostField::Children,
        PostField::PollAttachment,
    ];
    client(&server)
        .posts()
        .select(&PostId::new("17900000000000042"), &fields)
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/17900000000000042");
    let expected = "id,reply_audience,children{id,media_type,media_url,thumbnail_url,alt_text},\
                    poll_attachment{option_a,option_b,option_c,option_d,option_a_votes_percentage,\
                    option_b_votes_percentage,option_c_votes_percentage,option_d_votes_percentage,\
                    total_votes,expiration_timestamp}";
    assert_eq!(request.query(), [("fields", expected)]);
}

#[tokio::test]
async fn a_post_is_deleted_by_a_request_without_a_body() {
    let server = server_answering(200, "deleted.json").await;

    let deleted = client(&server)
        .posts()
        .delete(&PostId::new("17900000000000001"))
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "DELETE /v1.0/17900000000000001");
    assert_eq!((request.query(), request.form()), (vec![], vec![]));
    assert_eq!(
        request.authorization.as_deref(),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert_eq!(deleted.deleted_id, Some(PostId::new("17900000000000001")));
}

#[tokio::test]
async fn the_token_of_a_deletion_can_travel_in_the_query() {
    let server = server_answering(200, "deleted.json").await;
    let client = Client::builder()
        .access_token(AccessToken::new(TOKEN))
        .base_url(url(&server.uri()))
        .token_placement(TokenPlacement::Query)
        .build()
        .unwrap();

    client.posts().delete(&PostId::new("1")).await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.query(), [("access_token", TOKEN)]);
    assert_eq!(request.authorization, None);
}

#[tokio::test]
async fn a_deletion_and_an_approval_are_sent_once_whatever_happens() {
    let id = PostId::new("1");
    for failure in [
        answer(503, "error_transient.json").insert_header("retry-after", "0"),
        answer(400, "error_rate_limit.json"),
        ResponseTemplate::new(502),
    ] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(failure)
            .mount(&server)
            .await;
        // Each of another account: what is held back would not be seen here.
        let client = |account: &str| client(&server).with_access_token(AccessToken::new(account));

        assert!(client("one").posts().delete(&id).await.is_err());
        assert!(client("two").replies().approve(&id).await.is_err());
        assert!(client("three").replies().ignore(&id).await.is_err());

        assert_eq!(requests(&server).await.len(), 3);
    }
    for behaviour in [
        Behaviour::Close,
        Behaviour::Write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{".to_owned()),
        Behaviour::Write("HTTP/1.1 308 Over there\r\nlocation: /x\r\n\r\n".to_owned()),
    ] {
        let peer = Peer::start(behaviour).await;

        assert!(client_at(&peer.base).posts().delete(&id).await.is_err());

        assert_eq!((peer.requests(), peer.connections()), (1, 1));
    }
}

#[tokio::test]
async fn replies_are_hidden_shown_approved_and_ignored() {
    let server = server_answering(200, "success.json").await;
    let client = client(&server);
    let (replies, id) = (client.replies(), PostId::new("17900000000000061"));

    replies.hide(&id).await.unwrap();
    replies.unhide(&id).await.unwrap();
    replies.approve(&id).await.unwrap();
    replies.ignore(&id).await.unwrap();

    let requests = requests(&server).await;
    let seen: Vec<_> = requests
        .iter()
        .map(|request| (request.line.as_str(), request.form(), request.query()))
        .collect();
    let manage = "POST /v1.0/17900000000000061/manage_reply";
    let pending = "POST /v1.0/17900000000000061/manage_pending_reply";
    let expected = [
        (manage, vec![("hide", "true")], vec![]),
        (manage, vec![("hide", "false")], vec![]),
        (pending, vec![("approve", "true")], vec![]),
        (pending, vec![("approve", "false")], vec![]),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn hiding_may_be_sent_again() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(answer(503, "error_transient.json"))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(answer(200, "success.json"))
        .mount(&server)
        .await;

    client(&server)
        .replies()
        .hide(&PostId::new("1"))
        .await
        .unwrap();

    assert_eq!(requests(&server).await.len(), 3);
}

#[tokio::test]
async fn an_answer_that_does_not_say_done_is_an_error() {
    for fixture in ["not_success.json", "insights_empty.json", "post.json"] {
        let server = server_answering(200, fixture).await;
        let client = client(&server);
        let id = PostId::new("1");

        let errors = [
            client.posts().delete(&id).await.unwrap_err(),
            client.replies().hide(&id).await.unwrap_err(),
            client.replies().approve(&id).await.unwrap_err(),
        ];

        for error in errors {
            assert!(
                matches!(error, Error::Decode { .. }),
                "{fixture}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn ids_that_would_change_the_path_are_neither_deleted_nor_moderated() {
    let server = server_answering(200, "success.json").await;
    let client = client(&server);

    for bad in ["", "..", "me/threads", "1?x=1", "1#x"] {
        let id = PostId::new(bad);
        for (field, error) in [
            ("post", client.posts().delete(&id).await.err()),
            ("post", client.posts().select(&id, &[]).await.err()),
            ("reply", client.replies().hide(&id).await.err()),
            ("reply", client.replies().unhide(&id).await.err()),
            ("reply", client.replies().approve(&id).await.err()),
            ("reply", client.replies().ignore(&id).await.err()),
        ] {
            match error.unwrap() {
                Error::InvalidRequest(invalid) => {
                    assert_eq!(invalid.field.as_deref(), Some(field), "{bad:?}");
                }
                other => panic!("{bad:?}: {other:?}"),
            }
        }
    }
    assert!(requests(&server).await.is_empty());
}

#[test]
fn parts_of_a_text_are_read_in_every_form() {
    let entities = full().text_entities;

    let read: Vec<_> = entities
        .iter()
        .map(|entity| (entity.entity_type.clone(), entity.offset, entity.length))
        .collect();
    let expected = [
        (TextEntityType::Spoiler, Some(0), Some(5)),
        (TextEntityType::Spoiler, Some(6), Some(7)),
        (TextEntityType::Unknown("GLITTER".to_owned()), None, None),
    ];
    assert_eq!(read, expected);
}
