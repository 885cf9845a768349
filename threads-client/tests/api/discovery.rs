//! Searching, places, embedding and web intents.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

use chrono::DateTime;
use threads_client::{
    AccessToken, Client, Cursor, Embed, Error, FollowIntent, LocationId, MediaType, PostField,
    PostIntent, ReplyControl, SearchMediaType, SearchMode, SearchType, TokenPlacement,
};

use crate::support::{self, client, only_request, requests, server_answering, url};

#[tokio::test]
async fn a_search_passes_on_all_its_options() {
    let server = server_answering(200, "search_page.json").await;
    let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();

    let client = client(&server);
    let search = client
        .search()
        .keyword("boats & piers+")
        .search_type(SearchType::Top)
        .search_type(SearchType::Recent)
        .search_mode(SearchMode::Tag)
        .media_type(SearchMediaType::Image)
        .author_username("@big.lighthouse")
        .since(time(1_700_000_000))
        .until(time(1_700_000_060))
        .limit(100)
        .fields([PostField::Text])
        .after(&Cursor::new("S1"));
    let page = search.send().await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/keyword_search");
    let expected = [
        ("after", "S1"),
        ("author_username", "big.lighthouse"),
        ("fields", "id,text"),
        ("limit", "100"),
        ("media_type", "IMAGE"),
        ("q", "boats & piers+"),
        ("search_mode", "TAG"),
        ("search_type", "RECENT"),
        ("since", "1700000000"),
        ("until", "1700000060"),
    ];
    assert_eq!(request.query(), expected);
    assert_eq!(page.items.len(), 1);
    assert_eq!((page.next, page.previous), (None, None));
}

#[test]
fn every_value_of_a_search_has_the_name_meta_knows() {
    let types = [SearchType::Top, SearchType::Recent].map(SearchType::as_str);
    let modes = [SearchMode::Keyword, SearchMode::Tag].map(SearchMode::as_str);
    let kinds = [
        SearchMediaType::Text,
        SearchMediaType::Image,
        SearchMediaType::Video,
    ];

    assert_eq!(types, ["TOP", "RECENT"]);
    assert_eq!(modes, ["KEYWORD", "TAG"]);
    assert_eq!(
        kinds.map(SearchMediaType::as_str),
        ["TEXT", "IMAGE", "VIDEO"]
    );
}

