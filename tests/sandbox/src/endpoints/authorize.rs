//! The authorization window: `GET /oauth/authorize` and its two buttons.

use std::collections::BTreeSet;

use axum::http::Method;
use url::Url;

use crate::credentials::{Code, PendingAuthorization, SCOPES};
use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::endpoints::authorize_page;
use crate::graph_error::Failure;
use crate::id::UserId;
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Authorize,
    method: Method::GET,
    path: &[Segment::Literal("oauth"), Segment::Literal("authorize")],
    access: Access::Open,
    scopes: &[],
    parameters: &[
        "client_id",
        "redirect_uri",
        "scope",
        "response_type",
        "state",
    ],
    fields: &[],
    errors: ErrorShape::Window,
    handler: show,
};

pub(super) const DECISION_SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::Authorize,
    method: Method::POST,
    path: &[Segment::Literal("oauth"), Segment::Literal("authorize")],
    access: Access::Open,
    scopes: &[],
    parameters: &["request", "account", "decision"],
    fields: &[],
    errors: ErrorShape::Window,
    handler: decide,
};

fn show(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let pending = check(call)?;
    let first = call.state.accounts().map(|user| user.id).next();
    if call.state.auto_approve
        && let Some(user) = first
    {
        return Ok(allow(call, pending, user));
    }
    let id = call.state.new_secret("", 32);
    let page = authorize_page::render(
        &call.state.app.name,
        call.state.accounts(),
        &pending.scopes,
        &id,
    );
    call.state.credentials.wait_for_decision(id, pending);
    Ok(Reply::html(200, page)
        .with_header("content-security-policy", authorize_page::CONTENT_POLICY)
        .with_header("referrer-policy", "no-referrer")
        .with_header("x-content-type-options", "nosniff"))
}

/// Checks the request of the window, in the order in which Meta's errors suggest.
fn check(call: &Call<'_>) -> Result<PendingAuthorization, Failure> {
    let parameters = &call.request.parameters;
    let app = &call.state.app;
    match parameters.get("client_id") {
        None | Some("") => {
            return Err(Failure::window(4_476_002, "No app ID was provided"));
        }
        Some(client_id) if client_id != app.id => {
            return Err(Failure::window(
                1_349_026,
                "No application data was given: this is not the Threads app ID",
            ));
        }
        Some(_) => {}
    }
    let redirect_uri = parameters
        .get("redirect_uri")
        .ok_or_else(|| Failure::window(100, "The parameter redirect_uri is required"))?;
    let registered = app
        .redirect_uris
        .iter()
        .any(|registered| registered.as_str() == redirect_uri);
    let redirect_uri = Url::parse(redirect_uri)
        .map_err(|_| Failure::window(100, "The parameter redirect_uri is not a URL"))?;
    if !registered {
        // Plain HTTP has a number of its own.
        return Err(if redirect_uri.scheme() == "https" {
            Failure::window(
                1_349_168,
                "The redirect_uri is not one of those registered for the app; it must match \
                 exactly, a trailing slash included",
            )
        } else {
            Failure::window(1_349_187, "Insecure redirects are blocked: use HTTPS")
        });
    }
    if parameters.get("response_type") != Some("code") {
        return Err(Failure::window(100, "The response_type must be code"));
    }
    let scopes = parameters
        .get("scope")
        .unwrap_or_default()
        .split([',', ' '])
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .map(ToOwned::to_owned)
        .collect::<BTreeSet<_>>();
    if let Some(unknown) = scopes
        .iter()
        .find(|scope| !SCOPES.contains(&scope.as_str()))
    {
        return Err(Failure::window(100, format!("Invalid scope: {unknown}")));
    }
    if !scopes.contains("threads_basic") {
        return Err(Failure::window(100, "The scope must contain threads_basic"));
    }
    Ok(PendingAuthorization {
        redirect_uri,
        scopes,
        state: parameters.get("state").map(ToOwned::to_owned),
    })
}

fn decide(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let parameters = &call.request.parameters;
    let id = parameters.get("request").unwrap_or_default();
    let pending = call
        .state
        .credentials
        .pending
        .remove(id)
        .ok_or_else(|| Failure::window(100, "This window was already used; start again"))?;
    match parameters.get("decision") {
        Some("allow") => {
            let user = parameters
                .get("account")
                .and_then(|account| call.state.find_user(account).ok())
                .map(|user| user.id)
                .ok_or_else(|| Failure::window(100, "Choose one of the accounts"))?;
            Ok(allow(call, pending, user))
        }
        Some("deny") => Ok(deny(pending)),
        _ => Err(Failure::window(100, "The decision is allow or deny")),
    }
}

fn allow(call: &mut Call<'_>, pending: PendingAuthorization, user: UserId) -> Reply {
    let code = call.state.new_secret("AQ", 48);
    let mut location = pending.redirect_uri.clone();
    location.query_pairs_mut().append_pair("code", &code);
    append_state(&mut location, pending.state.as_deref());
    // Meta's redirect ends like this; it is no part of the code.
    location.set_fragment(Some("_"));
    call.state.credentials.codes.insert(
        code,
        Code {
            user,
            scopes: pending.scopes,
            redirect_uri: pending.redirect_uri.into(),
            issued_at: call.now,
        },
    );
    Reply::redirect(302, location).with_header("referrer-policy", "no-referrer")
}

fn deny(pending: PendingAuthorization) -> Reply {
    let mut location = pending.redirect_uri;
    location
        .query_pairs_mut()
        .append_pair("error", "access_denied")
        .append_pair("error_reason", "user_denied")
        .append_pair("error_description", "The user denied your request");
    append_state(&mut location, pending.state.as_deref());
    Reply::redirect(302, location).with_header("referrer-policy", "no-referrer")
}

fn append_state(location: &mut Url, state: Option<&str>) {
    if let Some(state) = state {
        location.query_pairs_mut().append_pair("state", state);
    }
}
