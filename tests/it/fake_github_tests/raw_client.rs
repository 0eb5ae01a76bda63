//! A client that shows what was on the wire: no retries, no decoding, no opinion.
//!
//! Every request is a connection of its own.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::fake_github::FakeGithub;

/// What came back, as far as it came.
#[derive(Debug)]
pub(super) struct RawAnswer {
    /// `None` when there was no status line.
    pub(super) status: Option<u16>,
    /// Headers with lower-case names.
    pub(super) headers: Vec<(String, String)>,
    /// Everything behind the head, not decoded.
    pub(super) body: Vec<u8>,
    /// How reading ended when it was not the end of the stream.
    pub(super) problem: Option<io::ErrorKind>,
}

impl RawAnswer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(key, _)| key == name);
        header.map(|(_, value)| value.as_str())
    }

    pub(super) fn number(&self, name: &str) -> i64 {
        let value = self.header(name).unwrap_or_default();
        value.parse().unwrap_or_else(|_| panic!("{name}: {value}"))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// Sends a GET with a User-Agent and these headers; waits two seconds for each part of the answer.
pub(super) fn get(github: &FakeGithub, target: &str, headers: &[(&str, &str)]) -> RawAnswer {
    let mut stream = connect(github);
    send(&mut stream, &format!("GET {target}"), headers, "");
    read_answer(&mut stream)
}

/// Sends a body to GraphQL with a token unless it is empty.
pub(super) fn post(github: &FakeGithub, body: &str, token: &str) -> RawAnswer {
    let mut stream = connect(github);
    send_graphql(&mut stream, github, body, token);
    read_answer(&mut stream)
}

/// Sends the same and reads nothing.
pub(super) fn send_graphql(stream: &mut TcpStream, github: &FakeGithub, body: &str, token: &str) {
    let path = github.graphql_url().strip_prefix(github.base_url()).expect("a URL of the server");
    let login = format!("Bearer {token}");
    let headers = [("Authorization", login.as_str())];
    let headers = if token.is_empty() { &[][..] } else { &headers };
    send(stream, &format!("POST {path}"), headers, body);
}

fn send(stream: &mut TcpStream, method_and_target: &str, headers: &[(&str, &str)], body: &str) {
    let mut request =
        format!("{method_and_target} HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "User-Agent") {
        request.push_str("User-Agent: raw-client\r\n");
    }
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(request, "Content-Length: {}\r\n", body.len());
    }
    let _ = write!(request, "\r\n{body}");
    stream.write_all(request.as_bytes()).expect("a request sent");
}

/// Searches for `q`, one item, with a token unless it is empty.
pub(super) fn search(github: &FakeGithub, q: &str, token: &str) -> RawAnswer {
    let q = q.replace('%', "%25").replace(' ', "%20");
    let target = format!("/search/repositories?q={q}&per_page=1");
    let login = format!("Bearer {token}");
    let headers = [("Authorization", login.as_str())];
    get(github, &target, if token.is_empty() { &[] } else { &headers })
}

/// Opens a connection.
pub(super) fn connect(github: &FakeGithub) -> TcpStream {
    let (_, address) = github.base_url().split_once("://").expect("a URL");
    let stream = TcpStream::connect(address).expect("a connection");
    let patience = Some(Duration::from_secs(2));
    stream.set_read_timeout(patience).expect("a time-out");
    stream
}

/// Reads until the end of the stream.
pub(super) fn read_answer(stream: &mut impl Read) -> RawAnswer {
    let mut bytes = Vec::new();
    let problem = stream.read_to_end(&mut bytes).err().map(|err| err.kind());
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = match end {
        Some(end) => (&bytes[..end], bytes[end + 4..].to_vec()),
        None => (&bytes[..], Vec::new()),
    };
    let head = String::from_utf8_lossy(head).into_owned();
    let mut lines = head.lines();
    let status_line = lines.next().unwrap_or_default();
    RawAnswer {
        status: status_line.split(' ').nth(1).and_then(|code| code.parse().ok()),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body,
        problem,
    }
}
