//! A machine in simulated time: it is put to sleep, restarted and killed, and its clock is set.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use repo_census::clock::{Clock, Sleep};
use repo_census::platform::{Signal, Stopper, stop_flag};

use super::*;

/// What happens to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// It sleeps: nothing runs, and the monotonic clock stands still.
    Asleep { until_ms: i64 },
    /// Its clock is set so far ahead of the true time.
    ClockSet { ahead_ms: i64 },
    /// The program is asked to end, and started again then.
    Stopped { until_ms: i64 },
    /// The program is killed, and started again then.
    Killed { until_ms: i64 },
}

/// A machine on which the program runs, and what is still to happen to it, by true time.
pub(crate) struct Machine {
    pub(crate) time: SimulatedTime,
    script: Mutex<VecDeque<(i64, Happening)>>,
    ahead_ms: AtomicI64,
    asleep_ms: AtomicI64,
    down_until_ms: AtomicI64,
    stopper: Mutex<Option<Stopper>>,
    /// How often the program went to sleep.
    pub(crate) sleeps: AtomicU64,
}

/// What a killed program leaves behind instead of an exit code.
struct Killed;

impl Machine {
    pub(crate) fn new(time: &SimulatedTime, script: &[(i64, Happening)]) -> Arc<Self> {
        Arc::new(Self {
            time: time.clone(),
            script: Mutex::new(script.iter().copied().collect()),
            ahead_ms: 0.into(),
            asleep_ms: 0.into(),
            down_until_ms: 0.into(),
            stopper: Mutex::default(),
            sleeps: 0.into(),
        })
    }

    /// Lets the program run, again and again, until it is down at the end; returns how often it was
    /// started.
    pub(crate) fn run_until(
        self: &Arc<Self>,
        end_ms: i64,
        program: impl Fn(Box<dyn Clock>, Stop) -> u8,
    ) -> u32 {
        let mut starts = 0;
        while self.time.now_ms() < end_ms {
            let (stopper, stop) = stop_flag();
            *self.stopper.lock().expect("a stopper") = Some(stopper);
            starts += 1;
            let clock = Box::new(MachineClock(Arc::clone(self)));
            match catch_unwind(AssertUnwindSafe(|| program(clock, stop))) {
                Ok(code) => assert_eq!(code, 0, "a daemon that was asked to end"),
                Err(left) => assert!(left.is::<Killed>(), "a panic"),
            }
            self.time.advance_to_ms(self.down_until_ms.load(SeqCst));
        }
        starts
    }

    fn now_utc(&self) -> DateTime<Utc> {
        let now_ms = self.time.now_ms() + self.ahead_ms.load(SeqCst);
        DateTime::from_timestamp(now_ms.div_euclid(1_000), 0).expect("a moment")
    }

    /// Lets everything happen whose time has come.
    fn happen(&self) {
        loop {
            let now_ms = self.time.now_ms();
            let mut script = self.script.lock().expect("a script");
            if script.front().is_none_or(|(at_ms, _)| *at_ms > now_ms) {
                return;
            }
            let happening = script.pop_front().expect("what was there").1;
            drop(script);
            match happening {
                Happening::Asleep { until_ms } => {
                    self.time.advance_to_ms(until_ms);
                    self.asleep_ms.fetch_add(self.time.now_ms() - now_ms, SeqCst);
                }
                Happening::ClockSet { ahead_ms } => self.ahead_ms.store(ahead_ms, SeqCst),
                Happening::Stopped { until_ms } => {
                    self.down_until_ms.store(until_ms, SeqCst);
                    let stopper = self.stopper.lock().expect("a stopper");
                    stopper.as_ref().expect("a program").stop(Signal::Terminate);
                }
                Happening::Killed { until_ms } => {
                    self.down_until_ms.store(until_ms, SeqCst);
                    resume_unwind(Box::new(Killed));
                }
            }
        }
    }

    fn next_happening_ms(&self) -> i64 {
        self.script.lock().expect("a script").front().map_or(i64::MAX, |(at_ms, _)| *at_ms)
    }
}

struct MachineClock(Arc<Machine>);

impl Clock for MachineClock {
    fn now_utc(&self) -> DateTime<Utc> {
        self.0.happen();
        self.0.now_utc()
    }

    fn monotonic(&self) -> Duration {
        let asleep_ms = self.0.asleep_ms.load(SeqCst);
        let asleep = Duration::from_millis(asleep_ms.try_into().expect("a length"));
        self.0.time.passed().checked_sub(asleep).expect("no longer asleep than there is time")
    }

    fn sleep(&self, duration: Duration) -> Sleep<'_> {
        self.0.sleeps.fetch_add(1, SeqCst);
        Box::pin(async move {
            let machine = &self.0;
            let mut left = duration;
            loop {
                tokio::task::yield_now().await;
                machine.happen();
                let until_next = machine.next_happening_ms() - machine.time.now_ms();
                let until_next = Duration::from_millis(until_next.try_into().expect("a length"));
                machine.time.advance(left.min(until_next));
                match left.checked_sub(until_next) {
                    Some(rest) if !rest.is_zero() => left = rest,
                    _ => return,
                }
            }
        })
    }
}
