//! `GET /{user}`: the caller's own profile.

use axum::http::Method;
use serde_json::{Value, json};

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::fields::Field;
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;
use crate::user::User;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Profile,
    method: Method::GET,
    path: &[Segment::User],
    access: Access::User,
    scopes: &[],
    parameters: &[],
    fields: &[
        Field::plain("id"),
        Field::plain("username"),
        Field::plain("name"),
        Field::plain("threads_profile_picture_url"),
        Field::plain("threads_biography"),
        Field::plain("is_verified"),
        Field::plain("recently_searched_keywords"),
        Field::plain("is_eligible_for_geo_gating"),
    ],
    errors: ErrorShape::Graph,
    handler: read,
};

fn read(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let id = call.user()?;
    let user = call
        .state
        .users
        .get(&id)
        .ok_or_else(|| GraphError::no_such_object("get", &id.to_string()))?;
    let keywords: Vec<Value> = user
        .recent_keywords
        .iter()
        .map(|(query, at)| json!({ "query": query, "timestamp": at.timestamp_millis() }))
        .collect();
    let mut profile = json!({
        "id": user.id.to_string(),
        "username": user.username,
        "name": user.name,
        "threads_profile_picture_url": picture_url(user),
        "is_verified": user.is_verified,
        "recently_searched_keywords": keywords,
        "is_eligible_for_geo_gating": user.followers_at_start >= 10_000,
    });
    if !user.biography.is_empty() {
        profile["threads_biography"] = json!(user.biography);
    }
    Ok(Reply::json(call.selection.apply(&profile)))
}

/// A made-up address that nothing is served at.
pub(super) fn picture_url(user: &User) -> String {
    format!(
        "https://media.example/profile/{}.jpg",
        user.seed.text(1, 12)
    )
}
