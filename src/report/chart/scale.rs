//! Where values lie along an axis, and which of them are written beside it.

use super::super::number::count;
use super::scene::Scale;

/// Lines whose counts differ by more than this factor are drawn on a logarithmic scale.
const MOST_ON_LINEAR: f64 = 40.0;
/// Counts that differ by less than this factor are not drawn from 0, where all would lie together.
const LEAST_FROM_ZERO: f64 = 2.0;
/// About how many values are written on an axis.
const VALUES: f64 = 6.0;
/// Counts that are all alike still get an axis, of about this part of them.
const FINEST: f64 = 1e-4;
/// The most values on a logarithmic axis; with more only powers of ten are written.
const MOST_LOG_TICKS: usize = 8;

/// Which scale is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScaleChoice {
    /// Logarithmic where the largest count is many times the smallest one, else linear.
    #[default]
    ByData,
    /// Linear.
    Linear,
    /// Logarithmic.
    Log,
}

/// An axis of counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) scale: Scale,
    /// The value at its lower end; above 0 on a logarithmic scale.
    pub(super) low: f64,
    /// The value at its upper end.
    pub(super) high: f64,
    /// The values that are written beside it, from low to high.
    pub(super) ticks: Vec<f64>,
}

impl Axis {
    /// Makes the axis of some counts.
    #[expect(clippy::cast_precision_loss, reason = "pixels are coarser")]
    pub(super) fn new(counts: impl Iterator<Item = u64> + Clone, choice: ScaleChoice) -> Self {
        let low = counts.clone().min().unwrap_or(0) as f64;
        let high = (counts.clone().max().unwrap_or(0) as f64).max(1.0);
        let positive = counts.filter(|count| *count > 0).min().unwrap_or(1) as f64;
        let is_wide = low > 0.0 && high / low > MOST_ON_LINEAR;
        match choice {
            ScaleChoice::Log => Self::log(positive, high),
            ScaleChoice::ByData if is_wide => Self::log(positive, high),
            ScaleChoice::ByData | ScaleChoice::Linear => Self::linear(low, high),
        }
    }

    fn linear(low: f64, high: f64) -> Self {
        let from_zero = low * LEAST_FROM_ZERO <= high;
        let low = if from_zero { 0.0 } else { low };
        let step = nice_step((high - low).max(high * FINEST) / VALUES).max(1.0);
        let first = (low / step).floor();
        let last = (high / step).ceil().max(first + 1.0);
        let ticks: Vec<f64> = steps(first, last).map(|n| n * step).collect();
        Self { scale: Scale::Linear, low: first * step, high: last * step, ticks }
    }

    fn log(low: f64, high: f64) -> Self {
        let decades = steps(low.log10().floor(), high.log10().ceil());
        let values = |leads: &'static [f64]| {
            let times = move |decade: f64| leads.iter().map(move |lead| lead * 10_f64.powf(decade));
            decades.clone().flat_map(times).collect::<Vec<f64>>()
        };
        let ends = values(&[1.0, 2.0, 5.0]);
        let below = |end: &&f64| **end <= low * (1.0 + 1e-9);
        let above = |end: &&f64| **end >= high * (1.0 - 1e-9);
        let low = ends.iter().rfind(below).copied().unwrap_or(low);
        let high = ends.iter().find(above).copied().unwrap_or(high);
        let high = if high > low { high } else { low * 10.0 };
        let inside = |value: &f64| *value >= low * 0.999 && *value <= high * 1.001;
        let [fine, coarse, coarsest] =
            [values(&[1.0, 2.0, 5.0]), values(&[1.0, 3.0]), values(&[1.0])]
                .map(|values| values.into_iter().filter(inside).collect::<Vec<f64>>());
        let ticks = if fine.len() <= MOST_LOG_TICKS {
            fine
        } else if coarse.len() <= MOST_LOG_TICKS {
            coarse
        } else {
            coarsest
        };
        Self { scale: Scale::Log, low, high, ticks }
    }

    /// Returns where a value lies: 0 at the lower end, 1 at the upper end. What lies outside, such as
    /// 0 on a logarithmic scale, is put at the end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = match self.scale {
            Scale::Log => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
            Scale::Linear | Scale::Ranks => (value - self.low) / (self.high - self.low),
        };
        place.clamp(0.0, 1.0)
    }

    /// Returns the values that are written beside the axis, with what is written: short, unless two
    /// would read the same.
    pub(super) fn labels(&self) -> Vec<(f64, String)> {
        let labels = |write: fn(f64) -> String| {
            self.ticks.iter().map(|tick| (*tick, write(*tick))).collect::<Vec<_>>()
        };
        let shortened = labels(short);
        let is_clear = shortened.windows(2).all(|pair| pair[0].1 != pair[1].1);
        if is_clear { shortened } else { labels(in_full) }
    }

    /// Says how to read the axis.
    pub(super) fn words(&self) -> String {
        match self.scale {
            Scale::Log => "logarithmic scale".to_owned(),
            Scale::Linear if self.low > 0.0 => {
                format!("linear scale from {}, not from 0", in_full(self.low))
            }
            Scale::Linear | Scale::Ranks => "linear scale from 0".to_owned(),
        }
    }
}

