// Opens pages in headless Chromium and holds what they show and do to the history they were made of.
// Called by `page.py`: page.mjs FOLDER MODULES [SCREENSHOTS]

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, modules, screenshots] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, "x.js"))("playwright-core");
const axe = readFileSync(join(modules, "node_modules/axe-core/axe.min.js"), "utf8");
const truth = JSON.parse(readFileSync(join(folder, "truth.json"), "utf8"));
const isLong = process.env.EXTERNAL_LONG === "1";
const WIDTHS = [400, 800, 1600];
const figures = { pages: 0, "axe rules passed": 0, "tables sorted": 0, "values read": 0, "last counts": 0, "metrics shown": 0 };
if (screenshots) mkdirSync(screenshots, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--force-color-profile=srgb"],
});

/** Opens a page and watches it; `act` may do anything, at the end nothing must have gone wrong. */
async function open(name, { width, scheme, script }, act) {
  const what = `${name} at ${width} px, ${scheme}, ${script ? "with" : "without"} JavaScript`;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    javaScriptEnabled: script,
    reducedMotion: "reduce",
  });
  try {
    const page = await context.newPage();
    const address = `file://${join(folder, `${name}.html`)}`;
    const told = [];
    page.on("console", (message) => told.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => told.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => (told.push("a dialog"), dialog.dismiss()));
    page.on("popup", () => told.push("a window"));
    page.on("request", (request) => {
      if (request.url() !== address && request.url() !== "data:,") told.push(`request: ${request.url()}`);
    });
    await page.goto(address);
    figures.pages += 1;
    await expectFits(page);
    await act(page);
    await expectFits(page);
    if (screenshots) {
      const file = `${name}-${width}-${scheme}-${script ? "script" : "plain"}.png`;
      await page.screenshot({ path: join(screenshots, file), fullPage: true });
    }
    assert.deepEqual(told, []);
  } catch (error) {
    error.message = `${what}: ${error.message}`;
    throw error;
  } finally {
    await context.close();
  }
}

async function expectFits(page) {
  const [wide, there] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= there, `${wide} px wide`);
  const out = await page.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((element) => element.getClientRects().length > 0 && !element.closest(".wide, svg"))
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
      .map((element) => element.outerHTML.slice(0, 80)));
  assert.deepEqual(out, [], "beyond the edge");
}

/** Every rule of axe-core, those of best practice too. It needs JavaScript itself. */
async function expectAccessible(page, { script, scheme }) {
  if (!script) {
    const text = readFileSync(new URL(page.url()), "utf8");
    const plain = page.url().replace(".html", `-plain-${page.viewportSize().width}-${scheme}.html`);
    writeFileSync(new URL(plain), text.replace(/<script>[^]*?<\/script>/, ""));
    const context = await browser.newContext({ viewport: page.viewportSize(), colorScheme: scheme });
    try {
      const other = await context.newPage();
      await other.goto(plain);
      return await expectAccessible(other, { scheme, script: true });
    } finally {
      await context.close();
    }
  }
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations, passes } = await window.axe.run(document, { resultTypes: ["violations"] });
    const places = (rule) => rule.nodes.map((node) => `${node.target} ${node.failureSummary}`).slice(0, 3);
    return { passes: passes.length, violations: violations.map((rule) => [rule.id, ...places(rule)]) };
  });
  assert.deepEqual(found.violations, [], "axe-core");
  assert.ok(found.passes > 15, `${found.passes} rules of axe-core`);
  figures["axe rules passed"] += found.passes;
}

const shown = (page) => page.locator("section.metric:visible");
const number = (text) => Number(text.replace(/[^\d.+-]/g, "").replace(/^$/, "NaN"));

/** The cells of a column, as they stand. */
const column = (table, index) =>
  table.locator("tbody tr").evaluateAll((rows, index) => rows.map((row) => row.cells[index].textContent.replace(/^[ \n]+|[ \n]+$/g, "")), index);

