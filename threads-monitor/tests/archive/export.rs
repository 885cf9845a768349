//! Export and import: the owner gets everything, and it makes the same history elsewhere.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use threads_client::{Draft, PostId, UserId};
use threads_monitor::archive::{
    ArchiveError, Existing, ExportOptions, Progress, export_account, import_account,
};
use threads_monitor::chart::{Baseline, LineChart, line};
use threads_monitor::publishing::Phase;
use threads_monitor::snapshot_store::{Metric, Reading, Snapshot, Subject};
use threads_monitor::{Monitor, Storage, Zone, trends};
use threads_sandbox::{Fault, Sandbox};

use crate::archives::history::{lived, now, post, reading};
use crate::archives::{self, exported, imported, manifest, readings, unpacked};
use crate::world::{World, builder, minutes};

async fn chart(monitor: &Monitor, user: &UserId, metric: Metric, now: DateTime<Utc>) -> String {
    let from = now - TimeDelta::days(10);
    let points = monitor
        .series(user, Subject::Account, metric, from, now)
        .await
        .unwrap();
    assert!(points.len() > 3);
    let (first, last) = (Zone::META.date(from), Zone::META.date(now));
    let days = if metric == Metric::Followers {
        trends::daily(&points, Zone::META, first, last)
    } else {
        trends::meta_days(&points, first, last)
    };
    line(&LineChart {
        id: "chart",
        title: "A chart",
        description: "What was measured.",
        unit: "units",
        days: &days,
        baseline: Baseline::Zero,
    })
}

/// The same history and the same charts, in an instance that knew nothing of the account.
async fn history_moves_to(storage: Storage) {
    let (world, user) = lived().await;
    let now = world.monitor.now();
    let file = exported(world.monitor.storage(), &user, now).await;

    let report = imported(&storage, &file).await.unwrap();

    let expected = readings(world.monitor.storage(), &user).await;
    assert!(expected.len() > 100, "{}", expected.len());
    assert_eq!(readings(&storage, &user).await, expected);
    assert_eq!(report.observations, expected.len() as u64);
    assert_eq!(report.account, user);
    assert_eq!(report.exported_at, now);
    let there = builder(&world.sandbox, storage.clone()).build().unwrap();
    for metric in [Metric::Followers, Metric::Views] {
        assert_eq!(
            chart(&there, &user, metric, now).await,
            chart(&world.monitor, &user, metric, now).await
        );
    }
    assert_eq!(
        there.recent_posts(&user, 50).await.unwrap(),
        world.monitor.recent_posts(&user, 50).await.unwrap()
    );
    // What was published is history here, too; what waits is not scheduled twice.
    assert_eq!(report.posts, 2);
    let waiting: Vec<_> = report
        .waiting
        .iter()
        .map(|post| post.post.draft.text.clone().unwrap())
        .collect();
    assert_eq!(waiting, ["waits"]);
    let ended = there.scheduled_posts(&user).await.unwrap();
    let theirs = world.monitor.scheduled_posts(&user).await.unwrap();
    assert_eq!(ended, theirs[1..], "the first is due last: it waits");

    // The account goes on from there, and nothing is published a second time.
    let again = World {
        monitor: there,
        sandbox: world.sandbox.clone(),
    };
    again.connect(&world.username(0)).await;
    again.live(TimeDelta::hours(12), minutes(30)).await;
    assert_eq!(again.published().len(), 2);
    let longer = readings(&storage, &user).await;
    assert!(longer.len() > expected.len());
}

#[tokio::test]
async fn history_moves_to_memory() {
    history_moves_to(Storage::in_memory()).await;
}

