
// A chart: how it is drawn, and how it is read with pointer and keyboard.

const LABEL = 15;
const APART = 12;

/** The last count, as it stands behind a name. */
function lastCount(line) {
  const run = line.counts.findLastIndex((count) => count !== null);
  return `${line.bounds.has(run) ? "≥ " : ""}${short(line.counts[run])}`;
}

/** A chart in its figure: what is shown, where it lies, and what is read of it. */
class Chart {
  constructor(figure, metric) {
    this.figure = figure;
    this.metric = metric;
    this.isRanks = figure.dataset.chart === "ranks";
    this.plot = figure.querySelector(".plot");
    this.lines = linesOf(metric).slice(0, MOST_DRAWN);
    const ranks = (line) => line.counts.map((count, run) => (count === null ? null : rankOf(metric, run, count)));
    this.values = this.lines.map((line) => (this.isRanks ? ranks(line) : line.counts));
    const all = this.values.slice(0, this.isRanks ? MOST_NAMED : MOST_DRAWN).flat().filter((value) => value !== null);
    this.most = Math.max(largest(all), 1);
    this.least = smallest(all);
    this.isLog = this.least > 0 && this.most / this.least > 40;
    this.addTools();
    this.remark = document.createElement("p");
    figure.querySelector("figcaption")?.prepend(this.remark);
    this.listen();
  }

  addTools() {
    const tools = document.createElement("div");
    tools.className = "tools";
    this.reading = document.createElement("p");
    this.reading.className = "reading";
    this.reading.setAttribute("role", "status");
    tools.append(this.reading);
    if (!this.isRanks) tools.append(this.scaleButtons());
    this.figure.prepend(tools);
    const what = this.isRanks ? "Ranks" : "Counts";
    this.plot.tabIndex = 0;
    this.plot.setAttribute("role", "application");
    this.plot.setAttribute("aria-roledescription", "chart");
    this.plot.setAttribute("aria-label", `${what} over time, ${this.metric.title}. Left and right arrows move in time, up and down choose a framework.`);
    this.read(null);
  }

  scaleButtons() {
    const scales = document.createElement("div");
    scales.className = "scales";
    scales.setAttribute("role", "group");
    scales.setAttribute("aria-label", "Scale");
    for (const isLog of [false, true]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "choice";
      button.textContent = isLog ? "Logarithmic" : "Linear";
      button.setAttribute("aria-pressed", String(isLog === this.isLog));
      button.addEventListener("click", () => {
        this.isLog = isLog;
        for (const other of scales.children) other.setAttribute("aria-pressed", String(other === button));
        this.draw();
      });
      scales.append(button);
    }
    return scales;
  }

  axis() {
    if (this.isRanks) return rankAxis(Math.min(this.most, 24));
    const positive = this.values.flat().filter((value) => value > 0);
    return this.isLog ? logAxis(Math.min(smallest(positive), this.most), this.most) : linearAxis(this.least, this.most);
  }

  draw() {
    const width = Math.floor(this.plot.clientWidth);
    if (width < 100 || this.lines.length === 0) return;
    const isNarrow = width < 520;
    const axis = this.axis();
    const ticks = axis.ticks.map((tick) => [tick, this.isRanks ? `${tick}` : short(tick)]);
    const named = this.lines.slice(0, MOST_NAMED);
    const behind = named.map((line) => (isNarrow || this.isRanks ? "" : lastCount(line)));
    const room = width * (isNarrow ? 0.3 : 0.36);
    const names = named.map((line, index) => shortened(line.name, room - widthOf(behind[index])));
    const labels = Math.max(...names.map((name, index) => widthOf(name) + widthOf(behind[index]) + (behind[index] ? 6 : 0)));
    const wanted = this.isRanks ? 22 * ticks.length : Math.min(420, 180 + width * 0.3);
    const height = Math.max(wanted, LABEL * named.length + 8);
    const top = this.metric.events.length > 0 ? 24 : 10;
    const left = Math.ceil(Math.max(...ticks.map(([, text]) => widthOf(text)))) + 10;
    this.box = { left, right: width - Math.ceil(labels) - 30, top, bottom: top + height };
    const { right, bottom } = this.box;
    const [from, to] = [times[0], times[lastRun]];
    this.xOf = (time) => left + ((time - from) / (to - from)) * (right - left);
    this.x = (run) => this.xOf(times[run]);
    const [low, high] = [axis.place(axis.low), axis.place(axis.high)];
    const margin = this.isRanks ? 11 : 0;
    this.y = (value) => bottom - margin - ((axis.place(value) - low) / (high - low || 1)) * (height - 2 * margin);

    const svg = element("svg", { width, height: bottom + 24, viewBox: `0 0 ${width} ${bottom + 24}`, "aria-hidden": "true" });
    this.drawField(svg, ticks, timeTicks(from, to, Math.max(2, Math.floor((right - left) / 68))));
    // Those that lead are drawn last, above the others.
    this.groups = this.lines.map((line, index) => this.drawLine(line, index));
    svg.append(...this.groups.toReversed());
    this.drawNames(names, behind);
    this.marker = element("g", {}, svg);
    this.svg = svg;
    this.plot.replaceChildren(svg);
    this.remark.textContent = axis.words;
    this.show();
  }

