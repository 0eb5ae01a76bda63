"""A disk of 1 MB that fills up, really: collect, import and repair end with a clear word, the history
stays whole, and when there is space again the next run goes on."""

import os
import subprocess
from collections import Counter

from census import Github, Workdir, damage, expect, main, make_chunk, told

FRAMEWORKS = 120
PAGE = os.sysconf("SC_PAGESIZE")
NO_SPACE = "No space left on device (os error 28)"


class Disk:
    """A tmpfs at the survey's output folder; it goes with the mount namespace that the script makes."""

    def __init__(self, workdir):
        self.root = workdir.folder / "output"
        self.filler = self.root / "filler"

    def __enter__(self):
        self.root.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(self.root)], capture_output=True, text=True
        )
        expect(done.returncode == 0, f"a tmpfs needs root: {done.stderr.strip()}")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", str(self.root)], check=True)

    def fill_but(self, pages):
        """Leaves so many pages free."""
        self.filler.unlink(missing_ok=True)
        found = os.statvfs(self.root)
        size = found.f_bavail * found.f_frsize - pages * PAGE
        expect(size >= 0, f"the disk has no {pages} free pages")
        with self.filler.open("wb") as file:
            file.write(b"\0" * size)

    def make_room(self):
        self.filler.unlink()


def collect(github, pages, with_history, figures):
    with Workdir(FRAMEWORKS, github) as workdir, Disk(workdir) as disk:
        old = make_chunk(2, FRAMEWORKS) if with_history else []
        if old:
            workdir.write_history(old)
        disk.fill_but(pages)
        outcome = workdir.run("collect", "mine", "-v").expect(1, 3)
        acknowledged = outcome.answered()
        rows, tail = workdir.rows()
        expect([row[0] for row in rows[: len(old)]] == old, "old rows are gone")
        expect(told(rows)[len(old):] == acknowledged, f"{len(rows) - len(old)} rows there: {outcome}")
        expect(not tail, f"a cut line stays: `{tail}`")
        expect("output" in outcome.stderr and NO_SPACE in outcome.stderr, f"not told: {outcome}")
        expect(outcome.code == (3 if acknowledged else 1), f"the exit code: {outcome}")
        kept = f"{len(acknowledged)} of {FRAMEWORKS} counts are in `output/mine/history.csv`"
        expect(kept in outcome.stderr or not acknowledged, f"what was kept is not told: {outcome}")
        workdir.expect_readable()
        disk.make_room()
        workdir.run("collect", "mine", "-v", *(["--resume"] if acknowledged else [])).expect(0)
        rows = workdir.sound_rows()[len(old):]
        expect(told(rows)[: len(acknowledged)] == acknowledged, "the next run lost rows")
        expect(len(rows) == FRAMEWORKS and len({row["framework"] for row in rows}) == FRAMEWORKS, "not once each")
        workdir.run("check", "mine").expect(0)
        figures["collect"] += 1
        figures["acknowledged"] += len(acknowledged)


def rewrite(command, pages, figures):
    """An import or a repair of a history of a fifth of the disk."""
    with Workdir(FRAMEWORKS) as workdir, Disk(workdir) as disk:
        rows = make_chunk(15, FRAMEWORKS)
        if command[0] == "repair":
            # Lines to set aside need room as well.
            bad = [f"rubbish {'x' * 200} {no}" for no in range(50)]
            lines, cut = damage(rows)
            workdir.write_history(bad + lines, cut)
        else:
            workdir.write_history(rows[::2])
            (workdir.folder / "other.csv").write_text(workdir.history.read_text())
            workdir.write_history(rows[1::2])
        old = workdir.history.read_text()
        disk.fill_but(pages)
        outcome = workdir.run(*command).expect(1)
        expect(workdir.history.read_text() == old, f"the history was changed: {outcome}")
        expect("output/mine" in outcome.stderr and NO_SPACE in outcome.stderr, f"not told: {outcome}")
        expect(not workdir.leftovers(), f"left behind: {workdir.leftovers()}")
        workdir.expect_readable(may_be_damaged=True)
        disk.make_room()
        workdir.run(*command).expect(0)
        expect([row[0] for row in workdir.sound_rows()] == rows, "the next command does not go on")
        if command[0] == "repair":
            aside = "".join(path.read_text() for path in workdir.history.parent.glob("set-aside/*"))
            expect(all(line in aside for line in [*bad, cut]), "lines are neither kept nor set aside")
        workdir.run("check", "mine").expect(0)
        figures[command[0]] += 1


def perform():
    figures, github = Counter(), Github()
    for with_history in (False, True):
        for pages in (0, 1, 2, 3):
            collect(github, pages, with_history, figures)
    for pages in (0, 1, 5, 20, 40):
        rewrite(("import", "other.csv", "--into", "mine"), pages, figures)
        rewrite(("repair", "mine"), pages, figures)
    expect(figures["acknowledged"] > FRAMEWORKS, "the disk never filled up in the middle of a run")
    return (
        f"{figures['collect']} runs, {figures['import']} imports and {figures['repair']} repairs on a full disk of "
        f"1 MB; {figures['acknowledged']} rows acknowledged before it was full, 0 lost, 0 doubled, 0 half"
    )


if __name__ == "__main__":
    main("full disk", perform)
