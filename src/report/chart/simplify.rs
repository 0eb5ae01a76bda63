//! Lines with fewer points that look the same.

use super::scene::Spot;

/// How far a line may move where points are left out: less than can be seen.
const TOLERANCE: f64 = 0.25;

/// Leaves out points that lie within [`TOLERANCE`] of the line without them (Ramer, Douglas, Peucker).
pub(super) fn simplify(points: &[Spot]) -> Vec<Spot> {
    let Some(last) = points.len().checked_sub(1) else { return Vec::new() };
    let mut kept = vec![false; points.len()];
    (kept[0], kept[last]) = (true, true);
    let mut parts = vec![(0, last)];
    while let Some((from, to)) = parts.pop() {
        let between = (from + 1..to).map(|at| (at, distance(points[at], points[from], points[to])));
        let farthest = between.max_by(|one, other| one.1.total_cmp(&other.1));
        if let Some((at, _)) = farthest.filter(|(_, distance)| *distance > TOLERANCE) {
            kept[at] = true;
            parts.extend([(from, at), (at, to)]);
        }
    }
    points.iter().zip(kept).filter(|(_, kept)| *kept).map(|(point, _)| *point).collect()
}

/// Returns how far a point lies from the line between two others.
fn distance(point: Spot, from: Spot, to: Spot) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if length == 0.0 {
        return (point.0 - from.0).hypot(point.1 - from.1);
    }
    ((point.0 - from.0) * dy - (point.1 - from.1) * dx).abs() / length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_lies_on_a_line_is_left_out() {
        let line: Vec<Spot> = (0..1000).map(|x| (f64::from(x), f64::from(x) * 0.5)).collect();
        assert_eq!(simplify(&line), [(0.0, 0.0), (999.0, 499.5)]);
        let corner = [(0.0, 0.0), (5.0, 5.0), (10.0, 0.0)];
        assert_eq!(simplify(&corner), corner);
        assert!(simplify(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn no_point_moves_farther_than_the_tolerance(
            heights in proptest::collection::vec(0.0..50.0_f64, 2..80)
        ) {
            let points: Vec<Spot> = heights.iter().zip(0..).map(|(y, x)| (f64::from(x), *y)).collect();
            let kept = simplify(&points);
            for point in &points {
                let near = kept.windows(2).any(|pair| {
                    pair[0].0 <= point.0 && point.0 <= pair[1].0
                        && distance(*point, pair[0], pair[1]) <= TOLERANCE + 1e-9
                });
                prop_assert!(near, "{point:?}");
            }
        }
    }
}
