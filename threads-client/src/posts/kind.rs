//! The names Meta gives to kinds and states of posts.

use crate::open_enum::open_enum;

open_enum! {
    /// What kind of post it is, as read. Publishing uses other names.
    pub enum MediaType {
        /// Text, also with a link, a GIF or a poll; search has been seen to call it `TEXT`.
        TextPost = "TEXT_POST" | "TEXT",
        /// One image.
        Image = "IMAGE",
        /// One video.
        Video = "VIDEO",
        /// Several images or videos.
        CarouselAlbum = "CAROUSEL_ALBUM",
        /// A voice post.
        Audio = "AUDIO",
        /// A repost of another post.
        RepostFacade = "REPOST_FACADE",
    }
}

open_enum! {
    /// On which of Meta's products a post is.
    pub enum MediaProductType {
        /// On Threads; Meta documents no other.
        Threads = "THREADS",
    }
}

open_enum! {
    /// Who may reply, as read. Publishing uses [`ReplyControl`](crate::ReplyControl), in lower case.
    pub enum ReplyAudience {
        /// Everyone.
        Everyone = "EVERYONE",
        /// Accounts the author follows.
        AccountsYouFollow = "ACCOUNTS_YOU_FOLLOW",
        /// Accounts mentioned in the post.
        MentionedOnly = "MENTIONED_ONLY",
        /// The author of the post above.
        ParentPostAuthorOnly = "PARENT_POST_AUTHOR_ONLY",
        /// Followers of the author.
        FollowersOnly = "FOLLOWERS_ONLY",
    }
}

open_enum! {
    /// Whether a reply is hidden. Meta lists the names and explains few of them.
    pub enum HideStatus {
        /// Never hidden.
        NotHushed = "NOT_HUSHED",
        /// Hidden once, and shown again.
        Unhushed = "UNHUSHED",
        /// Hidden.
        Hidden = "HIDDEN",
        /// Covered.
        Covered = "COVERED",
        /// Its author is blocked.
        Blocked = "BLOCKED",
        /// Its author is restricted.
        Restricted = "RESTRICTED",
    }
}

open_enum! {
    /// How far the approval of a reply is. Approved replies are ordinary ones.
    pub enum ReplyApprovalStatus {
        /// Nobody has decided yet.
        Pending = "pending",
        /// Ignored; it can still be approved.
        Ignored = "ignored",
    }
}

open_enum! {
    /// Whether a ghost post is still to be seen.
    pub enum GhostPostStatus {
        /// To be seen.
        Active = "ACTIVE",
        /// Over: only its author can see it.
        Archived = "ARCHIVED",
    }
}
