//! Tests of the fake itself: what it says must be what GitHub says, byte by byte where it matters.
//!
//! The program under test does not appear here.

mod graphql;
mod limits;
mod population;
mod raw_client;
mod wire;

use self::raw_client::{get, search};
use super::fake_github::{
    ErrorBody, FakeGithub, Fault, RateHeaders, Reply, ValidationKind, When, Wording,
};

fn fake() -> FakeGithub {
    FakeGithub::builder().user("alice", &["ghp_one"]).start()
}

#[test]
fn a_search_is_answered_with_a_count_an_item_and_the_headers() {
    let github = FakeGithub::builder()
        .user("alice", &["ghp_one"])
        .count("spring is:public", 1_240_033)
        .token_expiry("2026-02-06 07:42:23 +0100")
        .start();
    let answer = search(&github, "spring is:public", "ghp_one");
    assert_eq!(answer.status, Some(200));
    let json = answer.json();
    assert_eq!(json["total_count"], 1_240_033);
    assert_eq!(json["incomplete_results"], false);
    assert_eq!(json["items"].as_array().map(Vec::len), Some(1));
    assert!((4_000..7_000).contains(&answer.body.len()));
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("x-github-api-version-selected", "2022-11-28"),
        ("x-ratelimit-limit", "30"),
        ("x-ratelimit-remaining", "29"),
        ("x-ratelimit-used", "1"),
        ("x-ratelimit-resource", "search"),
        ("github-authentication-token-expiration", "2026-02-06 07:42:23 +0100"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    for name in ["date", "x-ratelimit-reset", "x-github-request-id", "x-github-media-type", "vary"]
    {
        assert!(answer.header(name).is_some(), "{name}");
    }
    assert_eq!(answer.header("etag"), None);
    let link = answer.header("link").expect("more pages");
    assert!(link.contains("page=1000>; rel=\"last\""), "{link}");
}

#[test]
fn paging_follows_per_page_and_ends_at_a_thousand() {
    let github = FakeGithub::builder().count("a", 2_000).count("b", 3).start();
    let items = |target| {
        let json = get(&github, target, &[]).json();
        json["items"].as_array().map(Vec::len)
    };
    assert_eq!(items("/search/repositories?q=a"), Some(30));
    assert_eq!(items("/search/repositories?q=b"), Some(3));
    assert_eq!(items("/search/repositories?q=a&per_page=100&page=10"), Some(100));
    let beyond = get(&github, "/search/repositories?q=a&per_page=100&page=11", &[]);
    assert_eq!(beyond.status, Some(422));
    let message = &beyond.json()["message"];
    assert_eq!(message, "Only the first 1000 search results are available");
}

#[test]
fn the_door_wants_a_program_a_path_and_a_version() {
    let github = fake();
    let page = get(&github, "/search/repositories?q=a", &[("User-Agent", "")]);
    assert_eq!(page.status, Some(403));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("connection"), Some("close"));
    assert!(page.text().contains("administrative rules"));

    assert_eq!(get(&github, "/search/repositories/?q=a", &[]).status, Some(404));
    let version = |version| get(&github, "/rate_limit", &[("X-GitHub-Api-Version", version)]);
    assert_eq!(version("2020-01-01").status, Some(400));
    let newer = version("2026-03-10");
    assert_eq!(newer.header("x-github-api-version-selected"), Some("2026-03-10"));
    assert_eq!(newer.json().get("rate"), None);
    assert_eq!(newer.json()["resources"]["search"]["limit"], 10);
    assert_eq!(version("2022-11-28").json()["rate"]["limit"], 60);
}

#[test]
fn bad_tokens_are_refused_and_many_of_them_lock_the_door() {
    let github = fake();
    assert_eq!(search(&github, "a", "ghp_one").status, Some(200));
    let basic = get(&github, "/rate_limit", &[("Authorization", "Basic YTpi")]);
    assert_eq!(basic.json()["message"], "Bad credentials");
    let older_scheme = get(&github, "/rate_limit", &[("Authorization", "token ghp_one")]);
    assert_eq!(older_scheme.status, Some(200));
    for _ in 0..4 {
        assert_eq!(search(&github, "a", "ghp_bad").status, Some(401));
    }
    for token in ["ghp_bad", "ghp_one"] {
        let locked = search(&github, "a", token);
        assert_eq!(locked.status, Some(403));
        assert!(locked.text().contains("Maximum number of login attempts exceeded"));
    }
    assert_eq!(search(&github, "a", "").status, Some(200));
}

