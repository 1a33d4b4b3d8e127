import type { Estimate } from "./accuracy.ts";
import type { Backtest } from "./backtest.ts";
import { headline, selfCheckText, type TableOfText, tablesOf } from "./words.ts";

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

const width = 720;
const round = (value: number): number => Math.round(value * 10) / 10;

const label = (x: number, y: number, text: string, anchor = "start"): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(text)}</text>`;

const legend =
  '<p class="legend"><span class="live"></span> live <span class="candidate"></span> candidate</p>';

function figure(title: string, height: number, body: readonly string[]): string {
  return `<figure><figcaption>${escaped(title)}</figcaption>${legend}<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">${body.join("")}</svg></figure>`;
}

/** Alerts week by week as two lines over one scale. */
function weeklyChart({ weekly }: Backtest): string {
  const height = 220;
  const [left, right, top, bottom] = [40, 10, 10, 30];
  const most = Math.max(1, ...[...weekly.live, ...weekly.candidate].map(({ alerts }) => alerts));
  const weeks = Math.max(2, weekly.live.length);
  const x = (n: number): number => left + (n * (width - left - right)) / (weeks - 1);
  const y = (alerts: number): number => top + (1 - alerts / most) * (height - top - bottom);
  const line = (side: "live" | "candidate"): string => {
    const points = weekly[side].map(({ alerts }, n) => `${round(x(n))},${round(y(alerts))}`);
    return `<polyline class="${side}" points="${points.join(" ")}"/>`;
  };
  const ends = [weekly.live[0], weekly.live.at(-1)];
  return figure("Alerts opened each week", height, [
    `<line class="axis" x1="${left}" y1="${y(0)}" x2="${width - right}" y2="${y(0)}"/>`,
    label(left - 6, y(most) + 4, String(most), "end"),
    label(left - 6, y(0) + 4, "0", "end"),
    label(left, height - 8, ends[0]?.week ?? ""),
    label(width - right, height - 8, ends[1]?.week ?? "", "end"),
    line("live"),
    line("candidate"),
  ]);
}

/** Precision and recall of both, each a point with its interval, from 0 to 1. */
function accuracyChart({ truth }: Backtest): string {
  const rows: readonly (readonly [string, "live" | "candidate", Estimate])[] = [
    ["precision", "live", truth.live.precision95],
    ["", "candidate", truth.candidate.precision95],
    ["recall", "live", truth.live.recall95],
    ["", "candidate", truth.candidate.recall95],
  ];
  const [left, right, step] = [90, 20, 26];
  const height = step * rows.length + 34;
  const x = (share: number): number => left + share * (width - left - right);
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<line class="grid" x1="${x(share)}" y1="6" x2="${x(share)}" y2="${height - 26}"/>`,
    label(x(share), height - 8, String(share), "middle"),
  ]);
  const marks = rows.flatMap(([name, side, { value, low, high }], n) => {
    const y = 20 + n * step;
    if (value === null || low === null || high === null) return [label(4, y + 4, name)];
    return [
      label(4, y + 4, name),
      `<line class="${side}" x1="${round(x(low))}" y1="${y}" x2="${round(x(high))}" y2="${y}"/>`,
      `<circle class="${side}" cx="${round(x(value))}" cy="${y}" r="5"/>`,
    ];
  });
  return figure("Precision and recall with 95 % intervals", height, [...ticks, ...marks]);
}

type Bar = { readonly name: string; readonly live: number; readonly candidate: number };

/** Two bars a name, longest possible for the largest figure. */
function barChart(title: string, bars: readonly Bar[], shown: (value: number) => string): string {
  const [left, right, step, thick] = [170, 80, 40, 14];
  const most = Math.max(1e-9, ...bars.flatMap(({ live, candidate }) => [live, candidate]));
  const long = (value: number): number => (value / most) * (width - left - right);
  const one = (side: "live" | "candidate", value: number, y: number): string =>
    `<rect class="${side}" x="${left}" y="${y}" width="${round(Math.max(1, long(value)))}" height="${thick}"/>${label(left + long(value) + 6, y + 11, shown(value))}`;
  const body = bars.map(
    ({ name, live, candidate }, n) =>
      `${label(left - 8, n * step + 20, name, "end")}${one("live", live, n * step + 2)}${one("candidate", candidate, n * step + 2 + thick)}`,
  );
  return bars.length === 0 ? "" : figure(title, bars.length * step + 4, body);
}

const barsMax = 12;

const loadChart = ({ load }: Backtest): string =>
  barChart(
    "Alerts a day for each owner",
    load.slice(0, barsMax).map(({ owner, live, candidate }) => ({
      name: owner,
      live: live.perDay,
      candidate: candidate.perDay,
    })),
    (value) => value.toFixed(2),
  );

const budgetChart = ({ budgets }: Backtest): string =>
  barChart(
    "Error budget used by each link",
    budgets
      .filter(({ live, candidate }) => live.used !== null || candidate.used !== null)
      .map(({ link, live, candidate }) => ({
        name: link,
        live: live.used ?? 0,
        candidate: candidate.used ?? 0,
      })),
    (value) => `${Math.round(value * 100)} %`,
  );

const tableHtml = ({ title, note, head, rows }: TableOfText): string => {
  const cells = (row: readonly string[], tag: "th" | "td"): string =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<section><h2>${escaped(title)}</h2><p>${escaped(note)}</p><div class="wide"><table><thead>${cells(head, "th")}</thead><tbody>${rows.map((row) => cells(row, "td")).join("")}</tbody></table></div></section>`;
};

