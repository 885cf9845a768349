//! The sandbox over real HTTP, with a client that knows nothing about it.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests talk to the sandbox with a plain HTTP client and fail by panicking"
)]

mod account_insights;
mod binary;
mod clock_and_seed;
mod containers;
mod control;
mod embedding;
mod faults;
mod limits;
mod lists;
mod oauth;
mod people;
mod places;
mod posts;
mod profile;
mod publishing_parameters;
mod quota;
mod reading_rules;
mod replies;
mod repost_and_delete;
mod sandbox_judges;
mod search;
mod secrecy;
mod strictness;
mod support;
mod tokens;
mod webhooks;
mod worlds;
