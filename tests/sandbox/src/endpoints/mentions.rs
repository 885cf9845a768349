//! `GET /{user}/mentions`: what other people wrote with the name of the caller in it.

use axum::http::Method;

use crate::cursor::ListId;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::listing::{self, newest_first};
use crate::endpoints::{media, media_fields};
use crate::graph_error::{Failure, GraphError};
use crate::people::mentions;
use crate::reply::Reply;
use crate::user::{Role, User};

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Mentions,
    method: Method::GET,
    path: &[Segment::User, Segment::Literal("mentions")],
    access: Access::User,
    scopes: &["threads_manage_mentions"],
    parameters: listing::PARAMETERS,
    fields: media_fields::OWN,
    errors: ErrorShape::Graph,
    handler: list,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let caller = call.user()?;
    let window = listing::window(call)?;
    let state = &*call.state;
    let name = state
        .users
        .get(&caller)
        .map(|user| user.username.as_str())
        .ok_or_else(|| GraphError::no_such_object("get", &caller.to_string()))?;
    // Before the app is approved only its testers are seen, and all accounts are testers.
    let is_seen = |author: &User| {
        author.is_public() && (state.switches.advanced_access || author.role == Role::Account)
    };
    let posts = state.posts.values().filter(|post| {
        post.author != caller
            && post.is_live()
            && window.holds(post)
            && !post.content.is_ghost
            && post
                .content
                .text
                .as_deref()
                .is_some_and(|text| mentions(text, name))
            && state.is_shown(post)
            && state.users.get(&post.author).is_some_and(is_seen)
    });
    let list = ListId::named("mentions", caller);
    let page = listing::page(call, list, posts, newest_first)?;
    Ok(page.answer(call, |post| media::object(state, post, caller)))
}
