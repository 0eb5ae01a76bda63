
// Axes, marks and labels: what a chart is made of.

/** As many of 1, 2 and 5 times the powers of ten as there is room for. */
function logAxis(least, most) {
  const [low, high] = [least / 1.2, most * 1.2];
  const powers = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) powers.push(10 ** power);
  const marked = [[1, 2, 5], [1, 3], [1]].map((leads) =>
    powers.flatMap((power) => leads.map((lead) => lead * power)).filter((tick) => tick >= low && tick <= high));
  const ticks = marked.find((some) => some.length <= 8) ?? marked[2];
  return { low, high, ticks, place: (value) => Math.log(Math.max(value, low)), words: "" };
}

/** From 0, unless all counts lie so close together that they could not be told apart. */
function linearAxis(least, most) {
  const low = least * 2 <= most ? 0 : least;
  const wanted = Math.max(most - low, 1) / 6;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = Math.max(1, [1, 2, 5, 10].find((lead) => lead * power >= wanted * 0.999) * power);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(most / step), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  const words = ticks[0] > 0 ? `The axis begins at ${short(ticks[0])}, not at 0.` : "";
  return { low: ticks[0], high: ticks.at(-1), ticks, place: (value) => value, words };
}

function rankAxis(lowest) {
  const ticks = Array.from({ length: lowest }, (_, i) => i + 1);
  return { low: lowest, high: 1, ticks, place: (value) => -value, words: "" };
}

/** Hours, days, months or years at which the axis of time is marked, as many as there is room for. */
function timeTicks(from, to, most) {
  const days = (to - from) / DAY;
  const ticks = [];
  if (days > 75) {
    const step = [1, 2, 3, 6, 12, 24, 60, 120].find((months) => days / 30.4 / months <= most) ?? 240;
    const start = new Date(from);
    for (let month = Math.ceil(start.getUTCMonth() / step) * step; ; month += step) {
      const time = Date.UTC(start.getUTCFullYear(), month, 1);
      if (time > to) return ticks;
      const text = new Date(time).toISOString().slice(0, step % 12 ? 7 : 4);
      if (time >= from) ticks.push([time, text]);
    }
  }
  const step = DAY * ([1 / 24, 0.25, 0.5, 1, 2, 7, 14].find((step) => days / step <= most) ?? 14);
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
    const text = new Date(time).toISOString();
    ticks.push([time, step < DAY ? text.slice(11, 16) : text.slice(5, 10)]);
  }
  return ticks;
}

function element(name, attributes, parent, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, typeof value === "number" ? String(Math.round(value * 10) / 10) : value);
  }
  if (text !== undefined) made.textContent = text;
  parent?.append(made);
  return made;
}

const OUTLINES = {
  square: "M-.9-.9H.9V.9H-.9z",
  diamond: "M0-1.25L1.25 0 0 1.25-1.25 0z",
  wedge: "M-1.15-.9H1.15L0 1.15z",
  bound: "M-1.15 .9H1.15L0-1.15z",
  plus: "M-1.2 0H1.2M0-1.2V1.2",
  cross: "M-1-1L1 1M-1 1L1-1",
  star: "M0-1.2V1.2M-1.04-.6L1.04 .6M-1.04 .6L1.04-.6",
  disc: "M-1 0a1 1 0 0 0 2 0a1 1 0 0 0-2 0z",
  ring: "M-1 0a1 1 0 0 0 2 0a1 1 0 0 0-2 0z",
};

function drawMark(group, kind, x, y, size = 3.2) {
  const at = `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${size})`;
  element("path", { class: `mark ${kind}`, d: OUTLINES[kind], transform: at }, group);
}

const pen = document.createElement("canvas").getContext("2d");

function widthOf(text) {
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
}

function shortened(text, room) {
  const letters = [...text].slice(0, 80);
  if (letters.length === [...text].length && widthOf(text) <= room) return text;
  while (letters.length > 1 && widthOf(`${letters.join("")}…`) > room) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

/** Moves labels apart so that none overlaps another, each as little as need be. */
function spread(labels, gap, low, high) {
  labels.sort((a, b) => a.y - b.y);
  const pools = [];
  labels.forEach((label, place) => {
    let pool = { mean: label.y - place * gap, size: 1 };
    while (pools.length > 0 && pools.at(-1).mean >= pool.mean) {
      const before = pools.pop();
      const size = before.size + pool.size;
      pool = { mean: (before.mean * before.size + pool.mean * pool.size) / size, size };
    }
    pools.push(pool);
  });
  const highest = Math.max(low, high - (labels.length - 1) * gap);
  const means = pools.flatMap(({ mean, size }) => Array(size).fill(Math.min(Math.max(mean, low), highest)));
  labels.forEach((label, place) => (label.at = means[place] + place * gap));
}
