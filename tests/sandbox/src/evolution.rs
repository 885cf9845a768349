//! How followers, views and reactions develop.
//!
//! Every number is a pure function of the seed and the virtual instant: a past
//! day never changes its value, lifetime counters of a post only grow (quickly
//! at first, then ever more slowly), followers follow a trend with a weekly
//! rhythm, noise and days on which some leave. Account totals over a window are
//! the sum of what the account's posts gained in that window, so the two kinds
//! of insights agree with each other.

use chrono::{DateTime, TimeDelta, Utc};

use crate::content::MediaKind;
use crate::pacific::PacificDay;
use crate::post::Post;
use crate::random::Seed;
use crate::user::User;

/// The lifetime counters of one post at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PostCounters {
    pub(crate) views: u64,
    pub(crate) likes: u64,
    pub(crate) replies: u64,
    pub(crate) reposts: u64,
    pub(crate) quotes: u64,
    pub(crate) shares: u64,
    pub(crate) clicks: u64,
}

impl PostCounters {
    /// What was gained since `earlier`.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            views: self.views.saturating_sub(earlier.views),
            likes: self.likes.saturating_sub(earlier.likes),
            replies: self.replies.saturating_sub(earlier.replies),
            reposts: self.reposts.saturating_sub(earlier.reposts),
            quotes: self.quotes.saturating_sub(earlier.quotes),
            shares: self.shares.saturating_sub(earlier.shares),
            clicks: self.clicks.saturating_sub(earlier.clicks),
        }
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            views: self.views + other.views,
            likes: self.likes + other.likes,
            replies: self.replies + other.replies,
            reposts: self.reposts + other.reposts,
            quotes: self.quotes + other.quotes,
            shares: self.shares + other.shares,
            clicks: self.clicks + other.clicks,
        }
    }
}

/// The followers of `user` at `at`.
pub(crate) fn followers(user: &User, started_at: DateTime<Utc>, at: DateTime<Utc>) -> u64 {
    let first = PacificDay::containing(started_at);
    let gained = gained_since_day(user, first, at) - gained_since_day(user, first, started_at);
    count((amount(user.followers_at_start) + gained).round())
}

/// The followers gained between the start of `first` and `at` (negative before it).
fn gained_since_day(user: &User, first: PacificDay, at: DateTime<Utc>) -> f64 {
    // Ten years either way: beyond that the number stands still.
    const LONGEST: i64 = 3_650;
    let today = PacificDay::containing(at);
    let distance = (today.number() - first.number()).clamp(-LONGEST, LONGEST);
    let mut gained = 0.0;
    for offset in 0..distance {
        gained += daily_gain(user, first.number() + offset);
    }
    for offset in distance..0 {
        gained -= daily_gain(user, first.number() + offset);
    }
    gained + today.elapsed(at) * daily_gain(user, first.number() + distance)
}

fn daily_gain(user: &User, day: i64) -> f64 {
    let seed = user.seed.child("followers", 0);
    let key = day.unsigned_abs();
    let base = amount(user.followers_at_start);
    let trend = user.daily_growth * base * weekly_rhythm(day);
    if seed.child("leaving", 0).unit(key) < 0.08 {
        return -2.0 * trend.abs() * seed.unit(key);
    }
    trend + 0.6 * user.daily_growth.abs() * base * seed.normal(key)
}

fn weekly_rhythm(day: i64) -> f64 {
    match day.rem_euclid(7) {
        0 => 1.05,
        1 => 1.35,
        2 => 1.45,
        3 => 0.95,
        4 => 0.70,
        5 => 0.65,
        _ => 0.85,
    }
}

/// The views of the profile on one Pacific day, as far as it has gone at `now`.
///
/// `posts_on_day` and `posts_day_before` are how many posts the account
/// published then: posting brings visitors.
pub(crate) fn profile_views(
    user: &User,
    started_at: DateTime<Utc>,
    day: PacificDay,
    posts_on_day: usize,
    posts_day_before: usize,
    now: DateTime<Utc>,
) -> u64 {
    let audience = amount(followers(user, started_at, day.start()));
    let seed = user.seed.child("profile views", 0);
    let key = day.number().unsigned_abs();
    let quiet = (2.0 + audience * 0.06) * weekly_rhythm(day.number()) * seed.between(key, 0.7, 1.4);
    let boost = 1.0
        + 0.5 * f64::from(u32::try_from(posts_on_day.min(6)).unwrap_or(0))
        + 0.2 * f64::from(u32::try_from(posts_day_before.min(6)).unwrap_or(0));
    count((quiet * boost * day.elapsed(now)).floor())
}

/// How many people a new post will reach in the end.
pub(crate) fn reach(seed: Seed, kind: MediaKind, is_reply: bool, audience: u64) -> f64 {
    let kind = match kind {
        MediaKind::Text => 1.0,
        MediaKind::Audio => 1.1,
        MediaKind::Image => 1.25,
        MediaKind::Video => 1.5,
        MediaKind::Carousel => 1.4,
        // Whoever sees a repost sees the post inside it.
        MediaKind::Repost => 0.0,
    };
    let place = if is_reply { 0.15 } else { 1.0 };
    let luck = (0.65 * seed.child("luck", 0).normal(0)).exp();
    (amount(audience) * 0.45 + 12.0) * kind * place * luck
}

/// The lifetime counters of `post` at `at`; after its deletion they stand still.
pub(crate) fn post_counters(post: &Post, at: DateTime<Utc>) -> PostCounters {
    let at = post.deleted_at.map_or(at, |deleted| deleted.min(at));
    let age = seconds(at - post.published_at);
    if age <= 0.0 {
        return PostCounters::default();
    }
    let seed = post.seed.child("counters", 0);
    let pace = seed.between(0, 5.0, 30.0) * 3_600.0;
    let share = 1.0 - (-(age / pace).powf(0.75)).exp();
    let views = (post.reach * share).floor();
    let of_views =
        |key: u64, low: f64, high: f64| count((views * seed.between(key, low, high)).floor());
    let links = u32::try_from(post.content.links().len()).unwrap_or(0);
    PostCounters {
        views: count(views),
        likes: of_views(1, 0.025, 0.090),
        replies: of_views(2, 0.002, 0.016),
        reposts: of_views(3, 0.001, 0.011),
        quotes: of_views(4, 0.000, 0.005),
        shares: of_views(5, 0.001, 0.009),
        clicks: if links == 0 {
            0
        } else {
            of_views(6, 0.010, 0.045)
        },
    }
}

/// Splits `total` over `names` with weights drawn from `seed`; the sum never exceeds it.
pub(crate) fn split(seed: Seed, total: u64, names: &[&'static str]) -> Vec<(&'static str, u64)> {
    let weights: Vec<f64> = (0_u64..)
        .zip(names)
        .map(|(position, _)| {
            // Earlier names are the more common ones.
            seed.between(position, 0.4, 1.0) / f64::from(u32::try_from(position + 1).unwrap_or(1))
        })
        .collect();
    let whole: f64 = weights.iter().sum();
    names
        .iter()
        .zip(weights)
        .map(|(&name, weight)| (name, count((amount(total) * weight / whole).floor())))
        .filter(|&(_, value)| value > 0)
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn amount(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float-to-integer cast saturates, which is wanted: no count is negative"
)]
fn count(amount: f64) -> u64 {
    amount as u64
}

#[expect(clippy::cast_precision_loss, reason = "ages stay far below 2^53 ms")]
fn seconds(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64 / 1_000.0
}