#[test]
fn a_query_earns_its_own_errors() {
    let github = fake();
    for (q, expected) in [
        ("", "\"missing\""),
        (&"x".repeat(257), "The search is longer than 256 characters."),
        ("a OR b OR c OR d OR e OR f OR g", "More than five AND / OR / NOT operators"),
        ("user:nobody-here", "The listed users and repositories cannot be searched"),
    ] {
        let answer = search(&github, q, "ghp_one");
        assert_eq!(answer.status, Some(422), "{q}");
        assert!(answer.text().contains(expected), "{q}");
    }
    let counted = search(&github, "a", "ghp_one");
    assert_eq!(counted.number("x-ratelimit-used"), 5);
}

#[test]
fn enterprise_servers_keep_their_api_below_a_path() {
    let github = FakeGithub::builder().enterprise("/api/v3").without_limits().start();
    assert_eq!(github.api_url(), format!("{}/api/v3", github.base_url()));
    assert_eq!(search(&github, "a", "").status, Some(404));
    let answer = get(&github, "/api/v3/search/repositories?q=a", &[]);
    assert_eq!(answer.status, Some(200));
    assert_eq!(answer.header("x-ratelimit-limit"), None);
    assert!(answer.header("x-github-enterprise-version").is_some());
}

/// Searches once with a fault, and looks at the status and for a text in the body.
fn assert_fault(reply: Reply, status: u16, expected: &str) {
    let github = fake();
    let told = format!("{reply:?}");
    let is_limit = matches!(reply, Reply::PrimaryLimit | Reply::SecondaryLimit { .. });
    github.add_fault(Fault::new(When::Always, reply).times(1));
    let answer = search(&github, "a", "ghp_one");
    assert_eq!(answer.status, Some(status), "{told}");
    let text = answer.text();
    assert!(text.contains(expected), "{told}: {text}");
    assert_eq!(expected.is_empty(), text.is_empty(), "{told}");
    assert_eq!(github.requests()[0].status_sent, Some(status), "{told}");
    assert_eq!(github.refused(), usize::from(is_limit), "{told}");
}

#[test]
fn limits_are_worded_as_github_words_them() {
    assert_fault(Reply::PrimaryLimit, 403, "API rate limit exceeded for user ID");
    assert_fault(Reply::secondary_limit(7), 403, "#about-secondary-rate-limits");
    for (wording, expected) in [
        (Wording::WithTerms, "Terms of Service.\\n\\nIf you reach out"),
        (Wording::ContentCreation, "Please retry your request again later."),
        (Wording::AbuseDetection, "#abuse-rate-limits"),
        (Wording::WhoaTherePage, "Whoa there!"),
    ] {
        let reply =
            Reply::SecondaryLimit { retry_after: None, rate_headers: false, status: 429, wording };
        assert_fault(reply, 429, expected);
    }
}

#[test]
fn errors_are_worded_as_github_words_them() {
    use Reply as R;
    let invalid = R::ValidationFailed;
    for (reply, status, expected) in [
        (R::BadCredentials, 401, "Bad credentials"),
        (R::TooManyLogins, 403, "number of login attempts"),
        (R::SsoRequired, 403, "SAML enforcement"),
        (R::IpAllowList, 403, "IP allow list enabled"),
        (R::ClassicTokenForbidden, 403, "token (classic)"),
        (R::NoUserAgentPage, 403, "administrative rules"),
        (R::UnknownForbidden403, 403, "message"),
        (R::NotFound, 404, "Not Found"),
        (R::Gone410, 410, "message"),
        (R::BadRequest400, 400, "message"),
        (R::TooManyRequests429, 429, "message"),
        (invalid(ValidationKind::PlainTextErrors), 422, "errors\":[\""),
        (invalid(ValidationKind::MessageOnly), 422, "Validation Failed"),
        (R::ServerError(502, ErrorBody::Json), 502, "Server Error"),
        (R::ServerError(503, ErrorBody::Json), 503, "\"code\""),
        (R::ServerError(504, ErrorBody::UnicornHtml), 504, "too long to load"),
        (R::ServerError(500, ErrorBody::Empty), 500, ""),
    ] {
        assert_fault(reply, status, expected);
    }
}

