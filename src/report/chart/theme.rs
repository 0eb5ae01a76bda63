//! Which colour a role has, in print and on a dark screen.
//!
//! The colours of named lines were searched for by a program: of all sets of eight with a contrast
//! of at least 3 to the background, the one whose two nearest colours lie farthest apart for eyes
//! of every kind. Marks and dashes tell lines apart too.

use super::scene::{Role, SERIES_COLOURS};

/// A set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white.
    #[default]
    Light,
    /// Light on nearly black.
    Dark,
}

const LIGHT_SERIES: [&str; SERIES_COLOURS] =
    ["#3c7896", "#d20f00", "#1ea578", "#781e96", "#d2780f", "#4b00f0", "#96003c", "#b469e1"];
const DARK_SERIES: [&str; SERIES_COLOURS] =
    ["#8796e1", "#c3a500", "#0fe1a5", "#e16996", "#c3c3ff", "#87871e", "#0f69d2", "#b43c69"];

impl Theme {
    /// Returns the colour of a role, `#rrggbb`.
    #[must_use]
    pub fn colour(self, role: Role) -> &'static str {
        let (light, dark) = match role {
            Role::Paper => ("#ffffff", "#16181d"),
            Role::Ink => ("#1b1f24", "#eceff3"),
            Role::Muted => ("#57606a", "#a3adb8"),
            Role::Grid => ("#d8dee4", "#343a42"),
            Role::Gap => ("#eef0f2", "#22262d"),
            Role::Bar => ("#2f6f9f", "#6fb1e0"),
            Role::Other => ("#8c959f", "#6e7681"),
            Role::Flag => ("#6e7781", "#9aa4af"),
            Role::Series(place) => {
                (LIGHT_SERIES[place % SERIES_COLOURS], DARK_SERIES[place % SERIES_COLOURS])
            }
        };
        match self {
            Self::Light => light,
            Self::Dark => dark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rgb = [f64; 3];

    /// Returns a colour in linear light.
    fn linear(colour: &str) -> Rgb {
        [1, 3, 5].map(|at| {
            let part =
                f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("hex digits")) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// Returns the contrast of two colours as WCAG 2 defines it.
    fn contrast(one: &str, other: &str) -> f64 {
        let light = |colour| {
            let [r, g, b] = linear(colour);
            0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
        };
        let (one, other): (f64, f64) = (light(one), light(other));
        one.max(other) / one.min(other)
    }

    fn times(matrix: [Rgb; 3], colour: Rgb) -> Rgb {
        matrix.map(|row| row.iter().zip(colour).map(|(a, b)| a * b).sum())
    }

    /// Returns a colour where equal distances look equally large (Oklab).
    fn seen(colour: Rgb) -> Rgb {
        let cones = times(
            [
                [0.412_221, 0.536_333, 0.051_446],
                [0.211_903, 0.680_700, 0.107_397],
                [0.088_302, 0.281_719, 0.629_979],
            ],
            colour.map(|part| part.clamp(0.0, 1.0)),
        );
        times(
            [
                [0.210_454, 0.793_618, -0.004_072],
                [1.977_998, -2.428_592, 0.450_594],
                [0.025_904, 0.782_772, -0.808_676],
            ],
            cones.map(f64::cbrt),
        )
    }

    /// What eyes see that lack one kind of cones (Machado and others, 2009), and those that do not.
    const EYES: [[Rgb; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
        [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
        [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
    ];

    #[test]
    fn everything_stands_out_from_the_background() {
        for theme in [Theme::Light, Theme::Dark] {
            let paper = theme.colour(Role::Paper);
            let of = |role| contrast(theme.colour(role), paper);
            assert!(of(Role::Ink) >= 7.0 && of(Role::Muted) >= 4.5, "{theme:?}");
            assert!(
                of(Role::Bar) >= 3.0 && of(Role::Other) >= 3.0 && of(Role::Flag) >= 4.5,
                "{theme:?}"
            );
            for place in 0..SERIES_COLOURS {
                assert!(
                    of(Role::Series(place)) >= 3.0,
                    "{theme:?} {place}: {}",
                    of(Role::Series(place))
                );
            }
        }
    }

    #[test]
    fn eyes_of_every_kind_tell_lines_apart() {
        for theme in [Theme::Light, Theme::Dark] {
            for (eye, matrix) in EYES.iter().enumerate() {
                for one in 0..SERIES_COLOURS {
                    for other in 0..one {
                        let [a, b] = [one, other].map(|place| {
                            seen(times(*matrix, linear(theme.colour(Role::Series(place)))))
                        });
                        let distance =
                            a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                        assert!(
                            distance > 0.095,
                            "{theme:?}, eye {eye}: {one} and {other}, {distance}"
                        );
                    }
                }
            }
        }
    }
}
