//! What `crate::fuzzing` reaches of this module.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use serde::de::DeserializeOwned;
use url::Url;

use super::{Call, DEFAULT_BASE, Fields};
use crate::error::Error;

pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> crate::Result<T> {
    if let Ok(value) = super::decode::parse(body) {
        return Ok(value);
    }
    let url = Url::parse(DEFAULT_BASE).map_err(|_| Error::invalid("base_url", "is not a URL"))?;
    super::decode::decode(&Call::get("GET /fuzz", url, &Fields::new()), body)
}

pub(crate) fn retry_after(value: &[u8], date: Option<&[u8]>) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, HeaderValue::from_bytes(value).ok()?);
    if let Some(date) = date.and_then(|date| HeaderValue::from_bytes(date).ok()) {
        headers.insert(DATE, date);
    }
    super::retry_after(&headers)
}

pub(crate) fn business_usage(header: &[u8]) -> Option<(Option<u32>, Option<Duration>)> {
    let mut headers = HeaderMap::new();
    let name = HeaderName::from_static("x-business-use-case-usage");
    headers.insert(name, HeaderValue::from_bytes(header).ok()?);
    let reading = super::usage::Reading::of(&headers);
    Some((reading.highest(), reading.regain))
}
