//! Who may reply.

use serde::{Deserialize, Serialize};

/// Who may reply, as sent. Reading uses [`ReplyAudience`](crate::ReplyAudience), in upper case.
///
/// ```
/// use threads_client::{Draft, ReplyControl};
///
/// let draft = Draft::text("Hello").reply_control(ReplyControl::MentionedOnly);
/// assert_eq!(draft.reply_control.map(ReplyControl::as_str), Some("mentioned_only"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReplyControl {
    /// Everyone.
    Everyone,
    /// Accounts the author follows.
    AccountsYouFollow,
    /// Accounts mentioned in the post.
    MentionedOnly,
    /// The author of the post above.
    ParentPostAuthorOnly,
    /// Followers of the author.
    FollowersOnly,
}

impl ReplyControl {
    /// The name Meta uses on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::AccountsYouFollow => "accounts_you_follow",
            Self::MentionedOnly => "mentioned_only",
            Self::ParentPostAuthorOnly => "parent_post_author_only",
            Self::FollowersOnly => "followers_only",
        }
    }
}
