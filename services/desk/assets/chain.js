import { counted, h, number, svg } from "./dom.js";

const size = 40;
const radius = 15;
const round = 2 * Math.PI * radius;

const ring = (name, dash, offset = 0) =>
  svg("circle", {
    class: name,
    cx: size / 2,
    cy: size / 2,
    r: radius,
    "stroke-dasharray": dash,
    "stroke-dashoffset": offset,
    transform: `rotate(-90 ${size / 2} ${size / 2})`,
  });

const frame = (...children) =>
  svg("svg", { class: "ring", viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true" }, children);

const inside = (text, name = "ring-text") =>
  svg("text", { class: name, x: size / 2, y: size / 2 + 4, "text-anchor": "middle" }, text);

/** A share never says 100 while something is broken, nor 0 while something is kept. */
export function percent(share) {
  if (share === null) return "–";
  const shown = Math.round(share * 100);
  return `${share < 1 ? Math.min(99, shown) : 100}%`;
}

/** A link of the whole chain: the ring is as whole as its promises are kept. */
export function shareRing(share) {
  if (share === null) return frame(ring("ring-none", "2 4"), inside("–", "ring-text ring-quiet"));
  const kept = share * round;
  return frame(
    ring("ring-broken", `${round - kept} ${kept}`, -kept),
    ring("ring-kept", `${kept} ${round - kept}`),
    inside(percent(share), share === 1 ? "ring-text ring-full" : "ring-text"),
  );
}

const stateWords = {
  untouched: "not met",
  fine: "fine",
  noise: "noise",
  unseen: "unseen",
  "at-risk": "at risk",
  mended: "mended late",
  broken: "broken",
};

const glyph = (d) => svg("path", { class: "ring-glyph", d });

const statePictures = {
  fine: () => [ring("ring-kept", `${round} 0`), glyph("M14 20.500 18 24.500 26.500 15.500")],
  noise: () => [ring("ring-kept", `${round} 0`), glyph("M12.500 20q2.500-5 5 0t5 0 5 0")],
  unseen: () => [
    ring("ring-unseen", "6 4"),
    glyph("M17 17q0-3 3-3t3 2.700q0 1.700-3 3.300v1.500M20 25v.5"),
  ],
  "at-risk": () => [
    ring("ring-risk", `${round * 0.86} ${round * 0.14}`, -round * 0.07),
    glyph("M20 14v8M20 25.500v.5"),
  ],
  mended: () => [
    ring("ring-mended", `${round} 0`),
    svg("path", {
      class: "ring-stitch",
      d: "M16 2.500l3 5M21 2.500l3 5M16 32.500l3 5M21 32.500l3 5",
    }),
    glyph("M14 20.500 18 24.500 26.500 15.500"),
  ],
  broken: () => [
    ring(
      "ring-torn",
      `${round * 0.34} ${round * 0.16} ${round * 0.34} ${round * 0.16}`,
      -round * 0.08,
    ),
    glyph("M15.500 15.500l9 9M24.500 15.500l-9 9"),
  ],
};

const met = (link) => [
  frame(statePictures[link.state]()),
  h("span", { class: "chain-name" }, link.link),
  h("span", { class: "chain-state" }, stateWords[link.state]),
  link.points > 0 ? h("span", { class: "chain-points" }, `${number(link.points)} points`) : null,
];

/** A link the customer had nothing to do with is a knot on the line; it is named below. */
const notMet = (link) => [
  h("span", { class: "chain-knot", "aria-hidden": "true" }),
  h("span", { class: "sr" }, `${link.link}: ${stateWords[link.state]}`),
];

/** A customer's chain: every link in order, joined, with what stands on each. */
export function customerChain(links) {
  const away = links.filter(({ state }) => state === "untouched").map(({ link }) => link);
  return [
    h(
      "ol",
      { class: "chain" },
      links.map((link) =>
        h(
          "li",
          {
            class: `chain-link chain-${link.state}`,
            title: `${link.says}: ${stateWords[link.state]} (${link.owner}, ${link.operatedBy})`,
          },
          link.state === "untouched" ? notMet(link) : met(link),
        ),
      ),
    ),
    away.length === 0
      ? null
      : h("p", { class: "chain-away meta", "aria-hidden": "true" }, `Not met: ${away.join(", ")}.`),
  ];
}

/** Broken promises of the last days as bars; the words say the same. */
export function sparkline(counts) {
  const top = Math.max(1, ...counts);
  return svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${counts.length * 4} 12`, "aria-hidden": "true" },
    counts.map((count, i) => {
      const height = count === 0 ? 1 : Math.max(2, (count / top) * 12);
      return svg("rect", {
        class: count === 0 ? "spark-none" : "spark-some",
        x: i * 4,
        y: 12 - height,
        width: 3,
        height,
      });
    }),
  );
}

export const brokenWords = (count) => (count === 0 ? "none broken" : `${number(count)} broken`);
export const customersWords = (count) => counted(count, "customer");
