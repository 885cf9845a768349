//! The named points at which a process dies, or stands still, while it publishes one post.
//!
//! Those at a call of the store are the child's own business ([`crate::crashing`]); at those
//! at a call of the API the sandbox holds its answer back and the parent kills the child.

use threads_sandbox::Endpoint;

/// Before or after what happens at the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Nothing of it has happened.
    Before,
    /// It has happened, and the child has not heard of it.
    After,
}

/// A call of the store, as far as points tell them apart. Phases are those of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// A post is scheduled.
    Enqueue,
    /// A post in this phase is leased.
    Claim(&'static str),
    /// A post is written, out of one phase and into another; `*` is any but the first.
    Write(&'static str, &'static str),
    /// A post in this phase is read again by its worker, which is the last thing before it
    /// is sent.
    Get(&'static str),
}

/// Where a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// At a call of the store.
    Store(Call, Side),
    /// At so many-th call of an endpoint: before or after its effect, in any case before its
    /// answer. That the answer has come is a point of the store: before it is written down.
    Api(Endpoint, u32, Side),
}

/// Which publish calls lead to a point at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Every one.
    Always,
    /// Those after whose answer the post is verified.
    IfVerified,
    /// Those after whose answer the post is verified, and the first look does not decide.
    IfLookedAtAgain,
    /// Those whose media id has to be looked up.
    IfLookedUp,
}

/// A named point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Its name in tables and arguments.
    pub name: &'static str,
    /// The crash point of the protocol that it belongs to.
    pub protocol: &'static str,
    /// Where it is.
    pub at: At,
    /// When it is reached.
    pub reached: Reached,
    /// The phases, one of which the store has to hold after the crash; `-` is no post.
    pub found: &'static [&'static str],
}

const fn store(
    name: &'static str,
    protocol: &'static str,
    (call, side): (Call, Side),
    found: &'static [&'static str],
) -> Point {
    Point {
        name,
        protocol,
        at: At::Store(call, side),
        reached: Reached::Always,
        found,
    }
}

const fn api(
    name: &'static str,
    protocol: &'static str,
    (endpoint, nth, side): (Endpoint, u32, Side),
    found: &'static [&'static str],
) -> Point {
    Point {
        name,
        protocol,
        at: At::Api(endpoint, nth, side),
        reached: Reached::Always,
        found,
    }
}

const fn reached(reached: Reached, point: Point) -> Point {
    Point { reached, ..point }
}

use Call::{Claim, Enqueue, Get, Write};
use Reached::{IfLookedAtAgain, IfLookedUp, IfVerified};
use Side::{After, Before};

/// What the store may hold right after the answer of a publish call was written down. `ready`:
/// the machine was so busy that the call was not sent within its minute.
const AFTER_ANSWER: &[&str] = &["published", "verifying", "ready"];

/// All points, in the order in which a post comes to them.
pub const POINTS: [Point; 27] = [
    store("schedule-before", "K1", (Enqueue, Before), &["-"]),
    store("schedule-after", "K2", (Enqueue, After), &["scheduled"]),
    store(
        "claim-new-before",
        "K3",
        (Claim("scheduled"), Before),
        &["scheduled"],
    ),
    store(
        "claim-new-after",
        "K3",
        (Claim("scheduled"), After),
        &["scheduled"],
    ),
    store(
        "preparing-before",
        "K3",
        (Write("scheduled", "preparing"), Before),
        &["scheduled"],
    ),
    store(
        "preparing-after",
        "K3",
        (Write("scheduled", "preparing"), After),
        &["preparing"],
    ),
    api(
        "create-arrived",
        "K3",
        (Endpoint::CreateContainer, 1, Before),
        &["preparing"],
    ),
    api(
        "create-acted",
        "K3",
        (Endpoint::CreateContainer, 1, After),
        &["preparing"],
    ),
    store(
        "container-before",
        "K3",
        (Write("preparing", "preparing"), Before),
        &["preparing"],
    ),
    store(
        "container-after",
        "K4",
        (Write("preparing", "preparing"), After),
        &["preparing"],
    ),
    api(
        "status-arrived",
        "K4",
        (Endpoint::ContainerStatus, 1, Before),
        &["preparing"],
    ),
    store(
        "ready-before",
        "K4",
        (Write("preparing", "ready"), Before),
        &["preparing"],
    ),
    store(
        "ready-after",
        "K4",
        (Write("preparing", "ready"), After),
        &["ready"],
    ),
    store(
        "claim-ready-after",
        "K5",
        (Claim("ready"), After),
        &["ready"],
    ),
    store(
        "intent-before",
        "K5",
        (Write("ready", "publishing"), Before),
        &["ready"],
    ),
    store(
        "intent-after",
        "K6",
        (Write("ready", "publishing"), After),
        &["publishing"],
    ),
    store(
        "send-before",
        "K6",
        (Get("publishing"), After),
        &["publishing"],
    ),
    api(
        "publish-arrived",
        "K7",
        (Endpoint::PublishContainer, 1, Before),
        &["publishing"],
    ),
    api(
        "publish-acted",
        "K8",
        (Endpoint::PublishContainer, 1, After),
        &["publishing"],
    ),
    store(
        "answer-before",
        "K9",
        (Write("publishing", "*"), Before),
        &["publishing"],
    ),
    store(
        "answer-after",
        "K10",
        (Write("publishing", "*"), After),
        AFTER_ANSWER,
    ),
    reached(
        IfVerified,
        api(
            "look-arrived",
            "K8",
            (Endpoint::ContainerStatus, 2, Before),
            &["verifying"],
        ),
    ),
    reached(
        IfLookedAtAgain,
        store(
            "claim-verifying-after",
            "K11",
            (Claim("verifying"), After),
            &["verifying"],
        ),
    ),
    reached(
        IfVerified,
        store(
            "decision-before",
            "K8",
            (Write("verifying", "*"), Before),
            &["verifying"],
        ),
    ),
    reached(
        IfVerified,
        store(
            "decision-after",
            "K10",
            (Write("verifying", "*"), After),
            &["published", "ready"],
        ),
    ),
    reached(
        IfLookedUp,
        store(
            "id-before",
            "K10",
            (Write("published", "published"), Before),
            &["published"],
        ),
    ),
    reached(
        IfLookedUp,
        store(
            "id-after",
            "K10",
            (Write("published", "published"), After),
            &["published"],
        ),
    ),
];

/// The point of this name.
pub fn named(name: &str) -> Option<&'static Point> {
    POINTS.iter().find(|point| point.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_point_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = POINTS.iter().map(|point| point.name).collect();

        assert_eq!(names.len(), POINTS.len());
    }
}
