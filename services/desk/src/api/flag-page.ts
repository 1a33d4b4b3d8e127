import type { CustomerPage } from "./schemas.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** Text that can stand between tags and between quotes, and be neither. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (one) => entities[one] ?? "");

const words: Readonly<Record<string, string>> = {
  critical: "Critical",
  high: "High",
  medium: "Medium",
  low: "Low",
  none: "Calm",
};
/** A shape beside the word, as on the desk's own page. */
const shapes: Readonly<Record<string, string>> = {
  critical: "M5 1h6l4 4v6l-4 4H5l-4-4V5z",
  high: "M8 1.5 15.500 14.500H.5z",
  medium: "M8 1.500 14.500 8 8 14.500 1.500 8z",
  low: "M8 2.500a5.500 5.500 0 1 0 .01 0z",
  none: "M3 8.500 6.500 12 13 4.500 6.500 10z",
};

const listed = (title: string, items: readonly string[], kind: string): string =>
  items.length === 0
    ? ""
    : `<section class="flag-${kind}"><h2>${title}</h2><ul>${items.map((one) => `<li>${escaped(one)}</li>`).join("")}</ul></section>`;

/** `2026-03-02T10:00:00.000Z` as `2026-03-02 10:00 UTC`: without a script nobody knows the reader's zone. */
const moment = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

/** The flag as a small page of its own, without a script, to be framed by another system's. */
export function flagPageOf(page: CustomerPage, deskUrl: string): string {
  const { summary, logTime } = page;
  const { customer, level, says, link, owner, since, wants } = summary;
  const href = new URL(`/#/customer/${encodeURIComponent(customer)}`, deskUrl).href;
  const where =
    link === null
      ? ""
      : `<p class="flag-where">${escaped(link)}${owner === null ? "" : `, answered for by ${escaped(owner)}`}</p>`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="robots" content="noindex">
    <title>Risk flag of ${escaped(customer)}</title>
    <link rel="stylesheet" href="/assets/base.css">
    <link rel="stylesheet" href="/assets/flag.css">
  </head>
  <body>
    <main class="flag">
      <h1><span class="level level-${level}"><svg class="sign" viewBox="0 0 16 16" aria-hidden="true"><path class="solid" d="${shapes[level] ?? ""}"/></svg><span class="level-word">${words[level] ?? ""}</span></span> ${escaped(customer)}</h1>
      <p class="flag-says">${escaped(says)}</p>
      ${where}
      ${wants.length === 0 ? "" : `<p class="flag-wants">${escaped(wants.join(" · "))}</p>`}
      ${listed("Do", page.do, "do")}
      ${listed("Do not", page.dont, "dont")}
      <p class="flag-foot">${since === null ? "" : `At risk since ${moment(since)}. `}As of ${moment(logTime)}. <a href="${escaped(href)}" target="_blank" rel="noopener noreferrer">Open in troth</a></p>
    </main>
  </body>
</html>
`;
}
