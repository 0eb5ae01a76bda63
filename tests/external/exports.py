"""What is exported, opened by the programs it is made for: LibreOffice in a German and an English locale, and the
lines of docs/data.md in pandas, polars, DuckDB and R, pyarrow, openpyxl and frictionless. Names are hard for all of them."""

import csv
import datetime
import re
import shutil
import subprocess
import warnings
from pathlib import Path

from census import HEADER, PROGRAM, Workdir, expect, main

NAMES = [
    '=HYPERLINK("http://example.com";"x")', "+1", "-1", "@x", "＝1+1", "007", "12345e67", "'=x", "TRUE", "NA", "null",
    'Comma, semicolon; "quotes"', "Ünïcode ✓ 日本", "Vue.js",
]
STATUSES = ["complete", "unchecked", "incomplete", "failed"]
METRICS = ["repositories", "topic"]
DAYS = ["2026-10-31", "2026-11-02", "2026-11-03"]
TEXTS = ["run", "survey", "framework", "language", "metric", "method", "status", "source", "query_text", "detail"]
LOCALES = {"de": "de-DE", "en": "en-US"}
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
DOCS = Path(__file__).parents[2] / "docs" / "data.md"


def history_rows():
    """Returns rows of every status, with names of every kind."""
    rows = []
    for number, day in enumerate(DAYS):
        run = f"{day.replace('-', '')}T060003Z-7f3a"
        statuses = [STATUSES[(place + number) % 11 % 4] for place in range(len(METRICS) * len(NAMES))]
        # Those that failed are planned by nobody, so that the run is finished without them.
        planned = len(statuses) - statuses.count("failed")
        for place, (metric, name) in enumerate((metric, name) for metric in METRICS for name in NAMES):
            status = statuses[place]
            rows.append([
                run, f"{day}T06:{place // 60:02}:{place % 60:02}Z".replace("06:00:0", "06:01:0"), "hard", name,
                [name, " =1+1", ""][place % 3], metric, f"{12345670 + place}", "1", "1",
                "" if status == "failed" else str(place * 1234567 + number), status, "rest",
                f"-{name} is:public" if place % 2 else "", f"planned {planned}" if place == 0 else "",
            ])
    return rows


def export(workdir, *arguments):
    return workdir.run("export", "history.csv", "--quiet", *arguments).expect(0)


def read_csv(path, **how):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file, **how))


