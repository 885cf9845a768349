//! `GET /{container}`: how far a container is.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::fields::Field;
use crate::graph_error::{Failure, GraphError};
use crate::post::ContainerStatus;
use crate::reply::Reply;
use crate::switches::PublishedContainer;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::ContainerStatus,
    method: Method::GET,
    path: &[Segment::Container],
    access: Access::User,
    scopes: &["threads_content_publish"],
    parameters: &[],
    fields: &[
        Field::plain("id"),
        Field::plain("status"),
        Field::plain("error_message"),
    ],
    errors: ErrorShape::Graph,
    handler: read,
};

fn read(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let id = call.container()?;
    let caller = call.caller()?.user;
    let now = call.now;
    let switches = &call.state.switches;
    let not_found = || GraphError::no_such_object("get", &id.to_string());
    let container = call
        .state
        .containers
        .get_mut(&id)
        .filter(|container| container.owner == caller)
        .ok_or_else(not_found)?;
    if call.selection.contains("status") {
        container.polls = container.polls.saturating_add(1);
    }
    let mut status = container.status(now);
    if let Some(publication) = container.published {
        let lag = TimeDelta::seconds(i64::from(switches.status_lag_seconds));
        if now - publication.at < lag {
            status = ContainerStatus::Finished;
        } else {
            match switches.published_container {
                PublishedContainer::Published => {}
                PublishedContainer::NotFound => return Err(not_found().into()),
                PublishedContainer::NonexistingField => {
                    return Err(GraphError::unknown_field("status", "ThreadsMedia").into());
                }
            }
        }
    }
    let mut object = json!({ "id": id.to_string(), "status": status.as_str() });
    if status == ContainerStatus::Error
        && let Some(message) = &container.error
    {
        object["error_message"] = json!(message);
    }
    Ok(Reply::json(call.selection.apply(&object)))
}
