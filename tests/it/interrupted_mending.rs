//! Imports and repairs that are killed, or run out of room: the history is the old one or the new
//! one, whole, and the next command goes on.
//!
//! `REPO_CENSUS_KILLS=500 cargo test --test it interrupted_mending` makes a longer campaign of it.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::workdir::Workdir;

const HISTORY: &str = "output/mine/history.csv";
const IMPORT: [&str; 4] = ["import", "other.csv", "--into", "mine"];
const REPAIR: [&str; 2] = ["repair", "mine"];

/// How often each command is killed, unless a longer campaign is asked for.
const KILLS: u32 = 40;

/// How many runs of eleven rows the histories have.
const RUNS: usize = 60;

fn kills() -> u32 {
    std::env::var("REPO_CENSUS_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// The rows of so many runs; each third can be left to another machine.
fn history(runs: usize, wanted: impl Fn(usize) -> bool) -> String {
    let mut text = String::from(
        "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,repo_count,\
         status,source,query_text,detail\n",
    );
    for run in (0..runs).filter(|run| wanted(*run)) {
        let (day, hour) = (1 + run / 24 % 28, run % 24);
        let month = 1 + run / 24 / 28;
        for framework in 1..=11 {
            text.push_str(&format!(
                "2025{month:02}{day:02}T{hour:02}0000Z-{run:04x},2025-{month:02}-{day:02}T{hour:02}:00:{framework:02}Z,\
                 mine,F{framework},,repositories,00000001,1,1,{},complete,rest,f{framework} is:public,\n",
                run * 100 + framework
            ));
        }
    }
    text
}

struct Campaign {
    command: Vec<&'static str>,
    old: String,
    new: String,
    other: Option<String>,
}

impl Campaign {
    fn workdir(&self) -> Workdir {
        let workdir = Workdir::new();
        workdir.write("config/surveys/mine.toml", crate::collect::survey(11));
        workdir.write(HISTORY, &self.old);
        if let Some(other) = &self.other {
            workdir.write("other.csv", other);
        }
        workdir
    }

    fn start(&self, workdir: &Workdir) -> Child {
        let mut command = workdir.command(&self.command);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts")
    }

    /// Kills the command at a moment, or as soon as it writes; returns whether it was writing.
    fn kill_and_go_on(&self, moment: Option<Duration>) -> bool {
        let workdir = self.workdir();
        let mut child = self.start(&workdir);
        if let Some(moment) = moment {
            std::thread::sleep(moment);
        } else {
            while child.try_wait().expect("a child").is_none() && !is_writing(&workdir) {}
            // Every other time at once, so that fast machines are caught too.
            if fastrand::bool() {
                std::thread::sleep(Duration::from_micros(fastrand::u64(0..20_000)));
            }
        }
        child.kill().expect("a child");
        child.wait().expect("a child");
        let was_writing = is_writing(&workdir);
        let left = workdir.read(HISTORY);
        assert!(left == self.old || left == self.new, "neither the old file nor the new one");
        let backup = workdir.path(&format!("{HISTORY}.bak"));
        if left == self.new {
            assert!(std::fs::read_to_string(&backup).expect("the old file") == self.old);
        }
        if backup.exists() {
            assert!(std::fs::read_to_string(&backup).expect("the old file") == self.old);
        }
        let next = workdir.run(&self.command);
        assert_eq!(next.code, 0, "{}", next.snapshot());
        assert!(workdir.read(HISTORY) == self.new, "the next command goes on: {}", next.snapshot());
        let files = workdir.files();
        let is_left = |file: &String| file.ends_with(".rewriting") || file.contains(".tmp");
        assert!(!files.iter().any(is_left), "what the killed one left is gone: {files:?}");
        was_writing
    }

    fn run(&self) {
        let workdir = self.workdir();
        let started = Instant::now();
        let whole = workdir.run(&self.command);
        let took = started.elapsed();
        assert_eq!(whole.code, 0, "{}", whole.snapshot());
        assert!(workdir.read(HISTORY) == self.new, "{}", whole.snapshot());
        let longest = u64::try_from(took.as_micros()).expect("a short time") * 11 / 10;
        let mut caught_writing = 0;
        for round in 0..kills() {
            let moment = Duration::from_micros(fastrand::u64(0..longest));
            let moment = Some(moment).filter(|_| round % 2 == 0);
            caught_writing += u32::from(self.kill_and_go_on(moment));
        }
        assert!(caught_writing > 0, "the campaign never met a command that was writing");
    }
}

/// Tells whether a half-written file lies beside the history.
fn is_writing(workdir: &Workdir) -> bool {
    ["output/mine", "output/mine/set-aside"].iter().any(|folder| {
        let files = workdir.path(folder).read_dir().into_iter().flatten().flatten();
        let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        names.any(|name| name.ends_with(".rewriting"))
    })
}

fn import_campaign() -> Campaign {
    Campaign {
        command: IMPORT.to_vec(),
        old: history(RUNS, |run| run % 3 != 0),
        new: history(RUNS, |_| true),
        other: Some(history(RUNS, |run| run % 3 == 0)),
    }
}

fn repair_campaign() -> Campaign {
    let new = history(RUNS, |_| true);
    let mut lines: Vec<&str> = new.lines().collect();
    lines[1..].rotate_left(100);
    lines.insert(70, "rubbish");
    lines.insert(90, lines[89]);
    Campaign { command: REPAIR.to_vec(), old: lines.join("\n") + "\ncut", new, other: None }
}

#[test]
fn a_killed_import_leaves_the_old_history_or_the_new_one() {
    import_campaign().run();
}

#[test]
fn a_killed_repair_leaves_the_old_history_or_the_new_one() {
    repair_campaign().run();
}

/// Files may not grow beyond a few blocks: what a full disk does, without filling one.
#[cfg(unix)]
#[test]
fn without_room_nothing_is_changed_and_nothing_is_left_behind() {
    for campaign in [import_campaign(), repair_campaign()] {
        let workdir = campaign.workdir();
        let program = workdir.command(&campaign.command);
        let mut command = std::process::Command::new("/bin/sh");
        command
            .args(["-c", "trap '' XFSZ; ulimit -f 40; exec \"$0\" \"$@\""])
            .arg(program.get_program())
            .args(program.get_args())
            .current_dir(workdir.path(""));
        let outcome = workdir.run_command(&mut command);
        assert_eq!(outcome.code, 1, "{}", outcome.snapshot());
        assert!(outcome.stderr.contains("history.csv` cannot be written"), "{}", outcome.stderr);
        assert!(workdir.read(HISTORY) == campaign.old, "{}", outcome.stderr);
        assert!(!is_writing(&workdir), "{:?}", workdir.files());
        assert!(!workdir.files().iter().any(|file| file.contains(".bak")), "{:?}", workdir.files());
        workdir.run(&campaign.command).success();
        assert!(workdir.read(HISTORY) == campaign.new, "the next command goes on");
    }
}
