//! Starts the program and turns what `cli` decided into an exit code. Nothing else lives here.

use std::process::ExitCode;

fn main() -> ExitCode {
    repo_census::cli::main()
}
