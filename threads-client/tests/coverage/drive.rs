//! Every documented call by its public name, with all of its parameters and listed values.

use futures::TryStreamExt;
use threads_client::{
    AccountMetric, Breakdown, Client, Draft, DraftGif, DraftPoll, DraftSpoiler, DraftStyling,
    DraftTextAttachment, DraftTextStyle, InstagramShare, LocationId, Media, Period, PostField,
    PostId, PostMetric, ProfileField, ReplyApprovalStatus, ReplyControl, ReplyOrder, Result,
    SearchMediaType, SearchMode, SearchType,
};
use url::Url;

use crate::support::quick_wait;
use crate::world::World;

/// The handle of somebody whom everybody may look up.
const SOMEBODY: &str = "threads";

/// Makes the calls of one endpoint; ends with the first that is refused.
pub(crate) async fn drive(endpoint: &str, world: &World, client: &Client) -> Result<()> {
    match endpoint {
        "profile" => profile(client).await,
        "profile_lookup" => client.profile().lookup(SOMEBODY).await.map(drop),
        "profile_posts" => public_posts(world, client).await,
        "post_insights" => post_insights(world, client).await,
        "account_insights" => account_insights(world, client).await,
        "create_container" => containers(world, client).await,
        "publish_container" => {
            let container = client
                .publishing()
                .create_container(&Draft::text("One"))
                .await?;
            client
                .publishing()
                .publish_container(&container)
                .await
                .map(drop)
        }
        "container_status" => {
            let container = container_of(world).await;
            client.publishing().container(&container).await.map(drop)
        }
        "repost" => client.publishing().repost(&world.root).await.map(drop),
        "delete_post" => {
            let post = publish(world, Draft::text("Gone soon")).await;
            client.posts().delete(&post).await.map(drop)
        }
        "posts" => posts(world, client).await,
        "post" => client
            .posts()
            .select(&world.root, &every_field())
            .await
            .map(drop),
        "ghost_posts" => ghost_posts(world, client).await,
        "mentions" => mentions(world, client).await,
        "user_replies" => own_replies(world, client).await,
        "replies" => replies(world, client).await,
        "conversation" => conversation(world, client).await,
        "manage_reply" => {
            client.replies().hide(&world.reply).await?;
            client.replies().unhide(&world.reply).await
        }
        "pending_replies" => pending(world, client).await,
        "manage_pending_reply" => {
            client.replies().ignore(&world.pending).await?;
            client.replies().approve(&world.pending).await
        }
        "keyword_search" => search(world, client).await,
        "location_search" => {
            client
                .locations()
                .search()
                .query("Menlo Park")
                .send()
                .await?;
            client
                .locations()
                .search()
                .near(37.48, -122.14)
                .send()
                .await
                .map(drop)
        }
        "location" => client.locations().get(&place(world).await).await.map(drop),
        "publishing_limit" => {
            client.quota().publishing().await?;
            client.quota().replies().await?;
            client.quota().deletions().await?;
            client.quota().location_searches().await.map(drop)
        }
        "oembed" => {
            let post = full(world).posts().get(&world.root).await?;
            client
                .embed(&post.permalink.unwrap())
                .max_width(400)
                .send()
                .await
                .map(drop)
        }
        other => panic!("there is no driver for {other}"),
    }
}

async fn profile(client: &Client) -> Result<()> {
    client
        .profile()
        .select(&[
            ProfileField::Name,
            ProfileField::PictureUrl,
            ProfileField::Biography,
            ProfileField::IsVerified,
            ProfileField::RecentlySearchedKeywords,
            ProfileField::IsEligibleForGeoGating,
        ])
        .await
        .map(drop)
}

/// A client that may do everything, to prepare what a call acts on.
fn full(world: &World) -> Client {
    world.client(threads_sandbox::Sandbox::all_scopes())
}

async fn publish(world: &World, draft: Draft) -> PostId {
    full(world)
        .publishing()
        .publish_with(draft, &quick_wait())
        .await
        .unwrap()
}

async fn container_of(world: &World) -> threads_client::ContainerId {
    full(world)
        .publishing()
        .create_container(&Draft::text("Asked about"))
        .await
        .unwrap()
}

