//! `GET /profile_posts`: the posts of a public profile, newest first.

use axum::http::Method;

use crate::cursor::ListId;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::listing::{self, newest_first};
use crate::endpoints::profile_lookup::{check_approval, public_profile};
use crate::endpoints::{media, media_fields};
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;
use crate::user::spend;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::ProfilePosts,
    method: Method::GET,
    path: &[Segment::Literal("profile_posts")],
    access: Access::User,
    scopes: &["threads_profile_discovery"],
    parameters: &["username", "since", "until", "limit", "before", "after"],
    fields: media_fields::OTHERS,
    errors: ErrorShape::Graph,
    handler: list,
};

fn list(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let username = call.request.parameters.require("username")?.to_owned();
    let caller = call.caller()?.user;
    check_approval(call, &username)?;
    let window = listing::window(call)?;
    let quota = call.state.switches.profile_discovery_quota;
    if let Some(user) = call.state.users.get_mut(&caller)
        && !spend(&mut user.profile_lists, call.now, quota)
    {
        let what = format!("{quota} lists of a profile's posts in 24 hours");
        return Err(GraphError::limit_reached(&what).into());
    }
    let state = &*call.state;
    let author = public_profile(state, &username, call.now)?.id;
    let posts = state
        .posts_of(author)
        .filter(|post| post.is_top_level() && post.is_live() && window.holds(post));
    let list = ListId::named("profile posts", author);
    let page = listing::page(call, list, posts, newest_first)?;
    Ok(page.answer(call, |post| media::object(state, post, caller)))
}
