//! Posts from a table, and back into one.
#![cfg(feature = "archive")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

use chrono::TimeDelta;
use threads_client::{Draft, DraftContent, DraftPoll, UserId};
use threads_monitor::planning::{
    BulkMode, BulkOptions, BulkOutcome, BulkReport, PlanWarning, Planned,
};
use threads_monitor::{MonitorError, Zone};

use crate::world::{World, minutes};

async fn import(world: &World, user: &UserId, file: &str, mode: BulkMode) -> BulkReport {
    let options = BulkOptions {
        mode,
        ..BulkOptions::default()
    };
    let zone = "Asia/Jakarta".parse().unwrap();
    world
        .monitor
        .import_posts(user, zone, file.as_bytes(), options)
        .await
        .unwrap()
}

async fn count(world: &World, user: &UserId) -> usize {
    world.monitor.scheduled_posts(user).await.unwrap().len()
}

/// The date of a day from now.
fn day(world: &World, days: i64) -> String {
    let now = world.monitor.now() + TimeDelta::days(days);
    now.format("%Y-%m-%d").to_string()
}

fn problem(report: &BulkReport, row: usize) -> &str {
    match &report.rows[row].outcome {
        BulkOutcome::Problem(problem) => problem,
        other => panic!("no problem: {other:?}"),
    }
}

#[tokio::test]
async fn a_dry_run_names_every_problem_by_its_line_and_writes_nothing() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let day = day(&world, 3);
    let file = format!(
        "text,date,time,zone,media\r\n\
         good,{day},08:00,,\r\n\
         \"two\nlines\",{day},09:00,Europe/Berlin,\r\n\
         \r\n\
         no date,24.12.2026,08:00,,\r\n\
         no time,{day},8 o'clock,,\r\n\
         no zone,{day},08:00,Mars/Olympus,\r\n\
         no address,{day},08:00,,picture.jpg\r\n\
         ,{day},08:00,,\r\n\
         {},{day},10:00,,\r\n\
         over,2020-01-01,08:00,,\r\n\
         good,{day},08:00,,\r\n\
         too,many,cells,in,this,row\r\n",
        "x".repeat(501)
    );

    let report = import(&world, &user, &file, BulkMode::DryRun).await;

    let lines: Vec<u64> = report.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    assert_eq!(report.rows[0].outcome, BulkOutcome::Fine);
    assert_eq!(report.rows[1].outcome, BulkOutcome::Fine);
    assert!(problem(&report, 2).contains("`24.12.2026` is no date"));
    assert!(problem(&report, 3).contains("`8 o'clock` is no time"));
    assert!(problem(&report, 4).contains("`Mars/Olympus`"));
    assert!(problem(&report, 5).contains("`picture.jpg` is no address"));
    assert!(!problem(&report, 6).is_empty());
    assert!(problem(&report, 7).contains("500"));
    assert_eq!(problem(&report, 8), "its time is over");
    assert_eq!(problem(&report, 9), "it is the same as line 2");
    assert!(problem(&report, 10).contains("more cells"));
    assert_eq!(report.problems(), 9);
    assert_eq!(count(&world, &user).await, 0);
}

#[tokio::test]
async fn one_problem_and_all_or_nothing_is_nothing() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let day = day(&world, 3);
    let file = format!("text,date,time\ngood,{day},08:00\nbad,{day},late\n");

    let nothing = import(&world, &user, &file, BulkMode::AllOrNothing).await;
    assert_eq!((nothing.scheduled(), nothing.problems()), (0, 1));
    assert_eq!(count(&world, &user).await, 0);

    let good = import(&world, &user, &file, BulkMode::GoodRows).await;
    assert_eq!((good.scheduled(), good.problems()), (1, 1));
    assert_eq!(count(&world, &user).await, 1);
}

#[tokio::test]
async fn the_same_file_twice_makes_no_second_post() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let day = day(&world, 1);
    let file = format!("text;date;time;key\nby words;{day};08:00;\nby key;{day};09:00;k-1\n");

    let first = import(&world, &user, &file, BulkMode::AllOrNothing).await;
    assert_eq!(first.scheduled(), 2);
    let again = import(&world, &user, &file, BulkMode::AllOrNothing).await;
    assert_eq!((again.scheduled(), again.problems()), (0, 0));
    world.live(TimeDelta::days(3), minutes(10)).await;
    // Even when they are long published.
    let late = import(&world, &user, &file, BulkMode::AllOrNothing).await;

    let ids = |report: &BulkReport| -> Vec<_> {
        let ids = report.rows.iter().map(|row| match row.outcome {
            BulkOutcome::Scheduled(id) | BulkOutcome::AlreadyThere(id) => id,
            _ => panic!("{row:?}"),
        });
        ids.collect()
    };
    assert_eq!(ids(&first), ids(&again));
    assert_eq!(ids(&first), ids(&late));
    assert_eq!(world.published().len(), 2);

    let other = format!("text,date,time,key\nother words,{day},09:00,k-1\n");
    let other = import(&world, &user, &other, BulkMode::GoodRows).await;
    assert_eq!(problem(&other, 0), "its key was used for another post");
}

