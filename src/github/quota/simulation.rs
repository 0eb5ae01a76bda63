//! A simulated GitHub and a caller that asks it query after query, in simulated time.
//!
//! The server knows nothing of the pacer, and the caller checks for itself what it was told:
//! nothing here takes the pacer's word for anything. What is to come out is said in the tests.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{LimitHeaders, Next, Pacer};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// The local clock's epoch time at the start of the simulation.
const LOCAL_EPOCH_S: u64 = 1_795_240_000;

/// Numbers that look random and are the same each time (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below that one.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn in_thousand(&mut self, cases: u64) -> bool {
        self.below(1_000) < cases
    }

    fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let span =
            u64::try_from(most.saturating_sub(least).as_nanos()).expect("less than centuries");
        least + Duration::from_nanos(self.below(span + 1))
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.below(choices.len() as u64);
        choices[usize::try_from(index).expect("an index")]
    }
}

/// How much of its headers the server's answers carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Headers {
    Sound,
    /// Each is missing now and then.
    Partial,
    /// Never any.
    Missing,
    /// Each is true, missing, or absurd.
    Nonsense,
}

/// What is simulated.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) seed: u64,
    /// How many queries to ask, and how long to rest after them.
    pub(super) runs: Vec<(usize, Duration)>,
    pub(super) default_limit: u64,
    pub(super) server_limit: u64,
    pub(super) minimum_gap: Duration,
    /// The least and the most time from sending to arrival.
    pub(super) latency: (Duration, Duration),
    /// How many seconds the server's clock is ahead of the local one.
    pub(super) server_ahead_s: i64,
    /// Requests of another program in each minute.
    pub(super) eaten: u64,
    /// Secondary limits, in a thousand requests.
    pub(super) secondary: u64,
    /// Requests that come to nothing, in a thousand.
    pub(super) lost: u64,
    pub(super) headers: Headers,
}

