//! Reading a document, validating it against GitHub's schema, and executing it.
//!
//! Pure, and the only place that knows the library. Counts and limits are arguments.

use std::cell::RefCell;
use std::sync::LazyLock;

use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::{GraphQLError, JsonMap, JsonValue};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Value, json};

use super::super::bodies::sample;
use super::bodies::parse_error;
use super::cost::compute_points;
use super::executed::Executed;

const SDL_NAME: &str = "graphql-search-slice.docs-2026.graphql";
const SDL: &str = sample!("graphql-search-slice.docs-2026.graphql");
const MOST_RECORDS: u64 = 100;
const MOST_NODES: u64 = 500_000;
/// The library's words between a type and a field.
const NO_FIELD: &str = "` does not have a field `";

static SCHEMA: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    Schema::parse_and_validate(SDL, SDL_NAME).expect("the slice of the schema is valid")
});

/// A search that a document asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Search {
    /// The key of its answer.
    pub(crate) alias: String,
    /// The text searched for.
    pub(crate) query: String,
    records: u64,
}

/// A document that can be executed.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The searches, in the order of their answers.
    pub(crate) searches: Vec<Search>,
    is_dry_run: bool,
    document: Valid<ExecutableDocument>,
    operation: Option<String>,
    variables: Valid<JsonMap>,
}

/// Why nothing can be executed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Unreadable {
    /// The body is not a JSON object.
    NotJson,
    /// The body has no text of a document.
    NoDocument,
    /// The document is wrong, or its variables are: the errors to answer.
    Invalid(Vec<Value>),
}

/// What a document says of the rate limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rate {
    /// The size of the budget.
    pub(crate) limit: u32,
    /// What is left of it.
    pub(crate) remaining: u32,
    /// What is used of it.
    pub(crate) used: u32,
    /// The end of the window.
    pub(crate) reset_at: String,
}

/// Returns the text of the document in a body, and what it asks for.
pub(crate) fn read(body: &[u8]) -> (String, Result<Plan, Unreadable>) {
    let Ok(Value::Object(mut body_json)) = serde_json::from_slice(body) else {
        return (String::from_utf8_lossy(body).into_owned(), Err(Unreadable::NotJson));
    };
    let variables = body_json.remove("variables");
    let Some(Value::String(text)) = body_json.remove("query") else {
        return (String::new(), Err(Unreadable::NoDocument));
    };
    let operation = match body_json.remove("operationName") {
        Some(Value::String(name)) => Some(name),
        _ => None,
    };
    let plan = Plan::new(&text, variables, operation).map_err(Unreadable::Invalid);
    (text, plan)
}

impl Plan {
    fn new(
        text: &str,
        variables: Option<Value>,
        operation: Option<String>,
    ) -> Result<Self, Vec<Value>> {
        let document = ExecutableDocument::parse_and_validate(&SCHEMA, text, "document")
            .map_err(|invalid| tell_invalid(&invalid.errors, text))?;
        let variables = match variables.map(JsonValue::from) {
            Some(JsonValue::Object(variables)) => variables,
            _ => JsonMap::new(),
        };
        let refuse = |err: apollo_compiler::request::RequestError| {
            vec![tell(&err.to_graphql_error(&document.sources))]
        };
        let chosen = document.operations.get(operation.as_deref()).map_err(&refuse)?;
        let variables = coerce_variable_values(&SCHEMA, chosen, &variables).map_err(&refuse)?;
        let mut plan =
            Self { searches: Vec::new(), is_dry_run: false, document, operation, variables };
        let wishes = Wishes::default();
        plan.resolve(&wishes)?;
        plan.searches = wishes.searches.into_inner();
        plan.is_dry_run = wishes.is_dry_run.into_inner();
        Ok(plan)
    }

    /// Returns the points that the document is priced at.
    pub(crate) fn points(&self) -> u32 {
        compute_points(self.searches.len())
    }

    /// Returns the points to charge: a dry run is priced like the real one and costs the least.
    pub(crate) fn points_to_charge(&self) -> u32 {
        if self.is_dry_run { compute_points(0) } else { self.points() }
    }

    /// Returns whether the document could ask for more nodes than GitHub allows.
    pub(crate) fn has_too_many_nodes(&self) -> bool {
        self.nodes() > MOST_NODES
    }

    /// Returns the aliases of the searches for exactly `query`.
    pub(crate) fn aliases_of(&self, query: &str) -> Vec<&str> {
        let searches = self.searches.iter().filter(|search| search.query == query);
        searches.map(|search| search.alias.as_str()).collect()
    }

    fn nodes(&self) -> u64 {
        self.searches.iter().map(|search| search.records).sum()
    }

