//! One run: a queue of happenings in virtual time, and what each of them does.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use threads_client::{ContainerId, Draft};
use threads_monitor::publishing::{
    Answer, Decision, Effect, Event, Next, Phase, Post, PostPolicy, Remedy, ScanResult,
    StatusReading, Step, matching,
};

use super::meta::Made;
use super::store::{self, Job, LATENESS};
use super::{Faults, Outcome, SKEW, Trace, judge};
use crate::design::Design;
use crate::platform::{Reply, Standing, World};

/// More happenings than any run has that comes to its end.
const ENDLESS: u64 = 200_000;
/// The engine's: a publish call is not begun with less left on the lease.
const LEASE_LEFT_TO_SEND: TimeDelta = TimeDelta::seconds(90);
/// The engine's: how often an answer is offered to a store that fails.
const WRITE_TRIES: u32 = 5;

/// Something that happens at an instant.
#[derive(Debug, Clone)]
enum Happening {
    /// A post may be leased.
    Due(usize),
    /// A worker writes down what it learned.
    Commit(usize, Event),
    /// A worker does what the step asked for.
    Perform(usize, Effect),
    /// A call reaches Meta.
    Arrive(usize),
    /// The answer of a call reaches its worker.
    Answered(usize, Answer),
    /// A worker waits no longer for its call.
    Timeout(usize),
    /// The list shows what a container became.
    Listed(usize),
    /// A container that is still unpublished ends.
    Ends(usize, Standing),
    /// A person cancels, or edits.
    Person(usize, Wish),
    /// A person decides.
    Decide(usize),
}

#[derive(Debug, Clone, Copy)]
enum Wish {
    Cancel,
    Edit,
}

#[derive(Debug)]
struct Node {
    /// What was begun before a crash is gone.
    life: u32,
    dead_until: DateTime<Utc>,
    paused_until: DateTime<Utc>,
    skew: TimeDelta,
}

/// A worker with a lease.
#[derive(Debug)]
struct Worker {
    node: usize,
    life: u32,
    job: usize,
    epoch: u64,
    waits_for: Option<usize>,
    container: Option<ContainerId>,
    tries: u32,
}

/// One run.
#[derive(Debug)]
pub(super) struct Story {
    rng: Rng,
    world: World,
    design: Design,
    faults: Faults,
    policy: PostPolicy,
    now: DateTime<Utc>,
    queue: BTreeMap<(DateTime<Utc>, u64), Happening>,
    order: u64,
    nodes: Vec<Node>,
    workers: Vec<Worker>,
    jobs: Vec<Job>,
    made: Vec<Made>,
    /// The worker and the container of each call.
    calls: Vec<(usize, usize)>,
    early: Option<String>,
    keeps_trace: bool,
    trace: Vec<String>,
    fingerprint: DefaultHasher,
}

impl Story {
    pub(super) fn new(
        mut rng: Rng,
        world: World,
        design: Design,
        faults: Faults,
        trace: Trace,
    ) -> Self {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let skew = SKEW.num_milliseconds();
        let nodes = (0..rng.usize(2..=3))
            .map(|_| Node {
                life: 0,
                dead_until: start,
                paused_until: start,
                skew: TimeDelta::milliseconds(rng.i64(-skew..=skew)),
            })
            .collect();
        let mut story = Self {
            world,
            design,
            faults,
            policy: design.policy(PostPolicy::default()),
            now: start,
            queue: BTreeMap::new(),
            order: 0,
            nodes,
            workers: Vec::new(),
            jobs: Vec::new(),
            made: Vec::new(),
            calls: Vec::new(),
            early: None,
            keeps_trace: trace == Trace::Kept,
            trace: Vec::new(),
            fingerprint: DefaultHasher::new(),
            rng,
        };
        story.schedule_posts();
        story
    }

    fn schedule_posts(&mut self) {
        for id in 0..self.rng.usize(4..=20) {
            let due_at = self.now + TimeDelta::seconds(self.rng.i64(600..9000));
            // Some posts say what another says.
            let text = if self.rng.usize(..6) == 0 { id / 2 } else { id };
            let account = self.rng.usize(..3);
            self.schedule(&format!("post number {text}00{text}"), due_at, account, id);
            if self.chance(self.faults.person) {
                let wish = [Wish::Cancel, Wish::Edit][self.rng.usize(..2)];
                let at = due_at + TimeDelta::seconds(self.rng.i64(-300..900));
                self.at(at, Happening::Person(id, wish));
            }
        }
    }

