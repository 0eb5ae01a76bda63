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

from census import LONG, Workdir, expect, main

MOMENTS = 1000
# Our calendar ends with it; a line for leap days gets there with fewer moments.
LAST_YEAR = 5000

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

# When clocks change by half an hour, cronsim goes on in whole hours from where it is, and passes over what lies
# before the next half hour that it lands on. The clock on the wall shows these times, so they are due.
LORD_HOWE = "Australia/Lord_Howe"
MISSED = {
    ("30 * * * *", LORD_HOWE): ["2026-10-03T15:30Z", "2027-04-03T15:00Z"],
    ("0 */2 * * *", LORD_HOWE): ["2027-04-03T15:30Z"],
    ("0 */3 * * *", LORD_HOWE): ["2026-10-03T16:00Z", "2027-04-03T16:30Z"],
    ("15 */6 * * *", LORD_HOWE): ["2026-10-03T19:15Z", "2027-04-03T19:45Z", "2027-10-02T19:15Z"],
    ("*/20 2 * * *", LORD_HOWE): ["2027-04-03T15:30Z", "2027-04-03T15:50Z"],
    ("*/30 0,2 * * *", LORD_HOWE): ["2027-04-03T15:30Z"],
    ("* 2 * * *", LORD_HOWE): [f"2027-04-03T15:{minute}Z" for minute in range(30, 60)],
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
    moments = []
    for moment in CronSim(line, local):
        moment = moment.astimezone(timezone.utc)
        if len(moments) == MOMENTS or moment.year >= LAST_YEAR:
            break
        moments.append(moment)
    return moments


def zone_folder():
    import tzdata

    return str(Path(tzdata.__file__).parent / "zoneinfo")


def perform():
    compared, missed_by_them = 0, 0
    with Workdir(1) as workdir:
        for zone, starts in ZONES.items():
            for line, start in itertools.product([*LINES, *NAMES], starts if LONG else starts[:1]):
                us, them = ours(workdir, line, zone, start), theirs(NAMES.get(line, line), zone, start)
                where = f"`{line}` {zone} from {start}"
                expect(len(us) == MOMENTS or us[-1].year == LAST_YEAR - 4, f"{where}: {len(us)} moments")
                listed = [datetime.fromisoformat(text) for text in MISSED.get((line, zone), [])]
                missed = [moment for moment in listed if us[0] <= moment <= us[-1]]
                expect(set(missed) <= set(us), f"{where}: {missed} are no due moments of ours")
                rest = [moment for moment in us if moment not in missed]
                differ = [pair for pair in zip(rest, them) if pair[0] != pair[1]][:1]
                expect(not differ and len(them) >= len(rest), f"{where}: {differ}, {len(rest)} and {len(them)}")
                compared += len(us)
                missed_by_them += len(missed)
    return (
        f"{len(LINES) + len(NAMES)} lines in {len(ZONES)} zones, {compared} due moments equal those of cronsim, "
        f"but for the {missed_by_them} listed ones"
    )


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
