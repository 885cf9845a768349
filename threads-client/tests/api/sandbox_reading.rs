//! Reading, moderating and finding, against a strict stand-in for Meta that shares no code with this crate.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::HashSet;

use futures::{Stream, TryStreamExt};
use threads_client::{
    ApiErrorKind, Client, GhostPostStatus, HideStatus, MediaType, Post, PostField, PostId,
    ReplyApprovalStatus, ReplyOrder, Result, SearchMediaType, SearchMode, SearchType,
    TokenPlacement,
};
use threads_sandbox::{Sandbox, SearchPaging, Switches};

use crate::support::sandbox::{client, client_placing};
use crate::support::url;

/// A sandbox with conversations, and a client of the account they are about.
struct World {
    sandbox: Sandbox,
    account: String,
    client: Client,
}

impl World {
    async fn start() -> Self {
        let sandbox = Sandbox::builder().seed("rich").start().await.unwrap();
        let account = sandbox.users()[0].username.clone();
        let client = client(&sandbox, &account, Sandbox::all_scopes());
        Self {
            sandbox,
            account,
            client,
        }
    }

    /// The account's own post that begins with this text.
    fn post_like(&self, text: &str) -> PostId {
        let posts = self.sandbox.posts(&self.account).unwrap();
        let starts = |post: &&threads_sandbox::SandboxPost| {
            post.text.as_ref().is_some_and(|own| own.starts_with(text))
        };
        PostId::new(posts.iter().find(starts).unwrap().id.clone())
    }
}

async fn all(stream: impl Stream<Item = Result<Post>>) -> Vec<Post> {
    stream.try_collect().await.unwrap()
}

fn ids(posts: &[Post]) -> Vec<&PostId> {
    posts.iter().map(|post| &post.id).collect()
}

#[tokio::test]
async fn every_list_is_understood_and_brings_every_post_once() {
    let world = World::start().await;
    let hello = world.post_like("Ask me anything");
    let approvals = world.post_like("Serious questions");

    for placement in [TokenPlacement::Header, TokenPlacement::Query] {
        let client = client_placing(
            &world.sandbox,
            &world.account,
            Sandbox::all_scopes(),
            placement,
        );
        let (posts, replies) = (client.posts(), client.replies());
        let lists = [
            ("own", all(posts.list().limit(2).stream()).await),
            ("mentions", all(posts.mentions().limit(2).stream()).await),
            ("ghosts", all(posts.ghost_posts().limit(1).stream()).await),
            ("mine", all(replies.mine().limit(1).stream()).await),
            ("of", all(replies.of(&hello).limit(2).stream()).await),
            (
                "conversation",
                all(replies.conversation(&hello).limit(2).stream()).await,
            ),
            (
                "pending",
                all(replies.pending(&approvals).limit(1).stream()).await,
            ),
            (
                "public",
                all(client.profile().public_posts("meta").limit(1).stream()).await,
            ),
            (
                "search",
                all(client.search().keyword("lamp").stream()).await,
            ),
        ];

        for (name, posts) in lists {
            assert!(posts.len() >= 2, "{name}: {}", posts.len());
            let distinct: HashSet<_> = ids(&posts).into_iter().collect();
            assert_eq!(distinct.len(), posts.len(), "{name}");
            assert!(posts.iter().all(|post| post.timestamp.is_some()), "{name}");
        }
    }
}

#[tokio::test]
async fn every_kind_of_post_is_read_whole() {
    let world = World::start().await;

    let list = world.client.posts().list().add_fields([
        PostField::MediaProductType,
        PostField::ReplyAudience,
        PostField::LocationId,
        PostField::Location,
        PostField::AllowlistedCountryCodes,
        PostField::IsVerified,
        PostField::ProfilePictureUrl,
    ]);
    let posts = all(list.stream()).await;

    let has = |what: fn(&Post) -> bool| posts.iter().any(what);
    assert!(has(|post| post.poll.as_ref().is_some_and(|poll| {
        poll.options.len() == 4
            && poll.options.iter().all(|option| option.share.is_some())
            && poll.total_votes.is_some()
            && poll.expiration_timestamp.is_some()
    })));
    assert!(has(|post| post.media_type
        == Some(MediaType::CarouselAlbum)
        && post.children.len() >= 2
        && post.children.iter().all(|item| item.media_url.is_some())));
    assert!(has(
        |post| post.media_type == Some(MediaType::Video) && post.thumbnail_url.is_some()
    ));
    assert!(has(|post| post.location.as_ref().is_some_and(|place| {
        place.name.is_some()
            && place.latitude.is_some()
            && Some(&place.id) == post.location_id.as_ref()
    })));
    assert!(has(
        |post| post.quoted_post.is_some() && post.is_quote_post == Some(true)
    ));
    assert!(has(
        |post| post.media_type == Some(MediaType::RepostFacade) && post.reposted_post.is_some()
    ));
    assert!(has(|post| post.gif_url.is_some()));
    assert!(has(|post| post.link_attachment_url.is_some()));
    assert!(has(|post| post.topic_tag.is_some()));
    assert!(has(|post| !post.text_entities.is_empty()
        && post
            .text_entities
            .iter()
            .all(|entity| entity.offset.is_some())));
    assert!(has(|post| post.text_attachment.as_ref().is_some_and(
        |text| { text.plaintext.is_some() && !text.text_with_styling_info.is_empty() }
    )));
    assert!(has(|post| post.allowlisted_country_codes.is_some()));
    assert!(
        posts
            .iter()
            .all(|post| post.reply_audience.is_some() || post.reposted_post.is_some())
    );
    assert!(posts.iter().all(|post| post.owner.is_some()));
    for post in &posts {
        let one = world.client.posts().get(&post.id).await.unwrap();
        assert_eq!(one.permalink, post.permalink);
        assert_eq!(
            (one.poll, one.children),
            (post.poll.clone(), post.children.clone())
        );
    }
}

