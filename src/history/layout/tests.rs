//! Which files are histories, and what tells that another program wrote one anew.

use super::*;

fn differences(header: &str) -> Result<Vec<String>, String> {
    Layout::of_history(header.as_bytes()).map(|layout| layout.differences)
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
    let row = "20261121T060003Z-7f3a;21.11.2026 06:00;s;Spring;Java;m;;1;1;5;complete;rest;;\r\n";
    let mut layout = Layout::of_history(ours.replace(',', ";").as_bytes()).expect("a history");
    layout.examine_row(row.as_bytes(), 2);
    assert_eq!(
        layout.differences.join(" and "),
        "line 1 uses `;` between columns and line 2: `observed_at` is `21.11.2026 06:00`, \
         not a moment such as `2026-11-21T06:00:04Z`"
    );
}

#[test]
fn a_row_in_another_form_is_told_unless_the_header_says_enough() {
    let ours = String::from_utf8(row::header()).expect("text");
    let row = "20261121T060003Z-7f3a,2026-11-21T06:00:04Z,s,Spring,Java,m,,1,1,5,complete,rest,,\n";
    let quoted = row.replace("Spring", "\"Spring\"");
    let told = |header: &str, row: &str| {
        let mut layout = Layout::of_history(header.as_bytes()).expect("a history");
        layout.examine_row(row.as_bytes(), 2);
        layout.differences.join(" and ")
    };
    assert_eq!(told(&ours, row), "");
    assert_eq!(told(&ours, &quoted), "line 2 is not written as we write it");
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(told(&crlf(&ours), &crlf(&quoted)), "lines end in CR LF");
}
