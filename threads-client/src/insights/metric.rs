//! Names of figures.

use crate::open_enum::open_enum;

open_enum! {
    /// A figure about an account.
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
    pub enum Period {
        /// One day, which begins at midnight in the zone of Meta's seat.
        Day = "day",
        /// From the publication on.
        Lifetime = "lifetime",
    }
}
