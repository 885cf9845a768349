//! `DELETE /{media}`: a post, reply or repost of one's own disappears.

use axum::http::Method;
use serde_json::json;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::publish_container::quota_exhausted;
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;
use crate::user::in_last_day;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::DeletePost,
    method: Method::DELETE,
    path: &[Segment::Post],
    access: Access::User,
    scopes: &["threads_delete"],
    parameters: &[],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: delete,
};

fn delete(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let id = call.post()?;
    let caller = call.caller()?.user;
    let not_found = || GraphError::no_such_object("delete", &id.to_string());
    call.state
        .posts
        .get(&id)
        .filter(|post| post.author == caller && !post.content.is_carousel_item)
        .ok_or_else(not_found)?;
    let now = call.now;
    let most = call.state.switches.delete_quota;
    let user = call.state.users.get_mut(&caller).ok_or_else(not_found)?;
    let count = u32::try_from(in_last_day(&user.deleted, now)).unwrap_or(u32::MAX);
    if count >= most {
        return Err(quota_exhausted(&call.state.switches, "deleting").into());
    }
    user.deleted.push(now);
    call.state.delete_post(id).map_err(|_| not_found())?;
    Ok(Reply::json(
        json!({ "success": true, "deleted_id": id.to_string() }),
    ))
}
