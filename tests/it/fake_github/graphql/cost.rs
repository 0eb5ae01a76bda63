//! What a document costs: points by GitHub's formula, and time by a model of its searches.
//!
//! Pure.

use std::time::Duration;

use super::super::visit::Takes;

const SEARCHES_A_POINT: usize = 100;

/// Returns the points of a document with so many searches: a hundredth, to the nearest, at least 1.
pub(crate) fn compute_points(searches: usize) -> u32 {
    let points = (searches + SEARCHES_A_POINT / 2) / SEARCHES_A_POINT;
    u32::try_from(points).unwrap_or(u32::MAX).max(1)
}

/// How long documents take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TimeModel {
    base: Duration,
    per_alias: Duration,
    passing: Passing,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Passing {
    #[default]
    Real,
    Counted,
}

impl TimeModel {
    /// Takes `base` and `per_alias` for each search, and lets that time pass.
    pub(crate) fn real(base: Duration, per_alias: Duration) -> Self {
        Self { base, per_alias, passing: Passing::Real }
    }

    /// The same without waiting: the time is put down as taken, and counts as computing time.
    pub(crate) fn counted(base: Duration, per_alias: Duration) -> Self {
        Self { base, per_alias, passing: Passing::Counted }
    }

    /// Returns the time that a document takes, `latency` with it, and whether that is too long.
    ///
    /// What is too long ends when the longest time is over.
    pub(crate) fn takes(
        &self,
        searches: usize,
        latency: Duration,
        longest: Duration,
    ) -> (Takes, bool) {
        let searches = u32::try_from(searches).unwrap_or(u32::MAX);
        let whole = self.per_alias.saturating_mul(searches).saturating_add(self.base + latency);
        let taken = whole.min(longest);
        let real = match self.passing {
            Passing::Real => taken,
            Passing::Counted => latency.min(longest),
        };
        (Takes { real, counted: taken.saturating_sub(real) }, whole > longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_searches_are_a_point_rounded() {
        for (searches, points) in
            [(0, 1), (1, 1), (149, 1), (150, 2), (249, 2), (250, 3), (1_000, 10)]
        {
            assert_eq!(compute_points(searches), points, "{searches}");
        }
    }

    #[test]
    fn time_passes_or_is_counted_and_ends() {
        let ms = Duration::from_millis;
        let takes = |real, counted| Takes { real: ms(real), counted: ms(counted) };
        for (model, searches, expected) in [
            (TimeModel::default(), 500, (takes(5, 0), false)),
            (TimeModel::real(ms(10), ms(2)), 3, (takes(21, 0), false)),
            (TimeModel::real(ms(10), ms(2)), 43, (takes(100, 0), true)),
            (TimeModel::counted(ms(10), ms(2)), 3, (takes(5, 16), false)),
            (TimeModel::counted(ms(95), ms(0)), 3, (takes(5, 95), false)),
            (TimeModel::counted(ms(96), ms(0)), 3, (takes(5, 95), true)),
        ] {
            assert_eq!(model.takes(searches, ms(5), ms(100)), expected, "{model:?}");
        }
    }
}
