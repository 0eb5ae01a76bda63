//! Numbers as people read them.

/// Writes a count with commas between thousands.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a change with its sign and commas between thousands; no change is `0`.
#[must_use]
pub fn signed(change: i64) -> String {
    let sign = match change {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", count(change.unsigned_abs()))
}

/// Writes a share of 1 as percent with one decimal.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Writes a change as percent, with its sign and one decimal.
pub(super) fn signed_percent(share: f64) -> String {
    format!("{} %", signed_decimal(share * 100.0))
}

/// Writes a rate with its sign: whole from 10 on, with one decimal below.
pub(super) fn signed_rate(rate: f64) -> String {
    let is_small = rate.abs() < 9.95;
    #[expect(clippy::cast_possible_truncation, reason = "counts fit")]
    let whole = rate.round() as i64;
    if is_small { signed_decimal(rate) } else { signed(whole) }
}

/// Writes one decimal; what rounds to zero has no sign.
fn signed_decimal(number: f64) -> String {
    if number.abs() < 0.05 { "0.0".to_owned() } else { format!("{number:+.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (1_240_033, "1,240,033")];
        for (number, expected) in cases {
            assert_eq!(count(number), expected);
        }
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(signed(-1234), "-1,234");
        assert_eq!(signed(1234), "+1,234");
        assert_eq!(signed(0), "0");
        assert_eq!(signed(i64::MIN), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn changes_have_a_sign() {
        assert_eq!(signed_percent(0.1234), "+12.3 %");
        assert_eq!(signed_percent(-0.0001), "0.0 %");
        assert_eq!(signed_percent(-0.5), "-50.0 %");
        let rates = [(0.0, "0.0"), (9.94, "+9.9"), (9.96, "+10"), (-1234.5, "-1,235")];
        for (rate, expected) in rates {
            assert_eq!(signed_rate(rate), expected);
        }
    }

    #[test]
    fn shares_have_one_decimal() {
        assert_eq!(percent(0.3946), "39.5 %");
        assert_eq!(percent(0.0), "0.0 %");
    }
}
