//! A well-formed HTTP answer as a value, and its head as bytes.
//!
//! What is said lives in `bodies`, `state` and `scripted`; how it goes wrong on the wire in `wire`.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A status, its headers and its body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// Headers in the order they are sent, without those about the length of the body.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body before any content encoding.
    pub(crate) body: Vec<u8>,
    /// Whether it may be sent with gzip.
    pub(crate) may_gzip: bool,
    /// Whether the connection is closed behind it.
    pub(crate) closes: bool,
}

impl Answer {
    /// Makes a JSON answer.
    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json; charset=utf-8".into())],
            body: body.into(),
            may_gzip: true,
            closes: false,
        }
    }

    /// Makes an HTML answer.
    pub(crate) fn html(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            headers: vec![("content-type", "text/html; charset=utf-8".into())],
            may_gzip: false,
            ..Self::json(status, body)
        }
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Closes the connection behind the answer.
    #[must_use]
    pub(crate) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    /// Packs the body with gzip and says so.
    #[must_use]
    pub(crate) fn gzipped(mut self) -> Self {
        self.body = gzip(&self.body);
        self.may_gzip = false;
        self.with("content-encoding", "gzip")
    }

    /// Returns the status line and headers with a `Content-Length`.
    pub(crate) fn head_with_length(&self, length: u64) -> Vec<u8> {
        self.head(&format!("content-length: {length}"))
    }

    /// Returns the status line and headers with one more header line, given without its end.
    pub(crate) fn head(&self, framing: &str) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if self.closes {
            head.push_str("connection: close\r\n");
        }
        let _ = write!(head, "{framing}\r\n\r\n");
        head.into_bytes()
    }
}

/// Packs bytes with gzip.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // A vector takes every byte, so neither step can fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Returns the reason phrase of a status.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        410 => "Gone",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unknown",
    }
}
