//! Collecting from a recording: what is written, what is said, and the exit code.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::many::survey_of;
use crate::workdir::Workdir;

const REPLAY: [&str; 3] = ["collect", "--replay", "codingnomads-2023"];
const HISTORY: &str = "output/backend-frameworks/replay-codingnomads-2023.csv";

#[test]
fn the_replay_prints_the_ranking_of_the_article() {
    let workdir = Workdir::new();
    let outcome = workdir.run(&REPLAY);
    insta::assert_snapshot!(outcome.snapshot());
    insta::assert_snapshot!("replay_history", workdir.read(HISTORY));
    let first = workdir.read(HISTORY);
    let again = workdir.run(&REPLAY);
    assert_eq!(again.stdout, outcome.stdout);
    assert_eq!(workdir.read(HISTORY), first, "the same bytes each time");
    assert_eq!(workdir.files(), [HISTORY.to_owned(), format!("{HISTORY}.lock")]);
}

#[test]
fn quiet_says_nothing_when_all_is_well() {
    let workdir = Workdir::new();
    let outcome = workdir.run(&[&REPLAY[..], &["--quiet"]].concat());
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, "", ""));
    let outcome = workdir.run(&[&REPLAY[..], &["--quiet", "--format", "csv"]].concat());
    assert_eq!(outcome.stderr, "");
    assert!(outcome.stdout.starts_with("rank,framework,"));
}

#[test]
fn verbose_shows_each_answer() {
    let workdir = Workdir::new();
    insta::assert_snapshot!(workdir.run(&[&REPLAY[..], &["-v"]].concat()).stderr);
}

#[test]
fn a_plan_is_shown_and_nothing_is_written() {
    let workdir = Workdir::new();
    insta::assert_snapshot!(workdir.run(&[&REPLAY[..], &["--dry-run"]].concat()).snapshot());
    assert_eq!(workdir.files(), Vec::<String>::new());
}

#[test]
fn what_is_not_in_the_recording_is_failed_and_the_run_not_finished() {
    let workdir = Workdir::new();
    let outcome =
        workdir.run(&["collect", "backend-frameworks-extended", "--replay", "codingnomads-2023"]);
    assert_eq!(outcome.code, 3);
    insta::assert_snapshot!(outcome.snapshot());
}

#[test]
fn nothing_usable_is_a_failure() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(2));
    let outcome = workdir.run(&["collect", "mine", "--replay", "codingnomads-2023"]);
    assert_eq!(outcome.code, 1, "{}", outcome.snapshot());
}

#[test]
fn incomplete_counts_are_warned_of_and_strict_makes_them_count_as_missing() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(3));
    let lines = [
        line("F1", "complete", Some(50)),
        line("F2", "incomplete", Some(30)),
        line("F2", "incomplete", Some(40)),
        line("F2", "incomplete", Some(35)),
        line("F3", "incomplete", Some(5)),
        line("F3", "complete", Some(10)),
    ];
    workdir.write("r.jsonl", lines.concat());
    let outcome = workdir.run(&["collect", "mine", "--replay", "r.jsonl"]);
    insta::assert_snapshot!(outcome.snapshot());
    insta::assert_snapshot!("reasked_history", workdir.read("output/mine/replay-r.csv"));
    let strict = workdir.run(&["collect", "mine", "--replay", "r.jsonl", "--strict"]);
    assert_eq!((outcome.code, strict.code), (0, 3));
}

#[test]
fn a_recording_of_a_replay_is_the_recording() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(3));
    let recording = [
        line("F1", "complete", Some(50)),
        line("F2", "incomplete", Some(30)),
        line("F3", "failed", None),
        line("F2", "complete", Some(40)),
    ]
    .concat();
    workdir.write("r.jsonl", &recording);
    let arguments = ["collect", "mine", "--replay", "r.jsonl", "--record", "copy.jsonl"];
    assert_eq!(workdir.run(&arguments).code, 3);
    assert_eq!(workdir.read("copy.jsonl"), recording);
    let outcome = workdir.run(&arguments);
    insta::assert_snapshot!(outcome.snapshot());
    assert_eq!(workdir.read("copy.jsonl"), recording, "never written over");
}

#[test]
fn bad_recordings_tell_every_line() {
    let workdir = Workdir::new();
    let text = format!(
        "{}{{\n{}{}",
        line("F1", "complete", Some(5)),
        line("F2", "complete", None),
        line("F3", "done", Some(5))
    );
    workdir.write("bad.jsonl", text);
    insta::assert_snapshot!(workdir.run(&["collect", "--replay", "bad.jsonl"]).snapshot());
    assert_eq!(workdir.files(), ["bad.jsonl"]);
}

