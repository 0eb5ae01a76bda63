#!/usr/bin/env python3
"""Compares the program with DuckDB and polars, paired: the same work on the same history, in turn.

    cargo build --release
    cargo bench --bench histories -- generate 10000000 /tmp/history.csv
    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb polars
    /tmp/venv/bin/python benches/compare.py /tmp/history.csv [ROUNDS [WORK...]]

The work: for each day the last count of each framework for one metric, as a wide CSV (`wide`), and
the first and the last of them (`trend`); the answer of every count with a date, as CSV (`tidy`) and
as Parquet (`parquet`), against DuckDB alone and in any order. The others are spared what the program
does as well: to look whether runs are finished and rows are sound. That all find the same counts is
checked.
CPU time is user and system time of the whole process, and memory its peak (Linux, macOS).
"""

import csv
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.path.dirname(__file__), "..", "target", "release", "repo-census")
METRIC = "metric-0"

DUCKDB = """
import duckdb, sys
history, out = sys.argv[1:]
threads = {threads}
if threads:
    duckdb.sql(f"set threads={{threads}}")
days = f'''select substr(run, 1, 8) as date, framework, arg_max(repo_count, run || attempt_no) as c
           from read_csv('{{history}}') where metric = '{metric}' and repo_count is not null
           group by all'''
wide = f"select * from (pivot ({{days}}) on framework using first(c)) order by date"
trend = f"select framework, arg_min(c, date), arg_max(c, date) from ({{days}}) group by all order by 1"
duckdb.sql(f"copy ({{{work}}}) to '{{out}}' (header)")
"""

POLARS = """
import polars as pl, sys
history, out = sys.argv[1:]
days = (
    pl.scan_csv(history)
    .filter((pl.col("metric") == "{metric}") & pl.col("repo_count").is_not_null())
    .select(pl.col("run").str.slice(0, 8).alias("date"), "framework", pl.col("repo_count").alias("c"))
    .group_by("date", "framework").agg(pl.col("c").last())
)
if "{work}" == "wide":
    days = days.collect(engine="streaming")
    found = days.pivot(on="framework", index="date", values="c", sort_columns=True).sort("date")
else:
    ends = [pl.col("c").sort_by("date").first().alias("first"), pl.col("c").sort_by("date").last().alias("last")]
    found = days.group_by("framework").agg(ends).sort("framework").collect(engine="streaming")
found.write_csv(out)
"""


TIDY = """
import duckdb, sys
history, out = sys.argv[1:]
threads = {threads}
if threads:
    duckdb.sql(f"set threads={{threads}}")
answers = f'''select strptime(substr(run, 1, 8), '%Y%m%d')::date as date, * from read_csv('{{history}}', types = {{{{method: VARCHAR}}}})
              qualify row_number() over (partition by run, framework, metric, sample_no order by
                  case status when 'complete' then 3 when 'unchecked' then 2 when 'incomplete' then 1 else 0 end desc,
                  case status when 'incomplete' then repo_count else 0 end desc, attempt_no desc) = 1'''
duckdb.sql(f"copy ({{answers}}) to '{{out}}' ({form})")
"""

# Read in a process of its own, for the same reason as with the others.
DIGEST = """
import duckdb, sys
work, out = sys.argv[1:]
duckdb.sql("set enable_progress_bar = false")
table = f"read_csv('{out}', all_varchar = true)" if work == "tidy" else f"read_parquet('{out}')"
columns = "date run framework metric method sample_no attempt_no repo_count status query_text detail".split()
key = ", ".join(f"coalesce({column}::varchar, '')" for column in columns)
print(duckdb.sql(f"select count(*), bit_xor(hash({key})) from {table}").fetchall())
"""


def commands(work, history, out):
    """Returns the processes that do the work, by name."""
    ours = {
        "wide": [PROGRAM, "export", history, "--shape", "wide", "--metric", METRIC, "--out", out],
        "trend": [PROGRAM, "trend", history, "--metric", METRIC, "--out", out],
        "tidy": [PROGRAM, "export", history, "--out", out],
        "parquet": [PROGRAM, "export", history, "--format", "parquet", "--out", out],
    }
    python = lambda code, **values: [
        sys.executable, "-c", code.format(work=work, metric=METRIC, **values), history, out]
    if work in ("tidy", "parquet"):
        form = "header" if work == "tidy" else "format parquet, compression zstd"
        tidy = lambda threads: [sys.executable, "-c", TIDY.format(threads=threads, form=form), history, out]
        return {"repo-census": ours[work], "DuckDB": tidy(0), "DuckDB, 1 thread": tidy(1)}
    return {
        "repo-census": ours[work],
        "DuckDB": python(DUCKDB, threads=0),
        "DuckDB, 1 thread": python(DUCKDB, threads=1),
        "polars": python(POLARS),
    }


def run(command):
    """Runs a process; returns its CPU seconds and its peak memory in MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[:3]}: {errors.decode()}")
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6


def found(work, out):
    """Returns a digest of what was found, in one form for all.

    The rows are not kept: a process starts with the memory of the one that starts it.
    """
    if work in ("tidy", "parquet"):
        return subprocess.run([sys.executable, "-c", DIGEST, work, out], capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256()
    if work == "trend":
        with open(out, newline="") as file:
            rows = [list(row.values()) if len(row) == 3 else
                    [row["framework"], row["first_count"], row["last_count"]]
                    for row in csv.DictReader(file)]
        for row in sorted(rows):
            digest.update(repr(row).encode())
        return digest.hexdigest()
    with open(out, newline="") as file:
        rows = csv.reader(file)
        names = next(rows)
        columns = sorted((name, at) for at, name in enumerate(names) if name.startswith("Framework"))
        for row in rows:
            digest.update(repr([row[0].replace("-", "")] + [row[at] for _, at in columns]).encode())
    return digest.hexdigest()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    history = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    works = sys.argv[3:] or ["trend", "wide", "tidy", "parquet"]
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.csv")
        for work in works:
            taken, results = {}, {}
            for _ in range(rounds):
                for name, command in commands(work, history, out).items():
                    taken.setdefault(name, []).append(run(command))
                    results[name] = found(work, out)
            for name, result in results.items():
                if result != results["repo-census"]:
                    sys.exit(f"{work}: {name} finds something else")
            ours = statistics.median(cpu for cpu, _ in taken["repo-census"])
            for name, runs in taken.items():
                cpu = statistics.median(cpu for cpu, _ in runs)
                pairs = zip(runs, taken["repo-census"])
                ratio = statistics.median(theirs / mine for (theirs, _), (mine, _) in pairs)
                peak = max(peak for _, peak in runs)
                print(f"{work:7} {name:18} {cpu:6.2f} s CPU {peak:7.1f} MB   {ratio:5.2f} times ours")


main()
