//! Flag over environment over settings file over default.

use std::path::PathBuf;
use std::time::Duration;

use super::file::{NAME, SettingsFile};
use super::{AfterRun, Api, Environment, Layer, Setting, Settings, SettingsError, TokenSettings};

const GITHUB: &str = "https://api.github.com";
/// GitHub ends a search after ten seconds.
const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_WAIT: Duration = Duration::from_secs(15 * 60);

/// A mail or a message is sent by then.
const AFTER_RUN_TIMEOUT: Duration = Duration::from_secs(60);
/// As suspicious as a fall of the same size, which is asked for again.
const JUMP_PERCENT: u32 = 20;

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--dir`
    pub dir: Option<PathBuf>,
    /// `--settings`
    pub settings: Option<PathBuf>,
    /// `--api-url`
    pub api_url: Option<String>,
    /// `--token-file`
    pub token_file: Option<PathBuf>,
    /// `--no-token`
    pub no_token: bool,
    /// `--timeout`
    pub timeout: Option<Duration>,
    /// `--max-wait`
    pub max_wait: Option<Duration>,
}

/// Resolves the settings.
///
/// # Errors
///
/// Fails if a settings file is there, or was named, and cannot be used.
pub fn resolve(flags: Flags, environment: Environment) -> Result<Settings, SettingsError> {
    let own = environment.user_folder.as_ref().map(|folder| folder.value.join(NAME));
    let path = flags.settings.or_else(|| own.filter(|path| path.is_file()));
    let file = path.as_deref().map(SettingsFile::load).transpose()?.unwrap_or_default();
    let of_file = |path: &Option<PathBuf>| Layer::File(path.clone().unwrap_or_default());
    let default = |value| Setting { value, layer: Layer::Default };
    let length = |flag: Option<Duration>, name, in_file: Option<Duration>, usual| {
        let of_flag = flag.map(|value| Setting { value, layer: Layer::Flag(name) });
        let of_file = || in_file.map(|value| Setting { value, layer: of_file(&path) });
        of_flag.or_else(of_file).unwrap_or_else(|| default(usual))
    };
    let root = flags.dir.map(|value| Setting { value, layer: Layer::Flag("--dir") });
    let root = root.or(environment.root);
    let root = root.unwrap_or_else(|| Setting { value: PathBuf::from("."), layer: Layer::Default });
    let of_flag = |url| Setting { value: Api::Url(url), layer: Layer::Flag("--api-url") };
    let settings_address = file.api_url.clone();
    let in_file = |url| Setting { value: Api::Url(url), layer: of_file(&path) };
    let api = flags.api_url.map(of_flag).or(environment.api).or(file.api_url.map(in_file));
    // The environment names GraphQL together with its own API; for another one it means nothing.
    let is_of_environment =
        api.as_ref().is_none_or(|api| api.layer == Layer::Environment("GITHUB_API_URL"));
    Ok(Settings {
        graphql_url: environment.graphql_url.filter(|_| is_of_environment),
        root,
        user_folder: environment.user_folder,
        api: api.unwrap_or_else(|| Setting {
            value: Api::Url(GITHUB.to_owned()),
            layer: Layer::Default,
        }),
        timeout: length(flags.timeout, "--timeout", file.timeout, TIMEOUT),
        max_wait: length(flags.max_wait, "--max-wait", file.max_wait, MAX_WAIT),
        after_run: AfterRun {
            command: file.after_run.command,
            timeout: file.after_run.timeout.unwrap_or(AFTER_RUN_TIMEOUT),
            jump_percent: file.after_run.jump_percent.unwrap_or(JUMP_PERCENT),
        },
        tokens: TokenSettings {
            none_wanted: flags.no_token,
            file: flags.token_file,
            settings_file: file.token_file,
            settings_address,
            github: environment.github_tokens,
            enterprise: environment.enterprise_tokens,
            environment_address: environment.api_url,
            systemd_folder: environment.credentials_folder,
            gh: environment.gh,
        },
        supervisor: environment.supervisor,
        file: path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
        let folder = tempfile::tempdir().expect("a folder");
        let user_folder = Setting { value: folder.path().to_owned(), layer: Layer::Default };
        let mut environment =
            Environment { user_folder: Some(user_folder), ..Environment::default() };
        let resolved = |flags: &Flags, environment: &Environment| {
            resolve(flags.clone(), environment.clone()).expect("settings")
        };
        let mut flags = Flags::default();
        let layers =
            |settings: &Settings| (settings.api.layer.clone(), settings.timeout.layer.clone());
        assert_eq!(layers(&resolved(&flags, &environment)), (Layer::Default, Layer::Default));

        let path = folder.path().join(NAME);
        std::fs::write(&path, "api_url = \"https://f\"\ntimeout = \"5s\"\ntoken_file = \"t\"\n")
            .expect("a file");
        let settings = resolved(&flags, &environment);
        let file = Layer::File(path.clone());
        assert_eq!(layers(&settings), (file.clone(), file.clone()));
        assert_eq!(settings.timeout.value, Duration::from_secs(5));
        assert_eq!(settings.tokens.settings_file, Some(folder.path().join("t")));

        let layer = Layer::Environment("GH_HOST");
        environment.api = Some(Setting { value: Api::Host("h".into()), layer: layer.clone() });
        assert_eq!(layers(&resolved(&flags, &environment)), (layer, file));

        flags.api_url = Some("https://flag".into());
        flags.timeout = Some(Duration::from_secs(1));
        let expected = (Layer::Flag("--api-url"), Layer::Flag("--timeout"));
        assert_eq!(layers(&resolved(&flags, &environment)), expected);
    }

    #[test]
    fn wrong_settings_are_told_with_their_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.toml");
        let reason = |text: &str| {
            std::fs::write(&path, text).expect("a file");
            let flags = Flags { settings: Some(path.clone()), ..Flags::default() };
            match resolve(flags, Environment::default()) {
                Err(SettingsError::Invalid { reason, .. }) => reason,
                other => panic!("{other:?}"),
            }
        };
        assert!(reason("\napi = 1\n").starts_with("line 2, column 1: unknown field `api`"));
        assert!(reason("timeout = \"5\"").contains("`5` is not a whole number with"));
        let missing = Flags { settings: Some(folder.path().join("no")), ..Flags::default() };
        let result = resolve(missing, Environment::default());
        assert!(matches!(result, Err(SettingsError::Unreadable { .. })));
    }
}
