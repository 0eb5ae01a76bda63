//! What the docs show can be typed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

#[test]
fn the_arguments_do_not_contradict_each_other() {
    Cli::described().debug_assert();
}
