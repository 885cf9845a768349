//! X4: more posts than the quota takes, over three days.

use chrono::TimeDelta;
use threads_client::Draft;
use threads_monitor::publishing::{Due, NewPost};
use threads_sandbox::{Endpoint, Switches};

use super::world::minutes;
use super::{blank_world, count};

#[tokio::test]
async fn quota_sliding_window() {
    let (posts, quota) = (count(40, 400), count(25, 250));
    let world = blank_world(Switches {
        post_quota: u32::try_from(quota).unwrap(),
        ..Switches::default()
    })
    .await;
    let user = world.connect(&world.username(0)).await.user;
    let start = world.monitor.now();
    let step = TimeDelta::days(1) / i32::try_from(posts).unwrap();
    let mut scheduled = Vec::new();
    for number in 0..posts {
        let due = start + minutes(5) + step * i32::try_from(number).unwrap();
        let mut post = NewPost::new(
            user.clone(),
            Draft::text(format!("post number {number}")),
            Due::At(due),
        );
        post.max_lateness = Some(std::time::Duration::from_hours(72));
        scheduled.push(world.monitor.schedule(post).await.unwrap());
    }

    let mut refused = 0;
    while world.monitor.now() < start + TimeDelta::days(3) {
        world.advance(minutes(5));
        world.monitor.run_due_once().await.unwrap();
        refused += world
            .sandbox
            .requests()
            .iter()
            .filter(|request| {
                request.endpoint == Some(Endpoint::PublishContainer) && request.error_code.is_some()
            })
            .count();
        world.sandbox.clear_requests();
    }

    assert_eq!(refused, 0, "publish calls were refused");
    let published = world.published();
    assert_eq!(published.len(), posts);
    let times: Vec<_> = published.iter().map(|entry| entry.at).collect();
    for (number, at) in times.iter().enumerate() {
        let window = times[number..].iter();
        let window = window.take_while(|later| **later - *at < TimeDelta::days(1));
        assert!(window.count() <= quota, "more than {quota} within 24 hours");
    }
    let texts: Vec<_> = published.into_iter().map(|post| post.text).collect();
    let wanted: Vec<_> = scheduled
        .iter()
        .map(|post| post.post.draft.text.clone())
        .collect();
    assert_eq!(texts, wanted, "not in the order in which they were due");
    // Those that had to wait said so once, and not every time they were looked at.
    let events = world
        .monitor
        .storage()
        .scheduler
        .take_events(threads_monitor::scheduler::EventCursor::default(), 100_000);
    let events = events.await.unwrap();
    let blocked = events
        .iter()
        .filter(|event| event.event.name == "post.blocked")
        .count();
    assert!(blocked >= posts - quota, "{blocked} waited");
    println!(
        "quota_sliding_window: {posts} posts, {quota} in any 24 hours, {blocked} waited, 0 refused"
    );
}
