//! What a daemon holds after 10,000 runs: its memory, by the system's account, as hours pass.
//!
//! The daemon runs in this process for a simulated clock; the tests' GitHub is a process of its own,
//! so that what it remembers does not count. `cargo bench --bench daemon`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a benchmark looks at real clocks and prints"
)]

#[allow(unused_imports, reason = "the server's own tests do not run here")]
#[path = "../tests/it/fake_github/mod.rs"]
mod fake_github;
#[path = "../tests/it/measured.rs"]
mod measured;
#[path = "../tests/it/simulated/clock.rs"]
mod simulated_clock;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use fake_github::{FakeGithub, SimulatedTime};
use measured::resident_kb;
use repo_census::cli;
use repo_census::clock::{Clock, Sleep};
use repo_census::platform::{Signal, Stopper, stop_flag};
use repo_census::settings::{Api, Environment, Layer, Setting};
use simulated_clock::SimulatedClock;

const TOKEN: &str = "ghp_bench";
const START_MS: i64 = 1_795_219_200_000;
const HOUR_MS: i64 = 3_600_000;
const SURVEY: &str = "title = \"Bench\"\n[schedule]\ncron = \"@hourly\"\n[[metrics]]\n\
                      id = \"repositories\"\nquery = \"{query} is:public\"\n\
                      [[frameworks]]\nname = \"F1\"\n[[frameworks]]\nname = \"F2\"\n";

/// After how many runs the memory is looked at; the last one ends the benchmark.
const LOOKS_AT: [i64; 6] = [10, 100, 1_000, 2_500, 5_000, 10_000];

fn main() {
    if std::env::args().any(|argument| argument == "--serve") {
        serve();
        return;
    }
    let program = std::env::current_exe().expect("this program");
    let mut server = Command::new(program)
        .arg("--serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a server");
    let mut url = String::new();
    let mut told = BufReader::new(server.stdout.take().expect("a pipe"));
    told.read_line(&mut url).expect("an address");
    collect_for_hours(url.trim());
    // It ends when nobody holds the other end.
    drop(server.stdin.take());
    server.wait().expect("an end");
}

/// Answers until standard input ends.
fn serve() {
    let github = FakeGithub::builder().user("alice", &[TOKEN]).without_limits().start();
    println!("{}", github.api_url());
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).expect("an end");
}

fn collect_for_hours(url: &str) {
    let root = tempfile::tempdir().expect("a folder");
    let surveys = root.path().join("config/surveys");
    std::fs::create_dir_all(&surveys).expect("a folder");
    std::fs::write(surveys.join("bench.toml"), SURVEY).expect("a survey");
    let layer = Layer::Default;
    let environment = Environment {
        root: Some(Setting { value: root.path().to_owned(), layer: layer.clone() }),
        api: Some(Setting { value: Api::Url(url.to_owned()), layer }),
        api_url: Some(url.to_owned()),
        github_tokens: vec![("GH_TOKEN", TOKEN.to_owned().into())],
        ..Environment::default()
    };
    let (stopper, stop) = stop_flag();
    let time = SimulatedTime::starting_at_ms(START_MS);
    let clock =
        WatchedClock { clock: SimulatedClock(time.clone()), time, stopper, looks: 0.into() };
    println!("  runs  memory");
    let started = Instant::now();
    let code = cli::run(
        ["repo-census", "--quiet", "daemon", "bench", "--api", "rest"],
        environment,
        Box::new(clock),
        Some(stop),
    );
    assert_eq!(code, 0);
    let history = std::fs::read_to_string(root.path().join("output/bench/history.csv"));
    let rows = history.expect("a history").lines().count() - 1;
    println!("{rows} rows in {:.0?}", started.elapsed());
}

/// A simulated clock that looks at the memory when its time has come, and ends the daemon.
struct WatchedClock {
    clock: SimulatedClock,
    time: SimulatedTime,
    stopper: Stopper,
    looks: Mutex<usize>,
}

impl Clock for WatchedClock {
    fn now_utc(&self) -> DateTime<Utc> {
        self.clock.now_utc()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Sleep<'_> {
        let mut looks = self.looks.lock().expect("a number");
        let runs = (self.time.now_ms() - START_MS) / HOUR_MS + 1;
        if LOOKS_AT.get(*looks).is_some_and(|at| runs >= *at) {
            *looks += 1;
            println!("{runs:>6}  {:>5} kB", resident_kb());
            if *looks == LOOKS_AT.len() {
                self.stopper.stop(Signal::Terminate);
            }
        }
        self.clock.sleep(duration)
    }
}
