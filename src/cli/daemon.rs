//! `daemon`: stays in the foreground and collects when a run is due.
//!
//! `collect::Watch` decides, here it is waited, looked and told. A run is one of `collect --once`,
//! with all that goes with it; nothing is shown on stdout.

mod watched;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::Session;
use super::args::{CollectArgs, DaemonArgs, OutputArgs, ThemeArg};
use super::collect::{collect_once, last_runs};
use super::connection::address_of;
use super::diagnostic::{DONE, Failure, TOKEN_REFUSED};
use super::report::bad_moment;
use crate::collect::{Came, Next, Watch};
use crate::domain::period::{Period, PeriodState};
use crate::domain::run::Key;
use crate::domain::when::When;
use crate::history::{Selection, Wanted, select_run};
use crate::platform::{Sign, Stop, notify_supervisor, stop_flag};

use watched::Watched;

/// The longest sleep: who sleeps longer learns too late that the clock was set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How long a run has to end when a signal comes; what it has kept is on disk in any case.
const GRACE: Duration = Duration::from_secs(1);

pub(super) fn perform(session: &Session, arguments: &DaemonArgs) -> Result<u8, Failure> {
    Session::block_on(async {
        let (stopper, heard_here) = stop_flag();
        let stop = session.stop.clone().unwrap_or(heard_here);
        let work = async {
            let mut daemon = Daemon::begin(session, arguments, stop)?;
            match arguments.next {
                Some(number) => daemon.show_next(arguments, number),
                None => daemon.stay().await,
            }
        };
        tokio::select! {
            biased;
            Err(error) = stopper.listen(), if session.stop.is_none() => {
                Err(Failure::failed("signals cannot be listened to").caused_by(&error))
            }
            done = work => done,
        }
    })
}

struct Daemon<'a> {
    session: &'a Session,
    /// For runs: they say only what is wrong.
    quiet: Session,
    order: CollectArgs,
    stop: Stop,
    watched: Watched,
    watch: Watch,
    /// The clock behind the last run was told of.
    told_of_clock: bool,
}

impl<'a> Daemon<'a> {
    fn begin(session: &'a Session, arguments: &DaemonArgs, stop: Stop) -> Result<Self, Failure> {
        let watched = Watched::load(session, arguments.survey.as_deref(), arguments.per)?;
        // What no later moment mends is said at once.
        address_of(session)?;
        let quiet = Session {
            settings: session.settings.clone(),
            ui: session.ui.unattended(),
            clock: Arc::clone(&session.clock),
            stop: Some(stop.clone()),
        };
        let order = CollectArgs {
            survey: Some(watched.name().to_owned()),
            replay: None,
            record: None,
            dry_run: false,
            resume: false,
            once: true,
            per: arguments.per,
            strict: false,
            connection: arguments.connection.clone(),
            ask: arguments.ask.clone(),
            output: OutputArgs {
                format: None,
                out: Vec::new(),
                theme: ThemeArg::Light,
                width: None,
            },
        };
        let watch = Watch::new(watched.periods().clone());
        Ok(Self { session, quiet, order, stop, watched, watch, told_of_clock: false })
    }

    /// Prints the next due moments.
    fn show_next(&self, arguments: &DaemonArgs, number: u32) -> Result<u8, Failure> {
        let now = self.now();
        let after = match arguments.from.as_deref() {
            None => now,
            Some(text) => {
                let from = When::parse(text, now.date_naive());
                let from = from.ok_or_else(|| bad_moment("--from", text))?;
                from.begins_at() - TimeDelta::seconds(1)
            }
        };
        let due = self.watched.periods().due_after(after).take(number as usize);
        let text: String = due
            .map(|due| format!("{}\n", due.to_rfc3339_opts(SecondsFormat::Secs, true)))
            .collect();
        self.session.ui.data(&text)?;
        Ok(DONE)
    }

    /// Collects whenever a run is due, until a signal comes.
    async fn stay(&mut self) -> Result<u8, Failure> {
        self.tell_start();
        let mut told_until = None;
        while self.stop.requested().is_none() {
            if let Some(periods) = self.watched.look_again(self.session) {
                self.watch.set_periods(periods);
                told_until = None;
            }
            match self.watch.next(self.now(), self.session.clock.monotonic()) {
                Next::Collect(period) => {
                    self.look_after(period).await;
                    told_until = None;
                }
                Next::Wait(until) => {
                    if told_until.replace(until).is_none() {
                        self.notify(&[Sign::Status(&format!("next run {}", minute(until)))]);
                    }
                    self.sleep_towards(until).await;
                }
            }
        }
        self.notify(&[Sign::Stopping]);
        self.session.ui.say("stopped; everything answered is on disk");
        Ok(DONE)
    }

    fn tell_start(&self) {
        let next = self.watched.periods().due_after(self.now()).next();
        let next = next.map_or_else(|| "never".to_owned(), minute);
        let due = self.watched.describe();
        self.session.ui.say(&format!("{due}, next due {next}; stop it with Ctrl-C or SIGTERM"));
        self.notify(&[Sign::Ready]);
    }