    fn schedule(&mut self, text: &str, due_at: DateTime<Utc>, account: usize, root: usize) {
        let post = Post::new(Draft::text(text), due_at, None, LATENESS);
        self.jobs.push(Job::new(post, account, root));
        self.wake(self.jobs.len() - 1);
    }

    pub(super) fn run(mut self) -> Outcome {
        let mut events = 0;
        let mut broken = None;
        while let Some(((at, _), happening)) = self.queue.pop_first() {
            self.now = at;
            if !self.can_happen(&happening) {
                continue;
            }
            events += 1;
            let line = format!("{} {happening:?}", at.format("%d %H:%M:%S%.3f"));
            self.fingerprint.write(line.as_bytes());
            if self.keeps_trace {
                self.trace.push(line);
            }
            self.happen(happening);
            broken = self.early.take();
            broken = broken.or_else(|| judge::broken(&self.jobs, &self.made));
            if broken.is_none() && events > ENDLESS {
                broken = Some("does not come to its end".to_owned());
            }
            if broken.is_some() {
                break;
            }
        }
        let mut endings = BTreeMap::new();
        for (id, job) in self.jobs.iter().enumerate() {
            let phase = &job.post.phase;
            *endings.entry(phase.name()).or_default() += 1;
            if broken.is_none() && !phase.is_final() {
                broken = Some(format!("post {id}: lost while {}", phase.name()));
            }
        }
        Outcome {
            broken,
            events,
            calls: self.calls.len().try_into().unwrap_or(u64::MAX),
            endings: endings.into_iter().collect(),
            fingerprint: self.fingerprint.finish(),
            trace: self.trace,
        }
    }

