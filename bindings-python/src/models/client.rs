//! Answers of Threads.

use pyo3::prelude::*;
use threads_client::{
    AppUsage, BreakdownResult, CarouselItem, Container, ContainerError, ContainerStatus, Insight,
    InsightBreakdown, InsightPoint, Insights, LinkClicks, MediaType, Pace, PaceStep, Page, Period,
    Post, Profile, PublicProfile, PublishingQuota, Quota, QuotaConfig, QuotaUse, Scope, TokenInfo,
    {AccountMetric, PostMetric},
};

use super::{ToPython, by_text, dataclass, model};

by_text!(
    AccountMetric,
    ContainerError,
    ContainerStatus,
    MediaType,
    PaceStep,
    Period,
    PostMetric,
    Quota,
    Scope,
);

model!("threads_monitor.models", TokenInfo, {
    is_valid,
    user_id,
    scopes,
    issued_at,
    expires_at,
    data_access_expires_at,
    application,
    kind,
});

model!("threads_monitor.models", AppUsage, { call_count, total_time, total_cputime });
model!("threads_monitor.models", Pace, { step, used, wait, quotas });
model!("threads_monitor.models", QuotaUse, { quota, used, limit });

model!("threads_monitor.models", Profile, { id, username, name, picture_url, biography, is_verified });

model!("threads_monitor.models", PublicProfile, {
    username,
    name,
    picture_url,
    biography,
    is_verified,
    follower_count,
    likes_count,
    quotes_count,
    replies_count,
    reposts_count,
    views_count,
});

model!("threads_monitor.models", Post, {
    id,
    media_type,
    text,
    permalink,
    timestamp,
    username,
    shortcode,
    media_url,
    thumbnail_url,
    owner,
    children,
    is_quote_post,
    quoted_post,
    reposted_post,
    link_attachment_url,
    topic_tag,
    alt_text,
    gif_url,
});

/// Python knows the items of a carousel by their ids.
impl ToPython for CarouselItem {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.id.to_python(py)
    }
}

model!("threads_monitor.models", InsightPoint, { value, end_time });
model!("threads_monitor.models", LinkClicks, { value, link_url });
model!("threads_monitor.models", BreakdownResult, { dimension_values, value });
model!("threads_monitor.models", InsightBreakdown, { dimension_keys, results });
model!("threads_monitor.models", Insight<M>, { metric, period, total, series, links, breakdowns });

impl<M: ToPython + PartialEq> ToPython for Insights<M> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let data: Vec<_> = self.iter().collect();
        dataclass!(py, "threads_monitor.models", "Insights", self, { data: data })
    }
}

model!("threads_monitor.models", Container, { id, status, error_message });
model!("threads_monitor.models", QuotaConfig, { quota_total, quota_duration });
model!("threads_monitor.models", PublishingQuota, {
    quota_usage,
    config,
    reply_quota_usage,
    reply_config,
});

/// A page is its items and the cursor of the next one; the class is made in Python.
impl<T: ToPython> ToPython for Page<T> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let next = self.next.as_ref().map(threads_client::Cursor::as_str);
        let pair = (self.items.to_python(py)?, next.to_python(py)?);
        Ok(pair.into_pyobject(py)?.into_any())
    }
}
