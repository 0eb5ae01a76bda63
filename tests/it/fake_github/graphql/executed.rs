//! A good answer as a value, and how faults alter it.
//!
//! Pure.

use serde_json::{Value, json};

use super::bodies::{RESOURCE_LIMITS, something_went_wrong_error};
use super::document::Plan;
use super::fault::GraphqlReply;

/// The data and errors of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Executed {
    /// Keys with JSON texts, in the order they are sent; `None` is null.
    pub(crate) data: Option<Vec<(String, String)>>,
    /// The errors; without any, the key is absent.
    pub(crate) errors: Vec<Value>,
}

impl Executed {
    /// Makes an answer whose data are null.
    pub(crate) fn nothing(errors: Vec<Value>) -> Self {
        Self { data: None, errors }
    }

    /// Writes the answer, the data first.
    pub(crate) fn to_json(&self) -> String {
        let data = match &self.data {
            None => "null".to_owned(),
            Some(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }
        };
        if self.errors.is_empty() {
            format!("{{\"data\":{data}}}")
        } else {
            format!("{{\"data\":{data},\"errors\":{}}}", Value::from(self.errors.clone()))
        }
    }

    /// Alters the answer for the faults that are about its content.
    pub(crate) fn alter(&mut self, reply: &GraphqlReply, plan: &Plan, request_id: &str) {
        let wrong = |alias: &str| {
            let mut error = something_went_wrong_error(request_id);
            error["path"] = json!([alias]);
            error
        };
        match reply {
            GraphqlReply::BadAliasNull { query } => {
                self.spoil(&plan.aliases_of(query), wrong);
            }
            GraphqlReply::BadAliasNullsAll { query } => {
                self.spoil(&plan.aliases_of(query), wrong);
                self.data = None;
            }
            GraphqlReply::SamlForbidden { query } => {
                self.spoil(&plan.aliases_of(query), |alias| {
                    json!({
                        "type": "FORBIDDEN",
                        "path": [alias],
                        "extensions": {"saml_failure": true},
                        "message": "Resource protected by organization SAML enforcement. You must \
                                    grant your Personal Access token access to this organization.",
                    })
                });
            }
            GraphqlReply::ResourceLimits { queries } => {
                let spoilt: Vec<&str> =
                    queries.iter().flat_map(|query| plan.aliases_of(query)).collect();
                self.spoil(&spoilt, |alias| {
                    let mut error = resource_limits_error();
                    error["path"] = json!([alias]);
                    error
                });
            }
            GraphqlReply::ResourceLimitsWhole => {
                *self = Self::nothing(vec![resource_limits_error()]);
            }
            GraphqlReply::NullWithoutError { query } => self.null(&plan.aliases_of(query)),
            GraphqlReply::MissingAlias { query } => {
                let missing = plan.aliases_of(query);
                if let Some(fields) = &mut self.data {
                    fields.retain(|(key, _)| !missing.contains(&key.as_str()));
                }
            }
            GraphqlReply::ReversedOrder => {
                if let Some(fields) = &mut self.data {
                    fields.reverse();
                }
            }
            GraphqlReply::EmptyData => self.data = Some(Vec::new()),
            _ => {}
        }
    }

    fn null(&mut self, aliases: &[&str]) {
        for (key, value) in self.data.iter_mut().flatten() {
            if aliases.contains(&key.as_str()) {
                "null".clone_into(value);
            }
        }
    }

    fn spoil(&mut self, aliases: &[&str], error: impl Fn(&str) -> Value) {
        self.null(aliases);
        self.errors.extend(aliases.iter().map(|alias| error(alias)));
    }
}

/// Returns the error of the sample, its path left out.
fn resource_limits_error() -> Value {
    let sample: Value = serde_json::from_str(RESOURCE_LIMITS).expect("the samples are JSON");
    let mut error = sample["errors"][0].clone();
    if let Some(error) = error.as_object_mut() {
        error.remove("path");
    }
    error
}
