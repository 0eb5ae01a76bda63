//! Keeps what a source answers in a recording, a line as each answer comes.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use super::{Answer, AnswerSource, Question, Reply, SourceError};
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

    /// Appends lines in one piece and syncs them.
    fn keep(&mut self, lines: &str) -> Result<(), SourceError> {
        let written = self.file.write_all(lines.as_bytes());
        let synced = written.and_then(|()| self.file.sync_data());
        synced.map_err(|source| SourceError::Recording { path: self.path.clone(), source })
    }

    fn line(&self, question: &Question, answer: &Answer) -> String {
        RecordedAnswer {
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
        }
        .render_line()
    }
}

impl<S: AnswerSource> AnswerSource for Recorder<S> {
    fn most_at_once(&self) -> usize {
        self.source.most_at_once()
    }

    async fn ask(
        &mut self,
        questions: &[Question],
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let replies = self.source.ask(questions, still_to_ask, stop).await?;
        let lines = questions.iter().zip(&replies).map(|(question, reply)| match reply {
            Reply::Answer(answer) => self.line(question, answer),
            Reply::NothingMore | Reply::NotYet => String::new(),
        });
        let lines: String = lines.collect();
        if !lines.is_empty() {
            self.keep(&lines)?;
        }
        Ok(replies)
    }
}
