//! Calling the user's command: facts on stdin, no token in its environment, a bounded time.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use super::super::Session;
use crate::platform::{Signal, apart, end_group, stop_flag};
use crate::settings::{AfterRunCommand, SECRET_VARIABLES};

/// How a call ended.
enum End {
    /// By itself.
    Done(std::io::Result<std::process::ExitStatus>),
    /// Its time was over.
    TooLong,
    /// A signal came for us.
    Interrupted(Signal),
}

/// Calls the command with each document, one after the other.
pub(super) async fn call(
    session: &Session,
    command: &AfterRunCommand,
    longest: Duration,
    documents: impl Iterator<Item = (&'static str, String)>,
) {
    for (event, document) in documents {
        session.ui.detail(&format!("calling `{}` for `{event}`", command.program.display()));
        let trouble = match run(command, longest, document.as_bytes()).await {
            Ok(End::Done(Ok(status))) if status.success() => continue,
            Ok(End::Done(Ok(status))) => format!("{status}"),
            Ok(End::Done(Err(error))) | Err(error) => error.to_string(),
            Ok(End::TooLong) => format!("ended after {longest:?}: it took too long"),
            Ok(End::Interrupted(signal)) => {
                let text = format!("{signal:?} came; what is called after a run was ended");
                session.ui.warn(&text, &[], None);
                return;
            }
        };
        let text = format!("`{}`, called for `{event}`, failed", command.program.display());
        session.ui.warn(&text, &[trouble], None);
    }
}

async fn run(command: &AfterRunCommand, longest: Duration, facts: &[u8]) -> std::io::Result<End> {
    let mut process = Command::new(&command.program);
    process
        .args(&command.arguments)
        .stdin(Stdio::piped())
        // Data goes to our stdout, and this is none.
        .stdout(Stdio::null())
        .kill_on_drop(true);
    for name in SECRET_VARIABLES {
        process.env_remove(name);
    }
    apart(&mut process);
    let mut child = process.spawn()?;
    let end = wait(&mut child, longest, facts).await;
    if !matches!(end, End::Done(_)) {
        end_group(&mut child).await;
    }
    Ok(end)
}

async fn wait(child: &mut Child, longest: Duration, facts: &[u8]) -> End {
    let mut stdin = child.stdin.take();
    // Who does not want the facts need not read them.
    let feed = async {
        if let Some(stdin) = &mut stdin {
            let _ = stdin.write_all(facts).await;
        }
        drop(stdin);
        std::future::pending::<End>().await
    };
    let (stopper, mut stop) = stop_flag();
    let listen = async {
        // Where nobody can listen the time ends it.
        let _ = stopper.listen().await;
        std::future::pending::<End>().await
    };
    tokio::select! {
        status = child.wait() => End::Done(status),
        () = tokio::time::sleep(longest) => End::TooLong,
        signal = stop.wait() => End::Interrupted(signal),
        end = feed => end,
        end = listen => end,
    }
}