#[test]
fn resume_finishes_what_is_missing_and_leaves_the_rest_alone() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(3));
    workdir.write("r.jsonl", line("F1", "complete", Some(50)) + &line("F3", "failed", None));
    let arguments = ["collect", "mine", "--replay", "r.jsonl"];
    let missing = workdir.run(&[&arguments[..], &["--resume"]].concat());
    assert_eq!(missing.code, 1, "{}", missing.snapshot());
    assert_eq!(workdir.run(&arguments).code, 3);
    // The recording grew in the meantime.
    workdir.write(
        "r.jsonl",
        [
            line("F1", "complete", Some(99)),
            line("F2", "complete", Some(7)),
            line("F3", "complete", Some(8)),
        ]
        .concat(),
    );
    let resumed = workdir.run(&[&arguments[..], &["--resume"]].concat());
    let history = workdir.read("output/mine/replay-r.csv");
    insta::assert_snapshot!(format!("{}\n{history}", resumed.snapshot()));
    let again = workdir.run(&[&arguments[..], &["--resume"]].concat());
    assert_eq!((again.code, again.stdout.as_str()), (0, ""));
    assert!(again.stderr.contains("nothing to resume"), "{}", again.stderr);
    assert_eq!(workdir.read("output/mine/replay-r.csv"), history);
}

#[test]
fn once_leaves_a_period_with_a_finished_run_alone() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(2));
    let once = ["collect", "mine", "--replay", "r.jsonl", "--once"];
    workdir.write("r.jsonl", line("F1", "complete", Some(50)));
    let no_period = workdir.run(&once);
    assert_eq!(no_period.code, 2);
    insta::assert_snapshot!(no_period.stderr);
    let per_day = [&once[..], &["--per", "day"]].concat();
    assert_eq!(workdir.run(&per_day).code, 3, "F2 is not in the recording");
    workdir.write("r.jsonl", line("F1", "complete", Some(50)) + &line("F2", "complete", Some(60)));
    assert_eq!(workdir.run(&per_day).code, 0, "the unfinished run is finished");
    let history = workdir.read("output/mine/replay-r.csv");
    assert_eq!(history.lines().count(), 4, "{history}");
    let again = workdir.run(&per_day);
    assert_eq!((again.code, again.stdout.as_str()), (0, ""));
    assert_eq!(
        again.stderr,
        "the period 2026-11-21 00:00 to 2026-11-22 00:00 UTC already has run 20261121T060003Z-7f3a\n"
    );
    assert_eq!(workdir.read("output/mine/replay-r.csv"), history);
    // The next day's run is one of its own, in the same history.
    let next_day = line("F1", "complete", Some(51)) + &line("F2", "complete", Some(61));
    workdir.write("r.jsonl", next_day.replace("20261121T", "20261122T"));
    assert_eq!(workdir.run(&per_day).code, 0);
    assert_eq!(workdir.read("output/mine/replay-r.csv").lines().count(), 6);
}

#[test]
fn a_run_that_was_killed_before_its_first_row_is_begun_anew() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(1));
    workdir.write("r.jsonl", line("F1", "complete", Some(50)));
    let arguments = ["collect", "mine", "--replay", "r.jsonl"];
    workdir.run(&arguments).success();
    let whole = workdir.read("output/mine/replay-r.csv");
    let header = whole.lines().next().expect("a header");
    workdir.write("output/mine/replay-r.csv", format!("{header}\n"));
    // There is no run of which the rest could be asked.
    let resumed = workdir.run(&[&arguments[..], &["--resume"]].concat());
    assert_eq!(resumed.code, 1, "{}", resumed.snapshot());
    let hint = "hint: begin one with `repo-census collect mine --replay r.jsonl`\n";
    assert!(resumed.stderr.contains(hint), "{}", resumed.stderr);
    let once = workdir.run(&[&arguments[..], &["--once", "--per", "day"]].concat());
    assert_eq!(once.code, 0, "{}", once.snapshot());
    assert_eq!(workdir.read("output/mine/replay-r.csv"), whole);
}

