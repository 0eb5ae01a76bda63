//! Which part of the API a path means.
//!
//! Pure. Paths are taken literally: a trailing slash makes another path, which is unknown.

/// A part of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `GET /search/repositories`. `is_end_of_redirect` when a redirect led here.
    Search {
        /// No fault is meant for such a request: it had its fault.
        is_end_of_redirect: bool,
    },
    /// `GET /rate_limit`.
    RateLimit,
    /// `POST /graphql`.
    Graphql,
    /// A stop on the way of a redirect.
    Redirected {
        /// The status to redirect with.
        status: u16,
        /// The path that follows, below the API's root.
        next_path: String,
    },
    /// Nothing that exists here.
    Unknown,
}

/// How many stops of a redirect are still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hops {
    /// This many; none leads to the end.
    Left(u32),
    /// Without end.
    Endless,
}

/// Writes the path, below the API's root, of a stop on the way to a search.
pub(crate) fn redirected_path(hops: Hops, status: u16) -> String {
    match hops {
        Hops::Left(left) => format!("/redirected/{left}/{status}/search/repositories"),
        Hops::Endless => format!("/redirected/endless/{status}/search/repositories"),
    }
}

/// Returns the path of GraphQL: beside the last part of REST's prefix, so `/api/graphql` for
/// `/api/v3`.
pub(crate) fn graphql_path(prefix: &str) -> String {
    let parent = prefix.rsplit_once('/').map_or("", |(parent, _)| parent);
    format!("{parent}/graphql")
}

impl Route {
    /// Finds the part of the API that lies at a path, below `prefix`.
    pub(crate) fn find(method: &str, path: &str, prefix: &str) -> Self {
        if method == "POST" && path == graphql_path(prefix) {
            return Self::Graphql;
        }
        if method != "GET" {
            return Self::Unknown;
        }
        match path.strip_prefix(prefix) {
            Some("/search/repositories") => Self::Search { is_end_of_redirect: false },
            Some("/rate_limit") => Self::RateLimit,
            Some(path) => Self::find_redirected(path).unwrap_or(Self::Unknown),
            None => Self::Unknown,
        }
    }

    fn find_redirected(path: &str) -> Option<Self> {
        let stop = path.strip_prefix("/redirected/")?;
        let stop = stop.strip_suffix("/search/repositories")?;
        let (left, status) = stop.split_once('/')?;
        let status = status.parse().ok()?;
        let hops = match left {
            "endless" => Hops::Endless,
            "0" => {
                return Some(Self::Search { is_end_of_redirect: true });
            }
            left => Hops::Left(left.parse::<u32>().ok()?.checked_sub(1)?),
        };
        let next_path = redirected_path(hops, status);
        Some(Self::Redirected { status, next_path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_parts_of_the_api() {
        let search = Route::Search { is_end_of_redirect: false };
        let cases = [
            ("GET", "/search/repositories", "", search.clone()),
            ("GET", "/search/repositories/", "", Route::Unknown),
            ("POST", "/search/repositories", "", Route::Unknown),
            ("GET", "/search/code", "", Route::Unknown),
            ("GET", "/rate_limit", "", Route::RateLimit),
            ("GET", "/api/v3/search/repositories", "/api/v3", search),
            ("GET", "/search/repositories", "/api/v3", Route::Unknown),
            ("POST", "/graphql", "", Route::Graphql),
            ("GET", "/graphql", "", Route::Unknown),
            ("POST", "/graphql/", "", Route::Unknown),
            ("POST", "/api/graphql", "/api/v3", Route::Graphql),
            ("POST", "/api/v3/graphql", "/api/v3", Route::Unknown),
        ];
        for (method, path, prefix, expected) in cases {
            assert_eq!(Route::find(method, path, prefix), expected, "{path}");
        }
    }

    #[test]
    fn redirects_count_down() {
        let first = redirected_path(Hops::Left(1), 307);
        let next_path = redirected_path(Hops::Left(0), 307);
        let stop = Route::find("GET", &first, "");
        assert_eq!(stop, Route::Redirected { status: 307, next_path: next_path.clone() });
        let end = Route::find("GET", &next_path, "");
        assert_eq!(end, Route::Search { is_end_of_redirect: true });

        let endless = redirected_path(Hops::Endless, 302);
        let again = Route::find("GET", &endless, "");
        assert_eq!(again, Route::Redirected { status: 302, next_path: endless });
    }
}
