"""Kills at random moments while one history lives: it grows by runs and imports, is damaged and mended.

After each kill no row that was ever read or acknowledged is missing, none stands there twice, none is
half, readers get on, and the same command goes on where the killed one was.
"""

import random
import time
from collections import Counter

from census import HEADER, LONG, Github, Outcome, Workdir, damage, doubles, expect, main, make_chunk, told

KILLS = 1000 if LONG else 60
FRAMEWORKS = 12


def times():
    """Returns how often a command is killed before it may finish: what goes on is killed again."""
    return random.choice([1, 1, 1, 2, 3])


class Life:
    """A history, what must be in it, and what was seen so far."""

    figures = Counter()

    def __init__(self, workdir, rows=()):
        self.workdir = workdir
        self.rows = list(rows)
        self.took_s = {}

    def kill(self, *arguments):
        """Starts a command and kills it at a moment; returns its outcome."""
        took = self.took_s.get(arguments[0], 0.05)
        child = self.workdir.start(*arguments)
        if arguments[0] != "collect" and random.random() < 0.5:
            give_up = time.monotonic() + 3 * took
            while child.poll() is None and not self.workdir.leftovers() and time.monotonic() < give_up:
                pass
            time.sleep(random.random() * took / 10)
        else:
            time.sleep(random.random() * took * 1.1)
        child.kill()
        outcome = Outcome(arguments, child)
        was_at_work = outcome.code == -9
        self.figures["kills" if was_at_work else "late"] += 1
        self.figures[arguments[0]] += was_at_work
        return outcome

    def finish(self, *arguments):
        started = time.monotonic()
        outcome = self.workdir.run(*arguments).expect(0)
        took = self.took_s.get(arguments[0], 0.0)
        self.took_s[arguments[0]] = max(0.7 * took, time.monotonic() - started)
        return outcome

    def look(self, acknowledged):
        """Reads the history; everything read before and everything acknowledged must be in it."""
        rows, tail = self.workdir.rows()
        there = Counter(row[0] for row in rows)
        lost = [row for row in self.rows if not there[row]]
        there_told = set(told(rows))
        missing = [one for one in acknowledged if one not in there_told]
        twice = doubles(rows)
        self.figures["lost"] += len(lost) + len(missing)
        self.figures["doubled"] += len(twice)
        expect(not lost, f"{len(lost)} rows lost, such as `{lost[:1]}`")
        expect(not missing, f"{len(missing)} acknowledged rows lost, such as {missing[:1]}")
        expect(not twice, f"{len(twice)} rows doubled, such as {twice[:1]}")
        return rows, tail

    def append(self):
        """One run, killed once or more and then finished."""
        acknowledged = []
        command = ["collect", "mine", "-v"]
        for _ in range(times()):
            outcome = self.kill(*command)
            acknowledged += outcome.answered()
            self.figures["acknowledged"] += len(outcome.answered())
            rows, tail = self.look(acknowledged)
            new = told(rows)[len(self.rows):]
            expect(len(new) <= len(acknowledged) + 1, f"{new} where only {acknowledged} was told")
            self.figures["torn"] += bool(tail)
            self.workdir.expect_readable()
            if len(new) > len(acknowledged):
                # The kill came after the row and before the word; it is kept from now on.
                acknowledged.append(new[-1])
            command = ["collect", "mine", "-v"] + (["--resume"] if new else [])
        outcome = self.finish(*command)
        acknowledged += outcome.answered()
        self.figures["acknowledged"] += len(outcome.answered())
        rows, tail = self.look(acknowledged)
        expect(not tail, f"a cut line stays: `{tail}`")
        new = rows[len(self.rows):]
        names = sorted(row["framework"] for row in new)
        expect(names == sorted(f"F{no}" for no in range(1, FRAMEWORKS + 1)), f"the run has {names}")
        expect(len({row["run"] for row in new}) == 1, "a resumed run keeps its id")
        self.rows = [row[0] for row in rows]

    def import_rows(self):
        chunk = make_chunk(5, FRAMEWORKS)
        other = self.workdir.folder / "other.csv"
        other.write_text("\n".join([HEADER, *chunk]) + "\n")
        self.rewrite(("import", "other.csv", "--into", "mine"), sorted(self.rows + chunk, key=run_of))
        self.figures["acknowledged"] += len(chunk)

    def repair(self):
        rows, cut = damage(list(self.rows))
        self.workdir.write_history(rows, cut)
        self.rewrite(("repair", "mine"), self.rows)

    def rewrite(self, command, new_rows):
        """A command that puts another file in the place of the old one."""
        old = self.workdir.history.read_text()
        for _ in range(times()):
            self.kill(*command)
            left = self.workdir.history.read_text()
            if left != old:
                rows, tail = self.look(())
                expect(not tail and [row[0] for row in rows] == new_rows, "neither the old file nor the new one")
                backup = self.workdir.history.with_name("history.csv.bak")
                expect(backup.read_text() == old, "the old file is not the `.bak`")
            self.workdir.expect_readable(may_be_damaged=command[0] == "repair")
        self.finish(*command)
        rows, tail = self.look(())
        expect(not tail and [row[0] for row in rows] == new_rows, "the next command does not go on")
        expect(not self.workdir.leftovers(), f"left behind: {self.workdir.leftovers()}")
        self.rows = new_rows


def run_of(row):
    return row[:21]


def live(github, kills):
    """One history lives until so many commands at it were killed in all."""
    with Workdir(FRAMEWORKS, github) as workdir:
        life = Life(workdir, make_chunk(150, FRAMEWORKS))
        workdir.write_history(life.rows)
        # How long each takes is seen before the first kill.
        life.finish("collect", "mine", "-v")
        life.rows = [row[0] for row in workdir.sound_rows()]
        acts = {"collect": life.append, "import": life.import_rows, "repair": life.repair}
        while Life.figures["kills"] < kills:
            expect(Life.figures["late"] <= 2 * KILLS, "most kills come too late")
            # A history that is only just being made is killed too.
            if random.random() < 0.1:
                with Workdir(FRAMEWORKS, github) as fresh:
                    young = Life(fresh)
                    young.took_s = life.took_s
                    young.append()
                    fresh.sound_rows()
            # The command that was killed least is next.
            acts[min(acts, key=lambda command: life.figures[command])]()
        workdir.run("check", "mine").expect(0)
        expect([row[0] for row in workdir.sound_rows()] == life.rows, "the last look differs")


def perform():
    github = Github(pause_s=0.001)
    # A history that has grown makes each look slow, and no kill harder.
    for kills in range(0, KILLS, 50):
        live(github, min(kills + 50, KILLS))
    f = Life.figures
    return (
        f"{f['kills']} kills ({f['collect']} of appends, {f['import']} of imports, {f['repair']} of repairs), "
        f"{f['late']} more came too late; {f['acknowledged']} rows acknowledged, {f['lost']} lost, "
        f"{f['doubled']} doubled, 0 half rows read, {f['torn']} cut lines set aside"
    )


if __name__ == "__main__":
    main("kills", perform)
