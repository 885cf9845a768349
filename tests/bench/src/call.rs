//! The whole call, in three ways.

use std::hint::black_box;

use serde_json::Value;
use threads_client::{AccountMetric, Client, Period, PostId, PostMetric};
use threads_rs::{AccountInsightsOptions, InsightPeriod, PostInsightsOptions, PostsOptions};
use url::Url;

use crate::{Case, Result, Variant};

const TOKEN: &str = "THQVJmadeup0token1Zx9Wv8Ut7Sr6Qp5On4Ml3Kj2Ih1Gf0Ed9Cb8Az7Yx6Wv5Ut4Sr3Qp2On1";

const POST: &str = "17900000000000001";

const PROFILE_FIELDS: [&str; 6] = [
    "id",
    "username",
    "name",
    "threads_profile_picture_url",
    "threads_biography",
    "is_verified",
];

/// Makes calls of one variant to one server, all over the same connection.
#[derive(Debug)]
pub struct Caller(Inner);

enum Inner {
    Bare {
        client: reqwest::Client,
        base: String,
    },
    Typed(Client),
    ThreadsRs {
        client: threads_rs::client::Client,
        me: threads_rs::UserId,
        post: threads_rs::PostId,
    },
}

impl Caller {
    /// Sets the variant up as its documentation says, for `http://ADDRESS`.
    ///
    /// # Errors
    ///
    /// Whatever the variant refuses.
    pub async fn new(variant: Variant, address: &str) -> Result<Self> {
        let base = format!("http://{address}");
        let inner = match variant {
            Variant::Bare => Inner::Bare {
                client: reqwest::Client::new(),
                base,
            },
            Variant::Typed => Inner::Typed(
                Client::builder()
                    .access_token(threads_client::AccessToken::new(TOKEN))
                    .base_url(Url::parse(&base)?)
                    .build()?,
            ),
            Variant::ThreadsRs => {
                let mut config =
                    threads_rs::client::Config::new("1", "made-up", "https://app.example/callback");
                config.base_url = base;
                Inner::ThreadsRs {
                    // It asks `debug_token` once; that is set-up, which no figure contains.
                    client: threads_rs::client::Client::with_token(config, TOKEN).await?,
                    me: threads_rs::UserId::from("me"),
                    post: threads_rs::PostId::from(POST),
                }
            }
        };
        Ok(Self(inner))
    }

    /// Makes one call and drops what it gave.
    ///
    /// # Errors
    ///
    /// A call that fails, or does not give what the server sent.
    pub async fn call(&self, case: Case) -> Result<()> {
        match &self.0 {
            Inner::Bare { client, base } => bare(client, base, case).await,
            Inner::Typed(client) => typed(client, case).await,
            Inner::ThreadsRs { client, me, post } => threads_rs(client, me, post, case).await,
        }
    }
}

async fn bare(client: &reqwest::Client, base: &str, case: Case) -> Result<()> {
    let posts = |limit| {
        client.get(format!("{base}/v1.0/me/threads")).query(&[
            ("fields", threads_rs::constants::POST_EXTENDED_FIELDS),
            ("limit", limit),
        ])
    };
    let request = match case {
        Case::Profile => client
            .get(format!("{base}/v1.0/me"))
            .query(&[("fields", PROFILE_FIELDS.join(","))]),
        Case::Posts25 => posts("25"),
        Case::Posts100 => posts("100"),
        Case::AccountInsights => client
            .get(format!("{base}/v1.0/me/threads_insights"))
            .query(&[
                (
                    "metric",
                    "views,likes,replies,reposts,quotes,clicks,followers_count",
                ),
                ("period", "day"),
            ]),
        Case::PostInsights => client
            .get(format!("{base}/v1.0/{POST}/insights"))
            .query(&[("metric", "views,likes,replies,reposts,quotes,shares")]),
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the call without the client"
    )]
    let answer: Value = request
        .bearer_auth(TOKEN)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let is_right = match case {
        Case::Profile => answer.get("username").is_some(),
        Case::Posts25 => has(&answer, 25),
        Case::Posts100 => has(&answer, 100),
        Case::AccountInsights => has(&answer, 7),
        Case::PostInsights => has(&answer, 6),
    };
    black_box(answer);
    complete(is_right)
}

