//! An exhaustive search of everything that can happen to one post, on the production reducer.
//!
//! Two workers, either of which may crash at any moment; a lease that may run out at any
//! time; calls that are processed at once, later or never; answers that are lost, and errors
//! after the effect; containers that expire or get lost; a list that shows posts late; a
//! person who cancels, edits once and decides. The breadth-first search visits every state
//! within the [`Bounds`] once, so the trace of a violation is a shortest one.
//!
//! What is not modelled: replies and ghost posts (they are not listed), carousels, chains,
//! posts from a backup, two posts with the same words, an account without a token, reads that
//! fail, foreign posts that look alike. The list that a look reads is exact.

mod posts;
mod rules;
mod state;

use std::collections::VecDeque;
use std::fmt;

pub use self::posts::{Ending, NOW, Posts, SETTLE, new_post, policy, project};
pub use self::rules::{Bounds, Rules};
pub use self::state::State;
use crate::design::Design;
use crate::fast::FastMap;
use crate::platform::World;

/// What must hold in every state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Never two live posts.
    OnePost,
    /// Failed, cancelled or missed: not live, now or later.
    NotLive,
    /// Published: live.
    Live,
    /// Never content that was changed before.
    Content,
}

impl Invariant {
    /// As in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnePost => "S1",
            Self::NotLive => "S2",
            Self::Live => "S3",
            Self::Content => "S4",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OnePost => "S1: two live posts",
            Self::NotLive => "S2: reported as not live, and live",
            Self::Live => "S3: reported as published, and not live",
            Self::Content => "S4: live with outdated content",
        })
    }
}

/// A broken invariant, and a shortest way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// What happened, and where the post then stood.
    pub trace: Vec<String>,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Report {
    /// States visited.
    pub states: usize,
    /// Moves between them.
    pub moves: usize,
    /// Posts that differ for the reducer.
    pub posts: usize,
    /// Moves that the bounds cut off.
    pub cut: usize,
    /// The first violation of each invariant, shortest first.
    pub violations: Vec<Violation>,
    /// States from which no end can be reached.
    pub stuck: usize,
    /// Whether the search ended because it had found something.
    pub is_partial: bool,
}

/// When a search may end before it has seen everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Never.
    Exhausted,
    /// At the first violation of any invariant.
    Broken,
    /// At the first violation of this one.
    BrokenIs(Invariant),
}

/// Searches.
pub fn search(world: World, design: Design, bounds: Bounds, until: Until) -> Report {
    let mut found = Found::default();
    let mut rules = Rules::new(world, design, bounds);
    found.explore(&mut rules, until);
    let stuck = if found.is_partial {
        0
    } else {
        found.stuck(&rules)
    };
    Report {
        states: found.states.len(),
        moves: found.edges.len(),
        posts: rules.posts.len(),
        cut: found.cut,
        violations: found.violations,
        stuck,
        is_partial: found.is_partial,
    }
}

#[derive(Default)]
struct Found {
    numbers: FastMap<u128, u32>,
    states: Vec<u128>,
    parents: Vec<(u32, &'static str)>,
    edges: Vec<(u32, u32)>,
    is_cut: Vec<bool>,
    cut: usize,
    violations: Vec<Violation>,
    is_partial: bool,
}

impl Found {
    fn explore(&mut self, rules: &mut Rules, until: Until) {
        let mut queue = VecDeque::from([self.number(State::START.pack(), (0, ""))]);
        let mut moves = Vec::new();
        while let Some(number) = queue.pop_front() {
            let state = State::unpack(self.states[index(number)]);
            if let Some(invariant) = broken(rules, &state) {
                if self.violations.iter().all(|one| one.invariant != invariant) {
                    let trace = self.trace(rules, number);
                    self.violations.push(Violation { invariant, trace });
                }
                if until == Until::Broken || until == Until::BrokenIs(invariant) {
                    self.is_partial = true;
                    return;
                }
                // What comes after a violation says nothing.
                self.is_cut[index(number)] = true;
                continue;
            }
            rules.moves(&state, &mut moves);
            for (what, next) in &moves {
                let Some(next) = next else {
                    self.cut += 1;
                    self.is_cut[index(number)] = true;
                    continue;
                };
                let before = self.states.len();
                let next = self.number(next.pack(), (number, what));
                if self.states.len() > before {
                    queue.push_back(next);
                }
                self.edges.push((number, next));
            }
        }
    }

    fn number(&mut self, state: u128, parent: (u32, &'static str)) -> u32 {
        let next = u32::try_from(self.states.len()).expect("more states than can be numbered");
        let number = *self.numbers.entry(state).or_insert(next);
        if number == next {
            self.states.push(state);
            self.parents.push(parent);
            self.is_cut.push(false);
        }
        number
    }

    fn trace(&self, rules: &Rules, mut number: u32) -> Vec<String> {
        let mut trace = Vec::new();
        while number != 0 {
            let (parent, what) = self.parents[index(number)];
            let state = State::unpack(self.states[index(number)]);
            let phase = rules.posts.facts(state.post).phase;
            trace.push(format!("{what} [{phase}, {} live]", state.live()));
            number = parent;
        }
        trace.reverse();
        trace
    }

    /// States from which neither an end, nor a question to a person, nor the edge of the
    /// bounds can be reached.
    fn stuck(&self, rules: &Rules) -> usize {
        let count = self.states.len();
        let mut ends = vec![0_u32; count + 1];
        for (_, to) in &self.edges {
            ends[index(*to) + 1] += 1;
        }
        for place in 0..count {
            ends[place + 1] += ends[place];
        }
        let mut from = vec![0_u32; self.edges.len()];
        let mut next = ends.clone();
        for (before, to) in &self.edges {
            let place = &mut next[index(*to)];
            from[index(*place)] = *before;
            *place += 1;
        }
        let mut can_end: Vec<bool> = self
            .states
            .iter()
            .zip(&self.is_cut)
            .map(|(state, is_cut)| {
                let post = State::unpack(*state).post;
                *is_cut || rules.posts.facts(post).ending != Ending::Open
            })
            .collect();
        let mut queue: Vec<usize> = (0..count).filter(|place| can_end[*place]).collect();
        while let Some(place) = queue.pop() {
            for before in &from[index(ends[place])..index(ends[place + 1])] {
                let before = index(*before);
                if !can_end[before] {
                    can_end[before] = true;
                    queue.push(before);
                }
            }
        }
        can_end.iter().filter(|can_end| !**can_end).count()
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn broken(rules: &Rules, state: &State) -> Option<Invariant> {
    let live = state.live();
    let facts = rules.posts.facts(state.post);
    let is_outdated =
        |remote: &state::Remote| remote.is.posts > 0 && remote.version != facts.version;
    if live > 1 {
        Some(Invariant::OnePost)
    } else if facts.ending == Ending::NotLive && live > 0 {
        Some(Invariant::NotLive)
    } else if facts.ending == Ending::Live && live == 0 {
        Some(Invariant::Live)
    } else if state.containers.iter().any(is_outdated) {
        Some(Invariant::Content)
    } else {
        None
    }
}
