
// The page: tables that sort, one metric at a time.

/** What a cell is ordered by: a number, a text, or `null` for what is not there. */
function keyOf(cell, isText) {
  if (isText) return cell.firstChild?.textContent.toLowerCase() || null;
  const text = cell.firstChild?.textContent.split(" – ")[0] ?? "";
  const number = Number.parseFloat(text.replace(/[^\d.+-]/g, ""));
  return Number.isNaN(number) ? null : number;
}

function sort(table, column, isDown, isText) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [keyOf(row.cells[column], isText), row]);
  const order = (a, b) => (isText ? a.localeCompare(b, "en") : a - b);
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return isDown ? order(b, a) : order(a, b);
  });
  body.append(...rows.map(([, row]) => row));
}

function makeSortable(table) {
  const headings = [...table.tHead.querySelectorAll("th")];
  for (const heading of headings) {
    const isText = heading.matches(".f, .l, .o");
    const startsDown = !isText && !heading.matches(".r");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const now = heading.getAttribute("aria-sort");
      const isDown = now === null ? startsDown : now === "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      sort(table, heading.cellIndex, isDown, isText);
    });
  }
  headings[0]?.setAttribute("aria-sort", "ascending");
}

const sections = [...document.querySelectorAll("section.metric")];
const charts = new Map();

function chartsOf(section) {
  if (!charts.has(section)) {
    const metric = data.metrics[sections.indexOf(section)];
    const figures = [...section.querySelectorAll(".graph")];
    charts.set(section, figures.map((figure) => new Chart(figure, metric)));
  }
  return charts.get(section);
}

function showMetric() {
  const shown = sections.find((section) => `#${section.id}` === location.hash) ?? sections[0];
  for (const section of sections) section.hidden = section !== shown;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${shown.id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  for (const chart of chartsOf(shown)) chart.draw();
}

document.body.classList.add("alone");
document.querySelectorAll("table.sortable").forEach(makeSortable);
for (const link of document.querySelectorAll("nav a")) {
  link.addEventListener("click", (event) => {
    // The metric changes in its place; the page does not jump.
    event.preventDefault();
    history.replaceState(null, "", link.hash);
    showMetric();
  });
}
addEventListener("hashchange", showMetric);
let waits = false;
addEventListener("resize", () => {
  if (waits) return;
  waits = true;
  requestAnimationFrame(() => {
    waits = false;
    showMetric();
  });
});
showMetric();
