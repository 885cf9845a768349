//! One state of the search, small enough for tens of millions of them.

use threads_monitor::publishing::{Answer, Event, Remedy, ScanResult, StatusReading};

use super::posts::container;
use crate::platform::{Container, Standing};

/// Containers that the platform can have; they are numbered from one.
pub(super) const CONTAINERS: usize = 4;
/// Workers that may run the post at once.
pub(super) const WORKERS: usize = 2;

/// Everything that can make a difference later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The durable post, by its number.
    pub post: u16,
    /// Which worker, from one, has the newest lease; zero once it was given back.
    pub holder: u8,
    /// Whether the post can be leased.
    pub is_free: bool,
    /// The container of the latest answer that a worker without a lease left.
    pub evidence: u8,
    /// What the platform has.
    pub containers: [Remote; CONTAINERS],
    /// What the workers are at.
    pub workers: [Doing; WORKERS],
}

/// A container with what the platform knows of it and what is on its way to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Remote {
    /// The container.
    pub is: Container,
    /// Which content it was made of.
    pub version: u8,
    /// Calls that nobody waits for any more, and that may still be processed.
    pub in_flight: u8,
}

/// What a worker is at. A worker that crashed is at nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Nothing.
    Nothing,
    /// Makes a container.
    Create,
    /// Reads this container's status.
    Read(u8),
    /// Its attempt is durable; the call is not sent yet.
    Publish {
        /// The container.
        container: u8,
        /// Whether the time to send it in is over.
        is_late: bool,
    },
    /// Looks at this container and at the list.
    Look(u8),
    /// Its call is sent and not yet processed.
    Sent(u8),
    /// Just leased the post.
    Woken,
    /// Just leased the post, and found evidence about this container.
    HasEvidence(u8),
    /// Was answered that this container is published.
    Published(u8),
    /// Was refused.
    Refused(Remedy),
    /// Has no answer that proves anything.
    Unknown,
    /// Could not send.
    NotSent,
    /// Has looked.
    Looked(Reading, Scan),
}

/// A container's status, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It may be published.
    Finished,
    /// It was published.
    Published,
    /// It expired.
    Expired,
    /// It failed.
    Failed,
    /// There is none.
    NotFound,
}

/// What the list showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// It was not needed.
    None,
    /// Nothing.
    Clean,
    /// More than one.
    Near,
    /// The post of this container.
    Match(u8),
}

impl Reading {
    const ALL: [Self; 5] = [
        Self::Finished,
        Self::Published,
        Self::Expired,
        Self::Failed,
        Self::NotFound,
    ];

    /// What is read, in the search's words.
    pub fn of(status: &StatusReading) -> Self {
        match status {
            StatusReading::Finished => Self::Finished,
            StatusReading::Published => Self::Published,
            StatusReading::Expired => Self::Expired,
            StatusReading::Error { .. } => Self::Failed,
            StatusReading::NotFound => Self::NotFound,
            status => panic!("no container of the model is {status:?}"),
        }
    }

    /// What is read, in the reducer's words.
    pub fn status(self) -> StatusReading {
        match self {
            Self::Finished => StatusReading::Finished,
            Self::Published => StatusReading::Published,
            Self::Expired => StatusReading::Expired,
            Self::Failed => StatusReading::Error {
                message: "UNKNOWN".to_owned(),
            },
            Self::NotFound => StatusReading::NotFound,
        }
    }
}

impl Scan {
    const fn code(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Clean => 1,
            Self::Near => 2,
            Self::Match(container) => 3 + container as u16,
        }
    }

    fn decode(code: u16) -> Self {
        match code {
            0 => Self::None,
            1 => Self::Clean,
            2 => Self::Near,
            code => Self::Match(low_byte(code - 3)),
        }
    }
}

/// The refusals that the model knows.
const REMEDIES: [Remedy; 4] = [
    Remedy::NewContainer,
    Remedy::Nothing,
    Remedy::Quota,
    Remedy::Reconnect,
];

impl Doing {
    /// Eleven bits.
    pub fn code(self) -> u16 {
        let (tag, data): (u16, u16) = match self {
            Self::Nothing => (0, 0),
            Self::Create => (1, 0),
            Self::Read(container) => (2, container.into()),
            Self::Publish { container, is_late } => {
                (3, u16::from(container) | u16::from(is_late) << 3)
            }
            Self::Look(container) => (4, container.into()),
            Self::Sent(container) => (5, container.into()),
            Self::Woken => (6, 0),
            Self::HasEvidence(container) => (7, container.into()),
            Self::Published(container) => (8, container.into()),
            Self::Refused(remedy) => (9, position(&REMEDIES, &remedy)),
            Self::Unknown => (10, 0),
            Self::NotSent => (11, 0),
            Self::Looked(reading, scan) => {
                (12, position(&Reading::ALL, &reading) | scan.code() << 3)
            }
        };
        tag << 7 | data
    }

    fn decode(code: u16) -> Self {
        let data = code & 0x7f;
        let container = low_byte(data & 7);
        match code >> 7 {
            0 => Self::Nothing,
            1 => Self::Create,
            2 => Self::Read(container),
            3 => Self::Publish {
                container,
                is_late: data & 8 != 0,
            },
            4 => Self::Look(container),
            5 => Self::Sent(container),
            6 => Self::Woken,
            7 => Self::HasEvidence(container),
            8 => Self::Published(container),
            9 => Self::Refused(REMEDIES[usize::from(data)]),
            10 => Self::Unknown,
            11 => Self::NotSent,
            _ => Self::Looked(Reading::ALL[usize::from(data & 7)], Scan::decode(data >> 3)),
        }
    }

