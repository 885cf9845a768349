//! Every documented call, parameter, value and scope: sent by this crate, and accepted or refused by a strict
//! stand-in for Meta, whose request log is the evidence.

use std::collections::BTreeSet;

use threads_client::{ApiErrorKind, AuthorizationResponse, Error, Scope};
use threads_sandbox::{RequestLogEntry, Sandbox};

use crate::drive::drive;
use crate::support::sandbox::visit;
use crate::table::{self, Call};
use crate::world::World;

#[tokio::test]
async fn every_documented_call_parameter_and_value_is_sent_and_accepted() {
    let world = World::new().await;
    world.sandbox.clear_requests();
    let client = world.client(Sandbox::all_scopes());

    let mut missing = Vec::new();
    sign_in(&world).await;
    for call in table::calls().iter().filter(|call| is_driven(call)) {
        if let Err(error) = drive(&call.endpoint, &world, &client).await {
            missing.push(format!("{}: {error:?}", call.endpoint));
        }
    }

    let log = accepted(&world);
    for call in table::calls() {
        let seen: Vec<&RequestLogEntry> = log
            .iter()
            .filter(|entry| endpoint(entry) == call.endpoint)
            .collect();
        if !seen
            .iter()
            .any(|entry| entry.method == call.method && fits(&call.path, &entry.path))
        {
            missing.push(format!("{} {}", call.method, call.path));
        }
        for (name, values) in &call.parameters {
            let sent: Vec<&str> = seen
                .iter()
                .filter_map(|entry| entry.parameter(name))
                .collect();
            if sent.is_empty() {
                missing.push(format!("{} {}: {name}", call.method, call.path));
            }
            for value in values {
                if !sent.iter().any(|sent| holds(sent, value)) {
                    missing.push(format!("{} {}: {name}={value}", call.method, call.path));
                }
            }
        }
    }
    assert!(missing.is_empty(), "never sent: {missing:#?}");
}

#[tokio::test]
async fn the_list_names_every_parameter_that_is_sent() {
    let world = World::new().await;
    world.sandbox.clear_requests();
    let client = world.client(Sandbox::all_scopes());

    sign_in(&world).await;
    for call in table::calls().iter().filter(|call| is_driven(call)) {
        drive(&call.endpoint, &world, &client).await.unwrap();
    }

    let calls = table::calls();
    for entry in accepted(&world) {
        let call = calls
            .iter()
            .find(|call| call.endpoint == endpoint(&entry))
            .unwrap_or_else(|| panic!("the list lacks {} {}", entry.method, entry.path));
        for (name, _) in &entry.parameters {
            assert!(
                call.parameters.contains_key(name) || name == "access_token",
                "the list lacks the parameter {name} of {} {}",
                call.method,
                call.path
            );
        }
    }
}

#[tokio::test]
async fn every_scope_is_needed_and_together_they_are_enough() {
    let mut wrong = Vec::new();
    for call in table::calls().iter().filter(|call| is_driven(call)) {
        let world = World::new().await;
        let scopes: Vec<&str> = call.scopes.iter().map(String::as_str).collect();
        if let Err(error) = drive(&call.endpoint, &world, &world.client(&scopes)).await {
            wrong.push(format!("{} with {scopes:?}: {error:?}", call.endpoint));
        }

        for left_out in &call.scopes {
            let fewer: Vec<&str> = Sandbox::all_scopes()
                .iter()
                .copied()
                .filter(|scope| scope != left_out)
                .collect();
            let outcome = drive(&call.endpoint, &world, &world.client(&fewer)).await;

            let kind = outcome
                .as_ref()
                .err()
                .and_then(Error::api)
                .map(|api| &api.kind);
            if !matches!(kind, Some(ApiErrorKind::PermissionDenied)) {
                wrong.push(format!("{} without {left_out}: {outcome:?}", call.endpoint));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_scope_of_the_list_is_known() {
    let calls = table::calls();
    let scopes: BTreeSet<&str> = calls
        .iter()
        .flat_map(|call| &call.scopes)
        .map(String::as_str)
        .collect();

    for scope in &scopes {
        assert!(!matches!(Scope::from(*scope), Scope::Unknown(_)), "{scope}");
    }
    assert_eq!(scopes, Sandbox::all_scopes().iter().copied().collect());
}

/// From the authorization page to a refreshed token.
async fn sign_in(world: &World) {
    let oauth = world.oauth();
    let scopes: Vec<Scope> = Sandbox::all_scopes()
        .iter()
        .copied()
        .map(Scope::from)
        .collect();
    let (page, state) = oauth.authorize_url(&scopes).unwrap();
    let code = AuthorizationResponse::from_url(&visit(page).await)
        .unwrap()
        .code_for(&state)
        .unwrap();
    let short = oauth.exchange_code(&code).await.unwrap();
    let long = oauth
        .exchange_long_lived(&short.access_token)
        .await
        .unwrap();
    oauth
        .debug_token(&long.access_token, &long.access_token)
        .await
        .unwrap();
    oauth.app_token().await.unwrap();
    world.sandbox.advance(std::time::Duration::from_hours(25));
    oauth.refresh(&long.access_token).await.unwrap();
}

/// The calls of [`sign_in`] take no scopes and are not driven one by one.
fn is_driven(call: &Call) -> bool {
    ![
        "authorize",
        "exchange_code",
        "app_token",
        "exchange_token",
        "refresh_token",
        "debug_token",
    ]
    .contains(&call.endpoint.as_str())
}

fn accepted(world: &World) -> Vec<RequestLogEntry> {
    let mut log = world.sandbox.requests();
    log.retain(|entry| {
        entry.error_code.is_none() && entry.status.is_some_and(|status| status < 400)
    });
    log
}

/// The sandbox's name of the endpoint.
fn endpoint(entry: &RequestLogEntry) -> String {
    let name = serde_json::to_value(entry.endpoint).unwrap();
    name.as_str().unwrap_or_default().to_owned()
}

/// Whether a path has the shape of a template such as `/{user}/threads`.
fn fits(template: &str, path: &str) -> bool {
    let path = path.strip_prefix("/v1.0").unwrap_or(path);
    template.split('/').count() == path.split('/').count()
        && template
            .split('/')
            .zip(path.split('/'))
            .all(|(part, segment)| {
                part == segment || (part.starts_with('{') && !segment.is_empty())
            })
}

/// Whether a parameter holds a value: alone, in a list, or in an object that is sent as JSON.
fn holds(sent: &str, value: &str) -> bool {
    if sent.starts_with(['{', '[']) {
        return sent.contains(&format!("\"{value}\""));
    }
    sent.split([',', '{', '}', ' ']).any(|part| part == value)
}
