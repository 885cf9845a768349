//! Names of figures.

use crate::open_enum::open_enum;

open_enum! {
    /// A figure about an account.
    ///
    /// ```
    /// use threads_client::AccountMetric;
    ///
    /// let all = ["views", "followers_count", "saves"].map(AccountMetric::from);
    /// assert_eq!(all[1], AccountMetric::FollowersCount);
    /// assert_eq!(all[2], AccountMetric::Unknown("saves".to_owned()));
    /// assert_eq!(all[2].as_str(), "saves");
    /// ```
    pub enum AccountMetric {
        /// Views of the *profile*, day by day; not of the posts.
        Views = "views",
        /// Likes of the posts, as one total.
        Likes = "likes",
        /// Top-level replies to the posts, as one total.
        Replies = "replies",
        /// Reposts of the posts, as one total.
        Reposts = "reposts",
        /// Quotes of the posts, as one total.
        Quotes = "quotes",
        /// Clicks on links in posts, link by link.
        Clicks = "clicks",
        /// Followers now.
        FollowersCount = "followers_count",
        /// Followers now, by country, city, age or gender; from 100 followers on.
        FollowerDemographics = "follower_demographics",
    }
}

open_enum! {
    /// A figure about a post since it was published.
    ///
    /// ```
    /// use threads_client::PostMetric;
    ///
    /// let shown = [PostMetric::Views, PostMetric::Shares].map(|metric| metric.as_str().to_owned());
    /// assert_eq!(shown.join(", "), "views, shares");
    /// ```
    pub enum PostMetric {
        /// How often it was shown or played.
        Views = "views",
        /// Likes.
        Likes = "likes",
        /// Replies: the whole tree under a post, only the direct ones under a reply.
        Replies = "replies",
        /// Reposts.
        Reposts = "reposts",
        /// Quotes.
        Quotes = "quotes",
        /// How often it was sent to others.
        Shares = "shares",
    }
}

open_enum! {
    /// How followers are split.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::{AccountMetric, Breakdown};
    ///
    /// for breakdown in [Breakdown::Country, Breakdown::Age] {
    ///     println!("by {}:", breakdown.as_str());
    ///     let request = client.insights().account().metrics([AccountMetric::FollowerDemographics]);
    ///     let insights = request.breakdown(breakdown).send().await?;
    ///     println!("{:?}", insights.breakdowns(&AccountMetric::FollowerDemographics));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub enum Breakdown {
        /// By country.
        Country = "country",
        /// By city.
        City = "city",
        /// By age group.
        Age = "age",
        /// By gender.
        Gender = "gender",
    }
}

open_enum! {
    /// What span one figure covers.
    ///
    /// ```
    /// use threads_client::{Insight, Period, PostMetric};
    ///
    /// let answer = r#"{"name": "views", "period": "lifetime", "values": [{"value": 3}]}"#;
    /// let insight: Insight<PostMetric> = serde_json::from_str(answer)?;
    ///
    /// assert_eq!(insight.period, Some(Period::Lifetime));
    /// assert_eq!(Period::Day.as_str(), "day");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum Period {
        /// One day, which begins at midnight in the zone of Meta's seat.
        Day = "day",
        /// From the publication on.
        Lifetime = "lifetime",
    }
}
