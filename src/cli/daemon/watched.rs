//! The survey that a daemon watches: read again when its file changes, kept as it was when that is
//! wrong.

use super::super::args::PerArg;
use super::super::collect::periods;
use super::super::{Failure, Session};
use crate::catalog::Origin;
use crate::domain::period::Periods;
use crate::domain::survey::Survey;

/// The survey in use.
pub(super) struct Watched {
    /// Under which it is loaded again.
    name: String,
    origin: Origin,
    per: Option<PerArg>,
    survey: Survey,
    periods: Periods,
    /// What was read last, or why it could not be.
    seen: Result<String, String>,
}

impl Watched {
    /// Loads it and warns of what is odd about it.
    pub(super) fn load(
        session: &Session,
        given: Option<&str>,
        per: Option<PerArg>,
    ) -> Result<Self, Failure> {
        let loaded = session.load_survey(given)?;
        let name = given.unwrap_or(&loaded.id).to_owned();
        let periods = periods_of(&loaded.value, per)?;
        let seen = read(session, &name);
        Ok(Self { name, origin: loaded.origin, per, survey: loaded.value, periods, seen })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn survey(&self) -> &Survey {
        &self.survey
    }

    pub(super) fn periods(&self) -> &Periods {
        &self.periods
    }

    /// Says which survey is collected when.
    pub(super) fn describe(&self) -> String {
        let when = match &self.periods {
            Periods::Scheduled(schedule) => {
                format!("`{}` {}", schedule.line(), schedule.zone_name())
            }
            Periods::Calendar(_) | Periods::EachRun => "once a period in UTC".to_owned(),
        };
        format!("{}: {when}", self.origin)
    }

    /// Reads the survey again if it changed, and says so; returns the periods if there are others.
    pub(super) fn look_again(&mut self, session: &Session) -> Option<Periods> {
        let seen = read(session, &self.name);
        if seen == self.seen {
            return None;
        }
        self.seen = seen;
        let loaded = session.load_survey(Some(&self.name)).map_err(Failure::from);
        let loaded = loaded.and_then(|loaded| {
            let periods = periods_of(&loaded.value, self.per)?;
            Ok((loaded, periods))
        });
        match loaded {
            Ok((loaded, periods)) => {
                (self.survey, self.origin) = (loaded.value, loaded.origin);
                session.ui.say(&format!("{} changed and is read again", self.origin));
                let changed = (periods != self.periods).then(|| periods.clone());
                self.periods = periods;
                changed
            }
            Err(failure) => {
                let mut lines = failure.causes;
                lines.push("going on with it as it was before".to_owned());
                session.ui.warn(&failure.message, &lines, None);
                None
            }
        }
    }
}

fn periods_of(survey: &Survey, per: Option<PerArg>) -> Result<Periods, Failure> {
    periods((&survey.id, survey.schedule.as_ref()), per, "`daemon`")
}

fn read(session: &Session, name: &str) -> Result<String, String> {
    session.catalog().read_survey_text(name).map_err(|error| error.to_string())
}
