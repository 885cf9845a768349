//! Thousands of runs at random hold what was promised, and find what breaks it.

#![expect(clippy::print_stdout, reason = "what was found, for `--nocapture`")]

use std::collections::BTreeMap;

use rstest::rstest;
use threads_monitor::publishing::PublishMode;
use threads_proof::design::{Design, Mutant};
use threads_proof::simulator::{Trace, run};

/// Seeds of every run of the tests; the README has the command for more.
const SEEDS: u64 = 2_000;

/// Runs that many seeds of a mode, and counts the endings.
fn assert_holds(mode: PublishMode, seeds: std::ops::Range<u64>) -> BTreeMap<&'static str, u32> {
    let mut endings = BTreeMap::new();
    let mut events = 0;
    for seed in seeds {
        let outcome = run(seed, mode.into(), Trace::Forgotten);
        assert_eq!(outcome.broken, None, "seed {seed} of {mode:?}");
        events += outcome.events;
        for (ending, count) in outcome.endings {
            *endings.entry(ending).or_default() += count;
        }
    }
    println!("{mode:?}: {events} events, {endings:?}");
    endings
}

#[rstest]
fn every_seed_holds(#[values(0, 1, 2, 3)] quarter: u64) {
    let part = SEEDS / 4;

    let endings = assert_holds(PublishMode::Safe, quarter * part..(quarter + 1) * part);

    // What never comes about is not tested.
    for ending in ["published", "cancelled", "missed", "failed", "abandoned"] {
        assert!(endings.get(ending) > Some(&0), "{ending}: {endings:?}");
    }
}

#[rstest]
#[case(PublishMode::Paranoid)]
#[case(PublishMode::AutoReplace)]
fn every_seed_of_the_other_modes_holds(#[case] mode: PublishMode) {
    assert_holds(mode, 0..300);
}

/// Each found a defect once. What they draw changes with the simulator, so each defect has
/// a test of its own, too.
#[rstest]
#[case::a_blocked_twin(PublishMode::Safe, 69_021)]
#[case::a_blocked_twin(PublishMode::Paranoid, 905)]
fn seeds_that_broke_something_hold(#[case] mode: PublishMode, #[case] seed: u64) {
    assert_eq!(run(seed, mode.into(), Trace::Forgotten).broken, None);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..50 {
        let first = run(seed, Design::default(), Trace::Kept);
        let second = run(seed, Design::default(), Trace::Kept);

        assert_eq!(first, second, "seed {seed}");
        assert!(!first.trace.is_empty());
    }
}

#[test]
fn another_seed_gives_another_trace() {
    let prints: std::collections::HashSet<u64> = (0..200)
        .map(|seed| run(seed, Design::default(), Trace::Forgotten).fingerprint)
        .collect();

    assert_eq!(prints.len(), 200);
}

#[rstest]
fn a_mistake_is_found_within_the_seeds(
    #[values(
        Mutant::NoSettleTime,
        Mutant::RetryAfterTimeout,
        Mutant::NewContainerAfterTimeout,
        Mutant::TimeoutIsFailure,
        Mutant::RescueSameContainer,
        Mutant::RescueFromStart,
        Mutant::NoFencing,
        Mutant::NotFoundIsUnpublished,
        Mutant::CancelInFlight,
        Mutant::NoSendDeadline,
        Mutant::EditInFlight
    )]
    mutant: Mutant,
) {
    let found = (0..SEEDS).find_map(|seed| {
        let broken = run(seed, mutant.into(), Trace::Forgotten).broken?;
        Some((seed, broken))
    });

    println!("{}: {found:?}", mutant.name());
    assert!(found.is_some_and(|(_, broken)| broken.contains(": S")));
}
