//! A report in each format, and how it should look.

use std::path::Path;

use super::VERSION;
use crate::cli::args::{ChartArg, Format};
use crate::cli::page;
use crate::report::{
    ChartLook, Look, RankingReport, ScaleChoice, Scene, Theme, TrendReport, Words, draw_ranking,
    draw_ranks, draw_trend, render_csv, render_json, render_markdown, render_methods,
    render_terminal, render_trend_csv, render_trend_json, render_trend_markdown,
    render_trend_terminal,
};

/// How a table looks in a file.
pub(super) const FILE_LOOK: Look = Look { columns: 100, blocks: true };

/// The stem of files that draw ranks, whatever `--chart` says.
const RANKS_STEM: &str = "ranks";
/// How wide pictures are if nobody says it.
const WIDTH_PX: u32 = 800;
const PNG_WIDTH_PX: u32 = 1600;

/// A report that can be written in every format that was chosen for it.
pub(in crate::cli) trait Render {
    /// Returns the report in a format.
    fn render(&self, format: Format, wishes: &Wishes) -> Rendered;
}

/// What a report became.
pub(in crate::cli) enum Rendered {
    Text(String),
    Picture(Scene),
}

/// How formats should look.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Wishes {
    /// The look of tables.
    pub(super) look: Look,
    pub(super) theme: Theme,
    pub(super) width_px: Option<u32>,
    /// What the picture of a trend draws.
    pub(super) chart: ChartArg,
    pub(super) scale: ScaleChoice,
}

impl Wishes {
    /// Returns what is drawn where nothing was wished for.
    pub(super) fn plain(look: Look) -> Self {
        let (chart, scale) = (ChartArg::Lines, ScaleChoice::ByData);
        Self { look, theme: Theme::Light, width_px: None, chart, scale }
    }

    /// Returns the look of tables.
    pub(in crate::cli) fn look(&self) -> Look {
        self.look
    }

    /// Returns how a chart is drawn in a format.
    pub(in crate::cli) fn chart_look(&self, format: Format) -> ChartLook {
        let width_px = if format == Format::Png { PNG_WIDTH_PX } else { WIDTH_PX };
        ChartLook { width_px: self.width_px.unwrap_or(width_px), words: Words::All }
    }

    /// Returns the wishes for a file: those of its own name come first.
    pub(super) fn for_file(&self, path: &Path) -> Self {
        let is_ranks = path.file_stem().is_some_and(|stem| stem == RANKS_STEM);
        let chart = if is_ranks { ChartArg::Ranks } else { self.chart };
        Self { look: FILE_LOOK, chart, ..*self }
    }
}

impl Render for RankingReport {
    fn render(&self, format: Format, wishes: &Wishes) -> Rendered {
        Rendered::Text(match format {
            Format::Table => render_terminal(self, wishes.look),
            Format::Md => render_markdown(self),
            Format::Csv => render_csv(self),
            Format::Json => render_json(self),
            Format::Methods => render_methods(self, VERSION),
            Format::Svg | Format::Png => {
                return Rendered::Picture(draw_ranking(self, wishes.chart_look(format)));
            }
            Format::Html => page::render_alone(self),
        })
    }
}

/// A ranking whose page says more than it.
pub(in crate::cli) struct WithPage {
    pub(in crate::cli) report: RankingReport,
    pub(in crate::cli) page: String,
}

impl Render for WithPage {
    fn render(&self, format: Format, wishes: &Wishes) -> Rendered {
        match format {
            Format::Html => Rendered::Text(self.page.clone()),
            format => self.report.render(format, wishes),
        }
    }
}

impl Render for TrendReport {
    fn render(&self, format: Format, wishes: &Wishes) -> Rendered {
        Rendered::Text(match format {
            Format::Md => render_trend_markdown(self),
            Format::Csv => render_trend_csv(self),
            Format::Json => render_trend_json(self),
            // Method section and page were refused when formats were chosen.
            Format::Table | Format::Methods | Format::Html => {
                render_trend_terminal(self, wishes.look)
            }
            Format::Svg | Format::Png => {
                let look = wishes.chart_look(format);
                return Rendered::Picture(match wishes.chart {
                    ChartArg::Lines => draw_trend(self, look, wishes.scale),
                    ChartArg::Ranks => draw_ranks(self, look),
                });
            }
        })
    }
}
