//! `POST /{user}/threads`: a new container.

use axum::http::Method;
use serde_json::json;
use url::{Host, Url};

use crate::content::{Content, MediaKind};
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::publish_container::{check_quota, check_standing};
use crate::endpoints::{cross_share, draft};
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::CreateContainer,
    method: Method::POST,
    path: &[Segment::User, Segment::Literal("threads")],
    access: Access::User,
    scopes: &["threads_content_publish"],
    parameters: draft::PARAMETERS,
    fields: &[],
    errors: ErrorShape::Graph,
    handler: create,
};

/// A media URL with this in it becomes a container with the error named behind it.
const ERROR_MARKER: &str = "sandbox-error-";

fn create(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let author = call.user()?;
    check_standing(call, author)?;
    let publishes_at_once = call
        .request
        .parameters
        .flag("auto_publish_text")?
        .unwrap_or_default();
    let content = draft::read(call)?;
    if publishes_at_once {
        if content.kind != MediaKind::Text {
            return Err(GraphError::parameter("auto_publish_text is only for TEXT").into());
        }
        check_quota(call, author, &content)?;
    }
    let error = call
        .container_error
        .take()
        .or_else(|| media_error(&content));
    let is_lost = call.container_is_lost;
    let container = call.state.add_container(author, content.clone(), error);
    if is_lost && let Some(container) = call.state.containers.get_mut(&container) {
        container.is_lost = true;
    }
    if publishes_at_once {
        let post = call.state.publish(author, content.clone(), container);
        let mut answer = json!({ "id": post.to_string() });
        // One call creates and publishes, so either world tells here.
        cross_share::tell_when_created(&mut answer, &content, &call.state.switches);
        cross_share::tell_when_published(&mut answer, &content, &call.state.switches);
        return Ok(Reply::json(answer));
    }
    let mut answer = json!({ "id": container.to_string() });
    cross_share::tell_when_created(&mut answer, &content, &call.state.switches);
    Ok(Reply::json(answer))
}

/// What would go wrong if the media were fetched; they never are.
fn media_error(content: &Content) -> Option<String> {
    let url = content.media_url.as_deref()?;
    if let Some((_, marked)) = url.split_once(ERROR_MARKER) {
        let message: String = marked
            .chars()
            .take_while(|character| character.is_ascii_uppercase() || *character == '_')
            .collect();
        return Some(if message.is_empty() {
            "UNKNOWN".to_owned()
        } else {
            message
        });
    }
    // Meta cannot reach this machine, so neither does the sandbox pretend to.
    let is_local = match Url::parse(url).ok()?.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    };
    is_local.then(|| "UNKNOWN".to_owned())
}
