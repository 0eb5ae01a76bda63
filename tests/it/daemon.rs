//! A daemon as a real process: what it says, what it survives, and how soon it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::fake_github::{Builder, FakeGithub, SecondaryLimits};
use crate::github::{TOKEN, mask_moments};
use crate::workdir::{Workdir, repository_text};

/// A daemon that was asked to end must have done so within this time.
const LONGEST_END: Duration = Duration::from_secs(2);

/// What it says must come within this time.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A schedule whose period does not end while a test runs.
const YEARLY: &str = "[schedule]\ncron = \"@yearly\"\n";

fn survey(head: &str, frameworks: usize) -> String {
    let start = format!(
        "title = \"It\"\n{head}[[metrics]]\nid = \"repositories\"\nquery = \"{{query}} is:public\"\n"
    );
    let framework = |no| format!("[[frameworks]]\nname = \"F{no}\"\n");
    start + &(1..=frameworks).map(framework).collect::<String>()
}

fn fake() -> Builder {
    let secondary = SecondaryLimits { points: 10_000, ..SecondaryLimits::default() };
    let builder = FakeGithub::builder().user("alice", &[TOKEN]);
    builder.search_limit_authenticated(5_000).secondary_limits(secondary)
}

/// A daemon at work; it is killed if the test fails.
struct Daemon {
    child: Child,
    lines: Receiver<String>,
    said: String,
}

impl Daemon {
    fn start(
        workdir: &Workdir,
        github: &FakeGithub,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = workdir.command(&[&["daemon", "it"], arguments].concat());
        command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, lines) = channel();
        // Ends with the daemon.
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines, said: String::new() }
    }

    /// Takes what it says up to a line with these words.
    fn until_it_says(&mut self, words: &str) {
        loop {
            let line = self.lines.recv_timeout(LONGEST_WAIT);
            let line = line.unwrap_or_else(|_| panic!("no `{words}`: {}", self.said));
            self.said.push_str(&(line.clone() + "\n"));
            if line.contains(words) {
                return;
            }
        }
    }

    /// Sends a signal, expects a quick end with exit code 0 and nothing on stdout, and returns all
    /// that was said.
    fn end(mut self, signal: Signal) -> String {
        let asked_at = Instant::now();
        kill_process(Pid::from_child(&self.child), signal).expect("a process");
        let status = self.child.wait().expect("ends");
        let took = asked_at.elapsed();
        for line in &self.lines {
            self.said.push_str(&(line + "\n"));
        }
        assert_eq!(status.code(), Some(0), "{status}: {}", self.said);
        assert!(took < LONGEST_END, "it took {took:?} to end");
        let mut stdout = String::new();
        self.child.stdout.take().expect("a pipe").read_to_string(&mut stdout).expect("text");
        assert_eq!(stdout, "", "nothing on stdout");
        std::mem::take(&mut self.said)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_daemon_collects_says_so_and_ends() {
    let github = fake().start();
    let workdir = Workdir::new();
    workdir.write("config/surveys/it.toml", survey(YEARLY, 3));
    let mut daemon = Daemon::start(&workdir, &github, &[], &[]);
    daemon.until_it_says("finished");
    let first = daemon.end(Signal::TERM);
    // A restart finds the run in the history and makes no other.
    let mut daemon = Daemon::start(&workdir, &github, &[], &[]);
    daemon.until_it_says("already");
    let second = daemon.end(Signal::INT);
    assert_eq!(github.requests().len(), 3);
    let year = |text: &str| {
        let years = (2000..2100).filter(|year| text.contains(&format!("{year}-01-01")));
        years.fold(mask_moments(text), |text, year| text.replace(&format!("{year}-"), "YEAR-"))
    };
    insta::assert_snapshot!(year(&(first + "-----\n" + &second)));
}

#[test]
fn a_daemon_goes_on_where_nothing_but_the_header_was_written() {
    let github = fake().start();
    let workdir = Workdir::new();
    workdir.write("config/surveys/it.toml", survey(YEARLY, 2));
    for kept in ["header", "half of it", "nothing"] {
        let header = repository_text("output/backend-frameworks/replay-codingnomads-2023.csv");
        let header = header.lines().next().expect("a header");
        workdir.write(
            "output/it/history.csv",
            match kept {
                "header" => format!("{header}\n"),
                "half of it" => header[..header.len() / 2].to_owned(),
                _ => String::new(),
            },
        );
        let mut daemon = Daemon::start(&workdir, &github, &[], &[]);
        daemon.until_it_says("finished: 2 of 2 counts");
        daemon.end(Signal::TERM);
        assert_eq!(workdir.read("output/it/history.csv").lines().count(), 3, "{kept}");
    }
}

#[test]
fn a_daemon_without_a_schedule_names_the_way_out() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/it.toml", survey("", 1));
    let outcome = workdir.run(&["daemon", "it"]);
    insta::assert_snapshot!(outcome.snapshot());
    let due =
        workdir.run(&["daemon", "it", "--per", "week", "--next", "2", "--from", "2026-11-21"]);
    assert_eq!(due.success(), "2026-11-23T00:00:00Z\n2026-11-30T00:00:00Z\n");
}

