//! `GET /{media}/conversation`: all replies below a post of the caller, flattened.

use axum::http::Method;

use crate::cursor::ListId;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::replies::{self, own_media, page};
use crate::endpoints::{media, media_fields};
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Conversation,
    method: Method::GET,
    path: &[Segment::Post, Segment::Literal("conversation")],
    access: Access::User,
    scopes: &["threads_read_replies"],
    parameters: replies::PARAMETERS,
    fields: media_fields::OTHERS,
    errors: ErrorShape::Graph,
    handler: list,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let caller = call.caller()?.user;
    let root = own_media(call)?;
    if root.root.is_some() {
        return Err(GraphError::parameter("A reply has no conversation of its own").into());
    }
    let root = root.id;
    let state = &*call.state;
    let replies = state
        .conversation_of(root)
        .filter(|reply| state.is_shown(reply));
    let page = page(call, ListId::named("conversation", root), replies)?;
    Ok(page.answer(call, |post| {
        let mut object = media::object(state, post, caller);
        // The author's mark and picture come with direct replies only.
        if !post.is_direct_reply()
            && let Some(members) = object.as_object_mut()
        {
            members.remove("is_verified");
            members.remove("profile_picture_url");
        }
        object
    }))
}
