//! What it costs to read long histories: 10 thousand, 1 million and 10 million rows of an hourly
//! survey, 100 counts a run. Prints CPU time (user and system, of the whole process) and peak
//! memory of each command. Needs 2.2 GB in the temporary folder, and Linux.
//!
//! `cargo bench --bench histories` measures. `cargo bench --bench histories -- generate ROWS FILE`
//! only writes a history, for `benches/compare.py` or anything else.

#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a benchmark prints")]

#[path = "../tests/it/measured.rs"]
mod measured;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, Utc};
use measured::{children_computed, wait_watched};

/// 2015-01-01 00:00:03 UTC, the first run.
const FIRST_RUN_S: i64 = 1_420_070_403;
const FRAMEWORKS: u64 = 20;
const METRICS: u64 = 5;
const COUNTS: u64 = FRAMEWORKS * METRICS;
/// Every so many counts GitHub stops early at first, and is asked again.
const STOPPED_EVERY: u64 = 97;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => measure(),
        ["generate", rows, file] => match rows.parse() {
            Ok(rows) => generate(rows, Path::new(file)),
            Err(_) => Err(io::Error::other(format!("`{rows}` is no number of rows"))),
        },
        _ => Err(io::Error::other("usage: histories [generate ROWS FILE]")),
    }
}

fn measure() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    println!("{:>12}  {:20}  {:>10}  {:>10}", "rows", "command", "CPU ms", "peak kB");
    for rows in [1_000, 10_000, 1_000_000, 10_000_000] {
        let history = folder.path().join(format!("{rows}.csv"));
        generate(rows, &history)?;
        let history = history.to_string_lossy().into_owned();
        let wide = folder.path().join("wide.csv").to_string_lossy().into_owned();
        let newest = ["report", &history, "--quiet"];
        let earlier = ["report", &history, "--quiet", "--at", "2015-01-01"];
        let trend = ["trend", &history, "--quiet"];
        let export = ["export", &history, "--quiet", "--shape", "wide", "--out", &wide];
        let cases: [(&str, &[&str], u32); 4] = [
            ("newest ranking", &newest, 101),
            ("ranking of 2015", &earlier, 101),
            ("trend", &trend, if rows > 1_000_000 { 5 } else { 21 }),
            ("wide CSV", &export, if rows > 1_000_000 { 5 } else { 21 }),
        ];
        for (name, arguments, times) in cases {
            let (cpu_ms, peak_kb) = run(arguments, folder.path(), times)?;
            println!("{rows:>12}  {name:20}  {cpu_ms:>10.1}  {peak_kb:>10}");
        }
        fs::remove_file(history)?;
    }
    Ok(())
}

/// Runs the program some times; returns the mean CPU time and the highest memory seen.
fn run(arguments: &[&str], folder: &Path, times: u32) -> io::Result<(f64, u64)> {
    let before = children_computed();
    let mut peak_kb = 0;
    for _ in 0..times {
        let mut child = Command::new(env!("CARGO_BIN_EXE_repo-census"))
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("HOME", folder)
            .stdout(Stdio::null())
            .spawn()?;
        let (status, watched_kb) = wait_watched(&mut child);
        peak_kb = peak_kb.max(watched_kb);
        assert!(status.success(), "{arguments:?}: {status}");
    }
    let computed = children_computed().saturating_sub(before);
    Ok((computed.as_secs_f64() * 1000.0 / f64::from(times), peak_kb))
}

/// Writes a history of so many rows or a few less: whole runs, an hour apart, all of them finished.
fn generate(rows: u64, path: &Path) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(
        b"run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,repo_count,\
          status,source,query_text,detail\n",
    )?;
    let mut written = 0;
    for number in 0.. {
        let (run, length) = run_of(number);
        if written + length > rows {
            break;
        }
        written += length;
        out.write_all(run.as_bytes())?;
    }
    out.flush()
}

/// Returns the rows of a run, and how many they are.
fn run_of(number: u64) -> (String, u64) {
    let hours = i64::try_from(number).unwrap_or(i64::MAX / 3600);
    let started_at = DateTime::from_timestamp(FIRST_RUN_S + hours * 3600, 0).unwrap_or_default();
    let id = format!("{}-{:04x}", started_at.format("%Y%m%dT%H%M%SZ"), number * 7919 % 65_536);
    let (mut text, mut again, mut rows) = (String::new(), String::new(), 0);
    for place in 0..COUNTS {
        let (framework, metric) = (place / METRICS, place % METRICS);
        let count = 1000 + framework * 37_000 + number * (framework + 1) / 7 + metric * 13;
        let mut row = Row { id: &id, started_at, place, framework, metric, attempt: 1, count };
        rows += 1;
        if (number * COUNTS + place).is_multiple_of(STOPPED_EVERY) {
            let planned = if place == 0 { "planned 100; " } else { "" };
            let detail = format!("{planned}stopped early");
            text.push_str(&Row { count: count / 2, ..row }.text("incomplete", &detail));
            row.attempt = 2;
            again.push_str(&row.text("complete", ""));
            rows += 1;
        } else {
            text.push_str(&row.text("complete", if place == 0 { "planned 100" } else { "" }));
        }
    }
    (text + &again, rows)
}

#[derive(Clone, Copy)]
struct Row<'a> {
    id: &'a str,
    started_at: DateTime<Utc>,
    place: u64,
    framework: u64,
    metric: u64,
    attempt: u64,
    count: u64,
}

impl Row<'_> {
    fn text(self, status: &str, detail: &str) -> String {
        let Self { id, started_at, place, framework, metric, attempt, count } = self;
        let seconds = Duration::from_secs(place / 3 + (attempt - 1) * 20);
        let day = started_at.format("%Y-%m-%d");
        let observed_at = (started_at + seconds).format("%Y-%m-%dT%H:%M:%SZ");
        let method = (place + 1) * 2_654_435_761 % (1 << 32);
        // As in real surveys, some names are phrases, and phrases are quoted.
        let query = if framework.is_multiple_of(5) {
            format!(
                "\"\"\"framework number {framework:02}\"\" is:public archived:false pushed:>={day} stars:>={metric}\""
            )
        } else {
            format!(
                "framework-number-{framework:02} is:public archived:false pushed:>={day} stars:>={metric}"
            )
        };
        format!(
            "{id},{observed_at},benchmark,Framework {framework:02},Language,metric-{metric},\
             {method:08x},1,{attempt},{count},{status},rest,{query},{detail}\n"
        )
    }
}
