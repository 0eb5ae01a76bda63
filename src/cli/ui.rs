//! The only place that prints: data to stdout, talk to stderr.
//!
//! A closed pipe counts as done. Colours are stripped where nobody wants them.

use std::io::{self, IsTerminal as _, Write as _};

use anstream::AutoStream;
use anstream::stream::{AsLockedWrite, RawStream};
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Cli, ColorChoice};
use super::diagnostic::{DONE, Failure, Hint, USAGE};
use crate::report::{Look, is_bidi_control};
use crate::settings::Environment;

/// The width of output that goes to no terminal.
const DEFAULT_COLUMNS: usize = 80;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Green.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// How the program speaks to its user.
pub(super) struct Ui {
    is_quiet: bool,
    has_hints: bool,
    verbosity: u8,
    color: anstream::ColorChoice,
    columns: usize,
    blocks: bool,
}

impl Ui {
    pub(super) fn new(arguments: &Cli, environment: &Environment) -> Self {
        let of_terminal = || {
            let size = terminal_size::terminal_size_of(io::stdout());
            size.map(|(width, _)| usize::from(width.0))
        };
        Self {
            is_quiet: arguments.quiet,
            has_hints: true,
            verbosity: arguments.verbose,
            color: match arguments.color {
                ColorChoice::Auto => anstream::ColorChoice::Auto,
                ColorChoice::Always => anstream::ColorChoice::Always,
                ColorChoice::Never => anstream::ColorChoice::Never,
            },
            columns: environment.columns.or_else(of_terminal).unwrap_or(DEFAULT_COLUMNS),
            blocks: !environment.is_dumb_terminal,
        }
    }

    /// Returns one for work that nobody watches and that goes on by itself: quiet, and without hints
    /// in its warnings.
    pub(super) fn unattended(&self) -> Self {
        Self { is_quiet: true, has_hints: false, ..*self }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Tells whether somebody wants to know everything.
    pub(super) fn is_verbose(&self) -> bool {
        self.verbosity > 0
    }

    /// Returns how a table on stdout should look.
    pub(super) fn look(&self) -> Look {
        Look { columns: self.columns, blocks: self.blocks }
    }

    /// Writes data to stdout; escape codes are stripped unless a terminal wants them.
    pub(super) fn data(&self, text: &str) -> Result<(), Failure> {
        match self.write(io::stdout(), text) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::failed("stdout cannot be written").caused_by(&error))
            }
            _ => Ok(()),
        }
    }

    /// Writes data to stdout as it is.
    pub(super) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
        Self::copy(&mut &*bytes)
    }

    /// Copies data to stdout as it is.
    pub(super) fn copy(data: &mut impl io::Read) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        match io::copy(data, &mut stdout).and_then(|_| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::failed("stdout cannot be written").caused_by(&error))
            }
            _ => Ok(()),
        }
    }

    /// Tells whether stdout is a terminal.
    pub(super) fn is_terminal() -> bool {
        io::stdout().is_terminal()
    }

    /// Says something, unless quiet.
    pub(super) fn say(&self, text: &str) {
        if !self.is_quiet {
            self.talk(&format!("{}\n", harmless(text)));
        }
    }

    /// Says something that only those want to know who asked for it.
    pub(super) fn detail(&self, text: &str) {
        if self.is_verbose() {
            self.talk(&format!("{DIM}{}{DIM:#}\n", harmless(text)));
        }
    }

    /// Names the command that one would probably want next.
    pub(super) fn next(&self, command: &str) {
        if !self.is_quiet {
            self.talk(&format!("{DIM}next:{DIM:#} {}\n", harmless(command)));
        }
    }

    /// Warns, quiet or not; `lines` go below, indented.
    pub(super) fn warn(&self, text: &str, lines: &[String], hint: Option<&Hint>) {
        let mut message = format!("{WARNING}warning:{WARNING:#} {}\n", harmless(text));
        for line in lines {
            message.push_str(&format!("  {}\n", harmless(line)));
        }
        if let Some(hint) = hint.filter(|_| self.has_hints) {
            let hint = harmless(&hint.to_string());
            message.push_str(&format!("\n{HINT}hint:{HINT:#} {hint}\n"));
        }
        self.talk(&message);
    }

    /// Tells what failed, why, and what to do; returns its exit code.
    pub(super) fn end_with(&self, failure: &Failure) -> u8 {
        let mut message = format!("{ERROR}error:{ERROR:#} {}\n", harmless(&failure.message));
        for cause in &failure.causes {
            message.push_str(&format!("  caused by: {}\n", harmless(cause)));
        }
        for (index, hint) in failure.ways_out().iter().enumerate() {
            let gap = if index == 0 { "\n" } else { "" };
            let lines: Vec<String> = hint.to_string().lines().map(harmless).collect();
            let hint = lines.join("\n      ");
            message.push_str(&format!("{gap}{HINT}hint:{HINT:#} {hint}\n"));
        }
        self.talk(&message);
        failure.code
    }

    /// Starts a bar for so many steps; it is drawn on terminals only, and not when quiet.
    pub(super) fn progress(&self, steps: u64) -> ProgressBar {
        let drawn = !self.is_quiet && self.verbosity == 0 && io::stderr().is_terminal();
        let target =
            if drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar
    }

    fn talk(&self, text: &str) {
        // Nobody is left to be told if stderr is gone.
        let _ = self.write(io::stderr(), text);
    }

    fn write<S: RawStream + AsLockedWrite>(&self, stream: S, text: &str) -> io::Result<()> {
        let mut stream = AutoStream::new(stream, self.color);
        stream.write_all(text.as_bytes())?;
        stream.flush()
    }
}

/// Returns a text without what would move a terminal's cursor, colour or direction: names and
/// values come from files that strangers may have written.
fn harmless(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !is_bidi_control(*c)).collect()
}

/// Shows help, the version, or what is wrong with the arguments; returns the exit code.
pub(super) fn show_usage(error: &clap::Error) -> u8 {
    // Nobody is left to be told if the stream is gone.
    let _ = error.print();
    if error.use_stderr() { USAGE } else { DONE }
}
