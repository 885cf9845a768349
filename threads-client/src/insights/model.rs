//! Figures, in whichever of four shapes they come.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use url::Url;

use super::Period;
use crate::wire;

/// Figures that were asked for, as far as Meta sent them.
///
/// A metric that Meta left out is `None` everywhere here. It is never 0: 0 is a figure that was measured.
/// Metrics are found by name; their order and ids mean nothing.
///
/// ```
/// use threads_client::{AccountMetric, Insights};
///
/// let insights: Insights<AccountMetric> = serde_json::from_str(
///     r#"{"data": [
///         {"name": "likes", "total_value": {"value": 0}},
///         {"name": "views", "values": [{"value": 4, "end_time": "2026-01-02T08:00:00+0000"}]}
///     ]}"#,
/// )?;
///
/// assert_eq!(insights.total(&AccountMetric::Likes), Some(0));
/// assert_eq!(insights.total(&AccountMetric::Reposts), None);
/// assert_eq!(insights.series(&AccountMetric::Views).map(<[_]>::len), Some(1));
/// assert_eq!(insights.links(&AccountMetric::Clicks), None);
/// assert_eq!(insights.breakdowns(&AccountMetric::FollowerDemographics), None);
/// assert!(!insights.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(bound(deserialize = "M: Deserialize<'de>"))]
pub struct Insights<M> {
    // `paging` holds whole URLs with the access token inside, so it is not read.
    data: Vec<Insight<M>>,
}

impl<M: PartialEq> Insights<M> {
    /// The one figure of a metric for the whole span that was asked for.
    ///
    /// A series of days has no total here: Meta does not say that its days add up to what was asked for.
    pub fn total(&self, metric: &M) -> Option<u64> {
        self.find(metric, |insight| insight.total)
    }

    /// The figures of a metric over time, oldest first as Meta sends them; can be empty.
    pub fn series(&self, metric: &M) -> Option<&[InsightPoint]> {
        self.find(metric, |insight| insight.series.as_deref())
    }

    /// The clicks of a metric, link by link; can be empty.
    pub fn links(&self, metric: &M) -> Option<&[LinkClicks]> {
        self.find(metric, |insight| insight.links.as_deref())
    }

    /// The split of a metric; can be empty.
    pub fn breakdowns(&self, metric: &M) -> Option<&[InsightBreakdown]> {
        self.find(metric, |insight| insight.breakdowns.as_deref())
    }

    /// All metrics that Meta sent, in its order.
    pub fn iter(&self) -> std::slice::Iter<'_, Insight<M>> {
        self.data.iter()
    }

    /// Whether Meta sent no metric at all, as for reposts.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    fn find<'s, T>(&'s self, metric: &M, read: impl Fn(&'s Insight<M>) -> Option<T>) -> Option<T> {
        self.data
            .iter()
            .filter(|insight| insight.metric == *metric)
            .find_map(read)
    }
}

impl<'s, M: PartialEq> IntoIterator for &'s Insights<M> {
    type Item = &'s Insight<M>;
    type IntoIter = std::slice::Iter<'s, Insight<M>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One metric with the figures Meta sent for it.
///
/// ```
/// use threads_client::{Insight, Insights, PostMetric};
///
/// let answer = r#"{"data": [{"name": "views", "period": "lifetime", "values": [{"value": 7}]}]}"#;
/// let insights: Insights<PostMetric> = serde_json::from_str(answer)?;
///
/// let shown = |insight: &Insight<PostMetric>| format!("{}: {:?}", insight.metric, insight.total);
/// assert_eq!(insights.iter().map(shown).collect::<Vec<_>>(), ["views: Some(7)"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Insight<M> {
    /// Which metric.
    pub metric: M,
    /// What span one figure covers.
    pub period: Option<Period>,
    /// One figure for the whole span.
    pub total: Option<u64>,
    /// Figures over time.
    pub series: Option<Vec<InsightPoint>>,
    /// Clicks, link by link.
    pub links: Option<Vec<LinkClicks>>,
    /// The split by age, city, country or gender.
    pub breakdowns: Option<Vec<InsightBreakdown>>,
}

