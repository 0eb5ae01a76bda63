//! Orders, shared ranks, overlaps, and agreement of two rankings.

use proptest::prelude::*;

use super::*;
use crate::domain::sample::Detail;
use crate::domain::sample::tests::sample;

fn entrant(name: &str, outcomes: &[Outcome]) -> Entrant {
    let samples: Vec<Sample> = (1..)
        .zip(outcomes)
        .map(|(no, outcome)| Sample { sample_no: no, ..sample(name, 1, *outcome) })
        .collect();
    let tally = Tally::of(&samples.iter().collect::<Vec<_>>());
    Entrant { name: name.into(), language: String::new(), tally }
}

#[test]
fn equal_counts_share_a_rank_and_stand_in_name_order() {
    use Outcome::{Complete, Failed, Incomplete, Unchecked};
    let standings = rank(vec![
        entrant("flask", &[Complete(5)]),
        entrant("Zend", &[Failed]),
        entrant("Django", &[Unchecked(5)]),
        entrant("Echo", &[Incomplete(5)]),
        entrant("Spring", &[Complete(9)]),
        entrant("Absent", &[]),
        entrant("Gin", &[Complete(0)]),
    ]);
    let seen: Vec<(Option<u32>, &str)> =
        standings.iter().map(|s| (s.rank, s.entrant.name.as_str())).collect();
    let expected = [
        (Some(1), "Spring"),
        (Some(2), "Django"),
        (Some(2), "Echo"),
        (Some(2), "flask"),
        (Some(5), "Gin"),
        (None, "Absent"),
        (None, "Zend"),
    ];
    assert_eq!(seen, expected);
}

type Case<'a> = (&'a [Outcome], Outcome, Option<(u64, u64)>);

#[test]
fn the_median_is_the_lower_middle_of_the_best_status() {
    use Outcome::{Complete, Failed, Incomplete};
    let cases: [Case<'_>; 5] = [
        (&[Complete(3), Complete(1), Complete(2)], Complete(2), Some((1, 3))),
        (&[Complete(4), Complete(1)], Complete(1), Some((1, 4))),
        (&[Complete(4), Incomplete(9), Failed], Complete(4), Some((4, 4))),
        (&[Incomplete(4), Incomplete(9)], Incomplete(9), Some((4, 9))),
        (&[Failed, Failed], Failed, None),
    ];
    for (outcomes, outcome, range) in cases {
        let tally = entrant("Spring", outcomes).tally;
        assert_eq!((tally.outcome, tally.range), (outcome, range), "{outcomes:?}");
    }
}

#[test]
fn overlapping_ranges_are_not_distinguishable() {
    use Outcome::Complete;
    let standings = rank(vec![
        entrant("A", &[Complete(10), Complete(20), Complete(30)]),
        entrant("B", &[Complete(28), Complete(40), Complete(50)]),
        entrant("C", &[Complete(5)]),
        entrant("D", &[Complete(5)]),
    ]);
    let marks: Vec<&[String]> =
        standings.iter().map(|s| s.not_distinguishable_from.as_slice()).collect();
    assert_eq!(marks, [&["A".to_owned()][..], &["B".to_owned()], &[], &[]]);
}

#[test]
fn changes_need_two_exact_counts_of_one_method() {
    let now = entrant("A", &[Outcome::Complete(10)]).tally;
    let then = entrant("A", &[Outcome::Unchecked(12)]).tally;
    assert_eq!(now.change_since(&then), Change::By(-2));
    let bound = entrant("A", &[Outcome::Incomplete(12)]).tally;
    assert_eq!(now.change_since(&bound), Change::Unknown);
    let mut other = then;
    other.counted.as_mut().expect("counted").method = Some(Method::of("something else"));
    assert_eq!(now.change_since(&other), Change::MethodChanged);
}

#[test]
fn without_a_number_the_last_attempt_tells_why() {
    let failed = |no, detail: &str| Sample {
        detail: Detail::from_text(detail),
        ..sample("A", no, Outcome::Failed)
    };
    let (first, last) = (failed(1, "timed out"), failed(2, "query refused"));
    let tally = Tally::of(&[&first, &last]);
    assert_eq!(tally.reason, "query refused");
    assert!(tally.counted.is_some(), "its query and moment can be told");
    let silent = sample("A", 1, Outcome::Failed);
    assert_eq!(Tally::of(&[&silent]).reason, "no answer");
    assert_eq!(Tally::of(&[]).reason, "not asked in this run");
}

