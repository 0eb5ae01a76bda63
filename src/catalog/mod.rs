//! Loads surveys, baselines and recordings: a given file, else the root's, the user's, the
//! built-in ones. Every problem of a file is found at once, with its line and column.
//!
//! Histories are not read here, and nothing is written.

mod baseline_file;
mod built_in;
mod fields;
mod problem;
mod survey_file;

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

pub use problem::Problem;

use crate::domain::baseline::Baseline;
use crate::domain::recording::{RecordedAnswer, parse_recording};
use crate::domain::survey::{Survey, is_id};

/// The survey that is meant when none is named and the root does not hold exactly one.
pub const DEFAULT_SURVEY: &str = "backend-frameworks";

/// A kind of file that the catalog holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `config/surveys/NAME.toml`
    Survey,
    /// `config/baselines/ID.toml`
    Baseline,
    /// `config/recordings/ID.jsonl`
    Recording,
}

impl Kind {
    /// Returns the word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Survey => "survey",
            Self::Baseline => "baseline",
            Self::Recording => "recording",
        }
    }

    /// Returns its folder under `config/`.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Survey => "surveys",
            Self::Baseline => "baselines",
            Self::Recording => "recordings",
        }
    }

    /// Returns its file ending, without the dot.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Survey | Self::Baseline => "toml",
            Self::Recording => "jsonl",
        }
    }

    fn longest_bytes(self) -> u64 {
        match self {
            Self::Survey | Self::Baseline => 1 << 20,
            Self::Recording => 1 << 28,
        }
    }
}

/// Where something was loaded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// The binary.
    BuiltIn {
        /// What it is.
        kind: Kind,
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::BuiltIn { kind, name } => write!(f, "built-in {} `{name}`", kind.as_str()),
        }
    }
}

/// Something loaded, with where it came from and what is odd about it.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// What was loaded.
    pub value: T,
    /// Its name: the file's stem.
    pub id: String,
    /// Where it came from.
    pub origin: Origin,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Problem>,
}

/// Why something could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Nothing goes by that name.
    #[error("there is no {} `{name}`", kind.as_str())]
    NotFound {
        /// What was looked for.
        kind: Kind,
        /// The name given.
        name: String,
        /// Where it was looked for.
        searched: Vec<PathBuf>,
        /// Names that exist.
        known: Vec<String>,
    },
    /// The name given can be none.
    #[error("`{name}` cannot be the name of a {}", kind.as_str())]
    BadName {
        /// What was looked for.
        kind: Kind,
        /// The name given.
        name: String,
    },
    /// The file cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("{origin} cannot be used")]
    Invalid {
        /// The file.
        origin: Origin,
        /// All that is wrong, in file order.
        problems: Vec<Problem>,
    },
}

/// The places where surveys, baselines and recordings are looked for.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The root: its `config/` comes first.
    pub root: PathBuf,
    /// The user's config folder of this program, if there is one.
    pub user: Option<PathBuf>,
}

struct Found {
    id: String,
    origin: Origin,
    text: String,
}

impl Catalog {
    /// Loads a survey by name or file; without one the root's only one, else the default.
    ///
    /// # Errors
    ///
    /// See [`CatalogError`].
    pub fn load_survey(&self, given: Option<&str>) -> Result<Loaded<Survey>, CatalogError> {
        let found = match given {
            Some(given) => self.find(Kind::Survey, given)?,
            None => self.find(Kind::Survey, &self.survey_meant())?,
        };
        let baseline_exists = |id: &str| self.names(Kind::Baseline).iter().any(|name| name == id);
        let parsed = survey_file::parse(&found.id, &found.text, &baseline_exists);
        finish(found, parsed)
    }

    /// Loads a baseline by id or file.
    ///
    /// # Errors
    ///
    /// See [`CatalogError`].
    pub fn load_baseline(&self, given: &str) -> Result<Loaded<Baseline>, CatalogError> {
        let found = self.find(Kind::Baseline, given)?;
        let parsed = baseline_file::parse(&found.id, &found.text);
        finish(found, parsed)
    }

    /// Loads a recording by id or file.
    ///
    /// # Errors
    ///
    /// See [`CatalogError`].
    pub fn load_recording(&self, given: &str) -> Result<Loaded<Vec<RecordedAnswer>>, CatalogError> {
        let found = self.find(Kind::Recording, given)?;
        let parsed = parse_recording(&found.text).map(|answers| (answers, Vec::new()));
        finish(found, parsed.map_err(|all| all.into_iter().map(Problem::from).collect()))
    }

