//! Histories as files for other programs: tidy and wide tables as CSV, JSON, XLSX and Parquet.
//!
//! `rows` decides which rows of a history a tidy table has and hands them out one by one, so that
//! memory does not grow with the history; `tidy` writes them as CSV and JSON, `columns` as Parquet,
//! `dataset` as a folder of Parquet files, and `book` as the sheet of a workbook, beside ranking and
//! trend. `wide` writes counts over time. `dialect` is how CSV is told to spreadsheets, `package`
//! describes files for programs, `new_file` puts them in their place. `png` turns the charts of
//! `report` into pixels, and opens no file.
//!
//! Which rows count and how runs are read is the business of `domain` and `history`.

#[cfg(feature = "xlsx")]
mod book;
#[cfg(feature = "parquet")]
mod columns;
#[cfg(feature = "parquet")]
mod dataset;
mod dialect;
mod new_file;
mod package;
mod png;
mod rows;
mod tidy;
mod wide;

use std::io;
use std::path::PathBuf;

use crate::history::HistoryError;

#[cfg(feature = "xlsx")]
pub use book::{Book, write_book};
#[cfg(feature = "parquet")]
pub use columns::ColumnRows;
#[cfg(feature = "parquet")]
pub use dataset::{DatasetRows, Months, Replaced};
pub use dialect::Dialect;
pub use new_file::{NewFile, Out};
pub use package::{Packaged, has_package, refresh_package};
pub use png::{HAS_PNG, Png, PngError, render_png};
pub use rows::{Attempts, RowSink, TidyRow, Told, Wanted, for_each_row};
pub use tidy::{CsvRows, JsonLayout, JsonRows, TIDY_COLUMNS};
pub use wide::write_wide;

/// Why a file for other programs cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The file system refuses.
    #[error("`{}` cannot be written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is more than a sheet can hold.
    #[error("`{}` has {count} {what} for the sheet {sheet}, which can hold {most}", path.display())]
    TooManyForSheet {
        /// The history.
        path: PathBuf,
        /// The sheet.
        sheet: &'static str,
        /// What there is too much of.
        what: &'static str,
        /// How many were wanted.
        count: u64,
        /// How many it can hold.
        most: u64,
    },
    /// A number does not fit into a column of its type.
    #[error("`{column}` is {value}, which is more than a column of Parquet holds here")]
    TooLarge {
        /// The column.
        column: &'static str,
        /// The number.
        value: u64,
    },
    /// A workbook cannot be made.
    #[cfg(feature = "xlsx")]
    #[error("`{}` cannot be written as a workbook", path.display())]
    Book {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rust_xlsxwriter::XlsxError,
    },
    /// A file of columns cannot be made.
    #[cfg(feature = "parquet")]
    #[error("`{}` cannot be written as Parquet", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: parquet::errors::ParquetError,
    },
}

/// The most rows of a sheet of XLSX behind its header.
pub const MOST_SHEET_ROWS: u64 = 1_048_575;

/// Turns an error of writing into one that names the file.
fn io_error(path: &std::path::Path, source: io::Error) -> ExportError {
    ExportError::Io { path: path.to_owned(), source }
}
