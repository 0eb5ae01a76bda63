//! A scene as SVG: alone, with colours, and inside a page, with classes that a style sheet colours.
//!
//! Coordinates are rounded to tenths and written from whole numbers, so that a scene is the same
//! bytes everywhere.

use std::fmt::Write as _;

use super::super::escape;
use super::scene::{Anchor, Dash, MarkKind, Role, SERIES_COLOURS, Scene, Shape, Spot};
use super::theme::Theme;

/// The fonts of texts, best first; all but the last have the widths that layouts reckon with.
const FONTS: &str = "Arimo, 'Liberation Sans', Arial, Helvetica, sans-serif";
const STROKE_OF_MARKS: f64 = 1.6;

/// Renders a scene as an SVG document of its own, in the colours of a theme, with a line feed at the
/// end.
#[must_use]
pub fn render_svg(scene: &Scene, theme: Theme) -> String {
    let mut svg = Writer { text: String::new(), colours: Colours::Of(theme) };
    let height_px = scene.height * f64::from(scene.width_px) / scene.width;
    svg.put(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" \
         font-family=\"{FONTS}\" text-rendering=\"geometricPrecision\" role=\"img\" aria-labelledby=\"title description\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"description\">{}</desc>\n",
        scene.width_px,
        tenths(height_px.round()),
        tenths(scene.width),
        tenths(scene.height),
        escape::xml(&scene.title),
        escape::xml(&scene.description),
    ));
    svg.shape(&Shape::Block {
        at: (0.0, 0.0),
        width: scene.width,
        height: scene.height,
        fill: Role::Paper,
    });
    svg.shapes(&scene.shapes);
    svg.put("</svg>\n");
    svg.text
}

/// Renders a scene as an element of an HTML page: no colours but classes, for which
/// [`render_chart_style`] has the rules; no ids, so that many of them fit into one page.
///
/// The element has `data-plot` with left, right, top and bottom edge, `data-time` with the moments
/// at the left and right edge in Unix seconds, `data-values` with the lowest and the highest value,
/// and `data-scale`: `linear`, `log` or `ranks`. What belongs to a line of the report is a `g` with
/// `data-line`, the line's index.
#[must_use]
pub fn render_inline_svg(scene: &Scene) -> String {
    let mut svg = Writer { text: String::new(), colours: Colours::Classes };
    svg.put(&format!(
        "<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"",
        tenths(scene.width),
        tenths(scene.height),
        escape::xml(&format!("{}. {}", scene.title, scene.description)),
    ));
    if let Some(plot) = &scene.plot {
        let edges = [plot.left, plot.right, plot.top, plot.bottom].map(tenths).join(" ");
        svg.put(&format!(
            " data-plot=\"{edges}\" data-time=\"{} {}\" data-values=\"{} {}\" data-scale=\"{}\"",
            plot.from_s,
            plot.to_s,
            plot.low,
            plot.high,
            plot.scale.as_str()
        ));
    }
    svg.put(">\n");
    svg.shapes(&scene.shapes);
    svg.put("</svg>\n");
    svg.text
}

/// Renders the style rules of inline charts; colours are variables, `--chart-ink` and so on, which
/// [`render_chart_colours`] sets.
#[must_use]
pub fn render_chart_style() -> String {
    let mut style = format!(
        ".chart{{font-family:{FONTS};text-rendering:geometricPrecision;width:100%;height:auto;display:block}}\n\
         .chart path{{stroke-linejoin:round}}.chart .m{{stroke-width:{};stroke-linejoin:miter}}\n",
        tenths(STROKE_OF_MARKS)
    );
    for role in all_roles() {
        let name = name_of(role);
        style.push_str(&format!(
            ".f-{name}{{fill:var(--chart-{name})}}.s-{name}{{stroke:var(--chart-{name});fill:none}}\n"
        ));
    }
    style
}

/// Renders the colours of a theme as declarations of variables, for a rule of one's own.
#[must_use]
pub fn render_chart_colours(theme: Theme) -> String {
    let colour = |role| format!("--chart-{}:{};", name_of(role), theme.colour(role));
    all_roles().map(colour).collect()
}

