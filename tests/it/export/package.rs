//! `datapackage.json`: true of what lies beside it.

use serde_json::Value;

use super::everything;
use crate::workdir::Workdir;

fn package(workdir: &Workdir, folder: &str) -> Value {
    serde_json::from_str(&workdir.read(&format!("{folder}/datapackage.json"))).expect("JSON")
}

fn paths(package: &Value) -> Vec<&str> {
    let resources = package["resources"].as_array().expect("resources");
    resources.iter().map(|resource| resource["path"].as_str().expect("a path")).collect()
}

#[test]
fn it_names_what_there_is() {
    let workdir = everything();
    let to_folder = ["export", "everything", "--out", "all/", "--format", "csv"];
    workdir.run(&to_folder).success();
    insta::assert_snapshot!("package", workdir.read("all/datapackage.json"));
    // Another export beside it is described too, in its own dialect.
    let more = ["export", "everything", "--out", "all/semi.csv", "--dialect", "excel-semicolon"];
    workdir.run(&more).success();
    let after = package(&workdir, "all");
    assert_eq!(paths(&after), ["semi.csv", "tidy.csv", "wide.csv"]);
    let semi = &after["resources"][0];
    assert_eq!(semi["dialect"]["delimiter"], ";");
    assert_eq!(semi["encoding"], "utf-8-sig");
    assert_eq!(semi["schema"]["fields"][2]["format"], "%Y-%m-%d %H:%M:%S");
    // What is no longer there is not named, nor is what is not ours.
    std::fs::remove_file(workdir.path("all/semi.csv")).expect("it is there");
    workdir.write("all/notes.csv", "name,text\na,b\n");
    workdir.run(&to_folder).success();
    assert_eq!(paths(&package(&workdir, "all")), ["tidy.csv", "wide.csv"]);
    // A file for one's own folder brings no description with it.
    workdir.run(&["export", "everything", "--out", "alone/tidy.csv"]).success();
    assert!(!workdir.path("alone/datapackage.json").exists());
}

#[test]
fn one_that_somebody_else_keeps_is_left_alone() {
    let workdir = everything();
    for theirs in ["{\"name\": \"theirs\"}", "not JSON"] {
        workdir.write("all/datapackage.json", theirs);
        let outcome = workdir.run(&["export", "everything", "--out", "all/", "--format", "csv"]);
        assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
        assert!(outcome.stderr.contains("left alone"), "{}", outcome.stderr);
        assert_eq!(workdir.read("all/datapackage.json"), theirs);
    }
}

#[test]
fn the_folder_of_the_history_is_described_too_if_it_can_be() {
    let workdir = everything();
    let to_file = ["export", "everything", "--out", "elsewhere/tidy.csv"];
    let outcome = workdir.run(&to_file);
    let home = "output/everything/datapackage.json";
    assert!(outcome.stderr.contains(&format!("wrote `{home}`")), "{}", outcome.stderr);
    assert_eq!(paths(&package(&workdir, "output/everything")), ["history.csv"]);
    // It is true as long as the columns are the same, and then not written again.
    assert!(!workdir.run(&to_file).stderr.contains("datapackage"));
    std::fs::remove_file(workdir.path(home)).expect("it is there");
    std::fs::create_dir(workdir.path(home)).expect("a folder");
    let outcome = workdir.run(&to_file);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
}
