//! `GET /oembed`: the HTML that shows a public post on somebody's page.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;
use url::Url;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::media;
use crate::graph_error::{Failure, GraphError};
use crate::post::Post;
use crate::reply::Reply;
use crate::state::State;
use crate::user::User;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Oembed,
    method: Method::GET,
    path: &[Segment::Literal("oembed")],
    access: Access::Open,
    scopes: &[],
    parameters: &["url", "maxwidth"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: embed,
};

const LARGEST_WIDTH: u32 = 658;
const SMALLEST_WIDTH: u32 = 320;

fn embed(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let url = call.request.parameters.require("url")?;
    let width = width(call)?;
    let quota = call.state.switches.embed_quota;
    let since = call.now - TimeDelta::hours(1);
    call.state.embeds.retain(|instant| *instant > since);
    if u32::try_from(call.state.embeds.len()).is_ok_and(|used| used >= quota) {
        let what = format!("{quota} embedded posts in an hour");
        return Err(GraphError::limit_reached(&what).into());
    }
    call.state.embeds.push(call.now);
    let (author, post) = find(call.state, url)?;
    let permalink = media::permalink(author, post);
    let html = format!(
        "<blockquote class=\"text-post-media\" data-text-post-permalink=\"{permalink}\" \
         data-text-post-version=\"0\" id=\"ig-tp-{shortcode}\"><a href=\"{permalink}\" \
         target=\"_blank\">View on Threads</a></blockquote>\n<script async \
         src=\"https://www.threads.com/embed.js\"></script>",
        shortcode = post.shortcode
    );
    Ok(Reply::json(json!({
        "type": "rich",
        "version": "1.0",
        "html": html,
        "provider_name": "Threads",
        "provider_url": "https://www.threads.com/",
        "width": width,
    })))
}

fn width(call: &Call<'_>) -> Result<u32, GraphError> {
    let Some(text) = call.request.parameters.get("maxwidth") else {
        return Ok(LARGEST_WIDTH);
    };
    text.parse()
        .ok()
        .filter(|width| (SMALLEST_WIDTH..=LARGEST_WIDTH).contains(width))
        .ok_or_else(|| GraphError::parameter("Param maxwidth must be a number from 320 to 658"))
}

/// The post that an address of one of the two documented forms shows.
fn find<'a>(state: &'a State, text: &str) -> Result<(&'a User, &'a Post), GraphError> {
    let address = Url::parse(text)
        .ok()
        .filter(|url| url.scheme() == "https" && url.host_str() == Some("www.threads.com"))
        .ok_or_else(|| GraphError::parameter("Param url is not the address of a post"))?;
    let parts: Vec<&str> = address
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let (name, shortcode) = match parts.as_slice() {
        ["t", shortcode] => (None, *shortcode),
        [name, "post", shortcode] if name.starts_with('@') => (name.strip_prefix('@'), *shortcode),
        _ => {
            return Err(GraphError::parameter(
                "Param url is not the address of a post",
            ));
        }
    };
    state
        .posts
        .values()
        .filter(|post| post.shortcode == shortcode && can_be_embedded(state, post))
        .find_map(|post| {
            let author = state.users.get(&post.author)?;
            let is_meant = name.is_none_or(|name| name == author.username);
            (is_meant && author.is_public()).then_some((author, post))
        })
        .ok_or_else(|| {
            GraphError::parameter("The post does not exist, is not public or cannot be embedded")
        })
}

/// Geo-gated posts cannot, nor what its author's readers do not see.
fn can_be_embedded(state: &State, post: &Post) -> bool {
    post.is_live()
        && post.content.countries.is_empty()
        && !post.content.is_ghost
        && !post.content.is_carousel_item
        && !post.is_flagged
        && state.is_shown(post)
}
