//! Reading the parameters of a new container.

use chrono::TimeDelta;
use url::Url;

use crate::content::{Content, MediaKind, first_tag};
use crate::endpoint::Call;
use crate::endpoints::{countries, draft_objects, draft_rules};
use crate::graph_error::{Failure, GraphError};
use crate::id::{ContainerId, PostId};
use crate::post::{ContainerStatus, Post};

/// Every parameter that `POST /{user}/threads` documents.
pub(super) const PARAMETERS: &[&str] = &[
    "media_type",
    "text",
    "image_url",
    "video_url",
    "is_carousel_item",
    "children",
    "reply_to_id",
    "reply_control",
    "enable_reply_approvals",
    "allowlisted_country_codes",
    "alt_text",
    "link_attachment",
    "quote_post_id",
    "poll_attachment",
    "topic_tag",
    "location_id",
    "text_entities",
    "is_spoiler_media",
    "text_attachment",
    "gif_attachment",
    "is_ghost_post",
    "auto_publish_text",
    "crossreshare_to_ig",
    "crossreshare_to_ig_dark_mode",
];

/// The content that the call describes, if every rule is kept.
pub(super) fn read(call: &Call<'_>) -> Result<Content, Failure> {
    let parameters = &call.request.parameters;
    let kind = MediaKind::from_parameter(parameters.require("media_type")?).ok_or_else(|| {
        GraphError::parameter(
            "media_type must be one of the following values: TEXT, IMAGE, VIDEO, CAROUSEL",
        )
    })?;
    let owned = |name: &str| parameters.get(name).map(ToOwned::to_owned);
    let flag = |name: &str| parameters.flag(name).map(Option::unwrap_or_default);

    let mut content = Content::new(kind);
    content.text = owned("text").filter(|text| !text.is_empty());
    content.alt_text = owned("alt_text");
    content.topic_tag = owned("topic_tag");
    content.reply_control = owned("reply_control");
    content.is_carousel_item = flag("is_carousel_item")?;
    content.is_spoiler_media = flag("is_spoiler_media")?;
    content.is_ghost = flag("is_ghost_post")?;
    content.approves_replies = flag("enable_reply_approvals")?;
    content.shares_to_instagram = shares_to_instagram(call)?;
    content.media_url = media_url(call, kind)?;
    content.link_attachment = web_url(call, "link_attachment")?;
    content.children = children(call, kind)?;
    draft_objects::read(call, &mut content)?;
    content.countries = countries::read(parameters.get("allowlisted_country_codes"))?;
    content.location_id = location(call)?;
    content.reply_to = related_post(call, "reply_to_id")?;
    content.quotes = related_post(call, "quote_post_id")?;
    if content.reply_to.is_some() {
        call.need_scope("threads_manage_replies", "a reply")?;
    }
    if content.shares_to_instagram {
        call.need_scope("threads_share_to_instagram", "sharing to Instagram")?;
    }

    draft_rules::check(&content, &call.state.switches)?;
    let author = call.caller()?.user;
    if !content.countries.is_empty()
        && call
            .state
            .users
            .get(&author)
            .is_none_or(|user| user.followers_at_start < 10_000)
    {
        return Err(GraphError::parameter(
            "THREADS_API__FEATURE_NOT_AVAILABLE: geo-gating is not available to this user",
        )
        .into());
    }
    if content.topic_tag.is_none()
        && !content.is_ghost
        && let Some(text) = &content.text
    {
        content.topic_tag = first_tag(text);
    }
    Ok(content)
}

fn media_url(call: &Call<'_>, kind: MediaKind) -> Result<Option<String>, GraphError> {
    let image = web_url(call, "image_url")?;
    let video = web_url(call, "video_url")?;
    match (kind, image, video) {
        (MediaKind::Image, Some(url), None) | (MediaKind::Video, None, Some(url)) => Ok(Some(url)),
        (MediaKind::Image, _, _) => Err(GraphError::parameter(
            "An IMAGE needs image_url and no video_url",
        )),
        (MediaKind::Video, _, _) => Err(GraphError::parameter(
            "A VIDEO needs video_url and no image_url",
        )),
        (_, None, None) => Ok(None),
        _ => Err(GraphError::parameter(
            "image_url and video_url are only for IMAGE and VIDEO",
        )),
    }
}