#[test]
fn due_moments_are_printed_in_order_from_any_day_on() {
    let workdir = Workdir::new();
    let head = "[schedule]\ncron = \"30 2 * * *\"\ntimezone = \"Europe/Berlin\"\n";
    workdir.write("config/surveys/it.toml", survey(head, 1));
    let due = |arguments: &[&str]| workdir.run(&[&["daemon", "it"], arguments].concat());
    let expected = "2026-03-28T01:30:00Z\n2026-03-29T01:00:00Z\n2026-03-30T00:30:00Z\n";
    assert_eq!(due(&["--next", "3", "--from", "2026-03-28"]).success(), expected);
    assert_eq!(due(&["--next", "2"]).success().lines().count(), 2);
    for arguments in [&["--next", "0"][..], &["--from", "2026"], &["--next", "1", "--from", "x"]] {
        assert_eq!(due(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_refused_token_and_another_collector_are_waited_out() {
    let github = fake().start();
    let workdir = Workdir::new();
    workdir.write("config/surveys/it.toml", survey(YEARLY, 3));
    let mut daemon = Daemon::start(&workdir, &github, &[], &[("GH_TOKEN", "ghp_nobody")]);
    daemon.until_it_says("trying again");
    let refused = daemon.end(Signal::TERM);
    assert!(refused.contains("GitHub refuses the token from `GH_TOKEN`"), "{refused}");

    // Another collector holds the lock as long as it lives.
    let mut command = workdir.command(&["collect", "it", "--pace", "60s"]);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    let mut other = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let started = Instant::now();
    while !workdir.path("output/it/history.csv.holder.json").exists() {
        assert!(started.elapsed() < LONGEST_WAIT);
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut daemon = Daemon::start(&workdir, &github, &[], &[]);
    daemon.until_it_says("trying again");
    let busy = daemon.end(Signal::TERM);
    other.kill().expect("a child");
    other.wait().expect("ends");
    assert!(busy.contains("another process is writing to `output/it/history.csv`"), "{busy}");
}

#[test]
fn a_survey_that_changes_is_read_again_and_a_wrong_one_is_not_used() {
    let github = fake().start();
    let workdir = Workdir::new();
    workdir.write("config/surveys/it.toml", survey(YEARLY, 1));
    // A supervisor that wants signs of life lets the daemon look more often.
    let watchdog = [("NOTIFY_SOCKET", "/dev/null"), ("WATCHDOG_USEC", "100000")];
    let mut daemon = Daemon::start(&workdir, &github, &[], &watchdog);
    daemon.until_it_says("finished");
    workdir.write("config/surveys/it.toml", survey(YEARLY, 1) + "wrong = 1\n");
    daemon.until_it_says("going on with it as it was before");
    let hourly = "[schedule]\ncron = \"@hourly\"\n";
    workdir.write("config/surveys/it.toml", survey(hourly, 2));
    daemon.until_it_says("changed and is read again");
    // The run of this year is one of this hour too, unless the hour has just ended.
    daemon.until_it_says("run 2");
    std::fs::remove_file(workdir.path("config/surveys/it.toml")).expect("a survey");
    daemon.until_it_says("going on with it as it was before");
    let said = daemon.end(Signal::TERM);
    assert!(said.contains("unknown key `wrong`"), "{said}");
    assert!(said.contains("there is no survey `it`"), "{said}");
}

/// The framework and count of each whole row; fails on a half one.
fn whole_rows(history: &str) -> Vec<(String, String)> {
    let row = |row: &str| {
        let fields: Vec<&str> = row.split(',').collect();
        assert!(fields.len() == 14 && fields[10] == "complete", "a half row: {row}");
        (fields[3].to_owned(), fields[9].to_owned())
    };
    assert!(history.ends_with('\n'), "a half row");
    history.lines().skip(1).map(row).collect()
}

#[test]
fn a_hundred_signals_at_a_daemon_at_work_lose_nothing() {
    const FRAMEWORKS: usize = 900;
    let counts = (1..=FRAMEWORKS).map(|no| (format!("f{no} is:public"), 10_000 + no as u64));
    let github = counts.fold(fake(), |github, (query, count)| github.count(&query, count));
    let github = github.latency(Duration::from_millis(1)).start();
    let workdir = Workdir::new();
    workdir.write("config/surveys/it.toml", survey(YEARLY, FRAMEWORKS));
    let mut at_work = 0;
    for round in 0..100 {
        let signal = if round % 2 == 0 { Signal::TERM } else { Signal::INT };
        let mut daemon = Daemon::start(&workdir, &github, &["--api", "rest"], &[]);
        daemon.until_it_says("next due");
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..60_000)));
        at_work += usize::from(!daemon.end(signal).contains("finished"));
        let Ok(history) = std::fs::read_to_string(workdir.path("output/it/history.csv")) else {
            continue;
        };
        let rows = whole_rows(&history).len();
        let sent = github.requests().iter().filter(|seen| seen.status_sent == Some(200)).count();
        // Only an answer that was still under way when a signal came may be missing.
        assert!(rows <= sent && sent <= rows + round + 1, "{rows} rows of {sent} answers sent");
    }
    assert!(at_work >= 50, "only {at_work} signals came at work");
    let mut command = workdir.command(&["collect", "it", "--once", "--api", "rest", "--quiet"]);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    workdir.run_command(&mut command).success();
    let history = workdir.read("output/it/history.csv");
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (framework, count) in whole_rows(&history) {
        rows.entry(framework).or_default().push(count);
    }
    assert_eq!(rows.len(), FRAMEWORKS);
    for (framework, counts) in rows {
        let no: u64 = framework[1..].parse().expect("a number");
        assert_eq!(counts, [(10_000 + no).to_string()], "each once: {framework}");
    }
    let runs: BTreeSet<&str> = history.lines().skip(1).map(|row| &row[..21]).collect();
    assert_eq!(runs.len(), 1, "one run, finished again and again");
}

/// Reads from a socket until a message with these words has come, and returns all of it.
#[cfg(target_os = "linux")]
fn signs_until(socket: &std::os::unix::net::UnixDatagram, words: &str) -> Vec<String> {
    let mut signs = Vec::new();
    loop {
        let mut buffer = [0; 1024];
        let length = socket.recv(&mut buffer).unwrap_or_else(|_| panic!("no `{words}`: {signs:?}"));
        let sign = String::from_utf8_lossy(&buffer[..length]).trim_end().to_owned();
        let is_last = sign.contains(words);
        signs.push(sign);
        if is_last {
            return signs;
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_supervisor_is_told_of_readiness_life_and_the_end() {
    let github = fake().latency(Duration::from_millis(400)).start();
    let workdir = Workdir::new();
    workdir.write("config/surveys/it.toml", survey(YEARLY, 4));
    let path = workdir.path("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(LONGEST_WAIT)).expect("a time-out");
    let path = path.to_string_lossy().into_owned();
    let environment = [("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "200000")];
    let daemon = Daemon::start(&workdir, &github, &["--api", "rest"], &environment);
    assert_eq!(signs_until(&socket, "READY=1"), ["READY=1"]);
    // A run of more than a second is full of signs of life.
    let of_run = signs_until(&socket, "STATUS=next run");
    assert_eq!(of_run[0], "STATUS=collecting");
    let alive = of_run.iter().filter(|sign| *sign == "WATCHDOG=1").count();
    assert!(alive >= 5, "{of_run:?}");
    assert_eq!(alive + 2, of_run.len(), "{of_run:?}");
    let idle_at = Instant::now();
    for _ in 0..10 {
        assert_eq!(signs_until(&socket, "="), ["WATCHDOG=1"]);
    }
    let took = idle_at.elapsed();
    assert!(took > Duration::from_millis(500) && took < Duration::from_secs(2), "{took:?}");
    daemon.end(Signal::TERM);
    assert!(signs_until(&socket, "STOPPING=1").len() < 4);
}