impl Scene {
    /// So many queries with a token, everything sound, nobody else.
    pub(super) fn of(queries: usize, seed: u64) -> Self {
        Self {
            seed,
            runs: vec![(queries, Duration::ZERO)],
            default_limit: 30,
            server_limit: 30,
            minimum_gap: Duration::ZERO,
            latency: (Duration::from_millis(100), Duration::from_millis(800)),
            server_ahead_s: 0,
            eaten: 0,
            secondary: 0,
            lost: 0,
            headers: Headers::Sound,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// When each request was sent.
    pub(super) sent: Vec<Duration>,
    /// When the last answer arrived.
    pub(super) ended_at: Duration,
    pub(super) refused_primary: u64,
    pub(super) refused_secondary: u64,
    /// Of those that the caller heard of; a lost one teaches nobody.
    pub(super) most_refused_in_a_window: u64,
    pub(super) longest_wait: Duration,
}

impl Seen {
    /// From the first request to the last answer, in seconds.
    pub(super) fn elapsed_s(&self) -> f64 {
        self.ended_at.saturating_sub(self.sent[0]).as_secs_f64()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    Good,
    Primary,
    Secondary,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    opened_at: Duration,
    used: u64,
    /// Refusals that the caller heard of.
    refused: u64,
}

/// GitHub, as far as its search limits go.
struct Server {
    limit: u64,
    /// Its epoch time at the start of the simulation.
    epoch: Duration,
    window: Option<Window>,
    other: OtherProgram,
    /// The end of a secondary limit's time; it refuses everything until then.
    blocked_until: Duration,
}

/// Sends its requests at random moments of each minute, whatever comes back.
struct OtherProgram {
    per_minute: u64,
    next_minute: Duration,
    moments: VecDeque<Duration>,
    chance: Chance,
}

impl OtherProgram {
    /// The next of its requests, if one is due by then.
    fn due(&mut self, by: Duration) -> Option<Duration> {
        while self.moments.is_empty() && self.per_minute > 0 && self.next_minute <= by {
            let (from, to) = (self.next_minute, self.next_minute + MINUTE);
            let mut moments: Vec<Duration> =
                (0..self.per_minute).map(|_| self.chance.between(from, to)).collect();
            moments.sort_unstable();
            self.moments = moments.into();
            self.next_minute = to;
        }
        self.moments.front().filter(|moment| **moment <= by)?;
        self.moments.pop_front()
    }
}

impl Server {
    fn new(scene: &Scene, chance: &mut Chance) -> Self {
        let phase = chance.between(Duration::ZERO, Duration::from_secs(1));
        let epoch_s = LOCAL_EPOCH_S.checked_add_signed(scene.server_ahead_s).expect("an epoch");
        let other = OtherProgram {
            per_minute: scene.eaten,
            next_minute: Duration::ZERO,
            moments: VecDeque::new(),
            chance: Chance::new(chance.next()),
        };
        Self {
            limit: scene.server_limit,
            epoch: Duration::from_secs(epoch_s) + phase,
            window: None,
            other,
            blocked_until: Duration::ZERO,
        }
    }

    /// The window that is open then; the first call opens it.
    fn window_at(&mut self, at: Duration) -> &mut Window {
        let running = self.window.filter(|window| at < window.opened_at + MINUTE);
        self.window.insert(running.unwrap_or(Window { opened_at: at, used: 0, refused: 0 }))
    }

    /// Counts a request; `false` where nothing was left.
    fn count(&mut self, at: Duration) -> bool {
        let limit = self.limit;
        let window = self.window_at(at);
        let allowed = window.used < limit;
        window.used += u64::from(allowed);
        allowed
    }

    /// Answers a request that arrives then.
    fn reply(&mut self, at: Duration, scene: &Scene, chance: &mut Chance) -> (Reply, LimitHeaders) {
        while let Some(moment) = self.other.due(at) {
            self.count(moment);
        }
        if !self.count(at) {
            return (Reply::Primary, self.headers(at));
        }
        let mut headers = self.headers(at);
        if at < self.blocked_until {
            return (Reply::Secondary, headers);
        }
        if !chance.in_thousand(scene.secondary) {
            return (Reply::Good, headers);
        }
        match chance.below(4) {
            0 => headers.retry_after_s = Some(1 + chance.below(120)),
            1 => headers = LimitHeaders { retry_after_s: Some(60), ..LimitHeaders::default() },
            2 => headers.remaining = Some(0),
            _ => self.blocked_until = at + chance.between(Duration::ZERO, 10 * MINUTE),
        }
        (Reply::Secondary, headers)
    }

    /// Notes that the caller heard of a refusal by the window that is open; returns how many it
    /// heard of.
    fn heard_refusal(&mut self) -> u64 {
        self.window.as_mut().map_or(0, |window| {
            window.refused += 1;
            window.refused
        })
    }

    fn headers(&mut self, at: Duration) -> LimitHeaders {
        let (limit, epoch) = (self.limit, self.epoch);
        let window = self.window_at(at);
        LimitHeaders {
            limit: Some(limit),
            remaining: Some(limit - window.used),
            used: Some(window.used),
            reset_s: Some(whole_seconds(epoch + window.opened_at + MINUTE)),
            resource: Some("search".into()),
            retry_after_s: None,
            date_s: None,
        }
    }
}

fn whole_seconds(epoch: Duration) -> i64 {
    i64::try_from(epoch.as_secs()).expect("an epoch second")
}

/// Asks all queries of a scene one after the other and checks every step.
///
/// # Panics
///
/// Panics where the pacer breaks a promise that holds in every scene.
pub(super) fn simulate(scene: &Scene) -> Seen {
    let mut chance = Chance::new(scene.seed);
    let server = Server::new(scene, &mut chance);
    let mut caller = Caller {
        scene,
        pacer: Pacer::new(scene.default_limit, scene.minimum_gap),
        server,
        now: chance.between(Duration::ZERO, HOUR),
        not_before: Duration::ZERO,
        primary_in_a_row: 0,
        secondary_in_a_row: 0,
        chance,
        seen: Seen::default(),
    };
    for (queries, rest) in &scene.runs {
        let mut still_to_ask = *queries;
        while still_to_ask > 0 {
            caller.wait(still_to_ask);
            if caller.ask() {
                still_to_ask -= 1;
            }
        }
        caller.now += *rest;
    }
    caller.seen
}

/// The one that asks, and remembers for itself what it was told.
struct Caller<'a> {
    scene: &'a Scene,
    pacer: Pacer,
    server: Server,
    chance: Chance,
    now: Duration,
    /// Nothing may be sent before, after what the last refusal said.
    not_before: Duration,
    primary_in_a_row: u32,
    secondary_in_a_row: u32,
    seen: Seen,
}

impl Caller<'_> {
    fn wait(&mut self, still_to_ask: usize) {
        for _ in 0..5 {
            let Next::At { at, .. } = self.pacer.next_request(self.now, still_to_ask) else {
                return;
            };
            assert!(self.now < at, "a wait of nothing");
            self.seen.longest_wait = self.seen.longest_wait.max(at.saturating_sub(self.now));
            self.now = at;
        }
        panic!("one wait after the other at {:?}", self.now);
    }

    /// Sends one request; `false` if it has to be sent again.
    fn ask(&mut self) -> bool {
        let sent_at = self.now;
        self.check_sending(sent_at);
        self.pacer.sent(sent_at);
        self.seen.sent.push(sent_at);
        let (least, most) = self.scene.latency;
        let latency = self.chance.between(least, most);
        let there = self.chance.between(Duration::ZERO, latency);
        let written = self.chance.between(there, latency);
        self.now = sent_at + latency;
        self.seen.ended_at = self.now;
        let local_s = whole_seconds(Duration::from_secs(LOCAL_EPOCH_S) + self.now);
        let local_at = DateTime::from_timestamp(local_s, 0).expect("a moment");
        if self.chance.in_thousand(self.scene.lost) {
            if self.chance.in_thousand(500) {
                self.server.reply(sent_at + there, self.scene, &mut self.chance);
            }
            self.pacer.failed(self.now, local_at, &LimitHeaders::default());
            return false;
        }
        let (reply, mut headers) = self.server.reply(sent_at + there, self.scene, &mut self.chance);
        headers.date_s = Some(whole_seconds(self.server.epoch + sent_at + written));
        self.spoil(&mut headers);
        self.take_in(reply, local_at, &headers);
        reply == Reply::Good
    }

    fn check_sending(&self, at: Duration) {
        assert!(self.not_before <= at, "sent at {at:?}, not allowed before {:?}", self.not_before);
        let Some(last) = self.seen.sent.last() else { return };
        assert!(self.seen.ended_at <= at, "two requests at the same time");
        assert!(*last + self.scene.minimum_gap <= at, "closer than the user wants");
        let careful = self.seen.refused_secondary > 0;
        assert!(!careful || *last + Duration::from_secs(2) <= at, "careless at {at:?}");
    }

    fn take_in(&mut self, reply: Reply, local_at: DateTime<Utc>, headers: &LimitHeaders) {
        match reply {
            Reply::Good => {
                self.pacer.answered(self.now, local_at, headers);
                (self.primary_in_a_row, self.secondary_in_a_row) = (0, 0);
            }
            Reply::Primary => {
                self.pacer.refused_primary(self.now, local_at, headers);
                self.seen.refused_primary += 1;
                let refused = self.server.heard_refusal();
                self.seen.most_refused_in_a_window =
                    self.seen.most_refused_in_a_window.max(refused);
                self.primary_in_a_row += 1;
                let twice = if self.primary_in_a_row > 1 { MINUTE } else { Duration::ZERO };
                self.not_before = self.window_end().max(self.now + twice);
            }
            Reply::Secondary => {
                self.pacer.refused_secondary(self.now, local_at, headers);
                self.seen.refused_secondary += 1;
                self.not_before = self.secondary_end(headers);
                self.secondary_in_a_row += 1;
            }
        }
        assert_eq!(self.pacer.secondary_in_a_row(), self.secondary_in_a_row);
    }

    /// The true end of the server's window, as far as true headers told of it.
    fn window_end(&self) -> Duration {
        let told = self.scene.headers == Headers::Sound;
        let window = self.server.window.filter(|_| told);
        window.map_or(self.now, |window| window.opened_at + MINUTE)
    }

    fn secondary_end(&self, headers: &LimitHeaders) -> Duration {
        match (headers.retry_after_s, headers.remaining) {
            (Some(seconds @ 1..), _) => self.now + Duration::from_secs(seconds.min(3_600)),
            (_, Some(0)) if headers.reset_s.is_some() => self.window_end(),
            _ => self.now + (MINUTE * 2u32.pow(self.secondary_in_a_row.min(10))).min(HOUR),
        }
    }

    /// Takes some of the headers away, or makes them absurd.
    fn spoil(&mut self, headers: &mut LimitHeaders) {
        let LimitHeaders { limit, remaining, used, reset_s, resource, retry_after_s, date_s } =
            headers;
        match self.scene.headers {
            Headers::Sound => {}
            Headers::Missing => *headers = LimitHeaders::default(),
            Headers::Partial => {
                for number in [limit, remaining, used] {
                    *number = number.filter(|_| self.chance.in_thousand(700));
                }
                *reset_s = reset_s.filter(|_| self.chance.in_thousand(700));
                *date_s = date_s.filter(|_| self.chance.in_thousand(700));
                *resource = resource.take().filter(|_| self.chance.in_thousand(700));
            }
            Headers::Nonsense => {
                let (date, reset) = (date_s.unwrap_or(0), reset_s.unwrap_or(0));
                for number in [limit, remaining, used, retry_after_s] {
                    let choices =
                        [*number, *number, *number, None, Some(0), Some(31), Some(u64::MAX)];
                    *number = self.chance.pick(&choices);
                }
                for (second, truth) in [(reset_s, reset), (date_s, date)] {
                    let (early, late) = (truth - 90_000, truth + 90_000);
                    let absurd = [0, -1, i64::MIN, i64::MAX, date, early, late];
                    let choices = [Some(truth), None, Some(self.chance.pick(&absurd))];
                    *second = self.chance.pick(&choices);
                }
                let names = [Some("search"), Some("core"), Some(" Search"), Some(""), None];
                *resource = self.chance.pick(&names).map(str::to_owned);
            }
        }
    }
}
