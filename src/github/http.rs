//! One exchange over HTTP, bounded in size, time and redirects. No answer is trusted for its shape.
//!
//! What an answer means, and when the next one may be asked for, is not known here.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Certificate, Client, ClientBuilder, Url, redirect, retry};
use secrecy::{ExposeSecret, SecretString};

use super::address::{ApiAddress, HostKind};
use super::wire::{Head, Response};

/// The largest body that is read, decoded. One item of a search answer has about 6 kB.
const LARGEST_BODY_BYTES: usize = 1 << 20;

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 5;

/// How long connecting may take.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// How tokens of GitHub begin.
const TOKEN_STARTS: [&str; 6] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"];

/// The name of the tool; GitHub refuses requests without one.
const USER_AGENT: &str = concat!("repo-census/", env!("CARGO_PKG_VERSION"));

/// The version of the API that every supported host speaks until March 2028.
const API_VERSION: &str = "2022-11-28";

/// Why no whole answer came.
#[derive(Debug)]
pub(super) struct Broken {
    /// Our word for it.
    pub(super) detail: &'static str,
    /// The reason in the words of the layer that knows it, without URL and token.
    pub(super) said: String,
    /// Whether asking again may help.
    pub(super) kind: BrokenKind,
    /// What the head said, if one came.
    pub(super) head: Option<Head>,
}

/// What kind of trouble it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BrokenKind {
    /// Nothing came, or not in time: worth several tries.
    NoAnswer,
    /// Something came that cannot be read: worth one more.
    Garbled,
    /// It would be the same again.
    Refused,
}

/// An answer, and where it came from.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The answer.
    pub(super) response: Response,
    /// The host that answered, with its port if it is not the usual one.
    pub(super) host: String,
}

/// A connection to one API.
pub(super) struct Http {
    client: Client,
    token: Option<SecretString>,
}

impl Http {
    /// Makes a connection; `longest` bounds one request from its start to the last byte.
    ///
    /// The system's certificates are used first, those of Mozilla where it has none.
    ///
    /// No proxy stands between this machine and itself: it would see the token in the open.
    pub(super) fn new(
        address: &ApiAddress,
        token: Option<SecretString>,
        longest: Duration,
    ) -> Result<Self, String> {
        let builder = |longest| match address.kind() {
            HostKind::Loopback => builder(longest).no_proxy(),
            HostKind::Github | HostKind::Enterprise => builder(longest),
        };
        let with_system_roots = builder(longest).build();
        let client = with_system_roots.or_else(|_| {
            let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
            let roots = roots.filter_map(|der| Certificate::from_der(der).ok());
            builder(longest).tls_certs_only(roots).build()
        });
        client.map(|client| Self { client, token }).map_err(|error| reasons(&error))
    }

    /// Takes the token, and whatever looks like one, out of a text that somebody else wrote.
    pub(super) fn redact(&self, text: &str) -> String {
        let own = self.token.as_ref().map(ExposeSecret::expose_secret);
        let text = own.map_or_else(|| text.to_owned(), |token| text.replace(token, "[token]"));
        let is_end = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        let hide = |word: &str| {
            let looks_like_one = TOKEN_STARTS.iter().any(|start| word.starts_with(start));
            if looks_like_one { "[token]".to_owned() } else { word.to_owned() }
        };
        let mut redacted = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(is_end) {
            let end = at + rest[at..].chars().next().map_or(1, char::len_utf8);
            redacted.push_str(&hide(&rest[..at]));
            redacted.push_str(&rest[at..end]);
            rest = &rest[end..];
        }
        redacted.push_str(&hide(rest));
        redacted
    }

    /// Takes the token out of a body that repeats it, before anything is shortened.
    fn without_token(&self, body: Vec<u8>) -> Vec<u8> {
        let Some(token) = self.token.as_ref().map(ExposeSecret::expose_secret) else { return body };
        if !body.windows(token.len()).any(|window| window == token.as_bytes()) {
            return body;
        }
        String::from_utf8_lossy(&body).replace(token, "[token]").into_bytes()
    }

    /// Fetches a URL. Redirects are followed; the token goes to the host of the URL only.
    pub(super) async fn fetch(&self, url: &Url) -> Result<Exchange, Broken> {
        self.follow(url, None).await
    }