#[test]
fn counts_of_two_hosts_are_not_compared() {
    let at = |host: Option<&str>| {
        let mut tally = entrant("A", &[Outcome::Complete(10)]).tally;
        tally.counted.as_mut().expect("counted").source.host = host.map(str::to_owned);
        tally
    };
    let here = at(None);
    assert_eq!(here.change_since(&at(None)), Change::By(0));
    assert_eq!(here.change_since(&at(Some("ghe.example"))), Change::HostChanged);
    assert_eq!(at(Some("ghe.example")).change_since(&at(Some("ghe.example"))), Change::By(0));
}

#[test]
fn counts_from_elsewhere_are_compared_where_they_are_of_one_query() {
    let ours = entrant("A", &[Outcome::Complete(10)]).tally;
    let mut theirs = entrant("A", &[Outcome::Unchecked(8)]).tally;
    theirs.counted.as_mut().expect("counted").source = SourceKind::Import.into();
    assert_eq!(ours.change_since(&theirs), Change::By(2));
    theirs.counted.as_mut().expect("counted").method = None;
    let kind = ours.counted.as_ref().expect("counted").source.kind;
    assert_eq!(ours.change_since(&theirs), Change::SourceChanged(SourceKind::Import, kind));
    assert_eq!(theirs.change_since(&ours), Change::SourceChanged(kind, SourceKind::Import));
}

#[test]
fn only_a_reconstructed_count_is_for_a_day() {
    let with = |kind| {
        let mut one = sample("A", 1, Outcome::Complete(1));
        one.source.kind = kind;
        one.detail = Detail::from_as_of(NaiveDate::from_ymd_opt(2020, 1, 31).expect("a day"));
        Tally::of(&[&one]).counted.expect("counted").as_of.map(|day| day.to_string())
    };
    assert_eq!(with(SourceKind::Reconstructed).as_deref(), Some("2020-01-31"));
    assert_eq!(with(SourceKind::Rest), None);
}

#[test]
fn two_single_samples_have_no_ranges_to_meet() {
    use Outcome::Complete;
    let marks = |others: &[Outcome]| -> Vec<usize> {
        let standings = rank(vec![entrant("A", &[Complete(5)]), entrant("B", others)]);
        standings.iter().map(|s| s.not_distinguishable_from.len()).collect()
    };
    assert_eq!(marks(&[Complete(5)]), [0, 0]);
    assert_eq!(marks(&[Complete(4), Complete(5)]), [1, 1], "one with a range is enough");
    assert_eq!(marks(&[Complete(6), Complete(7)]), [0, 0]);
}

#[test]
fn a_count_is_compared_if_both_are_exact_and_no_method_is_known_to_differ() {
    let standings = rank(vec![entrant("A", &[Outcome::Complete(10)])]);
    let own = standings[0].entrant.tally.counted.as_ref().expect("counted").method;
    let change = |method, exact| {
        let count = Some(12);
        let line = ReferenceLine { name: "A".into(), rank: Some(1), count, exact, method };
        compare(&standings, &[line]).lines[0].as_ref().expect("a line").count_change
    };
    assert!(own.is_some());
    assert_eq!(change(own, true), Change::By(-2));
    assert_eq!(change(None, true), Change::By(-2));
    assert_eq!(change(Some(Method::of("something else")), true), Change::MethodChanged);
    assert_eq!(change(own, false), Change::Unknown);
}

#[test]
fn places_of_ties_are_those_of_who_has_more() {
    let count = Outcome::Complete;
    let standings =
        rank(vec![entrant("A", &[count(9)]), entrant("B", &[count(9)]), entrant("C", &[count(1)])]);
    let line = |(name, rank): (&str, u32)| ReferenceLine {
        name: name.into(),
        rank: Some(rank),
        count: None,
        exact: true,
        method: None,
    };
    let comparison = compare(&standings, &[("A", 1), ("B", 2), ("C", 3)].map(line));
    let changes: Vec<Option<i64>> =
        comparison.lines.iter().map(|l| l.as_ref().and_then(|l| l.rank_change)).collect();
    assert_eq!(changes, [Some(0), Some(1), Some(0)]);
}

