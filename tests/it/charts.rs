//! Charts and tables of trends: two years of a daily survey, the article's ranking, and names that
//! nobody would choose.

use std::collections::BTreeSet;

use crate::two_years;
use crate::workdir::{Workdir, repository_text};

/// A folder with two years of a daily survey.
pub(crate) fn two_years() -> Workdir {
    let workdir = Workdir::new();
    workdir.write(&format!("config/surveys/{}.toml", two_years::ID), two_years::survey());
    workdir.write(&format!("output/{}/history.csv", two_years::ID), two_years::history());
    workdir
}

/// Names that do harm where they are taken for anything but text.
const HOSTILE: [&str; 14] = [
    "<script>alert('1')</script>",
    "\"quotes\" & 'apostrophes' ]]> --",
    "עברית מימין לשמאל",
    "\u{202e}turned round",
    "مكتبة الويب العربية",
    "日本語フレームワーク 日本語フレームワーク",
    "👨‍👩‍👧‍👦🧑🏽‍💻🇩🇪 and more",
    "Ze\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}lgo",
    "${name} {{x}} %s \\n",
    "&amp;&#60;b&#62;",
    "   spaces   inside   ",
    "\u{200b}\u{2060}nothing to see\u{feff}",
    "-->]]><!--",
    "Ünïcödé ≥ Ñame",
];

/// A history of so many days and the hostile names, one of 200 characters among them.
fn hostile(days: u32) -> Workdir {
    let workdir = Workdir::new();
    let long = "W".repeat(200);
    let names: Vec<&str> = HOSTILE.into_iter().chain([long.as_str()]).collect();
    let mut text = "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,\
                    repo_count,status,source,query_text,detail\n"
        .to_owned();
    for day in 1..=days {
        for (place, name) in names.iter().enumerate() {
            let quoted = name.replace('"', "\"\"");
            let count = 900_000 / (place + 1) + day as usize * 100;
            let detail =
                if place == 0 { format!("planned {}", names.len()) } else { String::new() };
            text.push_str(&format!(
                "202603{day:02}T060000Z-0001,2026-03-{day:02}T06:00:01Z,hostile,\"{quoted}\",\
                 \"<b>{quoted}\",repositories,aaaaaaaa,1,1,{count},complete,rest,a query,{detail}\n"
            ));
        }
    }
    workdir.write("hostile.csv", text);
    workdir
}

/// Returns the rectangles within groups: `x` and width of each bar, in the order of the picture.
fn bars(svg: &str) -> Vec<(f64, f64)> {
    let document = roxmltree::Document::parse(svg).expect("XML");
    let number = |node: roxmltree::Node<'_, '_>, name: &str| -> f64 {
        node.attribute(name).expect("an attribute").parse().expect("a number")
    };
    let is_bar = |node: &roxmltree::Node<'_, '_>| {
        node.has_tag_name("rect") && node.parent().is_some_and(|parent| parent.has_tag_name("g"))
    };
    let bars = document.descendants().filter(is_bar);
    bars.map(|bar| (number(bar, "x"), number(bar, "width"))).collect()
}

#[test]
fn two_years_are_a_sound_history() {
    let workdir = two_years();
    let check = workdir.run(&["check", two_years::ID]).success();
    assert!(check.contains("54,789 rows, 687 runs, 1 not finished"), "{check}");
}

#[test]
fn two_years_in_every_format() {
    let workdir = two_years();
    let shown = |columns: &str, arguments: &[&str]| {
        let outcome = workdir.run_command(workdir.command(arguments).env("COLUMNS", columns));
        let again = workdir.run_command(workdir.command(arguments).env("COLUMNS", columns));
        assert_eq!(outcome.stdout, again.stdout, "{arguments:?}");
        outcome.success()
    };
    for columns in ["40", "80", "120"] {
        let trend = shown(columns, &["trend"]);
        let longest = trend.lines().map(|line| line.chars().count()).max().expect("lines");
        assert!(longest <= columns.parse().expect("a number"), "{longest} of {columns}\n{trend}");
        insta::assert_snapshot!(format!("two_years_{columns}_columns"), trend);
        insta::assert_snapshot!(
            format!("two_years_ranking_{columns}_columns"),
            shown(columns, &["report"])
        );
    }
    let plain = workdir.run_command(workdir.command(&["trend"]).env("TERM", "dumb")).success();
    assert!(plain.is_ascii() || !plain.contains('█'), "{plain}");
    insta::assert_snapshot!("two_years_dumb", plain);
    insta::assert_snapshot!("two_years_md", shown("80", &["trend", "--format", "md"]));
    let monthly = ["trend", "--per", "month", "--metric", "active", "--format", "json"];
    insta::assert_snapshot!("two_years_monthly_json", shown("80", &monthly));
    insta::assert_snapshot!("two_years_svg", shown("80", &["trend", "--format", "svg"]));
    let ranks =
        ["trend", "--format", "svg", "--chart", "ranks", "--theme", "dark", "--width", "400"];
    insta::assert_snapshot!("two_years_ranks_svg", shown("80", &ranks));
    insta::assert_snapshot!("two_years_ranking_svg", shown("80", &["report", "--format", "svg"]));
}

