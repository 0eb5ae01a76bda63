//! Pauses, their ends, patience and outages, against a clock that goes on by what is slept.

use std::sync::Mutex;

use super::*;
use crate::clock::Sleep;
use crate::platform::stop_flag;

/// A clock that goes on by what is slept.
#[derive(Default)]
struct SleptClock(Mutex<Duration>);

impl Clock for SleptClock {
    fn now_utc(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().expect("a clock")
    }

    fn sleep(&self, duration: Duration) -> Sleep<'_> {
        *self.0.lock().expect("a clock") += duration;
        Box::pin(std::future::ready(()))
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn patience(unplanned: Duration, whole: Option<Duration>) -> Patience {
    Patience { request: 20 * SECOND, unplanned, whole, gap: Duration::ZERO }
}

fn block<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

fn bound_of<T>(result: Result<T, SourceError>) -> Option<Bound> {
    match result {
        Ok(_) => None,
        Err(SourceError::TooLong { bound, .. }) => Some(bound),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_pause_of_everything_is_kept_over_the_other_api_too() {
    let turn_after = |limited, kind| {
        let (clock, (_stopper, mut stop)) = (SleptClock::default(), stop_flag());
        let mut waiting = Waiting::new(patience(900 * SECOND, None), Vec::new(), &clock, |_| {});
        let next = Next::At { at: 60 * SECOND, why: Why::Asked };
        waiting.note_pause(limited, next, &LimitHeaders::default()).expect("patience");
        block(waiting.wait_for_turn(kind, |_| Next::Now, &mut stop)).expect("a turn");
        clock.monotonic()
    };
    assert_eq!(turn_after(Limited::All, Limited::Rest), 60 * SECOND);
    assert_eq!(turn_after(Limited::All, Limited::Graphql), 60 * SECOND);
    assert_eq!(turn_after(Limited::Graphql, Limited::Rest), Duration::ZERO);
}

#[test]
fn of_two_pauses_of_everything_the_longer_one_is_kept() {
    for lengths in [[90, 30], [30, 90]] {
        let (clock, (_stopper, mut stop)) = (SleptClock::default(), stop_flag());
        let mut waiting = Waiting::new(patience(900 * SECOND, None), Vec::new(), &clock, |_| {});
        for seconds in lengths {
            let next = Next::At { at: seconds * SECOND, why: Why::Asked };
            waiting.note_pause(Limited::All, next, &LimitHeaders::default()).expect("patience");
        }
        block(waiting.wait_for_turn(Limited::Rest, |_| Next::Now, &mut stop)).expect("a turn");
        assert_eq!(clock.monotonic(), 90 * SECOND, "{lengths:?}");
    }
}

#[test]
fn a_pause_of_an_earlier_run_is_kept_once_by_what_it_concerns() {
    let turns = |limited, kind| {
        let (clock, (_stopper, mut stop)) = (SleptClock::default(), stop_flag());
        let pause = |until: u32| Pause {
            host: "a".to_owned(),
            limited,
            since: DateTime::UNIX_EPOCH,
            until: DateTime::UNIX_EPOCH + until * SECOND,
        };
        let pauses = vec![pause(20), pause(30)];
        let mut waiting = Waiting::new(patience(900 * SECOND, None), pauses, &clock, |_| {});
        block(waiting.wait_for_turn(kind, |_| Next::Now, &mut stop)).expect("a turn");
        let first = clock.monotonic();
        block(waiting.wait_for_turn(kind, |_| Next::Now, &mut stop)).expect("a turn");
        (first, clock.monotonic())
    };
    assert_eq!(turns(Limited::All, Limited::Rest), (30 * SECOND, 30 * SECOND));
    assert_eq!(turns(Limited::Rest, Limited::Rest), (30 * SECOND, 30 * SECOND));
    assert_eq!(turns(Limited::Rest, Limited::Graphql), (Duration::ZERO, Duration::ZERO));
}

#[test]
fn pauses_of_an_earlier_run_outlast_turns_of_another_kind() {
    let (clock, (_stopper, mut stop)) = (SleptClock::default(), stop_flag());
    let pause = |limited, until: u32| Pause {
        host: "a".to_owned(),
        limited,
        since: DateTime::UNIX_EPOCH,
        until: DateTime::UNIX_EPOCH + until * SECOND,
    };
    let pauses = vec![pause(Limited::Rest, 30), pause(Limited::Graphql, 50)];
    let mut waiting = Waiting::new(patience(900 * SECOND, None), pauses, &clock, |_| {});
    for (kind, until) in [(Limited::Rest, 30), (Limited::Graphql, 50)] {
        block(waiting.wait_for_turn(kind, |_| Next::Now, &mut stop)).expect("a turn");
        assert_eq!(clock.monotonic(), until * SECOND);
    }
}

#[test]
fn the_longest_pause_of_a_run_counts_and_its_end_is_told() {
    let (clock, (_stopper, mut stop)) = (SleptClock::default(), stop_flag());
    let told = Mutex::new(Vec::new());
    let tell = |notice| {
        if let Notice::Waiting { until, length, .. } = notice {
            told.lock().expect("notices").push((until, length));
        }
    };
    let mut waiting = Waiting::new(patience(900 * SECOND, None), Vec::new(), &clock, tell);
    for at in [60, 30, 90] {
        let next = Next::At { at: at * SECOND, why: Why::Asked };
        waiting.note_pause(Limited::All, next, &LimitHeaders::default()).expect("patience");
    }
    drop(clock.sleep(10 * SECOND));
    block(waiting.wait_for_turn(Limited::Rest, |_| Next::Now, &mut stop)).expect("a turn");
    let ends = DateTime::UNIX_EPOCH + 90 * SECOND;
    assert_eq!(*told.lock().expect("notices"), [(ends, 80 * SECOND)]);
}

#[test]
fn after_a_secondary_limit_time_is_left_from_request_to_request() {
    let (clock, (_stopper, mut stop)) = (SleptClock::default(), stop_flag());
    let mut waiting = Waiting::new(patience(900 * SECOND, None), Vec::new(), &clock, |_| {});
    let next = Next::At { at: SECOND, why: Why::SecondaryLimit };
    waiting.note_pause(Limited::All, next, &LimitHeaders::default()).expect("patience");
    for turn in 0..3 {
        block(waiting.wait_for_turn(Limited::Rest, |_| Next::Now, &mut stop)).expect("a turn");
        assert_eq!(clock.monotonic(), SECOND + turn * CAREFUL_GAP);
        waiting.note_sent("a query");
    }
}

#[test]
fn patience_ends_where_it_was_said_to_end() {
    let waits = |patience, lengths: &[Duration], is_planned| {
        let (clock, (_stopper, mut stop)) = (SleptClock::default(), stop_flag());
        drop(clock.sleep(5 * SECOND));
        let mut waiting = Waiting::new(patience, Vec::new(), &clock, |_| {});
        let wait = |length: &Duration| {
            bound_of(block(waiting.wait(*length, "to see", is_planned, &mut stop)))
        };
        lengths.iter().map(wait).collect::<Vec<_>>()
    };
    let (short, unplanned) = (patience(10 * SECOND, None), Some(Bound::Unplanned));
    assert_eq!(waits(short, &[6 * SECOND, 4 * SECOND], false), [None, None]);
    assert_eq!(waits(short, &[6 * SECOND, 5 * SECOND], false), [None, unplanned]);
    assert_eq!(waits(short, &[60 * SECOND, 60 * SECOND], true), [None, None]);
    let bounded = patience(900 * SECOND, Some(10 * SECOND));
    assert_eq!(waits(bounded, &[6 * SECOND, 4 * SECOND], true), [None, None]);
    assert_eq!(waits(bounded, &[6 * SECOND, 5 * SECOND], true), [None, Some(Bound::Whole)]);
}

#[test]
fn a_run_that_took_all_its_time_asks_nothing_more() {
    let after = |taken: Duration| {
        let (clock, (_stopper, mut stop)) = (SleptClock::default(), stop_flag());
        drop(clock.sleep(5 * SECOND));
        let bounded = patience(900 * SECOND, Some(10 * SECOND));
        let mut waiting = Waiting::new(bounded, Vec::new(), &clock, |_| {});
        drop(clock.sleep(taken));
        bound_of(block(waiting.wait_for_turn(Limited::Rest, |_| Next::Now, &mut stop)))
    };
    assert_eq!(after(10 * SECOND), None);
    assert_eq!(after(11 * SECOND), Some(Bound::Whole));
}

#[test]
fn failures_in_a_row_are_waited_out_longer_and_longer_until_one_is_answered() {
    let (clock, (_stopper, mut stop)) = (SleptClock::default(), stop_flag());
    let endless = patience(1_000_000 * SECOND, None);
    let mut waiting = Waiting::new(endless, Vec::new(), &clock, |_| {});
    let mut pause_after = |answered: bool| {
        if answered {
            waiting.note_answer();
        } else {
            waiting.note_failure();
        }
        let before = clock.monotonic();
        block(waiting.wait_out_outage(&mut stop)).expect("patience");
        clock.monotonic().saturating_sub(before)
    };
    assert_eq!(pause_after(false), Duration::ZERO, "one may be chance");
    assert_eq!(pause_after(false), OUTAGE_PAUSE);
    assert_eq!(pause_after(false), 2 * OUTAGE_PAUSE);
    assert_eq!(pause_after(true), Duration::ZERO);
    assert_eq!(pause_after(false), Duration::ZERO);
    let longest = (0..40).map(|_| pause_after(false)).max();
    assert_eq!(longest, Some(LONGEST_OUTAGE_PAUSE));
}

#[test]
fn time_that_was_spent_on_nothing_counts_as_unplanned() {
    let (clock, (_stopper, mut stop)) = (SleptClock::default(), stop_flag());
    let mut waiting = Waiting::new(patience(10 * SECOND, None), Vec::new(), &clock, |_| {});
    waiting.spend(7 * SECOND);
    assert_eq!(bound_of(block(waiting.wait(3 * SECOND, "to see", false, &mut stop))), None);
    let more = block(waiting.wait(SECOND, "to see", false, &mut stop));
    assert_eq!(bound_of(more), Some(Bound::Unplanned));
}

#[test]
fn a_named_pause_is_kept_and_a_scattered_one_is_about_as_long() {
    let named =
        |retry_after_s| named_pause(&LimitHeaders { retry_after_s, ..LimitHeaders::default() });
    assert_eq!(named(None), Duration::ZERO);
    assert_eq!(named(Some(7)), 7 * SECOND);
    assert_eq!(named(Some(u64::MAX)), LONGEST_NAMED);
    let lengths: Vec<Duration> = (0..200).map(|_| scattered(8 * SECOND)).collect();
    let (shortest, longest) = (lengths.iter().min(), lengths.iter().max());
    let (shortest, longest) = (*shortest.expect("one"), *longest.expect("one"));
    assert!(shortest >= 6 * SECOND && longest <= 10 * SECOND, "{shortest:?}, {longest:?}");
    assert!(longest > shortest + 2 * SECOND, "200 draws from four seconds lie apart");
}
