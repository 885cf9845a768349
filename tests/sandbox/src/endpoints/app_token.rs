//! `GET /oauth/access_token`: the app's own token.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::json;

use crate::credentials::{LONG_LIFETIME, TokenKind};
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::AppToken,
    method: Method::GET,
    path: &[Segment::Literal("oauth"), Segment::Literal("access_token")],
    access: Access::Open,
    scopes: &[],
    parameters: &["client_id", "client_secret", "grant_type"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: issue,
};

fn issue(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let parameters = &call.request.parameters;
    if parameters.require("grant_type")? != "client_credentials" {
        return Err(GraphError::parameter("Invalid grant type").into());
    }
    let app = &call.state.app;
    if parameters.require("client_id")? != app.id
        || parameters.require("client_secret")? != app.secret
    {
        return Err(GraphError::new(400, 101, "Error validating application").into());
    }
    let token = call.state.issue_token(
        TokenKind::App,
        None,
        BTreeSet::new(),
        call.now,
        LONG_LIFETIME,
    );
    Ok(Reply::json(
        json!({ "access_token": token, "token_type": "bearer" }),
    ))
}