#[test]
fn every_count_is_in_the_json() {
    let workdir = two_years();
    let json = workdir.run(&["trend", "--format", "json"]).success();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let periods = json["periods"].as_array().expect("periods").len();
    assert_eq!(json["periods_with_run"], periods);
    let wide = workdir.run(&["export", "--shape", "wide"]).success();
    let mut cells = 0;
    let header: Vec<&str> = wide.lines().next().expect("a header").split(',').collect();
    for framework in json["trend"].as_array().expect("frameworks") {
        let column = header.iter().position(|name| framework["framework"] == *name);
        let column = column.expect("a column");
        let rows = wide.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        // A row without any count is a gap.
        let rows = rows.filter(|row| row[1..row.len() - 1].iter().any(|cell| !cell.is_empty()));
        let counts = framework["counts"].as_array().expect("counts");
        assert_eq!(counts.len(), periods);
        for (row, count) in rows.zip(counts) {
            let expected = row[column].parse::<u64>().map_or(serde_json::Value::Null, Into::into);
            assert_eq!(*count, expected, "{row:?}");
            cells += 1;
        }
    }
    assert_eq!(cells, periods * 16);
}

#[test]
fn the_bars_of_the_article_are_as_long_as_its_counts() {
    let workdir = Workdir::new();
    let svg = ["collect", "--replay", "codingnomads-2023", "--format", "svg", "--quiet"];
    for width in ["400", "800", "1600"] {
        let svg = workdir.run(&[&svg[..], &["--width", width]].concat()).success();
        let bars = bars(&svg);
        let counts: [u32; 11] = [
            1_240_033, 629_039, 483_735, 336_145, 98_663, 92_366, 84_347, 64_595, 53_535, 49_488,
            12_347,
        ];
        assert_eq!(bars.len(), counts.len());
        let (left, longest) = bars[0];
        for ((x, width), count) in bars.iter().zip(counts) {
            let expected = longest * f64::from(count) / f64::from(counts[0]);
            assert!((width - expected).abs() <= 0.11, "{count}: {width}, not {expected}");
            assert!((x - left).abs() < f64::EPSILON);
        }
        let names = ["Spring", "Django", "Laravel", "Flask", "Express.js", "Ruby on Rails"];
        let places = names.map(|name| svg.find(&format!(">{name}<")).expect("a name"));
        assert!(places.is_sorted(), "{places:?}");
    }
}

#[test]
fn the_pictures_of_the_readme_are_what_a_replay_draws() {
    let readme = repository_text("README.md");
    let workdir = Workdir::new();
    for theme in ["light", "dark"] {
        let file = format!("docs/ranking-{theme}.svg");
        assert!(readme.contains(&file), "the README does not show {file}");
        let replay = ["collect", "--replay", "codingnomads-2023", "--quiet", "--theme", theme];
        let drawn = workdir.run(&[&replay[..], &["--format", "svg"]].concat()).success();
        assert_eq!(drawn, repository_text(&file), "{file} is not what a replay draws");
    }
}

#[test]
fn hostile_names_stay_text() {
    let known: BTreeSet<&str> =
        ["svg", "title", "desc", "rect", "path", "circle", "text", "g"].into_iter().collect();
    for (days, arguments) in [
        (1, &["report", "hostile.csv"][..]),
        (9, &["trend", "hostile.csv"]),
        (9, &["trend", "hostile.csv", "--chart", "ranks"]),
    ] {
        let workdir = hostile(days);
        for width in ["320", "800"] {
            let all = [arguments, &["--format", "svg", "--width", width]].concat();
            let svg = workdir.run(&all).success();
            let document = roxmltree::Document::parse(&svg).expect("XML");
            let elements = document.descendants().filter(roxmltree::Node::is_element);
            let tags: BTreeSet<&str> = elements.map(|node| node.tag_name().name()).collect();
            assert!(tags.is_subset(&known), "{tags:?}");
            let titles = document.descendants().filter(|node| node.has_tag_name("title"));
            let titles: Vec<&str> = titles.filter_map(|title| title.text()).collect();
            for name in HOSTILE {
                let expected: String = name.chars().filter(|c| *c != '\u{202e}').collect();
                let told = titles.iter().any(|title| title.contains(expected.trim()));
                assert!(told, "{name}: {titles:?}");
            }
            assert!(svg.is_char_boundary(0) && !svg.contains('\u{202e}'));
        }
    }
}

