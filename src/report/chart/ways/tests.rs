//! Texts apart and inside, whatever is drawn.

use super::*;
use crate::domain::sample::{Outcome, SourceKind};
use crate::report::chart::{Theme, Words, render_svg};

/// Ranks of so many frameworks that cross each other, with lower bounds, ties, failures and a way
/// that does not fit all.
fn sensitivity(names: &[String]) -> Sensitivity {
    let ids = ["plain", "name", "topic", "language", "active", "starred", "forks"];
    let outcome = |way: usize, place: usize| {
        let moved = (place * 7 + way * place * 3) % 5 * usize::from(!place.is_multiple_of(4));
        let count = (1_000 - 10 * place as u64) + 14 * moved as u64 * u64::from(way > 0);
        match (way * 11 + place * 5) % 23 {
            7 if place > 4 => Some(Outcome::Failed),
            9 => Some(Outcome::Incomplete(count)),
            _ if ids[way] == "topic" && place % 6 == 5 => None,
            _ => Some(Outcome::Complete(count)),
        }
    };
    let way = |(way, id): (usize, &&str)| {
        let outcomes = (0..names.len()).map(|place| outcome(way, place)).collect();
        ((*id).to_owned(), format!("{{query}} {id}:{{today-365d}}"), outcomes)
    };
    let ways: Vec<_> = ids.iter().enumerate().map(way).collect();
    let at = "2026-11-21T06:00:00Z".parse().expect("a moment");
    Sensitivity::new((at, &SourceKind::Rest.into()), names, &ways)
}

fn names(many: usize) -> Vec<String> {
    let first = ["Spring", "Ruby on Rails", "Express.js", "Next.js", "ASP.NET Core", "NestJS"];
    let name = |place: usize| match first.get(place) {
        Some(name) => (*name).to_owned(),
        None if place == 8 => "W".repeat(200),
        None if place == 9 => "日本語フレームワーク 日本語フレームワーク".to_owned(),
        None => format!("Framework {place}"),
    };
    (0..many).map(name).collect()
}

fn scene(names: &[String], width_px: u32) -> Scene {
    let look = ChartLook { width_px, words: Words::All };
    draw_sensitivity(&sensitivity(names), "Frameworks by number of repositories", look)
}

type Placed = (f64, f64, f64, f64, String);

/// Returns left, right, top and bottom of every text.
fn texts(shapes: &[Shape]) -> Vec<Placed> {
    let texts = shapes.iter().flat_map(|shape| match shape {
        Shape::Text { at, size, anchor, text, .. } => {
            let width = text_width(text, *size);
            let left = match anchor {
                Anchor::Start => at.0,
                Anchor::Middle => at.0 - width / 2.0,
                Anchor::End => at.0 - width,
            };
            vec![(left, left + width, at.1 - size * 0.75, at.1 + size * 0.2, text.clone())]
        }
        Shape::Group { shapes, .. } => texts(shapes),
        _ => Vec::new(),
    });
    texts.collect()
}

#[test]
fn texts_lie_inside_and_apart() {
    for (many, width_px) in
        [1, 2, 11, 30, 60, 90].into_iter().flat_map(|many| [320, 400, 560, 800].map(|w| (many, w)))
    {
        let scene = scene(&names(many), width_px);
        let is_any = texts(&scene.shapes).len() > 2 * many.min(MOST_LINES);
        assert!(is_any, "{many} {width_px}");
        expect_apart(&scene, &format!("{many} {width_px}"));
    }
}

/// Expects that no text leaves the picture or lies on another one.
fn expect_apart(scene: &Scene, what: &str) {
    let texts = texts(&scene.shapes);
    for (place, (left, right, top, bottom, text)) in texts.iter().enumerate() {
        let is_inside = *left >= 0.0 && *right <= scene.width && *bottom <= scene.height;
        assert!(is_inside, "{what}: {text}");
        for (other_left, other_right, other_top, other_bottom, other) in &texts[..place] {
            let wide = right.min(*other_right) - left.max(*other_left);
            let high = bottom.min(*other_bottom) - top.max(*other_top);
            assert!(wide <= 0.0 || high <= 0.5, "{what}: {text} on {other}");
        }
    }
}

#[test]
fn ranks_beyond_the_picture_are_told() {
    let names = names(90);
    let way = |id: &str, of: &dyn Fn(u64) -> u64| {
        let outcomes = (0..90).map(|place| Some(Outcome::Complete(of(place)))).collect();
        (id.to_owned(), id.to_owned(), outcomes)
    };
    let ways = [way("plain", &|place| 100 - place), way("turned", &|place| 100 + place)];
    let turned =
        Sensitivity::new((chrono::DateTime::default(), &SourceKind::Rest.into()), &names, &ways);
    let look = ChartLook { width_px: 320, words: Words::All };
    let scene = draw_sensitivity(&turned, "Turned", look);
    let beyond: Vec<Placed> =
        texts(&scene.shapes).into_iter().filter(|text| text.4.starts_with('>')).collect();
    assert_eq!(beyond.len(), 30);
    expect_apart(&scene, "beyond");
}

#[test]
fn ranks_by_ways_are_drawn() {
    let scene = scene(&names(11), 800);
    insta::assert_snapshot!("eleven", render_svg(&scene, Theme::Light));
    assert_eq!(render_svg(&scene, Theme::Light), render_svg(&scene, Theme::Light));
}

#[test]
fn nobody_is_coloured_where_nobody_moves() {
    let names = names(3);
    let outcomes = || [3, 2, 1].map(|count| Some(Outcome::Complete(count))).to_vec();
    let way = |id: &str| (id.to_owned(), id.to_owned(), outcomes());
    let at = chrono::DateTime::default();
    let alike =
        Sensitivity::new((at, &SourceKind::Rest.into()), &names, &[way("plain"), way("name")]);
    assert!(choose_lines(&alike).iter().all(|line| line.coloured.is_none()));
    let alone = Sensitivity::new((at, &SourceKind::Rest.into()), &names, &[way("plain")]);
    let look = ChartLook { width_px: 320, words: Words::Names };
    assert!(draw_sensitivity(&alone, "One way", look).height > 3.0 * ROW);
    let many = sensitivity(&self::names(60));
    let coloured = choose_lines(&many).iter().filter(|line| line.coloured.is_some()).count();
    assert_eq!(coloured, MOST_COLOURED);
}
