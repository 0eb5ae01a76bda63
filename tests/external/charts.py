"""Pictures as Chromium draws their SVG and as the program draws their PNG: the same but for the edges of letters. In
the browser no text leaves the picture or lies on another one, whatever it is named."""

import html
import json
import os
import re
import subprocess
import tempfile
from datetime import date, timedelta
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter, ImageStat

from census import HEADER, Failed, Workdir, expect, main

CHROMIUM = os.environ.get("CHROMIUM", "chromium")
FONTS = Path("src/export/arimo").resolve()
# Of 255: letters and lines are smoothed differently, which a blur of two pixels takes away but for a rest, most of it
# in the picture that is half text.
MOST_MEAN, MOST_ANYWHERE = 1.0, 24
NAMES = ["Spring", "Django", "Laravel", "Flask", "Express.js", "Ruby on Rails", "Next.js", "ASP.NET Core", "NestJS"]
NAMES += ["Meteor.js", "CakePHP", "FastAPI", "Symfony", "Gin", "Phoenix", "Actix Web"]
HOSTILE = ["<script>alert(1)</script>", "\"quotes\" & 'more' ]]>", "W" * 200, "i" * 200, "x y " * 50, "שלום עולם", "\u202eturned",
           "日本語フレームワーク" * 3, "👨‍👩‍👧‍👦🇩🇪" * 8, "مكتبة الويب", "Za" + "\u0301" * 30 + "lgo", "${x} {{y}}"]
# Measures every text of every picture: what leaves it, and which two lie on each other.
SCRIPT = """
const measured = [...document.querySelectorAll('svg')].map((svg) => {
  const box = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].map((t) => [t.textContent, t.getBoundingClientRect()]);
  const isOut = (b) => b.left < box.left - 0.5 || b.right > box.right + 0.5 || b.top < box.top - 6 || b.bottom > box.bottom + 6;
  const pairs = [];
  texts.forEach(([one, a], i) => texts.slice(i + 1).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && high > 5) pairs.push([one, other, wide, high]);
  }));
  return { texts: texts.length, out: texts.filter(([, b]) => isOut(b)).map(([text]) => text), pairs };
});
document.body.textContent = JSON.stringify(measured);
"""


def history(names, days):
    """Days of counts that cross each other, with a gap, lower bounds and a change of method."""
    text = HEADER + "\n"
    for day in [day for day in range(days) if day not in range(20, 26)]:
        on = date(2026, 3, 1) + timedelta(days=day)
        for no, name in enumerate(names):
            count = int(900_000 / (no + 1) ** 1.7 * (1 + day * ((no * 37) % 11 - 4) / 400))
            method = f"{no + 1 + 100 * (day > 40 and no == 3):08x}"
            status, attempts = ("incomplete", 3) if (no * 13 + day * 7) % 53 == 0 else ("complete", 1)
            quoted = '"' + name.replace('"', '""') + '"'
            for attempt in range(1, attempts + 1):
                detail = f"planned {len(names)}" if no == 0 and attempt == 1 else ""
                fields = [f"{on:%Y%m%d}T060000Z-0001", f"{on}T06:00:0{attempt}Z", "drawn", quoted, "Java", "repositories", method]
                text += ",".join([*fields, "1", str(attempt), str(count), status, "rest", "q", detail]) + "\n"
    return text


def audit(names):
    """Ranks by seven ways that cross each other, with lower bounds, failures and a way that does not fit all."""
    ids = ["plain", "name", "topic", "language", "active", "starred", "forks"]
    counts = [[10_000 - 100 * no + 140 * ((no * 7 + way * no * 3) % 5) * (way > 0) for way in range(7)] for no in range(len(names))]

    def status(way, no):
        if ids[way] == "topic" and no % 6 == 5:
            return None
        return {7: "failed", 9: "incomplete"}.get((way * 11 + no * 5) % 23, "complete")

    def row(no, name):
        statuses = [status(way, no) for way in range(7)]
        kept = [count if status in ("complete", "incomplete") else None for count, status in zip(counts[no], statuses)]
        return {"framework": name, "counts": kept, "statuses": statuses}

    rows = [row(no, name) for no, name in enumerate(names)]
    for row in rows:
        above = lambda way, count: sum((other["counts"][way] or 0) > count for other in rows)
        row["ranks"] = [None if count is None else 1 + above(way, count) for way, count in enumerate(row["counts"])]
        row["keeps_rank"] = None not in row["ranks"] and len(set(row["ranks"])) == 1
    ways = [{"id": id, "query": f"{{query}} {id}:{{today-365d}}", "order_agreement": 0.9 if no else 1.0} for no, id in enumerate(ids)]
    sensitivity = {"counted_at": "2026-11-21T06:00:00Z", "source": "rest", "ways": ways, "frameworks": rows}
    return json.dumps({"schema_version": 1, "survey": "drawn", "frameworks": [], "sensitivity": sensitivity})


