//! Which post of an account's own list is ours.
//!
//! Meta's status of a container says that it was published, never as what. So the
//! media id is found by content: same kind, same text once both are normalised, in
//! the time that our call can have acted, and claimed by no other scheduled post.
//! The newest post is never taken just because it is the newest.

use std::collections::HashSet;
use std::hash::BuildHasher;

use chrono::{DateTime, Utc};
use threads_client::{
    Draft, DraftContent, MediaKind, MediaType, Post as LivePost, PostField, PostId,
};
use unicode_normalization::UnicodeNormalization;

use super::event::ScanResult;

/// From this similarity of texts on, a post may be ours with its text altered.
const NEAR: f64 = 0.8;

/// What of a listed post is looked at.
pub(crate) const LOOKED_AT: [PostField; 4] = [
    PostField::Text,
    PostField::Timestamp,
    PostField::MediaType,
    PostField::QuotedPost,
];

/// Looks for the draft among the posts of a completely read list.
///
/// `since` is the earliest time of a post that can be ours; `claimed` are the ids that
/// other scheduled posts of the account are known to have become.
pub fn find<'a, S: BuildHasher>(
    draft: &Draft,
    posts: impl IntoIterator<Item = &'a LivePost>,
    since: DateTime<Utc>,
    claimed: &HashSet<PostId, S>,
) -> ScanResult {
    let wanted = normalise(draft.text.as_deref().unwrap_or_default());
    let kind = listed_kind(draft);
    let mut matches = Vec::new();
    let mut near = false;
    for post in posts {
        let in_time = post.timestamp.is_none_or(|timestamp| timestamp >= since);
        let is_kind = kind.is_none() || post.media_type == kind;
        // A reply to something else is not ours; one of which that is not said may be.
        let is_answer = draft.reply_to.is_none()
            || post.replied_to.is_none()
            || post.replied_to == draft.reply_to;
        if !in_time || claimed.contains(&post.id) || !is_kind || !is_answer {
            continue;
        }
        let text = normalise(post.text.as_deref().unwrap_or_default());
        let is_known_answer = draft.reply_to.is_none() || post.replied_to.is_some();
        let is_quote = post.quoted_post.as_ref() == draft.quote.as_ref();
        if text == wanted && is_quote && is_known_answer {
            matches.push(post.id.clone());
        } else if strsim::normalized_levenshtein(&text, &wanted) >= NEAR {
            near = true;
        }
    }
    match (matches.as_slice(), near) {
        // Media without words look all alike here.
        ([only], _) if !wanted.is_empty() => ScanResult::Match(only.clone()),
        ([], false) => ScanResult::Clean,
        // Two posts of the same content: one of them may be ours, and which is not known.
        _ => ScanResult::Near,
    }
}

/// Whether the account's lists could not tell the two apart.
pub fn is_twin(one: &Draft, other: &Draft) -> bool {
    let text = |draft: &Draft| normalise(draft.text.as_deref().unwrap_or_default());
    let is_kind = match (listed_kind(one), listed_kind(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    is_kind && text(one) == text(other) && one.reply_to == other.reply_to
}

/// Whether what becomes of the draft is in the account's own list of posts.
///
/// If it is not, a search proves nothing: replies and ghost posts have lists of their own.
pub fn is_listed(draft: &Draft) -> bool {
    draft.reply_to.is_none() && draft.content != DraftContent::GhostPost
}

/// Why the draft cannot be scheduled, if it cannot.
///
/// A reply is not listed there either, but it is in a list of its own if the account granted
/// that, and a person finds it under the post that it answers. A ghost post is out of sight after a day, so that not even a person could decide.
pub(crate) fn unverifiable(draft: &Draft) -> Option<&'static str> {
    (draft.content == DraftContent::GhostPost).then_some(
        "ghost posts are not in the account's list of posts, so after a lost answer it could not \
         be checked whether the post is live; publish it yourself, or schedule a text post",
    )
}

/// The text as it is compared: composed, one space for any run of them, and without
/// the mark of an in-text topic, which Meta takes out.
pub fn normalise(text: &str) -> String {
    let composed: String = text.nfc().filter(|character| *character != '#').collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The media type under which Meta lists what was sent; none where Meta does not say, so that
/// any may be ours.
fn listed_kind(draft: &Draft) -> Option<MediaType> {
    match &draft.content {
        DraftContent::Text | DraftContent::Poll(_) | DraftContent::Gif(_) => {
            Some(MediaType::TextPost)
        }
        DraftContent::Single(media) if media.kind == MediaKind::Image => Some(MediaType::Image),
        DraftContent::Single(_) => Some(MediaType::Video),
        DraftContent::Carousel(_) => Some(MediaType::CarouselAlbum),
        _ => None,
    }
}
