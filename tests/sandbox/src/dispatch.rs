//! From a request to an answer: routing, faults, general checks, the handler, the log.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use url::Url;

use crate::credentials::TokenKind;
use crate::delayed::DelayedCall;
use crate::endpoint::{Access, Call, Caller, Endpoint, EndpointSpec, Segment, Target};
use crate::endpoints::TABLE;
use crate::fault::Fault;
use crate::fields::{Selection, names};
use crate::graph_error::{Failure, GraphError, TokenProblem};
use crate::id::{ContainerId, PostId, UserId};
use crate::place::place;
use crate::reply::{Delivery, Reply, ReplyBody};
use crate::request::Request;
use crate::request_log::RequestLogEntry;
use crate::state::State;
use crate::switches::BusinessUsage;
use crate::user::Standing;

/// An answer and how it reaches the client.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) delivery: Delivery,
}

/// Answers a request to the API.
pub(crate) fn dispatch(state: &mut State, base_url: &Url, request: &Request) -> Answer {
    let number = state.requests.next_number();
    let trace_id = format!("A{}", state.seed.child("trace", 0).text(number, 22));
    let route = find_route(state, request);
    let endpoint = route.as_ref().ok().map(|(spec, _)| spec.endpoint);
    let fault = endpoint.and_then(|endpoint| state.faults.strike(endpoint));
    // Before the call, which may end the token's life.
    let scopes = authenticate(state, request)
        .map(|caller| caller.scopes.into_iter().collect())
        .unwrap_or_default();

    if let (Some(Fault::DropThenEffect { after_seconds }), Ok(_)) = (&fault, &route) {
        let due = state.now() + TimeDelta::seconds(i64::from(*after_seconds));
        state.delay(DelayedCall {
            due,
            request: request.clone(),
            base_url: base_url.clone(),
        });
    }
    let outcome = match &fault {
        Some(fault) if !fault.has_effect() => Err(failure_of(fault)),
        _ => match route {
            Ok((spec, target)) => call(state, base_url, request, spec, target, fault.as_ref()),
            Err(failure) => Err(failure),
        },
    };
    let (code, subcode, reply) = match outcome {
        Ok(reply) => (None, None, reply),
        Err(failure) => (
            Some(failure.code()),
            failure.subcode(),
            Reply::json_with_status(failure.status(), failure.to_json(&trace_id)),
        ),
    };
    let answer = deliver(state, reply, fault.as_ref(), &trace_id);
    // The log says what the answer says: an answer that is lost or replaced has no code.
    let (error_code, error_subcode) = match &fault {
        Some(Fault::GraphAfterEffect { code, subcode, .. }) => (Some(*code), *subcode),
        None | Some(Fault::Graph { .. }) => (code, subcode),
        Some(fault) if fault.keeps_answer() => (code, subcode),
        Some(_) => (None, None),
    };
    let at = state.now();
    state.requests.record(RequestLogEntry {
        seq: number,
        at,
        method: request.method.to_string(),
        path: request.path.clone(),
        endpoint,
        parameters: request.to_log(),
        fields: request
            .parameters
            .get("fields")
            .map(names)
            .unwrap_or_default(),
        scopes,
        token_placement: request.token.as_ref().map(|token| token.placement),
        status: answer.delivery.has_status().then_some(answer.reply.status),
        error_code,
        error_subcode,
        fault: fault.map(|fault| fault.kind().to_owned()),
    });
    answer
}

/// Lets a delayed call act; nobody waits for its answer.
pub(crate) fn replay(state: &mut State, base_url: &Url, request: &Request) {
    let outcome = find_route(state, request)
        .and_then(|(spec, target)| call(state, base_url, request, spec, target, None));
    tracing::debug!(
        http.path = %request.path,
        has_effect = outcome.is_ok(),
        "a delayed call acted"
    );
}

/// The failure that a fault without effect pretends.
fn failure_of(fault: &Fault) -> Failure {
    match fault {
        Fault::Graph {
            code,
            subcode,
            status,
        } => GraphError::from_codes(*status, *code, *subcode).into(),
        _ => GraphError::from_codes(500, 1, None).into(),
    }
}

