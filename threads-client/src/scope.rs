//! Permissions a user grants to an app.

use crate::open_enum::open_enum;

open_enum! {
    /// A permission that a user grants to an app.
    ///
    /// See [Meta's list](https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions).
    ///
    /// ```
    /// use threads_client::Scope;
    ///
    /// let granted = ["threads_basic", "threads_read_replies"].map(Scope::from);
    /// for needed in [Scope::ReadReplies, Scope::ManageReplies] {
    ///     println!("{}: {}", needed.as_str(), granted.contains(&needed));
    /// }
    /// assert!(granted.contains(&Scope::ReadReplies));
    /// ```
    pub enum Scope {
        /// Needed by every call: own profile and own posts.
        Basic = "threads_basic",
        /// Create and publish posts.
        ContentPublish = "threads_content_publish",
        /// Hide, approve and write replies.
        ManageReplies = "threads_manage_replies",
        /// Read replies.
        ReadReplies = "threads_read_replies",
        /// Read insights of the account and its posts.
        ManageInsights = "threads_manage_insights",
        /// Read mentions of the account.
        ManageMentions = "threads_manage_mentions",
        /// Search public posts.
        KeywordSearch = "threads_keyword_search",
        /// Delete own posts.
        Delete = "threads_delete",
        /// Search places and tag them.
        LocationTagging = "threads_location_tagging",
        /// Look up public profiles and their posts.
        ProfileDiscovery = "threads_profile_discovery",
        /// Share posts to Instagram stories.
        ShareToInstagram = "threads_share_to_instagram",
    }
}
