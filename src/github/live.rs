//! GitHub over either of its APIs.

use super::{AnswerSource, Graphql, Question, Reply, Rest, SourceError};
use crate::platform::Stop;

/// GitHub, asked over the API that was chosen.
pub enum Live<'c> {
    /// Over REST.
    Rest(Box<Rest<'c>>),
    /// Over GraphQL, with REST beside it.
    Graphql(Box<Graphql<'c>>),
}

impl AnswerSource for Live<'_> {
    fn most_at_once(&self) -> usize {
        match self {
            Self::Rest(rest) => rest.most_at_once(),
            Self::Graphql(graphql) => graphql.most_at_once(),
        }
    }

    async fn ask(
        &mut self,
        questions: &[Question],
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        match self {
            Self::Rest(rest) => rest.ask(questions, still_to_ask, stop).await,
            Self::Graphql(graphql) => graphql.ask(questions, still_to_ask, stop).await,
        }
    }
}
