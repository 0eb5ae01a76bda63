//! What one types most: shown below the help of each command and in its manual page.

/// A command line, and what it is for.
pub(in crate::cli) struct Example {
    command: &'static str,
    pub(in crate::cli) purpose: &'static str,
    pub(in crate::cli) line: &'static str,
}

const fn of(command: &'static str, purpose: &'static str, line: &'static str) -> Example {
    Example { command, purpose, line }
}

const EXAMPLES: &[Example] = &[
    of("count", "three names", "repo-census count django flask \"ruby on rails\""),
    of(
        "count",
        "a query under a name of its own, as Markdown",
        "repo-census count \"CLI tools=topic:cli is:public\" --format md",
    ),
    of(
        "count",
        "terms from a file, kept as a survey",
        "repo-census count --from terms.txt --save my-terms",
    ),
    of(
        "collect",
        "a recorded run, with neither token nor network",
        "repo-census collect --replay codingnomads-2023",
    ),
    of(
        "collect",
        "what would be asked, and how long it takes",
        "repo-census collect databases --dry-run",
    ),
    of(
        "collect",
        "once a period, silent when all is well, as from cron",
        "repo-census collect databases --once --quiet",
    ),
    of("collect", "what the last run lacks", "repo-census collect databases --resume"),
    of(
        "report",
        "for an article, the ranking and how it was counted",
        "repo-census report databases --out ranking.md --out methods.md",
    ),
    of("report", "one page with charts", "repo-census report databases --out page.html"),
    of(
        "report",
        "an earlier run against a published ranking",
        "repo-census report --at 2026-06-30 --against codingnomads-2023",
    ),
    of("trend", "since a day", "repo-census trend databases --since 2026-01-01"),
    of(
        "trend",
        "a chart of counts, and one of ranks",
        "repo-census trend databases --out trend.svg --out ranks.svg",
    ),
    of("export", "a workbook with charts", "repo-census export databases --out book.xlsx"),
    of(
        "export",
        "CSV for a double click, where numbers have a decimal comma",
        "repo-census export databases --dialect excel-semicolon --out tidy.csv",
    ),
    of(
        "export",
        "a row for each month, a column for each framework",
        "repo-census export databases --shape wide --every month --out wide.csv",
    ),
    of(
        "backfill",
        "what would be asked, and how long it takes",
        "repo-census backfill databases --from 2015-01 --every quarter --dry-run",
    ),
    of("backfill", "one metric", "repo-census backfill databases --metric repositories"),
    of("audit", "what one query finds", "repo-census audit databases --framework PostgreSQL"),
    of("audit", "ranks by several ways of counting", "repo-census audit databases --sensitivity"),
    of("daemon", "when it would collect", "repo-census daemon databases --next 3"),
    of("daemon", "for years", "repo-census daemon databases --dir /srv/census"),
    of("template", "lines for `crontab -e`", "repo-census template crontab databases"),
    of(
        "template",
        "a systemd service and its timer, as files",
        "repo-census template systemd databases --token-file token --out units/",
    ),
    of(
        "health",
        "for monitoring, silent when all is well",
        "repo-census health databases --quiet --grace 2h --token-days 7",
    ),
    of("health", "for programs", "repo-census health databases --format json"),
    of("check", "the survey, the settings, the history", "repo-census check databases"),
    of("check", "the token and its limits too", "repo-census check databases --online"),
    of(
        "import",
        "a first look at another machine's history",
        "repo-census import other/history.csv --into databases --dry-run",
    ),
    of(
        "import",
        "somebody's CSV, one run a day",
        "repo-census import stars.csv --into databases --date-column Day --map framework=Name \
         --map repo_count=Stars --per day",
    ),
    of("repair", "a first look", "repo-census repair databases --dry-run"),
    of("repair", "then mend", "repo-census repair databases"),
    of("init", "a short example that explains itself", "repo-census init web-servers"),
    of("init", "a copy to change", "repo-census init my-databases --from databases"),
    of(
        "completions",
        "for bash",
        "repo-census completions bash > ~/.local/share/bash-completion/completions/repo-census",
    ),
    of("man", "read the page of the program", "repo-census man | man -l -"),
    of(
        "man",
        "so that `man repo-census-collect` finds its page",
        "repo-census man --out ~/.local/share/man/man1",
    ),
];

/// Returns the examples of a command.
pub(in crate::cli) fn examples_of(command: &str) -> impl Iterator<Item = &'static Example> {
    EXAMPLES.iter().filter(move |example| example.command == command)
}
