//! What a process of the program uses, as Linux tells it.

#![allow(dead_code, reason = "each test and benchmark uses a part")]

use std::fs;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::Duration;

/// Waits for the program's end and watches how much memory it uses at most, in kB; 0 where the system
/// does not tell.
pub(crate) fn wait_watched(child: &mut Child) -> (ExitStatus, u64) {
    let mut peak_kb = 0;
    loop {
        peak_kb = peak_kb.max(peak_memory_kb(child.id()));
        if let Some(status) = child.try_wait().expect("a child") {
            return (status, peak_kb);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Returns the most memory that the program has used while it runs.
fn peak_memory_kb(pid: u32) -> u64 {
    // Between its birth and its exec a process still has the memory of this one.
    let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    if program != Path::new(env!("CARGO_BIN_EXE_repo-census")) {
        return 0;
    }
    status_kb(&pid.to_string(), "VmHWM:")
}

/// Returns the memory that this process holds, in kB; 0 where the system does not tell.
pub(crate) fn resident_kb() -> u64 {
    status_kb("self", "VmRSS:")
}

fn status_kb(process: &str, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Returns the computing time of all children that have ended, user's and system's.
pub(crate) fn children_computed() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    // Behind the name, which may hold spaces, `cutime` and `cstime` are the 14th and 15th.
    let (_, fields) = stat.rsplit_once(')').expect("a status");
    let times = fields.split_whitespace().skip(13).take(2);
    let ticks: u64 = times.map(|field| field.parse::<u64>().expect("ticks")).sum();
    // Linux counts in hundredths of a second here.
    Duration::from_millis(ticks * 10)
}