async fn place(world: &World) -> LocationId {
    let places = full(world)
        .locations()
        .search()
        .query("Menlo Park")
        .send()
        .await
        .unwrap();
    places[0].id.clone()
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

/// Lists twice as far as asked and back, so that both cursors are sent.
macro_rules! walk {
    ($request:expr) => {{
        let request = || $request;
        let page = request().limit(1).send().await?;
        if let Some(next) = &page.next {
            let second = request().limit(1).after(next).send().await?;
            if let Some(previous) = &second.previous {
                request().limit(1).before(previous).send().await?;
            }
        }
        request().limit(1).stream().try_next().await?;
    }};
}

/// All fields of own posts that one call can ask for.
fn every_field() -> Vec<PostField> {
    use PostField::{
        AllowlistedCountryCodes, AltText, Children, GifUrl, HasReplies, IsQuotePost,
        IsSpoilerMedia, IsVerified, LinkAttachmentUrl, Location, MediaProductType, MediaType,
        MediaUrl, Owner, Permalink, PollAttachment, ProfilePictureUrl, QuotedPost, ReplyAudience,
        RepostedPost, Shortcode, Text, TextAttachment, TextEntities, ThumbnailUrl, Timestamp,
        TopicTag, Username,
    };
    vec![
        MediaProductType,
        MediaType,
        MediaUrl,
        Permalink,
        Owner,
        Username,
        Text,
        Timestamp,
        Shortcode,
        ThumbnailUrl,
        Children,
        IsQuotePost,
        QuotedPost,
        RepostedPost,
        AltText,
        LinkAttachmentUrl,
        GifUrl,
        PollAttachment,
        TopicTag,
        IsSpoilerMedia,
        TextEntities,
        TextAttachment,
        IsVerified,
        ProfilePictureUrl,
        PostField::LocationId,
        Location,
        AllowlistedCountryCodes,
        HasReplies,
        ReplyAudience,
    ]
}

async fn posts(world: &World, client: &Client) -> Result<()> {
    let now = world.sandbox.now();
    walk!(client.posts().list().fields(every_field()));
    client
        .posts()
        .list()
        .since(now - chrono::Days::new(30))
        .until(now)
        .send()
        .await
        .map(drop)
}

async fn public_posts(world: &World, client: &Client) -> Result<()> {
    let now = world.sandbox.now();
    for text in ["One", "Two", "Three"] {
        world.sandbox.post_as("studio.lab", text).unwrap();
    }
    walk!(
        client
            .profile()
            .public_posts("studio.lab")
            .add_fields([PostField::MediaProductType])
    );
    client
        .profile()
        .public_posts("studio.lab")
        .since(now - chrono::Days::new(30))
        .until(now)
        .send()
        .await
        .map(drop)
}

async fn ghost_posts(world: &World, client: &Client) -> Result<()> {
    for text in ["Boo", "Boo again", "Boo once more"] {
        publish(world, Draft::ghost_post(text)).await;
    }
    let now = world.sandbox.now();
    walk!(client.posts().ghost_posts());
    client
        .posts()
        .ghost_posts()
        .since(now - chrono::Days::new(30))
        .until(now)
        .send()
        .await
        .map(drop)
}

async fn mentions(world: &World, client: &Client) -> Result<()> {
    for text in ["one", "two", "three"] {
        world
            .sandbox
            .mention_as("dee.draws", "studio.lab", text)
            .unwrap();
    }
    let now = world.sandbox.now();
    walk!(client.posts().mentions().add_fields([PostField::IsReply]));
    client
        .posts()
        .mentions()
        .since(now - chrono::Days::new(30))
        .until(now)
        .send()
        .await
        .map(drop)
}

async fn own_replies(world: &World, client: &Client) -> Result<()> {
    for text in ["First", "Second", "Third"] {
        publish(world, Draft::text(text).reply_to(world.reply.clone())).await;
    }
    let now = world.sandbox.now();
    walk!(
        client
            .replies()
            .mine()
            .add_fields([PostField::ReplyAudience])
    );
    client
        .replies()
        .mine()
        .since(now - chrono::Days::new(30))
        .until(now)
        .send()
        .await
        .map(drop)
}

async fn replies(world: &World, client: &Client) -> Result<()> {
    for text in ["one", "two", "three"] {
        world
            .sandbox
            .reply_as("eli.etches", world.root.as_str(), text)
            .unwrap();
    }
    for order in [ReplyOrder::NewestFirst, ReplyOrder::OldestFirst] {
        walk!(client.replies().of(&world.root).order(order));
    }
    Ok(())
}

async fn conversation(world: &World, client: &Client) -> Result<()> {
    for text in ["one", "two", "three"] {
        world
            .sandbox
            .reply_as("eli.etches", world.reply.as_str(), text)
            .unwrap();
    }
    for order in [ReplyOrder::NewestFirst, ReplyOrder::OldestFirst] {
        walk!(client.replies().conversation(&world.root).order(order));
    }
    Ok(())
}

async fn pending(world: &World, client: &Client) -> Result<()> {
    for text in ["one", "two", "three"] {
        world
            .sandbox
            .reply_as("eli.etches", world.guarded.as_str(), text)
            .unwrap();
    }
    full(world).replies().ignore(&world.pending).await.unwrap();
    for order in [ReplyOrder::NewestFirst, ReplyOrder::OldestFirst] {
        walk!(client.replies().pending(&world.guarded).order(order));
    }
    for status in [ReplyApprovalStatus::Pending, ReplyApprovalStatus::Ignored] {
        client
            .replies()
            .pending(&world.guarded)
            .approval_status(&status)
            .send()
            .await?;
    }
    Ok(())
}

async fn search(world: &World, client: &Client) -> Result<()> {
    for number in 1..=3 {
        let text = format!("Mortise number {number}");
        world.sandbox.post_as("fay.folds", &text).unwrap();
    }
    let now = world.sandbox.now();
    let find = || client.search().keyword("mortise");
    find()
        .search_type(SearchType::Recent)
        .search_mode(SearchMode::Keyword)
        .add_fields([PostField::IsReply])
        .limit(1)
        .send()
        .await?;
    find()
        .search_type(SearchType::Top)
        .search_mode(SearchMode::Tag)
        .send()
        .await?;
    for media in [
        SearchMediaType::Text,
        SearchMediaType::Image,
        SearchMediaType::Video,
    ] {
        find().media_type(media).send().await?;
    }
    find().author_username("fay.folds").send().await?;
    find()
        .since(now - chrono::Days::new(30))
        .until(now)
        .send()
        .await
        .map(drop)
}

async fn post_insights(world: &World, client: &Client) -> Result<()> {
    let metrics = [
        PostMetric::Views,
        PostMetric::Likes,
        PostMetric::Replies,
        PostMetric::Reposts,
        PostMetric::Quotes,
        PostMetric::Shares,
    ];
    client
        .insights()
        .post(&world.root)
        .metrics(metrics)
        .send()
        .await
        .map(drop)
}

async fn account_insights(world: &World, client: &Client) -> Result<()> {
    let now = world.sandbox.now();
    let account = || client.insights().account();
    account()
        .metrics([
            AccountMetric::Views,
            AccountMetric::Likes,
            AccountMetric::Replies,
            AccountMetric::Reposts,
            AccountMetric::Quotes,
            AccountMetric::Clicks,
        ])
        .since(now - chrono::Days::new(7))
        .until(now)
        .period(Period::Day)
        .send()
        .await?;
    account()
        .metrics([AccountMetric::FollowersCount])
        .send()
        .await?;
    for breakdown in [
        Breakdown::Country,
        Breakdown::City,
        Breakdown::Age,
        Breakdown::Gender,
    ] {
        account()
            .metrics([AccountMetric::FollowerDemographics])
            .breakdown(breakdown)
            .send()
            .await?;
    }
    Ok(())
}

/// Drafts that together use every parameter of a container.
async fn drafts(world: &World) -> Vec<Draft> {
    let image = url("https://media.example/one.jpg");
    let styles = DraftTextAttachment::new("A long story about a short plank of wood")
        .link_attachment_url(url("https://example.com/story"))
        .style(DraftTextStyle::new(0, 1, [DraftStyling::Bold]))
        .style(DraftTextStyle::new(2, 4, [DraftStyling::Italic]))
        .style(DraftTextStyle::new(7, 5, [DraftStyling::Highlight]))
        .style(DraftTextStyle::new(13, 5, [DraftStyling::Underline]))
        .style(DraftTextStyle::new(19, 1, [DraftStyling::Strikethrough]));
    let poll = DraftPoll::new("Oak", "Ash").option("Elm").option("Yew");
    let mut drafts = vec![
        Draft::poll("Which one?", poll),
        Draft::gif(DraftGif::giphy("l0HlNQ03J5JxX6lva")).with_text("Like so"),
        Draft::text_attachment(styles).with_text("Read on"),
        Draft::text("The end is near").spoiler(DraftSpoiler::new(4, 3)),
        Draft::ghost_post("Gone tomorrow"),
        Draft::text("Quietly").enable_reply_approvals(),
        Draft::text("A link").link_attachment(url("https://example.com/link")),
        Draft::text("See this")
            .quote(world.root.clone())
            .topic_tag("Wood"),
        Draft::text("An answer").reply_to(world.reply.clone()),
        Draft::text("Here").location(place(world).await),
        Draft::text("Only there").countries(["ID", "MY"]),
        Draft::text("Both places").share_to_instagram(InstagramShare::Standard),
        Draft::text("Both, at night").share_to_instagram(InstagramShare::DarkMode),
        Draft::image(image).alt_text("A plank").spoiler_media(),
        Draft::video(url("https://media.example/two.mp4")).with_text("Watch"),
    ];
    let controls = [
        ReplyControl::Everyone,
        ReplyControl::AccountsYouFollow,
        ReplyControl::MentionedOnly,
        ReplyControl::ParentPostAuthorOnly,
        ReplyControl::FollowersOnly,
    ];
    drafts.extend(controls.map(|control| Draft::text("Who may answer").reply_control(control)));
    drafts
}

async fn containers(world: &World, client: &Client) -> Result<()> {
    let publishing = client.publishing();
    for draft in drafts(world).await {
        publishing.create_container(&draft).await?;
    }
    publishing
        .auto_publish_text(&Draft::text("At once"))
        .await?;
    let items = ["three", "four"]
        .map(|name| Media::image(url(&format!("https://media.example/{name}.jpg"))).alt_text(name));
    let draft = Draft::carousel(items.to_vec()).with_text("Two of them");
    let mut children = Vec::new();
    for item in &items {
        let child = publishing.create_child(item).await?;
        publishing
            .wait_until_finished(&child, &quick_wait())
            .await?;
        children.push(child);
    }
    publishing
        .create_carousel(&draft, &children)
        .await
        .map(drop)
}
