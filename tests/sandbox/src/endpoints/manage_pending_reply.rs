//! `POST /{reply}/manage_pending_reply`: approves a waiting reply, or ignores it.

use axum::http::Method;
use serde_json::json;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::manage_reply::record;
use crate::endpoints::replies::own_media;
use crate::graph_error::{Failure, GraphError};
use crate::ledger::LedgerKind;
use crate::post::Approval;
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::ManagePendingReply,
    method: Method::POST,
    path: &[Segment::Post, Segment::Literal("manage_pending_reply")],
    access: Access::User,
    scopes: &["threads_manage_replies"],
    parameters: &["approve"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: manage,
};

fn manage(call: &mut Call<'_>) -> Result<Reply, Failure> {
    call.request.parameters.require("approve")?;
    let approve = call.request.parameters.flag("approve")?.unwrap_or_default();
    let reply = own_media(call)?;
    let is_waiting = matches!(reply.approval, Some(Approval::Pending | Approval::Ignored));
    if !is_waiting || call.state.root_author(reply) != Some(call.caller()?.user) {
        return Err(
            GraphError::parameter("The reply does not wait for the caller's approval").into(),
        );
    }
    let reply = reply.id;
    let (status, kind) = if approve {
        (Approval::Approved, LedgerKind::ReplyApproved)
    } else {
        (Approval::Ignored, LedgerKind::ReplyIgnored)
    };
    if let Some(reply) = call.state.posts.get_mut(&reply) {
        reply.approval = Some(status);
    }
    record(call.state, kind, reply);
    Ok(Reply::json(json!({ "success": true })))
}