#[test]
fn of_two_collectors_one_leaves_and_names_the_other() {
    let workdir = Workdir::new();
    let slow = [&REPLAY[..], &["--pace", "1s"]].concat();
    let mut first = workdir.command(&slow);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let note = workdir.path(&format!("{HISTORY}.holder.json"));
    let give_up_at = Instant::now() + Duration::from_secs(10);
    while std::fs::read_to_string(&note).unwrap_or_default().is_empty() {
        assert!(Instant::now() < give_up_at, "the first collector takes the lock");
        std::thread::sleep(Duration::from_millis(5));
    }
    let holder: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&note).expect("a note")).expect("JSON");
    let second = workdir.run(&REPLAY);
    assert!(first.try_wait().expect("a child").is_none(), "the first one works on");
    first.kill().expect("a child");
    first.wait().expect("a child");
    assert_eq!(holder["pid"], first.id());
    let stderr = second
        .stderr
        .replace(&first.id().to_string(), "[pid]")
        .replace(holder["host"].as_str().expect("a host"), "[host]");
    let (since, _) = stderr.split_once("since ").expect("a moment");
    assert_eq!((second.code, second.stdout.as_str()), (75, ""));
    insta::assert_snapshot!(since);
    // The lock ended with its process.
    assert_eq!(workdir.run(&REPLAY).code, 0);
}