    /// Executes the document with these counts; without a rate limit, `rateLimit` is null.
    pub(crate) fn execute(&self, count: &dyn Fn(&str) -> u64, rate: Option<Rate>) -> Executed {
        let mut searches = self.searches.iter();
        if let Some(search) = searches.find(|search| search.records > MOST_RECORDS) {
            return Executed::nothing(vec![json!({
                "type": "EXCESSIVE_PAGINATION",
                "path": [search.alias],
                "message": format!(
                    "Requesting {} records on the `search` connection exceeds the `first` limit \
                     of {MOST_RECORDS} records.",
                    search.records
                ),
            })]);
        }
        let root = Answers { plan: self, count, rate };
        self.resolve(&root).unwrap_or_else(Executed::nothing)
    }

    /// Resolves the fields of the document; `Err` when not even that can begin.
    fn resolve(&self, root: &dyn ObjectValue) -> Result<Executed, Vec<Value>> {
        let refuse = |err: apollo_compiler::request::RequestError| {
            vec![tell(&err.to_graphql_error(&self.document.sources))]
        };
        let response = Execution::new(&SCHEMA, &self.document)
            .operation_name(self.operation.as_deref())
            .map_err(refuse)?
            .coerced_variable_values(&self.variables)
            .execute_sync(root)
            .map_err(refuse)?;
        let data = response.data.map(|data| {
            let fields = data.into_iter();
            fields.map(|(key, value)| (key.as_str().to_owned(), value.to_string())).collect()
        });
        Ok(Executed { data, errors: response.errors.iter().map(tell).collect() })
    }
}

/// Notes what is asked for and answers nothing.
#[derive(Debug, Default)]
struct Wishes {
    searches: RefCell<Vec<Search>>,
    is_dry_run: RefCell<bool>,
}

impl ObjectValue for Wishes {
    fn type_name(&self) -> &'static str {
        "Query"
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = info.arguments();
        let number = |name| arguments.get(name).and_then(JsonValue::as_u64);
        if info.field_name() == "search" {
            let query = arguments.get("query").and_then(JsonValue::as_str).unwrap_or_default();
            self.searches.borrow_mut().push(Search {
                alias: info.field_selections()[0].response_key().to_string(),
                query: query.to_owned(),
                records: number("first").or(number("last")).unwrap_or_default(),
            });
        } else if arguments.get("dryRun") == Some(&JsonValue::Bool(true)) {
            self.is_dry_run.replace(true);
        }
        Ok(ResolvedValue::SkipForPartialExecution)
    }
}

/// Answers everything.
struct Answers<'a> {
    plan: &'a Plan,
    count: &'a dyn Fn(&str) -> u64,
    rate: Option<Rate>,
}

impl ObjectValue for Answers<'_> {
    fn type_name(&self) -> &'static str {
        "Query"
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = info.arguments();
        match info.field_name() {
            // A dry run evaluates nothing but the rate limit.
            "search" if self.plan.is_dry_run => Ok(ResolvedValue::SkipForPartialExecution),
            "search" => {
                let text = |name| arguments.get(name).and_then(JsonValue::as_str);
                let query = text("query").unwrap_or_default();
                let is_for_repositories = text("type") == Some("REPOSITORY");
                let count = if is_for_repositories { (self.count)(query) } else { 0 };
                Ok(ResolvedValue::object(Connection { count }))
            }
            _ => Ok(ResolvedValue::nullable_object(
                self.rate.as_ref().map(|rate| RateLimit { rate, plan: self.plan }),
            )),
        }
    }
}

/// The answer of one search.
struct Connection {
    count: u64,
}

impl ObjectValue for Connection {
    fn type_name(&self) -> &'static str {
        "SearchResultItemConnection"
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        Ok(match info.field_name() {
            "repositoryCount" => ResolvedValue::leaf(self.count),
            "pageInfo" => ResolvedValue::object(PageInfo { has_results: self.count > 0 }),
            _ => ResolvedValue::leaf(0),
        })
    }
}

/// Says whether there is anything; no page is ever sent.
struct PageInfo {
    has_results: bool,
}

impl ObjectValue for PageInfo {
    fn type_name(&self) -> &'static str {
        "PageInfo"
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        Ok(match info.field_name() {
            "hasNextPage" => ResolvedValue::leaf(self.has_results),
            "hasPreviousPage" => ResolvedValue::leaf(false),
            _ => ResolvedValue::null(),
        })
    }
}

struct RateLimit<'a> {
    rate: &'a Rate,
    plan: &'a Plan,
}

impl ObjectValue for RateLimit<'_> {
    fn type_name(&self) -> &'static str {
        "RateLimit"
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        Ok(match info.field_name() {
            "cost" => ResolvedValue::leaf(self.plan.points()),
            "limit" => ResolvedValue::leaf(self.rate.limit),
            "nodeCount" => ResolvedValue::leaf(self.plan.nodes()),
            "remaining" => ResolvedValue::leaf(self.rate.remaining),
            "resetAt" => ResolvedValue::leaf(self.rate.reset_at.clone()),
            "used" => ResolvedValue::leaf(self.rate.used),
            _ => return Err(self.unknown_field_error(info)),
        })
    }
}