    /// Returns the text of a survey as it stands, for a survey made from it.
    ///
    /// # Errors
    ///
    /// See [`CatalogError`].
    pub fn read_survey_text(&self, given: &str) -> Result<String, CatalogError> {
        Ok(self.find(Kind::Survey, given)?.text)
    }

    /// Returns the names of all there are of a kind, sorted, each once.
    #[must_use]
    pub fn names(&self, kind: Kind) -> Vec<String> {
        let mut names = built_in::names(kind);
        for folder in self.folders(kind) {
            names.extend(names_in(&folder, kind));
        }
        names.sort();
        names.dedup();
        names
    }

    /// Returns the names of those that the binary carries, sorted.
    #[must_use]
    pub fn built_in_names(kind: Kind) -> Vec<String> {
        let mut names = built_in::names(kind);
        names.sort();
        names
    }

    /// Tells whether the binary carries one of that name.
    #[must_use]
    pub fn is_built_in(&self, kind: Kind, name: &str) -> bool {
        built_in::text(kind, name).is_some()
    }

    fn survey_meant(&self) -> String {
        let of_root = names_in(&self.folder_of_root(Kind::Survey), Kind::Survey);
        match of_root.as_slice() {
            [only] => only.clone(),
            _ => DEFAULT_SURVEY.to_owned(),
        }
    }

    fn folder_of_root(&self, kind: Kind) -> PathBuf {
        self.root.join("config").join(kind.folder())
    }

    fn folders(&self, kind: Kind) -> Vec<PathBuf> {
        let user = self.user.iter().map(|folder| folder.join(kind.folder()));
        std::iter::once(self.folder_of_root(kind)).chain(user).collect()
    }

    /// A text with a separator or the kind's ending is a file; anything else is a name.
    fn find(&self, kind: Kind, given: &str) -> Result<Found, CatalogError> {
        let path = Path::new(given);
        let is_table = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if is_table && kind == Kind::Survey {
            return Err(CatalogError::BadName { kind, name: given.to_owned() });
        }
        let has_ending = path.extension().is_some_and(|ending| ending == kind.ending());
        if has_ending || given.contains(['/', '\\']) {
            let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            return read(kind, id, path);
        }
        if !is_id(given) {
            return Err(CatalogError::BadName { kind, name: given.to_owned() });
        }
        let files = self.folders(kind).into_iter();
        let files: Vec<PathBuf> =
            files.map(|folder| folder.join(format!("{given}.{}", kind.ending()))).collect();
        if let Some(path) = files.iter().find(|path| path.exists()) {
            return read(kind, given.to_owned(), path);
        }
        match built_in::text(kind, given) {
            Some(text) => Ok(Found {
                id: given.to_owned(),
                origin: Origin::BuiltIn { kind, name: given.to_owned() },
                text: text.to_owned(),
            }),
            None => Err(CatalogError::NotFound {
                kind,
                name: given.to_owned(),
                searched: files,
                known: self.names(kind),
            }),
        }
    }
}

fn names_in(folder: &Path, kind: Kind) -> Vec<String> {
    // A folder that is not there or cannot be read holds no names; naming one of its files tells.
    let Ok(files) = folder.read_dir() else { return Vec::new() };
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    let fitting = paths.filter(|path| path.extension().is_some_and(|e| e == kind.ending()));
    let stems = fitting.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    stems.filter(|stem| is_id(stem)).collect()
}

fn read(kind: Kind, id: String, path: &Path) -> Result<Found, CatalogError> {
    let unreadable = |source| CatalogError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(kind.longest_bytes() + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let origin = Origin::File(path.to_owned());
    let invalid =
        |problem| CatalogError::Invalid { origin: origin.clone(), problems: vec![problem] };
    if bytes.len() as u64 > kind.longest_bytes() {
        let most = kind.longest_bytes() >> 20;
        return Err(invalid(Problem::whole(format!("is larger than {most} MiB"))));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Found { id, origin, text }),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
            Err(invalid(Problem::at(line, 0, "is not UTF-8 text".to_owned())))
        }
    }
}

fn finish<T>(
    found: Found,
    parsed: Result<(T, Vec<Problem>), Vec<Problem>>,
) -> Result<Loaded<T>, CatalogError> {
    let Found { id, origin, .. } = found;
    match parsed {
        Ok((value, warnings)) => Ok(Loaded { value, id, origin, warnings }),
        Err(problems) => Err(CatalogError::Invalid { origin, problems }),
    }
}
