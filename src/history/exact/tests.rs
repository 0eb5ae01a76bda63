//! What values of other programs are read as, and what is in the way of the others.

use super::*;

fn moment(text: &str, grain: Grain) -> Result<String, Doubt> {
    let read = read_moment(text, grain, None, &mut Habits::default());
    read.map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[test]
fn moments_that_say_one_thing_are_read() {
    for text in [
        "2026-11-21T06:00:04Z",
        "2026-11-21 06:00:04",
        "2026-11-21 06:00:04+00:00",
        "2026-11-21 06:00:04 UTC",
        "2026-11-21 08:00:04+02:00",
        "2026-11-21 08:00:04+02",
        "2026-11-21T00:30:04-0530",
        "2026/11/21 6:00:04",
        "21.11.2026 06:00:04",
        "21/11/2026 06:00:04",
        "11/21/2026 6:00:04 AM",
        "11/21/2026 6:00:04",
        " 21-11-2026 6:00:04.000 ",
    ] {
        assert_eq!(moment(text, Grain::Seconds).as_deref(), Ok("2026-11-21T06:00:04Z"), "{text}");
    }
    assert_eq!(
        moment("11/21/2026 12:00:00 AM", Grain::Seconds).as_deref(),
        Ok("2026-11-21T00:00:00Z")
    );
    assert_eq!(
        moment("11/21/2026 12:00:00 pm", Grain::Seconds).as_deref(),
        Ok("2026-11-21T12:00:00Z")
    );
    assert_eq!(moment("6/6/2026 1:00:00", Grain::Seconds).as_deref(), Ok("2026-06-06T01:00:00Z"));
    assert_eq!(moment("2026-11-21", Grain::AsGiven).as_deref(), Ok("2026-11-21T00:00:00Z"));
    assert_eq!(moment("20261121", Grain::AsGiven).as_deref(), Ok("2026-11-21T00:00:00Z"));
    assert_eq!(moment("20261321", Grain::AsGiven), Err(Doubt::Nonsense));
    assert_eq!(moment("21.11.2026 06:00", Grain::AsGiven).as_deref(), Ok("2026-11-21T06:00:00Z"));
    assert_eq!(
        moment("2026-11-21T06:00:04.9Z", Grain::AsGiven).as_deref(),
        Ok("2026-11-21T06:00:04Z")
    );
}

#[test]
fn moments_that_lost_something_or_say_two_things_are_not() {
    for (text, part) in [
        ("21.11.2026 06:00", "seconds"),
        ("11/21/2026 6:00", "seconds"),
        ("2026-11-21", "time"),
        ("2026-11-21T06:00:04.5Z", "finer"),
        ("21.11.26 06:00:04", "century"),
        ("46347.25005", "day number"),
        ("46347,25005", "day number"),
        ("46347.25", "day number"),
        ("20261121", "time"),
        ("2026-11-21 06:00:04 CET", "zone"),
    ] {
        let Err(Doubt::Inexact(why)) = moment(text, Grain::Seconds) else { panic!("{text}") };
        assert!(why.contains(part), "{text}: {why}");
    }
    assert!(matches!(moment("3/4/2026 6:00:04", Grain::Seconds), Err(Doubt::Undecided(_))));
    for text in [
        "",
        "soon",
        "31.02.2026 06:00:04",
        "2026-13-01 06:00:04",
        "13/13/2026 6:00:04",
        "2026-11-21 25:00:04",
        "2026-11-21 06:61:04",
        "2026-11-21 13:00:00 PM",
        "21.11.2026.1 06:00:04",
        "2026-11-21 06:00:04+99:00",
        "2026-11-21 06:00:04+é0",
        "2026-11-21 06:000:04",
        "2026-00011-21 06:00:04",
        "2026-+11-21 06:00:04",
        "2026-11-21 06::04",
        "1.2",
        "12345x",
    ] {
        assert_eq!(moment(text, Grain::Seconds), Err(Doubt::Nonsense), "{text}");
    }
}

#[test]
fn other_rows_tell_the_order_of_day_and_month() {
    let mut habits = Habits::default();
    let mut read = |text, not_before: Option<&str>| {
        let start = not_before.map(|text| text.parse().expect("a moment"));
        read_moment(text, Grain::Seconds, start, &mut habits).map(|at| at.to_rfc3339())
    };
    assert!(read("3/4/2026 6:00:04", None).is_err());
    // Before its run started nothing was observed, so it is the fourth of March.
    let of_run = read("3/4/2026 6:00:04", Some("2026-03-04T06:00:03Z"));
    assert!(of_run.is_err(), "the third of April is possible too");
    assert!(
        read("4/3/2026 6:00:04", Some("2026-04-03T06:00:03Z"))
            .is_ok_and(|at| at.contains("-04-03T"))
    );
    assert!(read("3/4/2026 6:00:04", None).is_ok_and(|at| at.contains("-03-04T")), "month first");
    assert!(read("21/11/2026 6:00:04", None).is_ok(), "a contradiction");
    assert!(read("3/4/2026 6:00:04", None).is_err());
    let early = read("2026-02-01 06:00:04", Some("2026-03-04T06:00:03Z"));
    assert_eq!(early, Err(Doubt::Inexact("before the start of its run")));
    let early = read("2/1/2026 6:00:04", Some("2026-03-04T06:00:03Z"));
    assert_eq!(early, Err(Doubt::Inexact("before the start of its run")));
}

#[test]
fn whole_numbers_with_separators() {
    let whole = |text| read_whole(text, &mut Habits::default());
    for text in [
        "1240033",
        "1,240,033",
        "1.240.033",
        "1 240 033",
        "1\u{a0}240\u{a0}033",
        "1'240'033",
        "1240033.0",
        "1240033,00",
        "1,240,033.00",
        "1.240.033,0",
        "1240033.000",
        " 001240033 ",
    ] {
        assert_eq!(whole(text), Ok(1_240_033), "{text}");
    }
    for (text, number) in [
        ("0", 0),
        ("0.0", 0),
        ("1.240", 1240),
        ("999,001", 999_001),
        ("9007199254740992.0", 1 << 53),
    ] {
        assert_eq!(whole(text), Ok(number), "{text}");
    }
    for text in ["1.24E+06", "1.24003e6", "1E9", "9007199254740993.0"] {
        assert!(matches!(whole(text), Err(Doubt::Inexact(_))), "{text}");
    }
    for text in ["1.000", "1,000", "12.000", "100.000"] {
        assert!(matches!(whole(text), Err(Doubt::Undecided(_))), "{text}");
    }
    for text in [
        "",
        "-5",
        "5.5",
        "1,24,033",
        "1.240,033.1",
        "1,240.5",
        "5.",
        "x",
        "1..2",
        "12a",
        "18446744073709551616",
        "1,240.033",
        "1E",
        "1Ex",
        "1xE5",
        "1.2E5x",
    ] {
        assert_eq!(whole(text), Err(Doubt::Nonsense), "{text}");
    }
}

#[test]
fn other_rows_tell_decimals_from_thousands() {
    let mut habits = Habits::default();
    assert!(read_whole("1.000", &mut habits).is_err());
    assert_eq!(read_whole("12.0", &mut habits), Ok(12));
    assert_eq!(read_whole("1.000", &mut habits), Ok(1));
    let mut habits = Habits::default();
    assert_eq!(read_whole("1.240.033", &mut habits), Ok(1_240_033));
    assert_eq!(read_whole("1.000", &mut habits), Ok(1000));
    assert_eq!(read_whole("12.0", &mut habits), Ok(12), "a contradiction");
    assert!(read_whole("1.000", &mut habits).is_err());
    let mut habits = Habits::default();
    assert_eq!(read_whole("1,240,033.0", &mut habits), Ok(1_240_033), "both marks at once");
    assert_eq!(read_whole("1,000", &mut habits), Ok(1000));
    assert_eq!(read_whole("1.000", &mut habits), Ok(1));
}

#[test]
fn methods_get_their_zeros_back() {
    let restored = |text| restore_method(text).map(Cow::into_owned);
    for (text, method) in [
        ("62e9187b", "62e9187b"),
        ("123456", "00123456"),
        ("12345678.0", "12345678"),
        ("12345.0", "00012345"),
        ("", ""),
        ("NaN", ""),
        ("12345678", "12345678"),
    ] {
        assert_eq!(restored(text).as_deref(), Ok(method), "{text}");
    }
    for text in ["1.23457E+12", "6.2E+9", "123.5"] {
        assert!(matches!(restored(text), Err(Doubt::Inexact(_))), "{text}");
    }
}
