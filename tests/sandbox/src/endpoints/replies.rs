//! `GET /{media}/replies`: the direct replies to a post of the caller.

use axum::http::Method;
use chrono::{DateTime, Utc};

use crate::cursor::ListId;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::listing::{self, Page};
use crate::endpoints::{media, media_fields};
use crate::graph_error::{Failure, GraphError};
use crate::id::PostId;
use crate::post::Post;
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Replies,
    method: Method::GET,
    path: &[Segment::Post, Segment::Literal("replies")],
    access: Access::User,
    scopes: &["threads_read_replies"],
    parameters: PARAMETERS,
    fields: media_fields::OTHERS,
    errors: ErrorShape::Graph,
    handler: list,
};

/// The parameters of the lists below a post: newest first unless `reverse` is `false`.
///
/// `limit` is not in Meta's reference, but Meta's own sample app sends it.
pub(super) const PARAMETERS: &[&str] = &["reverse", "limit", "before", "after"];

fn list(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let caller = call.caller()?.user;
    let media = own_media(call)?.id;
    let state = &*call.state;
    let replies = state
        .replies_to(media)
        .filter(|reply| state.is_shown(reply));
    let page = page(call, ListId::named("replies", media), replies)?;
    Ok(page.answer(call, |post| media::object(state, post, caller)))
}

/// The post in the path, if it or its conversation is the caller's.
pub(super) fn own_media<'a>(call: &'a Call<'_>) -> Result<&'a Post, Failure> {
    let id = call.post()?;
    let caller = call.caller()?.user;
    let state = &*call.state;
    state
        .posts
        .get(&id)
        .filter(|post| post.author == caller || state.root_author(post) == Some(caller))
        .ok_or_else(|| {
            let verb = call.request.method.as_str().to_ascii_lowercase();
            GraphError::no_such_object(&verb, &id.to_string()).into()
        })
}

/// A page in the order that `reverse` asks for.
pub(super) fn page<'a>(
    call: &Call<'_>,
    list: ListId,
    replies: impl Iterator<Item = &'a Post>,
) -> Result<Page<'a>, GraphError> {
    let oldest_first = |post: &Post| -> (DateTime<Utc>, PostId) { (post.published_at, post.id) };
    if call.request.parameters.flag("reverse")?.unwrap_or(true) {
        listing::page(call, list, replies, listing::newest_first)
    } else {
        listing::page(call, list, replies, oldest_first)
    }
}