    /// What the worker has learned and not yet written down.
    pub fn finding(self) -> Option<Event> {
        let media_id = |number| format!("m{number}");
        Some(match self {
            Self::Woken => Event::Woke,
            Self::HasEvidence(number) => Event::LateAnswer {
                container: container(number).as_str().into(),
                media_id: media_id(number).as_str().into(),
            },
            Self::Published(number) => {
                Event::Answered(Answer::Published(media_id(number).as_str().into()))
            }
            Self::Refused(remedy) => Event::Answered(Answer::Rejected {
                why: String::new(),
                remedy,
            }),
            Self::Unknown => Event::Answered(Answer::Unknown { why: String::new() }),
            Self::NotSent => Event::Answered(Answer::NotSent {
                why: String::new(),
                retry_after: None,
            }),
            Self::Looked(reading, scan) => Event::Looked {
                status: reading.status(),
                scan: match scan {
                    Scan::None => None,
                    Scan::Clean => Some(ScanResult::Clean),
                    Scan::Near => Some(ScanResult::Near),
                    Scan::Match(number) => {
                        Some(ScanResult::Match(media_id(number).as_str().into()))
                    }
                },
            },
            _ => return None,
        })
    }
}

const STANDINGS: [Standing; 6] = [
    Standing::Unmade,
    Standing::Finished,
    Standing::Published,
    Standing::Expired,
    Standing::Lost,
    Standing::Failed,
];

impl State {
    /// A post that nothing has happened to.
    pub const START: Self = Self {
        post: 0,
        holder: 0,
        is_free: true,
        evidence: 0,
        containers: [Remote {
            is: Container {
                standing: Standing::Unmade,
                posts: 0,
                is_listed: false,
            },
            version: 0,
            in_flight: 0,
        }; CONTAINERS],
        workers: [Doing::Nothing; WORKERS],
    };

    /// The state as a number. Which worker is which makes no difference, so of two states
    /// that differ in that alone there is one.
    pub fn pack(&self) -> u128 {
        let [mut first, mut second] = self.workers.map(Doing::code);
        let mut holder = self.holder;
        let of = |worker: u8| u16::from(holder == worker);
        if (first, of(1)) > (second, of(2)) {
            std::mem::swap(&mut first, &mut second);
            holder = [0, 2, 1][usize::from(holder)];
        }
        let mut bits = Bits(0);
        bits.put(first.into(), 11);
        bits.put(second.into(), 11);
        bits.put(holder.into(), 2);
        bits.put(self.is_free.into(), 1);
        bits.put(self.evidence.into(), 3);
        for remote in &self.containers {
            bits.put(position(&STANDINGS, &remote.is.standing).into(), 3);
            bits.put(remote.is.posts.into(), 2);
            bits.put(remote.is.is_listed.into(), 1);
            bits.put(remote.version.into(), 1);
            bits.put(remote.in_flight.into(), 3);
        }
        bits.put(self.post.into(), 16);
        bits.0
    }

    /// The state that was packed, or its twin with the workers exchanged.
    pub fn unpack(packed: u128) -> Self {
        let mut bits = Bits(packed);
        let post = bits.take(16);
        let mut state = Self {
            post,
            ..Self::START
        };
        for remote in state.containers.iter_mut().rev() {
            remote.in_flight = low_byte(bits.take(3));
            remote.version = low_byte(bits.take(1));
            remote.is.is_listed = bits.take(1) == 1;
            remote.is.posts = low_byte(bits.take(2));
            remote.is.standing = STANDINGS[usize::from(bits.take(3))];
        }
        state.evidence = low_byte(bits.take(3));
        state.is_free = bits.take(1) == 1;
        state.holder = low_byte(bits.take(2));
        let second = bits.take(11);
        state.workers = [bits.take(11), second].map(Doing::decode);
        state
    }

    /// A container by its number.
    pub fn remote(&mut self, number: u8) -> &mut Remote {
        &mut self.containers[usize::from(number) - 1]
    }

    /// Posts that are live.
    pub fn live(&self) -> u8 {
        self.containers.iter().map(|remote| remote.is.posts).sum()
    }
}

/// A number that is written and read at its low end: what was put last is taken first.
struct Bits(u128);

impl Bits {
    fn put(&mut self, value: u32, width: u32) {
        debug_assert!(value < 1 << width, "{value} does not fit into {width} bits");
        self.0 = self.0 << width | u128::from(value);
    }

    fn take(&mut self, width: u32) -> u16 {
        #[expect(clippy::cast_possible_truncation, reason = "masked to 16 bits at most")]
        let value = (self.0 & ((1 << width) - 1)) as u16;
        self.0 >>= width;
        value
    }
}

fn low_byte(value: u16) -> u8 {
    value.to_le_bytes()[0]
}

fn position<A: PartialEq + std::fmt::Debug>(all: &[A], one: &A) -> u16 {
    let position = all.iter().position(|other| other == one);
    let position = position.unwrap_or_else(|| panic!("{one:?} is not in the model"));
    u16::try_from(position).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_packing_but_for_the_order_of_its_workers() {
        let mut state = State::START;
        state.post = 511;
        state.holder = 1;
        state.evidence = 3;
        state.workers = [
            Doing::Looked(Reading::NotFound, Scan::Match(4)),
            Doing::Publish {
                container: 4,
                is_late: true,
            },
        ];
        *state.remote(4) = Remote {
            is: Container {
                standing: Standing::Failed,
                posts: 3,
                is_listed: true,
            },
            version: 1,
            in_flight: 5,
        };

        let twin = State::unpack(state.pack());

        let exchanged = State {
            holder: 2,
            workers: [state.workers[1], state.workers[0]],
            ..state
        };
        assert_eq!(twin, exchanged);
        assert_eq!(twin.pack(), state.pack());
        assert_eq!(State::unpack(State::START.pack()), State::START);
    }
}
