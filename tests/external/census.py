"""What the parts share: the program run in a folder of its own, a small GitHub, a history read strictly.

The history is read here by other code than the program's: a row is a line that looks exactly as one must.
"""

import itertools
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PROGRAM = os.environ["REPO_CENSUS"]
SHIM = os.environ["FAULT_SHIM"]
LONG = os.environ.get("EXTERNAL_LONG") == "1"

HEADER = (
    "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,repo_count,"
    "status,source,query_text,detail"
)
ROW = re.compile(
    r"(?P<run>\d{8}T\d{6}Z-[0-9a-f]{4}),\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ,mine,(?P<framework>F\d+),,repositories,"
    r"(?P<method>[0-9a-f]{8}),1,(?P<attempt>\d+),(?P<count>\d+),complete,rest(@[0-9a-z.:]+)?,f\d+ is:public,"
    r"(planned \d+)?(request [0-9A-Z:]+)?"
)
ANSWERED = re.compile(r"^(F\d+) repositories: ([\d,]+) \(complete[;,]", re.M)
LONGEST_RUN_S = 60
MOST_KEPT = 10


class Failed(Exception):
    """Something that must hold did not."""


def expect(holds, text):
    if not holds:
        raise Failed(text)


def main(part, perform):
    """Runs a part, prints its line, and ends with 1 if it failed."""
    started = time.monotonic()
    try:
        figures = perform()
    except Exception as error:
        what = str(error) if isinstance(error, Failed) else traceback.format_exc()
        print(f"{part}: FAILED after {time.monotonic() - started:.0f} s: {what}", flush=True)
        sys.exit(1)
    print(f"{part}: passed in {time.monotonic() - started:.0f} s: {figures}", flush=True)


def wait_until(holds):
    """Waits for something that comes soon."""
    give_up_at = time.monotonic() + LONGEST_RUN_S
    while not holds():
        expect(time.monotonic() < give_up_at, "it never came")
        time.sleep(0.001)


class Github:
    """Answers every search at once, each with a count of its own, so that every row can be told apart."""

    def __init__(self, pause_s=0.0, refused=None):
        """`refused` is a query that is answered with 404."""
        github, self.count, self.lock = self, 100_000_000, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self):
                time.sleep(pause_s)
                body = f'{{"total_count":{github.next_count()},"incomplete_results":false,"items":[]}}'.encode()
                is_refused = refused is not None and refused in parse_qs(urlsplit(self.path).query).get("q", [])
                self.send_response(404 if is_refused else 200)
                headers = {
                    "Content-Type": "application/json; charset=utf-8",
                    "Content-Length": len(body),
                    "X-RateLimit-Limit": 1000,
                    "X-RateLimit-Remaining": 900,
                    "X-RateLimit-Used": 100,
                    "X-RateLimit-Reset": int(time.time()) + 60,
                    "X-RateLimit-Resource": "search",
                }
                for name, value in headers.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        # A killed program leaves its connection in the middle of an answer.
        server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def next_count(self):
        with self.lock:
            self.count += 1
            return self.count


