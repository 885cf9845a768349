//! The client on a server that answers as told, and on the sandbox.

#[path = "../support/mod.rs"]
mod support;

mod client;
mod discovery;
mod draft;
mod draft_text_posts;
mod draft_warnings;
mod errors;
mod ids;
mod insights;
mod lists;
mod oauth;
mod posts;
mod preflight;
mod profile;
mod publish_once;
mod publishing;
mod publishing_flow;
mod publishing_text_posts;
mod quota;
mod reading;
mod retry;
mod sandbox;
mod sandbox_publishing;
mod sandbox_reading;
mod secrets;
mod signed_requests;
mod throttle;
mod traps_callbacks;
mod traps_publishing;
mod traps_reading;
mod webhook_challenge;
mod webhooks;
