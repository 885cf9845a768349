//! `GET /{media}/pending_replies`: the replies that wait for approval or were ignored.

use axum::http::Method;

use crate::cursor::ListId;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::replies::{own_media, page};
use crate::endpoints::{media, media_fields};
use crate::graph_error::{Failure, GraphError};
use crate::post::Approval;
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::PendingReplies,
    method: Method::GET,
    path: &[Segment::Post, Segment::Literal("pending_replies")],
    access: Access::User,
    scopes: &["threads_read_replies"],
    parameters: &["approval_status", "reverse", "limit", "before", "after"],
    fields: media_fields::PENDING,
    errors: ErrorShape::Graph,
    handler: list,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let caller = call.caller()?.user;
    let wanted: &[Approval] = match call.request.parameters.get("approval_status") {
        None => &[Approval::Pending, Approval::Ignored],
        Some("pending") => &[Approval::Pending],
        Some("ignored") => &[Approval::Ignored],
        Some(_) => {
            return Err(GraphError::parameter(
                "approval_status must be one of the following values: pending, ignored",
            )
            .into());
        }
    };
    let media = own_media(call)?.id;
    let state = &*call.state;
    let replies = state.replies_to(media).filter(|reply| {
        reply
            .approval
            .is_some_and(|status| wanted.contains(&status))
    });
    let page = page(call, ListId::named("pending replies", media), replies)?;
    Ok(page.answer(call, |post| media::object(state, post, caller)))
}
