//! `POST /oauth/access_token`: an authorization code becomes a short-lived token.

use axum::http::Method;
use serde_json::json;

use crate::credentials::{CODE_LIFETIME, SHORT_LIFETIME, TokenKind};
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::graph_error::Failure;
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::ExchangeCode,
    method: Method::POST,
    path: &[Segment::Literal("oauth"), Segment::Literal("access_token")],
    access: Access::Open,
    scopes: &[],
    parameters: &[
        "client_id",
        "client_secret",
        "grant_type",
        "redirect_uri",
        "code",
    ],
    fields: &[],
    errors: ErrorShape::Flat,
    handler: exchange,
};

fn exchange(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let parameters = &call.request.parameters;
    let require = |name: &str| {
        parameters
            .get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| {
                Failure::flat(
                    "invalid_request",
                    format!("The parameter {name} is required"),
                )
            })
    };
    let app = &call.state.app;
    if require("client_id")? != app.id {
        return Err(Failure::flat("OAuthException", "Invalid platform app"));
    }
    if require("client_secret")? != app.secret {
        return Err(Failure::flat(
            "OAuthException",
            "Error validating client secret",
        ));
    }
    if require("grant_type")? != "authorization_code" {
        return Err(Failure::flat("invalid_request", "Invalid grant type"));
    }
    let redirect_uri = require("redirect_uri")?;
    let secret = require("code")?;
    let unknown_code = || {
        Failure::flat(
            "OAuthException",
            "Matching code was not found or was already used",
        )
    };
    let code = call
        .state
        .credentials
        .codes
        .get(secret)
        .ok_or_else(unknown_code)?;
    if code.redirect_uri != redirect_uri {
        return Err(Failure::flat("invalid_request", "Invalid redirect URI"));
    }
    let is_too_old = call.now - code.issued_at >= CODE_LIFETIME;
    let code = call
        .state
        .credentials
        .codes
        .remove(secret)
        .ok_or_else(unknown_code)?;
    if is_too_old {
        return Err(Failure::flat(
            "OAuthException",
            "This authorization code has expired",
        ));
    }
    let user = code.user;
    let token = call.state.issue_token(
        TokenKind::Short,
        Some(user),
        code.scopes,
        call.now,
        SHORT_LIFETIME,
    );
    // The id is a JSON number beyond 2^53 here, unlike everywhere else.
    Ok(Reply::json(json!({
        "access_token": token,
        "token_type": "bearer",
        "user_id": user.0,
    })))
}
