//! Accounts with a history.

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{Draft, PostId, UserId};
use threads_monitor::Zone;
use threads_monitor::snapshot_store::{Metric, PostReading, Reading, Snapshot, Source, Subject};

use crate::world::{World, minutes};

/// A world with a history: measurements, a gap, posts that were published, one that waits.
pub(crate) async fn lived() -> (World, UserId) {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world
        .schedule_in(&user, Draft::text("=1+1, \"x\""), 10)
        .await;
    world
        .schedule_in(&user, Draft::text("tomorrow"), 1000)
        .await;
    let jakarta: Zone = "Asia/Jakarta".parse().unwrap();
    world.monitor.set_zone(&user, jakarta).await.unwrap();
    world.live(TimeDelta::days(3), minutes(30)).await;
    world.advance(TimeDelta::days(2));
    world.live(TimeDelta::days(1), minutes(30)).await;
    world.schedule_in(&user, Draft::text("waits"), 600).await;
    (world, user)
}

pub(crate) fn reading(
    subject: Subject,
    metric: Metric,
    seconds: i64,
    reading: Reading,
) -> Snapshot {
    let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(1_790_000_000 + seconds);
    Snapshot {
        account: UserId::new("1"),
        subject,
        metric,
        at,
        captured_at: at,
        source: Source::Insights,
        reading,
    }
}

pub(crate) fn post(id: &str, is_repost: bool) -> Snapshot {
    let post = PostReading {
        is_repost,
        ..PostReading::default()
    };
    let subject = Subject::Post(PostId::new(id));
    reading(subject, Metric::Post, 0, Reading::Post(post))
}

pub(crate) fn now() -> DateTime<Utc> {
    "2027-01-01T12:00:00Z".parse().unwrap()
}
