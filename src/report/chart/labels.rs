//! Names beside their lines, moved apart as little as need be.

/// Moves places apart so that none is nearer to the next than `gap`, all lie from `low` to `high`,
/// their order stays, and the sum of the squared moves is the least.
///
/// Places that do not fit between the ends begin at `low` and go beyond `high`.
pub(super) fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    // Without its gaps a spread is a list that never falls: neighbours that would fall are pooled
    // and lie at their mean.
    let mut pools: Vec<(f64, u32)> = Vec::new();
    for (place, index) in (0_u32..).zip(&order) {
        let mut pool = (wanted[*index] - f64::from(place) * gap, 1);
        while let Some(before) = pools.pop_if(|before| before.0 >= pool.0) {
            let (one, other) = (f64::from(before.1), f64::from(pool.1));
            pool = ((before.0 * one + pool.0 * other) / (one + other), before.1 + pool.1);
        }
        pools.push(pool);
    }
    let last = order.len().saturating_sub(1);
    #[expect(clippy::cast_precision_loss, reason = "a few labels")]
    let highest = (high - last as f64 * gap).max(low);
    let means =
        pools.iter().flat_map(|(mean, count)| (0..*count).map(move |_| mean.clamp(low, highest)));
    let mut places = vec![0.0; wanted.len()];
    for ((place, index), mean) in (0_u32..).zip(&order).zip(means) {
        places[*index] = mean + f64::from(place) * gap;
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_touches_is_moved_apart_by_half_each() {
        let cases: [(&[f64], &[f64]); 5] = [
            (&[10.0, 50.0], &[10.0, 50.0]),
            (&[50.0, 50.0], &[45.0, 55.0]),
            (&[50.0, 48.0, 90.0], &[54.0, 44.0, 90.0]),
            (&[0.0, 0.0, 2.0], &[0.0, 10.0, 20.0]),
            (&[100.0, 99.0], &[100.0, 90.0]),
        ];
        for (wanted, expected) in cases {
            assert_eq!(spread(wanted, 10.0, 0.0, 100.0), expected, "{wanted:?}");
        }
        assert!(spread(&[], 10.0, 0.0, 100.0).is_empty());
    }

    proptest! {
        #[test]
        fn labels_never_overlap(wanted in proptest::collection::vec(0.0..300.0_f64, 0..40)) {
            let places = spread(&wanted, 14.0, 0.0, 300.0);
            let mut sorted = places.clone();
            sorted.sort_by(f64::total_cmp);
            prop_assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= 14.0 - 1e-6));
            if wanted.len() <= 20 {
                prop_assert!(places.iter().all(|place| (-1e-6..=300.0 + 1e-6).contains(place)));
            }
            for (a, at_a) in wanted.iter().zip(&places) {
                for (b, at_b) in wanted.iter().zip(&places) {
                    prop_assert!(a >= b || at_a < at_b, "the order stays");
                }
            }
        }
    }
}
