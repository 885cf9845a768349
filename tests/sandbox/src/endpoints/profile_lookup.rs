//! `GET /profile_lookup`: a public profile by its user name.

use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::account_insights::profile_views_between;
use crate::endpoints::profile::picture_url;
use crate::graph_error::{Failure, GraphError};
use crate::pacific::PacificDay;
use crate::reply::Reply;
use crate::state::State;
use crate::user::{Role, User, spend};

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
    check_approval(call, &username)?;
    let quota = call.state.switches.profile_discovery_quota;
    if let Some(user) = call.state.users.get_mut(&caller)
        && !spend(&mut user.lookups, now, quota)
    {
        let what = format!("{quota} profile lookups in 24 hours");
        return Err(GraphError::limit_reached(&what).into());
    }
    let state = &*call.state;
    let user = public_profile(state, &username, now)?;
    let followers = state.followers(user, now);
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

/// Before the app is approved it may look up Meta's own profiles only.
pub(super) fn check_approval(call: &Call<'_>, username: &str) -> Result<(), GraphError> {
    let is_official = call
        .state
        .find_person(username)
        .is_ok_and(|user| user.role == Role::Official);
    if call.state.switches.advanced_access || is_official {
        Ok(())
    } else {
        Err(GraphError::permission("the app has no advanced access"))
    }
}

/// The profile with this exact name, if strangers may find it.
pub(super) fn public_profile<'a>(
    state: &'a State,
    username: &str,
    now: DateTime<Utc>,
) -> Result<&'a User, GraphError> {
    state
        .users
        .values()
        .find(|user| user.username == username && user.is_public())
        .filter(|user| state.followers(user, now) >= FEWEST_FOLLOWERS)
        .ok_or_else(|| {
            GraphError::parameter(
                "The profile does not exist, is not public or has fewer than 100 followers",
            )
        })
}
