//! A post as a JSON object with every field it has.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::content::MediaKind;
use crate::endpoints::account_insights::wire_time;
use crate::endpoints::profile::picture_url;
use crate::id::{PostId, UserId};
use crate::place::place;
use crate::post::{Approval, Post};
use crate::state::State;
use crate::switches::ListedText;
use crate::user::User;

/// The object of a post, as `viewer` sees it.
pub(super) fn object(state: &State, post: &Post, viewer: UserId) -> Value {
    let mut object = core(state, post, viewer);
    let content = &post.content;
    let is_own = post.author == viewer;
    let mut set = |name: &str, value: Value| object[name] = value;
    if is_own && post.is_top_level() {
        set("owner", json!({ "id": post.author.to_string() }));
    }
    set("is_quote_post", json!(content.quotes.is_some()));
    set("is_spoiler_media", json!(content.is_spoiler_media));
    let has_replies = state.replies_to(post.id).any(|reply| state.is_shown(reply));
    set("has_replies", json!(has_replies));
    set("is_reply", json!(content.reply_to.is_some()));
    set(
        "is_reply_owned_by_me",
        json!(content.reply_to.is_some() && is_own),
    );
    if !post.children.is_empty() {
        let children: Vec<Value> = post
            .children
            .iter()
            .filter_map(|id| referenced(state, *id, viewer))
            .collect();
        set("children", json!({ "data": children }));
    }
    for (name, id) in [
        ("quoted_post", content.quotes),
        ("reposted_post", content.reposts),
        ("replied_to", content.reply_to),
        ("root_post", post.root),
    ] {
        if let Some(other) = id.and_then(|id| referenced(state, id, viewer)) {
            set(name, other);
        }
    }
    if let Some(link) = &content.link_attachment {
        set("link_attachment_url", json!(link));
    }
    if let Some(gif) = &content.gif_id {
        set(
            "gif_url",
            json!(format!("https://media.example/gif/{gif}.gif")),
        );
    }
    if let Some(topic) = &content.topic_tag {
        set("topic_tag", json!(topic));
    }
    if let Some(entities) = &content.text_entities {
        set("text_entities", json!({ "data": entities }));
    }
    if let Some(attachment) = &content.text_attachment {
        set("text_attachment", attachment.clone());
    }
    if let Some(options) = &content.poll {
        set("poll_attachment", poll(post, options, state.now()));
    }
    if let Some(location) = &content.location_id {
        set("location_id", json!(location));
        if let Some(place) = location.parse().ok().and_then(place) {
            set("location", place.object());
        }
    }
    if !content.countries.is_empty() {
        set("allowlisted_country_codes", json!(content.countries));
    }
    if let Some(user) = state.users.get(&post.author) {
        set("is_verified", json!(user.is_verified));
        set("profile_picture_url", json!(picture_url(user)));
    }
    if content.reply_to.is_some() {
        set("hide_status", json!(state.hide_status(post).as_str()));
    }
    if let Some(status) = post.approval.and_then(Approval::as_str) {
        set("reply_approval_status", json!(status));
    }
    if is_own {
        let audience = content.reply_control.as_deref().unwrap_or("everyone");
        set("reply_audience", json!(audience.to_ascii_uppercase()));
    }
    if content.is_ghost {
        let expires_at = post.published_at + TimeDelta::hours(24);
        let status = if state.now() < expires_at {
            "ACTIVE"
        } else {
            "ARCHIVED"
        };
        set("ghost_post_status", json!(status));
        set(
            "ghost_post_expiration_timestamp",
            json!(wire_time(expires_at)),
        );
    }
    object
}

/// The address of a post's page.
pub(super) fn permalink(author: &User, post: &Post) -> String {
    let (username, shortcode) = (&author.username, &post.shortcode);
    format!("https://www.threads.com/@{username}/post/{shortcode}")
}

/// The fields that a post shows inside another one, too.
fn core(state: &State, post: &Post, viewer: UserId) -> Value {
    let content = &post.content;
    let author = state.users.get(&post.author);
    let mut object = json!({
        "id": post.id.to_string(),
        "media_product_type": "THREADS",
        "media_type": content.kind.as_field(),
        "timestamp": wire_time(post.published_at),
        "shortcode": post.shortcode,
    });
    // Who has a private profile is not named, except to themselves.
    if let Some(author) = author.filter(|author| author.is_public() || author.id == viewer) {
        object["username"] = json!(author.username);
        if !post.is_flagged {
            object["permalink"] = json!(permalink(author, post));
        }
    }
    if let Some(text) = &content.text {
        let text = match state.switches.listed_text {
            ListedText::Verbatim => text.clone(),
            ListedText::Collapsed => text.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        object["text"] = json!(text);
    }
    if let Some(url) = &content.media_url {
        object["media_url"] = json!(url);
        if content.kind == MediaKind::Video {
            let thumbnail = format!("https://media.example/thumbnail/{}.jpg", post.id);
            object["thumbnail_url"] = json!(thumbnail);
        }
    }
    if let Some(alt_text) = &content.alt_text {
        object["alt_text"] = json!(alt_text);
    }
    object
}

fn referenced(state: &State, id: PostId, viewer: UserId) -> Option<Value> {
    state
        .posts
        .get(&id)
        .filter(|post| post.is_live())
        .map(|post| core(state, post, viewer))
}

/// A poll; its votes come in over its 24 hours and then stand still.
fn poll(post: &Post, options: &[String], now: DateTime<Utc>) -> Value {
    const LETTERS: [&str; 4] = ["a", "b", "c", "d"];
    let seed = post.seed.child("poll", 0);
    let elapsed = (now - post.published_at).num_minutes().clamp(0, 1_440);
    let elapsed = u64::try_from(elapsed).unwrap_or(0);
    let votes: Vec<u64> = (0_u64..)
        .zip(options)
        .map(|(position, _)| (1 + seed.bits(position) % 40) * elapsed / 1_440)
        .collect();
    let total: u64 = votes.iter().sum();
    let mut poll = json!({
        "total_votes": total,
        "expiration_timestamp": wire_time(post.published_at + TimeDelta::hours(24)),
    });
    for ((letter, option), count) in LETTERS.iter().zip(options).zip(votes) {
        #[expect(clippy::cast_precision_loss, reason = "a few dozen votes")]
        let share = count as f64 / total.max(1) as f64;
        poll[format!("option_{letter}")] = json!(option);
        poll[format!("option_{letter}_votes_percentage")] = json!((share * 100.0).round() / 100.0);
    }
    poll
}