#[tokio::test]
async fn ghost_posts_say_until_when() {
    let world = World::start().await;

    let posts = all(world.client.posts().ghost_posts().stream()).await;

    let states: HashSet<_> = posts
        .iter()
        .map(|post| post.ghost_post_status.clone().unwrap())
        .collect();
    let both = HashSet::from([GhostPostStatus::Active, GhostPostStatus::Archived]);
    assert_eq!(states, both);
    assert!(
        posts
            .iter()
            .all(|post| post.ghost_post_expiration_timestamp > post.timestamp)
    );
}

#[tokio::test]
async fn a_conversation_is_the_same_in_both_orders() {
    let world = World::start().await;
    let hello = world.post_like("Ask me anything");
    let conversation = || world.client.replies().conversation(&hello).limit(3);

    let newest = all(conversation().stream()).await;
    let mut oldest = all(conversation().order(ReplyOrder::OldestFirst).stream()).await;
    let direct = all(world.client.replies().of(&hello).stream()).await;

    assert_ne!(ids(&newest), ids(&oldest));
    oldest.reverse();
    assert_eq!(ids(&newest), ids(&oldest));
    assert!(
        newest
            .iter()
            .all(|reply| reply.root_post.as_ref() == Some(&hello))
    );
    assert!(
        direct
            .iter()
            .all(|reply| reply.replied_to.as_ref() == Some(&hello))
    );
    assert!(direct.len() < newest.len());
}

#[tokio::test]
async fn a_reply_is_hidden_and_shown_again() {
    let world = World::start().await;
    let hello = world.post_like("Ask me anything");
    let reply = world
        .sandbox
        .reply_as("stranger", hello.as_str(), "Buy this")
        .unwrap();
    let reply = PostId::new(reply);
    let status = || async {
        let fields = [PostField::HideStatus];
        let post = world.client.posts().select(&reply, &fields).await;
        post.unwrap().hide_status.unwrap()
    };

    let before = status().await;
    world.client.replies().hide(&reply).await.unwrap();
    let hidden = status().await;
    world.client.replies().unhide(&reply).await.unwrap();

    assert_eq!(
        (before, hidden),
        (HideStatus::NotHushed, HideStatus::Hidden)
    );
    assert_ne!(status().await, HideStatus::Hidden);
}

#[tokio::test]
async fn pending_replies_are_approved_and_ignored() {
    let world = World::start().await;
    let post = world.post_like("Serious questions");
    let replies = world.client.replies();
    let with = |status| {
        let list = replies.pending(&post).approval_status(&status);
        async { all(list.stream()).await }
    };

    let pending = with(ReplyApprovalStatus::Pending).await;
    let ignored = with(ReplyApprovalStatus::Ignored).await;
    replies.approve(&pending[0].id).await.unwrap();
    replies.ignore(&pending[1].id).await.unwrap();
    replies.approve(&ignored[0].id).await.unwrap();

    let still = with(ReplyApprovalStatus::Pending).await;
    let now_ignored = with(ReplyApprovalStatus::Ignored).await;
    assert_eq!(still.len(), pending.len() - 2);
    assert_eq!(ids(&now_ignored), [&pending[1].id]);
    assert!(
        pending
            .iter()
            .all(|reply| reply.reply_approval_status == Some(ReplyApprovalStatus::Pending))
    );
    let shown = all(replies.of(&post).stream()).await;
    assert!(ids(&shown).contains(&&pending[0].id));
}

#[tokio::test]
async fn searches_take_every_parameter_and_are_remembered() {
    let world = World::start().await;
    let search = || world.client.search();

    for kind in [SearchType::Top, SearchType::Recent] {
        let request = search().keyword("lamp").search_type(kind);
        let page = request.search_mode(SearchMode::Keyword).limit(100).send();
        assert!(page.await.unwrap().items.len() >= 2);
    }
    let tagged = search().keyword("Making").search_mode(SearchMode::Tag);
    let tagged = tagged.author_username(&world.account).send().await;
    for kind in [
        SearchMediaType::Text,
        SearchMediaType::Image,
        SearchMediaType::Video,
    ] {
        search()
            .keyword("lamp")
            .media_type(kind)
            .send()
            .await
            .unwrap();
    }
    let window = search()
        .keyword("lamp")
        .since(world.sandbox.now() - chrono::Days::new(2));
    window.until(world.sandbox.now()).send().await.unwrap();
    let keywords = search().recent_keywords().await.unwrap();

    let tagged = tagged.unwrap().items;
    assert!(!tagged.is_empty());
    assert!(
        tagged
            .iter()
            .all(|post| post.topic_tag.as_deref() == Some("Making"))
    );
    let mut queries: Vec<_> = keywords
        .iter()
        .map(|keyword| keyword.query.as_str())
        .collect();
    queries.sort_unstable();
    assert_eq!(queries, ["Making", "lamp"]);
    assert!(
        keywords
            .iter()
            .all(|keyword| keyword.searched_at == Some(world.sandbox.now()))
    );
}

