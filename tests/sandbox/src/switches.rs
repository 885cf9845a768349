//! Switches between the worlds that Meta's documentation leaves possible.

use serde::{Deserialize, Serialize};

/// How the sandbox behaves where the real platform's behaviour is not documented.
///
/// The default of each switch is the reading that demands more of a client.
///
/// ```
/// use threads_sandbox::{PublishedContainer, Switches};
///
/// let switches = Switches {
///     published_container: PublishedContainer::NotFound,
///     listing_lag_seconds: 30,
///     ..Switches::default()
/// };
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent yes-or-no questions about one platform"
)]
pub struct Switches {
    /// How soon TEXT containers are `FINISHED`.
    pub text_readiness: Readiness,
    /// How soon IMAGE, VIDEO and CAROUSEL containers are `FINISHED`.
    pub media_readiness: Readiness,
    /// What reading the status of a published container answers.
    pub published_container: PublishedContainer,
    /// For how many seconds after publishing the status still says `FINISHED`.
    pub status_lag_seconds: u32,
    /// For how many seconds after publishing a post is missing from the lists.
    pub listing_lag_seconds: u32,
    /// How texts come back when they are read.
    pub listed_text: ListedText,
    /// What publishing an already published container does.
    pub republish: Republish,
    /// What a refresh does with the token string.
    pub refresh: RefreshedToken,
    /// What the 500 of a text are.
    pub text_unit: TextUnit,
    /// Whether lists carry `paging.next` and `previous` (with the token inside).
    pub paging_links: bool,
    /// Whether user metrics without activity are left out of `data`.
    pub omit_quiet_metrics: bool,
    /// The widest `since`..`until` of user insights in seconds; 0 means no limit.
    pub widest_insights_window_seconds: u32,
    /// Whether the app passed review, so that it may look other people up.
    pub advanced_access: bool,
    /// The Graph code of an exhausted publishing quota.
    pub quota_code: i64,
    /// The Graph subcode of an exhausted publishing quota.
    pub quota_subcode: Option<i64>,
    /// Posts per 24 hours.
    pub post_quota: u32,
    /// Replies per 24 hours.
    pub reply_quota: u32,
    /// Searches with results per 24 hours.
    pub keyword_search_quota: u32,
    /// Profile lookups, and lists of a profile's posts, per 24 hours (each counted alone).
    pub profile_discovery_quota: u32,
    /// Searches for places per 24 hours.
    pub location_search_quota: u32,
    /// Embedded posts per hour.
    pub embed_quota: u32,
    /// Whether keyword search has cursors, which its reference does not list.
    pub search_paging: SearchPaging,
    /// How the text of a search for places is called.
    pub location_query: LocationQuery,
    /// The `X-App-Usage` header on every answer, if any.
    pub app_usage: Option<AppUsage>,
    // Publishing.
    /// How many different links a post may have.
    pub link_limit: u32,
    /// What offsets and lengths inside a text count.
    pub offset_unit: OffsetUnit,
    /// Whether polls, GIFs, text attachments and entities of the wrong shape are
    /// dropped without an error, as the real platform was seen to do.
    pub silently_ignore_malformed_objects: bool,
    /// Which answer tells `crossreshare_to_ig_status`.
    pub cross_share_answer: CrossShareAnswer,
    /// Whether sharing to Instagram works; the post is published either way.
    pub cross_share_succeeds: bool,
    /// For how many seconds after publishing a post can be neither replied to nor quoted.
    pub parent_lag_seconds: u32,
    /// For how many seconds after its creation publishing a container answers
    /// 24/4279009, whatever its status says.
    pub publish_lag_seconds: u32,
    /// What reposting the same post again does.
    pub repeat_repost: Republish,
    /// Deletions per 24 hours.
    pub delete_quota: u32,
    // Headers.
    /// The `X-Business-Use-Case-Usage` header on every answer, if any.
    pub business_usage: Option<BusinessUsage>,
    /// How far the `Date` header is ahead of the virtual clock; none leaves the real date.
    pub date_skew_seconds: Option<i32>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            text_readiness: Readiness::AT_ONCE,
            media_readiness: Readiness {
                polls: 2,
                seconds: 30,
            },
            published_container: PublishedContainer::Published,
            status_lag_seconds: 0,
            listing_lag_seconds: 0,
            listed_text: ListedText::Verbatim,
            republish: Republish::Refused,
            refresh: RefreshedToken::NewAndOldValid,
            text_unit: TextUnit::Bytes,
            paging_links: true,
            omit_quiet_metrics: false,
            // Thirty days, and the hour by which thirty Pacific days may be longer.
            widest_insights_window_seconds: 30 * 86_400 + 3_600,
            advanced_access: true,
            quota_code: 9,
            quota_subcode: Some(2_207_042),
            post_quota: 250,
            reply_quota: 1_000,
            keyword_search_quota: 2_200,
            profile_discovery_quota: 1_000,
            location_search_quota: 500,
            embed_quota: 1_000,
            search_paging: SearchPaging::None,
            location_query: LocationQuery::Q,
            app_usage: None,
            link_limit: 5,
            offset_unit: OffsetUnit::Utf16,
            silently_ignore_malformed_objects: false,
            cross_share_answer: CrossShareAnswer::Publish,
            cross_share_succeeds: true,
            parent_lag_seconds: 0,
            publish_lag_seconds: 0,
            repeat_repost: Republish::SecondPost,
            delete_quota: 100,
            business_usage: None,
            date_skew_seconds: None,
        }
    }
}

