//! A post that is due does not wait for accounts that are being collected.

#![expect(
    clippy::disallowed_methods,
    reason = "what hangs here hangs in real time"
)]

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use threads_client::Draft;
use threads_monitor::publishing::{Due, NewPost, PostPolicy};
use threads_monitor::{Monitor, Storage};
use threads_sandbox::{AccountSeed, Endpoint, Fault, FaultRule, Sandbox, When};

use crate::world::{RunningClock, World, patient};

#[tokio::test]
async fn a_post_goes_out_while_everything_else_hangs() {
    let mut sandbox = Sandbox::builder().running(true);
    for name in ["toko.satu", "toko.dua", "toko.tiga"] {
        sandbox = sandbox.account(AccountSeed::new(name).posts(3).history_days(3));
    }
    let sandbox = sandbox.start().await.unwrap();
    let mut policy = PostPolicy::default();
    policy.pause_after_finished = Duration::ZERO;
    let monitor = Monitor::builder(Storage::in_memory())
        .client(patient(&sandbox))
        .clock(Arc::new(RunningClock(sandbox.clone())))
        .post_policy(policy)
        .concurrency(4)
        .build()
        .unwrap();
    let world = World { sandbox, monitor };
    let mut users = Vec::new();
    for number in 0..3 {
        users.push(world.connect(&world.username(number)).await.user);
    }
    for endpoint in [
        Endpoint::Profile,
        Endpoint::Posts,
        Endpoint::PostInsights,
        Endpoint::AccountInsights,
        Endpoint::RefreshToken,
    ] {
        world.sandbox.add_fault(FaultRule {
            endpoint: Some(endpoint),
            when: When::Always,
            fault: Fault::HangBeforeEffect,
        });
    }
    let running = world.monitor.start();
    // Everything that there is to collect is under way, as far as there is room.
    for _ in 0..600 {
        if world
            .sandbox
            .requests()
            .iter()
            .filter(|call| call.fault.is_some())
            .count()
            >= 3
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let due = Due::At(world.monitor.now() + TimeDelta::milliseconds(300));
    let post = NewPost::new(users[1].clone(), Draft::text("not behind them"), due);
    let post = world.monitor.schedule(post).await.unwrap();

    for _ in 0..600 {
        if world.phase(&post.id).await == "published" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.phase(&post.id).await, "published");
    drop(running);
}