  drawField(svg, ticks, dates) {
    const { left, right, top, bottom } = this.box;
    for (const run of gaps) {
      const [start, end] = [this.x(run - 1), this.x(run)];
      element("rect", { class: "hole", x: start, y: top, width: Math.max(end - start, 1), height: bottom - top }, svg);
    }
    for (const [tick, text] of ticks) {
      const y = this.y(tick);
      element("path", { class: "grid", d: `M${left} ${y.toFixed(1)}H${right}` }, svg);
      element("text", { class: "axis", x: left - 6, y: y + 4, "text-anchor": "end" }, svg, text);
    }
    let free = 0;
    for (const [time, text] of dates) {
      const [x, half] = [this.xOf(time), widthOf(text) / 2];
      element("path", { class: "base", d: `M${x.toFixed(1)} ${bottom}v4` }, svg);
      if (Math.max(x, half) - half < free) continue;
      element("text", { class: "axis", x: Math.max(x, half), y: bottom + 18, "text-anchor": "middle" }, svg, text);
      free = x + half + 8;
    }
    const flags = this.metric.events.slice(0, MOST_FLAGS).map(([minute, isBreak], place) => ({
      place,
      isBreak,
      y: this.xOf(Math.min(Math.max(minute * MINUTE, times[0]), times[lastRun])),
    }));
    spread(flags, 12, left, right);
    for (const { place, isBreak, y, at } of flags) {
      element("path", { class: isBreak ? "flag break" : "flag", d: `M${y.toFixed(1)} ${top - 4}V${bottom}` }, svg);
      element("text", { class: "axis", x: at, y: top - 8, "text-anchor": "middle" }, svg, letter(place));
    }
  }

  /** Draws a line. It is interrupted where a run or a count is missing, and at lower bounds. */
  drawLine(line, index) {
    const group = element("g", { class: index < MOST_NAMED ? `series k${line.colour + 1}` : "series other" });
    const values = this.values[index];
    let [start, column, before] = [null, null, null];
    const lines = [];
    values.forEach((value, run) => {
      const isPoint = value !== null && !line.bounds.has(run) && !(this.isRanks && value > 24);
      if (!isPoint || before === null || gaps.has(run) || line.breaks.has(run)) start = null;
      before = isPoint ? run : null;
      if (!isPoint) return;
      const [x, y] = [this.x(run), this.y(value)];
      // Of ranks that lie closer together than lines can show the last one is drawn.
      const nextColumn = this.isRanks ? Math.floor((x - this.box.left) / 5) : run;
      if (start !== null && nextColumn === column && lines.at(-1) !== start) lines.pop();
      column = nextColumn;
      // The end of a line without length is a dot.
      lines.push(start === null ? (start = `M${x.toFixed(1)} ${y.toFixed(1)}h0`) : `L${x.toFixed(1)} ${y.toFixed(1)}`);
    });
    // Browsers draw no dot where a line without length is dashed.
    const isAlone = (part, place) => part.startsWith("M") && !lines[place + 1]?.startsWith("L");
    const dots = line.isSecond ? lines.filter(isAlone) : [];
    const strokes = line.isSecond ? lines.filter((part, place) => !isAlone(part, place)) : lines;
    element("path", { class: line.isSecond ? "line second" : "line", d: strokes.join("") }, group);
    if (dots.length > 0) element("path", { class: "line", d: dots.join("") }, group);
    if (index < MOST_NAMED) this.drawMarks(group, line, values, index);
    return group;
  }

  /** Triangles at lower bounds, and the line's own mark now and then, near no other one. */
  drawMarks(group, line, values, index) {
    let next = this.box.left + 20 + ((index * 41) % 110);
    let nextBound = -Infinity;
    const isDrawn = (run) => values[run] !== null && !(this.isRanks && values[run] > 24);
    const bounds = [...line.bounds].filter(isDrawn);
    const isFree = (x) => x <= this.box.right - APART && bounds.every((run) => Math.abs(this.x(run) - x) >= APART);
    values.forEach((value, run) => {
      const x = this.x(run);
      if (!isDrawn(run) || line.bounds.has(run) || x < next || !isFree(x)) return;
      drawMark(group, line.mark, x, this.y(value));
      next = x + 110;
    });
    for (const run of bounds) {
      const x = this.x(run);
      if (x >= nextBound) {
        drawMark(group, "bound", x, this.y(values[run]), 3.6);
        nextBound = x + 8;
      }
    }
  }

