//! The names Meta gives to kinds and states of posts.

use crate::open_enum::open_enum;

open_enum! {
    /// What kind of post it is, as read. Publishing uses other names.
    ///
    /// ```
    /// use threads_client::{MediaType, Post};
    ///
    /// let answer = r#"{"id": "17900000000000001", "media_type": "CAROUSEL_ALBUM"}"#;
    /// let post: Post = serde_json::from_str(answer)?;
    ///
    /// assert_eq!(post.media_type, Some(MediaType::CarouselAlbum));
    /// assert_eq!(MediaType::from("HOLOGRAM").as_str(), "HOLOGRAM");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
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
    ///
    /// ```
    /// use threads_client::MediaProductType;
    ///
    /// let product: MediaProductType = serde_json::from_str(r#""THREADS""#)?;
    /// assert_eq!(product, MediaProductType::Threads);
    /// assert_eq!(product.as_str(), "THREADS");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum MediaProductType {
        /// On Threads; Meta documents no other.
        Threads = "THREADS",
    }
}

open_enum! {
    /// Who may reply, as read. Publishing uses [`ReplyControl`](crate::ReplyControl), in lower case.
    ///
    /// ```
    /// use threads_client::{Post, ReplyAudience};
    ///
    /// let answer = r#"{"id": "17900000000000001", "reply_audience": "FOLLOWERS_ONLY"}"#;
    /// let post: Post = serde_json::from_str(answer)?;
    ///
    /// assert_eq!(post.reply_audience, Some(ReplyAudience::FollowersOnly));
    /// assert_eq!(post.reply_audience.as_ref().map(ReplyAudience::as_str), Some("FOLLOWERS_ONLY"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
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
    ///
    /// ```
    /// use threads_client::HideStatus;
    ///
    /// fn is_to_be_seen(status: &HideStatus) -> bool {
    ///     matches!(status, HideStatus::NotHushed | HideStatus::Unhushed)
    /// }
    ///
    /// assert!(!is_to_be_seen(&HideStatus::Hidden));
    /// assert_eq!(HideStatus::Hidden.as_str(), "HIDDEN");
    /// ```
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
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, id: threads_client::PostId) -> threads_client::Result<()> {
    /// use threads_client::ReplyApprovalStatus;
    ///
    /// let status = ReplyApprovalStatus::Ignored;
    /// let page = client.replies().pending(&id).approval_status(&status).send().await?;
    /// println!("{} are {}", page.items.len(), status.as_str());
    /// # Ok(())
    /// # }
    /// ```
    pub enum ReplyApprovalStatus {
        /// Nobody has decided yet.
        Pending = "pending",
        /// Ignored; it can still be approved.
        Ignored = "ignored",
    }
}

open_enum! {
    /// Whether a ghost post is still to be seen.
    ///
    /// ```
    /// use threads_client::{GhostPostStatus, Post};
    ///
    /// let answer = r#"{"id": "17900000000000001", "ghost_post_status": "ARCHIVED"}"#;
    /// let post: Post = serde_json::from_str(answer)?;
    ///
    /// assert_eq!(post.ghost_post_status, Some(GhostPostStatus::Archived));
    /// assert_eq!(GhostPostStatus::Active.as_str(), "ACTIVE");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum GhostPostStatus {
        /// To be seen.
        Active = "ACTIVE",
        /// Over: only its author can see it.
        Archived = "ARCHIVED",
    }
}