/** Every count of a page's table is that of the history, and its rank too. */
async function expectRanking(section, counts) {
  const last = Object.values(counts).flatMap((days) => Object.keys(days)).toSorted().at(-1);
  const wanted = Object.entries(counts).map(([name, days]) => [name, ...days[last]]);
  wanted.sort(([, a], [, b]) => b - a);
  const table = section.locator(".ranking table");
  const rows = await table.locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
  const bars = await table.locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => row.querySelector("rect").getBoundingClientRect().width));
  assert.equal(rows.length, wanted.length);
  for (const [place, [name, count, status]] of wanted.entries()) {
    const text = count.toLocaleString("en-US");
    const isBound = status === "incomplete";
    assert.deepEqual(rows[place].slice(0, 2), [`${isBound ? "≤" : ""}${place + 1}`, name.trim()]);
    assert.equal(rows[place][3], isBound ? `≥ ${text}` : text);
    assert.ok(Math.abs(bars[place] - (bars[0] * count) / wanted[0][1]) < 0.6, `the bar of ${name}`);
  }
}

async function expectSorts(table, isThorough) {
  const headings = await table.locator("thead tr > *").evaluateAll((cells) => cells.map((cell) => cell.textContent.trim()));
  for (const [index, heading] of headings.entries()) {
    if (heading === "" || (!isThorough && !["Framework", "Count"].includes(heading))) continue;
    const cell = table.locator("thead tr > *").nth(index);
    const isText = ["Framework", "Language", "Since"].includes(heading);
    const before = await column(table, index);
    const orders = new Set();
    for (const _ of [1, 2]) {
      await cell.getByRole("button").click();
      const order = await cell.getAttribute("aria-sort");
      orders.add(order);
      const cells = await column(table, index);
      assert.deepEqual(cells.toSorted(), before.toSorted(), "the same rows");
      const keys = cells.map((text) => (isText ? text.toLowerCase() : number(text)));
      const there = keys.filter((key) => key !== "" && !Number.isNaN(key));
      assert.deepEqual(keys.slice(0, there.length), there, "what is missing stands at the end");
      const way = order === "ascending" ? 1 : -1;
      const compare = (a, b) => way * (isText ? a.localeCompare(b, "en") : a - b);
      assert.deepEqual(there, there.toSorted(compare), `${heading}, ${order}`);
    }
    assert.deepEqual([...orders].toSorted(), ["ascending", "descending"], heading);
    assert.equal(await table.locator("[aria-sort]").count(), 1);
  }
  // Sorted by rank again, by keyboard.
  await table.getByRole("button", { name: "Rank" }).focus();
  await table.page().keyboard.press("Enter");
  assert.equal(await table.locator("thead th").first().getAttribute("aria-sort"), "ascending");
  figures["tables sorted"] += 1;
}

/** The framework that a chart means by a name: without what turns the direction, and shortened. */
function called(name, counts) {
  const clean = (text) => text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
  const fits = (full) => clean(full) === name || (name.endsWith("…") && clean(full).startsWith(name.slice(0, -1)));
  const found = Object.keys(counts).filter(fits);
  assert.equal(found.length, 1, `${name}: ${found}`);
  return counts[found[0]];
}

/** What stands above a chart is what the history has. */
async function expectRead(figure, counts, ofRun) {
  const text = await figure.getByRole("status").textContent();
  const [name, day, ...words] = text.split(" · ");
  assert.match(day, /^\d{4}-\d\d-\d\d$/, text);
  if (ofRun) assert.equal(day, ofRun);
  const found = called(name, counts)[day];
  if (found === undefined) {
    assert.equal(words[0], "no count", text);
    return { name, day };
  }
  const [count, status] = found;
  const isBound = status === "incomplete";
  const rank = 1 + Object.values(counts).filter((days) => (days[day]?.[0] ?? -1) > count).length;
  assert.equal(words[0], `${isBound ? "at least " : ""}${count.toLocaleString("en-US")}`, text);
  assert.equal(words[1], `rank ${isBound ? "at most " : ""}${rank}`, text);
  figures["values read"] += 1;
  return { name, day, rank };
}

