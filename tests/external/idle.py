"""A daemon with nothing to do: its memory and how often it wakes up, as the system tells it."""

import re
import signal
import time
from pathlib import Path

from census import LONG, Github, Workdir, expect, main, wait_until

FRAMEWORKS = 11
MINUTES = 10 if LONG else 1
MOST_KB = 15_000


def status(pid, key):
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{key}:\s+(\d+)", text, re.M)[1])


def switches(pid):
    return sum(status(f"{pid}/task/{task.name}", "voluntary_ctxt_switches") for task in Path(f"/proc/{pid}/task").iterdir())


def perform():
    with Workdir(FRAMEWORKS, Github()) as workdir:
        survey = workdir.folder / "config/surveys/mine.toml"
        survey.write_text(survey.read_text().replace("[[metrics]]", '[schedule]\ncron = "@yearly"\n[[metrics]]', 1))
        daemon = workdir.start("daemon", "mine")
        try:
            wait_until(lambda: len(workdir.rows_or_none(True)) == FRAMEWORKS)
            # Threads that looked up names end by themselves.
            time.sleep(15)
            before = switches(daemon.pid)
            time.sleep(60 * MINUTES + 1)
            woken, kb = switches(daemon.pid) - before, status(daemon.pid, "VmRSS")
            peak_kb, threads = status(daemon.pid, "VmHWM"), status(daemon.pid, "Threads")
        finally:
            daemon.send_signal(signal.SIGTERM)
            out, said = daemon.communicate(timeout=10)
    expect(daemon.returncode == 0 and not out, f"ended with {daemon.returncode}: {said}")
    expect(kb < MOST_KB, f"{kb} kB resident")
    # So many minutes and a second hold one wake-up more, and the connection of the run before ends in another.
    expect(woken <= MINUTES + 2, f"{woken} times awake in {MINUTES} minutes")
    return f"{kb} kB resident, at most {peak_kb} kB before, {threads} thread, awake {woken} times in {MINUTES} min"


if __name__ == "__main__":
    main("idle", perform)
