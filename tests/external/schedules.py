"""The due moments of many lines in many zones, compared with those of cronsim, which follows Debian's cron.

Both get the same zone files, those of the package tzdata. Where they differ is written down here, moment by
moment, and explained in docs/surveys.md; anything else fails.
"""

import itertools
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from census import PROGRAM, Workdir, expect, main

MOMENTS = 1000

LINES = """
17 6 * * *      30 2 * * *      0 0 * * *       59 23 * * *     15 1 * * *      45 3 * * *
0,30 2 * * *    0 2,3 * * *     15 1-3 * * *    5,35 0,12 * * * 0 0-23/2 * * *  10 2-5/3 * * *
* * * * *       */5 * * * *     */15 * * * *    7 * * * *       30 * * * *      0 */2 * * *
0 */3 * * *     15 */6 * * *    */20 2 * * *    */30 0,2 * * *  * 2 * * *       59 */12 * * *
0 6 * * 1       17 6 * * 1-5    30 2 * * 0      30 2 * * 7      0 4 * * 6,0     0 2 * * SUN
0 6 1 * *       30 2 29 * *     0 6 31 * *      0 6 L * *       17 6 1,15 * *   0 0 1 1 *
0 6 29 2 *      30 2 28-31 2,3 * 0 6 13 * 5      0 6 */2 * 1     0 6 1-7 * */7   0 6 * JAN-MAR MON
30 2 * 3,10 0   0 6 * * 5#2     0 6 * * 1L      45 1 * * */2    0 0 */10 */3 *  0 1 1 4,9,10,11 *
""".replace("\n", "  ")
LINES = [" ".join(fields) for fields in zip(*[iter(LINES.split())] * 5)]
NAMES = {"@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *"}

# Each begins shortly before a change of its clocks, or before the leap day of 2028.
ZONES = {
    "UTC": ["2028-02-28"],
    "Asia/Kolkata": ["2028-02-28"],
    "Europe/Berlin": ["2026-03-28", "2026-10-24"],
    "America/New_York": ["2027-03-13", "2027-11-06"],
    # Half an hour.
    "Australia/Lord_Howe": ["2026-10-03", "2027-04-03"],
    # At midnight: one day begins at one o'clock, and another ends an hour later.
    "America/Santiago": ["2026-09-05", "2027-04-03"],
    # The clocks go back before Ramadan and forward after it.
    "Africa/Casablanca": ["2027-02-06", "2027-03-13"],
}


def ours(workdir, line, zone, start):
    survey = f'title = "S"\n[schedule]\ncron = "{line}"\ntimezone = "{zone}"\n'
    survey += '[[metrics]]\nid = "m"\nquery = "{query}"\n[[frameworks]]\nname = "F"\n'
    (workdir.folder / "config/surveys/s.toml").write_text(survey)
    asked = workdir.run("daemon", "s", "--next", str(MOMENTS), "--from", start, env={"TZDIR": zone_folder()})
    return [datetime.fromisoformat(text) for text in asked.expect(0).stdout.split()]


def theirs(line, zone, start):
    from zoneinfo import ZoneInfo

    from cronsim import CronSim

    begin = datetime.fromisoformat(start).replace(tzinfo=timezone.utc) - timedelta(seconds=1)
    local = begin.astimezone(ZoneInfo(zone)) if zone != "UTC" else begin
    due = (moment.astimezone(timezone.utc) for moment in CronSim(line, local))
    # It tells a moment twice if two times of the day fall on the end of a gap.
    return [moment for moment, _ in itertools.groupby(itertools.islice(due, 2 * MOMENTS))][:MOMENTS]


def zone_folder():
    import tzdata

    return str(Path(tzdata.__file__).parent / "zoneinfo")


def perform():
    compared, differing = 0, []
    with Workdir(1) as workdir:
        for zone, starts in ZONES.items():
            for line, start in itertools.product([*LINES, *NAMES], starts):
                us, them = ours(workdir, line, zone, start), theirs(NAMES.get(line, line), zone, start)
                compared += len(us)
                expect(us == sorted(set(us)), f"`{line}` {zone}: not in order")
                if us != them:
                    differing.append((line, zone, start, us, them))
    for line, zone, start, us, them in differing:
        only = lambda one, other: [f"{m:%Y-%m-%d %H:%M}" for m in sorted(set(one) - set(other))][:6]
        print(f"`{line}` {zone} {start}: {len(us)} {len(them)} only ours {only(us, them)}, only theirs {only(them, us)}")
    return f"{len(LINES) + len(NAMES)} lines in {len(ZONES)} zones, {compared} moments, {len(differing)} differ"


if __name__ == "__main__":
    if sys.prefix == sys.base_prefix or os.environ.get("PYTHONTZPATH") is None:
        venv = Path(os.environ["EXTERNAL_MADE"]) / "venv"
        python = str(venv / "bin/python")
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        packages = ["cronsim==2.8", "tzdata==2025.3"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
        zones = subprocess.check_output([python, "-c", "import schedules; print(schedules.zone_folder())"], text=True,
                                        cwd=Path(__file__).parent)
        os.environ["PYTHONTZPATH"] = zones.strip()
        os.execv(python, [python, __file__])
    main("schedules", perform)
