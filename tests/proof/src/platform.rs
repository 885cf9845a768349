//! What Meta may be like, as far as a publish call can tell.
//!
//! The model checker tries every reply that is possible here, the simulator draws one.

use threads_monitor::publishing::{Answer, Remedy, StatusReading};

/// What is assumed of Meta. Nobody outside knows which of these worlds is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, and every combination is a world"
)]
pub struct World {
    /// A container becomes at most one post, however often it is published (A2).
    pub one_shot: bool,
    /// A call that acts does so, and shows, within the settle time (A3 and A4).
    pub bounded: bool,
    /// A container that was published reads as "no such container".
    pub gone_after_publish: bool,
    /// The status calls a container unpublished until its post is listed.
    pub lagging_status: bool,
    /// Calls that acted may be answered with a refusal (A8 is false).
    pub lying_refusals: bool,
}

impl World {
    /// Everything that is assumed holds, and the status is honest at once.
    pub const KIND: Self = Self {
        one_shot: true,
        bounded: true,
        gone_after_publish: false,
        lagging_status: false,
        lying_refusals: false,
    };

    /// A container may become two posts, and reads as "no such container" from then on.
    pub const HARSH: Self = Self {
        one_shot: false,
        gone_after_publish: true,
        ..Self::KIND
    };

    /// The four worlds of [`one_shot`](Self::one_shot) and
    /// [`gone_after_publish`](Self::gone_after_publish).
    pub fn four(bounded: bool, lagging_status: bool) -> [Self; 4] {
        [(true, false), (true, true), (false, false), (false, true)].map(
            |(one_shot, gone_after_publish)| Self {
                one_shot,
                bounded,
                gone_after_publish,
                lagging_status,
                lying_refusals: false,
            },
        )
    }

    /// As in the tables: one-shot, bounded, gone, lagging, lying.
    pub fn name(self) -> String {
        let letters = [
            (self.one_shot, '1'),
            (self.bounded, 'B'),
            (self.gone_after_publish, 'G'),
            (self.lagging_status, 'L'),
            (self.lying_refusals, 'X'),
        ];
        let name: String = letters
            .iter()
            .filter(|(is_set, _)| *is_set)
            .map(|(_, letter)| *letter)
            .collect();
        if name.is_empty() {
            "-".to_owned()
        } else {
            name
        }
    }
}

/// Where a container stands at Meta.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// It does not exist.
    #[default]
    Unmade,
    /// It can be published.
    Finished,
    /// It was published.
    Published,
    /// It was not published within a day.
    Expired,
    /// Meta does not know it any more.
    Lost,
    /// Meta could not process it after all.
    Failed,
}

/// A container at Meta, with what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Container {
    /// Where it stands.
    pub standing: Standing,
    /// Live posts that it became.
    pub posts: u8,
    /// Whether they are in the account's list.
    pub is_listed: bool,
}

/// What a processed publish call is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The media id.
    Published,
    /// A listed refusal.
    Refused(Remedy),
    /// Something that proves nothing.
    Unknown,
}

impl Reply {
    /// The reply as the client reads it.
    pub fn answer(self, media_id: impl FnOnce() -> String) -> Answer {
        match self {
            Self::Published => Answer::Published(media_id().as_str().into()),
            Self::Refused(remedy) => Answer::Rejected {
                why: String::new(),
                remedy,
            },
            Self::Unknown => Answer::Unknown { why: String::new() },
        }
    }
}

impl Container {
    /// One that can be published.
    pub const FINISHED: Self = Self {
        standing: Standing::Finished,
        posts: 0,
        is_listed: false,
    };

    /// What Meta says of it.
    pub fn status(self, world: World) -> StatusReading {
        match self.standing {
            Standing::Finished => StatusReading::Finished,
            Standing::Published if world.lagging_status && !self.is_listed => {
                StatusReading::Finished
            }
            Standing::Published if world.gone_after_publish => StatusReading::NotFound,
            Standing::Published => StatusReading::Published,
            Standing::Expired => StatusReading::Expired,
            Standing::Failed => StatusReading::Error {
                message: "UNKNOWN".to_owned(),
            },
            Standing::Unmade | Standing::Lost => StatusReading::NotFound,
        }
    }

    /// Everything that can come of a publish call that Meta processes now: what becomes of
    /// the container, and the answer. `refusals` are those that Meta gives for reasons of
    /// its own.
    pub fn process(self, world: World, refusals: &[Remedy]) -> Vec<(Self, Reply)> {
        let mut outcomes = vec![(self, Reply::Unknown)];
        match self.standing {
            Standing::Finished => {
                outcomes.extend(refusals.iter().map(|why| (self, Reply::Refused(*why))));
                let published = Self {
                    standing: Standing::Published,
                    posts: self.posts + 1,
                    is_listed: false,
                };
                outcomes.push((published, Reply::Published));
                outcomes.push((published, Reply::Unknown));
                if world.lying_refusals {
                    outcomes.extend(refusals.iter().map(|why| (published, Reply::Refused(*why))));
                }
            }
            Standing::Published => {
                let again = Self {
                    posts: self.posts + u8::from(!world.one_shot),
                    ..self
                };
                outcomes = vec![(again, Reply::Published), (again, Reply::Unknown)];
            }
            Standing::Unmade | Standing::Expired | Standing::Lost | Standing::Failed => {
                outcomes.push((self, Reply::Refused(Remedy::NewContainer)));
            }
        }
        outcomes
    }
}
