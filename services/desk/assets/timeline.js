import { h, number } from "./dom.js";
import { anchorOf, evidence } from "./evidence.js";
import { levelBadge, levelWords, mark, verdictBadge, verdictFamily, verdictMark } from "./signs.js";
import { prose, said, span, time } from "./time.js";

const shownFirst = 80;
const inlineFields = 4;
/** Known so much later than it happened, it is worth saying. */
const laterMs = 5 * 60_000;

function wordsOf({ is, value }) {
  switch (is) {
    case "time":
      return time(value);
    case "seconds":
      return span(value * 1_000);
    case "money":
      return `${value.amount} ${value.currency}`;
    case "flag":
      return value ? "yes" : "no";
    case "share":
      return `${Math.round(value * 100)}%`;
    case "number":
      return number(value);
    case "word":
      return value.replaceAll("_", " ");
    default:
      return value;
  }
}

const later = ({ at, knownAt }, words) => {
  const behind = Date.parse(knownAt) - Date.parse(at);
  return behind < laterMs ? null : h("span", { class: "meta" }, ` ${words} ${span(behind)} later`);
};

function fact(entry) {
  const key = `${entry.source} ${entry.id}`;
  const inline = entry.fields.slice(0, inlineFields);
  return {
    key,
    family: "fact",
    id: anchorOf(entry.id),
    sign: mark("fact"),
    content: [
      h("span", { class: "entry-title" }, entry.title),
      h(
        "span",
        { class: "entry-fields" },
        inline.map((field) => [
          h("span", { class: "field" }, `${field.label} `, h("strong", {}, wordsOf(field))),
          " ",
        ]),
      ),
      h(
        "details",
        { "data-key": key },
        h("summary", {}, `event ${entry.id} · ${entry.source}`, later(entry, "known")),
        h("p", { class: "meta" }, entry.doc),
        h(
          "dl",
          { class: "fields" },
          [
            { label: "Type", is: "text", value: entry.type },
            { label: "Subject", is: "text", value: entry.subject ?? "–" },
            { label: "Happened", is: "time", value: entry.at },
            { label: "Known", is: "time", value: entry.knownAt },
            ...entry.fields,
          ].map((field) => [h("dt", {}, field.label), h("dd", {}, wordsOf(field))]),
        ),
      ),
    ],
  };
}

const becauseWords = {
  time: "the time for it passed",
  fact: "of an event",
  retraction: "an event was taken back",
  identity: "of who the customer is",
};

const verdict = (entry) => ({
  key: `${entry.promiseId}#${entry.term}/${entry.revision}`,
  family: verdictFamily(entry.verdict),
  sign: verdictMark(entry.verdict),
  content: [
    h("span", { class: "entry-title" }, verdictBadge(entry.verdict), " ", entry.title),
    h(
      "span",
      { class: "meta entry-why" },
      entry.was !== null && entry.was !== entry.verdict ? `was ${entry.was} · ` : "",
      entry.was === entry.verdict ? `severity now ${entry.severity} of 5 · ` : "",
      entry.due === null || entry.verdict !== "open" ? null : ["due ", time(entry.due), " · "],
      `because ${becauseWords[entry.because]} · ${entry.link} · ${entry.owner} `,
      evidence(entry.evidence),
      later(entry, "decided"),
    ),
  ],
});

const alertWords = {
  opened: "Alert opened",
  acknowledged: "Alert taken on",
  amended: "Alert amended",
  recovered: "Alert closed: recovered",
  withdrawn: "Alert withdrawn: it was not so",
};

const makers = {
  fact,
  verdict,
  alert: (entry) => ({
    key: `${entry.alertId}/${entry.revision}`,
    family: "alert",
    sign: mark("alert"),
    content: [
      h("span", { class: "entry-title" }, alertWords[entry.state], " ", levelBadge(entry.level)),
      h("span", { class: "entry-says" }, prose(entry.says)),
      h("span", { class: "meta" }, `${number(entry.score)} points · revision ${entry.revision}`),
    ],
  }),
  level: (entry) => ({
    key: `level ${entry.at} ${entry.level}`,
    family: "level",
    sign: mark("level"),
    content: [
      h("span", { class: "entry-title" }, "Level ", levelBadge(entry.level)),
      h("span", { class: "meta" }, `was ${levelWords[entry.was]} · ${number(entry.score)} points`),
    ],
  }),
  survey: (entry) => ({
    key: `survey ${entry.invitationId}`,
    family: "level",
    sign: mark("survey"),
    content: [
      h("span", { class: "entry-title" }, "Asked whether they enjoyed it"),
      h(
        "span",
        { class: "meta" },
        `stood at ${number(entry.riskScore)} points, ${levelWords[entry.level]}${entry.alerted ? ", alerted" : ""}`,
      ),
    ],
  }),
  "taken-back": (entry) =>
    identity(entry, `${number(entry.facts)} events taken back: they concern somebody else`),
  joined: (entry) => identity(entry, `Found to be the same as ${entry.other}`),
  parted: (entry) => identity(entry, `Found not to be ${entry.other} after all`),
};

const identity = (entry, words) => ({
  key: `${entry.kind} ${entry.at}`,
  family: "level",
  sign: mark("identity"),
  content: [h("span", { class: "entry-title" }, words)],
});

function entryItem(entry) {
  const { key, family, id, sign, content } = makers[entry.kind](entry);
  return h(
    "li",
    { class: `entry entry-${family}`, id, "data-key": key, "data-kind": entry.kind },
    time(entry.at, "clock", { class: "entry-time" }),
    h("span", { class: "entry-sign" }, sign),
    h("div", { class: "entry-body" }, content),
  );
}

/** Entries under the day they belong to, in the reader's zone. */
function days(entries) {
  const groups = [];
  for (const entry of entries) {
    const name = said(entry.at, "day");
    if (groups.at(-1)?.name !== name) groups.push({ name, entries: [] });
    groups.at(-1).entries.push(entry);
  }
  return groups.map((group) =>
    h(
      "section",
      { class: "day" },
      h("h4", { class: "day-name" }, group.name),
      h("ol", { class: "entries" }, group.entries.map(entryItem)),
    ),
  );
}

let isAllShown = false;
export const foldTimeline = () => {
  isAllShown = false;
};

/** What happened and what was judged of it, latest first. */
export function timeline(entries, dropped) {
  const shown = isAllShown ? entries : entries.slice(0, shownFirst);
  const rest = entries.slice(shown.length);
  const place = h("div", {}, days(shown));
  if (rest.length > 0) {
    const more = h(
      "button",
      {
        type: "button",
        class: "more",
        on: {
          click: () => {
            isAllShown = true;
            more.replaceWith(...days(rest));
          },
        },
      },
      `Show ${number(rest.length)} older`,
    );
    place.append(more);
  }
  if (dropped > 0) {
    place.append(
      h("p", { class: "meta" }, `${number(dropped)} older entries are in the lake only.`),
    );
  }
  return place;
}
