//! The columns of a history, and one row to and from bytes.

use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};

use self::column::{
    ATTEMPT_NO, DETAIL, FRAMEWORK, LANGUAGE, METHOD, METRIC, OBSERVED_AT, QUERY_TEXT, REPO_COUNT,
    RUN, SAMPLE_NO, SOURCE, STATUS, SURVEY,
};
use crate::domain::query::Method;
use crate::domain::run::RunId;
use crate::domain::sample::{Detail, Outcome, Sample, Source, Status};

/// The columns of a history, in their order.
pub const COLUMNS: [&str; 14] = [
    "run",
    "observed_at",
    "survey",
    "framework",
    "language",
    "metric",
    "method",
    "sample_no",
    "attempt_no",
    "repo_count",
    "status",
    "source",
    "query_text",
    "detail",
];

/// Places among [`COLUMNS`].
pub(super) mod column {
    use std::ops::Range;

    pub(in super::super) const RUN: usize = 0;
    pub(in super::super) const OBSERVED_AT: usize = 1;
    pub(in super::super) const SURVEY: usize = 2;
    pub(in super::super) const FRAMEWORK: usize = 3;
    pub(in super::super) const LANGUAGE: usize = 4;
    pub(in super::super) const METRIC: usize = 5;
    pub(in super::super) const METHOD: usize = 6;
    pub(in super::super) const SAMPLE_NO: usize = 7;
    pub(in super::super) const ATTEMPT_NO: usize = 8;
    pub(in super::super) const REPO_COUNT: usize = 9;
    pub(in super::super) const STATUS: usize = 10;
    pub(in super::super) const SOURCE: usize = 11;
    pub(in super::super) const QUERY_TEXT: usize = 12;
    pub(in super::super) const DETAIL: usize = 13;

    /// What was asked for, from the survey to the pass.
    pub(in super::super) const ASKED: Range<usize> = SURVEY..ATTEMPT_NO;
    /// What kind of answer came: status and source.
    pub(in super::super) const ANSWERED: Range<usize> = STATUS..QUERY_TEXT;
}

/// Returns the header row with its line feed.
pub(super) fn header() -> Vec<u8> {
    let mut line = COLUMNS.join(",");
    line.push('\n');
    line.into_bytes()
}

/// Returns samples as whole rows: RFC 4180, LF.
pub(super) fn encode<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for sample in samples {
        let observed_at = moment(sample.observed_at);
        let count = sample.outcome.count().map(|count| count.to_string());
        let fields = [
            &sample.run.to_string(),
            &observed_at,
            &sample.survey,
            &sample.framework,
            &sample.language,
            &sample.metric,
            &sample.method.map(|method| method.to_string()).unwrap_or_default(),
            &sample.sample_no.to_string(),
            &sample.attempt_no.to_string(),
            &count.unwrap_or_default(),
            sample.outcome.status().as_str(),
            &sample.source.to_string(),
            &sample.query_text,
            sample.detail.as_str(),
        ];
        debug_assert!(!fields.iter().any(|field| field.chars().any(char::is_control)));
        // Writing to memory cannot fail, and every row has as many fields.
        let _ = writer.write_record(fields);
    }
    writer.into_inner().unwrap_or_default()
}

/// Returns a moment as we write it: RFC 3339, UTC, whole seconds.
#[must_use]
pub fn moment(at: DateTime<Utc>) -> String {
    let Some(year) = u32::try_from(at.year()).ok().filter(|year| *year <= 9999) else {
        return at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    };
    // A history has millions of these; a formatter takes its time.
    let (date, time) =
        ([year / 100, year % 100, at.month(), at.day()], [at.hour(), at.minute(), at.second()]);
    let mut text = String::with_capacity("2026-11-21T06:00:04Z".len());
    for (number, behind) in date.into_iter().chain(time).zip(["", "-", "-", "T", ":", ":", "Z"]) {
        text.extend(
            [number / 10, number % 10].map(|digit| char::from_digit(digit, 10).unwrap_or('0')),
        );
        text.push_str(behind);
    }
    text
}

