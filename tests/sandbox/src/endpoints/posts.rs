//! `GET /{user}/threads`: the caller's posts, newest first.

use axum::http::Method;

use crate::cursor::ListId;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::listing::{self, newest_first};
use crate::endpoints::{media, media_fields};
use crate::graph_error::Failure;
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Posts,
    method: Method::GET,
    path: &[Segment::User, Segment::Literal("threads")],
    access: Access::User,
    scopes: &[],
    parameters: listing::PARAMETERS,
    fields: media_fields::OWN,
    errors: ErrorShape::Graph,
    handler: list,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let author = call.user()?;
    let window = listing::window(call)?;
    let state = &*call.state;
    let posts = state
        .posts_of(author)
        .filter(|post| post.is_top_level() && post.is_live() && window.holds(post));
    let list = ListId::posts_of(author);
    let page = listing::page(call, list, posts, newest_first)?;
    Ok(page.answer(call, |post| media::object(state, post, author)))
}
