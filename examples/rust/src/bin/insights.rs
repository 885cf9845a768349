//! Prints the insights of an account's last seven days and of its five newest posts.
//!
//! A number that Meta left out is printed as "not measured", never as 0.
//!
//! Against the sandbox, which hands out tokens by itself (`examples/README.md` shows how):
//!
//! ```sh
//! cargo run -p threads-sandbox -- --port 4010 --auto-approve
//! THREADS_BASE_URL=http://127.0.0.1:4010 THREADS_ACCESS_TOKEN=… \
//!     cargo run -p threads-examples --bin insights
//! ```
//!
//! Scopes: `threads_basic`, `threads_manage_insights`.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::env;

use anyhow::Context as _;
use chrono::{TimeDelta, Utc};
use threads_client::{AccessToken, AccountMetric, Client, PostMetric};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = client()?;
    let insights = client.insights();

    // Always today's number: Meta refuses to give it for a window of time.
    let metric = AccountMetric::FollowersCount;
    let account = insights.account().metrics([metric.clone()]).send().await?;
    println!("followers: {}", number(account.total(&metric)));

    #[expect(clippy::disallowed_methods, reason = "the only look at the clock")]
    let now = Utc::now();
    let week = insights.account().since(now - TimeDelta::days(7));
    let metrics = [AccountMetric::Views, AccountMetric::Likes];
    let week = week.until(now).metrics(metrics).send().await?;
    let likes = week.total(&AccountMetric::Likes);
    println!("likes in seven days: {}", number(likes));
    let days = week.series(&AccountMetric::Views);
    if days.is_none() {
        println!("views by day: not measured");
    }
    for day in days.unwrap_or_default() {
        // The last day is usually not over: its end lies in the future.
        let end = day.end_time.map(|end| end.to_string());
        let end = end.unwrap_or_else(|| "an unknown time".to_owned());
        println!("views of the day that ends at {end}: {}", day.value);
    }

    for post in client.posts().list().limit(5).send().await?.items {
        let metrics = [PostMetric::Views, PostMetric::Likes];
        let numbers = insights.post(&post.id).metrics(metrics).send().await?;
        let views = number(numbers.total(&PostMetric::Views));
        let likes = number(numbers.total(&PostMetric::Likes));
        println!("post {}: {views} views, {likes} likes", post.id);
    }
    Ok(())
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(|| "not measured".to_owned(), |value| value.to_string())
}

/// The client that the environment describes.
fn client() -> anyhow::Result<Client> {
    // `.ok()` drops the text of the error, which could quote a damaged token.
    let token = env::var("THREADS_ACCESS_TOKEN").ok();
    let token = token.context("set THREADS_ACCESS_TOKEN; examples/README.md says where from")?;
    let mut builder = Client::builder().access_token(AccessToken::new(token));
    if let Ok(base) = env::var("THREADS_BASE_URL") {
        builder = builder.base_url(base.parse().context("THREADS_BASE_URL is not a URL")?);
    }
    Ok(builder.build()?)
}
