//! Tokens: where one is found, and where it may go. A token never becomes an argument, a log line,
//! a URL or a part of a file.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::address::{ApiAddress, HostKind};

/// The name of the credential that systemd may hand over.
const SYSTEMD_CREDENTIAL: &str = "github-token";

/// How long `gh` may take to answer.
const LONGEST_GH: Duration = Duration::from_secs(10);

/// What is known about tokens before looking for one.
#[derive(Clone, Debug, Default)]
pub struct TokenPlaces {
    /// The user wants none.
    pub none_wanted: bool,
    /// A file named on the command line.
    pub file: Option<PathBuf>,
    /// Variables for github.com, with their names, in order.
    pub github: Vec<(&'static str, SecretString)>,
    /// Variables for Enterprise Servers, with their names, in order.
    pub enterprise: Vec<(&'static str, SecretString)>,
    /// The address that the environment gives; github.com's variables may go there.
    pub environment_address: Option<String>,
    /// The folder of systemd's credentials.
    pub systemd_folder: Option<PathBuf>,
    /// A file named in the settings.
    pub settings_file: Option<PathBuf>,
    /// The address that the settings name: their file's token belongs there.
    pub settings_address: Option<String>,
    /// The program to ask last.
    pub gh: Option<PathBuf>,
}

/// A token and where it was found.
#[derive(Clone, Debug)]
pub struct FoundToken {
    /// The token.
    pub token: SecretString,
    /// Where it was found, for messages.
    pub origin: String,
}

/// Why a token that was named cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("the token file `{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// What was found can be no token.
    #[error("what {origin} holds is no token")]
    NoToken {
        /// Where it was found.
        origin: String,
    },
    /// The token would travel in the open.
    #[error("a token is never sent to `{address}`: the address is not https")]
    InTheOpen {
        /// The address.
        address: String,
    },
}

/// Looks for a token that may go to an address.
///
/// # Errors
///
/// Fails if a place that was named cannot be used; it is never passed over in silence.
pub async fn find_token(
    places: &TokenPlaces,
    address: &ApiAddress,
) -> Result<Option<FoundToken>, TokenError> {
    if let Some(path) = &places.file {
        return private(read_file(path)?, address).map(Some);
    }
    if places.none_wanted {
        return Ok(None);
    }
    let variables = match address.kind() {
        HostKind::Github | HostKind::Loopback => &places.github,
        HostKind::Enterprise if is_of(places.environment_address.as_deref(), address) => {
            &places.github
        }
        HostKind::Enterprise => &places.enterprise,
    };
    if let Some((name, token)) = variables.first() {
        let found = checked(token.expose_secret(), format!("`{name}`"))?;
        return private(found, address).map(Some);
    }
    let names = |named: &Option<String>| is_of(named.as_deref(), address);
    let is_github = matches!(address.kind(), HostKind::Github | HostKind::Loopback);
    let is_named = names(&places.environment_address) || names(&places.settings_address);
    let credential = places.systemd_folder.as_ref().map(|folder| folder.join(SYSTEMD_CREDENTIAL));
    if let Some(path) = credential.filter(|path| (is_github || is_named) && path.exists()) {
        return private(read_file(&path)?, address).map(Some);
    }
    let is_theirs = match &places.settings_address {
        None => is_github,
        Some(_) => names(&places.settings_address),
    };
    if let Some(path) = places.settings_file.as_ref().filter(|_| is_theirs) {
        return private(read_file(path)?, address).map(Some);
    }
    if address.kind() == HostKind::Loopback || !address.is_private() {
        return Ok(None);
    }
    Ok(ask_gh(places.gh.as_deref(), &address.gh_host()).await)
}

/// Tells whether an address that was named somewhere has the host of this one.
fn is_of(named: Option<&str>, address: &ApiAddress) -> bool {
    let named = named.and_then(|text| ApiAddress::parse(text).ok());
    named.is_some_and(|named| named.host() == address.host())
}

fn private(found: FoundToken, address: &ApiAddress) -> Result<FoundToken, TokenError> {
    if address.is_private() {
        Ok(found)
    } else {
        Err(TokenError::InTheOpen { address: address.as_str().to_owned() })
    }
}

fn read_file(path: &Path) -> Result<FoundToken, TokenError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| TokenError::Unreadable { path: path.to_owned(), source })?;
    checked(&text, format!("`{}`", path.display()))
}

