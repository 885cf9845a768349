//! The sandbox's own interface at `/__sandbox/`: the same control over HTTP.

use std::time::Duration;

use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use crate::builder::check_redirect_uri;
use crate::error::SandboxError;
use crate::fault::{FaultPlan, FaultRule};
use crate::reply::Reply;
use crate::request::Request;
use crate::sandbox::{OLDEST_TOKEN, known_scopes};
use crate::state::State;
use crate::switches::Switches;
use crate::user::Standing;

const PREFIX: &str = "/__sandbox";

/// Whether a path belongs to this interface.
pub(crate) fn is_control_path(path: &str) -> bool {
    path.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Why a control request is refused.
enum Refusal {
    NotFound,
    Bad(String),
}

impl From<SandboxError> for Refusal {
    fn from(error: SandboxError) -> Self {
        Self::Bad(error.to_string())
    }
}

/// Answers a control request.
pub(crate) fn handle(state: &mut State, request: &Request) -> Reply {
    match answer(state, request) {
        Ok(value) => Reply::json(value),
        Err(Refusal::NotFound) => Reply::json_with_status(
            404,
            json!({ "error": "no such control path or method; see the README of the sandbox" }),
        ),
        Err(Refusal::Bad(message)) => Reply::json_with_status(400, json!({ "error": message })),
    }
}

fn answer(state: &mut State, request: &Request) -> Result<Value, Refusal> {
    let rest = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    match (&request.method, parts.as_slice()) {
        (&Method::GET, ["state"]) => Ok(overview(state)),
        (&Method::GET, ["time"]) => Ok(time(state)),
        (&Method::POST, ["time"]) => set_time(state, &body(request)?),
        (&Method::POST, ["time", "advance"]) => Ok(advance(state, &body(request)?)),
        (&Method::GET, ["faults"]) => Ok(json!({ "rules": state.faults.rules() })),
        (&Method::PUT, ["faults"]) => {
            state.faults.replace(body::<FaultPlan>(request)?);
            Ok(json!({ "rules": state.faults.rules() }))
        }
        (&Method::POST, ["faults"]) => {
            state.faults.add(body::<FaultRule>(request)?, 0);
            Ok(json!({ "rules": state.faults.rules() }))
        }
        (&Method::DELETE, ["faults"]) => {
            state.faults.clear();
            Ok(json!({ "rules": [] }))
        }
        (&Method::GET, ["requests"]) => Ok(json!({ "requests": state.requests.entries() })),
        (&Method::DELETE, ["requests"]) => {
            state.requests.clear();
            Ok(json!({ "requests": [] }))
        }
        (&Method::GET, ["ledger"]) => Ok(json!({ "ledger": state.ledger.entries() })),
        (&Method::POST, ["tokens"]) => issue_token(state, &body(request)?),
        (&Method::GET, ["switches"]) => Ok(json!(state.switches)),
        (&Method::PATCH, ["switches"]) => patch_switches(state, request),
        (&Method::POST, ["redirect_uris"]) => add_redirect_uri(state, body(request)?),
        (&Method::POST, ["users", user, "revoke"]) => {
            let user = state.find_user(user)?.id;
            state.revoke(user);
            Ok(json!({ "success": true }))
        }
        (&Method::PUT, ["users", user, "standing"]) => {
            let wanted: SetStanding = body(request)?;
            state.set_standing(user, wanted.standing)?;
            Ok(json!({ "standing": wanted.standing }))
        }
        (&Method::POST, ["received"]) => receive(state, &body(request)?),
        (&Method::DELETE, ["posts", post]) => {
            let id = post
                .parse()
                .map_err(|_| SandboxError::UnknownPost((*post).to_owned()))?;
            state.delete_post(id)?;
            Ok(json!({ "success": true }))
        }
        _ => Err(Refusal::NotFound),
    }
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    let json = request
        .json
        .clone()
        .ok_or_else(|| Refusal::Bad("send a JSON object".to_owned()))?;
    serde_json::from_value(json).map_err(|error| Refusal::Bad(error.to_string()))
}

fn time(state: &State) -> Value {
    json!({ "now": state.now(), "running": state.clock.is_running() })
}

fn overview(state: &State) -> Value {
    let now = state.now();
    let users: Vec<Value> = state
        .accounts()
        .map(|user| {
            let posts = state
                .posts_of(user.id)
                .filter(|post| post.is_live())
                .count();
            json!({
                "id": user.id.to_string(),
                "username": user.username,
                "name": user.name,
                "followers": state.followers(user, now),
                "posts": posts,
            })
        })
        .collect();
    json!({
        "now": now,
        "running": state.clock.is_running(),
        "started_at": state.started_at,
        "app_id": state.app.id,
        "redirect_uris": state.app.redirect_uris,
        "users": users,
        "switches": state.switches,
        "faults": state.faults.rules(),
        "effects": state.ledger.entries().len(),
    })
}

/// `{"set": instant}` and/or `{"running": bool}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetTime {
    set: Option<DateTime<Utc>>,
    running: Option<bool>,
}