def libreoffice(folder, locale, out, convert_to, file, *more):
    """Converts a file in a profile of its own, so that nobody's settings matter."""
    profile = folder / f"profile-{locale}"
    settings = profile / "user" / "registrymodifications.xcu"
    if not settings.exists():
        settings.parent.mkdir(parents=True)
        settings.write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<oor:items xmlns:oor="http://openoffice.org/2001/registry">'
            '<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">'
            f"<value>{LOCALES[locale]}</value></prop></item></oor:items>\n")
    command = ["soffice", "--headless", f"-env:UserInstallation={profile.as_uri()}", *more,
               "--convert-to", convert_to, "--outdir", str(out), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    expect(done.returncode == 0 and "Overwriting" not in done.stdout, f"{command}: {done.stdout}{done.stderr}")


def in_spreadsheet(row):
    """Returns a row of the tidy table as a spreadsheet shows it."""
    return [row[0], row[1], row[2].replace("T", " ").removesuffix("Z"), *row[3:]]


def shown(text):
    """Returns a number as it was before a format was put on it."""
    return re.sub(r"^≥ ", "", text) if re.fullmatch(r"(≥ )?[\d.,]+", text) else text


def check_workbook(folder, tidy, wide):
    """LibreOffice turns every sheet into CSV, and what stands there is what was exported."""
    for locale in LOCALES:
        out = folder / f"book-{locale}"
        libreoffice(folder, locale, out, AS_CSV, folder / "all" / "export.xlsx")
        data = read_csv(out / "export-Data.csv")
        expected = [tidy[0], *map(in_spreadsheet, tidy[1:])]
        count = tidy[0].index("repo_count")
        for row in data[1:]:
            row[count] = re.sub(r"[^\d]", "", row[count])
        expect(data == expected, f"{locale}: Data differs: {first_difference(data, expected)}")
        trend = read_csv(out / "export-Trend.csv")
        for row in trend[1:]:
            row[1:-1] = [re.sub(r"[^\d]", "", cell) for cell in row[1:-1]]
        expect(trend == wide, f"{locale}: Trend differs: {first_difference(trend, wide)}")
        ranking = read_csv(out / "export-Ranking.csv")
        expect({row[1] for row in ranking[1:]} == set(NAMES), f"{locale}: {ranking}")
    return len(data) - 1


def first_difference(found, expected):
    pairs = [(one, other) for one, other in zip(found, expected) if one != other]
    return pairs[0] if pairs else f"{len(found)} rows instead of {len(expected)}"


def check_charts(folder):
    out = folder / "pdf"
    libreoffice(folder, "en", out, "pdf", folder / "all" / "export.xlsx")
    text = subprocess.run(["pdftotext", "-layout", str(out / "export.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    # The titles stand in the charts alone.
    for title in ("hard: repositories, 2026-11-03", "hard: repositories\n"):
        expect(title in re.sub(r" +", " ", text), f"no chart `{title}`")


def check_dialects(folder, tidy, wide):
    """A dialect opened in LibreOffice has numbers, days and text, and no formula."""
    from openpyxl import load_workbook

    for locale, dialect, separator in [("de", "excel-semicolon", 59), ("en", "excel", 44)]:
        for shape, table in [("tidy", tidy), ("wide", wide)]:
            name = f"{shape}-{dialect}"
            how = f"--infilter=Text - txt - csv (StarCalc):{separator},34,76,1,,0,false,true"
            libreoffice(folder, locale, folder / "opened", "xlsx", folder / f"{name}.csv", how)
            rows = list(load_workbook(folder / "opened" / f"{name}.xlsx").active.iter_rows())
            expect(len(rows) == len(table), f"{name}: {len(rows)} rows")
            for cells, expected in zip(rows, table):
                for column, (cell, value) in enumerate(zip(cells, expected)):
                    expect(cell.data_type != "f", f"{name}: the formula {cell.value}")
                    is_header = expected is table[0]
                    kind = "text" if is_header else kind_of(table[0][column], shape)
                    expect(says(cell.value, value, kind), f"{name} {locale}: {cell.value!r} is not {value!r}")


def kind_of(column, shape):
    if column in ("date", "observed_at"):
        return column
    if column in ("sample_no", "attempt_no", "repo_count") or (shape == "wide" and column != "not_complete"):
        return "number"
    return "text"


def says(found, value, kind):
    """Tells whether a cell is a value, in the type that it must have."""
    if value == "":
        return found is None
    if kind == "number":
        return type(found) in (int, float) and found == int(value)
    if kind == "date":
        return isinstance(found, datetime.datetime) and found.strftime("%Y-%m-%d") == value
    if kind == "observed_at":
        return isinstance(found, datetime.datetime) and found.strftime("%Y-%m-%dT%H:%M:%SZ") == value
    # The guard stays where a spreadsheet would have done something with the text.
    return isinstance(found, str) and found in (value, "'" + value)


def check_openpyxl(folder, tidy):
    from openpyxl import load_workbook

    book = load_workbook(folder / "all" / "export.xlsx")
    expect(book.sheetnames == ["Ranking", "Trend", "Data", "About"], book.sheetnames)
    for sheet in book:
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            expect(cell.data_type != "f", f"{sheet.title}: the formula {cell.value}")
    for name, kind in [("Ranking", "BarChart"), ("Trend", "LineChart")]:
        expect([type(chart).__name__ for chart in book[name]._charts] == [kind], f"{name}: charts")
    for name in ("Ranking", "Trend", "Data"):
        expect(book[name].freeze_panes == "A2", f"{name}: frozen at {book[name].freeze_panes}")
    data = book["Data"]
    table = data.tables["tidy"]
    expect(table.ref == data.dimensions and table.autoFilter.ref == table.ref, f"the table is {table.ref}")
    rows = list(data.iter_rows())
    for cells, expected in zip(rows[1:], tidy[1:], strict=True):
        for name, cell, value in zip(tidy[0], cells, expected):
            expect(says(cell.value, value, kind_of(name, "tidy")), f"{name}: {cell.value!r} is not {value!r}")
    formats = {name: cell.number_format.replace("\\", "") for name, cell in zip(tidy[0], rows[1])}
    expect(formats["date"] == "yyyy-mm-dd" and formats["observed_at"] == "yyyy-mm-dd hh:mm:ss", formats)
    expect(formats["repo_count"] == "#,##0" and formats["method"] == "@", formats)


def blocks(language):
    """Returns the blocks of docs/data.md that are in a language, by their heading."""
    parts = re.split(r"^#+ (.*)\n", DOCS.read_text(encoding="utf-8"), flags=re.M)
    block = re.compile(rf"^```{language}\n(.*?)^```", re.M | re.S)
    code = {name: block.findall(text) for name, text in zip(parts[1::2], parts[2::2])}
    return {name: found for name, found in code.items() if found}


def check_docs(folder, history, tidy):
    import os

    import pyarrow.dataset
    import pyarrow.parquet

    code = {name: "".join(found) for name, found in blocks("python").items()}
    expect(set(code) == {"pandas", "polars", "DuckDB"}, f"blocks of {set(code)}")
    os.chdir(folder)
    # What a killed export left is passed over.
    partition = next((folder / "dataset").rglob("data.parquet")).parent
    (partition / ".data.parquet.rewriting").write_bytes(b"PAR1 and no more")
    found = pyarrow.dataset.dataset("dataset", format="parquet", partitioning="hive").count_rows()
    expect(found == len(tidy) - 1, f"pyarrow finds {found} rows in the folder")
    moment = datetime.timezone.utc
    for name, lines in code.items():
        made = {}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(compile(lines, f"docs/data.md, {name}", "exec"), made)
            for table, expected in [("history", history), ("tidy", tidy), ("parquet", tidy), ("dataset", tidy)]:
                if table not in made:
                    expect((name, table) == ("pandas", "dataset"), f"{name} makes no {table}")
                    continue
                found = rows_of(name, made[table], expected[0])
                wanted = sorted(map(tuple, expected[1:]))
                expect(found == wanted, f"{name}, {table}: {first_difference(found, wanted)}")
    schema = pyarrow.parquet.read_schema("tidy.parquet")
    expect(str(schema.field("observed_at").type) == "timestamp[us, tz=UTC]", schema)
    expect(str(schema.field("date").type) == "date32[day]" and str(schema.field("repo_count").type) == "int64", schema)
    return len(code)


# What is read must have its types, and is written in one form, numbers with all their digits.
SHOW_IN_R = """
show <- function(table, file) {
  moments <- table$observed_at
  stopifnot(inherits(moments, "POSIXct"), attr(moments, "tzone") == "UTC")
  table$observed_at <- format(moments, "%Y-%m-%dT%H:%M:%SZ")
  if ("date" %in% names(table)) {
    stopifnot(inherits(table$date, "Date"))
    table$date <- format(table$date)
  }
  for (column in c("sample_no", "attempt_no", "repo_count")) {
    stopifnot(is.numeric(table[[column]]))
    table[[column]] <- ifelse(is.na(table[[column]]), NA, sprintf("%.0f", table[[column]]))
  }
  stopifnot(sapply(table, is.character))
  write.csv(table, file, row.names = FALSE, na = "", fileEncoding = "UTF-8")
}
"""


def check_r(folder, history, tidy):
    """The lines for R that read CSV; Debian has no package for R that reads Parquet."""
    reads, parquet = blocks("r")["R"]
    expect("library(arrow)" in parquet and "library" not in reads, "the lines for R changed places")
    lines = ["options(warn = 2)", reads, SHOW_IN_R, 'show(history, "history-r.csv")', 'show(tidy, "tidy-r.csv")']
    done = subprocess.run(["Rscript", "--vanilla", "-"], input="\n".join(lines), cwd=folder, capture_output=True, text=True)
    expect(done.returncode == 0 and done.stderr == "", f"R: {done.stdout}{done.stderr}")
    for name, expected in [("history", history), ("tidy", tidy)]:
        found = read_csv(folder / f"{name}-r.csv")
        expect(found == expected, f"R, {name}: {first_difference(found, expected)}")


def rows_of(library, table, columns):
    """Returns the rows as the CSV has them; every value must have the type that it must have."""
    if library == "pandas":
        records = table[columns].astype(object).where(table[columns].notna(), None).itertuples(index=False)
    elif library == "polars":
        records = table.select(columns).iter_rows()
    else:
        records = table.select(", ".join(columns)).fetchall()
    return sorted(tuple(as_text(name, value) for name, value in zip(columns, record)) for record in records)


def as_text(name, value):
    if value is None:
        return ""
    if name == "observed_at":
        expect(value.utcoffset() == datetime.timedelta(0), f"{value!r} is not in UTC")
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if name == "date":
        return value.strftime("%Y-%m-%d")
    if name in ("sample_no", "attempt_no", "repo_count"):
        expect(isinstance(value, int), f"{name} is {value!r}")
        return str(value)
    expect(isinstance(value, str), f"{name} is {value!r}")
    return value


def check_packages(folder):
    for package in (folder / "all", folder / "semicolon", folder / "collected" / "output" / "backend-frameworks"):
        done = subprocess.run(["frictionless", "validate", str(package / "datapackage.json")], capture_output=True, text=True)
        expect(done.returncode == 0 and "INVALID" not in done.stdout, f"{package.name}: {done.stdout}{done.stderr}")


def check_limit():
    """More rows than a sheet holds are refused before anything is written; a folder goes without the workbook."""
    with Workdir(1) as workdir:
        with open(workdir.folder / "history.csv", "w") as file:
            file.write(HEADER + "\n")
            for run in range(1500):
                day, minute = run // 1440 + 1, run % 1440
                run = f"202601{day:02}T{minute // 60:02}{minute % 60:02}00Z-0001"
                at = f"2026-01-{day:02}T{minute // 60:02}:{minute % 60:02}:01Z"
                file.writelines(f"{run},{at},hard,F{name},,m,,1,1,5,complete,rest,,\n" for name in range(700))
        refused = workdir.run("export", "history.csv", "--out", "a.xlsx").expect(1)
        expect("has 1050000 rows for the sheet Data, which can hold 1048575" in refused.stderr, refused.stderr)
        expect(not (workdir.folder / "a.xlsx").exists(), "it was written all the same")
        told = workdir.run("export", "history.csv", "--out", "all/").expect(0)
        expect("`all/export.xlsx` was left out" in told.stderr, told.stderr)
        found = sorted(path.name for path in (workdir.folder / "all").iterdir())
        expect(found == ["datapackage.json", "tidy.csv", "tidy.json", "tidy.parquet", "wide.csv"], found)


def perform():
    with Workdir(1) as workdir:
        folder = workdir.folder
        rows = [HEADER.split(","), *history_rows()]
        with open(folder / "history.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        export(workdir, "--out", "all/")
        export(workdir, "--out", "semicolon/", "--format", "csv", "--dialect", "excel-semicolon")
        export(workdir, "--out", "dataset/", "--format", "parquet")
        for dialect in ("excel", "excel-semicolon"):
            for shape in ("tidy", "wide"):
                export(workdir, "--out", f"{shape}-{dialect}.csv", "--shape", shape, "--dialect", dialect)
        for name in ("tidy.csv", "tidy.parquet"):
            shutil.copy(folder / "all" / name, folder / name)
        replay = [PROGRAM, "collect", "backend-frameworks", "--replay", "codingnomads-2023", "--quiet"]
        collected = folder / "collected"
        subprocess.run([*replay, "--dir", str(collected)], check=True)
        home = collected / "output" / "backend-frameworks"
        (home / "replay-codingnomads-2023.csv").rename(home / "history.csv")
        described = [PROGRAM, "export", "backend-frameworks", "--out", str(home / "wide.csv"), "--shape", "wide"]
        subprocess.run([*described, "--quiet", "--dir", str(collected)], check=True)
        tidy, wide = read_csv(folder / "tidy.csv"), read_csv(folder / "all" / "wide.csv")
        expect([row[1:] for row in tidy] == rows, "the tidy table is not the history")
        count = check_workbook(folder, tidy, wide)
        check_charts(folder)
        check_dialects(folder, tidy, wide)
        check_openpyxl(folder, tidy)
        libraries = check_docs(folder, rows, tidy)
        check_r(folder, rows, tidy)
        check_packages(folder)
        check_limit()
        return f"{count} rows back from LibreOffice in 2 locales, the lines of {libraries} libraries and R, 3 packages"


main("exports", perform)
