//! `GET /access_token`: a short-lived token becomes a long-lived one.

use axum::http::Method;
use serde_json::json;

use crate::credentials::{LONG_LIFETIME, TokenKind};
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;
use crate::request::SentToken;
use crate::request_log::TokenPlacement;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::ExchangeToken,
    method: Method::GET,
    path: &[Segment::Literal("access_token")],
    access: Access::Open,
    scopes: &[],
    parameters: &["grant_type", "client_secret", "access_token"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: exchange,
};

fn exchange(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let parameters = &call.request.parameters;
    if parameters.require("grant_type")? != "th_exchange_token" {
        return Err(GraphError::parameter("Invalid grant type").into());
    }
    if parameters.require("client_secret")? != call.state.app.secret {
        return Err(GraphError::new(400, 101, "Error validating client secret").into());
    }
    let sent = token_in_query(call)?;
    let token = call
        .state
        .credentials
        .validate(&sent.secret, call.now)
        .map_err(GraphError::token)?;
    if token.kind != TokenKind::Short {
        return Err(GraphError::parameter("Only a short-lived token can be exchanged").into());
    }
    let (user, scopes) = (token.user, token.scopes.clone());
    let token = call
        .state
        .issue_token(TokenKind::Long, user, scopes, call.now, LONG_LIFETIME);
    Ok(Reply::json(json!({
        "access_token": token,
        "token_type": "bearer",
        "expires_in": LONG_LIFETIME.num_seconds(),
    })))
}

/// The token, which these calls document as a query parameter only.
pub(super) fn token_in_query(call: &Call<'_>) -> Result<SentToken, GraphError> {
    match &call.request.token {
        Some(sent) if sent.placement == TokenPlacement::Query => Ok(sent.clone()),
        Some(_) => Err(GraphError::parameter(
            "This call takes the access token as the query parameter access_token",
        )),
        None => Err(GraphError::token_missing()),
    }
}
