//! The endpoints, one file each, and the table of them.
//!
//! To add one: write a file with a `SPEC` and a handler, name it in
//! [`crate::Endpoint`], and add the `SPEC` to [`TABLE`].

mod account_insights;
mod app_token;
mod authorize;
mod authorize_page;
mod container_status;
mod conversation;
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
mod ghost_posts;
mod keyword_search;
mod listing;
mod location;
mod location_search;
mod manage_pending_reply;
mod manage_reply;
mod media;
mod media_fields;
mod mentions;
mod oembed;
mod pending_replies;
mod post;
mod post_insights;
mod posts;
mod profile;
mod profile_lookup;
mod profile_posts;
mod publish_container;
mod publishing_limit;
mod refresh_token;
mod replies;
mod repost;
mod user_replies;

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
    // Discovery, lists, replies.
    &profile_posts::SPEC,
    &user_replies::SPEC,
    &mentions::SPEC,
    &ghost_posts::SPEC,
    &replies::SPEC,
    &conversation::SPEC,
    &pending_replies::SPEC,
    &manage_reply::SPEC,
    &manage_pending_reply::SPEC,
    // Search, places, embedding.
    &keyword_search::SPEC,
    &location_search::SPEC,
    &location::SPEC,
    &oembed::SPEC,
];