    /// Whether it happens now; a node that is down loses it, one that stands still delays it.
    fn can_happen(&mut self, happening: &Happening) -> bool {
        let worker = match happening {
            Happening::Commit(worker, _) | Happening::Perform(worker, _) => *worker,
            Happening::Answered(call, _) | Happening::Timeout(call) => {
                let worker = self.calls[*call].0;
                if self.workers[worker].waits_for != Some(*call) {
                    return false;
                }
                worker
            }
            _ => return true,
        };
        let Worker { node, life, .. } = self.workers[worker];
        if self.nodes[node].life != life {
            return false;
        }
        let again = self.nodes[node].paused_until;
        if again > self.now {
            self.at(again, happening.clone());
            return false;
        }
        if self.chance(self.faults.crash) {
            let back = self.in_ms(1_000, 120_000);
            let node = &mut self.nodes[node];
            node.life += 1;
            node.dead_until = back;
            self.say(|| "a node dies".to_owned());
            return false;
        }
        // Others have to see the post through meanwhile, for a late call to do harm.
        let (pause, longest) = match happening {
            Happening::Perform(_, Effect::Publish { .. }) => (self.faults.held_up, 3_600_000),
            _ => (self.faults.pause, 900_000),
        };
        if self.chance(pause) {
            let again = self.in_ms(1_000, longest);
            self.nodes[node].paused_until = again;
            self.say(|| format!("a node stands still until {again}"));
            self.at(again, happening.clone());
            return false;
        }
        true
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Due(job) => self.due(job),
            Happening::Commit(worker, event) => self.commit(worker, &event),
            Happening::Perform(worker, effect) => self.perform(worker, effect),
            Happening::Arrive(call) => self.arrive(call),
            Happening::Answered(call, answer) => {
                let worker = self.calls[call].0;
                self.workers[worker].waits_for = None;
                self.commit(worker, &Event::Answered(answer));
            }
            Happening::Timeout(call) => {
                let worker = self.calls[call].0;
                self.workers[worker].waits_for = None;
                self.commit(worker, &unknown());
            }
            Happening::Listed(container) => self.made[container].is.is_listed = true,
            Happening::Ends(container, standing) => {
                let is = &mut self.made[container].is;
                if is.standing == Standing::Finished {
                    is.standing = standing;
                }
            }
            Happening::Person(job, wish) => self.person(job, wish),
            Happening::Decide(job) => self.decide(job),
        }
    }

    /// A node that is up leases a post that is due.
    fn due(&mut self, job: usize) {
        if self.jobs[job].due().is_none_or(|due| due > self.now) {
            return;
        }
        let up: Vec<usize> = (0..self.nodes.len())
            .filter(|node| {
                let node = &self.nodes[*node];
                node.dead_until <= self.now && node.paused_until <= self.now
            })
            .collect();
        let epoch = if up.is_empty() {
            None
        } else {
            store::claim(&mut self.jobs, job, self.now)
        };
        let Some(epoch) = epoch else {
            let again = self.in_ms(5_000, 20_000);
            return self.at(again, Happening::Due(job));
        };
        let node = up[self.rng.usize(..up.len())];
        self.workers.push(Worker {
            node,
            life: self.nodes[node].life,
            job,
            epoch,
            waits_for: None,
            container: None,
            tries: 0,
        });
        let first = self.first_event(job);
        self.soon(self.workers.len() - 1, 20, first);
        self.wake(job);
    }

    fn first_event(&mut self, id: usize) -> Event {
        let job = &self.jobs[id];
        if let Some((container, media_id)) = job.evidence.clone() {
            return Event::LateAnswer {
                container,
                media_id,
            };
        }
        let is_ready = matches!(job.post.phase, Phase::Ready { .. });
        if self.chance(self.faults.unreadable / 4) {
            let why = "revoked".to_owned();
            return Event::NoToken { why };
        }
        if is_ready && store::has_open_twin(&self.jobs, id) {
            return Event::TwinOpen;
        }
        Event::Woke
    }

    fn commit(&mut self, worker: usize, event: &Event) {
        let Worker { job, epoch, .. } = self.workers[worker];
        if self.design.is_fenced() && !self.jobs[job].is_held(epoch) {
            if let (Event::Answered(Answer::Published(media_id)), Some(container)) =
                (event, self.workers[worker].container.clone())
            {
                self.jobs[job].evidence = Some((container, media_id.clone()));
            }
            return;
        }
        let fails = self.chance(self.faults.failed_write);
        if fails && self.rng.bool() {
            self.write_failed(worker, event);
            return;
        }
        let now = self.now + self.nodes[self.workers[worker].node].skew;
        let step = self
            .design
            .step(&self.policy, &self.jobs[job].post, now, event.clone());
        let gives_back = !matches!(step.next, Next::Do(_));
        self.store(job, &step, gives_back);
        if fails {
            self.write_failed(worker, event);
        } else if let Next::Do(effect) = step.next {
            let at = self.in_ms(1, 50);
            self.at(at, Happening::Perform(worker, effect));
        }
    }

    /// The store failed, whether it wrote or not. Only an answer is worth another try.
    fn write_failed(&mut self, worker: usize, event: &Event) {
        let tries = &mut self.workers[worker].tries;
        if matches!(event, Event::Answered(_)) && *tries < WRITE_TRIES {
            *tries += 1;
            self.soon(worker, 2_000, event.clone());
        }
    }

    fn store(&mut self, id: usize, step: &Step, gives_back: bool) {
        let asked = matches!(self.jobs[id].post.phase, Phase::NeedsAttention { .. });
        self.jobs[id].write(step, self.now, gives_back);
        if !asked && matches!(step.post.phase, Phase::NeedsAttention { .. }) {
            let at = self.in_ms(3_600_000, 100_000_000);
            self.at(at, Happening::Decide(id));
        }
        let phase = step.post.phase.name();
        self.say(|| format!("post {id} is {phase}"));
        self.wake(id);
    }

    fn perform(&mut self, worker: usize, effect: Effect) {
        let Worker { job, epoch, .. } = self.workers[worker];
        // Before a publish call nobody asks the store: what a worker knows of its lease by its own
        // clock, and the deadline, have to do.
        let asks_first = self.design.is_fenced() && !matches!(effect, Effect::Publish { .. });
        if asks_first && !self.keeps_lease(job, epoch) {
            return;
        }
        match effect {
            Effect::CreateContainer { .. } => self.create(worker),
            Effect::ReadStatus { container } => {
                let status = self.status(&container);
                self.soon(worker, 2_000, Event::Status(status));
            }
            Effect::Publish {
                container,
                send_before,
            } => self.publish(worker, container, send_before),
            Effect::Look { container, since } => {
                let status = self.status(&container);
                let scan = match status {
                    StatusReading::Published => None,
                    _ => Some(self.scan(job, since)),
                };
                self.soon(worker, 15_000, Event::Looked { status, scan });
            }
            Effect::Scan { since } => {
                let scan = self.scan(job, since);
                self.soon(worker, 15_000, Event::Scanned(scan));
            }
            effect => panic!("no text needs {effect:?}"),
        }
    }

    fn keeps_lease(&mut self, id: usize, epoch: u64) -> bool {
        let now = self.now;
        let account = self.jobs[id].account;
        let is_taken = (0..self.jobs.len()).any(|other| {
            let job = &self.jobs[other];
            let is_leased = job.lease.is_some_and(|held| held.until > now);
            other != id && job.account == account && is_leased
        });
        let Some(held) = self.jobs[id].lease.as_mut() else {
            return false;
        };
        if held.epoch != epoch {
            return false;
        }
        if held.until - now < LEASE_LEFT_TO_SEND + TimeDelta::seconds(30) {
            if is_taken {
                return false;
            }
            held.until = now + store::LEASE;
            self.wake(id);
        }
        true
    }

    fn create(&mut self, worker: usize) {
        if self.chance(self.faults.unreadable) {
            let failed = Event::CreateFailed {
                why: "503".to_owned(),
                remedy: None,
                retry_after: None,
            };
            return self.soon(worker, 2_000, failed);
        }
        let id = self.workers[worker].job;
        let job = &self.jobs[id];
        let text = job.post.draft.text.clone().unwrap_or_default();
        self.made.push(Made::new(id, job.account, &text));
        let number = self.made.len() - 1;
        let day = self.now + TimeDelta::hours(24);
        self.at(day, Happening::Ends(number, Standing::Expired));
        if self.chance(self.faults.lost_container) {
            let ends = [Standing::Lost, Standing::Failed, Standing::Expired];
            let end = ends[self.rng.usize(..3)];
            let at = self.in_ms(1, 3_600_000);
            self.at(at, Happening::Ends(number, end));
        }
        let created = Event::Created(format!("c{number}").as_str().into());
        self.soon(worker, 3_000, created);
    }

    fn publish(&mut self, worker: usize, container: ContainerId, send_before: DateTime<Utc>) {
        let Worker {
            node, job, epoch, ..
        } = self.workers[worker];
        let clock = self.now + self.nodes[node].skew;
        // Whoever has it now: the worker's own one is over by then.
        let held = self.jobs[job].lease.filter(|held| held.epoch == epoch);
        let lease_left = held.map_or(TimeDelta::zero(), |held| held.until - self.now);
        let is_late = clock > send_before || lease_left < LEASE_LEFT_TO_SEND;
        if (is_late && self.design.has_send_deadline()) || self.chance(self.faults.not_sent) {
            let not_sent = Answer::NotSent {
                why: "not sent".to_owned(),
                retry_after: None,
            };
            return self.soon(worker, 100, Event::Answered(not_sent));
        }
        let call = self.calls.len();
        self.calls.push((worker, number(&container)));
        self.workers[worker].container = Some(container);
        self.workers[worker].waits_for = Some(call);
        if !self.chance(self.faults.lost_call) {
            let longest = match (self.chance(self.faults.slow_call), self.world.bounded) {
                (false, _) => 2_000,
                (true, true) => 240_000,
                (true, false) => 7_200_000,
            };
            let at = self.in_ms(50, longest);
            self.at(at, Happening::Arrive(call));
        }
        let timeout = self.now + TimeDelta::seconds(60);
        self.at(timeout, Happening::Timeout(call));
    }

    fn arrive(&mut self, call: usize) {
        let place = self.calls[call].1;
        let id = self.made[place].job;
        let refusals = [
            Remedy::NewContainer,
            Remedy::Nothing,
            Remedy::Quota,
            Remedy::Reconnect,
        ];
        let outcomes = self.made[place].is.process(self.world, &refusals);
        let usual = outcomes
            .iter()
            .find(|(_, reply)| *reply == Reply::Published)
            .or(outcomes.last());
        let odd = self.chance(self.faults.odd_reply);
        let (is, reply) = match usual {
            Some(usual) if !odd => *usual,
            _ => outcomes[self.rng.usize(..outcomes.len())],
        };
        if self.made[place].become_(is, place, self.now) {
            let longest = if self.world.bounded {
                60_000
            } else {
                7_200_000
            };
            let at = self.in_ms(0, longest);
            self.at(at, Happening::Listed(place));
            if self.now + SKEW < self.jobs[id].post.due_at {
                self.early = Some(format!("post {id}: published early"));
            }
        }
        if self.chance(self.faults.lost_answer) {
            return;
        }
        let live = self.made[place].posts.last();
        let media_id = || live.map_or_else(String::new, |live| live.id.to_string());
        let answer = reply.answer(media_id);
        let longest = if self.chance(self.faults.slow_call) {
            100_000
        } else {
            500
        };
        let at = self.in_ms(10, longest);
        self.at(at, Happening::Answered(call, answer));
    }

    fn status(&mut self, container: &ContainerId) -> StatusReading {
        if self.chance(self.faults.unreadable) {
            return StatusReading::Unreadable {
                why: "503".to_owned(),
                retry_after: Some(Duration::from_secs(self.rng.u64(..90))),
            };
        }
        self.made[number(container)].is.status(self.world)
    }

    fn scan(&mut self, id: usize, since: DateTime<Utc>) -> ScanResult {
        if self.chance(self.faults.unreadable) {
            let why = "503".to_owned();
            return ScanResult::Incomplete { why };
        }
        let account = self.jobs[id].account;
        let listed = self
            .made
            .iter()
            .filter(|made| made.account == account && made.is.is_listed)
            .flat_map(|made| &made.posts)
            .filter(|live| live.timestamp.is_none_or(|at| at >= since));
        let claimed = store::claimed(&self.jobs, id);
        matching::find(&self.jobs[id].post.draft, listed, since, &claimed)
    }

    fn person(&mut self, id: usize, wish: Wish) {
        let post = &self.jobs[id].post;
        if post.phase.is_final() {
            return;
        }
        let text = format!("{} edited", post.draft.text.as_deref().unwrap_or_default());
        if matches!(wish, Wish::Edit) && self.design.edits_in_flight(&post.phase) {
            self.jobs[id].post.draft = Draft::text(text);
            return;
        }
        let cancel = Event::CancelRequested;
        let step = self.design.step(&self.policy, post, self.now, cancel);
        let is_cancelled = matches!(step.post.phase, Phase::Cancelled { .. });
        match wish {
            Wish::Cancel => self.store(id, &step, false),
            Wish::Edit if is_cancelled => {
                self.store(id, &step, false);
                let Job { account, root, .. } = self.jobs[id];
                let due_at = self.jobs[id].post.due_at.max(self.now);
                self.schedule(&text, due_at, account, root);
            }
            // It is told that it is too late, and nothing is changed.
            Wish::Edit => {}
        }
    }

    fn decide(&mut self, id: usize) {
        let is_live = self
            .made
            .iter()
            .any(|made| made.job == id && !made.posts.is_empty());
        let decision = if is_live {
            Decision::ItIsLive
        } else {
            Decision::Discard
        };
        let event = Event::Decided(decision);
        let step = self
            .design
            .step(&self.policy, &self.jobs[id].post, self.now, event);
        if step.post.phase.is_final() {
            self.store(id, &step, false);
        }
    }

    fn wake(&mut self, id: usize) {
        if let Some(at) = self.jobs[id].due() {
            self.at(at.max(self.now), Happening::Due(id));
        }
    }

    fn soon(&mut self, worker: usize, longest: u64, event: Event) {
        let at = self.in_ms(1, longest);
        self.at(at, Happening::Commit(worker, event));
    }

    fn at(&mut self, at: DateTime<Utc>, happening: Happening) {
        self.order += 1;
        self.queue.insert((at, self.order), happening);
    }

    fn in_ms(&mut self, least: u64, most: u64) -> DateTime<Utc> {
        let pause = Duration::from_millis(self.rng.u64(least..=most));
        self.now + pause
    }

    fn chance(&mut self, thousandths: u32) -> bool {
        self.rng.u32(..1000) < thousandths
    }

    fn say(&mut self, what: impl FnOnce() -> String) {
        if self.keeps_trace {
            let line = format!("    {}", what());
            self.trace.push(line);
        }
    }
}

fn unknown() -> Event {
    Event::Answered(Answer::Unknown {
        why: "timeout".to_owned(),
    })
}

fn number(container: &ContainerId) -> usize {
    let digits = container.as_str().strip_prefix('c').unwrap_or_default();
    digits
        .parse()
        .expect("containers are named by their number")
}
