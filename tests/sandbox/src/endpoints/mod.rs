//! The endpoints, one file each, and the table of them.
//!
//! To add one: write a file with a `SPEC` and a handler, name it in
//! [`crate::Endpoint`], and add the `SPEC` to [`TABLE`].

mod account_insights;
mod app_token;
mod authorize;
mod authorize_page;
mod container_status;
mod countries;
mod create_container;
mod cross_share;
mod debug_token;
mod delete_post;
mod draft;
mod draft_objects;
mod draft_rules;
mod draft_spans;
mod exchange_code;
mod exchange_token;
mod media;
mod post;
mod post_insights;
mod posts;
mod profile;
mod profile_lookup;
mod publish_container;
mod publishing_limit;
mod refresh_token;
mod repost;

pub(crate) use account_insights::wire_time;

use crate::endpoint::EndpointSpec;

/// Every endpoint of the sandbox.
pub(crate) const TABLE: &[&EndpointSpec] = &[
    &authorize::SPEC,
    &authorize::DECISION_SPEC,
    &exchange_code::SPEC,
    &app_token::SPEC,
    &exchange_token::SPEC,
    &refresh_token::SPEC,
    &debug_token::SPEC,
    &profile_lookup::SPEC,
    &profile::SPEC,
    &post_insights::SPEC,
    &account_insights::SPEC,
    &create_container::SPEC,
    &publish_container::SPEC,
    &container_status::SPEC,
    &posts::SPEC,
    &post::SPEC,
    &publishing_limit::SPEC,
    // Publishing beyond containers.
    &repost::SPEC,
    &delete_post::SPEC,
];
