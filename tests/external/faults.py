"""Every call with which a command touches the history's folder fails, is cut in half, or is the last one.

First the calls of a whole run are counted, then the same run is made once for each of them and each
fault, in a folder that is set up anew. Afterwards: the exit code and the words fit what happened; the
history has exactly the rows that were acknowledged, whole; nothing was acknowledged before it was synced,
up to the names in the folders; and the next run, without faults, goes on.
"""

import errno
import os
import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from census import ANSWERED, HEADER, LONG, SHIM, Failed, Github, Workdir, damage, expect, main, make_chunk, told

ERRORS = [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS]
FRAMEWORKS = 3
WORKERS = 4
# What is done for the lock and its note need not be durable: both end with their process.
COURTESY = (".lock", ".holder.json")
SAID = re.compile(r"\(complete[;,]|^kept | rows added to | has now | is whole: | rows already; ")


class Command:
    """A command in a folder that is made for it, and what it must have done in the end."""

    def __init__(self, name, *arguments):
        self.name, self.arguments = name, arguments
        self.old_rows = make_chunk(3, FRAMEWORKS)
        self.chunk = make_chunk(2, FRAMEWORKS)
        self.github = Github()

    def workdir(self):
        workdir = Workdir(FRAMEWORKS, self.github)
        if self.name == "replay":
            workdir.history = workdir.history.with_name("replay-r.csv")
            (workdir.folder / "r.jsonl").write_text("".join(recorded(no) for no in range(1, FRAMEWORKS + 1)))
        if "new" not in self.name:
            random.seed(5)
            rows, tail = self.old_rows, ""
            if self.name == "repair":
                rows, tail = damage(list(rows))
            elif self.name == "collect, cut line":
                tail = rows[0][:77]
            workdir.write_history(rows, tail)
        (workdir.folder / "other.csv").write_text("\n".join([HEADER, *self.chunk]) + "\n")
        return workdir

    def old_text(self, workdir):
        return workdir.history.read_text() if workdir.history.exists() else None

    def all_rows(self):
        """Returns what is there when an import or a repair is done."""
        rows = [] if "new" in self.name else self.old_rows
        return sorted(rows + self.chunk, key=lambda row: row[:21]) if self.name.startswith("import") else rows


def recorded(no):
    """Returns an answer of a recording."""
    return (
        f'{{"run":"20261121T060003Z-7f3a","observed_at":"2026-11-21T06:00:04Z","framework":"F{no}",'
        f'"metric":"repositories","query":"f{no} is:public","status":"complete","count":{no},"source":"rest"}}\n'
    )


class Fault:
    def __init__(self, kind, at, error=0):
        self.kind, self.at, self.error = kind, at, error

    def environment(self):
        return {"FAULT_KIND": self.kind, "FAULT_AT": str(self.at), "FAULT_ERRNO": str(self.error)}

    def may_leave_more(self):
        """Whether even cutting off what was not acknowledged may have failed."""
        return self.kind in ("gone", "full", "kill", "tear")

    def kills(self):
        return self.kind in ("kill", "tear")

    def __str__(self):
        return f"{self.kind} {errno.errorcode.get(self.error, '')} at call {self.at}"


def with_shim(workdir, log, fault=None):
    env = {"LD_PRELOAD": SHIM, "FAULT_FOLDER": str(workdir.folder / "output"), "FAULT_LOG": str(log)}
    return env | (fault.environment() if fault else {})


def calls(log):
    """Returns the calls of a log: name, path, second path or None, and result or None if it was the last."""
    found = []
    for line in log.read_text().splitlines():
        if line.startswith("told "):
            found.append(("told", line[5:], None, None))
            continue
        what, _, result = line.partition(" = ")
        _, name, paths = what.strip().split(" ", 2)
        first, _, second = paths.partition(" -> ")
        found.append((name, first, second or None, int(result) if result else None))
    return found


class Disk:
    """What would be there after a power cut: what was synced, and the names whose folder was synced."""

    def __init__(self):
        self.data, self.names = set(), set()

    def follow(self, log):
        """Goes through a run; nothing may be said to be kept that a power cut could take away."""
        for name, path, second, result in calls(log):
            if name == "told":
                if SAID.search(path):
                    self.expect_durable(f"said `{path.strip()}`")
            elif result is None or result >= 0:
                self.apply(name, path, second)

    def apply(self, name, path, second):
        if path.endswith(COURTESY):
            return
        if name in ("write", "truncate"):
            self.data.add(path)
        elif name == "sync":
            self.data.discard(path)
            self.names = {entry for entry in self.names if os.path.dirname(entry) != path}
        elif name == "mkdir":
            self.names.add(path)
        elif name == "open" and not os.path.isdir(path):
            self.names.add(path)
        elif name == "link":
            self.names.add(second)
        elif name == "unlink":
            self.names.discard(path)
            self.data.discard(path)
        elif name == "rename":
            self.names.discard(path)
            self.names.add(second)
            if path in self.data:
                self.data.discard(path)
                self.data.add(second)

    def expect_durable(self, when):
        lost = sorted(name for name in self.data | self.names if not is_unfinished(name))
        expect(not lost, f"{when}, and a power cut would take {', '.join(lost)}")