#[test]
fn many_frameworks_are_drawn_as_far_as_they_can_be_read() {
    let workdir = Workdir::new();
    let mut text = "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,\
                    repo_count,status,source,query_text,detail\n"
        .to_owned();
    for day in 1..=5 {
        for place in 0..1000 {
            let detail = if place == 0 { "planned 1000" } else { "" };
            text.push_str(&format!(
                "2026030{day}T060000Z-0001,2026-03-0{day}T06:00:01Z,many,F{place:03},,repositories,\
                 aaaaaaaa,1,1,{},complete,rest,a query,{detail}\n",
                500_000 - place * 400 + day * 7
            ));
        }
    }
    workdir.write("many.csv", text);
    let bars_drawn = bars(&workdir.run(&["report", "many.csv", "--format", "svg"]).success());
    assert_eq!(bars_drawn.len(), 60);
    for chart in ["lines", "ranks"] {
        let svg =
            workdir.run(&["trend", "many.csv", "--format", "svg", "--chart", chart]).success();
        assert!(svg.contains("Named are the first 16 of 1,000 by the last count"), "{svg}");
        assert!(svg.contains("940 more are not drawn"), "{svg}");
        assert!(svg.len() < 60_000, "{} bytes", svg.len());
    }
}

#[test]
fn pictures_go_to_files_and_pipes() {
    let workdir = two_years();
    let mut told = String::new();
    for arguments in [
        &["report", "--width", "100"][..],
        &["report", "--width", "wide"],
        &["trend", "--theme", "pink"],
        &["trend", "--chart", "pie"],
        &["report", "--out", "ranking.gif"],
    ] {
        let outcome = workdir.run(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{arguments:?}");
        told.push_str(&format!("{}\n{}\n", arguments.join(" "), outcome.stderr));
    }
    insta::assert_snapshot!(told);
    workdir.run(&["trend", "--out", "a/ranks.svg", "--out", "a/trend.svg"]).success();
    let ranks = workdir.run(&["trend", "--format", "svg", "--chart", "ranks"]).success();
    assert_eq!(workdir.read("a/ranks.svg"), ranks);
    assert_ne!(workdir.read("a/trend.svg"), ranks);
    let linear = workdir.run(&["trend", "--format", "svg", "--scale", "linear"]).success();
    assert!(linear.contains("Repositories, linear scale from 0"), "{linear}");
}

#[cfg(not(feature = "png"))]
#[test]
fn without_the_feature_png_is_refused_and_the_rest_is_written() {
    let workdir = two_years();
    for arguments in [&["report", "--format", "png"][..], &["trend", "--out", "trend.png"]] {
        let refused = workdir.run(arguments);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
        assert!(refused.stderr.contains("this build has no PNG"), "{}", refused.stderr);
    }
    workdir.run(&["report", "--out", "all/"]).success();
    assert!(workdir.path("all/ranking.svg").exists());
    assert!(!workdir.path("all/ranking.png").exists());
}

#[cfg(feature = "png")]
mod png {
    use super::*;

    /// Returns width and height of a PNG.
    fn size(png: &[u8]) -> (u32, u32) {
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("bytes"));
        (number(16), number(20))
    }

    #[test]
    fn pixels_are_as_many_as_were_asked_for() {
        let workdir = two_years();
        for (width, arguments) in [
            (1600, &["report", "--out", "a.png"][..]),
            (400, &["report", "--out", "a.png", "--width", "400"]),
            (1000, &["trend", "--out", "a.png", "--width", "1000", "--theme", "dark"]),
            (1600, &["trend", "--out", "a.png", "--chart", "ranks"]),
        ] {
            workdir.run(arguments).success();
            let png = std::fs::read(workdir.path("a.png")).expect("a file");
            assert_eq!(size(&png).0, width);
            workdir.run(arguments).success();
            assert_eq!(
                std::fs::read(workdir.path("a.png")).expect("a file"),
                png,
                "the same bytes"
            );
        }
        // A pipe gets the bytes as they are.
        let mut piped = workdir.command(&["trend", "--format", "png", "--chart", "ranks"]);
        let piped = piped.output().expect("the program starts").stdout;
        assert_eq!(piped, std::fs::read(workdir.path("a.png")).expect("a file"));
    }

    #[test]
    fn what_the_font_lacks_is_told() {
        let workdir = hostile(1);
        let outcome = workdir.run(&["report", "hostile.csv", "--out", "a.png"]);
        assert_eq!(outcome.code, 0);
        insta::assert_snapshot!(outcome.stderr);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_terminal_gets_no_pixels() {
        use rustix::fs::{Mode, OFlags};
        use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};

        let workdir = two_years();
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        unlockpt(&ours).expect("a terminal");
        let name = ptsname(&ours, Vec::new()).expect("its name");
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let theirs = rustix::fs::open(&*name, flags, Mode::empty()).expect("its other end");
        let mut told = String::new();
        for arguments in [
            &["report", "two-years", "--format", "png"][..],
            &["trend", "--format", "png"],
            &["collect", "--replay", "codingnomads-2023", "--format", "png"],
            &["count", "ruby on rails", "--format", "png"],
        ] {
            let mut command = workdir.command(arguments);
            command.stdout(std::process::Stdio::from(theirs.try_clone().expect("a handle")));
            let outcome = workdir.run_command(&mut command);
            assert_eq!(outcome.code, 2, "{arguments:?}");
            told.push_str(&format!("{}\n{}\n", arguments.join(" "), outcome.stderr));
        }
        insta::assert_snapshot!(told);
    }
}