#[test]
fn frameworks_with_the_same_query_are_asked_once() {
    let workdir = Workdir::new();
    let text = survey(2).replace("name = \"F2\"", "name = \"F2\"\nquery = \"f1\"");
    workdir.write("config/surveys/mine.toml", text);
    workdir.write("r.jsonl", line("F1", "complete", Some(50)));
    let outcome = workdir.run(&["collect", "mine", "--replay", "r.jsonl", "-v"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert_eq!(outcome.stderr.matches("f1 is:public").count(), 1, "{}", outcome.stderr);
    assert_eq!(workdir.read("output/mine/replay-r.csv").lines().count(), 3);
}

#[test]
fn wrong_arguments_are_told() {
    let workdir = Workdir::new();
    for arguments in [
        &["collect", "--resume", "--once"][..],
        &["collect", "--per", "day"],
        &["collect", "--pace", "2"],
        &["collect", "--out", "ranking.doc"],
        &["report", "--top", "0"],
        &["frobnicate"],
    ] {
        let outcome = workdir.run(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
    }
    assert_eq!(workdir.files(), Vec::<String>::new());
}

#[test]
fn notes_go_with_the_numbers_not_with_the_name() {
    let workdir = Workdir::new();
    let note = "The article's body puts Ruby on Rails";
    let shown = workdir.run(&REPLAY).success();
    assert!(shown.contains(note));
    let copy = workdir.read(HISTORY);
    workdir.write("copy.csv", &copy);
    assert!(workdir.run(&["report", "copy.csv"]).success().contains(note));
    workdir.write("replay-codingnomads-2023.csv", copy.replace(",92366,", ",5,"));
    let invented = workdir.run(&["report", "replay-codingnomads-2023.csv"]).success();
    assert!(!invented.contains(note), "{invented}");
    let against = workdir.run(&["report", HISTORY, "--against", "2023"]).success();
    assert!(against.contains("count published 2023"), "{against}");
}

#[test]
fn the_whole_replay_can_be_bounded() {
    let workdir = Workdir::new();
    let outcome = workdir.run(&[&REPLAY[..], &["--pace", "100ms", "--max-time", "350ms"]].concat());
    assert_eq!(outcome.code, 3, "{}", outcome.snapshot());
    let plan = workdir.run(&[&REPLAY[..], &["--resume", "--dry-run"]].concat()).success();
    let kept = workdir.read(HISTORY).lines().count() - 1;
    assert!(plan.contains(&format!("{} counts by", 11 - kept)), "{plan}");
    let headline = format!("`--max-time` cut the run short; it lacks {} of 11 counts\n", 11 - kept);
    assert!(outcome.stderr.contains(&headline), "{}", outcome.stderr);
}

#[test]
fn what_is_printed_can_be_pasted() {
    let workdir = Workdir::new();
    let there = workdir.run(&[&REPLAY[..], &["--dir", "a b"]].concat());
    let next = there.stderr.lines().last().expect("a line");
    assert_eq!(
        next,
        "next: repo-census report 'a b/output/backend-frameworks/replay-codingnomads-2023.csv' \
         --against codingnomads-2023 --dir 'a b'"
    );
    let missing = workdir.run(&["report", "--dir", "a b"]);
    assert!(
        missing.stderr.contains("there is a replay: `repo-census report "),
        "{}",
        missing.stderr
    );
    let hidden = workdir.run(&["init", "backend-frameworks"]);
    assert_eq!(hidden.code, 2, "{}", hidden.snapshot());
    assert!(hidden.stderr.contains("--from backend-frameworks"), "{}", hidden.stderr);
    let history = workdir.run(&["check", "./h.csv"]);
    assert_eq!(history.code, 2);
    assert!(history.stderr.contains("looks like a history"), "{}", history.stderr);
    let quiet = workdir.run(&["check", "backend-frameworks", "--quiet"]);
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (0, "", ""));
}

#[test]
fn a_refused_recording_leaves_the_replay_alone() {
    let workdir = Workdir::new();
    workdir.run(&REPLAY).success();
    let history = workdir.read(HISTORY);
    workdir.write("there.jsonl", "");
    let refused = workdir.run(&[&REPLAY[..], &["--record", "there.jsonl"]].concat());
    assert_eq!(refused.code, 2, "{}", refused.snapshot());
    assert_eq!(workdir.read(HISTORY), history);
    workdir.write("r.jsonl", line("F1", "complete", Some(5)));
    let same =
        ["collect", "--replay", "r.jsonl", "--record", "./r.jsonl", "--once", "--per", "day"];
    assert_eq!(workdir.run(&same).code, 2);
    assert_eq!(workdir.read("r.jsonl"), line("F1", "complete", Some(5)));
}

#[test]
fn a_ranking_does_not_replace_the_history_of_its_own_run() {
    let workdir = Workdir::new();
    let outcome = workdir.run(&[&REPLAY[..], &["--out", HISTORY]].concat());
    assert_eq!(outcome.code, 2, "{}", outcome.snapshot());
    assert!(workdir.read(HISTORY).starts_with("run,observed_at,"), "the answers are there");
}

#[test]
fn a_survey_may_change_in_the_middle_of_a_run() {
    let collect = ["collect", "mine", "--replay", "r.jsonl"];
    let resume = ["collect", "mine", "--replay", "r.jsonl", "--resume"];
    let partial = || {
        let workdir = Workdir::new();
        workdir.write("config/surveys/mine.toml", survey(3));
        workdir
            .write("r.jsonl", line("F1", "complete", Some(1)) + &line("F2", "complete", Some(2)));
        assert_eq!(workdir.run(&collect).code, 3);
        workdir
    };
    // What was missing is taken out: one answer more tells the history that the run is finished.
    let workdir = partial();
    workdir.write("config/surveys/mine.toml", survey(2));
    let resumed = workdir.run(&resume);
    assert_eq!(resumed.code, 0, "{}", resumed.snapshot());
    assert!(resumed.stderr.contains("kept 1 row"), "{}", resumed.stderr);
    let again = workdir.run(&resume);
    assert!(again.stderr.contains("is finished: 2 of 2 counts"), "{}", again.stderr);
    // Two names become one: the third count is missing all the same.
    let workdir = partial();
    let joined = survey(3).replace("name = \"F2\"", "name = \"F4\"\nformerly = [\"F2\"]");
    workdir.write("config/surveys/mine.toml", joined);
    let resumed = workdir.run(&resume);
    assert_eq!(resumed.code, 3, "{}", resumed.snapshot());
    // Another query: what was asked with the old one is asked again, and nothing is mixed.
    let workdir = partial();
    workdir
        .write("config/surveys/mine.toml", survey(3).replace("is:public", "is:public fork:true"));
    let answers: String = ["F1", "F2", "F3"]
        .iter()
        .map(|name| line(name, "complete", Some(9)).replace("is:public", "is:public fork:true"))
        .collect();
    workdir.write("r.jsonl", answers);
    let resumed = workdir.run(&[&resume[..], &["--format", "csv"]].concat());
    assert_eq!(resumed.code, 0, "{}", resumed.snapshot());
    assert_eq!(resumed.stdout.matches(",9,complete,").count(), 3, "{}", resumed.stdout);
}

#[test]
fn a_run_stopped_before_its_re_asks_is_not_finished() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(1));
    workdir.write("r.jsonl", line("F1", "incomplete", Some(5)));
    let first = workdir.run(&["collect", "mine", "--replay", "r.jsonl"]);
    assert_eq!(first.code, 1, "its re-asks are not in the recording: {}", first.snapshot());
    workdir.write("r.jsonl", line("F1", "complete", Some(8)));
    let resumed = workdir.run(&["collect", "mine", "--replay", "r.jsonl", "--resume"]);
    assert_eq!(resumed.code, 0, "{}", resumed.snapshot());
    assert!(resumed.stdout.contains('8'), "{}", resumed.stdout);
}