#[cfg(feature = "file")]
#[tokio::test]
async fn history_moves_to_files() {
    let place = tempfile::tempdir().unwrap();
    let address = format!("file:{}", place.path().join("data").display());
    history_moves_to(Storage::open(&address).await.unwrap()).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn history_moves_to_sqlite() {
    let place = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", place.path().join("data/a.db").display());
    history_moves_to(Storage::open(&address).await.unwrap()).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn history_moves_to_postgres() {
    let place = crate::place_or_skip!();
    history_moves_to(Storage::open(&place.address()).await.unwrap()).await;
}

#[tokio::test]
async fn an_export_holds_everything_but_the_token() {
    let (world, user) = lived().await;
    let storage = world.monitor.storage();
    let stored = storage.tokens.load(&user).await.unwrap().unwrap().token;

    let parts = unpacked(&exported(storage, &user, world.monitor.now()).await);

    let names: Vec<&str> = parts.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "followers.csv",
            "insights.csv",
            "manifest.json",
            "plans.json",
            "posts.json",
            "profile.json",
            "schedule.json",
            "tokens.json",
        ]
    );
    let secret = stored.credential.access_token.expose();
    for (name, bytes) in &parts {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(!text.contains(secret), "{name}");
    }
    let json = |name: &str| serde_json::from_slice::<Value>(&parts[name]).unwrap();
    let tokens = json("tokens.json");
    assert_eq!(tokens["connected"], true);
    assert_eq!(tokens["scopes"].as_array().unwrap().len(), 4);
    assert!(tokens["expires_at"].is_string());
    let profile = json("profile.json");
    assert_eq!(profile["account"], user.as_str());
    assert_eq!(profile["time_zone"], "Asia/Jakarta");
    assert_eq!(profile["following"]["state"], "not_provided");
    let posts = json("posts.json");
    let all = world.monitor.recent_posts(&user, 1000).await.unwrap();
    assert_eq!(posts.as_array().unwrap().len(), all.len());
    assert_eq!(json("schedule.json").as_array().unwrap().len(), 3);
    let readme = String::from_utf8(parts["README.txt"].clone()).unwrap();
    for name in names {
        assert!(name == "README.txt" || readme.contains(name), "{name}");
    }
}

#[tokio::test]
async fn zero_missing_and_not_provided_stay_three_things() {
    let storage = Storage::in_memory();
    let views = Subject::Post(PostId::new("91"));
    let snapshots = [
        post("91", false),
        post("92", true),
        reading(views, Metric::Views, 5, Reading::Count(0)),
        reading(Subject::Account, Metric::Followers, 0, Reading::Count(0)),
    ];
    storage.snapshots.append(&snapshots).await.unwrap();

    let file = exported(&storage, &UserId::new("1"), now()).await;

    let parts = unpacked(&file);
    let posts: Value = serde_json::from_slice(&parts["posts.json"]).unwrap();
    assert_eq!(posts[0]["views"]["state"], "measured");
    assert_eq!(posts[0]["views"]["value"], 0);
    assert_eq!(posts[0]["likes"]["state"], "not_measured");
    assert_eq!(posts[1]["views"]["state"], "not_provided");
    let followers = String::from_utf8(parts["followers.csv"].clone()).unwrap();
    assert_eq!(
        followers,
        "at,followers,captured_at,source\r\n\
         2026-09-21T14:13:20Z,0,2026-09-21T14:13:20Z,insights\r\n"
    );
    let there = Storage::in_memory();
    imported(&there, &file).await.unwrap();
    let user = UserId::new("1");
    assert_eq!(
        readings(&there, &user).await,
        readings(&storage, &user).await
    );
}

#[tokio::test]
async fn a_number_of_a_day_says_which_day_and_cells_are_no_formulas() {
    let storage = Storage::in_memory();
    let end_of_day = "2026-11-23T08:00:00Z".parse().unwrap();
    let of_a_day = Snapshot {
        at: end_of_day,
        captured_at: end_of_day + TimeDelta::microseconds(1),
        ..reading(Subject::Account, Metric::Views, 0, Reading::Count(7))
    };
    let odd = Subject::Post(PostId::new("=cmd|' /C calc'!A0"));
    let snapshots = [of_a_day, reading(odd, Metric::Likes, 0, Reading::Count(1))];
    storage.snapshots.append(&snapshots).await.unwrap();

    let options = ExportOptions {
        byte_order_mark: true,
    };
    let user = UserId::new("1");
    let file = export_account(&storage, &user, options, now(), Vec::new(), |_| {})
        .await
        .unwrap()
        .out;

    let insights = String::from_utf8(unpacked(&file)["insights.csv"].clone()).unwrap();
    assert_eq!(
        insights,
        "\u{feff}post_id,metric,day,at,value,captured_at,source\r\n\
         '=cmd|' /C calc'!A0,likes,,2026-09-21T14:13:20Z,1,2026-09-21T14:13:20Z,insights\r\n\
         ,views,2026-11-22,2026-11-23T08:00:00Z,7,2026-11-23T08:00:00.000001Z,insights\r\n"
    );
    let there = Storage::in_memory();
    imported(&there, &file).await.unwrap();
    assert_eq!(
        readings(&there, &user).await,
        readings(&storage, &user).await
    );
}