/// One figure of a series.
///
/// ```
/// use threads_client::{AccountMetric, InsightPoint, Insights};
///
/// fn highest(series: &[InsightPoint]) -> Option<u64> {
///     series.iter().map(|point| point.value).max()
/// }
///
/// let answer = r#"{"data": [{"name": "views", "values": [{"value": 3}, {"value": 8}]}]}"#;
/// let insights: Insights<AccountMetric> = serde_json::from_str(answer)?;
/// assert_eq!(insights.series(&AccountMetric::Views).and_then(highest), Some(8));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InsightPoint {
    /// The figure.
    pub value: u64,
    /// End of the span it covers; absent on figures that cover everything so far.
    pub end_time: Option<DateTime<Utc>>,
}

/// Clicks on one link.
///
/// ```
/// use threads_client::LinkClicks;
///
/// let answer = r#"{"value": 12, "link_url": "https://acme.example/tea"}"#;
/// let clicks: LinkClicks = serde_json::from_str(answer)?;
///
/// assert_eq!(clicks.value, 12);
/// assert_eq!(clicks.link_url.as_ref().and_then(|link| link.host_str()), Some("acme.example"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct LinkClicks {
    /// How often it was clicked.
    pub value: u64,
    /// The link.
    #[serde(default, deserialize_with = "wire::url")]
    pub link_url: Option<Url>,
}

/// A figure split along one or more dimensions.
///
/// ```
/// use threads_client::InsightBreakdown;
///
/// let answer = r#"{"dimension_keys": ["age"], "results": [{"dimension_values": ["25-34"], "value": 40}]}"#;
/// let by_age: InsightBreakdown = serde_json::from_str(answer)?;
///
/// assert_eq!(by_age.dimension_keys, ["age"]);
/// assert_eq!(by_age.results.iter().map(|part| part.value).sum::<u64>(), 40);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct InsightBreakdown {
    /// Names of the dimensions, such as `age`.
    #[serde(default)]
    pub dimension_keys: Vec<String>,
    /// The parts.
    #[serde(default)]
    pub results: Vec<BreakdownResult>,
}

/// One part of a split.
///
/// ```
/// use threads_client::BreakdownResult;
///
/// let answer = r#"{"dimension_values": ["ID"], "value": 40}"#;
/// let part: BreakdownResult = serde_json::from_str(answer)?;
/// assert_eq!((part.dimension_values.join(" / ").as_str(), part.value), ("ID", 40));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BreakdownResult {
    /// Which part: one value for each dimension, such as `25-34`.
    #[serde(default)]
    pub dimension_values: Vec<String>,
    /// The figure.
    pub value: u64,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "M: Deserialize<'de>"))]
struct InsightBody<M> {
    name: M,
    period: Option<Period>,
    values: Option<Vec<PointBody>>,
    total_value: Option<TotalBody>,
    link_total_values: Option<Vec<LinkClicks>>,
}

#[derive(Deserialize)]
struct PointBody {
    value: Option<u64>,
    #[serde(default, deserialize_with = "wire::timestamp")]
    end_time: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct TotalBody {
    value: Option<u64>,
    breakdowns: Option<Vec<InsightBreakdown>>,
}

impl<'de, M: Deserialize<'de>> Deserialize<'de> for Insight<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = InsightBody::<M>::deserialize(deserializer)?;
        let (total, breakdowns) = body
            .total_value
            .map_or((None, None), |total| (total.value, total.breakdowns));
        // A point without a value was not measured, which is not the same as 0.
        let series: Option<Vec<InsightPoint>> = body.values.map(|points| {
            points
                .into_iter()
                .filter_map(|point| {
                    Some(InsightPoint {
                        value: point.value?,
                        end_time: point.end_time,
                    })
                })
                .collect()
        });
        Ok(Self {
            metric: body.name,
            period: body.period,
            total: total.or_else(|| series.as_deref().and_then(only_undated)),
            series,
            links: body.link_total_values,
            breakdowns,
        })
    }
}

/// Figures of posts come as a series of one point without a date.
fn only_undated(series: &[InsightPoint]) -> Option<u64> {
    match series {
        [
            InsightPoint {
                value,
                end_time: None,
            },
        ] => Some(*value),
        _ => None,
    }
}
