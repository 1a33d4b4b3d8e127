import { writeFileSync } from "node:fs";

export type Line = {
  readonly name: string;
  readonly points: readonly (readonly [at: number, value: number])[];
};

const width = 720;
const height = 260;
const frame = { left: 56, right: 150, top: 34, bottom: 30 };
/** Told apart by people who do not see red and green, too (Okabe and Ito). */
const colours = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#000000",
  "#999999",
];
const linesMax = colours.length;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

const shown = (value: number): string =>
  Math.abs(value) >= 1_000
    ? `${Math.round(value / 100) / 10}k`
    : String(Math.round(value * 100) / 100);

/** A line chart as Grafana would draw it of the same answer, for documents. */
export function chart(title: string, lines: readonly Line[]): string {
  const kept = lines.slice(0, linesMax);
  const points = kept.flatMap((line) => line.points);
  const [from, to] = [Math.min(...points.map(([at]) => at)), Math.max(...points.map(([at]) => at))];
  const low = Math.min(0, ...points.map(([, value]) => value));
  const high = Math.max(low + 1e-9, ...points.map(([, value]) => value));
  const x = (at: number): number =>
    frame.left + ((at - from) / Math.max(1, to - from)) * (width - frame.left - frame.right);
  const y = (value: number): number =>
    height - frame.bottom - ((value - low) / (high - low)) * (height - frame.top - frame.bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = low + share * (high - low);
    const at = y(value).toFixed(1);
    return `<line x1="${frame.left}" x2="${width - frame.right}" y1="${at}" y2="${at}" stroke="#ddd"/><text x="${frame.left - 6}" y="${at}" text-anchor="end" dy="4">${shown(value)}</text>`;
  });
  const days = Math.max(1, Math.round((to - from) / 86_400));
  const drawn = kept.map(({ name, points: of }, place) => {
    const path = of.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    const colour = colours[place] ?? "#000";
    const row = frame.top + 14 * place;
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${path}"/><line x1="${width - frame.right + 10}" x2="${width - frame.right + 26}" y1="${row}" y2="${row}" stroke="${colour}" stroke-width="3"/><text x="${width - frame.right + 32}" y="${row}" dy="4">${escaped(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" role="img" aria-label="${escaped(title)}"><rect width="100%" height="100%" fill="#fff"/><text x="${frame.left}" y="18" font-size="13" font-weight="600">${escaped(title)}</text>${grid.join("")}${drawn.join("")}<text x="${frame.left}" y="${height - 10}">${days} days ago</text><text x="${width - frame.right}" y="${height - 10}" text-anchor="end">now</text></svg>\n`;
}

type Answer = {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
};

/** Draws what a Prometheus answers to a panel's queries over so many days; gives the number of lines. */
export async function drawPanel(
  url: string,
  panel: {
    readonly title: string;
    readonly queries: readonly { readonly expr: string; readonly legend: string }[];
    readonly days: number;
  },
  path: string,
): Promise<number> {
  // On the hours at which the past was sampled: between them a gauge is stale, as Prometheus has it.
  const end = Math.floor(Date.now() / 3_600_000) * 3_600;
  const start = end - panel.days * 86_400;
  const lines: Line[] = [];
  for (const { expr, legend } of panel.queries) {
    const range = { start: `${start}`, end: `${end}`, step: `${3 * 3_600}` };
    const query = new URLSearchParams({ query: expr, ...range });
    const answer = await fetch(`${url}/api/v1/query_range?${query}`);
    const { data }: Answer = JSON.parse(await answer.text());
    for (const { metric, values } of data.result) {
      const points = values
        .map(([at, value]) => [at, Number(value)] as const)
        .filter(([, value]) => Number.isFinite(value));
      const name = legend.replace(/{{(\w+)}}/g, (_, label: string) => metric[label] ?? "");
      if (points.length > 1) lines.push({ name, points });
    }
  }
  if (lines.length > 0) writeFileSync(path, chart(panel.title, lines));
  return lines.length;
}
