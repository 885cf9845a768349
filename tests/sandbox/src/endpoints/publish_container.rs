//! `POST /{user}/threads_publish`: a container becomes a post.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;

use crate::content::Content;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::cross_share;
use crate::graph_error::{Failure, GraphError};
use crate::id::{ContainerId, UserId};
use crate::post::ContainerStatus;
use crate::reply::Reply;
use crate::switches::{Republish, Switches};
use crate::user::{Standing, in_last_day};

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::PublishContainer,
    method: Method::POST,
    path: &[Segment::User, Segment::Literal("threads_publish")],
    access: Access::User,
    scopes: &["threads_content_publish"],
    parameters: &["creation_id"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: publish,
};

fn publish(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let author = call.user()?;
    check_standing(call, author)?;
    let creation_id = call.request.parameters.require("creation_id")?;
    let not_found = || GraphError::media_not_found(creation_id);
    let id: ContainerId = creation_id
        .parse()
        .map_err(|_| GraphError::parameter("Param creation_id must be a container's id"))?;
    let container = call
        .state
        .containers
        .get(&id)
        .filter(|container| container.owner == author)
        .ok_or_else(not_found)?;
    let lag = TimeDelta::seconds(i64::from(call.state.switches.publish_lag_seconds));
    if container.is_lost || call.now - container.created_at < lag {
        return Err(not_found().into());
    }
    let content = container.content.clone();
    if content.is_carousel_item {
        return Err(GraphError::parameter("A carousel's child cannot be published").into());
    }
    match (container.status(call.now), call.state.switches.republish) {
        (ContainerStatus::Finished, _) | (ContainerStatus::Published, Republish::SecondPost) => {}
        (ContainerStatus::Published, Republish::SamePost) => {
            let existing = container.published.map(|publication| publication.post);
            let existing = existing.ok_or_else(not_found)?;
            return Ok(Reply::json(json!({ "id": existing.to_string() })));
        }
        _ => return Err(not_found().into()),
    }
    check_references(call, &content)?;
    check_quota(call, author, &content)?;
    let post = call.state.publish(author, content.clone(), id);
    let mut answer = json!({ "id": post.to_string() });
    cross_share::tell_when_published(&mut answer, &content, &call.state.switches);
    Ok(Reply::json(answer))
}

/// Refuses when what the post answers or quotes was deleted in the meantime.
fn check_references(call: &Call<'_>, content: &Content) -> Result<(), GraphError> {
    for id in content.reply_to.iter().chain(&content.quotes) {
        let is_live = call
            .state
            .posts
            .get(id)
            .is_some_and(crate::post::Post::is_live);
        if !is_live {
            return Err(GraphError::media_not_found(&id.to_string()));
        }
    }
    Ok(())
}

/// Refuses when the moving 24 hours are full.
pub(super) fn check_quota(
    call: &Call<'_>,
    author: UserId,
    content: &Content,
) -> Result<(), GraphError> {
    let switches = &call.state.switches;
    let Some(user) = call.state.users.get(&author) else {
        return Err(GraphError::no_such_object("post", &author.to_string()));
    };
    let (count, total) = if content.reply_to.is_some() {
        (in_last_day(&user.replied, call.now), switches.reply_quota)
    } else {
        (in_last_day(&user.published, call.now), switches.post_quota)
    };
    if u32::try_from(count).unwrap_or(u32::MAX) < total {
        return Ok(());
    }
    Err(quota_exhausted(switches, "publishing"))
}

/// The error of an exhausted quota.
pub(super) fn quota_exhausted(switches: &Switches, what: &str) -> GraphError {
    let mut error = GraphError::from_codes(400, switches.quota_code, switches.quota_subcode);
    error.message = format!("The account reached its {what} limit for 24 hours");
    error
}

/// Refuses when the platform lets the account only read.
pub(super) fn check_standing(call: &Call<'_>, author: UserId) -> Result<(), GraphError> {
    let user = call.state.users.get(&author);
    if user.is_some_and(|user| user.standing == Standing::Restricted) {
        return Err(GraphError::user_restricted());
    }
    Ok(())
}
