//! The thread, the port and the connections.
//!
//! Everything runs on one thread of its own, so that what one connection has done is visible before
//! the next one goes on. Decisions are `state`'s, bytes are `wire`'s.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as StdTcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::answer::Answer;
use super::builder::Settings;
use super::clock::{Clock, millis};
use super::graphql::SeenGraphql;
use super::request::{ReadProblem, Request, RequestReader};
use super::seen::SeenRequest;
use super::state::State;
use super::visit::Outcome;
use super::wire::{After, Connection, deliver};

const MOST_CONNECTIONS: usize = 512;
const LONGEST_IDLE: Duration = Duration::from_secs(300);
const BAD_REQUEST: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What the thread and the tests share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The server's clock.
    pub(crate) clock: Clock,
    memory: Mutex<Memory>,
}

/// What changes with every request.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The decisions.
    pub(crate) state: State,
    /// The requests, in the order they were read.
    pub(crate) seen: Vec<SeenRequest>,
    /// The documents, in the order they were read.
    pub(crate) seen_graphql: Vec<SeenGraphql>,
    /// What came and was no request: why.
    pub(crate) malformed: Vec<&'static str>,
    /// The largest number of requests that were in work at the same moment.
    pub(crate) most_at_once: usize,
    at_once: usize,
}

impl Shared {
    /// Locks the memory. A thread that panicked with it has left whole values behind.
    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running server; it stops when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    /// What the tests may look at.
    pub(crate) shared: Arc<Shared>,
    /// The scheme, address and port.
    pub(crate) base_url: String,
    /// The authority's certificate when the server speaks TLS.
    pub(crate) ca_pem: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds a free port and starts answering.
    pub(crate) fn start(settings: Settings) -> io::Result<Self> {
        let listener = StdTcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (acceptor, ca_pem) = if settings.tls {
            let (acceptor, ca_pem) = super::tls::make_acceptor();
            (Some(acceptor), Some(ca_pem))
        } else {
            (None, None)
        };
        let scheme = if settings.tls { "https" } else { "http" };
        let base_url = format!("{scheme}://{address}");
        let api_url = format!("{base_url}{}", settings.prefix);
        let shared = Arc::new(Shared {
            clock: Clock::new(settings.clock_offset_s, settings.time.clone()),
            memory: Mutex::new(Memory {
                state: State::new(settings, api_url),
                seen: Vec::new(),
                seen_graphql: Vec::new(),
                malformed: Vec::new(),
                most_at_once: 0,
                at_once: 0,
            }),
        });
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let for_thread = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("fake-github".to_owned()).spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        _ = accept(listener, acceptor, for_thread) => {}
                    }
                });
                // Dropping the runtime drops every connection, also those that wait or drip.
            })?;
        Ok(Self { shared, base_url, ca_pem, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there has been printed; tests fail by what they assert.
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: StdTcpListener,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return Ok(());
        };
        let Ok((stream, peer)) = listener.accept().await else {
            continue;
        };
        let shared = Arc::clone(&shared);
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // A client that goes away, or does not trust the certificate, is its own affair.
            let _ = greet(stream, peer, acceptor, &shared).await;
            drop(place);
        });
    }
}

async fn greet(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    shared: &Shared,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match acceptor {
        None => converse(stream, peer.ip(), shared).await,
        Some(acceptor) => {
            let stream = timeout(LONGEST_IDLE, acceptor.accept(stream)).await??;
            converse(stream, peer.ip(), shared).await
        }
    }
}

/// Answers the requests of one connection, one after the other.
async fn converse(mut stream: impl Connection, address: IpAddr, shared: &Shared) -> io::Result<()> {
    let mut reader = RequestReader::default();
    loop {
        let request = match timeout(LONGEST_IDLE, reader.next(&mut stream)).await? {
            Ok(Some(request)) => request,
            Ok(None) => return stream.shutdown().await,
            Err(ReadProblem::Io) => return Ok(()),
            Err(ReadProblem::Malformed(why)) => {
                shared.memory().malformed.push(why);
                stream.write_all(BAD_REQUEST).await?;
                return stream.shutdown().await;
            }
        };
        match answer(&mut stream, &request, address, shared).await? {
            After::KeepOpen if !request.closes => {}
            After::KeepOpen | After::Close => return stream.shutdown().await,
            After::Drop => return Ok(()),
        }
    }
}

async fn answer(
    stream: &mut impl Connection,
    request: &Request,
    address: IpAddr,
    shared: &Shared,
) -> io::Result<After> {
    let received_at = Instant::now();
    let in_work = InWork::begin(shared);
    let received_at_ms = shared.clock.machine_ms();
    let (place, graphql_place, outcome) = {
        let mut memory = shared.memory();
        memory.seen.push(SeenRequest::new(request, received_at, received_at_ms));
        let at_once = memory.at_once;
        let now_ms = shared.clock.server_ms();
        let mut outcome = memory.state.decide(request, address, at_once, now_ms);
        let graphql_place = outcome.noted.take().map(|noted| {
            memory.seen_graphql.push(SeenGraphql::new(noted, received_at, received_at_ms));
            memory.seen_graphql.len() - 1
        });
        (memory.seen.len() - 1, graphql_place, outcome)
    };
    let Outcome { mut answer, delivery, takes, refused, busy, noted: _ } = outcome;
    shared.clock.pass(takes).await;
    {
        // Noted before sending: a test may look as soon as its client has the answer.
        let mut memory = shared.memory();
        let status_sent = delivery.status_sent(&answer);
        let took = shared.clock.took(received_at_ms, takes);
        memory.seen[place].status_sent = status_sent;
        memory.seen[place].refused = refused;
        if refused {
            let now_ms = shared.clock.machine_ms();
            let ahead_ms = shared.clock.server_ms() - now_ms;
            memory.seen[place].stay_away_until_ms = stay_away_until(&answer, now_ms, ahead_ms);
        }
        if let Some(place) = graphql_place {
            memory.seen_graphql[place].status_sent = status_sent;
            memory.seen_graphql[place].refused = refused;
            memory.seen_graphql[place].took = took;
        }
        if let Some(whose) = busy {
            let now_ms = shared.clock.server_ms();
            memory.state.add_busy(whose, millis(took), now_ms);
        }
    }
    answer.closes |= request.closes;
    let after = deliver(stream, answer, delivery, request.takes_gzip()).await;
    drop(in_work);
    after
}

/// Returns until when a refusal wants its caller to stay away: `retry-after` counts first, then the
/// reset of a window that is used up. `ahead_ms` is how far the server's clock is ahead.
fn stay_away_until(answer: &Answer, now_ms: i64, ahead_ms: i64) -> Option<i64> {
    let header = |name: &str| {
        let (_, value) = answer.headers.iter().find(|(other, _)| *other == name)?;
        value.parse::<i64>().ok()
    };
    if let Some(seconds) = header("retry-after") {
        return Some(now_ms + seconds * 1_000);
    }
    let is_used_up = header("x-ratelimit-remaining") == Some(0);
    let reset_s = header("x-ratelimit-reset").filter(|_| is_used_up)?;
    Some(reset_s * 1_000 - ahead_ms)
}

/// Counts a request as being in work until dropped.
struct InWork<'a>(&'a Shared);

impl<'a> InWork<'a> {
    fn begin(shared: &'a Shared) -> Self {
        let mut memory = shared.memory();
        memory.at_once += 1;
        memory.most_at_once = memory.most_at_once.max(memory.at_once);
        drop(memory);
        Self(shared)
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.0.memory().at_once -= 1;
    }
}
