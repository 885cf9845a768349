#![doc = include_str!("../README.md")]

mod auth;
mod client;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod guide;
mod http;
mod id;
mod insights;
mod open_enum;
mod page;
mod plain_url;
mod posts;
mod profile;
mod publishing;
mod quota;
mod request;
mod scope;
mod token;
mod wire;

pub use auth::{AuthorizationResponse, CsrfState, OAuthClient, OAuthClientBuilder};
pub use client::{Client, ClientBuilder, TokenPlacement};
pub use error::{
    ApiError, ApiErrorKind, DecodeFailure, Error, InvalidRequest, PublishError, Result,
    TransportError,
};
pub use http::Timeouts;
pub use http::retry::RetryPolicy;
pub use http::usage::AppUsage;
pub use id::{ContainerId, LocationId, PostId, UserId};
pub use insights::{
    AccountInsightsRequest, AccountMetric, Breakdown, BreakdownResult, Insight, InsightBreakdown,
    InsightPoint, Insights, InsightsApi, LinkClicks, Period, PostInsightsRequest, PostMetric,
};
pub use page::{Cursor, Page};
pub use posts::{MediaType, Post, PostListRequest, PostsApi, ReplyAudience};
pub use profile::{Profile, ProfileApi, ProfileField, PublicProfile, SearchedKeyword};
pub use publishing::{
    Container, ContainerError, ContainerStatus, Draft, DraftContent, DraftError, DraftRule,
    DraftWarning, Media, MediaKind, PublishingApi, ReplyControl, TextLength, WaitPolicy,
    text_length, unique_links,
};
pub use quota::{PublishingQuota, QuotaApi, QuotaConfig};
pub use request::GetRequest;
pub use scope::Scope;
pub use token::{AccessToken, AppSecret, AuthorizationCode, TokenGrant, TokenInfo};
