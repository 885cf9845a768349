//! `POST /{media}/repost`: a post on one's own profile that shows another one.

use axum::http::Method;
use serde_json::json;

use crate::content::{Content, MediaKind};
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::publish_container::check_standing;
use crate::graph_error::{Failure, GraphError};
use crate::id::{PostId, UserId};
use crate::post::Post;
use crate::reply::Reply;
use crate::switches::Republish;
use crate::user::User;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Repost,
    method: Method::POST,
    path: &[Segment::Post, Segment::Literal("repost")],
    access: Access::User,
    scopes: &["threads_content_publish"],
    parameters: &[],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: repost,
};

fn repost(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let original = call.post()?;
    let author = call.caller()?.user;
    check_standing(call, author)?;
    let not_found = || GraphError::no_such_object("post", &original.to_string());
    let post = call.state.posts.get(&original).ok_or_else(not_found)?;
    let is_public = call
        .state
        .users
        .get(&post.author)
        .is_some_and(User::is_public);
    let may_be_seen = post.author == author || (is_public && call.state.switches.advanced_access);
    if !may_be_seen || !can_be_reposted(post) {
        return Err(not_found().into());
    }
    if let Some(existing) = existing_repost(call, author, original) {
        match call.state.switches.repeat_repost {
            Republish::SecondPost => {}
            Republish::SamePost => {
                return Ok(Reply::json(json!({ "id": existing.to_string() })));
            }
            Republish::Refused => {
                return Err(
                    GraphError::parameter("The post was reposted by this account already").into(),
                );
            }
        }
    }
    let mut content = Content::new(MediaKind::Repost);
    content.reposts = Some(original);
    let id = call.state.repost(author, content, original);
    Ok(Reply::json(json!({ "id": id.to_string() })))
}

/// Whether a post is one of its own that others may spread.
fn can_be_reposted(post: &Post) -> bool {
    let content = &post.content;
    !content.is_carousel_item && !content.is_ghost && content.kind != MediaKind::Repost
}

fn existing_repost(call: &Call<'_>, author: UserId, original: PostId) -> Option<PostId> {
    call.state
        .posts_of(author)
        .find(|post| post.is_live() && post.content.reposts == Some(original))
        .map(|post| post.id)
}