/// Words what is wrong with a document as GitHub does, where it is known how; a document that
/// cannot be parsed has one error.
fn tell_invalid(problems: &DiagnosticList, text: &str) -> Vec<Value> {
    let told: Vec<GraphQLError> = problems.iter().map(|problem| problem.to_json()).collect();
    let mut errors = told.iter();
    if let Some(error) = errors.find(|error| error.message.starts_with("syntax error")) {
        return vec![tell_parse_error(error, text)];
    }
    // A field that does not exist leaves nothing selected where it stood: not a second error.
    let lacks_field = told.iter().any(|error| error.message.contains(NO_FIELD));
    let is_left_over =
        |error: &&GraphQLError| lacks_field && error.message.contains("must have a subselection");
    told.iter().filter(|error| !is_left_over(error)).map(tell).collect()
}

fn tell_parse_error(error: &GraphQLError, text: &str) -> Value {
    let Some(at) = error.locations.first() else {
        return json!({"message": "Parse error on the document"});
    };
    let line = text.lines().nth(at.line.saturating_sub(1)).unwrap_or_default();
    let rest: String = line.chars().skip(at.column.saturating_sub(1)).collect();
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let end = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let token = &rest[..end.max(first)];
    parse_error(token, at.line, at.column)
}

fn tell(error: &GraphQLError) -> Value {
    let mut told = serde_json::to_value(error).expect("an error is JSON");
    if let Some((type_name, field)) =
        error.message.strip_prefix("type `").and_then(|rest| rest.split_once(NO_FIELD))
    {
        let field = field.trim_end_matches('`');
        told["message"] = format!("Field '{field}' doesn't exist on type '{type_name}'").into();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str, variables: &Value) -> Result<Plan, Unreadable> {
        let body = json!({"query": text, "variables": variables}).to_string();
        read(body.as_bytes()).1
    }

    fn invalid(text: &str, variables: &Value) -> String {
        match plan(text, variables) {
            Err(Unreadable::Invalid(errors)) => errors[0]["message"].to_string(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn searches_are_found_whatever_way_they_are_written() {
        let text = "query A($q: String!, $no: Boolean = false) { \
            ...some search(query: \"b \\\"c\\\"\", type: REPOSITORY) { repositoryCount } \
            x: search(query: \"x\", type: REPOSITORY) @include(if: $no) { repositoryCount } } \
            fragment some on Query { a: search(query: $q, type: REPOSITORY, first: 3) { \
            repositoryCount } }";
        let plan = plan(text, &json!({"q": "a#"})).expect("a document");
        let found: Vec<(&str, &str)> = plan
            .searches
            .iter()
            .map(|search| (search.alias.as_str(), search.query.as_str()))
            .collect();
        assert_eq!(found, [("a", "a#"), ("search", "b \"c\"")]);
        assert_eq!(plan.aliases_of("a#"), ["a"]);
        assert_eq!((plan.points(), plan.nodes()), (1, 3));
        let executed = plan.execute(&|query| query.len() as u64, None);
        let data = executed.data.expect("data");
        assert_eq!(data[0], ("a".to_owned(), "{\"repositoryCount\":2}".to_owned()));
        assert_eq!(data[1], ("search".to_owned(), "{\"repositoryCount\":5}".to_owned()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let search = "search(query: \"a\", type: REPOSITORY)";
        for (text, expected) in [
            ("{ a: ".to_owned(), "Parse error on"),
            ("{ search(query: ]) }".to_owned(), "Parse error on \\\"]\\\" at [1, 17]"),
            (format!("{{ {search} {{ stars }} }}"), "Field 'stars' doesn't exist on type 'Sea"),
            (format!("{{ {search} }}"), "subselection"),
            ("{ search(query: \"a\") { repositoryCount } }".to_owned(), "type"),
            (format!("query($q: String!) {{ {search} {{ repositoryCount }} }}"), "$q"),
            ("query($q: String) { search(query: $q, type: USER) { userCount } }".to_owned(), "$q"),
            ("mutation { a }".to_owned(), "mutation"),
            (format!("query A {{ {search} {{ wikiCount }} }} query B {{ __typename }}"), "oper"),
        ] {
            let message = invalid(&text, &json!({}));
            assert!(message.contains(expected), "{text}: {message}");
        }
        let needs = "query($q: String!) { search(query: $q, type: USER) { userCount } }";
        assert!(invalid(needs, &json!({})).contains("'q'"));
        assert!(invalid(needs, &json!({"q": 1})).contains("variable q"));
        assert!(matches!(read(b"[]").1, Err(Unreadable::NotJson)));
        assert!(matches!(read(b"{\"query\":1}").1, Err(Unreadable::NoDocument)));
    }
}