#[test]
fn good_statuses_can_hide_bad_contents() {
    for (reply, expected) in [
        (Reply::IncompleteResults, "\"incomplete_results\":true"),
        (Reply::SsoPartial, "{\"total_count\""),
        (Reply::Deprecated, "{\"total_count\""),
        (Reply::WrongType, "<!doctype html>"),
        (Reply::Count("many".into()), "{\"total_count\":\"many\","),
        (Reply::RawCount("1e400"), "{\"total_count\":1e400,"),
        (Reply::MissingCount, "{\"incomplete_results\":false,"),
        (Reply::JsonNull, "null"),
        (Reply::JsonArray, "[]"),
        (Reply::EmptyBody, ""),
        (Reply::Bom, "\u{feff}{\"total_count\""),
    ] {
        assert_fault(reply, 200, expected);
    }
}

#[test]
fn faults_carry_their_headers() {
    let header = |reply, name| {
        let github = fake();
        github.add_fault(Fault::new(When::Nth(1), reply));
        let answer = search(&github, "a", "ghp_one");
        answer.header(name).map(str::to_owned)
    };
    let sso = header(Reply::SsoRequired, "x-github-sso").expect("a URL");
    assert!(sso.starts_with("required; url=https://github.com/orgs/"));
    let sso = header(Reply::SsoPartial, "x-github-sso").expect("organisations");
    assert!(sso.starts_with("partial-results; organizations="));
    assert!(header(Reply::Deprecated, "sunset").is_some_and(|date| date.ends_with("GMT")));
    let retry_after = header(Reply::secondary_limit(7), "retry-after");
    assert_eq!(retry_after.as_deref(), Some("7"));
    let unicorn = Reply::ServerError(502, ErrorBody::UnicornHtml);
    assert_eq!(header(unicorn, "x-github-request-id"), None);
    assert_eq!(header(Reply::TooManyRequests429, "x-ratelimit-remaining"), None);
}

#[test]
fn redirects_lead_somewhere_else_or_nowhere() {
    let other = fake();
    let github = fake();
    let reply = Reply::RedirectSameHost { status: 307, hops: 2 };
    github.add_fault(Fault::new(When::query("near"), reply));
    let reply = Reply::RedirectOtherHost { status: 301, location: other.api_url().to_owned() };
    github.add_fault(Fault::new(When::query("far"), reply));
    github.add_fault(Fault::new(When::query("round"), Reply::RedirectLoop));

    let follow = |q: &str, most| {
        let mut answers = vec![search(&github, q, "")];
        while let Some(location) = answers[answers.len() - 1].header("location") {
            if answers.len() > most {
                break;
            }
            let here = location.strip_prefix(github.base_url());
            let host = if here.is_some() { &github } else { &other };
            let target = here.or(location.strip_prefix(other.base_url())).expect("a known host");
            answers.push(get(host, target, &[]));
        }
        let statuses: Vec<_> = answers.iter().filter_map(|answer| answer.status).collect();
        statuses
    };
    assert_eq!(follow("near", 9), [307, 307, 200]);
    assert_eq!(follow("far", 9), [301, 200]);
    assert_eq!(other.queries(), ["far"]);
    assert_eq!(follow("round", 9), [302; 10]);
}

#[test]
fn rate_headers_can_lie() {
    let with = |rate_headers| {
        let github = FakeGithub::builder().rate_headers(rate_headers).start();
        (search(&github, "a", ""), github.now_ms() / 1000)
    };
    let (missing, _) = with(RateHeaders::Missing);
    assert_eq!(missing.header("x-ratelimit-reset"), None);
    let (nonsense, _) = with(RateHeaders::Nonsense);
    assert_eq!(nonsense.header("x-ratelimit-reset"), Some("soon"));
    let (past, now) = with(RateHeaders::ResetInThePast);
    assert!(past.number("x-ratelimit-reset") < now - 3_000);
    let (far, now) = with(RateHeaders::ResetFarAhead);
    assert!(far.number("x-ratelimit-reset") > now + 20_000);
}