    /// Sees to it that a period gets its run, and takes in what came of it.
    async fn look_after(&mut self, period: Period) {
        let came = match self.last_run() {
            // Anything wrong with the history is told by the attempt to add to it.
            None => self.collect(period).await,
            Some(last) => {
                let runs = last_runs(&last);
                match runs.state_of(&period) {
                    PeriodState::Served(run) => {
                        let text = format!("the period {period} already has run {run}");
                        self.session.ui.say(&text);
                        Came::Served
                    }
                    PeriodState::Open if runs.are_ahead_of(self.now()) => {
                        self.tell_of_clock(&last);
                        Came::Behind(last.run.id.started_at())
                    }
                    PeriodState::Unfinished(_) | PeriodState::Open => self.collect(period).await,
                }
            }
        };
        if !matches!(came, Came::Behind(_)) {
            self.told_of_clock = false;
        }
        let passed = self.session.clock.monotonic();
        self.watch.note(period, came, passed);
        if matches!(came, Came::Failed | Came::Refused)
            && self.stop.requested().is_none()
            && let Next::Wait(until) = self.watch.next(self.now(), passed)
        {
            self.session.ui.say(&format!("trying again {}", minute(until)));
        }
    }

    fn tell_of_clock(&mut self, last: &Selection) {
        if self.told_of_clock {
            return;
        }
        self.told_of_clock = true;
        let (now, id) = (self.now(), last.run.id);
        let text = format!("the clock says {}, but there is run {id} already", minute(now));
        let line = "nothing can be collected until the clock has passed it".to_owned();
        self.session.ui.warn(&text, &[line], None);
    }

    /// Makes or finishes the run of a period, and tells how it went.
    async fn collect(&mut self, period: Period) -> Came {
        self.notify(&[Sign::Status("collecting")]);
        let (survey, periods) = (self.watched.survey().clone(), self.watched.periods().clone());
        let work = collect_once(&self.quiet, &self.order, survey, periods);
        let mut work = Box::pin(work);
        let mut stop = self.stop.clone();
        let mut given_up = Box::pin(async {
            let signal = stop.wait().await;
            self.session.clock.sleep(GRACE).await;
            Err(Failure::interrupted(signal, "the run is left as it is"))
        });
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut work => break ended,
                ended = &mut given_up => break ended,
                () = self.pause_between_signs() => self.notify(&[Sign::Alive]),
            }
        };
        drop((work, given_up));
        self.tell_of_run(period, ended)
    }

    /// Tells how a run went: its numbers, or why there are none.
    fn tell_of_run(&self, period: Period, ended: Result<u8, Failure>) -> Came {
        let ui = &self.session.ui;
        let last = self.last_run();
        let last = last.as_ref().filter(|last| period.from <= last.run.id.started_at());
        let numbers = last.map(|last| {
            let (id, progress) = (last.run.id, last.progress);
            let state = if progress.is_finished() { "finished" } else { "not finished" };
            format!("run {id} {state}: {} of {} counts", progress.answered, progress.planned)
        });
        match ended {
            Ok(DONE) => {
                let next = self.watched.periods().due_after(self.now()).next();
                let next = next.map_or_else(|| "never".to_owned(), minute);
                let numbers = numbers.unwrap_or_else(|| "nothing to ask".to_owned());
                ui.say(&format!("{numbers}; next due {next}"));
                Came::Served
            }
            Ok(_) => {
                ui.say(&numbers.unwrap_or_else(|| "no count was kept".to_owned()));
                Came::Failed
            }
            Err(failure) if self.stop.requested().is_some() => {
                ui.say(&failure.message);
                Came::Failed
            }
            Err(failure) => {
                ui.warn(&failure.message, &failure.causes, None);
                if failure.code == TOKEN_REFUSED { Came::Refused } else { Came::Failed }
            }
        }
    }

    /// Returns the last run of the history, if it has one that can be read.
    fn last_run(&self) -> Option<Selection> {
        let survey = self.watched.survey();
        let asked = |key: &Key| survey.still_asks(key);
        select_run(&self.session.history(&survey.id), Wanted::Last, asked).ok()
    }

    /// Sleeps until that moment, but not for long: the clock may be set meanwhile.
    async fn sleep_towards(&mut self, until: DateTime<Utc>) {
        let left = (until - self.now()).to_std().unwrap_or_default();
        let mut length = left.min(LONGEST_SLEEP);
        if let Some(between) = self.between_signs() {
            length = length.min(between);
            self.notify(&[Sign::Alive]);
        }
        tokio::select! {
            biased;
            _ = self.stop.wait() => {}
            () = self.session.clock.sleep(length) => {}
        }
    }

    /// Waits until the supervisor wants the next sign of life; for ever if it wants none.
    async fn pause_between_signs(&self) {
        match self.between_signs() {
            Some(between) => self.session.clock.sleep(between).await,
            None => std::future::pending().await,
        }
    }

    /// Returns the time between two signs of life: half of what the supervisor allows.
    fn between_signs(&self) -> Option<Duration> {
        self.session.settings.supervisor?.alive_within.map(|within| within / 2)
    }

    fn notify(&self, signs: &[Sign<'_>]) {
        if self.session.settings.supervisor.is_some()
            && let Err(error) = notify_supervisor(signs)
        {
            self.session.ui.detail(&format!("the supervisor cannot be told: {error}"));
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.session.clock.now_utc()
    }
}

fn minute(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%d %H:%M UTC").to_string()
}
