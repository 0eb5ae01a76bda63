//! Reading HTTP/1.1 requests, strictly: whatever a careful server would refuse is refused.
//!
//! Nothing of GitHub is known here.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::query::decode_parameters;

const LONGEST_HEAD: usize = 64 * 1024;
const LONGEST_BODY: usize = 1024 * 1024;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The method as sent.
    pub(crate) method: String,
    /// The path without the query string, not decoded.
    pub(crate) path: String,
    /// The query string as sent; empty when absent.
    pub(crate) query_string: String,
    /// The decoded query string.
    pub(crate) parameters: Vec<(String, String)>,
    /// Headers with lower-case names, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    /// Whether the client wants the connection closed behind the answer.
    pub(crate) closes: bool,
    /// The body; empty when there was none.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Returns the first header of that lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Returns the last parameter of that name, as servers that keep only one do.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let parameter = self.parameters.iter().rev().find(|(key, _)| key == name);
        parameter.map(|(_, value)| value.as_str())
    }

    /// Returns whether the client takes gzip.
    pub(crate) fn takes_gzip(&self) -> bool {
        self.header("accept-encoding").is_some_and(|codings| {
            codings.split(',').any(|coding| {
                let coding = coding.trim().to_ascii_lowercase();
                let (name, weight) = coding.split_once(';').unwrap_or((&coding, ""));
                name.trim() == "gzip" && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.000")
            })
        })
    }
}

/// Returns the first value of that name.
pub(crate) fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let pair = pairs.iter().find(|(key, _)| key == name);
    pair.map(|(_, value)| value.as_str())
}

/// Why no request could be read.
#[derive(Debug)]
pub(crate) enum ReadProblem {
    /// The connection broke, or ended in the middle of a request.
    Io,
    /// What came is not a request; says what is wrong with it.
    Malformed(&'static str),
}

impl From<io::Error> for ReadProblem {
    fn from(_: io::Error) -> Self {
        Self::Io
    }
}

/// Reads the requests of one connection, one after the other.
#[derive(Debug, Default)]
pub(crate) struct RequestReader {
    buffer: Vec<u8>,
}

impl RequestReader {
    /// Reads the next request; `None` when the client closed the connection between two of them.
    pub(crate) async fn next(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> Result<Option<Request>, ReadProblem> {
        let head_length = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(ReadProblem::Malformed("the head is too long"));
            }
            if stream.read_buf(&mut self.buffer).await? == 0 {
                let between = self.buffer.is_empty();
                return if between { Ok(None) } else { Err(ReadProblem::Io) };
            }
        };
        let head: Vec<u8> = self.buffer.drain(..head_length).collect();
        let mut request = parse_head(&head[..head_length - 4]).map_err(ReadProblem::Malformed)?;
        let body_length = body_length(&request).map_err(ReadProblem::Malformed)?;
        while self.buffer.len() < body_length {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ReadProblem::Io);
            }
        }
        request.body = self.buffer.drain(..body_length).collect();
        Ok(Some(request))
    }
}

fn parse_head(head: &[u8]) -> Result<Request, &'static str> {
    let head = std::str::from_utf8(head).map_err(|_| "the head is not text")?;
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let [method, target, version] = first.split(' ').collect::<Vec<_>>()[..] else {
        return Err("the request line does not have three parts");
    };
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err("the method is not a word in capitals");
    }
    if !target.starts_with('/') || !target.bytes().all(is_target_byte) {
        return Err("the target is not an encoded path");
    }
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return Err("the version is not HTTP/1.1");
    }
    let headers = lines.map(parse_header).collect::<Result<Vec<_>, _>>()?;
    if version == "HTTP/1.1" && find(&headers, "host").is_none() {
        return Err("there is no host");
    }
    let connection = find(&headers, "connection").unwrap_or_default();
    let closes = version == "HTTP/1.0" || connection.eq_ignore_ascii_case("close");
    let (path, query_string) = target.split_once('?').unwrap_or((target, ""));
    Ok(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query_string: query_string.to_owned(),
        parameters: decode_parameters(query_string),
        headers,
        closes,
        body: Vec::new(),
    })
}

/// Returns whether a byte may stand in a target: printable and not one that has to be encoded.
fn is_target_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`')
}

fn parse_header(line: &str) -> Result<(String, String), &'static str> {
    let (name, value) = line.split_once(':').ok_or("a header has no colon")?;
    let is_name_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name_byte) {
        return Err("the name of a header is not a word");
    }
    let value = value.trim_matches([' ', '\t']);
    if value.chars().any(|character| character.is_control() && character != '\t') {
        return Err("a header has a control character");
    }
    Ok((name.to_ascii_lowercase(), value.to_owned()))
}

fn body_length(request: &Request) -> Result<usize, &'static str> {
    if request.header("transfer-encoding").is_some() {
        return Err("the body is chunked");
    }
    let length = request.header("content-length").unwrap_or("0");
    match length.parse() {
        Ok(length) if length <= LONGEST_BODY => Ok(length),
        _ => Err("the length of the body is not a small number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_a_request_and_decodes_its_query() {
        let head =
            b"GET /search/repositories?q=a%20b&q=c%23 HTTP/1.1\r\nHost: x\r\nUSER-Agent:  me ";
        let request = parse_head(head).expect("a request");
        assert_eq!(request.path, "/search/repositories");
        assert_eq!(request.parameter("q"), Some("c#"));
        assert_eq!(request.header("user-agent"), Some("me"));
        assert!(!request.closes);
    }

    #[test]
    fn refuses_what_is_not_a_request() {
        for head in [
            "GET / HTTP/2\r\nhost: x",
            "get / HTTP/1.1\r\nhost: x",
            "GET /a b HTTP/1.1\r\nhost: x",
            "GET /?q=\"a\" HTTP/1.1\r\nhost: x",
            "GET /?q=é HTTP/1.1\r\nhost: x",
            "GET http://x/ HTTP/1.1\r\nhost: x",
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\r\nhost: x\r\nbad name: y",
            "GET / HTTP/1.1\r\nhost: x\r\n folded",
        ] {
            assert!(parse_head(head.as_bytes()).is_err(), "{head:?}");
        }
    }

    #[test]
    fn knows_who_takes_gzip() {
        for (codings, expected) in
            [("gzip, br", true), ("br;q=1, GZIP;q=0.5", true), ("gzip;q=0", false), ("br", false)]
        {
            let head = format!("GET / HTTP/1.1\r\nhost: x\r\naccept-encoding: {codings}");
            let request = parse_head(head.as_bytes()).expect("a request");
            assert_eq!(request.takes_gzip(), expected, "{codings}");
        }
    }
}
