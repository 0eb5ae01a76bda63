//! What a search finds, page by page, for who looks at repositories and not only at their number.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::address::PER_PAGE;
use super::wire::without_mark;
use super::{Graphql, Live, Means, Question, Rest, SourceError};
use crate::domain::sample::Outcome;
use crate::platform::Stop;

/// A repository, as far as anybody looks at it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Found {
    /// The owner and the name.
    pub full_name: String,
    /// The name alone.
    pub name: String,
    /// What it says of itself; empty if nothing.
    #[serde(default, deserialize_with = "or_empty")]
    pub description: String,
    /// Its topics.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Its main language; `None` for one without code.
    #[serde(default)]
    pub language: Option<String>,
    /// Its stars.
    #[serde(default)]
    pub stargazers_count: u64,
    /// When it was last pushed to.
    #[serde(default)]
    pub pushed_at: Option<DateTime<Utc>>,
    /// Whether it is archived.
    #[serde(default)]
    pub archived: bool,
}

/// One page of what a query finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The number of all that it finds, as far as it can be trusted; failed if nothing came.
    pub outcome: Outcome,
    /// Why nothing came, in our own short vocabulary.
    pub detail: String,
    /// Those on this page.
    pub found: Vec<Found>,
}

/// How many repositories a full page has.
pub const REPOSITORIES_PER_PAGE: usize = PER_PAGE as usize;

/// Reads pages.
pub trait PageSource {
    /// Reads a page of what a query finds, from 1.
    ///
    /// # Errors
    ///
    /// Fails when no further page can be read either.
    fn read_page(
        &mut self,
        query: &str,
        page: u32,
        stop: &mut Stop,
    ) -> impl Future<Output = Result<Page, SourceError>>;
}

#[derive(Deserialize)]
struct Body {
    items: Vec<Found>,
}

impl PageSource for Rest<'_> {
    async fn read_page(
        &mut self,
        query: &str,
        page: u32,
        stop: &mut Stop,
    ) -> Result<Page, SourceError> {
        if let Some(error) = self.ended.take() {
            return Err(error);
        }
        let url = self.address.search_page(query, page);
        let question = Question {
            query: query.to_owned(),
            framework: String::new(),
            metric: String::new(),
            sample_no: 1,
            means: Means::TellingCompleteness,
        };
        self.waiting.wait_out_outage(stop).await?;
        let (answer, body) = self.answer(&url, &question, 1, stop).await?;
        let items = serde_json::from_slice::<Body>(without_mark(&body)).map(|body| body.items);
        Ok(match (answer.outcome, items) {
            (Outcome::Failed, _) => {
                Page { outcome: Outcome::Failed, detail: answer.detail.reason(), found: Vec::new() }
            }
            (outcome, Ok(found)) => Page { outcome, detail: answer.detail.reason(), found },
            (_, Err(_)) => Page {
                outcome: Outcome::Failed,
                detail: "items not understood".to_owned(),
                found: Vec::new(),
            },
        })
    }
}

impl PageSource for Graphql<'_> {
    async fn read_page(
        &mut self,
        query: &str,
        page: u32,
        stop: &mut Stop,
    ) -> Result<Page, SourceError> {
        self.rest().read_page(query, page, stop).await
    }
}

impl PageSource for Live<'_> {
    async fn read_page(
        &mut self,
        query: &str,
        page: u32,
        stop: &mut Stop,
    ) -> Result<Page, SourceError> {
        match self {
            Self::Rest(rest) => rest.read_page(query, page, stop).await,
            Self::Graphql(graphql) => graphql.read_page(query, page, stop).await,
        }
    }
}

fn or_empty<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
