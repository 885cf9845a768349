//! `GET /{media}`: one post.

use axum::http::Method;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::media;
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Post,
    method: Method::GET,
    path: &[Segment::Post],
    access: Access::User,
    scopes: &[],
    parameters: &[],
    fields: media::FIELDS,
    errors: ErrorShape::Graph,
    handler: read,
};

fn read(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let id = call.post()?;
    let caller = call.caller()?.user;
    // Other people's posts are readable with advanced access only.
    let post = call
        .state
        .posts
        .get(&id)
        .filter(|post| post.author == caller || call.state.switches.advanced_access)
        .ok_or_else(|| GraphError::no_such_object("get", &id.to_string()))?;
    Ok(Reply::json(
        call.selection
            .apply(&media::object(call.state, post, caller)),
    ))
}
