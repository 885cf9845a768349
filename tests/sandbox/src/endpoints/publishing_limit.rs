//! `GET /{user}/threads_publishing_limit`: how much of each quota is used.

use axum::http::Method;
use serde_json::json;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::fields::Field;
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;
use crate::user::in_last_day;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::PublishingLimit,
    method: Method::GET,
    path: &[Segment::User, Segment::Literal("threads_publishing_limit")],
    access: Access::User,
    scopes: &[],
    parameters: &[],
    fields: &[
        Field::plain("quota_usage"),
        Field::plain("config"),
        Field::plain("reply_quota_usage"),
        Field::plain("reply_config"),
        Field::plain("delete_quota_usage"),
        Field::plain("delete_config"),
        Field::plain("location_search_quota_usage"),
        Field::plain("location_search_config"),
    ],
    errors: ErrorShape::Graph,
    handler: read,
};

/// The fields of each family and the scopes they need.
const FAMILIES: [(&[&str], &[&str]); 4] = [
    (&["quota_usage", "config"], &["threads_content_publish"]),
    (
        &["reply_quota_usage", "reply_config"],
        &["threads_content_publish", "threads_manage_replies"],
    ),
    (
        &["delete_quota_usage", "delete_config"],
        &["threads_delete"],
    ),
    (
        &["location_search_quota_usage", "location_search_config"],
        &["threads_location_tagging"],
    ),
];

fn read(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let id = call.user()?;
    // Without fields the first quota comes back, unlike elsewhere where it is the id.
    let is_default = call.request.parameters.get("fields").is_none();
    for (position, (fields, scopes)) in FAMILIES.iter().enumerate() {
        let is_asked = fields.iter().any(|field| call.selection.contains(field));
        if is_asked || (is_default && position == 0) {
            for scope in *scopes {
                call.need_scope(scope, "this quota")?;
            }
        }
    }
    let user = call
        .state
        .users
        .get(&id)
        .ok_or_else(|| GraphError::no_such_object("get", &id.to_string()))?;
    let config = |total: u32| json!({ "quota_total": total, "quota_duration": 86_400 });
    let switches = &call.state.switches;
    let quotas = json!({
        "quota_usage": in_last_day(&user.published, call.now),
        "config": config(switches.post_quota),
        "reply_quota_usage": in_last_day(&user.replied, call.now),
        "reply_config": config(switches.reply_quota),
        "delete_quota_usage": in_last_day(&user.deleted, call.now),
        "delete_config": config(switches.delete_quota),
        "location_search_quota_usage": in_last_day(&user.location_searches, call.now),
        "location_search_config": config(switches.location_search_quota),
    });
    let quotas = if is_default {
        json!({ "quota_usage": quotas["quota_usage"] })
    } else {
        call.selection.apply(&quotas)
    };
    Ok(Reply::json(json!({ "data": [quotas] })))
}
