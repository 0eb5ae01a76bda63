//! Surveys: every wrong one tells all its problems at once; the built-in ones have none.

use crate::workdir::{Workdir, repository};

#[test]
fn every_wrong_survey_tells_all_its_problems() {
    let folder = repository("tests/data/wrong-surveys");
    let mut files: Vec<_> = folder
        .read_dir()
        .expect("the wrong surveys")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(files.len() >= 25, "{} wrong surveys", files.len());
    let mut all = String::new();
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let workdir = Workdir::new();
        workdir.write(&name, std::fs::read(&file).expect("a survey"));
        let outcome = workdir.run(&["check", &format!("./{name}")]);
        assert_eq!(outcome.code, 2, "{name}: {}", outcome.snapshot());
        assert_eq!(outcome.stdout, "", "{name}");
        assert!(outcome.stderr.contains("line "), "{name}: {}", outcome.stderr);
        assert_eq!(workdir.files(), std::slice::from_ref(&name), "a check writes nothing");
        all.push_str(&format!("===== {name}\n{}\n", outcome.stderr));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_wrong_survey_stops_every_command_before_anything_is_written() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", "title = 5\n");
    let wrong = workdir.run(&["check", "mine"]);
    for arguments in [
        &["collect", "mine", "--replay", "codingnomads-2023"][..],
        &["collect", "--replay", "codingnomads-2023"],
        &["report", "mine"],
    ] {
        let outcome = workdir.run(arguments);
        assert_eq!((outcome.code, &outcome.stderr), (2, &wrong.stderr), "{arguments:?}");
    }
    assert_eq!(workdir.files(), ["config/surveys/mine.toml"]);
}

#[test]
fn odd_surveys_are_warned_of() {
    let workdir = Workdir::new();
    let long = "x".repeat(260);
    let survey = format!(
        "title = \"Odd\"\nallow_qualifiers = [\"lang\"]\n\n[[metrics]]\nid = \"all\"\n\
         query = \"{{query}} lang:rust\"\n\n[[metrics]]\nid = \"topic\"\nquery = \"topic:{{topic}}\"\n\n\
         [[frameworks]]\nname = \"X\"\nquery = \"{long}\"\n"
    );
    workdir.write("odd.toml", survey);
    let outcome = workdir.run(&["check", "odd.toml"]);
    insta::assert_snapshot!(outcome.snapshot().replace(&system_line(&outcome.stdout), "[system]"));
}