#[tokio::test]
async fn what_is_done_and_what_there_is_are_told() {
    let (world, user) = lived().await;
    let mut told: Vec<Progress> = Vec::new();

    export_account(
        world.monitor.storage(),
        &user,
        ExportOptions::default(),
        now(),
        Vec::new(),
        |progress| told.push(progress),
    )
    .await
    .unwrap();

    assert!(told.windows(2).all(|pair| pair[0].done <= pair[1].done));
    let parts = [
        "profile.json",
        "followers.csv",
        "insights.csv",
        "posts.json",
    ];
    for part in parts {
        assert!(told.iter().any(|progress| progress.part == part), "{part}");
    }
    // All readings could be counted before; three scheduled posts came on top.
    let last = told.last().unwrap();
    assert_eq!(last.done, last.total + 3);
    let readings = readings(world.monitor.storage(), &user).await.len();
    assert_eq!(last.total, readings as u64);
}

#[tokio::test]
async fn an_unknown_account_has_no_export() {
    let storage = Storage::in_memory();
    let nobody = UserId::new("404");

    let refused = export_account(
        &storage,
        &nobody,
        ExportOptions::default(),
        now(),
        Vec::new(),
        |_| {},
    )
    .await;

    let error = refused.unwrap_err();
    assert!(matches!(error, ArchiveError::NothingOf { .. }), "{error}");
}

#[tokio::test]
async fn a_second_import_is_refused_or_adds_nothing() {
    let (world, user) = lived().await;
    let file = exported(world.monitor.storage(), &user, world.monitor.now()).await;
    let storage = Storage::in_memory();
    imported(&storage, &file).await.unwrap();
    let before = archives::content(&storage).await;

    let refused = imported(&storage, &file).await;
    let unchanged = archives::content(&storage).await;
    import_account(&storage, Cursor::new(file), Existing::Add, |_| {})
        .await
        .unwrap();

    assert!(
        matches!(refused, Err(ArchiveError::NotEmpty { .. })),
        "{refused:?}"
    );
    assert_eq!(unchanged, before);
    assert_eq!(archives::content(&storage).await, before);
}

#[tokio::test]
async fn an_import_added_to_the_instance_that_it_comes_from_stops_no_post() {
    let (world, user) = lived().await;
    let storage = world.monitor.storage();
    let file = exported(storage, &user, world.monitor.now()).await;
    let before = archives::content(storage).await;

    import_account(storage, Cursor::new(file), Existing::Add, |_| {})
        .await
        .unwrap();

    assert_eq!(archives::content(storage).await, before);
    world.live(TimeDelta::hours(12), minutes(30)).await;
    assert_eq!(world.published().len(), 3);
}

#[tokio::test]
async fn a_post_whose_outcome_is_open_is_not_taken_over_either() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world.sandbox.fail_next(
        threads_sandbox::Endpoint::PublishContainer,
        Fault::status(503),
    );
    let post = world.schedule_in(&user, Draft::text("open"), 1).await;
    world.live(minutes(3), TimeDelta::seconds(10)).await;
    assert_eq!(world.phase(&post.id).await, "verifying");
    let file = exported(world.monitor.storage(), &user, world.monitor.now()).await;

    let storage = Storage::in_memory();
    let report = imported(&storage, &file).await.unwrap();

    assert_eq!(report.waiting.len(), 1);
    assert!(matches!(
        report.waiting[0].post.phase,
        Phase::Verifying { .. }
    ));
    assert!(archives::content(&storage).await.jobs.is_empty());
}

#[tokio::test]
async fn an_export_of_a_sandboxed_account_is_whole_while_it_is_collected() {
    let sandbox = Sandbox::start().await.unwrap();
    let monitor = builder(&sandbox, Storage::in_memory()).build().unwrap();
    let world = World { sandbox, monitor };
    let user = world.connect(&world.username(0)).await.user;

    let (file, ()) = tokio::join!(
        exported(world.monitor.storage(), &user, world.monitor.now()),
        world.live(TimeDelta::hours(6), minutes(30))
    );

    let manifest = manifest(&unpacked(&file));
    assert_eq!(manifest["format"], "threads-account-export");
    imported(&Storage::in_memory(), &file).await.unwrap();
}
