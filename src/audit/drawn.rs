//! What was found in the slices that were drawn.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Slice;
use crate::domain::audit::{Audited, Example, Language, Rule, Share, estimate_share, exact_share};
use crate::github::Found;

/// How many examples of hits, and of misses, are kept.
const MOST_EXAMPLES: usize = 5;

/// How many languages are named.
const MOST_LANGUAGES: usize = 8;

/// Works out what the slices say.
pub(super) fn sum_up(
    query: &str,
    total: u64,
    is_whole: bool,
    slices: &[Slice],
    rule: &Rule,
    untouched_before: DateTime<Utc>,
    seed: u64,
) -> Audited {
    let fits = |found: &Found| {
        let texts = [found.name.as_str(), found.description.as_str()];
        rule.fits(texts, &found.topics, found.language.as_deref())
    };
    let share = |has: &dyn Fn(&Found) -> bool| share_of(slices, is_whole, has);
    let all = || slices.iter().flat_map(|slice| &slice.found);
    let (mut hits, mut misses): (Vec<&Found>, Vec<&Found>) = all().partition(|f| fits(f));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut some = |found: &mut Vec<&Found>| -> Vec<Example> {
        random.shuffle(found);
        found.iter().take(MOST_EXAMPLES).map(|found| example(found)).collect()
    };
    let mut numbers: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for found in all() {
        *numbers.entry(found.language.as_deref()).or_default() += 1;
    }
    let language = |name: Option<&str>| Language {
        name: name.map(str::to_owned),
        share: share(&|found: &Found| found.language.as_deref() == name),
    };
    let mut languages: Vec<Language> = numbers.into_keys().map(language).collect();
    languages.sort_by(|one, other| other.share.estimate.total_cmp(&one.share.estimate));
    languages.truncate(MOST_LANGUAGES);
    Audited {
        query: query.to_owned(),
        total,
        looked_at: all().count(),
        slices: (!is_whole).then(|| slices.iter().map(|slice| slice.times).sum()),
        languages_accepted: rule.languages.clone(),
        fits: share(&fits),
        without_stars: share(&|found| found.stargazers_count == 0),
        untouched: share(&|found| found.pushed_at.is_none_or(|at| at < untouched_before)),
        archived: share(&|found| found.archived),
        languages,
        hits: some(&mut hits),
        misses: some(&mut misses),
    }
}

/// Returns the share of repositories that have something.
fn share_of(slices: &[Slice], is_whole: bool, has: &dyn Fn(&Found) -> bool) -> Share {
    let of_slice = |slice: &Slice| {
        let hits = slice.found.iter().filter(|found| has(found)).count();
        (exact_share(hits, slice.found.len()), slice.times)
    };
    let shares: Vec<f64> = slices
        .iter()
        .map(of_slice)
        .flat_map(|(share, times)| std::iter::repeat_n(share, times))
        .filter_map(|share| Some(share?.estimate))
        .collect();
    let estimated = estimate_share(&shares).unwrap_or(Share { estimate: 0.0, interval: None });
    if is_whole { Share { interval: None, ..estimated } } else { estimated }
}

fn example(found: &Found) -> Example {
    // Descriptions are strangers' text, and go into files and terminals.
    let description: String = found.description.chars().filter(|c| !c.is_control()).collect();
    Example {
        full_name: found.full_name.clone(),
        description: description.chars().take(120).collect(),
        language: found.language.clone(),
    }
}
