//! `GET /{user}/replies`: the replies that the caller wrote, newest first.

use axum::http::Method;

use crate::cursor::ListId;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::listing::{self, newest_first};
use crate::endpoints::{media, media_fields};
use crate::graph_error::Failure;
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::UserReplies,
    method: Method::GET,
    path: &[Segment::User, Segment::Literal("replies")],
    access: Access::User,
    scopes: &["threads_read_replies"],
    parameters: listing::PARAMETERS,
    fields: media_fields::OTHERS,
    errors: ErrorShape::Graph,
    handler: list,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let author = call.user()?;
    let window = listing::window(call)?;
    let state = &*call.state;
    let replies = state
        .posts_of(author)
        .filter(|post| post.root.is_some() && post.is_live() && window.holds(post));
    let list = ListId::named("replies", author);
    let page = listing::page(call, list, replies, newest_first)?;
    Ok(page.answer(call, |post| media::object(state, post, author)))
}