/// The most lines of one kind that are told one by one.
pub(super) const MOST_TOLD: usize = 20;

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// Its line, from 1; the header is line 1.
    pub line: u64,
    /// What is wrong with it, with the column and its value.
    pub reason: String,
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// Reads a sample from the fields of a row, given in the order of [`COLUMNS`].
///
/// # Errors
///
/// Returns what is wrong, naming the column and its value.
pub(super) fn decode(fields: &[&[u8]; COLUMNS.len()]) -> Result<Sample, String> {
    let text = |column: usize| {
        let text = std::str::from_utf8(fields[column])
            .map_err(|_| format!("`{}` is not UTF-8 text", COLUMNS[column]))?;
        if text.chars().any(char::is_control) {
            return Err(format!("`{}` has a control character", COLUMNS[column]));
        }
        Ok(text)
    };
    let bad = |column: usize, expected: &str| {
        let value = String::from_utf8_lossy(fields[column]);
        let shown: String = value.chars().take(40).collect();
        format!("`{}` is `{}`, not {expected}", COLUMNS[column], shown.escape_debug())
    };
    let number = |column: usize| parse_number(fields[column]);
    let positive = |column: usize| {
        let number = number(column).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
        number.ok_or_else(|| bad(column, "a whole number from 1"))
    };
    let count = match fields[REPO_COUNT] {
        b"" => None,
        _ => Some(number(REPO_COUNT).ok_or_else(|| bad(REPO_COUNT, "a whole number"))?),
    };
    let status = Status::parse(text(STATUS)?)
        .ok_or_else(|| bad(STATUS, "one of `complete`, `unchecked`, `incomplete`, `failed`"))?;
    let outcome = Outcome::new(status, count).ok_or_else(|| match count {
        Some(_) => "`repo_count` has a number although `status` is `failed`".to_owned(),
        None => format!("`repo_count` is empty although `status` is `{}`", status.as_str()),
    })?;
    let method = match text(METHOD)? {
        "" => None,
        method => Some(Method::parse(method).ok_or_else(|| bad(METHOD, "8 hex digits"))?),
    };
    let filled = |column: usize| match text(column)? {
        "" => Err(format!("`{}` is empty", COLUMNS[column])),
        text => Ok(text.to_owned()),
    };
    Ok(Sample {
        run: RunId::parse(text(RUN)?)
            .ok_or_else(|| bad(RUN, "a run id such as `20261121T060003Z-7f3a`"))?,
        observed_at: parse_moment(text(OBSERVED_AT)?.as_bytes())
            .ok_or_else(|| bad(OBSERVED_AT, "a moment such as `2026-11-21T06:00:04Z`"))?,
        survey: filled(SURVEY)?,
        framework: filled(FRAMEWORK)?,
        language: text(LANGUAGE)?.to_owned(),
        metric: filled(METRIC)?,
        method,
        sample_no: positive(SAMPLE_NO)?,
        attempt_no: positive(ATTEMPT_NO)?,
        outcome,
        source: Source::parse(text(SOURCE)?)
            .ok_or_else(|| bad(SOURCE, "`rest`, `graphql`, `import` or `published`"))?,
        query_text: text(QUERY_TEXT)?.to_owned(),
        detail: Detail::from_text(text(DETAIL)?),
    })
}

pub(super) fn parse_number(field: &[u8]) -> Option<u64> {
    if field.is_empty() {
        return None;
    }
    field.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Reads a moment that is written as we write it.
pub(super) fn parse_moment(text: &[u8]) -> Option<DateTime<Utc>> {
    let bytes: &[u8; 20] = text.try_into().ok()?;
    let marks = [bytes[4], bytes[7], bytes[10], bytes[13], bytes[16], bytes[19]];
    if marks != *b"--T::Z" {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
        })
    };
    let year = i32::try_from(number(0, 4)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?;
    let moment = day.and_hms_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?)?;
    Some(moment.and_utc())
}

/// Splits one line of a history into its fields.
///
/// No field holds a line break, so a line is a row: a stray quote damages its own row and never
/// swallows the ones behind it, as it would in a reader that sees the whole file.
pub(super) struct LineSplitter {
    parser: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    fields: usize,
}

impl LineSplitter {
    pub(super) fn new(separator: u8) -> Self {
        let parser = csv_core::ReaderBuilder::new()
            .delimiter(separator)
            .terminator(csv_core::Terminator::Any(b'\n'))
            .build();
        Self { parser, text: Vec::new(), ends: vec![0; COLUMNS.len() + 1], fields: 0 }
    }

    /// Splits a line, with or without its line break.
    pub(super) fn split(&mut self, line: &[u8]) {
        let body = line.strip_suffix(b"\n").unwrap_or(line);
        let body = body.strip_suffix(b"\r").unwrap_or(body);
        self.parser.reset();
        // A field is never longer than its line, and there is at most one more than separators.
        self.text.resize(body.len() + 1, 0);
        self.ends.resize(body.len() + 2, 0);
        let (result, _, written, mut fields) =
            self.parser.read_record(body, &mut self.text, &mut self.ends);
        if result == csv_core::ReadRecordResult::InputEmpty {
            // An empty input says that the line is over.
            let (text, ends) = (&mut self.text[written..], &mut self.ends[fields..]);
            fields += self.parser.read_record(&[], text, ends).3;
        }
        self.fields = fields;
    }

