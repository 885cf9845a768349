//! Steps of the reducer per second, on one core.

use std::hint::black_box;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::Draft;
use threads_monitor::publishing::{
    Answer, Event, Post, PostPolicy, ScanResult, StatusReading, step,
};

/// Runs of each story; the middle one of their speeds is printed.
const RUNS: usize = 21;
/// Stories of one run.
const STORIES: usize = 20_000;

/// A post from its scheduling to its end, with every event on the way and when it came.
type Story = (&'static str, Vec<(i64, Event)>);

fn stories() -> [Story; 2] {
    let prepared = [
        (-90, Event::Woke),
        (-88, Event::Created("17890000000000001".into())),
        (-86, Event::Status(StatusReading::Finished)),
        (0, Event::Woke),
    ];
    let looked = || Event::Looked {
        status: StatusReading::Finished,
        scan: Some(ScanResult::Clean),
    };
    let published = Answer::Published("17910000000000001".into());
    let unknown = Answer::Unknown {
        why: "the answer did not come in time".to_owned(),
    };
    let mut smooth = prepared.to_vec();
    smooth.push((1, Event::Answered(published.clone())));
    let mut rough = prepared.to_vec();
    rough.push((60, Event::Answered(unknown)));
    rough.extend([62, 72, 102, 162, 222, 282, 342, 402, 462].map(|at| (at, looked())));
    rough.push((463, Event::Woke));
    rough.push((464, Event::Answered(published)));
    [("published at once", smooth), ("an answer is lost", rough)]
}

/// Steps per second over every step of a story.
fn steps_per_second(start: DateTime<Utc>, post: &Post, story: &[(i64, Event)]) -> f64 {
    let policy = PostPolicy::default();
    let timed: Vec<(DateTime<Utc>, Event)> = story
        .iter()
        .map(|(at, event)| (start + TimeDelta::seconds(*at), event.clone()))
        .collect();
    let mut steps = 0_u32;
    let begun = Instant::now();
    for _ in 0..STORIES {
        let mut post = post.clone();
        for (now, event) in &timed {
            post = step(&policy, black_box(&post), *now, event.clone()).post;
            steps += 1;
        }
        assert_eq!(post.phase.name(), "published");
    }
    f64::from(steps) / begun.elapsed().as_secs_f64()
}

/// Prints the table of BENCHMARKS.md.
pub(crate) fn print() {
    let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let draft = Draft::text("A post of a length that people write, with a thought in it. 🧵");
    let lateness = std::time::Duration::from_hours(2);
    let post = Post::new(draft, start, None, lateness);
    println!("| story | steps | slowest | median | fastest |");
    println!("|---|--:|--:|--:|--:|");
    for (name, story) in stories() {
        let mut speeds: Vec<f64> = (0..RUNS)
            .map(|_| steps_per_second(start, &post, &story))
            .collect();
        speeds.sort_by(f64::total_cmp);
        let [slowest, median, fastest] = [0, RUNS / 2, RUNS - 1].map(|place| speeds[place]);
        let steps = story.len();
        println!("| {name} | {steps} | {slowest:.0} | {median:.0} | {fastest:.0} |");
    }
}
