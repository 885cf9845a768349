//! What stands around the routes: headers, host and origin checks, limits, error pages.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::timeout::TimeoutLayer;
use url::{Host, Url};

use crate::app::AppState;
use crate::problem::Problem;
use crate::shell::{ProblemPage, page};

/// Collecting an account with many posts on request makes hundreds of calls to Meta.
const LONGEST_REQUEST: Duration = Duration::from_mins(3);

/// Puts every protection around the routes, the outermost last.
pub(crate) fn protect(routes: Router, state: &Arc<AppState>) -> Router {
    let refuse_foreign_forms =
        CsrfLayer::new().with_rejection_response(|_: ProtectionError| -> Response<Body> {
            Problem::new(
                StatusCode::FORBIDDEN,
                "This form was sent from another site",
                "Changes are accepted only from the pages of this dashboard. Nothing was changed.",
            )
            .into_response()
        });
    routes.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn_with_state(
                Arc::clone(state),
                set_headers,
            ))
            .layer(CompressionLayer::new().compress_when(
                DefaultPredicate::new().and(NotForContentType::const_new("application/zip")),
            ))
            .layer(middleware::from_fn(log))
            .layer(middleware::from_fn_with_state(
                Arc::clone(state),
                show_problems,
            ))
            .layer(CatchPanicLayer::custom(|_| {
                tracing::error!("a request made the program panic");
                Problem::internal().into_response()
            }))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::GATEWAY_TIMEOUT,
                LONGEST_REQUEST,
            ))
            .layer(middleware::from_fn_with_state(
                Arc::clone(state),
                check_host,
            ))
            .layer(refuse_foreign_forms),
    )
}

/// The content security policy; forms may lead to the authorization page, too,
/// because browsers apply `form-action` to the redirect after a form.
pub(crate) fn content_policy(authorize: &Url) -> Option<HeaderValue> {
    let mut form_targets = vec![authorize.origin().ascii_serialization()];
    if authorize
        .host_str()
        .is_some_and(|host| host == "threads.com")
    {
        // The page sends some browsers on to its other names.
        for host in [
            "https://www.threads.com",
            "https://threads.net",
            "https://www.threads.net",
        ] {
            form_targets.push(host.to_owned());
        }
    }
    HeaderValue::from_str(&format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self' {}; frame-ancestors 'none'; base-uri 'none'",
        form_targets.join(" ")
    ))
    .ok()
}

async fn set_headers(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        state.content_security_policy.clone(),
    );
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if state.settings.public_url.scheme() == "https" {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// One line a request: the route's pattern, never the address, which names accounts.
async fn log(request: Request, next: Next) -> Response<Body> {
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(no route)".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    tracing::debug!(http.method = %method, http.route = route, http.status = status, "answered");
    response
}

/// Makes a page, or JSON, of every failed request.
async fn show_problems(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let path = request.uri().path();
    let is_api = path.starts_with("/api/") || path == "/healthz";
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_finished(&response) => return response,
        None => Problem::of_status(status),
    };
    let shown = if is_api {
        let body = serde_json::json!({
            "error": { "title": problem.title, "detail": problem.paragraphs.join(" ") }
        });
        Ok((status, axum::Json(body)).into_response())
    } else {
        page(
            status,
            &ProblemPage {
                shell: crate::shell::Shell {
                    // A page that reloads would repeat the failed request.
                    reload_seconds: None,
                    ..state.shell()
                },
                title: problem.title,
                paragraphs: problem.paragraphs,
                offers_connect: problem.offers_connect,
                status: status.as_u16(),
            },
        )
    };
    let mut shown = shown.unwrap_or_else(IntoResponse::into_response);
    for name in [header::ALLOW, header::SET_COOKIE] {
        if let Some(value) = response.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

/// Whether a handler already made a page, or JSON, of its failure.
fn is_finished(response: &Response<Body>) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("application/json"))
}

/// Answers only to its own names, so that a page of somebody else whose name points
/// to this machine (DNS rebinding) reads nothing.
async fn check_host(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let in_address = request
        .uri()
        .authority()
        .map(axum::http::uri::Authority::as_str);
    let is_ours = |host: &str| is_own_host(host, &state.settings.public_url);
    let is_known = match (named, in_address) {
        (None, None) => false,
        (named, in_address) => named.into_iter().chain(in_address).all(is_ours),
    };
    if is_known {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "This dashboard has another name",
        "It answers to the name of this machine (localhost, 127.0.0.1) and to the one set with --public-url.",
    )
    .into_response()
}

fn is_own_host(host: &str, public_url: &Url) -> bool {
    // Only a URL parser reads `[::1]:8321` and `localhost:8321` right.
    let Ok(url) = Url::parse(&format!("http://{host}/")) else {
        return false;
    };
    if !url.username().is_empty() || url.password().is_some() || url.path() != "/" {
        return false;
    }
    match url.host() {
        Some(Host::Domain("localhost")) => true,
        Some(Host::Ipv4(address)) if address.is_loopback() => true,
        Some(Host::Ipv6(address)) if address.is_loopback() => true,
        Some(_) => url.host_str() == public_url.host_str(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_and_the_public_name_are_its_own() {
        let public = Url::parse("https://threads.example.org/").unwrap();

        for host in [
            "localhost",
            "localhost:8321",
            "LOCALHOST",
            "127.0.0.1:8321",
            "[::1]:8321",
            "threads.example.org",
            "threads.example.org:443",
        ] {
            assert!(is_own_host(host, &public), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "threads.example.org.evil.example",
            "threads.example.org@evil.example",
            "evil.example/threads.example.org",
            "0.0.0.0",
            "192.168.1.2",
            "",
        ] {
            assert!(!is_own_host(host, &public), "{host}");
        }
    }

    #[test]
    fn forms_may_lead_to_the_authorization_page_and_nowhere_else() {
        let authorize = Url::parse("http://127.0.0.1:4010/oauth/authorize?state=x").unwrap();

        let policy = content_policy(&authorize).unwrap();

        let text = policy.to_str().unwrap();
        assert!(
            text.contains("form-action 'self' http://127.0.0.1:4010;"),
            "{text}"
        );
        assert!(text.contains("default-src 'none'"));
        assert!(!text.contains("unsafe"));
    }
}
