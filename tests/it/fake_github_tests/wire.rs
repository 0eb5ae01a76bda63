//! Connections, codings, TLS, and answers that are broken on purpose.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::raw_client::{RawAnswer, connect, get, read_answer, search};
use crate::fake_github::{FakeGithub, Fault, Reply, When};

fn broken(reply: Reply) -> (RawAnswer, FakeGithub) {
    let github = FakeGithub::builder().count("a", 40).start();
    github.add_fault(Fault::new(When::Always, reply));
    let answer = search(&github, "a", "");
    (answer, github)
}

fn length(answer: &RawAnswer) -> usize {
    usize::try_from(answer.number("content-length")).expect("a length")
}

#[test]
fn gzip_comes_when_asked_for() {
    let github = FakeGithub::builder().count("a", 40).start();
    let headers = [("Accept-Encoding", "gzip, br")];
    let answer = get(&github, "/search/repositories?q=a&per_page=1", &headers);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(length(&answer), answer.body.len());
    let mut text = String::new();
    let mut decoder = GzDecoder::new(&answer.body[..]);
    decoder.read_to_string(&mut text).expect("gzip");
    assert!(text.starts_with("{\"total_count\":40,"), "{text}");
    assert_eq!(search(&github, "a", "").header("content-encoding"), None);
}

#[test]
fn one_connection_carries_many_requests_and_only_real_ones() {
    let github = FakeGithub::builder().start();
    let mut stream = connect(&github);
    let request = b"GET /search/repositories?q=a+b HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n";
    stream.write_all(&request.repeat(2)).expect("two requests");
    stream.write_all(b"GET /search?q=a b HTTP/1.1\r\n\r\n").expect("a bad one");
    let text = read_answer(&mut stream).text();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 1, "the second of two");
    assert_eq!(text.matches("HTTP/1.1 400 Bad Request").count(), 1);
    assert_eq!(github.queries(), ["a b", "a b"]);
    assert_eq!(github.malformed().len(), 1);
    let seen = &github.requests()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/search/repositories"));
    assert_eq!(seen.header("user-agent"), Some("y"));
    assert!(seen.received_at.elapsed() < Duration::from_secs(5));
    assert!(github.now_ms() - seen.received_at_ms < 5_000);
}

#[test]
fn no_answer_at_all() {
    for (reply, problem) in
        [(Reply::Reset, Some(ErrorKind::ConnectionReset)), (Reply::CloseWithoutAnswer, None)]
    {
        let (answer, github) = broken(reply);
        assert_eq!((answer.status, answer.problem), (None, problem));
        assert_eq!(github.requests()[0].status_sent, None);
    }
}

#[test]
fn bodies_that_do_not_fit_their_length() {
    let (cut, _) = broken(Reply::CutBody);
    assert_eq!(cut.body.len(), length(&cut) / 2);
    let (lying, _) = broken(Reply::LyingLength);
    assert_eq!(lying.body.len() / 2, length(&lying));
    lying.json();
    let (chunked, _) = broken(Reply::BadChunk);
    assert_eq!(chunked.header("transfer-encoding"), Some("chunked"));
    assert!(chunked.text().ends_with("\r\nnot a length\r\n"));
    let (raw, github) = broken(Reply::Raw(b"HTTP/1.1 299 Odd\r\n\r\nbye".to_vec()));
    assert_eq!((raw.status, raw.text().as_str()), (Some(299), "bye"));
    assert_eq!(github.requests()[0].status_sent, Some(299));

    let (gzip, _) = broken(Reply::CutGzip);
    assert_eq!(gzip.body.len(), length(&gzip));
    let mut unpacked = Vec::new();
    let problem = GzDecoder::new(&gzip.body[..]).read_to_end(&mut unpacked);
    assert!(problem.is_err());
}

