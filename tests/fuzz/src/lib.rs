//! One function per parser of `threads-client`: it takes any bytes, and panics if the parser breaks a promise.
//!
//! The same functions are run by `tests/fuzz/tests/cases.rs` on every change, with some thousand cases each,
//! and by the libFuzzer programs of `tests/fuzz/libfuzzer` for as long as somebody likes.
//!
//! # Adding a parser
//!
//! 1. Write the function beside its like, and say what it promises.
//! 2. Name it in [`TARGETS`].
//! 3. Copy a file of `libfuzzer/fuzz_targets` and name it in `libfuzzer/Cargo.toml`; a test compares the two lists.
//! 4. If its input is no JSON, put a few good inputs in a folder of `seeds`.
//!
//! A parser that is private gets a door in `threads_client::fuzzing`.

#![expect(
    clippy::missing_panics_doc,
    reason = "to panic is how a target reports what it found"
)]

mod authorization;
mod callbacks;
mod drafts;
mod errors;
mod headers;
mod ids;
mod promise;
mod responses;
mod values;

pub use authorization::{authorization_response, token_grant, token_info};
pub use callbacks::{challenge, signed_request, webhook};
pub use drafts::{draft, texts};
pub use errors::{api_error, redaction};
pub use headers::{app_usage, business_usage, retry_after};
pub use ids::ids;
pub use responses::{
    account_insights, container, embed, page_of_posts, place, post, post_insights, profile,
    public_profile, publishing_quota,
};
pub use values::{address, image, timestamp};

/// A target and its name.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name of the function, of the test and of the libFuzzer program.
    pub name: &'static str,
    /// Panics if a promise is broken.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident,)+) => {
        &[$(Target { name: stringify!($name), run: $name }),+]
    };
}

/// All targets.
pub const TARGETS: &[Target] = targets![
    account_insights,
    address,
    api_error,
    app_usage,
    authorization_response,
    business_usage,
    challenge,
    container,
    draft,
    embed,
    ids,
    image,
    page_of_posts,
    place,
    post,
    post_insights,
    profile,
    public_profile,
    publishing_quota,
    redaction,
    retry_after,
    signed_request,
    texts,
    timestamp,
    token_grant,
    token_info,
    webhook,
];
