//! The good answer of a search, and the 422 that a query earns by itself.
//!
//! Pure. Limits, faults and headers about the caller are not its business.

use super::answer::Answer;
use super::bodies::{self, SearchPage};
use super::fault::ValidationKind;
use super::query::{MOST_RESULTS, find_error};
use super::request::Request;

const USUAL_PER_PAGE: u64 = 30;
const MOST_PER_PAGE: u64 = 100;

/// Returns the page of results that a request asks for, or the reason there is none.
pub(crate) fn find_page(request: &Request, total_count: u64) -> Result<SearchPage, ValidationKind> {
    if let Some(error) = find_error(request.parameter("q")) {
        return Err(error);
    }
    let (per_page, page) = paging(request);
    let skipped = (page - 1).saturating_mul(per_page);
    if skipped >= MOST_RESULTS {
        return Err(ValidationKind::BeyondFirstThousand);
    }
    let reachable = total_count.min(MOST_RESULTS);
    Ok(SearchPage {
        total_count: Some(total_count.to_string()),
        incomplete_results: false,
        items: per_page.min(reachable.saturating_sub(skipped)),
        skipped,
        repositories: None,
    })
}

/// Returns the part of what was found that stands on a page.
pub(crate) fn on_page(page: &SearchPage, found: &[usize]) -> Vec<usize> {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    found.iter().copied().skip(number(page.skipped)).take(number(page.items)).collect()
}

/// Writes a page as an answer, with the `Link` header when there are more pages.
pub(crate) fn answer_page(
    request: &Request,
    page: &SearchPage,
    total: u64,
    api_url: &str,
) -> Answer {
    let answer = Answer::json(200, page.to_json());
    let (per_page, number) = paging(request);
    let last = total.min(MOST_RESULTS).div_ceil(per_page);
    if number >= last {
        return answer;
    }
    let kept: Vec<&str> =
        request.query_string.split('&').filter(|part| !part.starts_with("page=")).collect();
    let url = format!("{api_url}/search/repositories?{}&page=", kept.join("&"));
    answer.with("link", format!("<{url}{}>; rel=\"next\", <{url}{last}>; rel=\"last\"", number + 1))
}

/// Returns the 422 of a query.
pub(crate) fn refuse_query(kind: ValidationKind) -> Answer {
    Answer::json(422, bodies::validation_failed(kind))
}

/// Returns `per_page` and `page`; what is not a positive number counts as absent.
fn paging(request: &Request) -> (u64, u64) {
    let positive = |name| {
        let number = request.parameter(name)?.parse::<u64>().ok()?;
        (number > 0).then_some(number)
    };
    let per_page = positive("per_page").unwrap_or(USUAL_PER_PAGE);
    (per_page.min(MOST_PER_PAGE), positive("page").unwrap_or(1))
}
