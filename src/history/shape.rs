//! Tells a history of ours from one that a spreadsheet or editor wrote anew, and from a file that
//! is none.

use super::row::{self, COLUMNS, LineSplitter};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const SEPARATORS: [(u8, &str); 3] = [(b',', "`,`"), (b';', "`;`"), (b'\t', "a tab")];

/// How a file is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// What stands between columns.
    pub(super) separator: u8,
    /// Where each of [`COLUMNS`] stands in a line.
    places: [usize; COLUMNS.len()],
    /// How many columns a line has.
    width: usize,
    /// Whether a line has the columns of a history, in their order, and nothing else.
    pub(super) is_in_order: bool,
    /// What another program changed; empty for a file of ours.
    pub(super) differences: Vec<String>,
}

impl Shape {
    /// Recognises a file by its first line.
    ///
    /// # Errors
    ///
    /// Returns why it is no history.
    pub(super) fn of_header(line: &[u8]) -> Result<Self, String> {
        if line == row::header() {
            let places = std::array::from_fn(|column| column);
            let width = COLUMNS.len();
            let differences = Vec::new();
            return Ok(Self { separator: b',', places, width, is_in_order: true, differences });
        }
        let mut differences = Vec::new();
        let unmarked = line.strip_prefix(BYTE_ORDER_MARK);
        if unmarked.is_some() {
            differences.push("line 1 begins with a byte-order mark".to_owned());
        }
        let line = unmarked.unwrap_or(line);
        if line.ends_with(b"\r\n") {
            differences.push("lines end in CR LF".to_owned());
        }
        let count = |byte: u8| line.iter().filter(|b| **b == byte).count();
        let (separator, shown) =
            SEPARATORS.into_iter().max_by_key(|(byte, _)| count(*byte)).unwrap_or(SEPARATORS[0]);
        if separator != b',' {
            differences.push(format!("line 1 uses {shown} between columns"));
        }
        let mut splitter = LineSplitter::new(separator);
        splitter.split(line);
        let names: Vec<&[u8]> = (0..splitter.len()).filter_map(|at| splitter.field(at)).collect();
        let find =
            |column: &str| names.iter().position(|name| name.trim_ascii() == column.as_bytes());
        let missing: Vec<String> = COLUMNS
            .iter()
            .filter(|column| find(column).is_none())
            .map(|column| format!("`{column}`"))
            .collect();
        if missing.len() == COLUMNS.len() {
            return Err("line 1 has none of the columns of a history".to_owned());
        }
        if !missing.is_empty() {
            return Err(format!("line 1 lacks {}", missing.join(", ")));
        }
        let places = std::array::from_fn(|column| find(COLUMNS[column]).unwrap_or_default());
        let is_moved = places.iter().enumerate().any(|(column, place)| column != *place);
        let is_in_order = !is_moved && names.len() == COLUMNS.len();
        if names.len() > COLUMNS.len() {
            differences.push("line 1 has more columns than a history".to_owned());
        } else if is_moved {
            differences.push("line 1 has its columns in another order".to_owned());
        }
        if differences.is_empty() {
            differences.push("line 1 has quotes or spaces that we do not write".to_owned());
        }
        Ok(Self { separator, places, width: names.len(), is_in_order, differences })
    }

    /// Notes what tells that a row was not written by us, although it may be readable.
    pub(super) fn examine_row(&mut self, line: &[u8], line_no: u64) {
        let mut splitter = LineSplitter::new(self.separator);
        let sample = self.read_row(line, &mut splitter);
        let difference = match sample {
            Ok(sample) if row::encode(std::slice::from_ref(&sample)) == line => return,
            Ok(_) if !self.differences.is_empty() => return,
            Ok(_) => format!("line {line_no} is not written as we write it"),
            Err(reason) => format!("line {line_no}: {reason}"),
        };
        self.differences.push(difference);
    }

    /// Reads the sample of a line.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub(super) fn read_row(
        &self,
        line: &[u8],
        splitter: &mut LineSplitter,
    ) -> Result<crate::domain::sample::Sample, String> {
        splitter.split(line);
        if splitter.len() != self.width {
            return Err(format!("has {} columns instead of {}", splitter.len(), self.width));
        }
        let fields = self.places.map(|place| splitter.field(place).unwrap_or_default());
        row::decode(&fields)
    }

    /// Returns where one of [`COLUMNS`] stands in a line, from 0.
    pub(super) fn place(&self, column: usize) -> usize {
        self.places[column]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(header: &str) -> Result<Vec<String>, String> {
        Shape::of_header(header.as_bytes()).map(|shape| shape.differences)
    }

    #[test]
    fn headers_are_recognised() {
        let ours = String::from_utf8(row::header()).expect("text");
        assert_eq!(differences(&ours), Ok(vec![]));
        let told = |header: &str| differences(header).expect("a history").join(" and ");
        assert_eq!(told(&format!("\u{feff}{ours}")), "line 1 begins with a byte-order mark");
        assert_eq!(told(&ours.replace('\n', "\r\n")), "lines end in CR LF");
        assert_eq!(told(&ours.replace(',', ";")), "line 1 uses `;` between columns");
        assert_eq!(told(&ours.replace(',', "\t")), "line 1 uses a tab between columns");
        let moved = ours.replace("run,observed_at", "observed_at,run");
        assert_eq!(told(&moved), "line 1 has its columns in another order");
        assert_eq!(
            told(&ours.replace(",detail", ",detail,mine")),
            "line 1 has more columns than a history"
        );
        let quoted = format!("\"{}\"\n", ours.trim().replace(',', "\",\""));
        assert_eq!(told(&quoted), "line 1 has quotes or spaces that we do not write");
    }

    #[test]
    fn other_files_are_no_histories() {
        let ours = String::from_utf8(row::header()).expect("text");
        assert_eq!(differences(&ours.replace("run,", "")), Err("line 1 lacks `run`".into()));
        for other in ["", "\n", "name,count\n", "%PDF-1.7\n"] {
            let reason = differences(other).expect_err("no history");
            assert_eq!(reason, "line 1 has none of the columns of a history", "{other}");
        }
    }

    #[test]
    fn rows_another_program_wrote_are_told() {
        let ours = String::from_utf8(row::header()).expect("text");
        let row =
            "20261121T060003Z-7f3a;21.11.2026 06:00;s;Spring;Java;m;;1;1;5;complete;rest;;\r\n";
        let mut shape = Shape::of_header(ours.replace(',', ";").as_bytes()).expect("a history");
        shape.examine_row(row.as_bytes(), 2);
        assert_eq!(
            shape.differences.join(" and "),
            "line 1 uses `;` between columns and line 2: `observed_at` is `21.11.2026 06:00`, \
             not a moment such as `2026-11-21T06:00:04Z`"
        );
    }
}
