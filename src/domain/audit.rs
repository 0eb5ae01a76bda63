//! What a sample of repositories says about all that a query finds: shares with their intervals.
//!
//! Repositories are drawn in slices of creation time, each slice as likely as it is full. Those of one
//! slice resemble each other, so a slice is one observation, however many repositories it has. How
//! slices are found and read is `audit`'s business.

mod ambiguous;
mod audited;
mod rule;

pub use ambiguous::find_other_meaning;
pub use audited::{Audited, Example, Language};
pub use rule::Rule;

/// A share of all that a query finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The estimate, of 1.
    pub estimate: f64,
    /// Where the true share lies with 95 % confidence, of 1; `None` if all were looked at, so that
    /// the estimate is exact, or if fewer than two slices were drawn.
    pub interval: Option<(f64, f64)>,
}

/// The quantile of the normal distribution for a two-sided interval of 95 %.
const NORMAL_QUANTILE: f64 = 1.959_963_985;

/// Estimates a share from those of the slices that were drawn, a slice that was drawn twice given
/// twice; `None` without any.
///
/// The estimate is their mean, which is right on average however full the slices are, because they
/// were drawn as often as they are full. Its variance comes from how much the slices differ. The
/// interval is Wilson's for as many independent repositories as would have that variance, with the
/// quantile of Student's t for the number of slices. If all slices agree, each counts as one.
#[must_use]
pub fn estimate_share(slices: &[f64]) -> Option<Share> {
    if slices.is_empty() {
        return None;
    }
    let drawn = as_real(slices.len());
    let estimate = slices.iter().sum::<f64>() / drawn;
    if slices.len() < 2 {
        return Some(Share { estimate, interval: None });
    }
    let squares: f64 = slices.iter().map(|share| (share - estimate).powi(2)).sum();
    let variance = squares / (drawn - 1.0) / drawn;
    let of_one = estimate * (1.0 - estimate);
    let independent = if variance > 0.0 { of_one / variance } else { drawn };
    let quantile = student_quantile(drawn - 1.0);
    Some(Share { estimate, interval: Some(wilson(estimate, independent, quantile)) })
}

/// Returns the share of a whole that was looked at.
#[must_use]
pub fn exact_share(hits: usize, all: usize) -> Option<Share> {
    (all > 0).then(|| Share { estimate: as_real(hits) / as_real(all), interval: None })
}

/// Wilson's interval of a share found among so many.
fn wilson(share: f64, number: f64, quantile: f64) -> (f64, f64) {
    let square = quantile * quantile / number;
    let middle = (share + square / 2.0) / (1.0 + square);
    let spread = share * (1.0 - share) / number + square / (4.0 * number);
    let half = quantile * spread.sqrt() / (1.0 + square);
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// The quantile of Student's t for a two-sided interval of 95 %, by the expansion of Cornish and
/// Fisher; its error is below a thousandth from nine degrees of freedom on.
fn student_quantile(degrees: f64) -> f64 {
    let z = NORMAL_QUANTILE;
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / degrees + second / degrees.powi(2) + third / degrees.powi(3)
}

/// Counts here are far below what a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "counts of slices and repositories are small")]
fn as_real(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 0.001
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (degrees, expected) in [(9.0, 2.262), (10.0, 2.228), (39.0, 2.023), (1e9, 1.960)] {
            assert!(close(student_quantile(degrees), expected), "{degrees}");
        }
    }

    #[test]
    fn intervals_are_wilsons_where_slices_are_single_repositories() {
        // 30 of 40, one repository a slice.
        let slices: Vec<f64> = (0..40).map(|n| if n < 30 { 1.0 } else { 0.0 }).collect();
        let share = estimate_share(&slices).expect("a share");
        let (low, high) = share.interval.expect("an interval");
        assert!(close(share.estimate, 0.75), "{share:?}");
        // Wilson's for 30 of 40 is 0.598 to 0.858; Student's quantile makes it a little wider.
        assert!((0.585..0.598).contains(&low) && (0.858..0.868).contains(&high), "{share:?}");
    }

    #[test]
    fn slices_that_agree_say_more_but_never_all() {
        let varied = estimate_share(&[0.2, 0.8, 0.5, 0.4, 0.6, 0.5]).and_then(|s| s.interval);
        let alike = estimate_share(&[0.5, 0.51, 0.49, 0.5, 0.5, 0.5]).and_then(|s| s.interval);
        let width = |interval: Option<(f64, f64)>| interval.map_or(0.0, |(low, high)| high - low);
        assert!(width(alike) < width(varied));
        let (low, high) = estimate_share(&[1.0; 40]).and_then(|s| s.interval).expect("an interval");
        assert!(low > 0.88 && low < 0.95 && close(high, 1.0), "{low} {high}");
        assert_eq!(estimate_share(&[]), None);
        assert_eq!(estimate_share(&[0.5]), Some(Share { estimate: 0.5, interval: None }));
        assert_eq!(exact_share(1, 4), Some(Share { estimate: 0.25, interval: None }));
        assert_eq!(exact_share(0, 0), None);
    }
}
