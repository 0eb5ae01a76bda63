"""The page in headless Chromium: without and with JavaScript, at three widths, light and dark. What it shows is
held to the history, which is made here; `page.mjs` drives the browser. Screenshots stay in the folder that
`PAGE_SCREENSHOTS` names, if it does."""

import csv
import io
import json
import os
import random
import subprocess
from datetime import date, timedelta

from census import HEADER, Failed, Workdir, expect, main

MODULES = os.environ["NODE_MODULES"]
SCREENSHOTS = os.environ.get("PAGE_SCREENSHOTS", "")
LONGEST_S = 600
FIRST_DAY, DAYS = date(2026, 2, 1), 120
GAP = range(40, 47)
METRICS = [("repositories", "Repositories"), ("active", "Pushed to in the last 12 months"), ("topic", "With the topic")]
NAMES = ["Spring", "Django", "Laravel", "Flask", "Express.js", "Ruby on Rails", "Next.js", "ASP.NET Core", "NestJS"]
NAMES += ["Meteor.js", "CakePHP", "FastAPI", "Symfony", "Gin", "Phoenix", "Actix Web"]
LANGUAGES = ["Java", "Python", "PHP", "JavaScript", "C#"]
HOSTILE = [
    "<script>hacked=1</script>",
    "</script><script>hacked=2</script>",
    "<!--<script>",
    "<img src=x onerror=hacked=3>",
    "\"'><svg onload=hacked=4>",
    "{{ title }} ${hacked=5} {% raw %}",
    "\u05e9\u05dc\u05d5\u05dd \u202eevil\u202c \u0645\u0631\u062d\u0628\u0627",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "javascript:alert(1)//\\",
    "=cmd|' /C calc'!A0",
    "long" * 50,
    "\u2028\u00adZ\u0300\u0301\u0302\u0303algo",
]


def survey(names, metrics):
    text = f"title = {json.dumps('Frameworks by number of repositories')}\n"
    for metric, title in metrics:
        text += f"[[metrics]]\nid = {json.dumps(metric)}\ntitle = {json.dumps(title)}\nquery = \"{{query}} is:public\"\n"
    for no, name in enumerate(names):
        name = json.dumps(name, ensure_ascii=False)
        text += f"[[frameworks]]\nname = {name}\nlanguage = \"{LANGUAGES[no % 5]}\"\nquery = \"f{no}\"\n"
    return text + "[[notes]]\ndate = 2026-04-01\ntext = \"GitHub counts forks in another way.\"\n"


def history(workdir, name, names, metrics, days):
    """Writes a survey and its history; returns what each count is, by metric, framework and day."""
    chance = random.Random(7)
    text = io.StringIO()
    rows, truth = csv.writer(text, lineterminator="\n"), {title: {} for _, title in metrics}
    counts = {(metric, no): 10 ** (6 - no / 6) * (0.6 + chance.random()) for metric, _ in metrics for no in range(len(names))}
    for day in range(days):
        on = FIRST_DAY + timedelta(days=day)
        if day in GAP:
            continue
        # One of them came later.
        late = 4 if day < days // 4 else None
        planned = f"planned {(len(names) - (late is not None)) * len(metrics)}"
        for metric, title in metrics:
            for no, framework in enumerate(names):
                counts[metric, no] *= 1 + chance.gauss(0.001 * (no % 4), 0.002)
                count, status = int(counts[metric, no]), "complete"
                if chance.random() < 0.02 or (no == 2 and day == days - 1):
                    count, status = int(count * 0.8), "incomplete"
                if no == 7 and day < 3 < days:
                    # A tie.
                    count, status = truth[title][names[6]][str(on)]
                if no == late:
                    continue
                method = f"{no:08x}" if day < 70 or no != 5 else "ffffffff"
                run = f"{on:%Y%m%d}T061700Z-{day:04x}"
                row = [run, f"{on}T06:17:{no:02}Z", name, framework, f"{LANGUAGES[no % 5]}", metric, method, 1, 1, count]
                rows.writerow([*row, status, "rest", f"f{no} is:public", planned])
                truth[title].setdefault(framework, {})[str(on)] = [count, status]
    folder = workdir.folder / "output" / name
    folder.mkdir(parents=True)
    (folder / "history.csv").write_text(HEADER + "\n" + text.getvalue())
    (workdir.folder / f"config/surveys/{name}.toml").write_text(survey(names, metrics))
    return truth


def perform():
    with Workdir(1) as workdir:
        truth = {
            "usual": history(workdir, "usual", NAMES, METRICS, DAYS),
            "hostile": history(workdir, "hostile", HOSTILE, [METRICS[0], ("long", "W" * 150)], 20),
            "alone": history(workdir, "alone", NAMES, METRICS[:1], 1),
        }
        for name in truth:
            workdir.run("report", name, "--out", f"{name}.html", "--quiet").expect(0)
        (workdir.folder / "truth.json").write_text(json.dumps(truth))
        command = ["node", "tests/external/page.mjs", str(workdir.folder), MODULES, SCREENSHOTS]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"the browser did not end in {LONGEST_S} s: {error.stdout}") from None
        expect(done.returncode == 0, f"{done.stdout}{done.stderr}")
        return done.stdout.strip()


if __name__ == "__main__":
    main("page", perform)