/// Lets a fault change the answer or its way to the client.
fn deliver(state: &State, mut reply: Reply, fault: Option<&Fault>, trace_id: &str) -> Answer {
    let mut delivery = Delivery::Whole;
    let mut usage = state.switches.app_usage;
    let mut business = state.switches.business_usage;
    let mut skew = state.switches.date_skew_seconds;
    match fault {
        None | Some(Fault::Graph { .. } | Fault::ContainerError { .. } | Fault::ContainerLost) => {}
        Some(Fault::DropBeforeEffect | Fault::DropThenEffect { .. } | Fault::DropAfterEffect) => {
            delivery = Delivery::Dropped;
        }
        Some(Fault::ResetBeforeEffect | Fault::ResetAfterEffect) => delivery = Delivery::Reset,
        Some(Fault::HangBeforeEffect | Fault::HangAfterEffect) => delivery = Delivery::Hung,
        Some(Fault::Status {
            status,
            retry_after,
        }) => {
            reply = Reply::html(*status, FAULT_PAGE);
            if let Some(seconds) = retry_after {
                reply = reply.with_header("retry-after", seconds.to_string());
            }
        }
        Some(Fault::StatusAfterEffect { status }) => reply = Reply::html(*status, FAULT_PAGE),
        Some(Fault::GraphAfterEffect {
            code,
            subcode,
            status,
        }) => {
            let error = GraphError::from_codes(*status, *code, *subcode);
            reply = Reply::json_with_status(*status, error.to_json(trace_id));
        }
        Some(Fault::SlowBody {
            delay_ms,
            chunk_bytes,
        }) => {
            delivery = Delivery::Slowly {
                pause: Duration::from_millis(u64::from((*delay_ms).min(60_000))),
                chunk_bytes: usize::try_from((*chunk_bytes).max(1)).unwrap_or(1),
            };
        }
        Some(Fault::TruncatedBody) => delivery = Delivery::Truncated,
        Some(Fault::TruncatedHeaders) => delivery = Delivery::HeadersCut,
        Some(Fault::HalfOpenBeforeEffect | Fault::HalfOpenAfterEffect) => {
            delivery = Delivery::HalfOpen;
        }
        Some(Fault::WrongJson) => reply = Reply::json(json!(["unexpected", 1])),
        Some(Fault::MissingId) => {
            if let ReplyBody::Json(Value::Object(members)) = &mut reply.body {
                members.remove("id");
                members.remove("access_token");
            }
            reply.status = 200;
        }
        Some(Fault::HtmlBody) => reply = Reply::html(200, FAULT_PAGE),
        Some(Fault::Redirect { to, status }) => reply = Reply::redirect(*status, to.clone()),
        Some(Fault::AppUsage { usage: asked }) => usage = Some(*asked),
        Some(Fault::BusinessUsage { usage: asked }) => business = Some(*asked),
        Some(Fault::DateSkew { seconds }) => skew = Some(*seconds),
    }
    if let Some(usage) = usage {
        let header = json!({
            "call_count": usage.call_count,
            "total_time": usage.total_time,
            "total_cputime": usage.total_cputime,
        });
        reply = reply.with_header("x-app-usage", header.to_string());
    }
    if let Some(usage) = business {
        let header = business_usage(&state.app.id, usage);
        reply = reply.with_header("x-business-use-case-usage", header);
    }
    if let Some(seconds) = skew {
        let date = state.now() + TimeDelta::seconds(i64::from(seconds));
        let date = date.format("%a, %d %b %Y %H:%M:%S GMT");
        reply = reply.with_header("date", date.to_string());
    }
    Answer { reply, delivery }
}

/// The JSON of an `X-Business-Use-Case-Usage` header: one list per business id.
fn business_usage(id: &str, usage: BusinessUsage) -> String {
    let entry = json!({
        "type": "threads",
        "call_count": usage.call_count,
        "total_time": usage.total_time,
        "total_cputime": usage.total_cputime,
        "estimated_time_to_regain_access": usage.estimated_time_to_regain_access,
    });
    json!({ id: [entry] }).to_string()
}

const FAULT_PAGE: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
<title>Sandbox fault</title></head><body><p>The sandbox was told to fail this call.</p></body></html>\n";

/// The row of the table for a request, and what its path refers to.
fn find_route(
    state: &State,
    request: &Request,
) -> Result<(&'static EndpointSpec, Target), Failure> {
    let segments = segments(&request.path);
    let fitting: Vec<&EndpointSpec> = TABLE
        .iter()
        .copied()
        .filter(|spec| has_shape(spec, &segments))
        .collect();
    if fitting.is_empty() {
        return Err(unknown_path(&request.path));
    }
    for spec in fitting.iter().filter(|spec| spec.method == request.method) {
        if let Some(target) = resolve(state, request, spec, &segments) {
            return Ok((spec, target));
        }
    }
    // A bad token is reported before a wrong id or method, as nobody else may know what exists.
    if fitting.iter().all(|spec| spec.access == Access::User) {
        authenticate(state, request)?;
    }
    let verb = request.method.as_str().to_ascii_lowercase();
    let id = segments.first().copied().unwrap_or_default();
    Err(GraphError::no_such_object(&verb, id).into())
}

fn unknown_path(path: &str) -> Failure {
    GraphError::new(400, 2500, format!("Unknown path components: {path}")).into()
}

/// The parts of a path without version and trailing slash.
fn segments(path: &str) -> Vec<&str> {
    let path = path.trim_start_matches('/');
    let path = path.strip_suffix('/').unwrap_or(path);
    let path = path.strip_prefix("v1.0/").unwrap_or(path);
    path.split('/').collect()
}

fn has_shape(spec: &EndpointSpec, segments: &[&str]) -> bool {
    spec.path.len() == segments.len()
        && spec
            .path
            .iter()
            .zip(segments)
            .all(|(part, segment)| match part {
                Segment::Literal(literal) => literal == segment,
                Segment::User => *segment == "me" || is_id(segment),
                Segment::Post | Segment::Container | Segment::Location => is_id(segment),
            })
}

