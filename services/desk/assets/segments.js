import { percent } from "./chain.js";
import { h, number, svg } from "./dom.js";
import { said } from "./time.js";

const goesWords = {
  better: "better than the four weeks before",
  worse: "worse than the four weeks before",
  steady: "about as before",
  unclear: "too few to say",
};
const goesShapes = {
  better: "M3 11 8 5l5 6z",
  worse: "M3 5h10l-5 6z",
  steady: "M3 7h10v2H3z",
  unclear: "M7 7h2v2H7z",
};

const [width, height] = [96, 22];

/** The share at risk at the end of each week, drawn from nought to its highest. */
function line(weeks) {
  const shares = weeks.map(({ people, atRisk }) => (people === 0 ? 0 : atRisk / people));
  const top = Math.max(0.05, ...shares);
  const x = (place) => (place / Math.max(1, shares.length - 1)) * (width - 4) + 2;
  const y = (share) => height - 3 - (share / top) * (height - 6);
  const path = shares.map((share, place) => `${place === 0 ? "M" : "L"}${x(place)} ${y(share)}`);
  const words = `At risk ${percent(shares[0])} on ${said(weeks[0].until, "date")}, now ${percent(shares.at(-1))}, at most ${percent(Math.max(...shares))}`;
  return svg(
    "svg",
    { class: "segment-line", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words },
    svg("title", {}, words),
    svg("path", { class: "trend-line", d: path.join("") }),
  );
}

const answersOf = (weeks) => {
  const sum = (name) => weeks.reduce((total, week) => total + week[name], 0);
  const all = sum("enjoyed") + sum("indifferent") + sum("notEnjoyed");
  return all === 0 ? "nobody asked yet" : `${number(sum("enjoyed"))} of ${number(all)} enjoyed it`;
};

const row = ({ segment, people, atRisk, keptShare, keptShareBefore, goes, weeks }) =>
  h(
    "tr",
    {},
    h("th", { scope: "row" }, segment),
    h("td", {}, number(people)),
    h("td", {}, `${number(atRisk)} (${percent(people === 0 ? null : atRisk / people)})`),
    h("td", {}, line(weeks)),
    h(
      "td",
      { title: `Before: ${percent(keptShareBefore)}` },
      percent(keptShare),
      " ",
      h(
        "span",
        { class: `goes goes-${goes}` },
        svg(
          "svg",
          { class: "sign", viewBox: "0 0 16 16", "aria-hidden": "true" },
          svg("path", { class: "solid", d: goesShapes[goes] }),
        ),
        goesWords[goes],
      ),
    ),
    h("td", {}, answersOf(weeks)),
  );

/** How the relationship with each segment goes, for whoever answers for more than one customer. */
export const segmentsCard = ({ segments }) =>
  h(
    "section",
    { class: "card segments" },
    h("h3", {}, "How it goes with whom"),
    h(
      "div",
      { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Segments" },
      h(
        "table",
        { class: "owners" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            [
              "Segment",
              "Customers",
              "At risk now",
              "At risk, twelve weeks",
              "Promises kept, four weeks",
              "When asked",
            ].map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        h("tbody", {}, segments.map(row)),
      ),
    ),
  );