/// A token is one word of visible ASCII; its form is not ours to judge.
fn checked(text: &str, origin: String) -> Result<FoundToken, TokenError> {
    let text = text.trim();
    if text.is_empty() || text.len() > 4096 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(TokenError::NoToken { origin });
    }
    Ok(FoundToken { token: SecretString::from(text.to_owned()), origin })
}

/// Asks `gh` for the token of its login; no program, no login and no answer in time are all none.
async fn ask_gh(program: Option<&Path>, host: &str) -> Option<FoundToken> {
    let mut command = tokio::process::Command::new(program.unwrap_or(Path::new("gh")));
    command.args(["auth", "token", "--hostname", host]);
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LONGEST_GH, command.output()).await.ok()?.ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    checked(&text, format!("`gh auth token --hostname {host}`")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> TokenPlaces {
        let secret = |text: &str| SecretString::from(text.to_owned());
        TokenPlaces {
            github: vec![("GH_TOKEN", secret("ghp_github"))],
            enterprise: vec![("GH_ENTERPRISE_TOKEN", secret("ghp_enterprise"))],
            gh: Some(PathBuf::from("/nowhere/gh")),
            ..TokenPlaces::default()
        }
    }

    fn found(places: &TokenPlaces, address: &str) -> Result<Option<String>, TokenError> {
        let address = ApiAddress::parse(address).expect("an address");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let search = find_token(places, &address);
        let token = runtime.expect("a runtime").block_on(search)?;
        Ok(token.map(|found| found.token.expose_secret().to_owned()))
    }

    #[test]
    fn tokens_go_where_they_belong() {
        let places = places();
        let of = |address: &str| found(&places, address).expect("a search");
        let github = Some("ghp_github".to_owned());
        let enterprise = Some("ghp_enterprise".to_owned());
        assert_eq!(of("https://api.github.com"), github);
        assert_eq!(of("https://api.octo.ghe.com"), github);
        assert_eq!(of("http://127.0.0.1:1"), github);
        assert_eq!(of("https://git.example.org/api/v3"), enterprise);
        assert_eq!(of("https://api.github.com.evil.example"), enterprise);
        let in_actions = TokenPlaces {
            environment_address: Some("https://git.example.org/api/v3".into()),
            ..places.clone()
        };
        let of = |address: &str| found(&in_actions, address).expect("a search");
        assert_eq!(of("https://git.example.org/api/v3"), github);
        assert_eq!(of("https://other.example.org/api/v3"), enterprise);
    }

    #[test]
    fn a_file_of_the_settings_belongs_to_the_host_of_the_settings() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "ghp_settings").expect("a file");
        let gh = Some(PathBuf::from("/nowhere/gh"));
        let places = TokenPlaces { settings_file: Some(file), gh, ..TokenPlaces::default() };
        let settings = Some("ghp_settings".to_owned());
        assert_eq!(found(&places, "https://api.github.com").expect("a search"), settings);
        assert_eq!(found(&places, "https://git.example.org/api/v3").expect("a search"), None);
        let theirs = Some("https://git.example.org/api/v3".to_owned());
        let places = TokenPlaces { settings_address: theirs, ..places };
        assert_eq!(found(&places, "https://git.example.org/api/v3").expect("a search"), settings);
        assert_eq!(found(&places, "https://api.github.com").expect("a search"), None);
    }

    #[test]
    fn no_token_travels_in_the_open() {
        let result = found(&places(), "http://git.example.org/api/v3");
        assert!(matches!(result, Err(TokenError::InTheOpen { .. })));
        let nothing = TokenPlaces { none_wanted: true, ..places() };
        assert_eq!(found(&nothing, "http://git.example.org").expect("a search"), None);
    }

    #[test]
    fn files_are_trimmed_and_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let places = TokenPlaces { file: Some(path.clone()), ..places() };
        assert!(matches!(found(&places, "https://x.y"), Err(TokenError::Unreadable { .. })));
        for bad in ["", " \n", "two words", "b\u{e9}", "a\nb"] {
            std::fs::write(&path, bad).expect("a file");
            assert!(
                matches!(found(&places, "https://x.y"), Err(TokenError::NoToken { .. })),
                "{bad}"
            );
        }
        std::fs::write(&path, "ghp_file\r\n").expect("a file");
        assert_eq!(found(&places, "https://x.y").expect("a search").as_deref(), Some("ghp_file"));
    }

    #[test]
    fn tokens_hide_in_debug_output() {
        assert!(!format!("{:?}", places()).contains("ghp_"));
    }
}