fn is_id(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// What the placeholder of the path refers to, if there is such a thing.
fn resolve(
    state: &State,
    request: &Request,
    spec: &EndpointSpec,
    segments: &[&str],
) -> Option<Target> {
    let mut target = Target::None;
    for (part, segment) in spec.path.iter().zip(segments) {
        match part {
            Segment::Literal(_) => {}
            Segment::User if *segment == "me" => {
                // Without a good token there is no "me"; the id 0 never gets further
                // than the check of the token.
                let user = authenticate(state, request).map_or(UserId(0), |caller| caller.user);
                target = Target::User(user);
            }
            Segment::User => {
                let id: UserId = segment.parse().ok()?;
                state.users.get(&id)?;
                target = Target::User(id);
            }
            Segment::Post => {
                let id: PostId = segment.parse().ok()?;
                state.posts.get(&id).filter(|post| post.is_live())?;
                target = Target::Post(id);
            }
            Segment::Container => {
                let id: ContainerId = segment.parse().ok()?;
                state.containers.get(&id)?;
                target = Target::Container(id);
            }
            Segment::Location => {
                let place = place(segment.parse().ok()?)?;
                target = Target::Location(place.id);
            }
        }
    }
    Some(target)
}

/// The general checks, then the handler.
fn call(
    state: &mut State,
    base_url: &Url,
    request: &Request,
    spec: &EndpointSpec,
    target: Target,
    fault: Option<&Fault>,
) -> Result<Reply, Failure> {
    if let Some(problem) = &request.problem {
        return Err(spec.errors.refuse(problem.clone()));
    }
    let caller = match spec.access {
        Access::Open => None,
        Access::User => Some(authenticate(state, request)?),
    };
    if let Some(caller) = &caller {
        check_ownership(&request.method, target, caller)?;
        // Every call needs the basic scope, whatever else it needs.
        for scope in ["threads_basic"].iter().chain(spec.scopes) {
            if !caller.scopes.contains(*scope) {
                let detail = format!("this call needs the scope {scope}");
                return Err(GraphError::permission(&detail).into());
            }
        }
    }
    for name in request.parameters.names() {
        let is_known =
            spec.parameters.contains(&name) || (name == "fields" && !spec.fields.is_empty());
        if !is_known {
            return Err(spec.errors.refuse(GraphError::parameter(format!(
                "The parameter {name} is not documented for this call"
            ))));
        }
    }
    let token_is_known = spec.access == Access::User || spec.parameters.contains(&"access_token");
    if request.token.is_some() && !token_is_known {
        return Err(spec
            .errors
            .refuse(GraphError::parameter("This call takes no access token")));
    }
    let no_scopes = BTreeSet::new();
    let scopes = caller.as_ref().map_or(&no_scopes, |caller| &caller.scopes);
    let fields = if spec.fields.is_empty() {
        None
    } else {
        request.parameters.get("fields")
    };
    let selection = Selection::parse(fields, spec.fields, node_of(spec.endpoint), scopes)?;
    let container_error = match fault {
        Some(Fault::ContainerError { message }) => Some(message.clone()),
        _ => None,
    };
    let now = state.now();
    (spec.handler)(&mut Call {
        state,
        request,
        base_url,
        now,
        caller,
        target,
        selection,
        container_error,
        container_is_lost: matches!(fault, Some(Fault::ContainerLost)),
    })
}

/// The name of the object an endpoint reads, for error messages.
fn node_of(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Profile => "ThreadsUser",
        Endpoint::ContainerStatus => "ThreadsMediaContainer",
        Endpoint::PublishingLimit => "ThreadsPublishingLimit",
        Endpoint::LocationSearch | Endpoint::Location => "ThreadsLocation",
        _ => "ThreadsMedia",
    }
}

/// The bearer of the request's token, if it is good.
fn authenticate(state: &State, request: &Request) -> Result<Caller, GraphError> {
    let sent = request
        .token
        .as_ref()
        .ok_or_else(GraphError::token_missing)?;
    let token = state
        .credentials
        .validate(&sent.secret, state.now())
        .map_err(GraphError::token)?;
    match (token.kind, token.user) {
        (TokenKind::Short | TokenKind::Long, Some(user)) => {
            let account = state.users.get(&user);
            if account.is_some_and(|account| account.standing == Standing::Deactivated) {
                return Err(GraphError::token(TokenProblem::Checkpointed));
            }
            Ok(Caller {
                user,
                scopes: token.scopes.clone(),
            })
        }
        // An app's token stands for no user.
        _ => Err(GraphError::token(TokenProblem::Invalid)),
    }
}

/// Accounts can be read by their own tokens only.
fn check_ownership(method: &Method, target: Target, caller: &Caller) -> Result<(), Failure> {
    match target {
        Target::User(user) if user != caller.user => {
            let verb = method.as_str().to_ascii_lowercase();
            Err(GraphError::no_such_object(&verb, &user.to_string()).into())
        }
        _ => Ok(()),
    }
}
