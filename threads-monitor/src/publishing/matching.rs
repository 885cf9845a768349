//! Which post of an account's own list is ours.
//!
//! Meta's status of a container says that it was published, never as what. So the
//! media id is found by content: same kind, same text once both are normalised, in
//! the time that our call can have acted, and claimed by no other scheduled post.
//! The newest post is never taken just because it is the newest.

use std::collections::HashSet;
use std::hash::BuildHasher;

use chrono::{DateTime, Utc};
use threads_client::{Draft, DraftContent, MediaKind, MediaType, Post as LivePost, PostId};
use unicode_normalization::UnicodeNormalization;

use super::event::ScanResult;

/// From this similarity of texts on, a post may be ours with its text altered.
const NEAR: f64 = 0.8;

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
        if !in_time || claimed.contains(&post.id) || post.media_type != Some(kind.clone()) {
            continue;
        }
        let text = normalise(post.text.as_deref().unwrap_or_default());
        if text == wanted && post.quoted_post.as_ref() == draft.quote.as_ref() {
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

/// Whether the account's list could not tell the two apart.
pub fn is_twin(one: &Draft, other: &Draft) -> bool {
    let text = |draft: &Draft| normalise(draft.text.as_deref().unwrap_or_default());
    listed_kind(one) == listed_kind(other) && text(one) == text(other)
}

/// The text as it is compared: composed, one space for any run of them, and without
/// the mark of an in-text topic, which Meta takes out.
pub fn normalise(text: &str) -> String {
    let composed: String = text.nfc().filter(|character| *character != '#').collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The media type under which Meta lists what was sent.
fn listed_kind(draft: &Draft) -> MediaType {
    match &draft.content {
        DraftContent::Single(media) if media.kind == MediaKind::Image => MediaType::Image,
        DraftContent::Single(_) => MediaType::Video,
        DraftContent::Carousel(_) => MediaType::CarouselAlbum,
        // A text, also one with a link, a poll or a GIF.
        _ => MediaType::TextPost,
    }
}
