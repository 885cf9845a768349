#![doc = include_str!("../README.md")]

mod auth;
mod client;
mod embed;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod guide;
mod http;
mod id;
mod insights;
mod intent;
mod location;
mod open_enum;
mod page;
mod plain_url;
mod posts;
mod preflight;
mod profile;
mod publishing;
mod quota;
mod raw_json;
mod replies;
mod request;
mod scope;
mod search;
mod signature;
mod signed_request;
mod token;
mod webhook;
mod wire;

pub use auth::{AuthorizationResponse, CsrfState, OAuthClient, OAuthClientBuilder};
pub use client::{Client, ClientBuilder, TokenPlacement};
pub use embed::{Embed, EmbedRequest};
pub use error::{
    Action, Advice, ApiError, ApiErrorKind, DecodeFailure, Error, HeldBack, InvalidRequest,
    Language, PublishError, Refusal, Result, TransportError, UnknownLanguage,
};
pub use http::Timeouts;
pub use http::date::ServerTime;
pub use http::meter::{Pace, QuotaUse};
pub use http::quota_counter::Quota;
pub use http::retry::RetryPolicy;
pub use http::throttle::{PaceStep, ThrottlePolicy};
pub use http::usage::AppUsage;
pub use id::{ContainerId, LocationId, PostId, UserId};
pub use insights::{
    AccountInsightsRequest, AccountMetric, Breakdown, BreakdownResult, Insight, InsightBreakdown,
    InsightPoint, Insights, InsightsApi, LinkClicks, Period, PostInsightsRequest, PostMetric,
};
pub use intent::{FollowIntent, PostIntent};
pub use location::{Location, LocationSearchRequest, LocationsApi};
pub use page::{Cursor, Page};
pub use posts::{
    CarouselItem, Deleted, GhostPostStatus, HideStatus, MediaProductType, MediaType, Poll,
    PollOption, Post, PostField, PostListRequest, PostsApi, ReplyApprovalStatus, ReplyAudience,
    StyledText, TextAttachment, TextEntity, TextEntityType, TextStyle,
};
pub use preflight::{ImageDimensions, MediaPreflight, PreflightFinding, PreflightReport};
pub use profile::{Profile, ProfileApi, ProfileField, PublicProfile, SearchedKeyword};
pub use publishing::{
    Container, ContainerError, ContainerStatus, Draft, DraftContent, DraftError, DraftGif,
    DraftPoll, DraftRule, DraftSpoiler, DraftStyling, DraftTextAttachment, DraftTextStyle,
    DraftWarning, GifProvider, InstagramShare, InstagramShareStatus, Media, MediaKind,
    PublishingApi, Receipt, ReplyControl, TextLength, WaitPolicy, in_text_tags, text_length,
    unique_links,
};
pub use quota::{PublishingQuota, QuotaApi, QuotaConfig};
pub use raw_json::RawJson;
pub use replies::{PendingReplyListRequest, RepliesApi, ReplyListRequest, ReplyOrder};
pub use request::GetRequest;
pub use scope::Scope;
pub use search::{PostSearchRequest, SearchApi, SearchMediaType, SearchMode, SearchType};
pub use signature::CallbackError;
pub use signed_request::{
    DataDeletionResponse, SignedRequest, SignedRequestKey, SignedRequestVerifier,
};
pub use token::{AccessToken, AppSecret, AuthorizationCode, TokenGrant, TokenInfo};
pub use webhook::{
    DeletedPost, NotificationKey, RootPost, VerifyToken, WebhookEvent, WebhookNotification,
    WebhookPost, WebhookTopic, WebhookVerifier,
};
