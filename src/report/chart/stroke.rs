//! A line over time: its strokes, which leave lower bounds out, and its marks.

use super::course::{Drawn, Field};
use super::scene::{Dash, MarkKind, Role, SERIES_COLOURS, Shape, Spot};
use super::simplify::simplify;
use crate::domain::sample::Status;

/// How far the marks of a line stand apart, and those of lower bounds.
const MARK_GAP: f64 = 110.0;
const AT_LEAST_GAP: f64 = 8.0;
/// How far a line's marks stand from its lower bounds, and from the mark beside its name.
const APART: f64 = 12.0;

impl Field {
    /// Draws a line and its marks; at lower bounds it is interrupted, as far as that can be seen.
    pub(super) fn line(&self, drawn: Drawn<'_>, label: String, stretches: &[Vec<Point>]) -> Shape {
        let role = drawn.role();
        let is_named = drawn.named.is_some();
        let parts: Vec<Vec<Spot>> =
            stretches.iter().flat_map(|points| exact_parts(points)).collect();
        let strokes = parts.iter().filter(|part| part.len() > 1);
        let mut shapes = vec![Shape::Path {
            lines: strokes.map(|part| simplify(part)).collect(),
            stroke: role,
            width: if is_named { 2.0 } else { 1.0 },
            dash: match drawn.named {
                _ if drawn.is_reconstructed => Dash::Dashed,
                Some(place) if place >= SERIES_COLOURS => Dash::Dashed,
                _ => Dash::Solid,
            },
        }];
        let marks = drawn
            .named
            .map(|place| marks((self.time.left, self.time.right), place, stretches))
            .unwrap_or_default();
        let alone = parts.iter().filter_map(|part| match part.as_slice() {
            [at] => Some(*at),
            _ => None,
        });
        let alone = alone.filter(|at| marks.iter().all(|(marked, _)| marked != at));
        shapes.extend(alone.map(|at| Shape::Mark { kind: MarkKind::Disc, at, radius: 1.6, role }));
        shapes.extend(marks.into_iter().map(|(_, mark)| mark));
        Shape::Group { line: drawn.index, label, shapes }
    }
}

/// A count in a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) at: Spot,
    pub(super) status: Status,
}

impl Point {
    pub(super) fn is_bound(&self) -> bool {
        self.status == Status::Incomplete
    }
}

/// Returns the marks of a named line between two edges, with their places: triangles at lower bounds,
/// and its own mark now and then, near no other one.
fn marks((left, right): (f64, f64), place: usize, stretches: &[Vec<Point>]) -> Vec<(Spot, Shape)> {
    let points = || stretches.iter().flatten();
    let mut bounds: Vec<Spot> = Vec::new();
    for point in points().filter(|point| point.is_bound()) {
        if bounds.last().is_none_or(|last| point.at.0 >= last.0 + AT_LEAST_GAP) {
            bounds.push(point.at);
        }
    }
    // Marks of different lines do not stand above each other.
    #[expect(clippy::cast_precision_loss, reason = "a few lines")]
    let mut next = left + 20.0 + (place * 41 % 110) as f64;
    let mut marks: Vec<(Spot, Shape)> = Vec::new();
    for point in points().filter(|point| !point.is_bound()) {
        let x = point.at.0;
        let is_free = x <= right - APART && bounds.iter().all(|bound| (bound.0 - x).abs() >= APART);
        if x >= next && is_free {
            marks.push((point.at, mark(place, point.at)));
            next = x + MARK_GAP;
        }
    }
    let (kind, role) = (MarkKind::AtLeast, Role::Series(place));
    marks.extend(bounds.into_iter().map(|at| (at, Shape::Mark { kind, at, radius: 3.4, role })));
    marks
}

/// Returns the parts of a stretch between its lower bounds: a line through these would fall and rise
/// where no count did. Parts that are nearer to each other than a triangle is wide are one.
fn exact_parts(stretch: &[Point]) -> Vec<Vec<Spot>> {
    let mut parts: Vec<Vec<Spot>> = Vec::new();
    let mut is_interrupted = true;
    for point in stretch {
        if point.is_bound() {
            is_interrupted = true;
            continue;
        }
        let is_near = |part: &&mut Vec<Spot>| {
            let apart = part.last().map(|last| point.at.0 - last.0);
            !is_interrupted || apart.is_some_and(|apart| apart < AT_LEAST_GAP)
        };
        match parts.last_mut().filter(is_near) {
            Some(part) => part.push(point.at),
            None => parts.push(vec![point.at]),
        }
        is_interrupted = false;
    }
    parts
}

/// Draws the mark of a named line.
pub(super) fn mark(place: usize, at: Spot) -> Shape {
    Shape::Mark { kind: MarkKind::of_series(place), at, radius: 3.2, role: Role::Series(place) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::course::MOST_NAMED;
    use super::*;

    const RIGHT: f64 = 650.0;

    #[test]
    fn a_line_leaves_lower_bounds_out() {
        let parts = |text: &str, apart: f64| {
            let point = |(place, c): (u32, char)| Point {
                at: (f64::from(place) * apart, 10.0),
                status: if c == '≥' { Status::Incomplete } else { Status::Complete },
            };
            let points: Vec<Point> = (0..).zip(text.chars()).map(point).collect();
            exact_parts(&points).iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(parts("...≥..≥≥.", 10.0), [3, 2, 1]);
        assert_eq!(parts("≥..≥", 10.0), [2]);
        assert_eq!(parts("≥≥", 10.0), [0; 0]);
        // A day of two years.
        assert_eq!(parts("...≥..≥≥.", 0.8), [6]);
        assert_eq!(parts("..≥≥≥≥≥≥≥≥≥≥..", 0.8), [2, 2]);
    }

    proptest! {
        #[test]
        fn no_mark_of_a_line_stands_on_another_one(
            places in prop::collection::btree_set(0..600_u32, 1..200),
            bounds in prop::collection::vec(0..6_u8, 600),
            place in 0..MOST_NAMED,
        ) {
            let point = |x: &u32| {
                let status = match bounds[*x as usize] {
                    0 => Status::Incomplete,
                    _ => Status::Complete,
                };
                Point { at: (50.0 + f64::from(*x), 10.0), status }
            };
            let points: Vec<Point> = places.iter().map(point).collect();
            let marks = marks((50.0, RIGHT), place, std::slice::from_ref(&points));
            let kind_of = |shape: &Shape| match shape {
                Shape::Mark { kind, .. } => *kind,
                _ => panic!("{shape:?}"),
            };
            for (index, (at, shape)) in marks.iter().enumerate() {
                let is_bound = kind_of(shape) == MarkKind::AtLeast;
                let point = points.iter().find(|point| point.at == *at).expect("a point");
                prop_assert_eq!(is_bound, point.status == Status::Incomplete);
                prop_assert!(is_bound || at.0 <= RIGHT - APART, "beside the name");
                for (other, shape) in &marks[..index] {
                    let least = match (is_bound, kind_of(shape) == MarkKind::AtLeast) {
                        (true, true) => AT_LEAST_GAP,
                        (false, false) => MARK_GAP,
                        _ => APART,
                    };
                    prop_assert!((at.0 - other.0).abs() >= least, "{at:?} and {other:?}");
                }
            }
            // A first lower bound is always told.
            let first = points.iter().find(|point| point.status == Status::Incomplete);
            prop_assert!(first.is_none_or(|first| marks.iter().any(|(at, _)| *at == first.at)));
        }
    }
}