class Browser:
    """Chromium with the letters of the program, and no others if they are to be compared."""

    def __init__(self, folder):
        self.folder = folder
        config = f"<fontconfig><dir>{FONTS}</dir><cachedir>{folder}/fonts</cachedir></fontconfig>"
        (folder / "fonts.conf").write_text(config)

    def run(self, *arguments, own_fonts=True):
        environment = dict(os.environ, HOME=str(self.folder))
        if own_fonts:
            environment["FONTCONFIG_FILE"] = str(self.folder / "fonts.conf")
        fixed = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-lcd-text"]
        fixed += ["--font-render-hinting=none", "--force-color-profile=srgb", f"--user-data-dir={self.folder}/profile"]
        done = subprocess.run([CHROMIUM, *fixed, *arguments], capture_output=True, text=True, timeout=60, env=environment)
        expect(done.returncode == 0, f"chromium {arguments}: {done.stderr}")
        return done.stdout

    def picture(self, svg, size):
        shot = self.folder / "shot.png"
        shot.unlink(missing_ok=True)
        page = self.folder / "page.html"
        page.write_text(f"<!doctype html><meta charset=utf-8><style>*{{margin:0}}svg{{display:block}}</style>{svg}")
        # The window may be higher than the picture, never lower.
        self.run(f"--screenshot={shot}", f"--window-size={size[0]},{size[1] + 120}", page.as_uri())
        return Image.open(shot).convert("RGB").crop((0, 0, *size))

    def measure(self, pictures):
        page = self.folder / "page.html"
        page.write_text(f"<!doctype html><meta charset=utf-8><body>{''.join(pictures)}<script>{SCRIPT}</script>")
        dom = self.run("--dump-dom", page.as_uri(), own_fonts=False)
        return json.loads(html.unescape(re.search(r"<body>(.*)</body>", dom, re.S).group(1)))


def compare(name, drawn, shown):
    """Returns how far two pictures differ; blurred, so that the smoothing of edges does not count."""
    expect(drawn.size == shown.size, f"{name}: {drawn.size} and {shown.size}")
    blurred = [picture.filter(ImageFilter.GaussianBlur(2)) for picture in (drawn, shown)]
    difference = ImageChops.difference(*blurred).convert("L")
    mean, most = ImageStat.Stat(difference).mean[0], difference.getextrema()[1]
    if mean > MOST_MEAN or most > MOST_ANYWHERE:
        folder = Path(tempfile.mkdtemp(prefix="charts-"))
        drawn.save(folder / "program.png"), shown.save(folder / "chromium.png"), difference.save(folder / "difference.png")
        raise Failed(f"{name}: mean {mean:.2f}, most {most}; the pictures are in {folder}")
    return mean, most


SURVEY = """title = "Drawn"
[[metrics]]
id = "repositories"
title = "Repositories"
query = "{query}"
"""


def write(workdir, name, names, days):
    """Writes what charts are made of: a history, and beside it the ranks of a survey by every way of counting."""
    (workdir.folder / f"{name}.csv").write_text(history(names, days))
    root = workdir.folder / name
    for folder in ["config/surveys", "output/drawn"]:
        (root / folder).mkdir(parents=True)
    frameworks = "".join(f'[[frameworks]]\nname = "F{no}"\n' for no in range(2))
    (root / "config/surveys/drawn.toml").write_text(SURVEY + frameworks)
    (root / "output/drawn/audit.json").write_text(audit(names))


def perform():
    means, mosts, drawn = [], [], {}
    with Workdir(1) as workdir, tempfile.TemporaryDirectory() as kept:
        browser = Browser(Path(kept))
        write(workdir, "usual", NAMES, 60)
        write(workdir, "hostile", HOSTILE, 60)
        write(workdir, "many", [f"Framework {no:02}" for no in range(70)], 8)
        over_time = [lambda name, words=words: [words[0], f"{name}.csv", *words[1:]] for words in [["report"], ["trend"], ["trend", "--chart", "ranks"]]]
        by_ways = lambda name: ["audit", "drawn", "--sensitivity", "--kept", "--dir", name]
        for command in [*over_time, by_ways]:
            for width, theme in [("400", "light"), ("800", "dark")]:
                look = ["--width", width, "--theme", theme, "--quiet"]
                what = " ".join([*command("usual"), width, theme])
                workdir.run(*command("usual"), "--out", "a.svg", "--out", "a.png", *look).expect(0)
                pixels = Image.open(workdir.folder / "a.png").convert("RGB")
                shown = browser.picture((workdir.folder / "a.svg").read_text(), pixels.size)
                mean, most = compare(what, pixels, shown)
                means.append(mean), mosts.append(most)
                for name in ["usual", "hostile", "many"]:
                    workdir.run(*command(name), "--out", "a.svg", *look).expect(0)
                    drawn[" ".join([*command(name), width])] = (workdir.folder / "a.svg").read_text()
        for what, found in zip(drawn, browser.measure(drawn.values()), strict=True):
            expect(not found["out"], f"{what}: leave the picture: {found['out']}")
            expect(not found["pairs"], f"{what}: lie on each other: {found['pairs'][:5]}")
            expect(found["texts"] > 10, f"{what}: {found['texts']} texts")
    return f"{len(means)} pictures, mean difference at most {max(means):.2f} of 255, at one point {max(mosts)}; texts of {len(drawn)} in place"


if __name__ == "__main__":
    main("charts", perform)
