//! What charts cost: two years of a daily survey of 16 frameworks, and as many frameworks as are drawn.
//! Prints the time to lay out a chart and write it as SVG, the time to draw it as PNG too, and the
//! sizes of both; and the same of the page of all metrics.
//!
//! `cargo bench --bench charts` measures. `cargo bench --bench charts -- generate FOLDER` only writes
//! the survey of two years and its history into a folder, as its root.

#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a benchmark prints")]
#![allow(clippy::cast_precision_loss, reason = "sizes in kB")]

#[path = "../tests/it/two_years.rs"]
mod two_years;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use repo_census::domain::period::{Per, Periods};
use repo_census::domain::series::Scope;
use repo_census::export::{HAS_PNG, render_png};
use repo_census::history::{Wanted, read_series, select_run};
use repo_census::report::{
    ChartLook, Inputs, RankingReport, ScaleChoice, Scene, Theme, TrendInputs, TrendReport, Words,
    draw_ranking, draw_ranks, draw_trend, render_svg,
};
#[cfg(feature = "html")]
use repo_census::report::{PageMetric, known_metrics, render_page};

/// How often each is done; the median is printed.
const TIMES: usize = 21;
const WIDTHS_PX: [u32; 3] = [400, 800, 1600];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => measure(),
        ["generate", folder] => generate(Path::new(folder)),
        _ => Err("usage: charts [generate FOLDER]".into()),
    }
}

fn generate(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (surveys, output) =
        (folder.join("config/surveys"), folder.join("output").join(two_years::ID));
    fs::create_dir_all(&surveys)?;
    fs::create_dir_all(&output)?;
    fs::write(surveys.join(two_years::ID).with_extension("toml"), two_years::survey())?;
    fs::write(output.join("history.csv"), two_years::history())?;
    Ok(())
}

fn measure() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let usual = folder.path().join("two-years.csv");
    fs::write(&usual, two_years::history())?;
    let many = folder.path().join("many.csv");
    fs::write(&many, many_frameworks())?;
    println!(
        "{:12}  {:8}  {:>5}  {:>8}  {:>8}  {:>8}  {:>8}",
        "history", "chart", "px", "SVG ms", "SVG kB", "PNG ms", "PNG kB"
    );
    for (name, path) in [("two years", &usual), ("1,000", &many)] {
        let trend = trend(path, None)?;
        let ranking = ranking(path, None)?;
        for width_px in WIDTHS_PX {
            let look = ChartLook { width_px, words: Words::All };
            print_line(name, "bars", width_px, &|| draw_ranking(&ranking, look))?;
            let lines = || draw_trend(&trend, look, ScaleChoice::ByData);
            print_line(name, "lines", width_px, &lines)?;
            print_line(name, "ranks", width_px, &|| draw_ranks(&trend, look))?;
        }
    }
    #[cfg(feature = "html")]
    print_page(&usual)?;
    Ok(())
}

/// Prints the time to render the page of two years and its size; reading is not part of it.
#[cfg(feature = "html")]
fn print_page(path: &Path) -> Result<(), Box<dyn Error>> {
    let run = select_run(path, Wanted::Newest, |_| true)?.run;
    let mut reports = Vec::new();
    for metric in known_metrics(None, &run) {
        reports.push((ranking(path, Some(&metric))?, trend(path, Some(&metric))?));
    }
    let part = |(report, trend)| PageMetric { report, trend: Some(trend) };
    let parts: Vec<_> = reports.iter().map(|(report, trend)| part((report, trend))).collect();
    let page = || render_page(&parts, "0");
    let size_kb = page().len() as f64 / 1000.0;
    println!("the page of two years: {:.1} ms, {size_kb:.1} kB", median_ms(|| page().len()));
    Ok(())
}

fn print_line(
    name: &str,
    chart: &str,
    width_px: u32,
    draw: &dyn Fn() -> Scene,
) -> Result<(), Box<dyn Error>> {
    let svg = || render_svg(&draw(), Theme::Light);
    let svg_ms = median_ms(|| svg().len());
    let mut line = format!(
        "{name:12}  {chart:8}  {width_px:>5}  {svg_ms:>8.2}  {:>8.1}",
        svg().len() as f64 / 1000.0
    );
    if HAS_PNG {
        let png = render_png(&draw(), Theme::Light)?.bytes.len();
        let png_ms = median_ms(|| render_png(&draw(), Theme::Light).map_or(0, |p| p.bytes.len()));
        line.push_str(&format!("  {png_ms:>8.1}  {:>8.1}", png as f64 / 1000.0));
    }
    println!("{line}");
    Ok(())
}

fn median_ms(act: impl Fn() -> usize) -> f64 {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..TIMES {
        let start = Instant::now();
        std::hint::black_box(act());
        times.push(start.elapsed());
    }
    times.sort();
    times[TIMES / 2].as_secs_f64() * 1000.0
}

fn trend(path: &Path, metric: Option<&str>) -> Result<TrendReport, Box<dyn Error>> {
    let periods = Periods::Calendar(Per::Day);
    let scope = Scope { survey: None, metric, periods: periods.clone(), since: None, until: None };
    let (series, _) = read_series(path, &scope)?;
    let inputs = TrendInputs {
        survey: None,
        series: &series,
        periods: &periods,
        metric: None,
        origin_notes: &[],
    };
    TrendReport::new(&inputs)?.ok_or_else(|| "no finished run".into())
}

fn ranking(path: &Path, metric: Option<&str>) -> Result<RankingReport, Box<dyn Error>> {
    let selection = select_run(path, Wanted::Newest, |_| true)?;
    Ok(RankingReport::new(&Inputs {
        survey: None,
        run: &selection.run,
        progress: selection.progress,
        before: selection.before.as_ref(),
        newer_unfinished: None,
        metric,
        reference: None,
        share: false,
        top: None,
        origin_notes: &[],
    })?)
}

/// Writes a month of 1,000 frameworks.
fn many_frameworks() -> String {
    let mut text = "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,\
                    repo_count,status,source,query_text,detail\n"
        .to_owned();
    for day in 1..=28 {
        for place in 0..1000_u64 {
            let detail = if place == 0 { "planned 1000" } else { "" };
            let count = 500_000 - place * 400 + day * (place * 37 % 11) * 90;
            text.push_str(&format!(
                "202602{day:02}T060000Z-0001,2026-02-{day:02}T06:00:01Z,many,Framework {place:03},Rust,\
                 repositories,{place:08x},1,1,{count},complete,rest,a query,{detail}\n"
            ));
        }
    }
    text
}
