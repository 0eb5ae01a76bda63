//! Which of several attempts is the answer, and when no more are made.

use proptest::prelude::*;

use super::*;

/// A sample of a run in 2026, for tests of this crate.
pub(crate) fn sample(framework: &str, attempt_no: u32, outcome: Outcome) -> Sample {
    let run = RunId::parse("20261121T060003Z-7f3a").expect("a run id");
    Sample {
        run,
        observed_at: run.started_at(),
        survey: "backend-frameworks".into(),
        framework: framework.into(),
        language: String::new(),
        metric: "repositories".into(),
        method: Some(Method::of("spring is:public")),
        sample_no: 1,
        attempt_no,
        outcome,
        source: SourceKind::Rest.into(),
        query_text: "spring is:public".into(),
        detail: Detail::default(),
    }
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        (0..5u64).prop_map(Outcome::Complete),
        (0..5u64).prop_map(Outcome::Unchecked),
        (0..5u64).prop_map(Outcome::Incomplete),
        Just(Outcome::Failed),
    ]
}

fn numbered(outcomes: &[Outcome]) -> Vec<Sample> {
    (1..).zip(outcomes).map(|(no, outcome)| sample("Spring", no, *outcome)).collect()
}

fn select(samples: &[Sample]) -> Option<&Sample> {
    select_answer(&samples.iter().collect::<Vec<_>>())
}

#[test]
fn attempts_before_a_change_of_the_method_do_not_count() {
    use Outcome::{Complete, Failed, Incomplete};
    let edited = |outcomes: &[Outcome], methods: &[&str]| {
        let mut samples = numbered(outcomes);
        for (sample, method) in samples.iter_mut().zip(methods) {
            sample.method = Some(Method::of(method));
        }
        samples
    };
    let told = |samples: &[Sample]| {
        let settled = is_settled(&samples.iter().collect::<Vec<_>>());
        (select(samples).map(|answer| answer.outcome), settled)
    };
    let failed = edited(&[Complete(5), Failed], &["a", "b"]);
    assert_eq!(told(&failed), (None, false));
    let bound = edited(&[Complete(5), Incomplete(3)], &["a", "b"]);
    assert_eq!(told(&bound), (Some(Incomplete(3)), true));
    let mut doubted = numbered(&[Complete(0), Failed]);
    doubted[0].detail = Detail::default().with_item(SUSPICIOUS);
    assert_eq!(told(&doubted), (Some(Complete(0)), false), "nothing has confirmed it");
    doubted.push(sample("Spring", 3, Complete(0)));
    assert_eq!(told(&doubted), (Some(Complete(0)), true));
    let back = edited(&[Complete(5), Complete(6), Failed], &["a", "b", "a"]);
    assert_eq!(told(&back), (None, false));
}

#[test]
fn the_last_of_the_best_status_counts() {
    use Outcome::{Complete, Failed, Incomplete, Unchecked};
    let cases: [(&[Outcome], Option<Outcome>); 8] = [
        (&[], None),
        (&[Failed], None),
        (&[Complete(0)], Some(Complete(0))),
        (&[Complete(0), Complete(9)], Some(Complete(9))),
        (&[Complete(9), Incomplete(99), Failed], Some(Complete(9))),
        (&[Unchecked(9), Complete(5), Unchecked(7)], Some(Complete(5))),
        (&[Incomplete(7), Incomplete(9), Incomplete(8)], Some(Incomplete(9))),
        (&[Incomplete(99), Unchecked(1)], Some(Unchecked(1))),
    ];
    for (outcomes, expected) in cases {
        let samples = numbered(outcomes);
        assert_eq!(select(&samples).map(|s| s.outcome), expected, "{outcomes:?}");
    }
}

proptest! {
    #[test]
    fn no_attempt_beats_the_answer(outcomes in prop::collection::vec(outcomes(), 0..8)) {
        let samples = numbered(&outcomes);
        let Some(answer) = select(&samples) else {
            prop_assert!(outcomes.iter().all(|o| *o == Outcome::Failed));
            return Ok(());
        };
        for other in &samples {
            prop_assert!(other.outcome.status() <= answer.outcome.status());
            if other.outcome.status() == answer.outcome.status() {
                match answer.outcome {
                    Outcome::Incomplete(_) =>
                        prop_assert!(other.outcome.count() <= answer.outcome.count()),
                    _ => prop_assert!(other.attempt_no <= answer.attempt_no),
                }
            }
        }
    }

    #[test]
    fn a_failure_never_changes_the_answer(
        outcomes in prop::collection::vec(outcomes(), 0..8),
        at in 0..8usize,
    ) {
        let samples = numbered(&outcomes);
        let mut with_failure = samples.clone();
        with_failure.insert(at.min(samples.len()), sample("Spring", 99, Outcome::Failed));
        prop_assert_eq!(select(&samples), select(&with_failure));
    }
}

#[test]
fn the_detail_keeps_its_items_apart() {
    let detail = Detail::from_publication("2023").with_planned(11);
    assert_eq!(detail.as_str(), "planned 11; published 2023");
    assert_eq!(detail.planned(), Some(11));
    assert_eq!(detail.published(), Some("2023"));
    assert_eq!(detail.reason(), "published 2023");
    assert_eq!(Detail::from_text("unplanned 4").planned(), None);
}

#[test]
fn sources_read_back() {
    for text in ["rest", "graphql", "import", "published", "rest@github.example.com"] {
        assert_eq!(Source::parse(text).map(|s| s.to_string()).as_deref(), Some(text));
    }
    for text in ["", "REST", "rest@", "soap", "rest@x)|<img>"] {
        assert_eq!(Source::parse(text), None, "{text}");
    }
}
