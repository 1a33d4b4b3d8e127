import { type CaseResult, isLessBetter, ratioOf } from "./table.ts";

const rowHeight = 22;
const barHeight = 12;
const frame = { left: 400, right: 70, top: 40, bottom: 16 };
const width = 900;
/** Ratios are shown from a sixteenth to sixteen, each doubling as wide as the next. */
const doublingsMax = 4;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

type Bar = { readonly label: string; readonly ratio: number; readonly isBetter: boolean };

function barsOf(cases: readonly CaseResult[]): readonly Bar[] {
  return cases.flatMap((one) => {
    const ratio = ratioOf(one, cases);
    if (ratio === null || !Number.isFinite(ratio) || ratio <= 0) return [];
    const isBetter = isLessBetter(one.unit) ? ratio <= 1 : ratio >= 1;
    return [{ label: `${one.suite}: ${one.id} / ${one.peer ?? ""}`, ratio, isBetter }];
  });
}

/** Every case against its peer of the same rounds, one bar each, from the line at which both are equal. */
export function ratioChart(cases: readonly CaseResult[]): string {
  const bars = barsOf(cases);
  const height = frame.top + bars.length * rowHeight + frame.bottom;
  const inner = width - frame.left - frame.right;
  const x = (ratio: number): number => {
    const doublings = Math.max(-doublingsMax, Math.min(doublingsMax, Math.log2(ratio)));
    return frame.left + (inner * (doublings + doublingsMax)) / (2 * doublingsMax);
  };
  const equal = x(1);
  const lines = [1 / 16, 1 / 4, 1, 4, 16].map((ratio) => {
    const at = x(ratio).toFixed(1);
    const text = ratio < 1 ? `1/${Math.round(1 / ratio)}` : `${ratio} x`;
    return `<line x1="${at}" y1="${frame.top - 6}" x2="${at}" y2="${height - frame.bottom}" stroke="${ratio === 1 ? "#333" : "#ddd"}"/><text x="${at}" y="${frame.top - 12}" text-anchor="middle">${text}</text>`;
  });
  const rows = bars.map(({ label, ratio, isBetter }, n) => {
    const top = frame.top + n * rowHeight + (rowHeight - barHeight) / 2;
    const from = Math.min(equal, x(ratio));
    const wide = Math.max(1, Math.abs(x(ratio) - equal));
    const middle = (top + barHeight - 2).toFixed(1);
    const end = ratio >= 1 ? from + wide + 4 : equal + 4;
    // Blue and orange are told apart by people who do not see red and green, too.
    return `<text x="${frame.left - 8}" y="${middle}" text-anchor="end">${escaped(label)}</text><rect x="${from.toFixed(1)}" y="${top.toFixed(1)}" width="${wide.toFixed(1)}" height="${barHeight}" fill="${isBetter ? "#0072b2" : "#d55e00"}"/><text x="${end.toFixed(1)}" y="${middle}">${ratio.toFixed(2)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="11" fill="#222">`,
    "<title>Each case of the benches against its peer, measured in the same rounds</title>",
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...lines,
    ...rows,
    "</svg>",
    "",
  ].join("\n");
}