fn has(answer: &Value, count: usize) -> bool {
    answer
        .get("data")
        .and_then(Value::as_array)
        .is_some_and(|data| data.len() == count)
}

async fn typed(client: &Client, case: Case) -> Result<()> {
    let is_right = match case {
        Case::Profile => !black_box(client.profile().get().await?).username.is_empty(),
        Case::Posts25 => {
            let page = client.posts().list().limit(25).send().await?;
            black_box(page).items.len() == 25
        }
        Case::Posts100 => {
            let page = client.posts().list().limit(100).send().await?;
            black_box(page).items.len() == 100
        }
        Case::AccountInsights => {
            let metrics = [
                AccountMetric::Views,
                AccountMetric::Likes,
                AccountMetric::Replies,
                AccountMetric::Reposts,
                AccountMetric::Quotes,
                AccountMetric::Clicks,
                AccountMetric::FollowersCount,
            ];
            let request = client.insights().account().metrics(metrics);
            let insights = request.period(Period::Day).send().await?;
            black_box(insights).iter().len() == 7
        }
        Case::PostInsights => {
            let metrics = [
                PostMetric::Views,
                PostMetric::Likes,
                PostMetric::Replies,
                PostMetric::Reposts,
                PostMetric::Quotes,
                PostMetric::Shares,
            ];
            let request = client.insights().post(&PostId::new(POST)).metrics(metrics);
            black_box(request.send().await?).iter().len() == 6
        }
    };
    complete(is_right)
}

async fn threads_rs(
    client: &threads_rs::client::Client,
    me: &threads_rs::UserId,
    post: &threads_rs::PostId,
    case: Case,
) -> Result<()> {
    let page = |limit| PostsOptions {
        limit: Some(limit),
        ..PostsOptions::default()
    };
    let is_right = match case {
        Case::Profile => {
            let user = client.get_user_with_fields(me, &PROFILE_FIELDS).await?;
            !black_box(user).username.is_empty()
        }
        Case::Posts25 => {
            let posts = client.get_user_posts(me, Some(&page(25))).await?;
            black_box(posts).data.len() == 25
        }
        Case::Posts100 => {
            let posts = client.get_user_posts(me, Some(&page(100))).await?;
            black_box(posts).data.len() == 100
        }
        Case::AccountInsights => {
            use threads_rs::AccountInsightMetric as Metric;
            let options = AccountInsightsOptions {
                metrics: Some(vec![
                    Metric::Views,
                    Metric::Likes,
                    Metric::Replies,
                    Metric::Reposts,
                    Metric::Quotes,
                    Metric::Clicks,
                    Metric::FollowersCount,
                ]),
                period: Some(InsightPeriod::Day),
                ..AccountInsightsOptions::default()
            };
            let insights = client
                .get_account_insights_with_options(me, &options)
                .await?;
            black_box(insights).data.len() == 7
        }
        Case::PostInsights => {
            let options = PostInsightsOptions {
                metrics: Some(threads_rs::PostInsightMetric::all().to_vec()),
                ..PostInsightsOptions::default()
            };
            let insights = client
                .get_post_insights_with_options(post, &options)
                .await?;
            black_box(insights).data.len() == 6
        }
    };
    complete(is_right)
}

fn complete(is_right: bool) -> Result<()> {
    if is_right {
        Ok(())
    } else {
        Err("the answer is not what the server sent".into())
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Bare { .. } => "Bare",
            Self::Typed(_) => "Typed",
            Self::ThreadsRs { .. } => "ThreadsRs",
        })
    }
}