#[test]
fn each_pass_has_its_own_recorded_answers() {
    let workdir = Workdir::new();
    let samples = survey(1).replace("[[metrics]]", "[collect]\nsamples = 2\n\n[[metrics]]");
    workdir.write("config/surveys/mine.toml", samples);
    let second = line("F1", "complete", Some(7)).replace("\"query\"", "\"sample_no\":2,\"query\"");
    workdir.write("both.jsonl", line("F1", "complete", Some(5)) + &second);
    let both = ["collect", "mine", "--replay", "both.jsonl", "--record", "copy.jsonl"];
    assert_eq!(workdir.run(&both).code, 0);
    assert_eq!(workdir.read("copy.jsonl"), workdir.read("both.jsonl"));
    workdir.write("one.jsonl", line("F1", "complete", Some(5)));
    let one = workdir.run(&["collect", "mine", "--replay", "one.jsonl"]);
    assert_eq!(one.code, 3, "{}", one.snapshot());
    let history = workdir.read("output/mine/replay-one.csv");
    assert!(history.contains(",2,1,,failed,rest,f1 is:public,not in the recording"), "{history}");
}

#[test]
fn a_recording_is_continued_by_its_own_run_only() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(2));
    workdir.write("r.jsonl", line("F1", "complete", Some(5)));
    assert_eq!(workdir.run(&["collect", "mine", "--replay", "r.jsonl"]).code, 3);
    let whole = line("F1", "complete", Some(5));
    for other in [whole.replace("20261121T", "20251121T"), whole[..40].to_owned()] {
        workdir.write("other.jsonl", &other);
        let arguments =
            ["collect", "mine", "--replay", "r.jsonl", "--resume", "--record", "other.jsonl"];
        assert_eq!(workdir.run(&arguments).code, 2);
        assert_eq!(workdir.read("other.jsonl"), other);
    }
}

#[test]
fn escape_codes_of_others_do_not_reach_the_terminal() {
    let workdir = Workdir::new();
    workdir.write("s.toml", "\"\\u001b]0;title\\u0007\" = 1\ntitle = \"x\"\n");
    let outcome = workdir.run(&["check", "s.toml", "--color", "never"]);
    assert_eq!(outcome.code, 2);
    assert!(!outcome.stderr.contains(['\u{1b}', '\u{7}']), "{:?}", outcome.stderr);
    workdir.write("h.csv", workdir_history("rest@x)|<img src=e>", ""));
    let refused = workdir.run(&["report", "h.csv", "--format", "methods"]);
    assert_eq!(refused.code, 1, "{}", refused.snapshot());
    workdir.write("h.csv", workdir_history("published", "published <script>1</script>"));
    let shown = workdir.run(&["report", "h.csv", "--format", "methods"]).success();
    assert!(!shown.contains("<script>"), "{shown}");
}

fn workdir_history(source: &str, detail: &str) -> String {
    format!(
        "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,repo_count,\
         status,source,query_text,detail\n20261121T060003Z-7f3a,2026-11-21T06:00:04Z,s,A,,m,,1,1,5,\
         unchecked,{source},,{detail}\n"
    )
}

#[test]
fn an_older_recording_does_not_break_the_order_of_runs() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(1));
    let once = ["collect", "mine", "--replay", "r.jsonl", "--once", "--per", "day"];
    workdir.write("r.jsonl", line("F1", "complete", Some(5)));
    assert_eq!(workdir.run(&once).code, 0);
    let history = workdir.read("output/mine/replay-r.csv");
    let older = line("F1", "complete", Some(4)).replace("20261121T", "20251121T");
    workdir.write("r.jsonl", older);
    let refused = workdir.run(&once);
    assert_eq!(refused.code, 2, "{}", refused.snapshot());
    assert_eq!(workdir.read("output/mine/replay-r.csv"), history);
}

/// A survey of frameworks F1, F2, … without a schedule.
pub(crate) fn survey(frameworks: usize) -> String {
    survey_of("Mine", "", frameworks)
}

/// A line of a recording that answers the query of a framework of [`survey`].
pub(crate) fn line(framework: &str, status: &str, count: Option<u64>) -> String {
    let query = framework.to_lowercase();
    let count = count.map(|count| format!("\"count\":{count},")).unwrap_or_default();
    let detail = match status {
        "failed" => ",\"detail\":\"502, gave up after 4 attempts\"",
        "incomplete" => ",\"detail\":\"stopped early\"",
        _ => "",
    };
    format!(
        "{{\"run\":\"20261121T060003Z-7f3a\",\"observed_at\":\"2026-11-21T06:00:04Z\",\
         \"framework\":\"{framework}\",\"metric\":\"repositories\",\"query\":\"{query} is:public\",\
         \"status\":\"{status}\",{count}\"source\":\"rest\"{detail}}}\n"
    )
}
