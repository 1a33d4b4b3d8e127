import { h, number, svg } from "./dom.js";
import { said } from "./time.js";

const [width, height, edge] = [600, 70, 8];

const answerWords = {
  enjoyed: "enjoyed it",
  indifferent: "was indifferent",
  not_enjoyed: "did not enjoy it",
};

/** The score over time as steps, the line an alert opens at, and what the customer said in between. */
export function trend(points, alertAt) {
  if (points.length < 3) return null;
  const times = points.map(({ at }) => Date.parse(at));
  const [from, until] = [times[0], times.at(-1)];
  const top = Math.max(alertAt * 1.15, ...points.map(({ score }) => score));
  const x = (time) => edge + ((time - from) / Math.max(1, until - from)) * (width - 2 * edge);
  const y = (score) => height - edge - (Math.max(0, score) / top) * (height - 2 * edge);
  const line = points
    .map(({ score }, i) =>
      i === 0 ? `M${x(times[0])} ${y(score)}` : `H${x(times[i])}V${y(score)}`,
    )
    .join("");
  const highest = points.reduce((a, b) => (b.score > a.score ? b : a));
  const answers = points.filter(({ answer }) => answer !== null);
  const words = [
    `From ${said(points[0].at, "date")} to ${said(points.at(-1).at, "date")}`,
    `highest ${number(highest.score)} on ${said(highest.at, "date")}`,
    `now ${number(points.at(-1).score)}`,
    ...answers.map(({ at, answer }) => `${answerWords[answer] ?? answer} on ${said(at, "date")}`),
  ].join(", ");
  return h(
    "figure",
    { class: "trend" },
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words },
      svg("path", { class: "trend-alert", d: `M${edge} ${y(alertAt)}H${width - edge}` }),
      svg("path", { class: "trend-line", d: line }),
      answers.map(({ at, score, answer }) =>
        svg("circle", {
          class: `trend-answer trend-${answer}`,
          cx: x(Date.parse(at)),
          cy: y(score),
          r: 4.5,
        }),
      ),
    ),
    h("figcaption", { class: "meta", "aria-hidden": "true" }, `${words}.`),
  );
}
