//! What can happen next in a state: to the platform, to the clock, by the person and by the
//! workers.
//!
//! A worker writes an event down in one move that reads the post, takes the step and stores
//! it. That is what a guarded write amounts to: while nobody else leased the post, an event
//! is taken again from the post as it has become. What lies between a read at the platform
//! and that write is any number of other moves.

use threads_monitor::publishing::{Decision, Event, Remedy};

use super::posts::{Ending, Happening, Posts, Taken, container};
use super::state::{Doing, Reading, Scan, State, WORKERS};
use crate::design::{Design, Mutant};
use crate::platform::{Reply, Standing, World};

/// How far the search goes.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Containers at most.
    pub containers: u8,
    /// Publish calls at most.
    pub attempts: u8,
    /// What may become of an unpublished container.
    pub ends: &'static [Standing],
    /// The refusals that Meta gives for reasons of its own.
    pub refusals: &'static [Remedy],
    /// Whether a person may cancel, edit once, and decide.
    pub person: bool,
}

impl Bounds {
    /// What every run of the tests affords.
    pub const SMALL: Self = Self {
        containers: 2,
        attempts: 2,
        ends: &[Standing::Expired, Standing::Lost],
        refusals: &[Remedy::NewContainer],
        person: true,
    };
}

/// A move, and where it leads; nowhere if the bounds end there.
pub(super) type Move = (&'static str, Option<State>);

/// The rules of one search.
#[derive(Debug)]
pub struct Rules {
    /// The world.
    pub world: World,
    /// The protocol.
    pub design: Design,
    /// The bounds.
    pub bounds: Bounds,
    /// The posts met so far.
    pub posts: Posts,
}

impl Rules {
    /// The rules of a design in a world.
    pub fn new(world: World, design: Design, bounds: Bounds) -> Self {
        Self {
            world,
            design,
            bounds,
            posts: Posts::new(design, bounds.attempts.into(), bounds.containers.into()),
        }
    }

    /// Every move from a state.
    pub fn moves(&mut self, state: &State, moves: &mut Vec<Move>) {
        moves.clear();
        let is_final = self.posts.facts(state.post).ending.is_final();
        self.platform(state, is_final, moves);
        if !is_final {
            self.time(state, moves);
            if self.bounds.person {
                self.person(state, moves);
            }
        }
        for worker in 0..WORKERS {
            self.worker(state, worker, is_final, moves);
        }
    }

    fn platform(&self, state: &State, is_final: bool, moves: &mut Vec<Move>) {
        for number in 1..=self.bounds.containers {
            let mut next = *state;
            let now = *next.remote(number);
            let mut becomes = |what, change: &dyn Fn(&mut super::state::Remote)| {
                let mut next = *state;
                change(next.remote(number));
                moves.push((what, Some(next)));
            };
            // What nobody will look at any more makes no difference.
            if !is_final && now.is.posts > 0 && !now.is.is_listed {
                becomes("the list shows the post", &|remote| {
                    remote.is.is_listed = true;
                });
            }
            if !is_final && now.is.standing == Standing::Finished {
                for end in self.bounds.ends {
                    let what = match end {
                        Standing::Expired => "the container expires",
                        Standing::Lost => "Meta loses the container",
                        _ => "the container fails",
                    };
                    becomes(what, &|remote| remote.is.standing = *end);
                }
            }
            if now.in_flight > 0 {
                for (is, _) in now.is.process(self.world, self.bounds.refusals) {
                    becomes("a call that nobody waits for is processed", &|remote| {
                        remote.is = is;
                        remote.in_flight -= 1;
                    });
                }
            }
        }
    }

    /// Time passes. In a bounded world whatever is on its way has arrived, and shows, by then.
    fn time(&mut self, state: &State, moves: &mut Vec<Move>) {
        let is_quiet =
            state.containers.iter().all(|remote| {
                remote.in_flight == 0 && (remote.is.posts == 0 || remote.is.is_listed)
            }) && !state
                .workers
                .iter()
                .any(|doing| matches!(doing, Doing::Sent(_)));
        if self.world.bounded && !is_quiet {
            return;
        }
        for (what, code, happening) in [
            ("the settle time passes", 0x1201, Happening::Settle),
            ("hours pass", 0x1202, Happening::Hours),
        ] {
            let mut next = *state;
            if let Taken::Post(post, _) = self.posts.take(state.post, code, || happening) {
                next.post = post;
            }
            for doing in &mut next.workers {
                if let Doing::Publish { is_late, .. } = doing {
                    *is_late = true;
                }
            }
            if next != *state {
                moves.push((what, Some(next)));
            }
        }
    }

    fn person(&mut self, state: &State, moves: &mut Vec<Move>) {
        let facts = self.posts.facts(state.post);
        let is_cancelled =
            |posts: &Posts, next: &State| posts.facts(next.post).ending == Ending::NotLive;
        if facts.is_cancellable {
            let event = Event::CancelRequested;
            if let Some(next) = self.told(state, 0x1200, event) {
                moves.push(("a person cancels", Some(next)));
                // Who wants to change a post cancels it and schedules another. Whoever still
                // works on the first one has no lease of the second.
                if facts.version == 0 && is_cancelled(&self.posts, &next) && self.edits() {
                    let edited = State {
                        post: 1,
                        holder: 0,
                        is_free: true,
                        evidence: 0,
                        ..next
                    };
                    moves.push(("a person edits", Some(edited)));
                }
            }
        }
        if self.design.mutant == Some(Mutant::EditInFlight) && facts.version == 0 {
            let taken = self.posts.take(state.post, 0x1203, || Happening::Edit);
            if let Taken::Post(post, _) = taken
                && post != state.post
            {
                moves.push(("a person edits in flight", Some(State { post, ..*state })));
            }
        }
        if facts.ending == Ending::NeedsAttention {
            let discard = Event::Decided(Decision::Discard);
            let discarded = self.told(state, 0x1204, discard);
            moves.push(("a person discards it", discarded));
            if state.containers.iter().any(|remote| remote.is.is_listed) {
                let seen = Event::Decided(Decision::ItIsLive);
                let confirmed = self.told(state, 0x1205, seen);
                moves.push(("a person sees it on Threads", confirmed));
            }
        }
    }

    /// Without fencing a worker of the first post would write into the second, which is no
    /// mistake that anybody makes.
    fn edits(&self) -> bool {
        self.design.is_fenced()
    }

    /// What a person says is stored at once, whoever has the lease.
    fn told(&mut self, state: &State, code: u16, event: Event) -> Option<State> {
        match self
            .posts
            .take(state.post, code, || Happening::Event(event))
        {
            Taken::Post(post, _) => Some(State { post, ..*state }),
            Taken::OutOfBounds => None,
        }
    }

    fn worker(&mut self, state: &State, index: usize, is_final: bool, moves: &mut Vec<Move>) {
        let name = if index == 0 { 1 } else { 2 };
        let doing = state.workers[index];
        let goes_on = |doing| {
            let mut next = *state;
            next.workers[index] = doing;
            next
        };
        if state.holder == name && !state.is_free && !is_final {
            let next = State {
                is_free: true,
                ..*state
            };
            moves.push(("its lease expires", Some(next)));
        }
        if doing == Doing::Nothing {
            if state.is_free && !is_final {
                let woken = match state.evidence {
                    0 => Doing::Woken,
                    container => Doing::HasEvidence(container),
                };
                let leased = State {
                    holder: name,
                    is_free: false,
                    ..goes_on(woken)
                };
                moves.push(("a worker leases the post", Some(leased)));
            }
            return;
        }
        let crashed = goes_on(Doing::Nothing);
        if !matches!(doing, Doing::Sent(_)) {
            moves.push(("a worker crashes", Some(crashed)));
        }
        match doing {
            Doing::Create => self.create(state, index, moves),
            Doing::Read(number) => {
                let reading = Reading::of(&goes_on(doing).remote(number).is.status(self.world));
                let code = 0x1100 | reading as u16;
                self.write(
                    "a worker reads the status and writes it down",
                    state,
                    (index, code, Event::Status(reading.status())),
                    moves,
                );
            }
            Doing::Publish { container, is_late } => {
                if !is_late || !self.design.has_send_deadline() {
                    moves.push(("the call is sent", Some(goes_on(Doing::Sent(container)))));
                }
                moves.push(("the call cannot be sent", Some(goes_on(Doing::NotSent))));
            }
            Doing::Look(number) => {
                let looked = self.look(state, number);
                moves.push(("a worker looks", Some(goes_on(looked))));
            }
            Doing::Sent(number) => self.sent(state, index, number, moves),
            _ => {
                let event = doing.finding().expect("the others are above");
                self.write(
                    "a worker writes down what it learned",
                    state,
                    (index, doing.code(), event),
                    moves,
                );
            }
        }
    }

    fn create(&mut self, state: &State, index: usize, moves: &mut Vec<Move>) {
        // A container that was made and forgotten is invisible for ever (A1), so it is as if
        // it had never been made.
        let free = (1..=self.bounds.containers).find(|number| {
            let place = usize::from(*number) - 1;
            state.containers[place].is.standing == Standing::Unmade
        });
        let Some(number) = free else {
            moves.push(("a container is made", None));
            return;
        };
        let mut made = *state;
        let remote = made.remote(number);
        remote.is = crate::platform::Container::FINISHED;
        remote.version = self.posts.facts(state.post).version;
        let event = Event::Created(container(number).as_str().into());
        if self.may_write(state, index) {
            self.write(
                "a container is made and written down",
                &made,
                (index, 0x1000 | u16::from(number), event),
                moves,
            );
        }
    }

    fn look(&self, state: &State, number: u8) -> Doing {
        let place = usize::from(number) - 1;
        let reading = Reading::of(&state.containers[place].is.status(self.world));
        if reading == Reading::Published {
            return Doing::Looked(reading, Scan::None);
        }
        let mut scan = Scan::Clean;
        for (number, remote) in (1..).zip(&state.containers) {
            if remote.is.is_listed && remote.is.posts > 0 {
                scan = match scan {
                    Scan::Clean => Scan::Match(number),
                    _ => Scan::Near,
                };
            }
        }
        Doing::Looked(reading, scan)
    }

    fn sent(&self, state: &State, index: usize, number: u8, moves: &mut Vec<Move>) {
        let leaves = |mut next: State, doing| {
            next.workers[index] = doing;
            Some(next)
        };
        let mut forgotten = *state;
        forgotten.remote(number).in_flight += 1;
        moves.push((
            "a worker crashes with its call in flight",
            leaves(forgotten, Doing::Nothing),
        ));
        moves.push((
            "a worker waits no longer for its call",
            leaves(forgotten, Doing::Unknown),
        ));
        let now = state.containers[usize::from(number) - 1].is;
        for (is, reply) in now.process(self.world, self.bounds.refusals) {
            let mut next = *state;
            next.remote(number).is = is;
            let answered = match reply {
                Reply::Published => Doing::Published(number),
                Reply::Refused(remedy) => Doing::Refused(remedy),
                Reply::Unknown => Doing::Unknown,
            };
            moves.push(("the call is processed and answered", leaves(next, answered)));
            moves.push((
                "the call is processed; the worker crashes",
                leaves(next, Doing::Nothing),
            ));
        }
    }

    /// A write counts only under the newest lease.
    fn may_write(&self, state: &State, index: usize) -> bool {
        !self.design.is_fenced() || usize::from(state.holder) == index + 1
    }

    fn write(
        &mut self,
        what: &'static str,
        state: &State,
        (index, code, event): (usize, u16, Event),
        moves: &mut Vec<Move>,
    ) {
        let mut next = *state;
        if !self.may_write(state, index) {
            // A positive answer is still worth telling; nothing else is.
            if let Doing::Published(container) = state.workers[index] {
                next.evidence = container;
            }
            next.workers[index] = Doing::Nothing;
            moves.push(("a worker without a lease leaves what it knows", Some(next)));
            return;
        }
        match self
            .posts
            .take(state.post, code, || Happening::Event(event))
        {
            Taken::OutOfBounds => moves.push((what, None)),
            Taken::Post(post, doing) => {
                next.post = post;
                next.workers[index] = doing;
                if doing == Doing::Nothing {
                    next.holder = 0;
                    next.is_free = true;
                }
                moves.push((what, Some(next)));
            }
        }
    }
}
