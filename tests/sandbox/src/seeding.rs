//! The posts that exist before the sandbox starts.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use crate::account::AccountSeed;
use crate::content::{Content, MediaKind};
use crate::id::UserId;
use crate::lively;
use crate::random::Seed;
use crate::state::State;
use crate::voice::{Material, material};

/// Writes every account's past posts, oldest first, so that ids grow with time.
pub(crate) fn write_history(state: &mut State, accounts: &[AccountSeed]) {
    let authors: Vec<(UserId, Seed)> = state.accounts().map(|user| (user.id, user.seed)).collect();
    let mut planned = Vec::new();
    for (&(author, seed), account) in authors.iter().zip(accounts) {
        for number in 0..account.posts {
            planned.push((
                publish_time(state.started_at, seed, account, number),
                author,
                content(seed, material(account.voice), number),
            ));
        }
    }
    planned.sort_by_key(|&(published_at, author, _)| (published_at, author));
    for (published_at, author, mut content) in planned {
        if content.kind == MediaKind::Carousel {
            content.children = carousel_children(state, author, published_at);
        }
        state.add_post(author, content, published_at);
    }
    lively::write(state);
}

/// Spreads posts over the account's history, at hours at which its people are awake.
fn publish_time(
    started_at: DateTime<Utc>,
    seed: Seed,
    account: &AccountSeed,
    number: u32,
) -> DateTime<Utc> {
    let seed = seed.child("publish time", 0);
    let key = u64::from(number);
    let span = f64::from(account.history_days.max(1));
    let position = (f64::from(number) + seed.unit(key)) / f64::from(account.posts.max(1));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of days within the history, never negative"
    )]
    let days_before = ((1.0 - position) * span).floor() as u64;
    let midnight = started_at
        .checked_sub_days(Days::new(days_before))
        .unwrap_or(started_at)
        .date_naive()
        .and_time(NaiveTime::MIN)
        .and_utc();
    // Mornings and evenings are the busy hours.
    let minute_of_day = if seed.unit(key + 100_000) < 0.45 {
        seed.bits(key + 200_000) % 240
    } else {
        600 + seed.bits(key + 200_000) % 270
    };
    let minutes =
        i64::from(material(account.voice).morning) * 60 + i64::try_from(minute_of_day).unwrap_or(0);
    let mut instant = midnight
        + TimeDelta::minutes(minutes)
        + TimeDelta::seconds(i64::try_from(seed.bits(key + 300_000) % 60).unwrap_or(0));
    while instant > started_at - TimeDelta::hours(1) {
        instant -= TimeDelta::days(1);
    }
    instant
}

fn content(seed: Seed, material: &Material, number: u32) -> Content {
    let seed = seed.child("content", u64::from(number));
    let kind = match seed.unit(0) {
        chance if chance < 0.60 => MediaKind::Text,
        chance if chance < 0.84 => MediaKind::Image,
        chance if chance < 0.93 => MediaKind::Video,
        _ => MediaKind::Carousel,
    };
    let mut content = Content::new(kind);
    let mut text = [
        seed.pick(1, material.openings).copied().unwrap_or_default(),
        seed.pick(2, material.closings).copied().unwrap_or_default(),
    ]
    .join(" ");
    if seed.unit(3) < 0.30
        && let Some(link) = seed.pick(4, material.links)
    {
        text.push(' ');
        text.push_str(link);
        if kind == MediaKind::Text {
            content.link_attachment = Some((*link).to_owned());
        }
    }
    content.text = Some(text);
    if seed.unit(5) < 0.35 {
        content.topic_tag = seed.pick(6, material.topics).map(|&topic| topic.to_owned());
    }
    content.media_url = match kind {
        MediaKind::Image => Some(format!(
            "https://media.example/seed/{}.jpg",
            seed.text(7, 8)
        )),
        MediaKind::Video => Some(format!(
            "https://media.example/seed/{}.mp4",
            seed.text(7, 8)
        )),
        MediaKind::Text | MediaKind::Carousel | MediaKind::Audio | MediaKind::Repost => None,
    };
    content
}

fn carousel_children(
    state: &mut State,
    author: UserId,
    published_at: DateTime<Utc>,
) -> Vec<crate::id::ContainerId> {
    let seed = state
        .seed
        .child("carousel", published_at.timestamp().unsigned_abs());
    let count = 2 + seed.bits(0) % 4;
    (0..count)
        .map(|number| {
            let mut child = Content::new(MediaKind::Image);
            child.is_carousel_item = true;
            child.media_url = Some(format!(
                "https://media.example/seed/{}.jpg",
                seed.text(number + 1, 8)
            ));
            state.add_container(author, child, None)
        })
        .collect()
}
