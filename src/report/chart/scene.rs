//! A picture as plain values: shapes and text with roles instead of colours.
//!
//! Nothing here knows how it will be written down. Lengths are in units of the layout; `x` grows to
//! the right and `y` downwards.

/// A finished layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The width of the layout.
    pub width: f64,
    /// The height of the layout.
    pub height: f64,
    /// How wide the picture is shown, in pixels; everything grows with it.
    pub width_px: u32,
    /// What the picture is called, one line.
    pub title: String,
    /// What it shows, in words, for those who do not see it.
    pub description: String,
    /// Where counts or ranks lie over time; `None` for bars.
    pub plot: Option<Plot>,
    /// What is drawn, from back to front.
    pub shapes: Vec<Shape>,
}

/// The part of a picture in which lines are drawn, and what its edges stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plot {
    /// The left edge, at [`Plot::from_s`].
    pub left: f64,
    /// The right edge, at [`Plot::to_s`].
    pub right: f64,
    /// The upper edge, at [`Plot::high`]; of ranks at [`Plot::low`].
    pub top: f64,
    /// The lower edge, at [`Plot::low`]; of ranks at [`Plot::high`].
    pub bottom: f64,
    /// The moment at the left edge, in Unix seconds.
    pub from_s: i64,
    /// The moment at the right edge, in Unix seconds.
    pub to_s: i64,
    /// The lowest value.
    pub low: f64,
    /// The highest value.
    pub high: f64,
    /// How values lie between the edges.
    pub scale: Scale,
}

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps are equal differences.
    Linear,
    /// Equal steps are equal ratios.
    Log,
    /// Ranks, the first one uppermost.
    Ranks,
}

impl Scale {
    /// Returns the word for it: `linear`, `log`, `ranks`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
            Self::Ranks => "ranks",
        }
    }
}

/// A point: `x` and `y`.
pub type Spot = (f64, f64);

/// Something that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A filled rectangle.
    Block {
        /// The upper left corner.
        at: Spot,
        /// Its width.
        width: f64,
        /// Its height.
        height: f64,
        /// Its colour.
        fill: Role,
    },
    /// Lines through points; each list is a line of its own.
    Path {
        /// The points; a list of one is not drawn.
        lines: Vec<Vec<Spot>>,
        /// The colour.
        stroke: Role,
        /// How wide the line is.
        width: f64,
        /// Whether it is broken into dashes.
        dash: Dash,
    },
    /// A small mark around a point.
    Mark {
        /// Its form.
        kind: MarkKind,
        /// Its middle.
        at: Spot,
        /// Half its width.
        radius: f64,
        /// Its colour.
        role: Role,
    },
    /// A line of text.
    Text {
        /// Where its anchor lies, on the base line.
        at: Spot,
        /// The size of the font.
        size: f64,
        /// Which part of the text lies there.
        anchor: Anchor,
        /// Its colour.
        role: Role,
        /// What it says; control characters are left out when it is written down.
        text: String,
    },
    /// What belongs to one line of the report.
    Group {
        /// Which of the report's lines.
        line: usize,
        /// What it says, for a tooltip: name and value in full.
        label: String,
        /// What is drawn for it.
        shapes: Vec<Shape>,
    },
}

/// What a colour is for; a theme says which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The background.
    Paper,
    /// Text that matters.
    Ink,
    /// Text that explains.
    Muted,
    /// Lines of the grid.
    Grid,
    /// A time without any count.
    Gap,
    /// A bar, and what marks a bar.
    Bar,
    /// A line that is not named.
    Other,
    /// A break or a note.
    Flag,
    /// A named line, by its place; places beyond [`SERIES_COLOURS`] begin again.
    Series(usize),
}

/// How many colours tell named lines apart.
pub const SERIES_COLOURS: usize = 8;

/// Whether a line is broken into dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// It is not.
    Solid,
    /// It is: a second set of lines in the same colours.
    Dashed,
    /// Dots: leaders and flags.
    Dotted,
}

/// The form of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A disc.
    Disc,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
    /// A triangle on its corner.
    Wedge,
    /// An upright cross.
    Plus,
    /// A cross.
    Cross,
    /// A six-pointed star of strokes.
    Star,
    /// A ring.
    Ring,
    /// An empty triangle that points up: at least so many.
    AtLeast,
}

/// The marks of named lines, by their place.
const SERIES_MARKS: [MarkKind; 8] = [
    MarkKind::Disc,
    MarkKind::Square,
    MarkKind::Diamond,
    MarkKind::Wedge,
    MarkKind::Plus,
    MarkKind::Cross,
    MarkKind::Star,
    MarkKind::Ring,
];

impl MarkKind {
    /// Returns the mark of a named line; two lines of a colour have different ones.
    #[must_use]
    pub fn of_series(place: usize) -> Self {
        let round = place / SERIES_COLOURS;
        SERIES_MARKS[(place + round * 3) % SERIES_MARKS.len()]
    }
}

/// Which part of a text lies at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}