fn all_roles() -> impl Iterator<Item = Role> {
    use Role::{Bar, Flag, Gap, Grid, Ink, Muted, Other, Paper};
    let series = (0..SERIES_COLOURS).map(Role::Series);
    [Paper, Ink, Muted, Grid, Gap, Bar, Other, Flag].into_iter().chain(series)
}

fn name_of(role: Role) -> String {
    match role {
        Role::Paper => "paper".to_owned(),
        Role::Ink => "ink".to_owned(),
        Role::Muted => "muted".to_owned(),
        Role::Grid => "grid".to_owned(),
        Role::Gap => "gap".to_owned(),
        Role::Bar => "bar".to_owned(),
        Role::Other => "other".to_owned(),
        Role::Flag => "flag".to_owned(),
        Role::Series(place) => (place % SERIES_COLOURS + 1).to_string(),
    }
}

/// How colours are written.
#[derive(Clone, Copy)]
enum Colours {
    Of(Theme),
    Classes,
}

struct Writer {
    text: String,
    colours: Colours,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn shapes(&mut self, shapes: &[Shape]) {
        for shape in shapes {
            self.shape(shape);
        }
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Block { at, width, height, fill } => {
                let fill = self.fill(*fill);
                let (x, y) = (tenths(at.0), tenths(at.1));
                let (width, height) = (tenths(*width), tenths(*height));
                self.put(&format!(
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{fill}/>\n"
                ));
            }
            Shape::Path { lines, stroke, width, dash } => {
                let d: String = lines.iter().map(|line| path_data(line, false)).collect();
                if !d.is_empty() {
                    let stroke = self.stroke(*stroke, *width);
                    let dash = match dash {
                        Dash::Solid => "",
                        Dash::Dashed => " stroke-dasharray=\"6 3\"",
                        Dash::Dotted => " stroke-dasharray=\"1.5 2.5\"",
                    };
                    let join = match self.colours {
                        Colours::Of(_) => " stroke-linejoin=\"round\"",
                        Colours::Classes => "",
                    };
                    self.put(&format!("<path d=\"{d}\"{stroke}{dash}{join}/>\n"));
                }
            }
            Shape::Mark { kind, at, radius, role } => self.mark(*kind, *at, *radius, *role),
            Shape::Text { at, size, anchor, role, text } => {
                let anchor = match anchor {
                    Anchor::Start => "",
                    Anchor::Middle => " text-anchor=\"middle\"",
                    Anchor::End => " text-anchor=\"end\"",
                };
                let (x, y, size) = (tenths(at.0), tenths(at.1), tenths(*size));
                let (fill, text) = (self.fill(*role), escape::xml(text));
                self.put(&format!(
                    "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}{fill}>{text}</text>\n"
                ));
            }
            Shape::Group { line, label, shapes } => {
                match self.colours {
                    Colours::Classes => self.put(&format!("<g data-line=\"{line}\">\n")),
                    Colours::Of(_) => {
                        self.put(&format!("<g>\n<title>{}</title>\n", escape::xml(label)));
                    }
                }
                self.shapes(shapes);
                self.put("</g>\n");
            }
        }
    }

    fn mark(&mut self, kind: MarkKind, (x, y): Spot, r: f64, role: Role) {
        let polygon = |corners: &[Spot]| {
            let corners: Vec<Spot> = corners.iter().map(|c| (x + c.0 * r, y + c.1 * r)).collect();
            path_data(&corners, true)
        };
        let strokes = |ends: &[[Spot; 2]]| {
            let line = |end: &[Spot; 2]| path_data(&end.map(|e| (x + e.0 * r, y + e.1 * r)), false);
            ends.iter().map(line).collect::<String>()
        };
        let circle =
            format!("<circle cx=\"{}\" cy=\"{}\" r=\"{}\"", tenths(x), tenths(y), tenths(r));
        let stroke = match self.colours {
            Colours::Of(_) => self.stroke(role, STROKE_OF_MARKS),
            Colours::Classes => format!(" class=\"m s-{}\"", name_of(role)),
        };
        let fill = self.fill(role);
        let mark = match kind {
            MarkKind::Disc => format!("{circle}{fill}/>\n"),
            MarkKind::Ring => format!("{circle}{stroke}/>\n"),
            MarkKind::Square => {
                filled(&polygon(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]), &fill)
            }
            MarkKind::Diamond => {
                filled(&polygon(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]), &fill)
            }
            MarkKind::Wedge => filled(&polygon(&[(-1.15, -0.9), (1.15, -0.9), (0.0, 1.15)]), &fill),
            MarkKind::AtLeast => {
                filled(&polygon(&[(-1.15, 0.9), (1.15, 0.9), (0.0, -1.15)]), &stroke)
            }
            MarkKind::Plus => {
                filled(&strokes(&[[(-1.2, 0.0), (1.2, 0.0)], [(0.0, -1.2), (0.0, 1.2)]]), &stroke)
            }
            MarkKind::Cross => {
                filled(&strokes(&[[(-1.0, -1.0), (1.0, 1.0)], [(-1.0, 1.0), (1.0, -1.0)]]), &stroke)
            }
            MarkKind::Star => filled(
                &strokes(&[
                    [(0.0, -1.2), (0.0, 1.2)],
                    [(-1.04, -0.6), (1.04, 0.6)],
                    [(-1.04, 0.6), (1.04, -0.6)],
                ]),
                &stroke,
            ),
        };
        self.put(&mark);
    }

    fn fill(&self, role: Role) -> String {
        match self.colours {
            Colours::Of(theme) => format!(" fill=\"{}\"", theme.colour(role)),
            Colours::Classes => format!(" class=\"f-{}\"", name_of(role)),
        }
    }

    fn stroke(&self, role: Role, width: f64) -> String {
        let width = tenths(width);
        match self.colours {
            Colours::Of(theme) => {
                format!(" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"", theme.colour(role))
            }
            Colours::Classes => format!(" class=\"s-{}\" stroke-width=\"{width}\"", name_of(role)),
        }
    }
}