    /// Posts JSON to a URL. Only redirects that keep method and body are followed.
    pub(super) async fn post(&self, url: &Url, body: Vec<u8>) -> Result<Exchange, Broken> {
        self.follow(url, Some(body)).await
    }

    async fn follow(&self, url: &Url, body: Option<Vec<u8>>) -> Result<Exchange, Broken> {
        let mut at = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let token = self.token.as_ref().filter(|_| at.origin() == url.origin());
            let answer = self.send(&at, token, body.clone()).await?;
            let status = answer.status().as_u16();
            let follows = body.is_none() || matches!(status, 307 | 308);
            let next = redirect_of(status, answer.headers(), &at).filter(|_| follows);
            let Some(next) = next else {
                let host = host_of(&at);
                let mut response = read(answer).await?;
                response.body = self.without_token(response.body);
                return Ok(Exchange { response, host });
            };
            if next.scheme() != "https" && at.scheme() == "https" {
                return Err(refused("redirected", "a redirect leads away from https".into()));
            }
            at = next;
        }
        Err(refused("redirected", format!("more than {MOST_REDIRECTS} redirects")))
    }

    async fn send(
        &self,
        url: &Url,
        token: Option<&SecretString>,
        body: Option<Vec<u8>>,
    ) -> Result<reqwest::Response, Broken> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
        headers.insert("x-github-api-version", HeaderValue::from_static(API_VERSION));
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
            // The token was checked when it was found.
            let mut value =
                value.map_err(|_| refused("no token", "the token cannot be sent".into()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let request = match body {
            None => self.client.get(url.clone()),
            Some(body) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                self.client.post(url.clone()).body(body)
            }
        };
        request.headers(headers).send().await.map_err(|error| no_answer(&error))
    }
}

fn builder(longest: Duration) -> ClientBuilder {
    Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(LONGEST_CONNECT.min(longest))
        .timeout(longest)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .gzip(true)
}

fn redirect_of(status: u16, headers: &HeaderMap, at: &Url) -> Option<Url> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let next = at.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    matches!(next.scheme(), "http" | "https").then_some(next)
}

/// Returns the host of a URL, with its port if it is not the scheme's own.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

async fn read(mut answer: reqwest::Response) -> Result<Response, Broken> {
    let status = answer.status().as_u16();
    let head = Head::read(|name| answer.headers().get(name).and_then(|value| value.to_str().ok()));
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST_BODY_BYTES => {
                let said = format!("more than {LARGEST_BODY_BYTES} bytes");
                return Err(Broken { head: Some(head), ..refused("answer too large", said) });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(Response { status, head, body }),
            Err(error) => {
                let broken = if error.is_timeout() {
                    no_answer(&error)
                } else {
                    let kind = BrokenKind::Garbled;
                    Broken { detail: "broken answer", said: reasons(&error), kind, head: None }
                };
                return Err(Broken { head: Some(head), ..broken });
            }
        }
    }
}

fn no_answer(error: &reqwest::Error) -> Broken {
    let detail = if error.is_timeout() {
        "time-out"
    } else if error.is_connect() {
        "no connection"
    } else {
        "no answer"
    };
    Broken { detail, said: reasons(error), kind: BrokenKind::NoAnswer, head: None }
}

fn refused(detail: &'static str, said: String) -> Broken {
    Broken { detail, said, kind: BrokenKind::Refused, head: None }
}

/// Returns what lies below a reqwest error: its own words are the URL and little else.
fn reasons(error: &reqwest::Error) -> String {
    let mut reasons: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let reason = error.to_string();
        if reasons.last() != Some(&reason) {
            reasons.push(reason);
        }
        next = error.source();
    }
    if reasons.is_empty() { "the request failed".to_owned() } else { reasons.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_taken_out_of_what_others_say() {
        let token = SecretString::from("odd-token/1".to_owned());
        let address = ApiAddress::parse("https://api.github.com").expect("an address");
        let http = Http::new(&address, Some(token), Duration::from_secs(1)).expect("a connection");
        assert_eq!(http.without_token(b"a odd-token/1 b".to_vec()), b"a [token] b");
        let said = "Bearer odd-token/1, ghp_abc123; (github_pat_11A_b) ghp is fine é";
        let expected = "Bearer [token], [token]; ([token]) ghp is fine é";
        assert_eq!(http.redact(said), expected);
    }
}
