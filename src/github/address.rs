//! Which GitHub is asked: the address of its API, and what it is called in histories.

use reqwest::Url;

use super::http::host_of;

/// The most repositories that GitHub puts on a page.
pub(super) const PER_PAGE: u32 = 100;

/// The address of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiAddress {
    /// Where REST is; ends with a slash.
    base: Url,
    /// Where GraphQL is; of the same origin.
    graphql: Url,
}

/// What kind of host an address names; tokens of one kind never go to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKind {
    /// github.com, or a tenant on ghe.com.
    Github,
    /// The machine itself.
    Loopback,
    /// Anything else: GitHub Enterprise Server.
    Enterprise,
}

impl ApiAddress {
    /// Reads the URL of an API, such as `https://api.github.com` or `https://HOST/api/v3`.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut base = Url::parse(text).map_err(|error| error.to_string())?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err("an API is reached over https".to_owned());
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err("an address must not carry a login; name a token file".to_owned());
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err("an address ends before any `?` or `#`".to_owned());
        }
        if base.host_str() == Some("github.com") {
            return Err("the API of github.com is at `https://api.github.com`".to_owned());
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let graphql = graphql_beside(&base);
        Ok(Self { base, graphql })
    }

    /// Returns the address with another one for GraphQL, such as `https://api.github.com/graphql`.
    ///
    /// # Errors
    ///
    /// Returns in words what is wrong with it: above all, it must be of the same host, for the
    /// token goes there too.
    pub fn with_graphql(self, text: &str) -> Result<Self, String> {
        let graphql = Url::parse(text).map_err(|error| error.to_string())?;
        if graphql.origin() != self.base.origin() {
            return Err(format!("GraphQL must be on the same host as REST, `{}`", self.host()));
        }
        if !graphql.username().is_empty() || graphql.password().is_some() {
            return Err("an address must not carry a login; name a token file".to_owned());
        }
        Ok(Self { graphql, ..self })
    }

    /// Returns the address of a host's API, as `gh` has it: github.com, a tenant on ghe.com, or an
    /// Enterprise Server.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the host in words.
    pub fn of_host(host: &str) -> Result<Self, String> {
        let host = host.trim().to_ascii_lowercase();
        if host.is_empty() || host.contains(['/', '@', '?', '#']) {
            return Err("a host is a name such as `github.example.com`".to_owned());
        }
        if host == "github.com" || host.ends_with(".ghe.com") {
            return Self::parse(&format!("https://api.{host}/"));
        }
        Self::parse(&format!("https://{host}/api/v3/"))
    }

    /// Returns the kind of host.
    #[must_use]
    pub fn kind(&self) -> HostKind {
        let host = self.base.host_str().unwrap_or_default();
        let is_loopback = match self.base.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        if is_loopback {
            HostKind::Loopback
        } else if host == "api.github.com" || host.ends_with(".ghe.com") {
            HostKind::Github
        } else {
            HostKind::Enterprise
        }
    }

    /// Tells whether a token may travel there: over https, or not over the network at all.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.base.scheme() == "https" || self.kind() == HostKind::Loopback
    }

    /// Returns the host of the API, with its port if it is not the usual one.
    #[must_use]
    pub fn host(&self) -> String {
        host_of(&self.base)
    }

    /// Returns the host that people open in a browser; `None` for github.com.
    #[must_use]
    pub fn web_host(&self) -> Option<String> {
        let host = self.host();
        match host.as_str() {
            "api.github.com" => None,
            name if name.ends_with(".ghe.com") => {
                Some(name.strip_prefix("api.").unwrap_or(name).to_owned())
            }
            _ => Some(host),
        }
    }

    /// Returns the name that `gh` knows the host by.
    #[must_use]
    pub fn gh_host(&self) -> String {
        self.web_host().unwrap_or_else(|| "github.com".to_owned())
    }

    /// Returns the address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.base.as_str()
    }

    /// Returns the URL that counts a query.
    pub(super) fn search(&self, query: &str) -> Url {
        let mut url = self.below("search/repositories");
        url.query_pairs_mut().append_pair("q", query).append_pair("per_page", "1");
        url
    }

    /// Returns the URL of a page of what a query finds, from 1, as many on it as there can be.
    pub(super) fn search_page(&self, query: &str, page: u32) -> Url {
        let mut url = self.below("search/repositories");
        url.query_pairs_mut()
            .append_pair("q", query)
            .append_pair("per_page", &PER_PAGE.to_string())
            .append_pair("page", &page.to_string());
        url
    }

    /// Returns the URL that takes documents.
    pub(super) fn graphql(&self) -> &Url {
        &self.graphql
    }

    /// Returns the URL that tells the limits.
    pub(super) fn rate_limit(&self) -> Url {
        self.below("rate_limit")
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url
    }
}

