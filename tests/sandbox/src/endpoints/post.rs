//! `GET /{media}`: one post.

use axum::http::Method;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::{media, media_fields};
use crate::graph_error::{Failure, GraphError};
use crate::id::UserId;
use crate::post::Post;
use crate::reply::Reply;
use crate::state::State;
use crate::user::User;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Post,
    method: Method::GET,
    path: &[Segment::Post],
    access: Access::User,
    scopes: &[],
    parameters: &[],
    fields: media_fields::OWN,
    errors: ErrorShape::Graph,
    handler: read,
};

fn read(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let id = call.post()?;
    let caller = call.caller()?.user;
    let post = call
        .state
        .posts
        .get(&id)
        .filter(|post| may_read(call.state, post, caller))
        .ok_or_else(|| GraphError::no_such_object("get", &id.to_string()))?;
    Ok(Reply::json(
        call.selection
            .apply(&media::object(call.state, post, caller)),
    ))
}

/// Other people's posts are readable with advanced access only, and if they are public.
///
/// A reply that waits for approval is shown to the author of the post above it alone.
fn may_read(state: &State, post: &Post, caller: UserId) -> bool {
    let is_public = state.users.get(&post.author).is_some_and(User::is_public);
    let is_shown = state.is_shown(post) || state.root_author(post) == Some(caller);
    post.author == caller || (state.switches.advanced_access && is_public && is_shown)
}
