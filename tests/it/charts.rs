//! Charts: pictures of rankings and trends, as SVG and PNG.

use crate::two_years;
use crate::workdir::Workdir;

/// A folder with two years of a daily survey.
pub(crate) fn two_years() -> Workdir {
    let workdir = Workdir::new();
    workdir.write(&format!("config/surveys/{}.toml", two_years::ID), two_years::survey());
    workdir.write(&format!("output/{}/history.csv", two_years::ID), two_years::history());
    workdir
}

#[test]
fn two_years_are_a_sound_history() {
    let workdir = two_years();
    let check = workdir.run(&["check", two_years::ID]).success();
    assert!(check.contains("54789 rows, 687 runs, 1 not finished"), "{check}");
}
