//! A `CronJob` for Kubernetes with its volume, and the survey in a `ConfigMap`.

use super::super::diagnostic::Failure;
use super::super::output::VERSION;
use super::{File, Task, Token};

/// The longest name of a `CronJob`: Kubernetes adds to it for its jobs.
const LONGEST_NAME_CHARS: usize = 52;

/// The parts, with words in capitals between `<` and `>` to fill in.
const CRON_JOB: &str = include_str!("kubernetes.yml");

pub(super) fn render(task: &Task<'_>, image: Option<&str>) -> Result<Vec<File>, Failure> {
    let Task { id, schedule, .. } = task;
    let due = task.due();
    let Some(fields) = schedule.fields() else {
        return Err(Failure::usage(format!("{due} cannot be said to Kubernetes"))
            .because(
                "it has `L`, `W` or `#`, or a day that must fit two fields (`*/2` and a weekday)",
            )
            .hint("name the days of the month or the weekdays"));
    };
    let all = fields.with_hours_behind_skips(schedule.zone(), task.now);
    let remark = if all == fields { "" } else { BEHIND_SKIPS };
    let full = format!("repo-census-{id}");
    let name: String = full.chars().take(LONGEST_NAME_CHARS).collect();
    let name = name.trim_end_matches('-');
    let image = image.map_or_else(|| format!("repo-census:{VERSION}"), str::to_owned);
    let (has_token, has_survey) = (matches!(task.token, Token::File(_)), task.text.is_some());
    let secret = format!(
        "# The token comes from a secret; without it no run starts:\n\
         #   kubectl create secret generic {name}-token --from-file=token=FILE\n"
    );
    let config_map = task.text.as_deref().map(|text| config_map(name, id, text));
    let part =
        |is_wanted: bool, text: &str| if is_wanted { text.to_owned() } else { String::new() };
    let text = CRON_JOB
        .replace("# <SECRET>\n", &part(has_token, &secret))
        .replace("                # <TOKEN MOUNT>\n", &part(has_token, TOKEN_MOUNT))
        .replace("                # <SURVEY MOUNT>\n", &part(has_survey, SURVEY_MOUNT))
        .replace("            # <TOKEN VOLUME>\n", &part(has_token, TOKEN_VOLUME))
        .replace("            # <SURVEY VOLUME>\n", &part(has_survey, SURVEY_VOLUME))
        .replace("              # <ENVIRONMENT>\n", &environment(task))
        .replace("<TOKEN ARGUMENTS>", if has_token { TOKEN_FLAG } else { "--no-token" })
        .replace("<NAME>", name)
        .replace("<SURVEY>", id)
        .replace("<DUE>", &due)
        .replace("  # <REMARK>\n", remark)
        .replace("<CRON>", &quoted(&all.line()))
        .replace("<ZONE>", &quoted(schedule.zone_name()))
        .replace("<IMAGE>", &quoted(&image))
        .replace("<VERSION>", VERSION)
        // Last, for nothing in it is to be filled in.
        .replace("# <CONFIG MAP>\n", &config_map.unwrap_or_default());
    Ok(vec![(format!("{name}.yaml"), text)])
}

/// Said where hours were added.
const BEHIND_SKIPS: &str = "  # The later hour is for the day on which the clocks skip the earlier one; on others it does nothing.\n";

const TOKEN_FLAG: &str = "--token-file, /run/repo-census/token";

const TOKEN_MOUNT: &str = "                - name: token\n                  mountPath: /run/repo-census\n                  readOnly: true\n";

const TOKEN_VOLUME: &str = "            - name: token\n              secret:\n                secretName: <NAME>-token\n                defaultMode: 0440\n";

const SURVEY_MOUNT: &str = "                - name: survey\n                  mountPath: /census/config/surveys\n                  readOnly: true\n";

const SURVEY_VOLUME: &str =
    "            - name: survey\n              configMap:\n                name: <NAME>\n";

/// Renders the variables of the container.
fn environment(task: &Task<'_>) -> String {
    if task.address.is_empty() {
        return String::new();
    }
    let variable = |(name, value): &(&str, String)| {
        let value = quoted(value);
        format!("                - name: {name}\n                  value: {value}\n")
    };
    let variables: String = task.address.iter().map(variable).collect();
    format!("              env:\n{variables}")
}

/// Renders the survey as a `ConfigMap`.
fn config_map(name: &str, id: &str, text: &str) -> String {
    let text = block(text, 4);
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  {id}.toml: {text}---\n"
    )
}

/// Writes a text as YAML: line by line where that keeps each byte, else as one quoted line.
fn block(text: &str, indent: usize) -> String {
    let is_plain = |c: char| matches!(c, '\n' | ' '..='~') || (c > '\u{a0}' && c.is_alphanumeric());
    let fits = text.chars().all(is_plain) && text.ends_with('\n') && !text.ends_with("\n\n");
    // The first line tells the reader how far the others are indented.
    if !fits || text.starts_with([' ', '\n']) {
        return format!("{}\n", quoted(text));
    }
    let margin = " ".repeat(indent);
    let line = |line: &str| {
        if line.is_empty() { "\n".to_owned() } else { format!("{margin}{line}\n") }
    };
    format!("|\n{}", text.lines().map(line).collect::<String>())
}

/// Quotes a text for YAML, of which JSON's texts are a part.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_each_byte() {
        let cases = [
            ("a = 1\n\nb = \"é\"\n", "|\n    a = 1\n\n    b = \"é\"\n"),
            ("a = 1", "\"a = 1\"\n"),
            ("a = 1\r\n", "\"a = 1\\r\\n\"\n"),
            ("\ta = 1\n", "\"\\ta = 1\\n\"\n"),
            (" a = 1\n", "\" a = 1\\n\"\n"),
            ("a = 1\n\n", "\"a = 1\\n\\n\"\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(block(text, 4), expected, "{text:?}");
        }
    }
}
