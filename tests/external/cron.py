"""What `template crontab` prints, given to a real cron: a run a minute, of which one is killed and one meets
another, and never a mail. In folders whose name cron, shell and `%` could stumble over."""

import os
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from census import LONG, PROGRAM, Failed, Github, Workdir, expect, main

MINUTES = 5 if LONG else 2
FRAMEWORKS = 12
# A run takes some seconds, so that it can be met at work.
PAUSE_S = 0.4
PAM = "".join(f"{kind} required pam_permit.so\n" for kind in ("auth", "account", "session"))
CONTROL = "this mail shows that mails would come"


def mount(*arguments):
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)
    expect(done.returncode == 0, f"a mount needs root: {done.stderr.strip()}")


class Cron:
    """A cron of our own: its crontabs, its lock and its mails are seen by this part alone."""

    def __init__(self, folder, crontab):
        self.mailbox = folder / "mailbox"
        programs = folder / "programs"
        programs.mkdir()
        sendmail = programs / "sendmail"
        sendmail.write_text(f"#!/bin/sh\ncat >>'{self.mailbox}'\n")
        sendmail.chmod(0o755)
        mount("-t", "overlay", "-o", f"lowerdir={programs}:/usr/sbin", "overlay", "/usr/sbin")
        for place in ("/run", "/etc/cron.d", "/var/spool/cron/crontabs"):
            mount("-t", "tmpfs", "tmpfs", place)
        for place, text in (("/etc/crontab", ""), ("/etc/pam.d/cron", PAM)):
            stand_in = folder / Path(place).name
            stand_in.write_text(text)
            mount("--bind", stand_in, place)
        file = folder / "mine.crontab"
        file.write_text(crontab)
        installed = subprocess.run(["crontab", file], capture_output=True, text=True)
        expect(installed.returncode == 0, f"`crontab` refuses it: {installed.stderr}\n{crontab}")

    def __enter__(self):
        self.process = subprocess.Popen(["cron", "-f"], start_new_session=True)
        return self

    def __exit__(self, *_):
        # What it started is done by now, or belongs to its group.
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=10)

    def mails(self):
        return self.mailbox.read_text() if self.mailbox.exists() else ""


def children_at_work():
    """Returns the ids of the runs that cron has at work."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [PROGRAM.encode(), b"collect"]:
            found.append(int(process.name))
    return found


def wait_for(holds, longest_s, what):
    give_up_at = time.monotonic() + longest_s
    while not holds():
        expect(time.monotonic() < give_up_at, f"{what} never came")
        time.sleep(0.02)


def runs(workdir):
    """Returns how many counts each run has, by the minute in which it started."""
    by_minute = defaultdict(lambda: defaultdict(set))
    for row in workdir.rows()[0]:
        run = row["run"]
        by_minute[run[:13]][run].add(row["framework"])
    return by_minute


def job_of(crontab):
    """Returns the command of the line as cron hands it to the shell."""
    line = next(line for line in crontab.splitlines() if " o=" in line)
    return line.split(" ", 5)[5].replace("\\%", "%")


def perform():
    with tempfile.TemporaryDirectory(prefix="repo-census-") as made:
        root = Path(made) / "it's 100% of $HOME"
        schedule = '[schedule]\ncron = "* * * * *"\n'
        with Workdir(FRAMEWORKS, Github(pause_s=PAUSE_S), folder=root, more=schedule) as workdir:
            token = root / "token %"
            token.write_text("ghp_external")
            arguments = ("template", "crontab", "mine", "--quiet", "--dir", str(root), "--token-file", str(token))
            crontab = workdir.run(*arguments).expect(0).stdout
            job = job_of(crontab)
            variables = f"GITHUB_API_URL={workdir.github.url}\n"
            control = f'* * * * * echo "{CONTROL}"\n'
            with Cron(Path(made), variables + crontab + control) as cron:
                watch(workdir, job)
                wait_for(lambda: CONTROL in cron.mails(), 70, "the mail that must come")
                mails = cron.mails()
            expect(mails.count(CONTROL) >= 1 and "repo-census" not in mails, f"mails came:\n{mails}")
            workdir.run("health", "mine", "--grace", "1m").expect(0)
            rows = workdir.sound_rows()
            return (
                f"{MINUTES} minutes, one finished run in each, {len(rows)} rows; one run killed and finished at "
                f"once, one met at work and left alone; no mail of either, {mails.count(CONTROL)} of a job that talks"
            )


def watch(workdir, job):
    """Kills a run, lets another meet one, and sees that each minute gets its finished run."""
    log = workdir.history.parent / "cron.log"
    first = None
    for minute in range(MINUTES):
        known = set(runs(workdir))
        wait_for(lambda: set(runs(workdir)) - known, 75, "the run of a minute")
        stamp = max(runs(workdir))
        first = first or stamp
        rows_before = len(workdir.rows()[0])
        wait_for(lambda: len(workdir.rows()[0]) >= rows_before + 2, 10, "a row")
        if minute == 0:
            for child in children_at_work():
                os.kill(child, signal.SIGKILL)
        if minute == 1:
            met = subprocess.run(
                ["/bin/sh", "-c", job], env=workdir.environment(), capture_output=True, text=True, timeout=30
            )
            expect((met.returncode, met.stdout, met.stderr) == (0, "", ""), f"it says {met}")
            expect("another process is writing" in log.read_text(), "the second run met nobody")

        def is_whole():
            found = runs(workdir)[stamp]
            return any(len(counts) == FRAMEWORKS for counts in found.values())

        wait_for(is_whole, 40, f"the finished run of {stamp}")
        wait_for(lambda: not children_at_work(), 20, "an end of the runs")
        found = runs(workdir)[stamp]
        expect(len(found) == 1, f"{len(found)} runs in the minute {stamp}")
    if len(runs(workdir)) != MINUTES:
        raise Failed(f"{len(runs(workdir))} runs in {MINUTES} minutes since {first}")


if __name__ == "__main__":
    main("cron", perform)