fn steps(first: f64, last: f64) -> impl Iterator<Item = f64> + Clone {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few steps")]
    let count = (last - first) as u32;
    (0..=count.min(100)).map(move |n| first + f64::from(n))
}

/// Returns the smallest of 1, 2, 5, 10, 20, … that is not below a number.
fn nice_step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    let leads = [1.0, 2.0, 5.0, 10.0];
    leads.iter().map(|lead| lead * decade).find(|step| *step >= least * 0.999).unwrap_or(least)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "values are counts")]
fn in_full(value: f64) -> String {
    count(value.round().max(0.0) as u64)
}

/// Writes a value with three digits or a little more: `500`, `9,500`, `20k`, `808k`, `1.24M`.
pub(super) fn short(value: f64) -> String {
    let units = [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    // Below 10,000 a number is short enough in full.
    let unit = units.iter().find(|(size, _)| value >= *size && value >= 10_000.0);
    let Some((size, name)) = unit else { return in_full(value) };
    let number = value / size;
    // Three digits are as many as anybody reads off an axis.
    let decimals = [9.995, 99.95].iter().filter(|least| number < **least).count();
    let mut number = format!("{number:.decimals$}");
    if decimals > 0 {
        number.truncate(number.trim_end_matches('0').trim_end_matches('.').len());
    }
    format!("{number}{name}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_data_choose_the_scale() {
        let cases: [(&[u64], ScaleChoice, &str, &[f64]); 7] = [
            (
                &[100, 900],
                ScaleChoice::ByData,
                "linear scale from 0",
                &[0.0, 200.0, 400.0, 600.0, 800.0, 1000.0],
            ),
            (
                &[900, 1000],
                ScaleChoice::ByData,
                "linear scale from 900, not from 0",
                &[900.0, 920.0, 940.0, 960.0, 980.0, 1000.0],
            ),
            (
                &[100, 90_000],
                ScaleChoice::ByData,
                "logarithmic scale",
                &[100.0, 300.0, 1000.0, 3000.0, 10_000.0, 30_000.0, 100_000.0],
            ),
            (
                &[0, 90_000],
                ScaleChoice::ByData,
                "linear scale from 0",
                &[0.0, 20_000.0, 40_000.0, 60_000.0, 80_000.0, 100_000.0],
            ),
            (&[0, 30, 60], ScaleChoice::Log, "logarithmic scale", &[20.0, 50.0, 100.0]),
            (&[7, 7], ScaleChoice::ByData, "linear scale from 7, not from 0", &[7.0, 8.0]),
            (&[], ScaleChoice::ByData, "linear scale from 0", &[0.0, 1.0]),
        ];
        for (counts, choice, words, ticks) in cases {
            let axis = Axis::new(counts.iter().copied(), choice);
            assert_eq!(axis.words(), words, "{counts:?}");
            let near = axis.ticks.iter().zip(ticks).all(|(a, b)| (a - b).abs() < 1e-6 * b.max(1.0));
            assert!(near && axis.ticks.len() == ticks.len(), "{counts:?}: {:?}", axis.ticks);
        }
    }

    #[test]
    fn labels_tell_values_apart() {
        let axis = Axis::new([1_240_000, 1_241_000].into_iter(), ScaleChoice::ByData);
        let labels: Vec<String> = axis.labels().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels[..2], ["1,240,000", "1,240,200"]);
        let axis = Axis::new([0, 1_200_000].into_iter(), ScaleChoice::ByData);
        assert_eq!(axis.labels()[1].1, "200k");
    }

    #[test]
    fn values_are_written_short() {
        let cases = [
            (0.0, "0"),
            (9500.0, "9,500"),
            (10_000.0, "10k"),
            (1_240_033.0, "1.24M"),
            (808_330.0, "808k"),
            (12_770.0, "12.8k"),
            (2e9, "2G"),
        ];
        for (value, expected) in cases {
            assert_eq!(short(value), expected);
        }
        assert_eq!(short(1.8e19), "18E");
    }

    proptest! {
        #[test]
        fn every_axis_holds_its_counts(
            counts in proptest::collection::vec(any::<u64>(), 1..20),
            small in any::<bool>(),
            choice in 0..3_usize,
        ) {
            let counts: Vec<u64> = counts.iter().map(|n| if small { n % 1000 } else { *n }).collect();
            let choice = [ScaleChoice::ByData, ScaleChoice::Linear, ScaleChoice::Log][choice];
            let axis = Axis::new(counts.iter().copied(), choice);
            prop_assert!((2..=20).contains(&axis.ticks.len()), "{:?}", axis);
            let mut places: Vec<f64> = Vec::new();
            for count in &counts {
                #[expect(clippy::cast_precision_loss, reason = "pixels are coarser")]
                let count = *count as f64;
                prop_assert!(count <= axis.high * 1.001, "{:?}", axis);
                prop_assert!(count >= axis.low * 0.999 || axis.scale == Scale::Log);
                places.push(axis.place(count));
            }
            prop_assert!(places.iter().all(|place| (0.0..=1.0).contains(place)));
        }
    }
}