def is_unfinished(name):
    return name.endswith(".rewriting")


class Known(Disk):
    """As after a run that opened files which were there before: their names are durable."""

    def __init__(self, workdir):
        super().__init__()
        self.there = {str(path) for path in (workdir.folder / "output").rglob("*")}

    def apply(self, name, path, second):
        if name == "open" and path in self.there:
            return
        super().apply(name, path, second)
        if name == "unlink":
            self.there.discard(path)
        elif name == "open":
            self.there.add(path)
        elif name in ("rename", "link"):
            self.there.add(second)


def make(command, fault):
    """Makes one run with a fault, looks, and goes on. Returns what was counted."""
    with command.workdir() as workdir:
        try:
            return make_in(workdir, command, fault)
        except Failed as failure:
            raise Failed(f"{command.name}, {fault}: {failure}") from None


def make_in(workdir, command, fault):
    figures = Counter()
    old_text = command.old_text(workdir)
    disk = Known(workdir)
    log, next_log = workdir.folder / "log", workdir.folder / "next.log"
    outcome = workdir.run(*command.arguments, env=with_shim(workdir, log, fault))
    disk.follow(log)
    figures["faults"] += 1
    figures[f"code {outcome.code}"] += 1
    if fault.kills():
        outcome.expect(-9)
    elif outcome.code != 0:
        outcome.expect(1, 3)
        expect_words(outcome, fault)
    if command.arguments[0] == "collect":
        look_at_collect(workdir, command, fault, outcome, disk, next_log, figures)
    else:
        look_at_rewriting(workdir, command, fault, outcome, old_text, disk, next_log)
    expect(not workdir.leftovers(), f"left behind: {workdir.leftovers()}")
    workdir.run("check", "mine").expect(0)
    return figures


def expect_words(outcome, fault):
    said = outcome.stderr
    expect("error: " in said, f"no error told: {outcome}")
    if fault.kind != "short":
        expect(any(name in said for name in ("output/mine", "`output`", "`.`")), f"the file is not named: {outcome}")
        expect(f"(os error {fault.error})" in said or "changed or replaced" in said, f"no cause: {outcome}")


def look_at_collect(workdir, command, fault, outcome, disk, next_log, figures):
    """Exactly what was acknowledged is there, and the run can be finished."""
    acknowledged = outcome.answered()
    figures["acknowledged"] += len(acknowledged)
    rows, _ = workdir.rows()
    there = [row[0] for row in rows]
    old = [] if "new" in command.name else command.old_rows
    if command.name == "replay" and there == old and not acknowledged:
        # Nothing was begun, so the file of the replay before still stands there.
        rows, there = [], []
    if command.name == "replay":
        old = []
    expect(there[: len(old)] == old, "rows that were there before are gone")
    new = told(rows)[len(old):]
    expect(new[: len(acknowledged)] == acknowledged, f"{acknowledged} was acknowledged, {new} is there: {outcome}")
    more = len(new) - len(acknowledged)
    expect(more <= int(fault.may_leave_more()), f"{more} rows too many: {outcome}")
    figures["unacknowledged"] += more
    if outcome.code == 0:
        expect(len(acknowledged) == FRAMEWORKS, f"done, but not all is there: {outcome}")
    elif not fault.kills() and new:
        expect_kept_told(outcome, f"output/mine/{workdir.history.name}", len(acknowledged), len(new))
    workdir.expect_readable()
    again = [*command.arguments, *(["--resume"] if new else [])]
    finished = workdir.run(*again, env=with_shim(workdir, next_log)).expect(0)
    disk.follow(next_log)
    disk.expect_durable("ended well")
    rows = workdir.sound_rows()
    expect([row[0] for row in rows[: len(old)]] == old, "the next run lost rows")
    after = told(rows)[len(old):]
    expect(after[: len(new)] == new, "the next run lost what the first one kept")
    expect(after[len(new):] == finished.answered(), "the next run did not keep what it said")
    names = sorted(name for name, _ in after)
    expect(names == [f"F{no}" for no in range(1, FRAMEWORKS + 1)], f"the run has {names}")


def expect_kept_told(outcome, history, acknowledged, there):
    said = outcome.stderr
    if f"kept {acknowledged} rows in `{history}`" in said:
        return
    kept = f"{there} of {FRAMEWORKS} counts are in `{history}`"
    # Where not even reading goes on, what was kept is known from the writing.
    rows = "1 row was" if acknowledged == 1 else f"{acknowledged} rows were"
    unread = f"{rows} kept in `{history}`, but cannot be found there now"
    none = acknowledged == 0 and "no count was answered" in said
    expect(kept in said or unread in said or none, f"what was kept is not told: {outcome}")
    if not none:
        expect("--resume" in said, f"the way on is not told: {outcome}")
        outcome.expect(3)


