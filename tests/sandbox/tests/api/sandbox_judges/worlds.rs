//! The worlds of a trial: what goes wrong, crossed with what the platform is like.

use threads_sandbox::{Endpoint, Fault, PublishedContainer, Republish, Switches};

/// One world.
pub(super) struct Case {
    fault_name: &'static str,
    pub(super) fault: Option<(Endpoint, Fault)>,
    pub(super) switches: Switches,
}

impl Case {
    /// What a failed assertion calls this world.
    pub(super) fn name(&self) -> String {
        format!(
            "{} {:?} {:?} lag {}",
            self.fault_name,
            self.switches.republish,
            self.switches.published_container,
            self.switches.status_lag_seconds,
        )
    }
}

/// What goes wrong once in a trial.
fn faults() -> Vec<(&'static str, Option<(Endpoint, Fault)>)> {
    let graph = |code, subcode, status| Fault::GraphAfterEffect {
        code,
        subcode,
        status,
    };
    let redirect = Fault::Redirect {
        to: "http://127.0.0.1:9/elsewhere".to_owned(),
        status: 307,
    };
    let mut faults = vec![("nothing", None)];
    for (name, fault) in [
        ("drop before", Fault::DropBeforeEffect),
        ("drop after", Fault::DropAfterEffect),
        (
            "drop, then act",
            Fault::DropThenEffect { after_seconds: 200 },
        ),
        ("reset before", Fault::ResetBeforeEffect),
        ("reset after", Fault::ResetAfterEffect),
        ("hang after", Fault::HangAfterEffect),
        ("half open before", Fault::HalfOpenBeforeEffect),
        ("half open after", Fault::HalfOpenAfterEffect),
        ("503", Fault::status(503)),
        ("429", Fault::rate_limited(30)),
        ("502 after", Fault::StatusAfterEffect { status: 502 }),
        ("busy after", graph(4, Some(2_207_051), 400)),
        ("duplicate after", graph(506, None, 400)),
        ("permission after", graph(10, None, 500)),
        ("busy", Fault::code(2)),
        ("cut headers", Fault::TruncatedHeaders),
        ("cut body", Fault::TruncatedBody),
        ("wrong json", Fault::WrongJson),
        ("no id", Fault::MissingId),
        ("html", Fault::HtmlBody),
        ("redirect", redirect),
        ("not found", Fault::subcode(24, 4_279_009)),
    ] {
        faults.push((name, Some((Endpoint::PublishContainer, fault))));
    }
    for (name, endpoint, fault) in [
        (
            "creation lost",
            Endpoint::CreateContainer,
            Fault::DropAfterEffect,
        ),
        (
            "creation busy",
            Endpoint::CreateContainer,
            Fault::status(503),
        ),
        (
            "container lost",
            Endpoint::CreateContainer,
            Fault::ContainerLost,
        ),
        ("status busy", Endpoint::ContainerStatus, Fault::status(500)),
    ] {
        faults.push((name, Some((endpoint, fault))));
    }
    faults
}

/// What the platform may be like.
fn platforms() -> Vec<Switches> {
    let mut platforms = Vec::new();
    for republish in [Republish::Refused, Republish::SecondPost] {
        for published_container in [
            PublishedContainer::Published,
            PublishedContainer::NotFound,
            PublishedContainer::NonexistingField,
        ] {
            for lag in [0, 60] {
                platforms.push(Switches {
                    republish,
                    published_container,
                    status_lag_seconds: lag,
                    listing_lag_seconds: lag / 2,
                    publish_lag_seconds: lag / 10,
                    ..Switches::default()
                });
            }
        }
    }
    platforms
}

/// Every fault in every platform.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (fault_name, fault) in faults() {
        for switches in platforms() {
            cases.push(Case {
                fault_name,
                fault: fault.clone(),
                switches,
            });
        }
    }
    cases
}