/// When a container is ready: after so many polls or seconds, whichever is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    /// How many times its status says `IN_PROGRESS` before it says `FINISHED`.
    pub polls: u32,
    /// After how many virtual seconds it is ready without being asked.
    pub seconds: u32,
}

impl Readiness {
    /// Ready as soon as it is created.
    pub const AT_ONCE: Self = Self {
        polls: 0,
        seconds: 0,
    };
}

/// What reading the status of a published container answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PublishedContainer {
    /// `status: PUBLISHED`, as documented.
    Published,
    /// Error 100 with subcode 33: the container is gone.
    NotFound,
    /// Error 100: the object has no field `status`.
    NonexistingField,
}

/// How texts come back when posts are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ListedText {
    /// Exactly as they were sent.
    Verbatim,
    /// Trimmed, with runs of white space made one space.
    Collapsed,
}

/// What publishing an already published container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Republish {
    /// It is refused with 24/4279009.
    Refused,
    /// It answers the id of the post that exists, and changes nothing.
    SamePost,
    /// It makes a second post.
    SecondPost,
}

/// What a refresh does with the token string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefreshedToken {
    /// The same string, valid for longer.
    Same,
    /// A new string; the old one works until it expires.
    NewAndOldValid,
    /// A new string; the old one stops working at once.
    NewAndOldInvalid,
}

/// What the limit of 500 for a text counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextUnit {
    /// UTF-8 bytes, as production refusals suggest.
    Bytes,
    /// Unicode code points.
    CodePoints,
    /// Unicode code points, but the UTF-8 bytes of emojis, as Meta's page words it.
    EmojiBytes,
}

/// What the `offset` and `length` of a spoiler or style count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OffsetUnit {
    /// UTF-16 code units, as Meta's own sample computes them.
    Utf16,
    /// UTF-8 bytes.
    Bytes,
    /// Unicode code points.
    CodePoints,
}

/// Which answer tells how sharing to Instagram went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CrossShareAnswer {
    /// The one to the call that publishes, as the documentation says.
    Publish,
    /// The one to the call that creates the container, as its sample shows.
    Container,
    /// None.
    Nowhere,
}

/// Whether keyword search has cursors; Meta's reference and samples disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SearchPaging {
    /// None: no `paging` in the answer, and `before` and `after` are unknown.
    None,
    /// `paging` as in other lists.
    Cursors,
}

/// How the text of a search for places is called; Meta's pages disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LocationQuery {
    /// `q`, as in the guide and Meta's collection of samples.
    Q,
    /// `query`, as in the reference.
    Query,
    /// Either, but not both.
    Either,
}

/// The percentages of an `X-App-Usage` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppUsage {
    /// Percent of the calls allowed.
    pub call_count: u32,
    /// Percent of the time allowed.
    pub total_time: u32,
    /// Percent of the CPU time allowed.
    pub total_cputime: u32,
}

/// The numbers of an `X-Business-Use-Case-Usage` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusinessUsage {
    /// Percent of the calls allowed.
    pub call_count: u32,
    /// Percent of the time allowed.
    pub total_time: u32,
    /// Percent of the CPU time allowed.
    pub total_cputime: u32,
    /// In how many minutes calls are allowed again; 0 while they are.
    pub estimated_time_to_regain_access: u32,
}
