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
# Of 255: letters and lines are smoothed differently, which a blur of two pixels takes away.
MOST_MEAN, MOST_ANYWHERE = 0.8, 24
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


def perform():
    means, mosts, drawn = [], [], {}
    with Workdir(1) as workdir, tempfile.TemporaryDirectory() as kept:
        browser = Browser(Path(kept))
        (workdir.folder / "usual.csv").write_text(history(NAMES, 60))
        (workdir.folder / "hostile.csv").write_text(history(HOSTILE, 60))
        (workdir.folder / "many.csv").write_text(history([f"Framework {no:02}" for no in range(70)], 8))
        for chart in [["report"], ["trend"], ["trend", "--chart", "ranks"]]:
            for width, theme in [("400", "light"), ("800", "dark")]:
                look = [*chart[1:], "--width", width, "--theme", theme, "--quiet"]
                workdir.run(chart[0], "usual.csv", "--out", "a.svg", "--out", "a.png", *look).expect(0)
                pixels = Image.open(workdir.folder / "a.png").convert("RGB")
                shown = browser.picture((workdir.folder / "a.svg").read_text(), pixels.size)
                mean, most = compare(f"{chart} {width} {theme}", pixels, shown)
                means.append(mean), mosts.append(most)
                for name in ["usual", "hostile", "many"]:
                    workdir.run(chart[0], f"{name}.csv", "--out", "a.svg", *look).expect(0)
                    drawn[f"{name} {chart} {width}"] = (workdir.folder / "a.svg").read_text()
        for what, found in zip(drawn, browser.measure(drawn.values()), strict=True):
            expect(not found["out"], f"{what}: leave the picture: {found['out']}")
            expect(not found["pairs"], f"{what}: lie on each other: {found['pairs'][:5]}")
            expect(found["texts"] > 10, f"{what}: {found['texts']} texts")
    return f"6 pictures, mean difference at most {max(means):.2f} of 255, at one point {max(mosts)}; texts of {len(drawn)} in place"


if __name__ == "__main__":
    main("charts", perform)
