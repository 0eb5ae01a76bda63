//! What the folders that an export writes to are said to hold: their `datapackage.json`.

use std::path::{Path, PathBuf};

use super::Export;
use super::targets::{Form, Targets};
use crate::cli::diagnostic::Failure;
use crate::export::{Packaged, has_package, refresh_package};

impl Export<'_> {
    /// Describes what folders hold: those that got several files, those that have a package, and
    /// that of the survey's history, whose description no run has to care for.
    pub(super) fn describe(&self, targets: &Targets) -> Result<(), Failure> {
        let folder_of = |path: &Path| match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let files = targets.all.iter().filter(|target| target.form != Form::Dataset);
        let beside = files.filter_map(|target| target.path.as_deref().map(folder_of));
        let mut folders: Vec<PathBuf> = beside.filter(|folder| has_package(folder)).collect();
        folders.extend(targets.folders.iter().filter(|folder| folder.is_dir()).cloned());
        folders.sort();
        folders.dedup_by(|one, other| one.components().eq(other.components()));
        let survey = self.subject.survey.as_ref();
        let stem = || self.subject.history.file_stem().unwrap_or_default().to_string_lossy();
        let id = survey.map_or_else(|| stem().to_lowercase(), |survey| survey.id.clone());
        let title = survey.map_or(id.as_str(), |survey| survey.title.as_str());
        for folder in folders {
            self.tell_packaged(refresh_package(&folder, &id, title)?);
        }
        let home = survey.map(|survey| self.session.output_folder(&survey.id));
        let is_there = |home: &PathBuf| self.subject.history.parent() == Some(home);
        if let Some(home) = home.filter(is_there).filter(|_| !self.arguments.out.is_empty()) {
            match refresh_package(&home, &id, title) {
                Ok(Packaged::Written(path)) => self.tell_packaged(Packaged::Written(path)),
                Ok(Packaged::Foreign(_) | Packaged::Unchanged) => {}
                // What was asked for is written; the folder may be somebody else's to write to.
                Err(error) => self.session.ui.detail(&error.to_string()),
            }
        }
        Ok(())
    }

    fn tell_packaged(&self, packaged: Packaged) {
        match packaged {
            Packaged::Written(path) => self.session.ui.say(&format!("wrote `{}`", path.display())),
            Packaged::Foreign(path) => {
                let shown = path.display();
                let text = format!("`{shown}` is not of repo-census; it was left alone");
                self.session.ui.warn(&text, &[], None);
            }
            Packaged::Unchanged => {}
        }
    }
}