fn set_time(state: &mut State, wanted: &SetTime) -> Result<Value, Refusal> {
    if let Some(instant) = wanted.set
        && !state.set_time(instant)
    {
        return Err(SandboxError::TimeGoesBack.into());
    }
    match wanted.running {
        Some(true) => state.clock.run(),
        Some(false) => state.clock.freeze(),
        None => {}
    }
    Ok(time(state))
}

/// `{"seconds": 3600}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

fn advance(state: &mut State, wanted: &Advance) -> Value {
    state.advance(Duration::from_secs(wanted.seconds));
    time(state)
}

/// `{"user": "kedai.senja", "scopes": ["threads_basic"], "age_seconds": 0}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssueToken {
    user: String,
    /// Every scope unless told otherwise.
    scopes: Option<Vec<String>>,
    #[serde(default)]
    age_seconds: u32,
}

fn issue_token(state: &mut State, wanted: &IssueToken) -> Result<Value, Refusal> {
    let scopes = match &wanted.scopes {
        Some(scopes) => known_scopes(scopes.iter().map(String::as_str))?,
        None => known_scopes(crate::credentials::SCOPES)?,
    };
    let user = state.find_user(&wanted.user)?.id;
    let age = TimeDelta::seconds(i64::from(wanted.age_seconds)).min(OLDEST_TOKEN);
    let token = state.issue_long_lived(user, scopes, age);
    Ok(json!({ "access_token": token, "user_id": user.to_string() }))
}

/// Changes the switches that the body names and leaves the others.
fn patch_switches(state: &mut State, request: &Request) -> Result<Value, Refusal> {
    let changes: serde_json::Map<String, Value> = body(request)?;
    let mut switches = json!(state.switches);
    if let Value::Object(members) = &mut switches {
        members.extend(changes);
    }
    state.switches = serde_json::from_value::<Switches>(switches)
        .map_err(|error| Refusal::Bad(error.to_string()))?;
    Ok(json!(state.switches))
}

/// `{"standing": "restricted"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetStanding {
    standing: Standing,
}

/// `{"redirect_uri": "http://127.0.0.1:3000/callback"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddRedirectUri {
    redirect_uri: Url,
}

fn add_redirect_uri(state: &mut State, wanted: AddRedirectUri) -> Result<Value, Refusal> {
    check_redirect_uri(&wanted.redirect_uri)?;
    state.app.redirect_uris.push(wanted.redirect_uri);
    Ok(json!({ "redirect_uris": state.app.redirect_uris }))
}

/// `{"user": "ada.makes", "reply_to": "1790…", "text": "…"}`: somebody else posts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Received {
    user: String,
    text: String,
    reply_to: Option<String>,
    quotes: Option<String>,
    mentions: Option<String>,
}

fn receive(state: &mut State, wanted: &Received) -> Result<Value, Refusal> {
    let (user, text) = (&wanted.user, &wanted.text);
    let id = match (&wanted.reply_to, &wanted.quotes, &wanted.mentions) {
        (None, None, None) => state.post_as(user, text)?,
        (Some(post), None, None) => state.reply_as(user, post, text)?,
        (None, Some(post), None) => state.quote_as(user, post, text)?,
        (None, None, Some(account)) => state.mention_as(user, account, text)?,
        _ => {
            let message = "reply_to, quotes and mentions exclude each other";
            return Err(Refusal::Bad(message.to_owned()));
        }
    };
    Ok(json!({ "id": id.to_string() }))
}
