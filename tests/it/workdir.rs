//! A folder of its own for each test, and the program run in it with a clean environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::measured;

/// The formats that a build can leave out, and whether this one has them.
pub(crate) const OPTIONAL_FORMATS: [(&str, bool); 4] = [
    ("html", cfg!(feature = "html")),
    ("parquet", cfg!(feature = "parquet")),
    ("png", cfg!(feature = "png")),
    ("xlsx", cfg!(feature = "xlsx")),
];

/// The folder of a test; it goes when this is dropped.
pub(crate) struct Workdir {
    folder: tempfile::TempDir,
}

/// What a run of the program did.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workdir {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub(crate) fn write(&self, inside: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(inside);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    }

    pub(crate) fn read(&self, inside: &str) -> String {
        fs::read_to_string(self.path(inside)).unwrap_or_else(|error| panic!("{inside}: {error}"))
    }

    /// Returns the names of all files in the folder, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect_files(self.folder.path(), self.folder.path(), &mut files);
        files.sort();
        files
    }

    /// Returns the program, set up to run here without the test's environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_repo-census"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.path("home"))
            .env("COLUMNS", "80")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_command(&mut self.command(arguments))
    }

    pub(crate) fn run_command(&self, command: &mut Command) -> Outcome {
        let output = command.output().expect("the program starts");
        self.outcome(&output)
    }

    /// Runs a command and watches how much memory it uses at most, in kB; 0 where the system does
    /// not tell.
    pub(crate) fn run_watched(&self, command: &mut Command) -> (Outcome, u64) {
        let (stdout, stderr) = (self.path("watched.stdout"), self.path("watched.stderr"));
        command.stdout(fs::File::create(&stdout).expect("a file"));
        command.stderr(fs::File::create(&stderr).expect("a file"));
        let mut child = command.spawn().expect("the program starts");
        let (status, peak_kb) = measured::wait_watched(&mut child);
        let read = |path: &Path| fs::read(path).expect("a file");
        let output = Output { status, stdout: read(&stdout), stderr: read(&stderr) };
        (self.outcome(&output), peak_kb)
    }

    pub(crate) fn outcome(&self, output: &Output) -> Outcome {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).expect("UTF-8 text");
            text.replace(&*self.folder.path().to_string_lossy(), "[folder]")
        };
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

impl Outcome {
    /// Returns everything in one text, for a snapshot.
    pub(crate) fn snapshot(&self) -> String {
        let Self { code, stdout, stderr } = self;
        format!("exit code: {code}\n----- stdout -----\n{stdout}----- stderr -----\n{stderr}")
    }

    /// Expects that all went well and returns what was printed.
    pub(crate) fn success(self) -> String {
        assert_eq!(self.code, 0, "{}", self.snapshot());
        self.stdout
    }
}

/// Returns a file of this repository.
pub(crate) fn repository(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(inside)
}

/// Returns the text of a file of this repository.
pub(crate) fn repository_text(inside: &str) -> String {
    let path = repository(inside);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn collect_files(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect_files(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("inside the root");
            files.push(name.to_string_lossy().into_owned());
        }
    }
}
