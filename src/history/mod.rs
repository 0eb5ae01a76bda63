//! The only code that touches histories: the append-only CSV of all samples of one survey.
//!
//! Every reader takes a file's `lines` and knows by its `layout` what they mean, which for a file that
//! another program rewrote includes what its values say `exact`ly; both come `opened` together. `row`
//! knows the columns. Of a file of ours `rows` reads from front to end: `read` makes runs of them,
//! `series` the counts over time; and `backward` from the end, for `select`, which chooses a run. Any
//! other file is first looked at whole, by `scan`, and then read run by run in order. `examine`,
//! `repair` and `import` always do that, the first with rows that are `known` by their parts (`backs`);
//! `merge` is what the others do with the rows of a run. `known` and `series` expect what `followed` the
//! last time. `backfill` is a file of its own. `lock` and `append` write; what is written anew goes
//! through `rewrite`. `faults` is what is told of lines. What a count means is `domain`'s business.

mod append;
mod backfill;
mod backs;
mod backward;
mod exact;
mod examine;
mod faults;
mod folders;
mod followed;
mod guard;
mod import;
mod known;
mod layout;
mod lines;
mod lock;
mod merge;
mod opened;
mod read;
mod repair;
mod rewrite;
mod row;
mod rows;
mod scan;
mod select;
mod series;

use std::io;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

pub use append::{Appender, SetAside, is_history, look_at_ends};
pub use backfill::{Reconstructed, read_backfill, replace_backfill};
pub use examine::{Circumstances, Examination, MethodChange, examine};
pub use faults::{Faults, Reread};
pub use guard::guarded;
pub use import::{Import, Importing, import, plan_import};
pub use layout::{MAPPABLE, Mapping};
pub use lock::{Holder, holder_of};
pub use read::{Reading, first_survey, fold_runs, visit_last_runs, visit_runs};
pub use repair::{Repair, plan_repair, repair};
pub use row::{COLUMNS, RowFault, moment};
pub use select::{Selection, Wanted, select_run};
pub use series::read_series;

use crate::domain::run::RunId;

/// Why a history cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no file.
    #[error("there is no history `{}`", path.display())]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// The file has a header and nothing else.
    #[error("the history `{}` has no rows", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file has rows, but none of them can be read.
    #[error("the history `{}` has no row that can be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with the first rows.
        faults: Vec<RowFault>,
    },
    /// The file system refuses.
    #[error("`{}` cannot be {doing}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: `read`, `written`, …
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A new file took the history's place, but not yet for good.
    #[error("the new `{}` is in its place, but a power cut could still bring the old one back", path.display())]
    Unsettled {
        /// The history.
        path: PathBuf,
        /// What could not be synced.
        source: Box<HistoryError>,
    },
    /// The file lacks columns of a history.
    #[error("`{}` is no history: {reason}", path.display())]
    NotAHistory {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is text in another encoding than ours.
    #[error("`{}` is {encoding} text; only UTF-8 is read", path.display())]
    Utf16 {
        /// The file.
        path: PathBuf,
        /// Which UTF-16, by the name that converters know.
        encoding: &'static str,
    },
    /// The file is a history, but another program wrote it anew.
    #[error("`{}` was rewritten by another program; nothing was appended", path.display())]
    Rewritten {
        /// The file.
        path: PathBuf,
        /// What tells, with line numbers.
        differences: Vec<String>,
    },
    /// Another program lost parts of values, or wrote them so that they can mean two things.
    #[error("`{}` has {} that cannot be read exactly; nothing was changed", path.display(), of_rows(faults.count))]
    Inexact {
        /// The file.
        path: PathBuf,
        /// The rows.
        faults: Faults,
    },
    /// A file to import has rows that cannot be read exactly, or are of another survey.
    #[error("`{}` has {} that cannot be imported; nothing was changed", path.display(), of_rows(faults.count))]
    Unimportable {
        /// The file.
        path: PathBuf,
        /// The rows.
        faults: Faults,
    },
    /// Nobody knows whether a file's last line is whole.
    #[error("line {line} of `{}` has no line end: it may be cut off; nothing was changed", path.display())]
    NoLastLineEnd {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
    },
    /// A file to import is no history, and it is not said what its columns are.
    #[error("the columns of `{}` are not known; nothing was changed", path.display())]
    Unmapped {
        /// The file.
        path: PathBuf,
        /// What is missing or doubled.
        problems: Vec<String>,
    },
    /// Rows with the same key say different things.
    #[error("`{}` has {} that contradict another; nothing was changed", path.display(), of_rows(faults.count))]
    Conflict {
        /// The file with the rows that came second.
        path: PathBuf,
        /// The rows, with the line that each contradicts.
        faults: Faults,
    },
    /// A history must be mended before anything is imported.
    #[error("`{}` must be repaired before anything is imported", path.display())]
    Damaged {
        /// The history.
        path: PathBuf,
        /// What is wrong with it.
        faults: Faults,
    },
    /// The file was changed or replaced under our hands although we hold its lock.
    #[error("`{}` was changed or replaced by another program during the run", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Another process writes to it.
    #[error("another process is writing to `{}`", path.display())]
    Busy {
        /// The history.
        path: PathBuf,
        /// Who, if the holder's note could be read.
        holder: Option<Holder>,
    },
    /// The clock is not past the last run.
    #[error("the clock says {now}, but `{}` already has the run `{last}`", path.display())]
    ClockBehind {
        /// The history.
        path: PathBuf,
        /// The last run in it.
        last: RunId,
        /// What the clock says.
        now: DateTime<Utc>,
    },
    /// No run fits.
    #[error("`{}` has no {wanted}", path.display())]
    NoSuchRun {
        /// The history.
        path: PathBuf,
        /// What was looked for.
        wanted: String,
        /// The first and the last run there are.
        span: (RunId, RunId),
    },
}

fn of_rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

#[cfg(test)]
mod tests;
