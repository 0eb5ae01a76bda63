//! The sheet Data: the tidy table, as a table with filters.

use std::path::Path;

use rust_xlsxwriter::{Table, TableColumn, TableStyle, Workbook, Worksheet, XlsxError};

use super::cells::Styles;
use super::{Book, begin, refuse_too_many};
use crate::domain::when::When;
use crate::export::rows::{RowSink, TidyRow, Told, Wanted, for_each_row};
use crate::export::tidy::TIDY_COLUMNS;
use crate::export::{ExportError, MOST_SHEET_ROWS};
use crate::history::Reading;

/// How wide each column of [`TIDY_COLUMNS`] is, in characters.
const WIDTHS: [f64; TIDY_COLUMNS.len()] =
    [11.0, 23.0, 19.0, 20.0, 22.0, 12.0, 14.0, 10.0, 11.0, 11.0, 13.0, 12.0, 10.0, 40.0, 24.0];

/// Counts the rows that the sheet would have.
///
/// # Errors
///
/// Fails if there are more than a sheet can hold.
pub(super) fn count(book: &Book<'_>) -> Result<(Told, Reading), ExportError> {
    let (_, told, reading) = for_each_row(book.history, book.wanted, || Ok(Nothing))?;
    refuse_too_many(book, "Data", "rows", told.rows, MOST_SHEET_ROWS)?;
    Ok((told, reading))
}

struct Nothing;

impl RowSink for Nothing {
    fn take(&mut self, _: TidyRow<'_>) -> Result<(), ExportError> {
        Ok(())
    }
}

/// Makes the sheet of the rows that were counted; a run that came since is left out.
pub(super) fn sheet(
    book: &Book<'_>,
    told: &Told,
    styles: &Styles,
    workbook: &mut Workbook,
    path: &Path,
) -> Result<Worksheet, ExportError> {
    let mut wanted: Wanted<'_> = book.wanted.clone();
    wanted.scope.until = told.span.map(|(_, last)| When::Run(last));
    let failed = |source| ExportError::Book { path: path.to_owned(), source };
    let last_row = u32::try_from(told.rows).unwrap_or(u32::MAX).max(1);
    let start = || {
        let mut begun = || {
            let mut sheet = workbook.new_worksheet_with_constant_memory()?;
            begin(&mut sheet, "Data")?;
            begin_table(&mut sheet, last_row, styles)?;
            Ok(sheet)
        };
        Ok(Cells { sheet: begun().map_err(failed)?, next: 1, styles, path })
    };
    Ok(for_each_row(book.history, &wanted, start)?.0.sheet)
}

fn begin_table(sheet: &mut Worksheet, last_row: u32, styles: &Styles) -> Result<(), XlsxError> {
    let columns: Vec<TableColumn> =
        TIDY_COLUMNS.iter().map(|name| TableColumn::new().set_header(*name)).collect();
    let table = Table::new().set_name("tidy").set_style(TableStyle::Light1).set_columns(&columns);
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_column_format(0, &styles.day)?;
    sheet.set_column_format(2, &styles.moment)?;
    let last_column = u16::try_from(TIDY_COLUMNS.len() - 1).unwrap_or(u16::MAX);
    sheet.add_table(0, 0, last_row, last_column, &table)?;
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

/// The rows of the sheet as they come.
struct Cells<'a> {
    sheet: Worksheet,
    next: u32,
    styles: &'a Styles,
    path: &'a Path,
}

impl RowSink for Cells<'_> {
    fn take(&mut self, row: TidyRow<'_>) -> Result<(), ExportError> {
        let written = self.write(row);
        written.map_err(|source| ExportError::Book { path: self.path.to_owned(), source })
    }
}

impl Cells<'_> {
    fn write(&mut self, row: TidyRow<'_>) -> Result<(), XlsxError> {
        let (at, styles, sheet, sample) = (self.next, self.styles, &mut self.sheet, row.sample);
        self.next += 1;
        styles.write_day(sheet, at, 0, row.date)?;
        styles.write_text(sheet, at, 1, row.run)?;
        styles.write_moment(sheet, at, 2, sample.observed_at)?;
        let method = sample.method.map(|method| method.to_string()).unwrap_or_default();
        let texts = [&sample.survey, &sample.framework, &sample.language, &sample.metric, &method];
        for (column, text) in (3..).zip(texts) {
            styles.write_text(sheet, at, column, text)?;
        }
        sheet.write_number_with_format(at, 8, sample.sample_no, &styles.rank)?;
        sheet.write_number_with_format(at, 9, sample.attempt_no, &styles.rank)?;
        styles.write_outcome(sheet, at, 10, sample.outcome)?;
        let source = sample.source.to_string();
        let status = sample.outcome.status().as_str();
        let texts = [status, &source, &sample.query_text, sample.detail.as_str()];
        for (column, text) in (11..).zip(texts) {
            styles.write_text(sheet, at, column, text)?;
        }
        Ok(())
    }
}
