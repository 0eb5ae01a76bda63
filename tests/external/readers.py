"""Two appenders contend for one history, a third writer imports into it, and five readers read it all the
while: a reader never sees a half row nor an error, but that there is nothing yet."""

import random
import threading
import time
from collections import Counter

from census import HEADER, LONG, Failed, Github, Workdir, expect, main, make_chunk, told

SECONDS = 60 if LONG else 10
FRAMEWORKS = 12
MET = "the last line of `output/mine/history.csv` is cut off, or being written; it is left out"
BUSY = "another process is writing to `output/mine/history.csv`"


class Contest:
    def __init__(self, workdir):
        self.workdir, self.figures = workdir, Counter()
        self.lock, self.failures = threading.Lock(), []
        self.acknowledged, self.imported, self.seen = [], [], 0
        self.ends_at = time.monotonic() + SECONDS

    def in_a_loop(self, act):
        """Repeats an act until the time is over or anything failed."""

        def loop():
            try:
                while time.monotonic() < self.ends_at and not self.failures:
                    act()
            except Exception as failure:
                self.failures.append(failure)

        return threading.Thread(target=loop)

    def count(self, **figures):
        with self.lock:
            self.figures.update(figures)

    def append(self):
        outcome = self.workdir.run("collect", "mine", "-v").expect(0, 75)
        if outcome.code == 75:
            expect(BUSY in outcome.stderr and not outcome.answered(), f"refused otherwise: {outcome}")
            self.count(refused=1)
            time.sleep(random.random() / 50)
            return
        with self.lock:
            self.acknowledged += outcome.answered()
        self.count(runs=1)
        # The others want the lock too.
        time.sleep(random.random() / 10)

    def import_rows(self):
        chunk = make_chunk(1, FRAMEWORKS)
        (self.workdir.folder / "other.csv").write_text("\n".join([HEADER, *chunk]) + "\n")
        outcome = self.workdir.run("import", "other.csv", "--into", "mine").expect(0, 75)
        if outcome.code == 0:
            self.imported += chunk
            self.count(imports=1)
        else:
            expect(BUSY in outcome.stderr, f"refused otherwise: {outcome}")
            self.count(refused=1)
            time.sleep(random.random() / 50)

    def read(self):
        seen_before = self.seen
        self.expect_fine(self.workdir.run("report", "mine", "--format", "csv"), seen_before)

    def check(self):
        seen_before = self.seen
        check = self.workdir.run("check", "mine").expect(0)
        expect("none yet" not in check.stdout or not seen_before, f"a history that was there is gone: {check.stdout}")
        self.count(reads=1)

    def expect_fine(self, report, seen_before):
        nothing = "there is no history" in report.stderr or "has no rows" in report.stderr
        nothing = nothing or "has no finished run" in report.stderr
        if nothing:
            expect(not seen_before and report.code != 0, f"a history that was there is gone: {report}")
            self.count(early=1)
            return
        report.expect(0)
        # A file system may show the first part of a write that crosses a page; it is told and left out.
        warnings = [line for line in report.stderr.splitlines() if line.startswith("warning")]
        expect(all(MET in line for line in warnings), f"a warning: {report}")
        self.count(met=len(warnings))
        lines = report.stdout.splitlines()
        expect(len(lines) == 1 + FRAMEWORKS, f"{len(lines)} lines: {report.stdout}{report}")
        # As long as no run is finished the first one is shown as far as it is.
        whole = all(",complete," in line for line in lines[1:])
        expect(whole or not seen_before, f"not whole: {report.stdout}")
        self.seen += whole
        self.count(reads=1)

    def read_raw(self):
        """As any other program reads it: whole lines are whole rows, always."""
        rows, _ = self.workdir.rows()
        with self.lock:
            there = len(self.acknowledged)
        again, _ = self.workdir.rows()
        expect(len(again) >= there, f"{there} rows acknowledged, {len(again)} there")
        self.count(reads=1)
        time.sleep(0.01)


def perform():
    with Workdir(FRAMEWORKS, Github(pause_s=0.001)) as workdir:
        contest = Contest(workdir)
        acts = [contest.append] * 2 + [contest.import_rows]
        acts += [contest.read] * 2 + [contest.check] * 2 + [contest.read_raw]
        threads = [contest.in_a_loop(act) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if contest.failures:
            raise contest.failures[0] if isinstance(contest.failures[0], Failed) else Failed(repr(contest.failures[0]))
        rows = workdir.sound_rows()
        wanted = Counter(contest.acknowledged) + Counter(told_of(contest.imported))
        there = Counter(told(rows))
        lost, more = wanted - there, there - wanted
        expect(not lost, f"{sum(lost.values())} rows lost, such as {list(lost)[:1]}")
        expect(not more, f"{sum(more.values())} rows too many, such as {list(more)[:1]}")
        workdir.run("check", "mine").expect(0)
    f = contest.figures
    expect(f["runs"] > 3 and f["imports"] > 3 and f["refused"] > 3 and f["reads"] > 50, f"too little happened: {dict(f)}")
    return (
        f"{SECONDS} s, 2 appenders, 1 importer, 5 readers: {f['runs']} runs, {f['imports']} imports, {f['refused']} refused "
        f"with 75, {f['reads']} reads, {f['met']} of them met a write; {len(contest.acknowledged)} rows acknowledged, 0 lost, 0 doubled, 0 half rows read"
    )


def told_of(rows):
    return [(fields[3], int(fields[9])) for fields in (row.split(",") for row in rows)]


if __name__ == "__main__":
    main("readers", perform)
