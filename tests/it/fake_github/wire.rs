//! Sending an answer, whole or broken in a chosen way.
//!
//! The only place that writes to a client. A client that has gone away is an error to return, never
//! a reason to panic.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::answer::Answer;
use super::filler::Filler;

/// How an answer travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// As it should.
    Whole,
    /// Never; until the client closes.
    Silence,
    /// Never; the connection is reset.
    Reset,
    /// Never; the connection is closed.
    CloseWithoutAnswer,
    /// Half of the body, then the connection is closed.
    CutBody,
    /// A whole message around half of a gzip stream.
    CutGzip,
    /// One good chunk and a bad one.
    BadChunk,
    /// The whole body behind half of its length.
    LyingLength,
    /// The headers with a body of this many bytes.
    Huge(u64),
    /// The headers with a gzip body that unpacks to this many bytes.
    GzipBomb(u64),
    /// The headers at once, then the body byte by byte with this time between two.
    Dripping(Duration),
    /// These bytes and nothing of the answer.
    Raw(Vec<u8>),
}

impl Delivery {
    /// Returns the status that the client gets to see; `None` when no status line is sent.
    pub(crate) fn status_sent(&self, answer: &Answer) -> Option<u16> {
        match self {
            Self::Silence | Self::Reset | Self::CloseWithoutAnswer => None,
            Self::Raw(bytes) => {
                let line = std::str::from_utf8(bytes.get(..12)?).ok()?;
                line.strip_prefix("HTTP/1.1 ")?.parse().ok()
            }
            _ => Some(answer.status),
        }
    }
}

/// What becomes of the connection behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// It waits for the next request.
    KeepOpen,
    /// It is closed with all courtesies of its protocol.
    Close,
    /// It is dropped; over TLS without the closing message.
    Drop,
}

/// A connection with or without TLS.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Unpin + Send {
    /// Returns the TCP connection below.
    fn tcp(&self) -> &TcpStream;
}

impl Connection for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Connection for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Sends an answer and returns what becomes of the connection.
///
/// A broken message is sent without gzip where gzip would hide what is wrong with it.
pub(crate) async fn deliver(
    stream: &mut impl Connection,
    answer: Answer,
    delivery: Delivery,
    takes_gzip: bool,
) -> io::Result<After> {
    match delivery {
        Delivery::Whole => {
            let answer = pack_for(answer, takes_gzip);
            let mut bytes = answer.head_with_length(answer.body.len() as u64);
            bytes.extend(&answer.body);
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            let close = answer.closes;
            return Ok(if close { After::Close } else { After::KeepOpen });
        }
        Delivery::Silence => wait_for_end(stream).await?,
        Delivery::Reset => stream.tcp().set_zero_linger()?,
        Delivery::CloseWithoutAnswer => {}
        Delivery::CutBody => {
            let length = answer.body.len();
            send(stream, &answer.head_with_length(length as u64)).await?;
            send(stream, &answer.body[..length / 2]).await?;
        }
        Delivery::CutGzip => {
            let answer = answer.gzipped();
            let half = &answer.body[..answer.body.len() / 2];
            send(stream, &answer.head_with_length(half.len() as u64)).await?;
            send(stream, half).await?;
        }
        Delivery::BadChunk => {
            let half = &answer.body[..answer.body.len() / 2];
            send(stream, &answer.head("transfer-encoding: chunked")).await?;
            send(stream, format!("{:x}\r\n", half.len()).as_bytes()).await?;
            send(stream, half).await?;
            send(stream, b"\r\nnot a length\r\n").await?;
        }
        Delivery::LyingLength => {
            let length = answer.body.len();
            send(stream, &answer.head_with_length(length as u64 / 2)).await?;
            send(stream, &answer.body).await?;
        }
        Delivery::Huge(bytes) => send_filler(stream, &answer, &Filler::plain(bytes)).await?,
        Delivery::GzipBomb(bytes) => {
            let answer = answer.with("content-encoding", "gzip");
            send_filler(stream, &answer, &Filler::packed(bytes)).await?;
        }
        Delivery::Dripping(every) => {
            let answer = pack_for(answer, takes_gzip);
            send(stream, &answer.head_with_length(answer.body.len() as u64)).await?;
            for byte in &answer.body {
                tokio::time::sleep(every).await;
                send(stream, &[*byte]).await?;
            }
        }
        Delivery::Raw(bytes) => {
            send(stream, &bytes).await?;
            return Ok(After::Close);
        }
    }
    Ok(After::Drop)
}

fn pack_for(answer: Answer, takes_gzip: bool) -> Answer {
    if takes_gzip && answer.may_gzip && !answer.body.is_empty() { answer.gzipped() } else { answer }
}

async fn send(stream: &mut impl Connection, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

async fn send_filler(
    stream: &mut impl Connection,
    answer: &Answer,
    filler: &Filler,
) -> io::Result<()> {
    send(stream, &answer.head_with_length(filler.length())).await?;
    send(stream, &filler.start).await?;
    for _ in 0..filler.blocks {
        send(stream, &filler.block).await?;
    }
    send(stream, &filler.end).await
}

/// Reads and forgets until the client closes.
async fn wait_for_end(stream: &mut impl Connection) -> io::Result<()> {
    let mut forgotten = [0; 1024];
    while stream.read(&mut forgotten).await? > 0 {}
    Ok(())
}
