//! Doors to private parsers, for the fuzz harness of this repository. No part of the API: it may change at any time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use url::Url;

use crate::auth::grant;
use crate::http::{doors, redact};
use crate::{ImageDimensions, Result, TokenGrant, TokenInfo, plain_url, preflight, wire};

/// The body of an answer, decoded as the client does it.
///
/// # Errors
///
/// [`Error::Decode`](crate::Error::Decode).
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    doors::decode(body)
}

/// An answer that holds a token.
///
/// # Errors
///
/// [`Error::Decode`](crate::Error::Decode).
pub fn token_grant(body: &[u8]) -> Result<TokenGrant> {
    doors::decode(body).map(grant::GrantBody::into_grant)
}

/// An answer about a token.
///
/// # Errors
///
/// [`Error::Decode`](crate::Error::Decode).
pub fn token_info(body: &[u8]) -> Result<TokenInfo> {
    doors::decode(body).map(grant::InfoBody::into_info)
}

/// The pause that the headers `Retry-After` and `Date` ask for.
pub fn retry_after(value: &[u8], date: Option<&[u8]>) -> Option<Duration> {
    doors::retry_after(value, date)
}

/// The highest share and the pause that `X-Business-Use-Case-Usage` tells.
pub fn business_usage(header: &[u8]) -> Option<(Option<u32>, Option<Duration>)> {
    doors::business_usage(header)
}

/// Width and height that the first bytes of an image tell.
pub fn image_dimensions(start: &[u8]) -> Option<ImageDimensions> {
    preflight::dimensions(start)
}

/// Whether a video begins with its pictures rather than with its index.
pub fn has_its_index_last(start: &[u8]) -> bool {
    preflight::has_its_index_last(start)
}

/// Foreign text as errors show it.
pub fn redact(text: &str, secret: Option<&str>) -> String {
    redact::clean(text, &[secret])
}

/// A time as Meta writes it.
pub fn timestamp(text: &str) -> Option<DateTime<Utc>> {
    wire::parse_timestamp(text)
}

/// An address that is only shown.
pub fn address(text: &str) -> Option<Url> {
    plain_url::parse(text)
}

/// Whether an address counts as plain, and what is then made of it without parsing.
///
/// With debug assertions `url` refuses what was put together wrongly, and [`address`] parses it after all. Only here a
/// mistake shows.
pub fn plain_address(text: &str) -> (bool, Option<Url>) {
    (plain_url::is_plain(text), plain_url::plain(text))
}
