//! Answers of Meta about posts, profiles, figures, containers and quotas.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use threads_client::{
    AccountMetric, Container, Embed, Insights, Location, Page, Post, PostId, PostMetric, Profile,
    PublicProfile, PublishingQuota, Receipt,
};

use crate::promise::answer;

/// A page holds no more posts than there is room for, and no empty cursor.
pub fn page_of_posts(bytes: &[u8]) {
    let Some(page) = answer::<Page<Post>>(bytes) else {
        return;
    };
    assert!(page.items.len() <= bytes.len() / 2);
    assert!(page.items.iter().all(|post| !post.id.as_str().is_empty()));
    for cursor in [&page.next, &page.previous].into_iter().flatten() {
        assert!(!cursor.as_str().is_empty(), "an empty cursor leads nowhere");
    }
}

/// A post has an id.
pub fn post(bytes: &[u8]) {
    if let Some(post) = answer::<Post>(bytes) {
        assert!(!post.id.as_str().is_empty());
        assert!(post.children.len() <= bytes.len() / 2);
    }
}

/// An own profile has an id.
pub fn profile(bytes: &[u8]) {
    if let Some(profile) = answer::<Profile>(bytes) {
        assert!(!profile.id.as_str().is_empty());
    }
}

/// A public profile has figures or none, and no id.
pub fn public_profile(bytes: &[u8]) {
    answer::<PublicProfile>(bytes);
}

/// A container has an id and a state, and what was published has an id and is an object.
pub fn container(bytes: &[u8]) {
    if let Some(container) = answer::<Container>(bytes) {
        assert!(!container.id.as_str().is_empty());
    }
    if let Some(receipt) = answer::<Receipt<PostId>>(bytes) {
        assert!(!receipt.id.as_str().is_empty());
        assert!(bytes.trim_ascii_start().starts_with(b"{"), "not an object");
    }
}

/// A place has an id, and is on the globe or nowhere.
pub fn place(bytes: &[u8]) {
    if let Some(place) = answer::<Location>(bytes) {
        assert!(!place.id.as_str().is_empty());
    }
}

/// What shows a post is the HTML that came.
pub fn embed(bytes: &[u8]) {
    if let Some(embed) = answer::<Embed>(bytes) {
        assert!(embed.html.len() <= bytes.len());
    }
}

/// A quota is told or not told.
pub fn publishing_quota(bytes: &[u8]) {
    answer::<PublishingQuota>(bytes);
}

/// Figures of an account; see [`post_insights`].
pub fn account_insights(bytes: &[u8]) {
    insights::<AccountMetric>(bytes);
}

/// What is asked of figures by metric is what one finds by looking at all of them.
pub fn post_insights(bytes: &[u8]) {
    insights::<PostMetric>(bytes);
}

fn insights<M: DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    let Some(insights) = answer::<Insights<M>>(bytes) else {
        return;
    };
    assert_eq!(insights.is_empty(), insights.iter().len() == 0);
    for insight in &insights {
        let metric = &insight.metric;
        let named = || insights.iter().filter(|other| other.metric == *metric);
        assert_eq!(
            insights.total(metric),
            named().find_map(|other| other.total)
        );
        assert_eq!(
            insights.series(metric),
            named().find_map(|other| other.series.as_deref())
        );
        assert_eq!(
            insights.links(metric),
            named().find_map(|other| other.links.as_deref())
        );
        assert_eq!(
            insights.breakdowns(metric),
            named().find_map(|other| other.breakdowns.as_deref())
        );
    }
}