#[tokio::test]
async fn a_row_is_due_on_the_wall_of_its_zone() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let file =
        "date,time,zone,text\n2099-07-01,08:00,,pagi\n2099-07-01,08:00,Europe/Berlin,Morgen\n";

    import(&world, &user, file, BulkMode::GoodRows).await;

    let due: Vec<String> = world
        .monitor
        .scheduled_posts(&user)
        .await
        .unwrap()
        .iter()
        .map(|post| post.post.due_at.to_rfc3339())
        .collect();
    assert_eq!(
        due,
        ["2099-07-01T06:00:00+00:00", "2099-07-01T01:00:00+00:00"]
    );
}

#[tokio::test]
async fn media_alt_texts_and_topics_are_taken() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let day = day(&world, 3);
    let file = format!(
        "text,date,time,media,alt_text,topic\n\
         one,{day},08:00,https://media.example/a.jpg,A crane,birds\n\
         ,{day},09:00,https://media.example/a.jpg https://media.example/b.MP4,,\n\
         which,{day},10:00,,A crane,\n"
    );

    let report = import(&world, &user, &file, BulkMode::GoodRows).await;

    assert_eq!(report.scheduled(), 2);
    assert!(problem(&report, 2).contains("alt_text"));
    let mut posts = world.monitor.scheduled_posts(&user).await.unwrap();
    let one = posts.pop().unwrap().post.draft;
    assert_eq!(one.alt_text.as_deref(), Some("A crane"));
    assert_eq!(one.topic_tag.as_deref(), Some("birds"));
    let DraftContent::Carousel(items) = posts.pop().unwrap().post.draft.content else {
        panic!("no carousel");
    };
    assert_eq!(items[1].kind, threads_client::MediaKind::Video);
}

#[tokio::test]
async fn duplicates_have_to_be_confirmed() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let there = world.schedule_in(&user, Draft::text("hello"), 600).await;
    let day = day(&world, 3);
    let file = format!("text,date,time\nHello,{day},08:00\nnew,{day},09:00\nnew,{day},10:00\n");

    let dry = import(&world, &user, &file, BulkMode::AllOrNothing).await;

    assert_eq!(dry.rows[0].outcome, BulkOutcome::Unconfirmed);
    assert_eq!(dry.rows[1].outcome, BulkOutcome::Fine);
    assert_eq!(dry.rows[2].outcome, BulkOutcome::Unconfirmed);
    assert!(matches!(
        dry.rows[0].warnings[..],
        [PlanWarning::Duplicate { of: Planned::Post(id), .. }] if id == there.id
    ));
    assert!(matches!(
        dry.rows[2].warnings[..],
        [PlanWarning::Duplicate {
            of: Planned::Line(3),
            ..
        }]
    ));
    assert_eq!(count(&world, &user).await, 1);

    let options = BulkOptions {
        mode: BulkMode::AllOrNothing,
        accept_warnings: true,
    };
    let confirmed = world
        .monitor
        .import_posts(&user, Zone::UTC, file.as_bytes(), options)
        .await
        .unwrap();
    assert_eq!(confirmed.scheduled(), 3);
}

#[tokio::test]
async fn files_that_are_no_tables_are_refused() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    for file in [
        &b""[..],
        b"hello",
        b"text,date\nx,2026-12-01\n",
        b"text,date,time,tiem\n",
        b"text,date,time,text\n",
        b"text,date,time\n\xff,2026-12-01,08:00\n",
    ] {
        let refused = world
            .monitor
            .import_posts(&user, Zone::UTC, file, BulkOptions::default())
            .await;
        assert!(
            matches!(refused, Err(MonitorError::Table(_))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn the_plan_goes_out_and_comes_back_as_itself() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world
        .schedule_in(&user, Draft::text("=formula, \"quoted\"\nand a line"), 60)
        .await;
    let poll = Draft::poll("tea?", DraftPoll::new("yes", "no"));
    world.schedule_in(&user, poll, 90).await;
    let gone = world
        .schedule_in(&user, Draft::text("called off"), 95)
        .await;
    world.monitor.cancel(&gone.id).await.unwrap();
    let zone: Zone = "Asia/Jakarta".parse().unwrap();

    let file = world.monitor.export_posts(&user, zone).await.unwrap();

    assert!(file.contains("\"'=formula"), "{file}");
    assert!(!file.contains("called off"));
    let same = import(&world, &user, &file, BulkMode::AllOrNothing).await;
    assert_eq!(
        (same.rows.len(), same.problems(), same.scheduled()),
        (2, 0, 0)
    );
    assert_eq!(count(&world, &user).await, 3);
    // Edited rows are told from the posts that they came from.
    let edited = file.replace("and a line", "and another");
    let edited = import(&world, &user, &edited, BulkMode::DryRun).await;
    assert!(problem(&edited, 0).contains("call that off"));

    // Elsewhere, what the table says all of is planned anew, and a poll is not made a text.
    let there = world.connect(&world.username(1)).await.user;
    let moved = import(&world, &there, &file, BulkMode::GoodRows).await;
    assert_eq!((moved.scheduled(), moved.problems()), (1, 1));
    assert!(problem(&moved, 1).contains("a table cannot say all of"));
    let post = world
        .monitor
        .scheduled_posts(&there)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        post.post.draft.text.as_deref(),
        Some("=formula, \"quoted\"\nand a line")
    );
}
