//! The wide table as CSV, in any dialect.

use std::io::Write;

use super::dialect::Dialect;
use crate::report::WideTable;

/// Writes a wide table: a header and a row for each period, with empty cells where nothing was counted.
///
/// The first column, `date`, is the first day of the period in UTC, or its first moment if the table
/// has no days. Then comes a column for each framework, and `not_complete` as
/// [`WideTable::not_complete`] tells it; reconstructed counts have one more that says so.
///
/// # Errors
///
/// Fails if it cannot be written.
pub fn write_wide<W: Write>(table: &WideTable, dialect: Dialect, out: W) -> std::io::Result<W> {
    let mut writer = dialect.writer(out)?;
    let names = table.frameworks.iter().map(|name| dialect.text(name).into_owned());
    let header = ["date".to_owned()].into_iter().chain(names);
    let source = table.source.map(|_| "source".to_owned());
    writer.write_record(header.chain(["not_complete".to_owned()]).chain(source))?;
    for row in &table.rows {
        let date = if table.has_days {
            row.from.date_naive().to_string()
        } else {
            dialect.moment(row.from)
        };
        let counts = row.values.iter().map(|value| match value {
            Some(value) => value.count.to_string(),
            None => String::new(),
        });
        let not_complete = table.not_complete(row);
        let cells = [date].into_iter().chain(counts);
        let end = [dialect.text(&not_complete).into_owned()].into_iter();
        writer.write_record(cells.chain(end.chain(table.source.map(str::to_owned))))?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}