  drawNames(names, behind) {
    const labels = names.map((name, index) => {
      const run = this.lines[index].counts.findLastIndex((count) => count !== null);
      return { index, x: this.x(run), y: this.y(Math.min(this.values[index][run], this.isRanks ? 24 : Infinity)) };
    });
    const { top, bottom, right } = this.box;
    spread(labels, LABEL, top + 4, bottom - 2);
    for (const { index, x, y, at } of labels) {
      const group = this.groups[index];
      if (Math.abs(y - at) > 1 || right - x > 1) {
        element("path", { class: "leader", d: `M${x.toFixed(1)} ${y.toFixed(1)}L${right + 11} ${at.toFixed(1)}` }, group);
      }
      drawMark(group, this.lines[index].mark, right + 17, at);
      element("text", { x: right + 26, y: at + 4 }, group, names[index]);
      if (behind[index]) element("text", { class: "axis", x: right + 32 + widthOf(names[index]), y: at + 4 }, group, behind[index]);
    }
  }

  // ---- Reading.

  /** Reads a line at a run; `null` reads nothing. */
  read(run, index) {
    this.at = run === null ? null : { run, index };
    this.show();
    if (run === null) {
      this.reading.textContent = "Point at a line, or press the arrow keys in the chart.";
      return;
    }
    const line = this.lines[index];
    const count = line.counts[run];
    const words = [moment(times[run])];
    if (count === null) {
      words.push("no count");
    } else {
      const isBound = line.bounds.has(run);
      words.push(`${isBound ? "at least " : ""}${full(count)}`);
      words.push(`rank ${isBound ? "at most " : ""}${rankOf(this.metric, run, count)}`);
    }
    if (line.breaks.has(run)) words.push("counted in a new way from here on");
    if (gaps.has(run)) words.push("no run just before");
    const name = document.createElement("bdi");
    name.textContent = shortened(line.name, 260);
    const strong = document.createElement("strong");
    strong.append(name);
    this.reading.replaceChildren(strong, ` · ${words.join(" · ")}`);
  }

  show() {
    if (!this.svg) return;
    this.svg.classList.toggle("reads", this.at !== null);
    this.groups.forEach((group, index) => group.classList.toggle("on", index === this.at?.index));
    this.marker.replaceChildren();
    if (this.at === null) return;
    const { run, index } = this.at;
    const x = this.x(run);
    element("path", { class: "rule", d: `M${x.toFixed(1)} ${this.box.top}V${this.box.bottom}` }, this.marker);
    const value = this.values[index][run];
    if (value !== null) element("circle", { class: "spot", cx: x, cy: this.y(value), r: 4.5 }, this.marker);
  }

  /** The line that is nearest to a height at a run. */
  nearest(run, y) {
    let best = { far: Infinity, index: 0 };
    this.values.forEach((values, index) => {
      const far = values[run] === null ? Infinity : Math.abs(this.y(values[run]) - y);
      if (far < best.far) best = { far, index };
    });
    return best.index;
  }

  listen() {
    for (const kind of ["pointermove", "pointerdown"]) this.plot.addEventListener(kind, (event) => this.point(event));
    for (const kind of ["pointerleave", "blur"]) this.plot.addEventListener(kind, () => this.read(null));
    this.plot.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (this.press(event.key, event.shiftKey)) event.preventDefault();
    });
  }

  point(event) {
    if (!this.svg) return;
    const edge = this.plot.getBoundingClientRect();
    const x = event.clientX - edge.left;
    let [low, high] = [0, lastRun];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.x(middle) < x) low = middle + 1;
      else high = middle;
    }
    const run = low > 0 && x - this.x(low - 1) < this.x(low) - x ? low - 1 : low;
    this.read(run, this.nearest(run, event.clientY - edge.top));
  }

  /** Reads what a key asks for, and tells whether it asks for anything. */
  press(key, isFar) {
    if (!this.svg) return false;
    const step = isFar ? Math.max(1, Math.round(lastRun / 20)) : 1;
    const moves = { ArrowLeft: -step, ArrowRight: step, Home: -lastRun, End: lastRun, ArrowUp: 0, ArrowDown: 0 };
    if (key === "Escape") {
      this.read(null);
    } else if (!(key in moves)) {
      return false;
    } else if (this.at === null) {
      this.read(lastRun, this.nearest(lastRun, 0));
    } else {
      const run = Math.min(Math.max(this.at.run + moves[key], 0), lastRun);
      this.read(run, this.neighbour(run, { ArrowUp: -1, ArrowDown: 1 }[key] ?? 0));
    }
    return true;
  }

  /** The line so many places below the one that is read; those without a count there come last. */
  neighbour(run, step) {
    const height = (index) => (this.values[index][run] === null ? Infinity : this.y(this.values[index][run]));
    const order = this.lines.map((_, index) => index);
    if (step === 0) return this.at.index;
    order.sort((a, b) => height(a) - height(b) || a - b);
    const place = order.indexOf(this.at.index) + step;
    return order[Math.min(Math.max(place, 0), order.length - 1)];
  }
}
