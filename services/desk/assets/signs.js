import { h, svg } from "./dom.js";

/*
 * Every state has a shape and a word as well as a colour: whoever does not see the colour loses
 * nothing.
 */
const shapes = {
  critical: () => [
    svg("path", { class: "solid", d: "M5 1h6l4 4v6l-4 4H5l-4-4V5z" }),
    svg("path", { class: "on-solid", d: "M8 4v5M8 11.400v.6" }),
  ],
  high: () => [svg("path", { class: "solid", d: "M8 1.500 15.500 14.500H.5z" })],
  medium: () => [
    svg("path", { class: "line", d: "M8 1.500 14.500 8 8 14.500 1.500 8z" }),
    svg("path", { class: "solid", d: "M8 1.500 14.500 8 8 14.500z" }),
  ],
  low: () => [svg("circle", { class: "line", cx: 8, cy: 8, r: 5.5 })],
  none: () => [svg("path", { class: "line", d: "M3 8.500 6.500 12 13 4.500" })],
};

export const levelWords = {
  critical: "Critical",
  high: "High",
  medium: "Medium",
  low: "Low",
  none: "Calm",
};

const picture = (children) =>
  svg("svg", { class: "sign", viewBox: "0 0 16 16", "aria-hidden": "true" }, children);

export const levelSign = (level) =>
  h("span", { class: `level level-${level}` }, picture(shapes[level]?.() ?? []));

export const levelBadge = (level) =>
  h(
    "span",
    { class: `level level-${level}` },
    picture(shapes[level]?.() ?? []),
    h("span", { class: "level-word" }, levelWords[level] ?? level),
  );

/** What a verdict is called, and the family of colour and shape it belongs to. */
export const verdictWords = {
  open: ["Promised", "open"],
  "at-risk": ["At risk", "risk"],
  overdue: ["Overdue, provisionally", "risk"],
  "source-blind": ["Unseen: its feed is silent", "unseen"],
  kept: ["Kept", "kept"],
  broken: ["Broken", "broken"],
  renegotiated: ["Moved to another date", "moved"],
  withdrawn: ["Withdrawn", "moved"],
  void: ["Void", "moved"],
  unverifiable: ["Cannot be verified", "unseen"],
};

const verdictShapes = {
  open: "M8 3v5l3 2M8 1.500a6.500 6.500 0 1 0 .01 0z",
  risk: "M8 2 14.500 13.500H1.500zM8 6.500v3.200M8 11.300v.4",
  unseen:
    "M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8zM2.500 14 13.500 2",
  kept: "M2.500 8.500 6.300 12.300 13.500 4",
  broken: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  moved: "M2 8h11M9.500 4.500 13 8l-3.500 3.500",
};

export function verdictBadge(verdict) {
  const [word, family] = verdictWords[verdict] ?? [verdict, "open"];
  return h(
    "span",
    { class: `verdict verdict-${family}` },
    picture([svg("path", { class: "line", d: verdictShapes[family] })]),
    h("span", {}, word),
  );
}

export const verdictFamily = (verdict) => verdictWords[verdict]?.[1] ?? "open";

/** Pictures on the line of time for what is no verdict. */
const marks = {
  fact: "M8 5.500a2.500 2.500 0 1 0 .01 0z",
  alert:
    "M8 1.800a4.200 4.200 0 0 0-4.200 4.200c0 4-1.600 5-1.600 5h11.600s-1.600-1-1.600-5A4.200 4.200 0 0 0 8 1.800zM6.500 13.200a1.600 1.600 0 0 0 3 0",
  level: "M2.500 13V9.500M6.200 13V7M9.800 13V4.500M13.500 13V2",
  survey: "M2 3h12v8H7l-3 2.800V11H2zM5.500 7h5",
  identity: "M6 8h4M7 4.500H5a3.500 3.500 0 0 0 0 7h2M9 4.500h2a3.500 3.500 0 0 1 0 7H9",
};

export const mark = (name) => picture([svg("path", { class: "line", d: marks[name] })]);
export const verdictMark = (verdict) =>
  picture([svg("path", { class: "line", d: verdictShapes[verdictFamily(verdict)] })]);