    /// Returns how many fields the line has.
    pub(super) fn len(&self) -> usize {
        self.fields
    }

    /// Returns a field by its place in the line.
    pub(super) fn field(&self, at: usize) -> Option<&[u8]> {
        if at >= self.fields {
            return None;
        }
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        self.text.get(start..self.ends[at])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::sample::tests::sample;

    fn read_back(line: &[u8]) -> Result<Sample, String> {
        let mut splitter = LineSplitter::new(b',');
        splitter.split(line);
        assert_eq!(splitter.len(), COLUMNS.len(), "{}", String::from_utf8_lossy(line));
        decode(&std::array::from_fn(|column| splitter.field(column).expect("a field")))
    }

    #[test]
    fn a_row_has_the_columns_in_their_order() {
        let mut row = sample("Spring", 1, Outcome::Complete(1_240_033));
        row.language = "Java".into();
        row.detail = Detail::default().with_planned(11);
        assert_eq!(
            String::from_utf8(encode(&[row])).expect("text"),
            "20261121T060003Z-7f3a,2026-11-21T06:00:03Z,backend-frameworks,Spring,Java,\
             repositories,62e9187b,1,1,1240033,complete,rest,spring is:public,planned 11\n"
        );
    }

    #[test]
    fn faults_name_the_column_and_the_value() {
        let good =
            String::from_utf8(encode(&[sample("A", 1, Outcome::Complete(5))])).expect("text");
        let cases = [
            (",5,complete", ",5.0,complete", "`repo_count` is `5.0`, not a whole number"),
            (",5,complete", ",-5,complete", "`repo_count` is `-5`, not a whole number"),
            (",5,complete", ",18446744073709551616,complete", "not a whole number"),
            (",5,complete", ",,complete", "`repo_count` is empty although `status` is `complete`"),
            (",5,complete", ",5,failed", "although `status` is `failed`"),
            (",5,complete", ",5,done", "`status` is `done`, not one of"),
            ("2026-11-21T06:00:03Z", "21.11.2026 06:00", "`observed_at` is `21.11.2026 06:00`"),
            ("20261121T060003Z-7f3a", "1", "`run` is `1`, not a run id"),
            (",1,1,5", ",0,1,5", "`sample_no` is `0`"),
            (",rest,", ",soap,", "`source` is `soap`"),
            (",A,", ",,", "`framework` is empty"),
            (",A,", ",\u{7},", "`framework` has a control character"),
        ];
        for (from, to, expected) in cases {
            let fault = read_back(good.replacen(from, to, 1).as_bytes()).expect_err("a fault");
            assert!(fault.contains(expected), "{fault}");
        }
    }

    #[test]
    fn a_stray_quote_stays_in_its_line() {
        let mut splitter = LineSplitter::new(b',');
        splitter.split(b"\"a,b\n");
        assert_eq!(splitter.len(), 1);
        splitter.split(b"c,d\n");
        assert_eq!((splitter.field(0), splitter.field(1)), (Some(&b"c"[..]), Some(&b"d"[..])));
        assert_eq!(splitter.field(2), None);
    }

    fn texts() -> impl Strategy<Value = String> {
        "[^\\p{Cc}]{1,20}"
    }

    proptest! {
        #[test]
        fn any_sample_reads_back(
            framework in texts(),
            language in "[^\\p{Cc}]{0,9}",
            query in "[^\\p{Cc}]{0,40}",
            detail in "[^\\p{Cc}]{0,20}",
            count in any::<u64>(),
            passes in (1..u32::MAX, 1..u32::MAX),
        ) {
            let row = Sample {
                language,
                query_text: query,
                detail: Detail::from_text(&detail),
                sample_no: passes.0,
                ..sample(&framework, passes.1, Outcome::Incomplete(count))
            };
            let line = encode(std::slice::from_ref(&row));
            prop_assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1);
            prop_assert_eq!(read_back(&line), Ok(row));
        }

        #[test]
        fn any_bytes_split_without_a_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut splitter = LineSplitter::new(b',');
            splitter.split(&line);
            for at in 0..=splitter.len() {
                prop_assert_eq!(splitter.field(at).is_some(), at < splitter.len());
            }
        }
    }
}
