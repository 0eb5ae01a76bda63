//! What must hold of any answer to a document. Built for tests and fuzzers only.

use super::super::fuzz::check_said;
use super::super::wire::Response;
use super::answer::{Counts, Judged, Lack, judge};

/// Judges the answer to a document with so many searches.
pub(in crate::github) fn check_answer(response: &Response, searches: usize) {
    match judge(response, searches) {
        Judged::Counts(Counts { found, lack, said, .. }) => {
            assert!((200..300).contains(&response.status));
            assert_eq!(found.len(), searches);
            assert_eq!(lack == Lack::None, found.iter().all(Option::is_some), "{lack:?} {found:?}");
            if let Lack::Searches(to_blame) = lack {
                assert!(!to_blame.is_empty());
                assert!(to_blame.iter().all(|at| found.get(*at) == Some(&None)), "{to_blame:?}");
            }
            check_said(&said);
        }
        Judged::PrimaryLimit | Judged::SecondaryLimit => {}
        Judged::TooMuch { said, detail } => {
            assert!(!detail.is_empty());
            check_said(&said);
        }
        Judged::NoDocument { said } | Judged::NoFurther { said, .. } => check_said(&said),
    }
}
