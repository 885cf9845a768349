//! The search finds every mistake, by a shortest trace.

#![expect(clippy::print_stdout, reason = "what was found, for `--nocapture`")]

use rstest::rstest;
use threads_proof::design::Mutant;
use threads_proof::model::{Bounds, Invariant, Until, search};
use threads_proof::platform::World;

use Invariant::{Content, NotLive, OnePost};

/// The length of the shortest trace to a violation of this invariant.
fn shortest(mutant: Mutant, world: World, invariant: Invariant) -> Option<usize> {
    let until = Until::BrokenIs(invariant);
    let report = search(world, mutant.into(), Bounds::SMALL, until);
    let violation = report
        .violations
        .iter()
        .find(|one| one.invariant == invariant)?;
    println!("{} in {}: {invariant}", mutant.name(), world.name());
    for (number, what) in (1..).zip(&violation.trace) {
        println!("{number:>3}. {what}");
    }
    Some(violation.trace.len())
}

#[rstest]
#[case(Mutant::NoSettleTime, NotLive, 17, 17)]
#[case(Mutant::NoSettleTime, OnePost, 25, 20)]
#[case(Mutant::RetryAfterTimeout, NotLive, 10, 10)]
#[case(Mutant::RetryAfterTimeout, OnePost, 19, 13)]
#[case(Mutant::NewContainerAfterTimeout, OnePost, 15, 15)]
#[case(Mutant::TimeoutIsFailure, NotLive, 9, 9)]
#[case(Mutant::RescueSameContainer, NotLive, 12, 12)]
#[case(Mutant::RescueSameContainer, OnePost, 20, 15)]
#[case(Mutant::RescueFromStart, OnePost, 17, 17)]
#[case(Mutant::NoFencing, NotLive, 20, 19)]
#[case(Mutant::CancelInFlight, NotLive, 9, 9)]
#[case(Mutant::NoSendDeadline, NotLive, 18, 18)]
#[case(Mutant::NoSendDeadline, OnePost, 26, 21)]
#[case(Mutant::EditInFlight, Content, 9, 9)]
#[case(Mutant::OneLook, NotLive, 15, 15)]
fn a_mistake_is_found_in_every_world(
    #[case] mutant: Mutant,
    #[case] invariant: Invariant,
    #[case] kind: usize,
    #[case] harsh: usize,
) {
    assert_eq!(shortest(mutant, World::KIND, invariant), Some(kind));
    assert_eq!(shortest(mutant, World::HARSH, invariant), Some(harsh));
}

#[rstest]
#[case(Mutant::NoFencing, 22)]
#[case(Mutant::NotFoundIsUnpublished, 17)]
#[case(Mutant::OneLook, 18)]
fn some_mistakes_post_twice_only_where_a_container_may(
    #[case] mutant: Mutant,
    #[case] length: usize,
) {
    assert_eq!(shortest(mutant, World::HARSH, OnePost), Some(length));
}

#[test]
fn not_found_is_a_trap_wherever_published_containers_are_not_found() {
    let mutant = Mutant::NotFoundIsUnpublished;
    let gone = World {
        gone_after_publish: true,
        ..World::KIND
    };

    assert_eq!(shortest(mutant, World::KIND, OnePost), None);
    assert_eq!(shortest(mutant, gone, OnePost), Some(17));
}
