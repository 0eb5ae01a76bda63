"""Histories and folders that others change, or that do not let themselves be written: while a run appends
the file is removed, replaced, written to and cut; folders that are read-only; file systems without locks."""

import errno
import os
import shutil
import signal
import subprocess
from collections import Counter

from census import HEADER, SHIM, Github, Outcome, Workdir, damage, expect, main, make_chunk, told, wait_until

FRAMEWORKS = 12
HISTORY = "output/mine/history.csv"
CHANGED = f"`{HISTORY}` was changed or replaced by another program during the run"
# Root may write where nobody may, unless it gives up what makes it root.
UNPRIVILEGED = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
COMMANDS = [("collect", "mine", "-v"), ("import", "other.csv", "--into", "mine"), ("repair", "mine")]


def interfere(name, act, figures, survivors):
    """Lets a run append, stops it for a moment in which `act` changes the file, and looks at what it says."""
    with Workdir(FRAMEWORKS, Github(pause_s=0.02)) as workdir:
        old = make_chunk(2, FRAMEWORKS)
        workdir.write_history(old)
        child = workdir.start("collect", "mine", "-v")
        wait_until(lambda: len(workdir.rows()[0]) >= len(old) + 3)
        child.send_signal(signal.SIGSTOP)
        os.waitpid(child.pid, os.WUNTRACED)
        before = told(workdir.rows()[0])
        act(workdir)
        child.send_signal(signal.SIGCONT)
        outcome = Outcome(("collect", "mine", "-v"), child).expect(3)
        expect(CHANGED in outcome.stderr, f"{name}: not told: {outcome}")
        acknowledged = outcome.answered()
        expect(len(acknowledged) >= 2, f"{name}: {outcome}")
        if survivors(before) is None:
            rows = "1 row was" if len(acknowledged) == 1 else f"{len(acknowledged)} rows were"
            kept = f"{rows} kept in `{HISTORY}`, but cannot be found there now"
            expect(kept in outcome.stderr, f"{name}: what was kept is not told: {outcome}")
            workdir.run("collect", "mine", "-v").expect(0)
            rows = workdir.sound_rows()
        else:
            kept = len(survivors(before)) - len(old)
            text = f"{kept} of {FRAMEWORKS} counts are in `{HISTORY}`"
            expect(text in outcome.stderr, f"{name}: not `{text}`: {outcome}")
            workdir.run("collect", "mine", "-v", "--resume").expect(0)
            rows = workdir.sound_rows()
            expect(told(rows)[: len(survivors(before))] == survivors(before), f"{name}: rows lost")
            rows = rows[len(old):]
        expect(len({row["framework"] for row in rows}) == len(rows) == FRAMEWORKS, f"{name}: not each once")
        workdir.run("check", "mine").expect(0)
        figures["interfered"] += 1
        figures["acknowledged"] += len(acknowledged)


def replace(workdir):
    copy = workdir.folder / "copy.csv"
    shutil.copy(workdir.history, copy)
    os.rename(copy, workdir.history)


def write_to(workdir):
    with workdir.history.open("a") as file:
        file.write("what another program writes")


def cut(workdir):
    os.truncate(workdir.history, workdir.history.stat().st_size - 20)


def start_over(workdir):
    workdir.history.write_text("")


def refused(place, error, figures, **options):
    """In a place that cannot be written, every command says so and changes nothing; reading goes on."""
    for command in COMMANDS:
        with Workdir(FRAMEWORKS, Github()) as workdir:
            rows = make_chunk(3, FRAMEWORKS)
            (workdir.folder / "other.csv").write_text("\n".join([HEADER, *make_chunk(1, FRAMEWORKS)]) + "\n")
            workdir.write_history(*(damage(rows) if command[0] == "repair" else (rows,)))
            old = workdir.history.read_text()
            with place(workdir):
                outcome = workdir.run(*command, **options).expect(1)
                expect("output/mine" in outcome.stderr and f"(os error {error})" in outcome.stderr, f"{outcome}")
                expect(workdir.history.read_text() == old, f"changed all the same: {outcome}")
                workdir.expect_readable(may_be_damaged=command[0] == "repair")
            workdir.run(*command, **options).expect(0)
            workdir.sound_rows()
        figures["refused"] += 1


class WithoutWriting:
    """The folder loses its permission to be written."""

    def __init__(self, workdir):
        self.folder = workdir.folder / "output/mine"

    def __enter__(self):
        self.folder.chmod(0o555)

    def __exit__(self, *_):
        self.folder.chmod(0o755)


class ReadOnlyMount:
    def __init__(self, workdir):
        self.root = workdir.folder / "output"

    def __enter__(self):
        done = subprocess.run(["mount", "--bind", "-o", "ro", self.root, self.root], capture_output=True, text=True)
        expect(done.returncode == 0, f"a mount needs root: {done.stderr.strip()}")

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", str(self.root)], check=True)


def without_locks(figures):
    """Plays a file system without locks: locking fails as it does there."""
    for command in COMMANDS:
        for error in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
            with Workdir(FRAMEWORKS, Github()) as workdir:
                rows = make_chunk(3, FRAMEWORKS)
                (workdir.folder / "other.csv").write_text("\n".join([HEADER, *make_chunk(1, FRAMEWORKS)]) + "\n")
                workdir.write_history(rows)
                old = workdir.history.read_text()
                log = workdir.folder / "log"
                shim = {"LD_PRELOAD": SHIM, "FAULT_FOLDER": str(workdir.folder / "output"), "FAULT_LOG": str(log)}
                workdir.run(*command, env=shim).expect(0)
                workdir.history.write_text(old)
                calls = [line for line in log.read_text().splitlines() if not line.startswith("told ")]
                at = next(no for no, line in enumerate(calls, 1) if " lock " in line)
                fault = {"FAULT_KIND": "fail", "FAULT_AT": str(at), "FAULT_ERRNO": str(error)}
                outcome = workdir.run(*command, env=shim | fault).expect(1)
                told_so = f"`{HISTORY}.lock` cannot be locked" in outcome.stderr
                expect(told_so and f"(os error {error})" in outcome.stderr, f"not told: {outcome}")
                expect(workdir.history.read_text() == old, "changed without a lock")
                workdir.run(*command).expect(0)
                figures["without locks"] += 1


def perform():
    figures = Counter()
    interfere("removed", lambda workdir: workdir.history.unlink(), figures, lambda rows: None)
    interfere("emptied", start_over, figures, lambda rows: None)
    interfere("replaced", replace, figures, lambda rows: rows)
    interfere("written to", write_to, figures, lambda rows: rows)
    interfere("cut", cut, figures, lambda rows: rows[:-1])
    refused(WithoutWriting, errno.EACCES, figures, wrapped=UNPRIVILEGED)
    refused(ReadOnlyMount, errno.EROFS, figures)
    without_locks(figures)
    return (
        f"{figures['interfered']} runs whose file was removed, emptied, replaced, written to or cut, "
        f"{figures['acknowledged']} rows acknowledged; {figures['refused']} commands in read-only folders, "
        f"{figures['without locks']} without locks (limitation: no file system without locks can be made here, "
        f"so the lock's own call is made to fail)"
    )


if __name__ == "__main__":
    main("odd folders", perform)