def look_at_rewriting(workdir, command, fault, outcome, old_text, disk, next_log):
    """The old file or the new one is there, and what was said fits."""
    left, all_rows = command.old_text(workdir), command.all_rows()
    new_text = "\n".join([HEADER, *all_rows]) + "\n"
    expect(left in (old_text, new_text), f"neither the old file nor the new one: {outcome}")
    if outcome.code == 0:
        expect(left == new_text, f"done, but it is not: {outcome}")
        disk.expect_durable("ended well")
    elif not fault.kills() and left == new_text:
        expect("is in its place" in outcome.stderr, f"it is not told that the new file is there: {outcome}")
    backup = workdir.history.with_name("history.csv.bak")
    if left == new_text and old_text is not None:
        expect(backup.read_text() == old_text, "the old file is not the `.bak`")
    elif backup.exists():
        expect(backup.read_text() == old_text, "the `.bak` is not the old file")
    workdir.expect_readable(may_be_damaged=command.name == "repair")
    workdir.run(*command.arguments, env=with_shim(workdir, next_log)).expect(0)
    disk.follow(next_log)
    disk.expect_durable("ended well")
    expect([row[0] for row in workdir.sound_rows()] == all_rows, "the next command does not go on")
    if command.name == "repair":
        aside = "".join(path.read_text() for path in workdir.history.parent.glob("set-aside/*"))
        gone = [line for line in old_text.split("\n") if line and line not in new_text and line not in aside]
        expect(not gone, f"neither kept nor set aside: {gone}")


def faults_of(counted):
    """Returns the faults to play: all of them in the long run, each call a few times in the short one."""
    faults = []
    for at, (name, *_rest) in enumerate(counted, 1):
        errors = ERRORS if LONG else [ERRORS[at % 4]]
        faults += [Fault("fail", at, error) for error in errors]
        faults += [Fault("full", at, error) for error in (errno.ENOSPC, errno.EDQUOT)[: 2 if LONG else 1]]
        if LONG or at % 2:
            faults += [Fault("gone", at, error) for error in (errno.EIO, errno.EROFS)[: 2 if LONG else 1]]
        faults.append(Fault("kill", at))
        if name == "write":
            faults += [Fault("short", at), Fault("tear", at)]
    return faults


def expect_one_write_an_answer(made, name):
    """Between two answers there are one write and one sync, whatever else is said."""
    answered = [at for at, (call, said, *_) in enumerate(made) if call == "told" and ANSWERED.match(said)]
    expect(len(answered) == FRAMEWORKS, f"{name}: {len(answered)} answers told")
    for before, at in zip(answered, answered[1:]):
        between = [call for call, *_ in made[before:at] if call != "told"]
        expect(between == ["write", "sync"], f"{name}: an answer costs {', '.join(between)}")


def perform():
    commands = [
        Command("collect", "collect", "mine", "-v"),
        Command("collect, new folder", "collect", "mine", "-v"),
        Command("collect, cut line", "collect", "mine", "-v"),
        Command("replay", "collect", "mine", "--replay", "r.jsonl", "-v"),
        Command("import", "import", "other.csv", "--into", "mine"),
        Command("import, new folder", "import", "other.csv", "--into", "mine"),
        Command("repair", "repair", "mine"),
    ]
    figures, work, names = Counter(), [], Counter()
    for command in commands:
        with command.workdir() as workdir:
            log, disk = workdir.folder / "log", Known(workdir)
            workdir.run(*command.arguments, env=with_shim(workdir, log)).expect(0)
            counted = [call for call in calls(log) if call[0] != "told"]
            disk.follow(log)
            disk.expect_durable(f"{command.name} ended well")
            if command.arguments[0] == "collect":
                expect_one_write_an_answer(calls(log), command.name)
        expect(any(name == "write" for name, *_ in counted), "the shim sees no call")
        names.update(name for name, *_ in counted)
        figures["calls"] += len(counted)
        work += [(command, fault) for fault in faults_of(counted)]
    failures = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(make, *one) for one in work]:
            try:
                figures += done.result()
            except Failed as failure:
                failures.append(str(failure))
    if failures:
        shown = os.environ.get("EXTERNAL_SHOW", "3")
        raise Failed(f"{len(failures)} of {len(work)} faults:\n" + "\n".join(failures[: int(shown)]))
    counted = ", ".join(f"{times} {name}" for name, times in names.most_common())
    return (
        f"{figures['faults']} faults at {figures['calls']} calls of {len(commands)} commands ({counted}); "
        f"{figures['acknowledged']} rows acknowledged, 0 lost, 0 doubled, 0 half; {figures['unacknowledged']} whole "
        f"rows stayed without a word; all was synced before it was said to be kept"
    )


if __name__ == "__main__":
    main("faults", perform)
