//! `GET /{media}/insights`: the lifetime counters of one post.

use axum::http::Method;
use serde_json::{Value, json};

use crate::endpoint::{Access, Call, Endpoint, EndpointSpec, ErrorShape, Segment};
use crate::evolution::post_counters;
use crate::graph_error::{Failure, GraphError};
use crate::reply::Reply;

pub(super) const SPEC: EndpointSpec = EndpointSpec {
    endpoint: Endpoint::PostInsights,
    method: Method::GET,
    path: &[Segment::Post, Segment::Literal("insights")],
    access: Access::User,
    scopes: &["threads_manage_insights"],
    parameters: &["metric"],
    fields: &[],
    errors: ErrorShape::Graph,
    handler: read,
};

const METRICS: [&str; 6] = ["views", "likes", "replies", "reposts", "quotes", "shares"];

fn read(call: &mut Call<'_>) -> Result<Reply, Failure> {
    let id = call.post()?;
    let caller = call.caller()?.user;
    let metrics = metrics(call.request.parameters.require("metric")?, &METRICS)?;
    let post = call
        .state
        .posts
        .get(&id)
        .filter(|post| post.author == caller)
        .ok_or_else(|| GraphError::no_such_object("get", &id.to_string()))?;
    if post.content.reposts.is_some() {
        // A repost has no counters of its own; Meta answers an empty list.
        return Ok(Reply::json(json!({ "data": [] })));
    }
    let counters = post_counters(post, call.now);
    // The live replies are what a client can count, so they count as well.
    let replies = call
        .state
        .posts
        .values()
        .filter(|reply| reply.root == Some(id) && reply.is_live())
        .count();
    let data: Vec<Value> = metrics
        .into_iter()
        .map(|metric| {
            let (value, title, description, id_name) = match metric {
                "views" => (
                    counters.views,
                    "Views",
                    "How often the post was seen.",
                    "views",
                ),
                "likes" => (counters.likes, "Likes", "How many liked the post.", "likes"),
                // The id carries another name than the metric, as Meta's samples do.
                "replies" => (
                    counters.replies + u64::try_from(replies).unwrap_or(0),
                    "Replies",
                    "How many replies the post has.",
                    "thread_replies",
                ),
                "reposts" => (
                    counters.reposts,
                    "Reposts",
                    "How often the post was reposted.",
                    "reposts",
                ),
                "quotes" => (
                    counters.quotes,
                    "Quotes",
                    "How often the post was quoted.",
                    "quotes",
                ),
                _ => (
                    counters.shares,
                    "Shares",
                    "How often the post was shared.",
                    "shares",
                ),
            };
            json!({
                "name": metric,
                "period": "lifetime",
                "values": [{ "value": value }],
                "title": title,
                "description": description,
                "id": format!("{id}/insights/{id_name}/lifetime"),
            })
        })
        .collect();
    Ok(Reply::json(json!({ "data": data })))
}

/// The metrics of a comma-separated list, if all of them exist.
pub(super) fn metrics(
    list: &str,
    known: &'static [&'static str],
) -> Result<Vec<&'static str>, GraphError> {
    let mut metrics = Vec::new();
    for name in list.split(',').map(str::trim) {
        let metric = known
            .iter()
            .copied()
            .find(|&metric| metric == name)
            .ok_or_else(|| {
                GraphError::parameter(format!(
                    "metric[0] must be one of the following values: {}",
                    known.join(", ")
                ))
            })?;
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    Ok(metrics)
}
