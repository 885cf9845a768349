//! `POST /{user}/threads_publish`: a container becomes a post.

use axum::http::Method;
use serde_json::json;

use crate::content::Content;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::graph_error::{Failure, GraphError};
use crate::id::{ContainerId, UserId};
use crate::post::ContainerStatus;
use crate::reply::Reply;
use crate::switches::Republish;
use crate::user::in_last_day;

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
    let shares_to_instagram = content.shares_to_instagram;
    let post = call.state.publish(author, content, id);
    let mut answer = json!({ "id": post.to_string() });
    if shares_to_instagram {
        answer["crossreshare_to_ig_status"] = json!("SUCCESS");
    }
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
    let mut error = GraphError::from_codes(400, switches.quota_code, switches.quota_subcode);
    "The account reached its publishing limit for 24 hours".clone_into(&mut error.message);
    Err(error)
}