#[tokio::test]
async fn a_search_for_nothing_or_by_no_username_is_not_sent() {
    let server = server_answering(200, "search_page.json").await;
    let client = client(&server);
    let search = || client.search().keyword("boats");

    for (field, request) in [
        ("q", client.search().keyword("")),
        ("q", client.search().keyword(" \n")),
        ("q", client.search().keyword("").author_username("")),
        ("author_username", search().author_username("@")),
        ("author_username", search().author_username("a b")),
    ] {
        assert_eq!(field_of(request.send().await.unwrap_err()), field);
    }
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn recent_keywords_are_read_from_the_profile() {
    let server = server_answering(200, "recent_keywords.json").await;

    let keywords = client(&server).search().recent_keywords().await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/me");
    assert_eq!(request.query(), [("fields", "recently_searched_keywords")]);
    let read: Vec<_> = keywords
        .iter()
        .map(|keyword| (keyword.query.as_str(), keyword.searched_at))
        .collect();
    let first = DateTime::from_timestamp(1_767_225_600, 0);
    assert_eq!(read, [("boats", first), ("Häfen", None)]);
}

#[tokio::test]
async fn an_account_that_searched_for_nothing_has_no_keywords() {
    let server = server_answering(200, "profile_minimal.json").await;

    let keywords = client(&server).search().recent_keywords().await.unwrap();

    assert!(keywords.is_empty());
}

const PLACE: &str = "id,name,address,city,country,latitude,longitude,postal_code";

#[tokio::test]
async fn places_are_found_by_name_by_position_and_by_both() {
    let server = server_answering(200, "locations.json").await;
    let client = client(&server);
    let search = || client.locations().search();

    let places = search().query("Acme & Co").send().await.unwrap();
    search().near(37.48, -122.14).send().await.unwrap();
    search().query("x").near(-90.0, 180.0).send().await.unwrap();

    let requests = requests(&server).await;
    assert_eq!(requests[0].line, "GET /v1.0/location_search");
    let queries: Vec<_> = requests.iter().map(support::Seen::query).collect();
    let expected = [
        vec![("fields", PLACE), ("q", "Acme & Co")],
        vec![
            ("fields", PLACE),
            ("latitude", "37.48"),
            ("longitude", "-122.14"),
        ],
        vec![
            ("fields", PLACE),
            ("latitude", "-90"),
            ("longitude", "180"),
            ("q", "x"),
        ],
    ];
    assert_eq!(queries, expected);
    assert_eq!(places[0].id, LocationId::new("12345"));
    assert_eq!(places[0].postal_code.as_deref(), Some("94025"));
    assert_eq!(
        (places[0].latitude, places[0].longitude),
        (Some(37.48), Some(-122.14))
    );
    assert_eq!(places[1].id, LocationId::new("9007199254740993"));
    assert_eq!((places[1].name.as_ref(), places[1].latitude), (None, None));
}

#[tokio::test]
async fn a_search_for_no_place_in_particular_is_not_sent() {
    let server = server_answering(200, "locations.json").await;
    let client = client(&server);
    let search = || client.locations().search();

    for (field, request) in [
        ("q", search()),
        ("q", search().query(" ")),
        ("latitude", search().near(90.1, 0.0)),
        ("latitude", search().near(f64::NAN, 0.0)),
        ("longitude", search().near(0.0, -180.5)),
        ("longitude", search().near(0.0, f64::INFINITY)),
    ] {
        assert_eq!(field_of(request.send().await.unwrap_err()), field);
    }
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn a_place_is_read_by_its_id() {
    let server = server_answering(200, "location.json").await;
    let client = client(&server);

    let place = client
        .locations()
        .get(&LocationId::new("12345"))
        .await
        .unwrap();
    let refused = client.locations().get(&LocationId::new("../me")).await;

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/12345");
    assert_eq!(request.query(), [("fields", PLACE)]);
    assert_eq!(place.city.as_deref(), Some("Menlo Park"));
    assert_eq!(place.country, None);
    assert_eq!(field_of(refused.unwrap_err()), "location");
}

const POST: &str = "https://www.threads.net/@acme.lab/post/DAbc123?xmt=tracking";

#[tokio::test]
async fn embedding_needs_no_token_and_sends_none() {
    for placement in [TokenPlacement::Header, TokenPlacement::Query] {
        let server = server_answering(200, "oembed.json").await;
        let with_token = Client::builder()
            .access_token(AccessToken::new(support::TOKEN))
            .token_placement(placement);
        let clients = [Client::builder(), with_token]
            .map(|builder| builder.base_url(url(&server.uri())).build().unwrap());

        for client in clients {
            let embed = client.embed(&url(POST)).max_width(550).send().await;

            let embed = embed.unwrap();
            assert!(embed.html.starts_with("<blockquote"), "{embed:?}");
            assert_eq!(embed.kind.as_deref(), Some("rich"));
            assert_eq!(embed.version.as_deref(), Some("1.0"));
            assert_eq!(embed.provider_name.as_deref(), Some("Threads"));
            assert_eq!(embed.provider_url, Some(url("https://www.threads.com/")));
            assert_eq!(embed.width, Some(550));
        }
        let expected = [
            ("maxwidth", "550"),
            ("url", "https://www.threads.com/@acme.lab/post/DAbc123"),
        ];
        for request in requests(&server).await {
            assert_eq!(request.line, "GET /v1.0/oembed");
            assert_eq!(request.query(), expected);
            assert_eq!(request.authorization, None);
        }
        assert_eq!(requests(&server).await.len(), 2);
    }
    assert_eq!(Embed::SCRIPT, "https://www.threads.com/embed.js");
}

#[tokio::test]
async fn addresses_and_widths_that_meta_would_refuse_are_not_sent() {
    let server = server_answering(200, "oembed.json").await;
    let client = client(&server);
    let post = url(POST);

    for (field, request) in [
        ("url", client.embed(&url("https://example.com/t/DAbc"))),
        ("url", client.embed(&url("https://www.threads.com/@acme"))),
        ("maxwidth", client.embed(&post).max_width(319)),
        ("maxwidth", client.embed(&post).max_width(659)),
    ] {
        assert_eq!(field_of(request.send().await.unwrap_err()), field);
    }
    assert!(requests(&server).await.is_empty());
}

#[test]
fn an_intent_to_post_carries_all_parameters_encoded() {
    let intent = PostIntent::new()
        .text("Grüße & 1+1\n#x")
        .link(url("https://example.com/?a=1&b=2"))
        .tag("Rust lang")
        .reply_control(ReplyControl::FollowersOnly)
        .reply_to("DAb-1")
        .quote("DAb_2");

    let address = intent.url().unwrap();

    assert!(!address.as_str().contains('+'), "{address}");
    assert_eq!(address.path(), "/intent/post");
    let pairs: Vec<_> = address.query_pairs().into_owned().collect();
    let expected = [
        ("text", "Grüße & 1+1\n#x"),
        ("url", "https://example.com/?a=1&b=2"),
        ("tag", "Rust lang"),
        ("reply_control", "followers_only"),
        ("reply_post_shortcode", "DAb-1"),
        ("quote_post_shortcode", "DAb_2"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(pairs, expected);
    assert_eq!(
        PostIntent::new().url().unwrap().as_str(),
        "https://www.threads.com/intent/post"
    );
}

#[test]
fn an_intent_that_breaks_a_rule_has_no_address() {
    let post = PostIntent::new;
    let too_long = "x".repeat(51);
    for (field, result) in [
        ("tag", post().tag("").url()),
        ("tag", post().tag(too_long).url()),
        ("tag", post().tag("a.b").url()),
        ("tag", post().tag("a&b").url()),
        ("tag", post().tag("a\nb").url()),
        ("tag", post().tag("a\tb").url()),
        (
            "reply_control",
            post()
                .reply_control(ReplyControl::ParentPostAuthorOnly)
                .url(),
        ),
        ("reply_post_shortcode", post().reply_to("").url()),
        ("reply_post_shortcode", post().reply_to("a/b").url()),
        ("quote_post_shortcode", post().quote("a b").url()),
        ("username", FollowIntent::new("@").url()),
        ("username", FollowIntent::new("a b").url()),
    ] {
        assert_eq!(field_of(result.unwrap_err()), field);
    }
    assert!(post().tag("ü".repeat(50)).url().is_ok());
    for control in [
        ReplyControl::Everyone,
        ReplyControl::AccountsYouFollow,
        ReplyControl::MentionedOnly,
    ] {
        assert!(post().reply_control(control).url().is_ok());
    }
}

#[test]
fn an_intent_to_follow_names_the_account() {
    let address = FollowIntent::new("@acme.lab").url().unwrap();

    assert_eq!(
        address.as_str(),
        "https://www.threads.com/intent/follow?username=acme.lab"
    );
}

#[tokio::test]
async fn what_a_search_calls_text_is_a_text_post() {
    let server = server_answering(200, "search_page.json").await;

    let page = client(&server).search().keyword("boats").send().await;

    assert_eq!(page.unwrap().items[0].media_type, Some(MediaType::TextPost));
}

fn field_of(error: Error) -> String {
    match error {
        Error::InvalidRequest(invalid) => invalid.field.unwrap().into_owned(),
        other => panic!("{other:?}"),
    }
}
