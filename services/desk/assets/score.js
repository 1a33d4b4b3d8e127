import { h, number } from "./dom.js";
import { evidence } from "./evidence.js";
import { prose } from "./time.js";

const signed = (points) => (points < 0 ? `−${number(-points)}` : number(points));

/** Steps of one colour, so that neighbours can be told apart without meaning anything else. */
const shade = (place) => `shade-${place % 4}`;

function bar(parts, alertAt) {
  const adding = parts.filter(({ points }) => points > 0);
  const full = Math.max(
    alertAt,
    adding.reduce((sum, { points }) => sum + points, 0),
  );
  return h(
    "div",
    { class: "stack", "aria-hidden": "true" },
    h(
      "div",
      { class: "stack-bar" },
      adding.map((part, place) =>
        h("span", {
          class: `stack-part ${shade(place)}`,
          style: { "--share": part.points / full },
          title: `${part.says} ${number(part.points)} points`,
        }),
      ),
    ),
    h(
      "span",
      { class: "stack-line", style: { "--share": alertAt / full } },
      `alert at ${number(alertAt)}`,
    ),
  );
}

function row(part, place, top) {
  const isCredit = part.points < 0;
  return h(
    "tr",
    { class: isCredit ? "is-credit" : "" },
    h("td", { class: "part-points" }, signed(part.points)),
    h(
      "td",
      { class: "part-bar" },
      h("span", {
        class: `part-fill ${isCredit ? "fill-credit" : shade(place)}`,
        style: { "--share": Math.abs(part.points) / top },
      }),
    ),
    h(
      "th",
      { scope: "row", class: "part-says" },
      prose(part.says || part.rule),
      h(
        "span",
        { class: "part-meta meta" },
        `${part.link} · ${part.owner}${isCredit ? " · credit" : ""} `,
        evidence(part.evidence),
      ),
    ),
  );
}

/** How the score adds up: every part with its points and reason, and their exact sum. */
export function score({ breakdown, alertAt }) {
  if (breakdown === null) return h("p", { class: "none" }, "Nothing stands against us.");
  const { parts } = breakdown;
  const top = Math.max(1, ...parts.map(({ points }) => Math.abs(points)));
  return [
    bar(parts, alertAt),
    h(
      "table",
      { class: "parts" },
      h("caption", { class: "sr" }, "Parts of the score"),
      h(
        "thead",
        { class: "sr" },
        h(
          "tr",
          {},
          ["Points", "Share", "Reason"].map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        parts.map((part, place) => row(part, place, top)),
      ),
      h(
        "tfoot",
        {},
        h(
          "tr",
          { class: "parts-sum" },
          h("td", { class: "part-points" }, signed(breakdown.score)),
          h("td", {}),
          h(
            "th",
            { scope: "row" },
            `is what they add up to${breakdown.isLive ? "" : ", as of the last alert"}.`,
          ),
        ),
      ),
    ),
  ];
}
