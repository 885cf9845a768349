//! `GET /debug_token`: what a token is worth.

use axum::http::Method;
use serde_json::json;

use crate::credentials::TokenKind;
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::DebugToken,
    method: Method::GET,
    path: &[Segment::Literal("debug_token")],
    access: Access::User,
    scopes: &[],
    parameters: &["input_token"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: inspect,
};

fn inspect(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let input = call.request.parameters.require("input_token")?;
    let credentials = &call.state.credentials;
    let validity = credentials.validate(input, call.now);
    let Some(token) = credentials.find(input) else {
        return Ok(Reply::json(json!({
            "data": {
                "is_valid": false,
                "scopes": [],
                "error": { "code": 190, "subcode": 467, "message": "Invalid OAuth access token" },
            }
        })));
    };
    let mut data = json!({
        "type": if token.kind == TokenKind::App { "APP" } else { "USER" },
        "application": call.state.app.name,
        "expires_at": token.expires_at.timestamp(),
        "is_valid": validity.is_ok(),
        "issued_at": token.issued_at.timestamp(),
        "scopes": token.scopes,
    });
    if let Some(user) = token.user {
        data["user_id"] = json!(user.to_string());
        if let Some(until) = credentials.grant(user) {
            data["data_access_expires_at"] = json!(until.timestamp());
        }
    }
    if let Err(problem) = validity {
        let error = GraphError::token(problem);
        data["error"] = json!({
            "code": error.code,
            "subcode": error.subcode,
            "message": error.message,
        });
    }
    Ok(Reply::json(json!({ "data": data })))
}
