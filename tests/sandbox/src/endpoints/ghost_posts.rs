//! `GET /{user}/ghost_posts`: the caller's ghost posts, active and archived.

use axum::http::Method;

use crate::cursor::ListId;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::listing::{self, newest_first};
use crate::endpoints::{media, media_fields};
use crate::graph_error::Failure;
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::GhostPosts,
    method: Method::GET,
    path: &[Segment::User, Segment::Literal("ghost_posts")],
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
    let ghosts = state
        .posts_of(author)
        .filter(|post| post.content.is_ghost && post.is_live() && window.holds(post));
    let list = ListId::named("ghost posts", author);
    let page = listing::page(call, list, ghosts, newest_first)?;
    Ok(page.answer(call, |post| media::object(state, post, author)))
}
