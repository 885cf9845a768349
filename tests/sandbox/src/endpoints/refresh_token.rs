//! `GET /refresh_access_token`: a long-lived token gets another 60 days.

use axum::http::Method;
use serde_json::json;

use crate::credentials::{LONG_LIFETIME, REFRESH_AGE, TokenKind};
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::exchange_token::token_in_query;
use crate::graph_error::{Failure, GraphError};
use crate::ledger::LedgerKind;
use crate::reply::Reply;
use crate::switches::RefreshedToken;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::RefreshToken,
    method: Method::GET,
    path: &[Segment::Literal("refresh_access_token")],
    access: Access::Open,
    scopes: &[],
    parameters: &["grant_type", "access_token"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: refresh,
};

fn refresh(call: &mut Call<'_>) -> Result<Reply, Failure> {
    if call.request.parameters.require("grant_type")? != "th_refresh_token" {
        return Err(GraphError::parameter("Invalid grant type").into());
    }
    let sent = token_in_query(call)?;
    let now = call.now;
    let token = call
        .state
        .credentials
        .validate(&sent.secret, now)
        .map_err(GraphError::token)?
        .clone();
    if token.kind != TokenKind::Long {
        return Err(GraphError::parameter("Only a long-lived token can be refreshed").into());
    }
    if !token.scopes.contains("threads_basic") {
        return Err(GraphError::permission("the user has not granted threads_basic").into());
    }
    if now - token.issued_at < REFRESH_AGE {
        return Err(GraphError::parameter(
            "The token must be at least 24 hours old to be refreshed",
        )
        .into());
    }
    let secret = match call.state.switches.refresh {
        RefreshedToken::Same => {
            call.state
                .credentials
                .extend(&sent.secret, now, now + LONG_LIFETIME);
            sent.secret
        }
        RefreshedToken::NewAndOldValid => replace(call, token),
        RefreshedToken::NewAndOldInvalid => {
            let secret = replace(call, token);
            call.state.credentials.revoke_token(&sent.secret);
            secret
        }
    };
    let user = call
        .state
        .credentials
        .find(&secret)
        .and_then(|token| token.user);
    call.state.record_token(LedgerKind::TokenRefreshed, user);
    Ok(Reply::json(json!({
        "access_token": secret,
        "token_type": "bearer",
        "expires_in": LONG_LIFETIME.num_seconds(),
    })))
}

/// Keeps a new secret with the rights of the old one.
fn replace(call: &mut Call<'_>, mut token: crate::credentials::Token) -> String {
    let secret = call.state.new_secret("THQW", 44);
    token.issued_at = call.now;
    token.expires_at = call.now + LONG_LIFETIME;
    call.state.credentials.insert(secret.clone(), token);
    secret
}