/// Returns where GraphQL lies beside a REST API: below it, but for Enterprise Servers, where it is
/// `/api/graphql` beside `/api/v3`.
fn graphql_beside(base: &Url) -> Url {
    let mut url = base.clone();
    let path = base.path();
    let folder =
        path.strip_suffix("api/v3/").map_or_else(|| path.to_owned(), |f| format!("{f}api/"));
    url.set_path(&format!("{folder}graphql"));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_their_addresses() {
        let of = |host: &str| ApiAddress::of_host(host).map(|a| a.as_str().to_owned());
        assert_eq!(of("github.com").as_deref(), Ok("https://api.github.com/"));
        assert_eq!(of("octo.ghe.com").as_deref(), Ok("https://api.octo.ghe.com/"));
        assert_eq!(of("git.example.org").as_deref(), Ok("https://git.example.org/api/v3/"));
        for wrong in ["", "a/b", "user@host", "a?b"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_know_their_kind() {
        let cases = [
            ("https://api.github.com", HostKind::Github, None),
            ("https://api.octo.ghe.com/", HostKind::Github, Some("octo.ghe.com")),
            ("https://git.example.org/api/v3", HostKind::Enterprise, Some("git.example.org")),
            (
                "https://api.github.com.example.org",
                HostKind::Enterprise,
                Some("api.github.com.example.org"),
            ),
            ("https://notghe.com", HostKind::Enterprise, Some("notghe.com")),
            ("http://127.0.0.1:4711", HostKind::Loopback, Some("127.0.0.1:4711")),
            ("http://[::1]:80/api/v3", HostKind::Loopback, Some("[::1]")),
            ("http://localhost", HostKind::Loopback, Some("localhost")),
        ];
        for (text, kind, web) in cases {
            let address = ApiAddress::parse(text).expect("an address");
            assert_eq!((address.kind(), address.web_host().as_deref()), (kind, web), "{text}");
        }
        assert!(!ApiAddress::parse("http://git.example.org").expect("an address").is_private());
        for wrong in
            ["", "api.github.com", "ftp://x", "https://u:p@x", "https://x?y", "https://x#y"]
        {
            assert!(ApiAddress::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_query_travels_as_one_value() {
        let address = ApiAddress::parse("https://git.example.org/api/v3").expect("an address");
        let url = address.search("\"c++\" language:C# pushed:>=2026-01-01");
        assert_eq!(
            url.as_str(),
            "https://git.example.org/api/v3/search/repositories?\
             q=%22c%2B%2B%22+language%3AC%23+pushed%3A%3E%3D2026-01-01&per_page=1"
        );
        assert_eq!(address.rate_limit().path(), "/api/v3/rate_limit");
    }

    #[test]
    fn graphql_lies_beside_rest() {
        let cases = [
            ("https://api.github.com", "https://api.github.com/graphql"),
            ("https://ghe.example.com/api/v3", "https://ghe.example.com/api/graphql"),
            ("https://api.t.ghe.com/", "https://api.t.ghe.com/graphql"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/graphql"),
        ];
        for (rest, graphql) in cases {
            let address = ApiAddress::parse(rest).expect("an address");
            assert_eq!(address.graphql().as_str(), graphql);
        }
        let address = || ApiAddress::parse("https://h/api/v3").expect("an address");
        let other = address().with_graphql("https://h/graphql").expect("an address");
        assert_eq!(other.graphql().as_str(), "https://h/graphql");
        for wrong in
            ["https://other/graphql", "http://h/graphql", "graphql", "https://a:b@h/graphql"]
        {
            assert!(address().with_graphql(wrong).is_err(), "{wrong}");
        }
    }
}