async function expectReads(figure, counts, isThorough) {
  const page = figure.page();
  const days = [...new Set(Object.values(counts).flatMap((days) => Object.keys(days)))].toSorted();
  const plot = figure.getByRole("application", { name: /^(Counts|Ranks) over time, / });
  const resting = await figure.getByRole("status").textContent();
  await plot.focus();
  await page.keyboard.press("ArrowRight");
  const first = await expectRead(figure, counts, days.at(-1));
  assert.equal(first.rank, 1);
  const press = async (key, day) => {
    await page.keyboard.press(key);
    return expectRead(figure, counts, day);
  };
  const second = await press("ArrowDown", days.at(-1));
  assert.notEqual(second.name, first.name);
  await press("ArrowLeft", days.at(-2));
  await press("ArrowUp", days.at(-2));
  await press("ArrowRight", days.at(-1));
  await press("Home", days[0]);
  if (isThorough) {
    // Down to the last one, past two with equal counts.
    for (let step = 0; step < Object.keys(counts).length; step++) await press("ArrowDown", days[0]);
    for (let step = 1; step <= 4; step++) await press("ArrowRight", days[Math.min(step, days.length - 1)]);
  }
  await press("End", days.at(-1));
  await press("ArrowRight", days.at(-1));
  await page.keyboard.press("Escape");
  assert.equal(await figure.getByRole("status").textContent(), resting);
  await plot.evaluate((element) => element.blur());

  const box = await plot.boundingBox();
  for (const [x, y] of [[0.2, 0.3], [0.4, 0.5], [0.6, 0.8]]) {
    await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
    await expectRead(figure, counts);
    assert.equal(await plot.locator("svg.reads .spot").count(), 1);
  }
  await page.mouse.move(0, 0);
  assert.equal(await figure.getByRole("status").textContent(), resting);
}

const labels = (figure) => figure.locator("text.axis").allTextContents();
const course = (figure) => figure.locator("path.line").evaluateAll((lines) => lines.map((line) => line.getAttribute("d")));

async function expectScales(figure) {
  const [linear, log] = [figure.getByRole("button", { name: "Linear" }), figure.getByRole("button", { name: "Logarithmic" })];
  assert.equal(await log.getAttribute("aria-pressed"), "true", "counts that lie far apart");
  const [labelsBefore, before] = [await labels(figure), await course(figure)];
  await linear.click();
  assert.equal(await linear.getAttribute("aria-pressed"), "true");
  assert.equal(await log.getAttribute("aria-pressed"), "false");
  assert.notDeepEqual(await course(figure), before);
  assert.ok((await labels(figure)).includes("0"), "a linear scale begins at 0");
  await log.focus();
  await figure.page().keyboard.press("Space");
  assert.deepEqual(await course(figure), before);
  assert.deepEqual(await labels(figure), labelsBefore);
}

/** Names beside a chart do not overlap each other nor leave it. */
async function expectNamesApart(figure) {
  const boxes = await figure.locator(".series text:not(.axis)").evaluateAll((texts) =>
    texts.map((text) => text.getBoundingClientRect()).map(({ top, bottom, right }) => ({ top, bottom, right })));
  assert.ok(boxes.length > 2);
  boxes.sort((a, b) => a.top - b.top);
  for (let i = 1; i < boxes.length; i++) assert.ok(boxes[i].top > boxes[i - 1].top + 11, "names overlap");
}

/** A point that stands alone is drawn undashed: browsers draw no dashed line without length. */
async function expectDots(figure) {
  const dashed = await figure.locator("path.line.second").evaluateAll((lines) => lines.map((line) => line.getAttribute("d")));
  for (const path of dashed) assert.doesNotMatch(path, /h0(M|$)/, "a dashed dot");
}

/** Behind the names stand the last counts; those that are lower bounds say so. */
async function expectLastCounts(figure, counts) {
  const told = await figure.locator("g.series").evaluateAll((groups) =>
    groups.map((group) => [...group.querySelectorAll("text")].map((text) => text.textContent)));
  assert.ok(told.length > 2);
  for (const [name, count] of told) {
    // A narrow chart has no room for them.
    if (count === undefined) continue;
    const days = called(name, counts);
    const [, status] = days[Object.keys(days).toSorted().at(-1)];
    assert.equal(count.startsWith("≥ "), status === "incomplete", `${name}: ${count}`);
    figures["last counts"] += 1;
  }
}

async function useEverything(page, name, isThorough) {
  const metrics = Object.entries(truth[name]);
  for (const [index, [title, counts]] of metrics.entries()) {
    if (index > 0) {
      const link = page.getByRole("navigation").getByRole("link", { name: title });
      if (index % 2) await link.click();
      else {
        await link.focus();
        await page.keyboard.press("Enter");
      }
      assert.equal(await link.getAttribute("aria-current"), "true");
    }
    const section = shown(page);
    assert.equal(await section.count(), 1);
    assert.equal(await section.getByRole("heading", { level: 2 }).textContent(), title);
    figures["metrics shown"] += 1;
    await expectRanking(section, counts);
    const figure = section.locator(".graph[data-chart=counts]");
    for (const chart of await section.locator(".graph").all()) {
      await expectNamesApart(chart);
      await expectDots(chart);
    }
    await expectLastCounts(figure, counts);
    if (index > 0) continue;
    await expectScales(figure);
    await expectReads(figure, counts, isThorough);
    await expectReads(section.locator(".graph[data-chart=ranks]"), counts, isThorough);
    await expectSorts(section.locator(".ranking table"), isThorough);
    await expectSorts(section.locator(".changes table"), isThorough);
  }
  if (metrics.length > 1) {
    await page.goto(`${page.url().split("#")[0]}#m2`);
    assert.equal(await shown(page).getByRole("heading", { level: 2 }).textContent(), metrics[1][0], "a link to a metric");
    await page.getByRole("navigation").getByRole("link").first().click();
  }
}

