//! `POST /{reply}/manage_reply`: hides a direct reply, or shows it again.

use axum::http::Method;
use serde_json::json;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::replies::own_media;
use crate::graph_error::{Failure, GraphError};
use crate::id::PostId;
use crate::ledger::{Effect, LedgerKind};
use crate::post::HideStatus;
use crate::reply::Reply;
use crate::state::State;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::ManageReply,
    method: Method::POST,
    path: &[Segment::Post, Segment::Literal("manage_reply")],
    access: Access::User,
    scopes: &["threads_manage_replies"],
    parameters: &["hide"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: manage,
};

fn manage(call: &mut Call<'_>) -> Result<Reply, Failure> {
    call.request.parameters.require("hide")?;
    let hide = call.request.parameters.flag("hide")?.unwrap_or_default();
    let reply = own_media(call)?;
    if !reply.is_direct_reply() || call.state.root_author(reply) != Some(call.caller()?.user) {
        return Err(GraphError::parameter(
            "Only direct replies to a post of the caller can be hidden and shown",
        )
        .into());
    }
    let reply = reply.id;
    let (status, kind) = if hide {
        (HideStatus::Hidden, LedgerKind::ReplyHidden)
    } else {
        (HideStatus::Unhushed, LedgerKind::ReplyUnhidden)
    };
    if let Some(reply) = call.state.posts.get_mut(&reply) {
        reply.hide_status = status;
    }
    record(call.state, kind, reply);
    Ok(Reply::json(json!({ "success": true })))
}

/// Writes down what the author of a post did with a reply.
pub(super) fn record(state: &mut State, kind: LedgerKind, reply: PostId) {
    let Some(post) = state.posts.get(&reply) else {
        return;
    };
    let effect = Effect {
        account: state.root_author(post).map(|account| account.to_string()),
        post_id: Some(reply.to_string()),
        parent: post.content.reply_to.map(|parent| parent.to_string()),
        ..Effect::default()
    };
    let now = state.now();
    state.ledger.record(now, kind, effect);
}
