//! Nothing that can happen breaks the protocol.

use rstest::rstest;
use threads_monitor::publishing::{PublishMode, Remedy};
use threads_proof::design::Design;
use threads_proof::model::{Bounds, Invariant, Report, Until, search};
use threads_proof::platform::{Standing, World};

/// Everything is seen, nothing is broken, and every state can still end.
fn assert_holds(report: &Report) {
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
    assert_eq!(report.stuck, 0);
    assert!(!report.is_partial);
    // A search that sees next to nothing proves next to nothing.
    assert!(report.states > 100_000, "{} states", report.states);
}

#[rstest]
fn safe_holds_in_every_bounded_world(
    #[values(0, 1, 2, 3)] world: usize,
    #[values(false, true)] lags: bool,
) {
    let world = World::four(true, lags)[world];

    assert_holds(&search(
        world,
        Design::default(),
        Bounds::SMALL,
        Until::Exhausted,
    ));
}

/// It differs from safe where published containers read as not found. The other worlds are
/// in the README's command.
#[rstest]
fn auto_replace_holds_in_every_bounded_world(#[values(1, 3)] world: usize) {
    let world = World::four(true, true)[world];
    let design = Design::from(PublishMode::AutoReplace);

    assert_holds(&search(world, design, Bounds::SMALL, Until::Exhausted));
}

/// So it holds in the bounded worlds, too: less can happen there. The other worlds are in
/// the README's command.
#[rstest]
fn paranoid_holds_without_any_bound_on_time(
    #[values(0, 3)] world: usize,
    #[values(false, true)] lags: bool,
) {
    let world = World::four(false, lags)[world];
    let design = Design::from(PublishMode::Paranoid);

    assert_holds(&search(world, design, Bounds::SMALL, Until::Exhausted));
}

#[rstest]
#[case(PublishMode::Safe)]
#[case(PublishMode::AutoReplace)]
fn the_other_modes_need_the_bound_on_time(
    #[case] mode: PublishMode,
    #[values(0, 1, 2, 3)] world: usize,
) {
    let world = World::four(false, false)[world];

    let report = search(world, mode.into(), Bounds::SMALL, Until::Broken);

    assert!(!report.violations.is_empty());
}

#[rstest]
#[case(PublishMode::Safe, World::HARSH)]
#[case(PublishMode::Paranoid, World { lagging_status: true, ..World::KIND })]
fn a_listed_refusal_must_not_lie(#[case] mode: PublishMode, #[case] kind: World) {
    let lying = World {
        lying_refusals: true,
        ..kind
    };

    let report = search(lying, mode.into(), Bounds::SMALL, Until::Broken);

    let broken: Vec<_> = report.violations.iter().map(|one| one.invariant).collect();
    assert_eq!(broken, [Invariant::NotLive]);
}

#[rstest]
#[case::one_shot(World::KIND)]
#[case::harsh(World::HARSH)]
fn every_refusal_and_a_failing_container_change_nothing(#[case] world: World) {
    let bounds = Bounds {
        containers: 2,
        ends: &[Standing::Expired, Standing::Lost, Standing::Failed],
        refusals: &[
            Remedy::NewContainer,
            Remedy::Nothing,
            Remedy::Quota,
            Remedy::Reconnect,
        ],
        ..Bounds::SMALL
    };

    assert_holds(&search(world, Design::default(), bounds, Until::Exhausted));
}
