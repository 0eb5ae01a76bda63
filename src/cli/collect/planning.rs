//! What a run asks, and over which API: from the survey, the history and the flags.

use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::super::connection::Connection;
use super::super::diagnostic::{DONE, Failure};
use super::pass::{describe_api, describe_change};
use super::{Order, Origin};
use crate::collect::{ChosenApi, Past, Plan, choose_api};
use crate::domain::run::{Key, RunId};
use crate::domain::survey::ApiChoice;
use crate::history::{HistoryError, Wanted, select_run, visit_last_runs};

/// A count that none of so many last runs has is not looked for any further back.
const MOST_RUNS_LOOKED_AT: usize = 30;

impl Order<'_> {
    pub(super) async fn show_plan(&self) -> Result<u8, Failure> {
        let plan = self.plan_to_show()?;
        let origin = match &self.origin {
            Origin::Recording(recording) => {
                format!("from {}: no request is sent", recording.origin)
            }
            Origin::Github => {
                let connection = Connection::find(self.session, &self.arguments.connection).await?;
                let past = self.past(&self.history(), &plan)?;
                let has_token = connection.token.is_some();
                let queries = plan.queries.len();
                let chosen = self.choose_api(&past, &connection, queries)?;
                if let Some(change) = describe_change(chosen) {
                    self.session.ui.say(&change);
                }
                let work = describe_api(chosen, &plan, has_token);
                format!("from {}, {work}", connection.describe())
            }
        };
        let mut text = format!(
            "{}\n{} counts by {} queries, {origin}\n",
            self.survey.title,
            plan.queries.iter().map(|query| query.targets.len()).sum::<usize>(),
            plan.queries.len(),
        );
        for planned in &plan.queries {
            let names = planned.targets.iter().map(|t| format!("{} {}", t.framework, t.metric));
            let names = names.collect::<Vec<_>>().join(", ");
            let pass = match self.survey.samples {
                1 => String::new(),
                _ => format!("pass {}  ", planned.sample_no),
            };
            let (query, method) = (&planned.query.text, planned.query.method);
            text.push_str(&format!("  {pass}{method}  {query}  ({names})\n"));
        }
        for skipped in &plan.skipped {
            text.push_str(&format!(
                "  skipped: {} {}, which has no {}\n",
                skipped.framework, skipped.metric, skipped.placeholder
            ));
        }
        self.session.ui.data(&text)?;
        Ok(DONE)
    }

    /// Makes the plan of a run that starts at that moment.
    pub(super) fn plan(&self, started_at: DateTime<Utc>) -> Plan {
        let cross_checks = self.arguments.ask.cross_check;
        Plan { cross_checks, ..Plan::new(&self.survey, started_at.date_naive()) }
    }

    /// Returns the plan of a new run, or with `--resume` of the rest of the last one.
    fn plan_to_show(&self) -> Result<Plan, Failure> {
        if !self.arguments.resume {
            return Ok(self.plan(self.now()));
        }
        let asked = |key: &Key| self.survey.still_asks(key);
        let last = select_run(&self.history(), Wanted::Last, asked);
        let run = last.map_err(|error| self.of_resuming(error))?.run;
        Ok(self.plan(run.id.started_at()).without_answered(&run, &self.survey))
    }

    /// Ends a run that has nothing to ask: what it lacks is no longer, or never was, in the survey.
    pub(super) fn leave_empty_plan(&self, run: RunId, plan: &Plan) -> Result<u8, Failure> {
        if plan.counts == 0 {
            let id = &self.survey.id;
            return Err(Failure::usage(format!("survey `{id}` asks nothing"))
                .because("no metric that is switched on fits any of its frameworks")
                .hint(self.session.command(["check", id])));
        }
        let text = format!("run {run} lacks only what the survey no longer asks; nothing to ask");
        self.session.ui.say(&text);
        Ok(DONE)
    }

    /// Returns what the last runs of the history tell a new one; a replay is taken as it was
    /// recorded.
    pub(super) fn past(&self, history: &Path, plan: &Plan) -> Result<Past, Failure> {
        let mut past = Past::default();
        if matches!(self.origin, Origin::Recording(_)) {
            return Ok(past);
        }
        let visited = visit_last_runs(history, MOST_RUNS_LOOKED_AT, |run| {
            past.note(&run, &self.survey);
            if past.knows_all_of(plan) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match visited {
            Ok(()) | Err(HistoryError::Missing { .. }) => Ok(past),
            Err(error) => Err(error.into()),
        }
    }

    /// GraphQL needs a token, whatever the history says.
    pub(super) fn refuse_without_token(&self, connection: &Connection) -> Result<(), Failure> {
        self.choose_api(&Past::default(), connection, 0).map(drop)
    }

    /// Chooses the API: by flag, survey, history, token and length.
    pub(super) fn choose_api(
        &self,
        past: &Past,
        connection: &Connection,
        queries: usize,
    ) -> Result<ChosenApi, Failure> {
        let wanted = self.arguments.ask.api.map_or(self.survey.api, ApiChoice::from);
        Ok(choose_api(wanted, past.last_api(), connection.token.is_some(), queries)?)
    }
}
