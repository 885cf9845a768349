//! Scheduled posts as lists show them.

use threads_client::{Draft, DraftContent};
use threads_monitor::Zone;
use threads_monitor::publishing::ScheduledPost;

use super::chain::ChainWords;
use crate::format::{Moment, shortened};
use crate::words::{self, StateWords};

/// One scheduled post in a list.
#[derive(Debug, Clone)]
pub(super) struct QueueEntry {
    pub(super) id: String,
    pub(super) state: StateWords,
    pub(super) due: Moment,
    pub(super) text: String,
    pub(super) content: String,
    pub(super) attempts: usize,
    /// How much of a thread is live.
    pub(super) chain: Option<ChainWords>,
}

impl QueueEntry {
    pub(super) fn of(scheduled: &ScheduledPost, zone: Zone) -> Self {
        Self {
            id: scheduled.id.to_string(),
            state: words::state(&scheduled.post, zone),
            due: Moment::new(scheduled.post.due_at, zone),
            text: shortened(text(scheduled.post.first_draft()), 140),
            content: content(&scheduled.post.draft),
            attempts: scheduled.post.all_attempts().count(),
            chain: ChainWords::of(&scheduled.post),
        }
    }
}

/// What comes next first, then what is over, the latest first.
pub(super) fn ordered(mut posts: Vec<ScheduledPost>) -> Vec<ScheduledPost> {
    posts.sort_by_key(|scheduled| {
        let due = scheduled.post.due_at.timestamp();
        let is_over = scheduled.post.is_over();
        (is_over, if is_over { -due } else { due })
    });
    posts
}

/// The text of a draft, or what stands for it.
pub(super) fn text(draft: &Draft) -> &str {
    draft
        .text
        .as_deref()
        .filter(|text| !text.trim().is_empty())
        .unwrap_or("(no text)")
}

/// What kind of post a draft makes, in words.
pub(super) fn content(draft: &Draft) -> String {
    match &draft.content {
        DraftContent::Text => "Text".to_owned(),
        DraftContent::Poll(poll) => format!("Poll of {}", poll.options.len()),
        DraftContent::Gif(_) => "Text with a GIF".to_owned(),
        DraftContent::TextAttachment(_) => "Text with a longer text".to_owned(),
        DraftContent::GhostPost => "Ghost post".to_owned(),
        DraftContent::Single(media) => match media.kind {
            threads_client::MediaKind::Image => "Image".to_owned(),
            threads_client::MediaKind::Video => "Video".to_owned(),
        },
        DraftContent::Carousel(items) => format!("Carousel of {}", items.len()),
        _ => "Post".to_owned(),
    }
}