/** Without JavaScript all metrics stand one below the other, and nothing is offered that does not work. */
async function readEverything(page, name) {
  const metrics = Object.entries(truth[name]);
  assert.equal(await shown(page).count(), metrics.length);
  assert.equal(await page.locator("button").count(), 0);
  for (const [index, [, counts]] of metrics.entries()) {
    await expectRanking(shown(page).nth(index), counts);
    assert.equal(await shown(page).nth(index).locator(".queries a").count(), Object.keys(counts).length);
  }
}

async function expectNoHarm(page) {
  const names = Object.keys(truth.hostile.Repositories);
  const there = await page.evaluate(() => ({
    hacked: window.hacked,
    elements: document.querySelectorAll("img, iframe, object, embed, [onload], [onerror]").length,
    scripts: document.scripts.length,
    title: document.title,
    names: [...document.querySelectorAll("#m1 .ranking tbody th bdi")].map((bdi) => bdi.textContent),
    links: [...document.querySelectorAll("a")].map((link) => link.getAttribute("href")),
  }));
  assert.equal(there.hacked, undefined);
  assert.equal(there.elements, 0);
  assert.equal(there.scripts, 2);
  assert.equal(there.title, "Frameworks by number of repositories");
  assert.deepEqual(there.names.toSorted(), names.toSorted(), "every name as it is");
  for (const link of there.links) assert.match(link, /^(#m\d|https:\/\/github\.com\/search\?)/);
  const box = (selector) => page.locator(`#m1 .ranking tbody ${selector}`).evaluateAll((cells) => cells.map((cell) => Math.round(cell.getBoundingClientRect().x)));
  assert.equal(new Set(await box("tr > :first-child")).size, 1, "no name moves another cell");
}

const cases = [true, false].flatMap((script) =>
  WIDTHS.flatMap((width) => ["light", "dark"].map((scheme) => ({ script, width, scheme }))));

// Everything is done at every width; every look has at least a part of everything.
const someLooks = cases.filter(({ width, scheme }) => (width === 800) === (scheme === "dark"));
const acts = [];
for (const look of cases) {
  acts.push(() =>
    open("usual", look, async (page) => {
      const isThorough = isLong || someLooks.includes(look);
      await (look.script ? useEverything(page, "usual", isThorough) : readEverything(page, "usual"));
      await expectAccessible(page, look);
    }));
}
for (const look of someLooks) {
  acts.push(() =>
    open("hostile", look, async (page) => {
      await expectNoHarm(page);
      await (look.script ? useEverything(page, "hostile", isLong) : readEverything(page, "hostile"));
      await expectNoHarm(page);
      await expectAccessible(page, look);
    }));
  acts.push(() =>
    open("alone", look, async (page) => {
      await expectRanking(shown(page), truth.alone.Repositories);
      assert.equal(await page.locator(".graph").count(), 0, "one run is no line");
      await expectAccessible(page, look);
    }));
}
acts.push(() =>
  open("usual", { width: 1600, scheme: "light", script: true }, async (page) => {
    for (const width of [400, 1100]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForFunction((width) => document.querySelector(".graph svg").clientWidth < width, width);
      await expectFits(page);
    }
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.getByRole("navigation").isVisible(), false);
    assert.ok((await page.pdf({ format: "A4" })).length > 10_000, "it prints");
    await page.emulateMedia({ media: "screen" });
  }));

/** Takes one act after the other until none is left. */
async function work() {
  for (let act = acts.shift(); act; act = acts.shift()) await act();
}

try {
  await Promise.all([work(), work()]);
  console.log(Object.entries(figures).map(([what, count]) => `${count} ${what}`).join(", "));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await browser.close();
}