#[test]
fn bodies_without_measure() {
    let (huge, _) = broken(Reply::Huge(5_000_000));
    assert_eq!(huge.body.len(), 5_000_000);
    assert_eq!(huge.json()["total_count"], 7);

    let (bomb, _) = broken(Reply::GzipBomb(50_000_000));
    assert_eq!(bomb.header("content-encoding"), Some("gzip"));
    assert!(bomb.body.len() < 500_000, "{}", bomb.body.len());
    let mut decoder = GzDecoder::new(&bomb.body[..]);
    let unpacked = std::io::copy(&mut decoder, &mut std::io::sink());
    assert_eq!(unpacked.expect("gzip"), 50_000_000);
}

#[test]
fn a_dripping_answer_comes_byte_by_byte() {
    let github = FakeGithub::builder().start();
    let every = Duration::from_millis(20);
    github.add_fault(Fault::new(When::Always, Reply::Dripping { every }));
    let started = Instant::now();
    let mut stream = connect(&github);
    let request = "GET /search/repositories?q=a HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("a request");
    let mut bytes: Vec<u8> = Vec::new();
    let mut some = [0; 4096];
    let dripped = loop {
        let read = stream.read(&mut some).expect("a part of the answer");
        bytes.extend(&some[..read]);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        match end.map(|end| bytes.len() - end - 4) {
            Some(dripped) if dripped >= 5 => break u32::try_from(dripped).expect("a few"),
            _ => {}
        }
    };
    assert!(dripped < 500, "{dripped}");
    assert!(started.elapsed() >= every * dripped, "{dripped}");
}

#[test]
fn silence_and_dripping_end_when_the_server_is_dropped() {
    let github = FakeGithub::builder().start();
    github.add_fault(Fault::new(When::query("quiet"), Reply::Silence));
    let every = Duration::from_secs(30);
    github.add_fault(Fault::new(When::query("slow"), Reply::Dripping { every }));
    let mut streams = ["quiet", "slow"].map(|q| {
        let mut stream = connect(&github);
        let request =
            format!("GET /search/repositories?q={q} HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("a request");
        stream
    });
    let mut byte = [0; 1];
    let patience = Some(Duration::from_millis(200));
    streams[0].set_read_timeout(patience).expect("a time-out");
    let silence = streams[0].read(&mut byte).expect_err("silence");
    assert!(matches!(silence.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert_eq!(streams[1].read(&mut byte).expect("a byte"), 1);

    let started = Instant::now();
    drop(github);
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(streams[0].read(&mut byte).expect("the end"), 0);
}

#[test]
fn a_client_that_goes_away_does_no_harm() {
    let github = FakeGithub::builder().start();
    github.add_fault(Fault::new(When::Nth(1), Reply::Huge(500_000_000)));
    let mut stream = connect(&github);
    let request = "GET /search/repositories?q=a HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("a request");
    let mut some = [0; 4096];
    assert!(stream.read(&mut some).expect("a part") > 0);
    drop(stream);
    assert_eq!(search(&github, "b", "").status, Some(200));
}

#[test]
fn tls_is_spoken_under_the_given_authority_only() {
    let github = FakeGithub::builder().tls(true).count("a", 40).start();
    let authority = CertificateDer::from_pem_slice(github.ca_pem().as_bytes());
    let mut trusting = RootCertStore::empty();
    trusting.add(authority.expect("PEM")).expect("an authority");
    for name in ["127.0.0.1", "localhost"] {
        let answer = ask_over_tls(&github, trusting.clone(), name).expect("a handshake");
        assert!(answer.contains("{\"total_count\":40,"), "{answer}");
    }
    let other = FakeGithub::builder().tls(true).start();
    ask_over_tls(&other, trusting, "localhost").expect_err("another authority");
    assert!(github.api_url().starts_with("https://127.0.0.1:"));
}

/// Searches over TLS with a client that trusts these authorities.
fn ask_over_tls(
    github: &FakeGithub,
    authorities: RootCertStore,
    name: &'static str,
) -> std::io::Result<String> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the usual versions")
        .with_root_certificates(authorities)
        .with_no_client_auth();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let address = github.base_url().trim_start_matches("https://");
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from(name).expect("a name");
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let request = b"GET /search/repositories?q=a HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\
            Connection: close\r\n\r\n";
        stream.write_all(request).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    })
}
