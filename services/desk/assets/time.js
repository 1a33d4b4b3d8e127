import { h } from "./dom.js";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/*
 * The page's now is the log's: a year told in seconds is looked at as of its own end. While the log
 * keeps up with this machine's clock, the moments between two answers are counted on by it.
 */
let logTime = Date.now();
let heardAt = Date.now();

export function setLogTime(iso) {
  const told = Date.parse(iso);
  if (Number.isNaN(told)) return;
  logTime = told;
  heardAt = Date.now();
}

export function now() {
  const isLive = Math.abs(logTime - heardAt) < day;
  return isLive ? logTime + (Date.now() - heardAt) : logTime;
}

const units = [
  [day, "d"],
  [hour, "h"],
  [minute, "min"],
];

/** `3 d 4 h`, `45 min`, `12 s`: the two largest units that say something. */
export function span(ms) {
  const left = Math.abs(ms);
  if (left < minute) return `${Math.floor(left / second)} s`;
  const at = units.findIndex(([size]) => left >= size);
  const [size, name] = units[at];
  const count = Math.floor(left / size);
  const next = units[at + 1];
  const rest = next === undefined || count >= 10 ? 0 : Math.floor((left % size) / next[0]);
  return rest === 0 ? `${count} ${name}` : `${count} ${name} ${rest} ${next[1]}`;
}

const moments = {
  full: new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }),
  day: new Intl.DateTimeFormat("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
  }),
  clock: new Intl.DateTimeFormat("en-GB", { timeStyle: "short" }),
  date: new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }),
};

export const said = (iso, style = "full") => moments[style].format(new Date(iso));

/** A moment in the reader's zone, with the exact one behind it. */
export const time = (iso, style = "full", properties = {}) =>
  h("time", { datetime: iso, title: iso, ...properties }, said(iso, style));

const moment = /\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z/g;

/** A sentence as the judge wrote it, its moments as the reader writes them. */
export function prose(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(moment)) {
    parts.push(text.slice(from, found.index), time(found[0]));
    from = found.index + found[0].length;
  }
  return [...parts, text.slice(from)];
}

const counting = "data-since";

/** How long something lasts since `iso`, counted on while the page is open. */
export const since = (iso, properties = {}) =>
  h(
    "time",
    { datetime: iso, title: iso, [counting]: iso, ...properties },
    span(now() - Date.parse(iso)),
  );

/** Counts on everything on the page that counts. */
export function countOn(root = document) {
  for (const element of root.querySelectorAll(`[${counting}]`)) {
    const text = span(now() - Date.parse(element.getAttribute(counting)));
    if (element.textContent !== text) element.textContent = text;
  }
  for (const element of root.querySelectorAll("[data-due]")) {
    const text = dueText(element.dataset.due);
    if (element.textContent !== text) element.textContent = text;
  }
}

const dueText = (iso) => {
  const left = Date.parse(iso) - now();
  return left >= 0 ? `${span(left)} left` : `${span(left)} over`;
};

/** How long until a promise falls due, or since it did. */
export const due = (iso) => h("span", { class: "due-clock", "data-due": iso }, dueText(iso));

/** Share of the time between two moments that has passed, 0 to 1. */
export function passed(from, until) {
  const [start, end] = [Date.parse(from), Date.parse(until)];
  return end <= start ? 1 : Math.min(1, Math.max(0, (now() - start) / (end - start)));
}