#[tokio::test]
async fn cursors_of_a_search_are_followed_where_they_come() {
    let world = World::start().await;
    world.sandbox.set_switches(Switches {
        search_paging: SearchPaging::Cursors,
        ..Switches::default()
    });
    let search = || {
        world
            .client
            .search()
            .keyword("a")
            .search_type(SearchType::Recent)
    };

    let whole = search().limit(100).send().await.unwrap();
    let streamed = all(search().limit(50).stream()).await;

    assert_eq!(whole.items.len(), 100);
    let distinct: HashSet<_> = ids(&streamed).into_iter().collect();
    assert_eq!(distinct.len(), streamed.len());
    assert!(streamed.len() > whole.items.len());
    assert_eq!(ids(&streamed)[..100], ids(&whole.items));
}

#[tokio::test]
async fn before_approval_a_search_finds_own_posts_only() {
    let world = World::start().await;
    world.sandbox.set_switches(Switches {
        advanced_access: false,
        ..Switches::default()
    });

    let found = all(world.client.search().keyword("lamp").stream()).await;

    assert!(!found.is_empty());
    assert!(
        found
            .iter()
            .all(|post| post.username.as_ref() == Some(&world.account))
    );
}

#[tokio::test]
async fn places_are_found_and_read_by_their_id() {
    let world = World::start().await;
    let locations = world.client.locations();

    let places = locations.search().query("Menlo Park").send().await.unwrap();
    let place = locations.get(&places[0].id).await.unwrap();
    let (latitude, longitude) = (place.latitude.unwrap(), place.longitude.unwrap());
    let near = locations
        .search()
        .near(latitude, longitude)
        .send()
        .await
        .unwrap();
    let quota = world.client.quota().location_searches().await.unwrap();

    assert_eq!(place, places[0]);
    assert!(near.contains(&place));
    assert_eq!(quota.location_search_quota_usage, Some(2));
}

#[tokio::test]
async fn a_post_is_embedded_without_a_token() {
    let world = World::start().await;
    let hello = world.post_like("Ask me anything");
    let post = world.client.posts().get(&hello).await.unwrap();
    let anybody = Client::builder()
        .base_url(world.sandbox.base_url())
        .build()
        .unwrap();

    let embed = anybody
        .embed(&post.permalink.unwrap())
        .max_width(400)
        .send()
        .await
        .unwrap();
    let short = format!("https://www.threads.net/t/{}?x=1", post.shortcode.unwrap());
    let by_code = world.client.embed(&url(&short)).send().await.unwrap();

    assert_eq!(embed.width, Some(400));
    assert_eq!(embed.html, by_code.html);
    assert!(
        world
            .sandbox
            .requests()
            .iter()
            .filter(|request| request.path.ends_with("/oembed"))
            .all(|request| request.token_placement.is_none())
    );
}

#[tokio::test]
async fn what_every_account_may_read_needs_the_documented_scopes_and_no_more() {
    let world = World::start().await;
    let hello = world.post_like("Ask me anything");
    let with = |scopes: &[&str]| {
        client(
            &world.sandbox,
            &world.account,
            &[&["threads_basic"], scopes].concat(),
        )
    };
    let basic = with(&[]);

    basic.posts().list().send().await.unwrap();
    basic.posts().ghost_posts().send().await.unwrap();
    basic.posts().get(&hello).await.unwrap();
    let replies = with(&["threads_read_replies"]);
    replies.replies().of(&hello).send().await.unwrap();
    replies.replies().mine().send().await.unwrap();
    let mentions = with(&["threads_manage_mentions"]);
    mentions.posts().mentions().send().await.unwrap();
    let discovery = with(&["threads_profile_discovery"]);
    discovery.profile().lookup("meta").await.unwrap();
    discovery
        .profile()
        .public_posts("meta")
        .send()
        .await
        .unwrap();
    let search = with(&["threads_keyword_search"]);
    search.search().keyword("lamp").send().await.unwrap();

    for error in [
        basic.replies().of(&hello).send().await.unwrap_err(),
        basic.posts().mentions().send().await.unwrap_err(),
        basic.search().keyword("x").send().await.unwrap_err(),
        basic.replies().hide(&hello).await.unwrap_err(),
        basic
            .locations()
            .search()
            .query("x")
            .send()
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.api().unwrap().kind, ApiErrorKind::PermissionDenied);
    }
}