#[test]
fn built_in_surveys_are_sound() {
    let workdir = Workdir::new();
    for name in &built_in() {
        let outcome = workdir.run(&["check", name]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
    }
    let plan =
        ["collect", "backend-frameworks-extended", "--dry-run", "--replay", "codingnomads-2023"];
    insta::assert_snapshot!(workdir.run(&plan).snapshot());
    let plan = ["collect", "frontend-frameworks", "--dry-run", "--no-token"];
    insta::assert_snapshot!("frontend_plan", workdir.run(&plan).snapshot());
}

#[test]
fn every_metric_of_a_built_in_survey_can_be_switched_on() {
    for name in &built_in() {
        let workdir = Workdir::new();
        let begun = workdir.run(&["init", "mine", "--from", name]);
        let note = format!(
            "note: it has the title of `{name}`, which heads reports; change `title` in it\n"
        );
        assert!(begun.stderr.contains(&note), "{}", begun.snapshot());
        let survey = workdir.read("config/surveys/mine.toml");
        assert!(!survey.contains("built into"), "{survey}");
        assert!(survey.contains(&format!("\n# Begun as a copy of `{name}`.\n\n")), "{survey}");
        let metrics = survey.matches("[[metrics]]").count();
        workdir
            .write("config/surveys/mine.toml", survey.replace("enabled = false", "enabled = true"));
        let outcome = workdir.run(&["check", "mine"]);
        assert_eq!(outcome.stderr, "");
        let switched_on = format!("{metrics} of {metrics} metrics switched on");
        assert!(outcome.success().contains(&switched_on), "{name}");
    }
}

#[test]
fn names_are_looked_for_and_guessed() {
    let workdir = Workdir::new();
    let stderr = |arguments: &[&str]| {
        let outcome = workdir.run(arguments);
        assert_eq!(outcome.code, 2, "{}", outcome.snapshot());
        outcome.stderr
    };
    insta::assert_snapshot!(
        [
            stderr(&["check", "backend-framework"]),
            stderr(&["check", "nothing-like-it"]),
            stderr(&["check", "No Name"]),
            stderr(&["check", "./nowhere.toml"]),
            stderr(&["collect", "--replay", "codingnomads"]),
            stderr(&["init", "My Survey!"]),
        ]
        .join("\n")
    );
}

#[test]
fn the_only_survey_of_the_root_is_meant() {
    let workdir = Workdir::new();
    workdir.run(&["init", "mine"]).success();
    let outcome = workdir.run(&["check"]);
    assert_eq!(outcome.stderr, "survey: `config/surveys/mine.toml`, as none was named\n");
    workdir.run(&["init", "other"]).success();
    let outcome = workdir.run(&["check"]);
    assert_eq!(outcome.stderr, "survey: built-in survey `backend-frameworks`, as none was named\n");
    // One of the user's own comes before a built-in one of the same name.
    workdir.write(
        "home/.config/repo-census/surveys/backend-frameworks.toml",
        workdir.read("config/surveys/mine.toml"),
    );
    let outcome = workdir.run(&["check"]);
    let expected = "survey: `[folder]/home/.config/repo-census/surveys/backend-frameworks.toml`, as none was named\n";
    assert_eq!(outcome.stderr, expected);
}

#[test]
fn a_recording_of_another_survey_says_which_fits() {
    let workdir = Workdir::new();
    workdir.run(&["init", "mine"]).success();
    let outcome = workdir.run(&["collect", "--replay", "codingnomads-2023"]);
    assert_eq!(outcome.code, 1, "{}", outcome.snapshot());
    let warning =
        "warning: recording `codingnomads-2023` has no answer to what survey `mine` asks\n";
    let hint = "hint: name a survey that it fits: `backend-frameworks`\n";
    let stderr = &outcome.stderr;
    assert!(stderr.contains(warning) && stderr.contains(hint), "{stderr}");
    let named = ["collect", "backend-frameworks", "--replay", "codingnomads-2023", "-q"];
    let outcome = workdir.run(&named);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.snapshot());
}

#[test]
fn a_survey_is_never_written_over() {
    let workdir = Workdir::new();
    let first = workdir.run(&["init", "mine"]);
    assert_eq!((first.code, first.stdout.as_str()), (0, ""));
    let text = workdir.read("config/surveys/mine.toml");
    let second = workdir.run(&["init", "mine", "--from", "backend-frameworks"]);
    insta::assert_snapshot!(format!("{}\n{}", first.stderr, second.snapshot()));
    assert_eq!(workdir.read("config/surveys/mine.toml"), text);
    assert_eq!(workdir.run(&["check", "mine"]).code, 0);
}

/// Returns the part of a check that depends on the machine.
fn system_line(stdout: &str) -> String {
    let line = stdout.lines().find(|line| line.starts_with("time zones"));
    line.expect("a line on time zones").to_owned()
}

/// Returns the names of the surveys that the program carries.
fn built_in() -> Vec<String> {
    let files = repository("config/surveys").read_dir().expect("the surveys");
    let stem =
        |path: std::path::PathBuf| path.file_stem().map(|s| s.to_string_lossy().into_owned());
    let mut names: Vec<String> = files.filter_map(|file| stem(file.ok()?.path())).collect();
    names.sort();
    assert!(names.len() >= 8, "{names:?}");
    names
}