#[test]
fn order_agreement_of_the_two_lists_of_2023() {
    // By count Express.js stands before Ruby on Rails, in the article's body after it: one of
    // 55 pairs is reversed, (54 - 1) / 55.
    let mut pairs: Vec<(u32, u32)> = (1..=11).map(|rank| (rank, rank)).collect();
    pairs[4].1 = 6;
    pairs[5].1 = 5;
    let agreement = kendall_tau_b(&pairs).expect("an agreement");
    assert!((agreement - 53.0 / 55.0).abs() < 1e-12, "{agreement}");
}

#[test]
fn order_agreement_with_ties() {
    // Worked by hand: P = 4, Q = 0, n0 = 6, n1 = 1, n2 = 1; 4 / √(5 · 5).
    let pairs = [(1, 1), (2, 2), (2, 3), (4, 3)];
    assert!((kendall_tau_b(&pairs).expect("an agreement") - 0.8).abs() < 1e-12);
    assert_eq!(kendall_tau_b(&[(1, 1)]), None);
    assert_eq!(kendall_tau_b(&[(1, 1), (1, 2)]), None);
}

#[test]
fn places_are_counted_among_what_both_lists_have() {
    let count = Outcome::Complete;
    let standings = rank(vec![
        entrant("A", &[count(9)]),
        entrant("New", &[count(8)]),
        entrant("B", &[count(7)]),
    ]);
    let line = |name: &str, rank| ReferenceLine {
        name: name.into(),
        rank: Some(rank),
        count: None,
        exact: true,
        method: None,
    };
    let comparison = compare(&standings, &[line("B", 1), line("Gone", 2), line("A", 3)]);
    let changes: Vec<Option<i64>> =
        comparison.lines.iter().map(|l| l.as_ref().and_then(|l| l.rank_change)).collect();
    assert_eq!(changes, [Some(1), None, Some(-1)]);
    assert_eq!((comparison.compared, comparison.order_agreement), (2, Some(-1.0)));
    assert_eq!(comparison.only_there, ["Gone"]);
}

fn entrants() -> impl Strategy<Value = Vec<Entrant>> {
    let outcome = prop_oneof![
        (0..6u64).prop_map(Outcome::Complete),
        (0..6u64).prop_map(Outcome::Incomplete),
        Just(Outcome::Failed),
    ];
    let one = ("[a-zA-Z]{1,3}", prop::collection::vec(outcome, 0..4));
    prop::collection::vec(one, 0..12)
        .prop_map(|all| all.iter().map(|(name, outcomes)| entrant(name, outcomes)).collect())
}

proptest! {
    #[test]
    fn a_rank_is_one_more_than_those_with_more(entrants in entrants()) {
        let standings = rank(entrants);
        for standing in &standings {
            let count = standing.entrant.tally.outcome.count();
            let more = standings.iter().filter(|s| s.entrant.tally.outcome.count() > count);
            let expected = count.map(|_| u32::try_from(more.count()).expect("few") + 1);
            prop_assert_eq!(standing.rank, expected);
        }
    }

    #[test]
    fn the_order_does_not_depend_on_the_order_given(
        (entrants, shuffled) in entrants().prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle()))
    ) {
        let line = |s: Standing| (s.rank, s.entrant.name, s.entrant.tally.outcome);
        let one: Vec<_> = rank(entrants).into_iter().map(line).collect();
        let other: Vec<_> = rank(shuffled).into_iter().map(line).collect();
        prop_assert_eq!(one.iter().map(|l| (&l.0, &l.1)).collect::<Vec<_>>(),
                        other.iter().map(|l| (&l.0, &l.1)).collect::<Vec<_>>());
    }

    #[test]
    fn agreement_is_symmetric_and_bounded(
        pairs in prop::collection::vec((1..6u32, 1..6u32), 0..12)
    ) {
        let turned: Vec<_> = pairs.iter().map(|(a, b)| (*b, *a)).collect();
        let agreement = kendall_tau_b(&pairs);
        prop_assert_eq!(agreement, kendall_tau_b(&turned));
        prop_assert!(agreement.is_none_or(|tau| (-1.000_001..=1.000_001).contains(&tau)));
        let same: Vec<_> = pairs.iter().map(|(a, _)| (*a, *a)).collect();
        prop_assert!(kendall_tau_b(&same).is_none_or(|tau| (tau - 1.0).abs() < 1e-9));
    }
}
