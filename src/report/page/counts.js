"use strict";

// The counts over time, unpacked: `pack.rs` says how they are packed. What the page does beyond being
// read stands in four files, of which the page makes one script; nothing is asked of anybody.

const DIGITS = new Map(
  [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].map((c, i) => [c, i]),
);
const COLOURS = 8;
const MARKS = ["disc", "square", "diamond", "wedge", "plus", "cross", "star", "ring"];
const MOST_NAMED = 2 * COLOURS;
const MOST_DRAWN = 60;
const MOST_FLAGS = 12;
const MINUTE = 60000;
const DAY = 1440 * MINUTE;

function numbers(text = "") {
  const found = [];
  let number = 0;
  let place = 1;
  for (const character of text) {
    const digit = DIGITS.get(character);
    number += (digit % 32) * place;
    place *= 32;
    if (digit < 32) {
      found.push(number);
      number = 0;
      place = 1;
    }
  }
  return found;
}

const signed = (number) => (number % 2 ? -(number + 1) / 2 : number / 2);

function sums(text) {
  let sum = 0;
  return numbers(text).map((number) => (sum += signed(number)));
}

function counts(text) {
  let count = 0;
  return numbers(text).map((number) => (number === 0 ? null : (count += signed(number - 1))));
}

function stretches(text) {
  const marked = new Set();
  let at = 0;
  numbers(text).forEach((length, index) => {
    for (let i = 0; index % 2 && i < length; i++) marked.add(at + i);
    at += length;
  });
  return marked;
}

const data = JSON.parse(document.getElementById("data").textContent);
const times = sums(data.times).map((minutes) => minutes * MINUTE);
const gaps = new Set(sums(data.gaps));
const lastRun = times.length - 1;

const largest = (some) => some.reduce((most, number) => Math.max(most, number), -Infinity);
const smallest = (some) => some.reduce((least, number) => Math.min(least, number), Infinity);

/** The lines of a metric, those that lead now first; unpacked when they are first wanted. */
function linesOf(metric) {
  metric.unpacked ??= metric.lines
    .map((line) => ({
      name: data.frameworks[line.f],
      colour: line.f % COLOURS,
      isSecond: Math.floor(line.f / COLOURS) % 2 === 1,
      mark: MARKS[(line.f + 3 * Math.floor(line.f / COLOURS)) % MARKS.length],
      counts: counts(line.n),
      bounds: stretches(line.b),
      breaks: new Set(sums(line.t)),
    }))
    .filter((line) => line.counts.some((count) => count !== null));
  return metric.unpacked;
}

/** The rank of a count among those of a run, from 1; equal counts share one. */
function rankOf(metric, run, count) {
  return 1 + metric.unpacked.filter((other) => other.counts[run] > count).length;
}

// ---- Words.

const letter = (place) => String.fromCharCode(97 + place);
const full = (number) => number.toLocaleString("en-US");

/** `9,999`, `20k`, `1.5M`: as beside the axes of the pictures. */
function short(number) {
  if (number < 10000) return full(number);
  const [size, unit] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([size]) => number >= size);
  return `${Number((number / size).toPrecision(3))}${unit}`;
}

const isDaily = times.length < 2 || (times[lastRun] - times[0]) / lastRun > 0.9 * DAY;
const moment = (time) => new Date(time).toISOString().slice(0, isDaily ? 10 : 16).replace("T", " ");