class Workdir:
    """A folder with the survey `mine`, and the program run in it with a clean environment."""

    failed = itertools.count()

    def __init__(self, frameworks, github=None, folder=None, more=""):
        self.folder = Path(folder or tempfile.mkdtemp(prefix="repo-census-"))
        self.github = github
        self.frameworks = frameworks
        self.history = self.folder / "output/mine/history.csv"
        survey = 'title = "Mine"\n[[metrics]]\nid = "repositories"\nquery = "{query} is:public"\n'
        survey += "".join(f'[[frameworks]]\nname = "F{no}"\n' for no in range(1, frameworks + 1))
        survey += more
        (self.folder / "config/surveys").mkdir(parents=True, exist_ok=True)
        (self.folder / "config/surveys/mine.toml").write_text(survey)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        # What failed stays to be looked at, but not all of it if everything fails.
        if kind is None or next(Workdir.failed) >= MOST_KEPT:
            shutil.rmtree(self.folder, ignore_errors=True)
        elif isinstance(error, Failed):
            error.args = (f"{error}\n  see `{self.folder}`",)

    def environment(self, **more):
        env = {"HOME": str(self.folder / "home"), "PATH": "/usr/bin:/bin", "RUST_BACKTRACE": "0", **more}
        if self.github:
            env |= {"GITHUB_API_URL": self.github.url, "GH_TOKEN": "ghp_external"}
        return env

    def start(self, *arguments, wrapped=(), env=None, **options):
        return subprocess.Popen(
            [*wrapped, PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *arguments, **options):
        return Outcome(arguments, self.start(*arguments, **options))

    def rows(self, path=None):
        """Returns the whole rows as matches, and what stands behind the last of them."""
        try:
            text = (path or self.history).read_text()
        except FileNotFoundError:
            return [], ""
        whole, _, tail = text.rpartition("\n")
        lines = whole.split("\n") if whole else []
        expect(not lines or lines[0] == HEADER, f"the header is `{lines[:1]}`")
        rows = [ROW.fullmatch(line) for line in lines[1:]]
        for line, row in zip(lines[1:], rows):
            expect(row, f"a half row: `{line}`")
        return rows, tail

    def sound_rows(self, path=None):
        """Returns the rows of a history that must be in order, without doubles and without a cut line."""
        rows, tail = self.rows(path)
        expect(not tail, f"a cut line: `{tail}`")
        expect_no_doubles(rows)
        expect([row["run"] for row in rows] == sorted(row["run"] for row in rows), "runs out of order")
        return rows

    def write_history(self, rows, tail=""):
        self.history.parent.mkdir(parents=True, exist_ok=True)
        self.history.write_text("\n".join([HEADER, *rows]) + "\n" + tail)

    def leftovers(self):
        """Returns the names of half-written files beside the history. The health that a killed run was writing is
        not among them: the next run that asks anything takes its place."""
        names = [path.name for path in self.history.parent.rglob("*")] if self.history.parent.exists() else []
        names = [name for name in names if name != "health.json.rewriting"]
        return [name for name in names if name.endswith(".rewriting") or ".tmp" in name]

    def expect_readable(self, may_be_damaged=False):
        """Readers get on with whatever lies there: whole rows, or a clear word."""
        report = self.run("report", str(self.history), "--format", "csv")
        if self.history.exists() and self.rows_or_none(may_be_damaged):
            report.expect(0)
        else:
            report.expect(0, 1)
        check = self.run("check", "mine")
        check.expect(0, 3)
        if check.code == 3 and not may_be_damaged:
            wrong = [line for line in check.stdout.splitlines() if line.startswith("wrong")]
            fine = all("is cut off, or being written" in line for line in wrong)
            expect(fine and len(wrong) <= 1, f"not sound:\n{check.stdout}{check.stderr}")

    def rows_or_none(self, may_be_damaged):
        try:
            return self.rows()[0]
        except Failed:
            if may_be_damaged:
                return []
            raise


class Outcome:
    """What a run of the program said and how it ended."""

    def __init__(self, arguments, process):
        self.arguments = arguments
        try:
            self.stdout, self.stderr = process.communicate(timeout=LONGEST_RUN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failed(f"`{' '.join(arguments)}` did not end") from None
        self.code = process.returncode
        expect("panicked" not in self.stderr, f"a panic: {self}")

    def expect(self, *codes):
        expect(self.code in codes, f"exit code {self.code} instead of {' or '.join(map(str, codes))}: {self}")
        return self

    def answered(self):
        """Returns framework and count of each answer that was told: these are kept."""
        return [(name, int(count.replace(",", ""))) for name, count in ANSWERED.findall(self.stderr)]

    def __str__(self):
        return f"`{' '.join(self.arguments)}` ended with {self.code} and said\n{self.stderr}"


def told(rows):
    return [(row["framework"], int(row["count"])) for row in rows]


def doubles(rows):
    keys = Counter((row["run"], row["framework"], row["attempt"]) for row in rows)
    counts = Counter(row["count"] for row in rows)
    return [key for key, times in (keys + counts).items() if times > 1]


def expect_no_doubles(rows):
    found = doubles(rows)
    expect(not found, f"doubled: {found[:3]}")


_made = itertools.count(1)


def make_run(frameworks):
    """Makes the rows of a run of the past, five minutes after the one made before, with counts of its own."""
    at = no = next(_made)
    day, hour, minute = at // 288, at // 12 % 24, at % 12 * 5
    date = f"{2001 + day // 336}-{1 + day // 28 % 12:02}-{1 + day % 28:02}"
    run = f"{date.replace('-', '')}T{hour:02}{minute:02}00Z-{no & 0xFFFF:04x}"
    # Below what the small GitHub counts, and rising, so that no count falls suddenly.
    return [
        f"{run},{date}T{hour:02}:{minute + framework // 60:02}:{framework % 60:02}Z,mine,F{framework},,"
        f"repositories,{framework:08x},1,1,{no * 200 + framework},complete,rest,f{framework} is:public,"
        for framework in range(1, frameworks + 1)
    ]


def make_chunk(runs, frameworks):
    return [row for _ in range(runs) for row in make_run(frameworks)]


def damage(rows):
    """Returns the rows in disorder, with rubbish and doubles among them, and a line cut off at the end."""
    cut = random.choice(rows)
    # Between two runs: rows of one run that have the same moment stay in their order.
    at = random.choice([at for at in range(1, len(rows)) if rows[at][:21] != rows[at - 1][:21]])
    rows = rows[at:] + rows[:at]
    rows.insert(random.randrange(len(rows)), "rubbish, of which nothing can be made")
    rows.append(random.choice(rows[:-1]))
    return rows, cut[: random.randrange(1, len(cut))]
