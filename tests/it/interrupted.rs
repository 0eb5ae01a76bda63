//! Collectors that are killed or asked to stop: no half row, and no answered count lost.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::collect::{line, survey};
use crate::workdir::Workdir;

const FRAMEWORKS: usize = 12;
const HISTORY: &str = "output/mine/replay-r.csv";
const COLLECT: [&str; 4] = ["collect", "mine", "--replay", "r.jsonl"];

fn workdir() -> Workdir {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(FRAMEWORKS));
    let answer = |no: usize| line(&format!("F{no}"), "complete", Some(1000 + no as u64));
    workdir.write("r.jsonl", (1..=FRAMEWORKS).map(answer).collect::<String>());
    workdir
}

fn start_slow(workdir: &Workdir, pace: &str) -> Child {
    let mut command = workdir.command(&[&COLLECT[..], &["-v", "--pace", pace]].concat());
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts")
}

/// Kills a collector and returns how many answers it said it had kept.
fn kill_and_count(mut child: Child) -> usize {
    child.kill().expect("a child");
    child.wait().expect("a child");
    let mut told = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut told).expect("text");
    told.lines().filter(|line| line.contains("(complete;")).count()
}

/// Returns the framework and attempt of each whole row; fails on a half one.
fn whole_rows(history: &str) -> Vec<(String, u32)> {
    let rows: Vec<&str> = history.lines().skip(1).collect();
    let row = |row: &&str| {
        let fields: Vec<&str> = row.split(',').collect();
        assert_eq!(fields.len(), 14, "a half row: {row}");
        assert_eq!(fields[0], "20261121T060003Z-7f3a", "{row}");
        (fields[3].to_owned(), fields[8].parse().expect("an attempt"))
    };
    rows.iter().map(row).collect()
}

/// One kill, perhaps with a cut tail, one look and one resume; tells whether it came in the middle of
/// the run.
fn kill_look_and_resume(round: u32) -> bool {
    let workdir = workdir();
    let child = start_slow(&workdir, "2ms");
    std::thread::sleep(Duration::from_micros(fastrand::u64(0..60_000)));
    let told = kill_and_count(child);
    let path = workdir.path(HISTORY);
    let Ok(mut history) = std::fs::read_to_string(&path) else {
        assert_eq!(told, 0, "what was told is on disk");
        return false;
    };
    // The single write of a row is hardly ever caught half done, so a power cut is played too.
    let cut = round.is_multiple_of(3) && history.lines().count() > 1;
    if cut {
        let last = history.trim_end().rfind('\n').expect("a header") + 1;
        history.truncate(fastrand::usize(last + 1..history.len()));
        std::fs::write(&path, &history).expect("a history");
    }
    let kept = whole_rows(&history[..history.rfind('\n').map_or(0, |at| at + 1)]);
    let expected = if cut { told.saturating_sub(1) } else { told };
    assert!(kept.len() >= expected, "{} rows of {told} answers told", kept.len());
    if !kept.is_empty() {
        let read = workdir.run(&["report", HISTORY, "--format", "csv"]);
        let numbered = read.stdout.lines().filter(|row| row.contains(",complete,")).count();
        assert_eq!(numbered, kept.len(), "a reader sees whole rows only: {}", read.snapshot());
    }
    let resumed = workdir.run(&[&COLLECT[..], &["--resume", "-v"]].concat());
    if kept.is_empty() {
        // Nothing was answered, so there is no run to resume.
        assert!(matches!(resumed.code, 0 | 1), "{}", resumed.snapshot());
        return false;
    }
    assert_eq!(resumed.code, 0, "{}", resumed.snapshot());
    assert_eq!(resumed.stderr.contains("was cut off"), cut, "{}", resumed.stderr);
    let asked = resumed.stderr.lines().filter(|line| line.contains("(complete;")).count();
    assert_eq!(asked, FRAMEWORKS - kept.len(), "only what was missing is asked");
    let rows = whole_rows(&workdir.read(HISTORY));
    let expected: Vec<(String, u32)> = (1..=FRAMEWORKS).map(|no| (format!("F{no}"), 1)).collect();
    assert_eq!(rows, expected, "every count once, under the same run");
    kept.len() < FRAMEWORKS
}

#[test]
fn two_hundred_kills_lose_nothing() {
    let in_the_middle = (0..200).filter(|round| kill_look_and_resume(*round)).count();
    assert!(in_the_middle > 0, "the campaign never met a run in its middle");
}

#[test]
fn a_signal_ends_a_run_between_answers() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let workdir = workdir();
        let child = start_slow(&workdir, "60ms");
        std::thread::sleep(Duration::from_millis(350));
        let pid = Pid::from_child(&child);
        kill_process(pid, signal).expect("a process");
        let output = child.wait_with_output().expect("ends");
        let outcome = workdir.outcome(&output);
        assert_eq!(outcome.code, code, "{}", outcome.snapshot());
        let told = outcome.stderr.lines().filter(|line| line.contains("(complete;")).count();
        let kept = whole_rows(&workdir.read(HISTORY));
        assert_eq!(kept.len(), told);
        assert!((1..FRAMEWORKS).contains(&told), "{told}");
        let expected = format!(
            "error: interrupted; {told} of 12 counts are in `{HISTORY}`\n\n\
             hint: ask only for the rest with `repo-census collect mine --replay r.jsonl --resume`\n"
        );
        assert!(outcome.stderr.ends_with(&expected), "{}", outcome.stderr);
        let resumed = workdir.run(&[&COLLECT[..], &["--resume"]].concat());
        assert_eq!(resumed.code, 0, "{}", resumed.snapshot());
        assert_eq!(whole_rows(&workdir.read(HISTORY)).len(), FRAMEWORKS);
    }
}

#[test]
fn what_was_kept_is_told_when_the_history_is_taken_away() {
    let workdir = workdir();
    let mut child = start_slow(&workdir, "60ms");
    let mut told = String::new();
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    while !told.contains("F2 ") {
        assert!(stderr.read_line(&mut told).expect("text") > 0, "ended early: {told}");
    }
    std::fs::remove_file(workdir.path(HISTORY)).expect("a history");
    stderr.read_to_string(&mut told).expect("text");
    let code = child.wait().expect("ends").code();
    assert_eq!(code, Some(3), "{told}");
    let kept = told.lines().filter(|line| line.contains("(complete;")).count();
    let expected = format!("{kept} rows were kept in `{HISTORY}`, but cannot be found there now");
    assert!(told.contains(&expected), "{told}");
    assert_eq!(workdir.run(&COLLECT).code, 0);
    assert_eq!(whole_rows(&workdir.read(HISTORY)).len(), FRAMEWORKS);
}