fn web_url(call: &Call<'_>, name: &str) -> Result<Option<String>, GraphError> {
    let Some(text) = call.request.parameters.get(name) else {
        return Ok(None);
    };
    if is_web_url(text) {
        Ok(Some(text.to_owned()))
    } else {
        Err(GraphError::parameter(format!("Param {name} must be a URL")))
    }
}

/// Whether a text is an absolute URL of the web.
pub(super) fn is_web_url(text: &str) -> bool {
    Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

/// Whether one of the two ways to share to Instagram is asked for.
fn shares_to_instagram(call: &Call<'_>) -> Result<bool, GraphError> {
    let flag = |name| {
        call.request
            .parameters
            .flag(name)
            .map(Option::unwrap_or_default)
    };
    let light = flag("crossreshare_to_ig")?;
    let dark = flag("crossreshare_to_ig_dark_mode")?;
    if light && dark {
        return Err(GraphError::parameter(
            "crossreshare_to_ig and crossreshare_to_ig_dark_mode exclude each other",
        ));
    }
    Ok(light || dark)
}

fn children(call: &Call<'_>, kind: MediaKind) -> Result<Vec<ContainerId>, Failure> {
    let Some(list) = call.request.parameters.get("children") else {
        return if kind == MediaKind::Carousel {
            Err(GraphError::parameter("A CAROUSEL needs children").into())
        } else {
            Ok(Vec::new())
        };
    };
    if kind != MediaKind::Carousel {
        return Err(GraphError::parameter("children are only for CAROUSEL").into());
    }
    let ids = list
        .split(',')
        .map(|id| {
            id.trim().parse::<ContainerId>().map_err(|_| {
                GraphError::parameter("children must be container ids with commas between them")
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if !(2..=20).contains(&ids.len()) {
        return Err(GraphError::parameter("A CAROUSEL has 2 to 20 children").into());
    }
    let author = call.caller()?.user;
    for (position, id) in ids.iter().enumerate() {
        let child = call
            .state
            .containers
            .get(id)
            .filter(|child| child.owner == author)
            .ok_or_else(|| GraphError::media_not_found(&id.to_string()))?;
        if !child.content.is_carousel_item {
            return Err(GraphError::parameter(format!(
                "The child {id} was not created with is_carousel_item"
            ))
            .into());
        }
        if ids.iter().take(position).any(|earlier| earlier == id) {
            return Err(GraphError::parameter(format!("The child {id} is listed twice")).into());
        }
        if child.status(call.now) != ContainerStatus::Finished {
            return Err(GraphError::parameter(format!("The child {id} is not FINISHED")).into());
        }
    }
    Ok(ids)
}

fn location(call: &Call<'_>) -> Result<Option<String>, Failure> {
    let Some(id) = call.request.parameters.get("location_id") else {
        return Ok(None);
    };
    call.need_scope("threads_location_tagging", "a location")?;
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(GraphError::parameter("Param location_id must be a location's id").into());
    }
    Ok(Some(id.to_owned()))
}

/// A live post that the new one refers to; error 24 while it cannot be found.
fn related_post(call: &Call<'_>, name: &str) -> Result<Option<PostId>, Failure> {
    let Some(text) = call.request.parameters.get(name) else {
        return Ok(None);
    };
    text.parse::<PostId>()
        .ok()
        .filter(|id| {
            call.state
                .posts
                .get(id)
                .is_some_and(|post| can_be_referred_to(call, post))
        })
        .map(Some)
        .ok_or_else(|| GraphError::media_not_found(text).into())
}

fn can_be_referred_to(call: &Call<'_>, post: &Post) -> bool {
    let lag = TimeDelta::seconds(i64::from(call.state.switches.parent_lag_seconds));
    post.is_live()
        && !post.content.is_carousel_item
        && post.content.kind != MediaKind::Repost
        && call.now - post.published_at >= lag
}
