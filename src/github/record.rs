//! Keeps what a source answers in a recording, a line as each answer comes.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use super::{AnswerSource, Question, Reply, SourceError};
use crate::domain::recording::RecordedAnswer;
use crate::domain::run::RunId;
use crate::platform::Stop;

/// A source that keeps the answers of another one.
#[derive(Debug)]
pub struct Recorder<S> {
    source: S,
    run: RunId,
    file: File,
    path: PathBuf,
}

impl<S> Recorder<S> {
    /// Wraps a source; `file` is the recording, opened at its end, and `path` its name.
    pub fn new(source: S, run: RunId, file: File, path: PathBuf) -> Self {
        Self { source, run, file, path }
    }
}

impl<S: AnswerSource> AnswerSource for Recorder<S> {
    async fn ask(
        &mut self,
        question: &Question,
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Reply, SourceError> {
        let reply = self.source.ask(question, still_to_ask, stop).await?;
        if let Reply::Answer(answer) = &reply {
            let line = RecordedAnswer {
                run: self.run,
                observed_at: answer.observed_at,
                framework: question.framework.clone(),
                metric: question.metric.clone(),
                sample_no: question.sample_no,
                query: answer.query.clone(),
                status: answer.outcome.status(),
                count: answer.outcome.count(),
                source: answer.source.clone(),
                detail: answer.detail.as_str().to_owned(),
                rate: answer.rate.clone(),
            };
            let written = self.file.write_all(line.render_line().as_bytes());
            let synced = written.and_then(|()| self.file.sync_data());
            let failed = |source| SourceError::Recording { path: self.path.clone(), source };
            synced.map_err(failed)?;
        }
        Ok(reply)
    }
}
