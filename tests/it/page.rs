//! The page as bytes: what it may load, how large it is, and that it is the same each time. What a
//! browser makes of it is looked at in `tests/external/page.mjs`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::charts::two_years;
use crate::two_years;
use crate::workdir::{Workdir, repository_text};

/// The most that a page of two years, 16 frameworks and 5 metrics may have.
const MOST_BYTES: usize = 300_000;

fn everything() -> Workdir {
    let workdir = Workdir::new();
    let survey = repository_text("tests/data/surveys/everything.toml");
    workdir.write("config/surveys/everything.toml", survey);
    let history = repository_text("tests/data/histories/everything.csv");
    workdir.write("output/everything/history.csv", history);
    workdir
}

/// Returns what stands between two texts, each time.
fn between<'a>(page: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    page.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

/// Expects that a page runs and shows only what it has in itself, and links to nothing but GitHub.
fn expect_self_contained(page: &str) {
    let policies = between(page, "http-equiv=\"Content-Security-Policy\" content=\"", "\">");
    let [policy] = policies[..] else { panic!("{policies:?}") };
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let (styles, scripts) =
        (between(page, "<style>", "</style>"), between(page, "<script>", "</script>"));
    assert_eq!((styles.len(), scripts.len()), (1, 1));
    let (style, script) = (hash(styles[0]), hash(scripts[0]));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src {style}; script-src {script}; img-src data:; \
             base-uri 'none'; form-action 'none'"
        )
    );
    let loads = ["src=", "url(", "@import", "srcset", "<iframe", "<img", "<object", "<base"];
    for what in loads {
        assert!(!page.contains(what), "{what}");
    }
    for handler in between(page, " on", "=") {
        assert!(handler.contains([' ', '<', '(']), "`on{handler}` would run a script");
    }
    assert!(!page.contains(" style="), "the policy would refuse it");
    let fine = ["#m", "data:,", "https://github.com/search?type=repositories&#38;q="];
    for link in between(page, "href=\"", "\"") {
        assert!(fine.iter().any(|start| link.starts_with(start)), "{link}");
    }
}

/// Returns the page without what is the same in every page.
fn without_assets(page: &str) -> String {
    let mut page = page.to_owned();
    for (from, to) in [
        ("<style>", "</style>"),
        ("<script>", "</script>"),
        ("content=\"default-src", "\">"),
        ("<svg class=\"chart\"", "</svg>"),
    ] {
        let found: Vec<String> = between(&page, from, to).into_iter().map(str::to_owned).collect();
        for text in found {
            page = page.replace(&format!("{from}{text}{to}"), &format!("{from}…{to}"));
        }
    }
    page
}

#[test]
fn a_small_page() {
    let workdir = everything();
    let page = workdir.run(&["report", "--format", "html"]).success();
    expect_self_contained(&page);
    insta::assert_snapshot!(without_assets(&page));
    assert_eq!(workdir.run(&["report", "--format", "html"]).success(), page);
    workdir.run(&["report", "--out", "all/", "--out", "other.html"]).success();
    assert_eq!(workdir.read("all/page.html"), page);
    assert_eq!(workdir.read("other.html"), page);
}

#[test]
fn two_years_of_five_metrics_are_a_small_file() {
    let workdir = two_years();
    let page = workdir.run(&["report", two_years::ID, "--format", "html"]).success();
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    assert_eq!(between(&page, "<section class=\"metric\"", ">").len(), 5);
    expect_self_contained(&page);
    assert_eq!(workdir.run(&["report", two_years::ID, "--format", "html"]).success(), page);
}

#[test]
fn a_page_goes_as_far_as_its_run() {
    let workdir = everything();
    let at = ["report", "--at", "2026-11-10", "--format", "html"];
    let early = workdir.run(&at).success();
    expect_self_contained(&early);
    assert!(!early.contains("<figure"), "one run is no line");
    let other = workdir.run(&["report", "--metric", "topic", "--format", "html"]).success();
    let titles: Vec<&str> = between(&other, "<h2 ", "</h2>");
    let titles: Vec<&str> = titles.iter().filter_map(|title| title.split('>').nth(1)).collect();
    assert_eq!(titles, ["Repositories with the topic", "Repositories"]);
}

#[test]
fn a_hostile_history_is_text() {
    let hostile = "</script><script>alert(1)</script><img src=x onerror=\"alert(2)\">";
    let workdir = Workdir::new();
    let name = format!("\"{}\"", hostile.replace('"', "\"\""));
    let mut history = "run,observed_at,survey,framework,language,metric,method,sample_no,\
                       attempt_no,repo_count,status,source,query_text,detail\n"
        .to_owned();
    for day in 1..=3 {
        history.push_str(&format!(
            "2026030{day}T060000Z-0001,2026-03-0{day}T06:00:01Z,mine,{name},{name},{name},aaaaaaaa,\
             1,1,{day}000,complete,rest,{name},planned 1\n"
        ));
    }
    workdir.write("history.csv", history);
    let page = workdir.run(&["report", "history.csv", "--format", "html"]).success();
    assert!(!page.contains(hostile) && !page.contains("<img") && !page.contains("<script>alert"));
    // It stands in tables, titles, links and data, and is harmless in each.
    assert!(page.contains("&#60;img src=x onerror=&#34;alert(2)&#34;&#62;"), "{page}");
    assert!(page.contains("\\u003c/script>\\u003cscript>alert(1)"), "{page}");
    assert!(page.contains("q=%3C%2Fscript%3E%3Cscript%3Ealert%281%29"), "{page}");
}

#[test]
fn what_has_no_page_says_so() {
    let workdir = everything();
    let outcome = workdir.run(&["trend", "--format", "html"]);
    insta::assert_snapshot!(outcome.snapshot());
}
