//! Properties of the publish protocol as a pure function.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod chains;
mod deciding;
mod modes;
mod restored;
mod stories;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{Draft, Media};
use threads_monitor::publishing::{Effect, Event, Next, Post, PostPolicy, StatusReading, step};

pub(crate) fn start() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub(crate) fn text_post() -> Post {
    let due = start() + TimeDelta::minutes(10);
    Post::new(Draft::text("hello"), due, None, Duration::from_hours(2))
}

pub(crate) fn carousel_post() -> Post {
    let item = Media::image("https://media.example/a.jpg".parse().unwrap());
    let draft = Draft::carousel(vec![item.clone(), item]);
    Post::new(draft, start(), None, Duration::from_hours(2))
}

/// Takes events in order, a second apart, and returns the last post and what is next.
pub(crate) fn after(
    post: &Post,
    at: DateTime<Utc>,
    events: impl IntoIterator<Item = Event>,
) -> (Post, Next) {
    let mut post = post.clone();
    let mut next = Next::End;
    for (seconds, event) in (0..).zip(events) {
        let now = at + TimeDelta::seconds(seconds);
        let taken = step(&PostPolicy::default(), &post, now, event);
        post = taken.post;
        next = taken.next;
    }
    (post, next)
}

pub(crate) fn publishing() -> Post {
    let post = text_post();
    let (post, _) = after(
        &post,
        post.due_at - TimeDelta::seconds(30),
        [
            Event::Woke,
            Event::Created("c1".into()),
            Event::Status(StatusReading::Finished),
        ],
    );
    let (post, next) = after(&post, post.due_at, [Event::Woke]);
    assert!(matches!(next, Next::Do(Effect::Publish { .. })), "{next:?}");
    post
}