const style = `
:root{color-scheme:light dark;--live:#5b6b7f;--candidate:#b3541e;--ink:#1c1e21;--faint:#d5d8dc;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--live:#9fb0c6;--candidate:#f0955c;--ink:#e8e6e3;--faint:#3b3f45;--paper:#17191c}}
body{margin:0 auto;max-width:60rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.5rem}p{max-width:46rem}
.check{padding:.6rem 1rem;border-left:4px solid var(--live)}.failed{border-color:#c22}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
th,td{text-align:left;padding:.25rem .9rem .25rem 0;border-bottom:1px solid var(--faint);vertical-align:top}
figure{margin:2rem 0}figcaption{font-weight:600}svg{width:100%;height:auto}text{font-size:12px;fill:var(--ink)}
.legend{font-size:.85rem;margin:.2rem 0}.legend span{display:inline-block;width:.8rem;height:.8rem;vertical-align:-1px}
.legend .live{background:var(--live)}.legend .candidate{background:var(--candidate);margin-left:1rem}
.axis,.grid{stroke:var(--faint)}polyline{fill:none;stroke-width:2}polyline.live,line.live{stroke:var(--live)}
polyline.candidate,line.candidate{stroke:var(--candidate)}polyline.candidate{stroke-dasharray:5 3}line.live,line.candidate{stroke-width:3}
rect.live,circle.live{fill:var(--live)}rect.candidate,circle.candidate{fill:var(--candidate)}
`;

/** The report as one page that needs nothing else: tables, and four charts drawn as SVG. */
export function pageOf(result: Backtest): string {
  const [accuracy, ...rest] = tablesOf(result);
  const failed = result.selfCheck.differences > 0 ? " failed" : "";
  const body = [
    "<h1>Back-test of a policy</h1>",
    `<p>${escaped(headline(result))}</p>`,
    `<p class="check${failed}">${escaped(selfCheckText(result))}</p>`,
    accuracy === undefined ? "" : tableHtml(accuracy),
    accuracyChart(result),
    weeklyChart(result),
    loadChart(result),
    budgetChart(result),
    ...rest.map(tableHtml),
  ];
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Back-test of a policy</title><style>${style}</style><body>${body.join("\n")}</body></html>\n`;
}