fn filled(data: &str, paint: &str) -> String {
    format!("<path d=\"{data}\"{paint}/>\n")
}

/// Writes a line through points as path data: the first point, then steps.
///
/// Steps are between rounded points, so that errors do not add up.
fn path_data(points: &[Spot], closed: bool) -> String {
    let rounded: Vec<(i64, i64)> =
        points.iter().map(|(x, y)| (in_tenths(*x), in_tenths(*y))).collect();
    let [first, rest @ ..] = rounded.as_slice() else { return String::new() };
    if rest.is_empty() {
        return String::new();
    }
    let mut data = format!("M{} {}", decimal(first.0), decimal(first.1));
    let mut before = *first;
    for (place, (x, y)) in rest.iter().enumerate() {
        data.push(if place == 0 { 'l' } else { ' ' });
        let _ = write!(data, "{} {}", decimal(x - before.0), decimal(y - before.1));
        before = (*x, *y);
    }
    if closed {
        data.push('z');
    }
    data
}

/// Writes a length, rounded to tenths.
fn tenths(length: f64) -> String {
    decimal(in_tenths(length))
}

#[expect(clippy::cast_possible_truncation, reason = "pictures are not that large")]
fn in_tenths(length: f64) -> i64 {
    (length * 10.0).round() as i64
}

/// Writes a number of tenths as a decimal, without what says nothing.
fn decimal(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    match (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (0, part) => format!("{sign}.{part}"),
        (whole, part) => format!("{sign}{whole}.{part}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_short_and_rounded() {
        let cases =
            [(0.0, "0"), (-0.04, "0"), (0.05, ".1"), (-0.26, "-.3"), (12.34, "12.3"), (-7.0, "-7")];
        for (length, expected) in cases {
            assert_eq!(tenths(length), expected, "{length}");
        }
    }

    #[test]
    fn steps_do_not_add_up_errors() {
        let points: Vec<Spot> = (0..100).map(|n| (f64::from(n) * 0.333, 0.0)).collect();
        let data = path_data(&points, false);
        let steps = data.split('l').nth(1).expect("steps");
        let sum: f64 =
            steps.split(' ').step_by(2).map(|x| x.parse::<f64>().expect("a number")).sum();
        assert!((sum - 33.0).abs() < 0.05, "{sum}");
        assert_eq!(path_data(&[(1.0, 2.0)], false), "");
        assert_eq!(path_data(&[(1.0, 2.0), (3.0, 2.5)], true), "M1 2l2 .5z");
    }
}
