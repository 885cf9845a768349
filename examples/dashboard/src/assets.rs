//! Style sheet, script and icon, built into the program.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The style sheet, without the spaces that only its writers need.
static STYLE: LazyLock<String> = LazyLock::new(|| squeezed(include_str!("../assets/app.css")));
const SCRIPT: &str = include_str!("../assets/app.js");
const ICON: &str = include_str!("../assets/favicon.svg");

/// The style sheet's address, which changes with its content.
pub(crate) static STYLE_ADDRESS: LazyLock<String> =
    LazyLock::new(|| format!("/assets/app.css?v={}", fingerprint(&STYLE)));

/// The script's address, which changes with its content.
pub(crate) static SCRIPT_ADDRESS: LazyLock<String> =
    LazyLock::new(|| format!("/assets/app.js?v={}", fingerprint(SCRIPT)));

fn fingerprint(content: &str) -> String {
    let digest = Sha256::digest(content.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.get(..6).unwrap_or_default())
}

/// Takes the layout out of a style sheet; none of ours has these marks in a string.
fn squeezed(css: &str) -> String {
    let joined: String = css.lines().map(str::trim).collect();
    [
        (" {", "{"),
        ("{ ", "{"),
        (" }", "}"),
        ("; ", ";"),
        (": ", ":"),
        (", ", ","),
    ]
    .iter()
    .fold(joined, |css, (from, to)| css.replace(from, to))
}

pub(crate) async fn style() -> Response {
    asset(
        "text/css; charset=utf-8",
        &STYLE,
        "public, max-age=31536000, immutable",
    )
}

pub(crate) async fn script() -> Response {
    asset(
        "text/javascript; charset=utf-8",
        SCRIPT,
        "public, max-age=31536000, immutable",
    )
}

pub(crate) async fn icon() -> Response {
    asset("image/svg+xml", ICON, "public, max-age=86400")
}

fn asset(kind: &'static str, content: &'static str, cache: &'static str) -> Response {
    (
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        ],
        content,
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_stay_within_their_budget() {
        assert!(STYLE.len() <= 8 * 1024, "app.css has {} bytes", STYLE.len());
        assert!(
            SCRIPT.len() <= 3 * 1024,
            "app.js has {} bytes",
            SCRIPT.len()
        );
        assert!(ICON.len() <= 1024, "favicon.svg has {} bytes", ICON.len());
    }
}
