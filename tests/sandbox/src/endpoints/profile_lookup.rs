//! `GET /profile_lookup`: a public profile by its user name.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::account_insights::profile_views_between;
use crate::endpoints::profile::picture_url;
use crate::graph_error::{Failure, GraphError};
use crate::pacific::PacificDay;
use crate::reply::Reply;
use crate::user::in_last_day;

/// Lookups per user and 24 hours.
const QUOTA: usize = 1_000;
/// How many followers a profile needs to be found.
const FEWEST_FOLLOWERS: u64 = 100;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::ProfileLookup,
    method: Method::GET,
    path: &[Segment::Literal("profile_lookup")],
    access: Access::User,
    scopes: &["threads_profile_discovery"],
    parameters: &["username"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: look_up,
};

fn look_up(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let username = call.request.parameters.require("username")?.to_owned();
    let now = call.now;
    let caller = call.caller()?.user;
    if !call.state.switches.advanced_access {
        return Err(GraphError::permission("the app has no advanced access").into());
    }
    if let Some(caller) = call.state.users.get_mut(&caller) {
        if in_last_day(&caller.lookups, now) >= QUOTA {
            return Err(GraphError::new(
                400,
                4,
                "(#4) The limit of 1000 profile lookups in 24 hours is reached",
            )
            .into());
        }
        caller.lookups.push(now);
    }
    let not_found = || {
        GraphError::parameter(
            "The profile does not exist, is not public or has fewer than 100 followers",
        )
    };
    let state = &*call.state;
    let user = state
        .users
        .values()
        .find(|user| user.username == username)
        .ok_or_else(not_found)?;
    let followers = state.followers(user, now);
    if followers < FEWEST_FOLLOWERS {
        return Err(not_found().into());
    }
    let week_ago = now - TimeDelta::days(7);
    let gained = state.gained(user.id, week_ago, now);
    let views = profile_views_between(
        state,
        user,
        PacificDay::containing(week_ago).next(),
        PacificDay::containing(now),
        now,
    );
    Ok(Reply::json(json!({
        "username": user.username,
        "name": user.name,
        "profile_picture_url": picture_url(user),
        "biography": user.biography,
        "is_verified": user.is_verified,
        "follower_count": followers,
        "likes_count": gained.likes,
        "quotes_count": gained.quotes,
        "replies_count": gained.replies,
        "reposts_count": gained.reposts,
        "views_count": gained.views + views.iter().map(|(_, value)| value).sum::<u64>(),
    })))
}
