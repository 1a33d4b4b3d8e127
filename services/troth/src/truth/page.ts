import { isoTime } from "@troth/events";
import type { CalibrationBin, EarlyWarning, Interval, LinkHealth, TruthReport } from "@troth/truth";

export type WholeReport = TruthReport & {
  readonly earlyWarning: readonly EarlyWarning[];
  readonly linkHealth: readonly LinkHealth[];
};

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const number = (value: number | null): string => (value === null ? "–" : value.toFixed(3));
const between = ({ value, low, high }: Interval): string =>
  `<td>${number(value)}</td><td class="soft">${number(low)} to ${number(high)}</td>`;

type Cell = string | number;
const row = (cells: readonly Cell[], rest = ""): string =>
  `<tr>${cells.map((cell) => `<td>${escaped(String(cell))}</td>`).join("")}${rest}</tr>`;

function table(heads: readonly string[], rows: readonly string[], nothing: string): string {
  if (rows.length === 0) return `<p class="soft">${escaped(nothing)}</p>`;
  const head = heads.map((one) => `<th scope="col">${escaped(one)}</th>`).join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

/** Said against seen; on the line they agree. */
function plot(bins: readonly CalibrationBin[]): string {
  const at = (share: number): string => (share * 200).toFixed(1);
  const dots = bins.map(
    ({ said, seen, n }) =>
      `<circle cx="${at(said)}" cy="${at(1 - seen)}" r="4"><title>said ${number(said)}, seen ${number(seen)}, ${n} answers</title></circle>`,
  );
  return `<svg viewBox="-10 -10 220 220" role="img" aria-label="probability said against share seen"><path d="M0 200 L200 0 M0 0 V200 H200" />${dots.join("")}</svg>`;
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #ddd}
th{font-weight:600}td{font-variant-numeric:tabular-nums}.soft{color:#555}.alarm{color:#a00000;font-weight:600}
svg{width:16rem;border:0}path{fill:none;stroke:#777}circle{fill:#004f9e}
@media(prefers-color-scheme:dark){body{background:#141414;color:#eee}.soft{color:#aaa}th,td{border-color:#333}.alarm{color:#ff8a80}circle{fill:#8ab4f8}}`;

const adviceWords = {
  keep: "keep",
  "to-shadow": "put in shadow: its lift may be none",
  "stay-in-shadow": "stays in shadow",
  lift: "may come out of shadow",
  "too-few": "too few answers",
} as const;

const percent = (share: number | null): string =>
  share === null ? "–" : `${(share * 100).toFixed(1)}%`;

function outcomesTable({ outcomes, response }: TruthReport): string {
  const of = (name: string, shares: TruthReport["outcomes"]["alerted"], answered: string): string =>
    row([
      name,
      percent(shares?.enjoyed ?? null),
      percent(shares?.indifferent ?? null),
      percent(shares?.not_enjoyed ?? null),
      answered,
    ]);
  return table(
    ["who", "enjoyed", "indifferent", "did not enjoy", "answered"],
    [
      of("everybody", outcomes.all, "–"),
      of("alerted", outcomes.alerted, percent(response.alerted)),
      of("not alerted", outcomes.others, percent(response.others)),
    ],
    "",
  );
}

function groupTable(groups: TruthReport["segments"], what: string): string {
  return table(
    [what, "answers", "precision", "", "recall", "", "AUC", ""],
    groups.map((one) =>
      row([one.name, one.n], between(one.precision) + between(one.recall) + between(one.auc)),
    ),
    `No ${what} has enough answers.`,
  );
}

/** One page that needs nothing but itself: no script, no font, no address of anybody. */
export function truthPage(report: WholeReport, title: string): string {
  const { overall, calibration } = report;
  const figures = (["precision", "recall", "lift", "auc", "ap"] as const).map(
    (name) => `<tr><th scope="row">${name}</th>${between(overall[name])}</tr>`,
  );
  const rules = report.rules.map((rule) =>
    row(
      [rule.name, rule.touched],
      `${between(rule.precision)}${between(rule.lift)}${between(rule.adjusted)}<td class="${rule.advice === "to-shadow" ? "alarm" : ""}">${adviceWords[rule.advice]}</td>`,
    ),
  );
  const links = report.links.map((link) =>
    row([link.name, link.touched], between(link.precision) + between(link.lift)),
  );
  const health = report.linkHealth.map((link) =>
    row(
      [link.link, percent(link.kept), link.met],
      `${between(link.difference)}<td class="${link.watermelon ? "alarm" : ""}">${link.watermelon ? "green outside, red inside" : link.green ? "inside its objective" : "outside its objective"}</td>`,
    ),
  );
  const drift = report.drift.map((window) =>
    row(
      [isoTime(window.from).slice(0, 10), window.n, percent(window.said), percent(window.seen)],
      `<td>${window.z.toFixed(1)}</td><td class="${window.alarm ? "alarm" : ""}">${window.alarm ? "moved" : ""}</td>`,
    ),
  );
  const warnings = report.earlyWarning.map((one) =>
    row([
      one.template,
      one.warned,
      percent(one.precision),
      percent(one.recall),
      one.leadHours === null ? "–" : one.leadHours.map((hours) => hours.toFixed(1)).join(" / "),
    ]),
  );
  const sections: readonly (readonly [string, string])[] = [
    ["What they answered", outcomesTable(report)],
    [
      "How right alerts and scores were",
      `<table><tbody>${figures.join("")}</tbody></table><p class="soft">Positive is &ldquo;did not enjoy&rdquo;; every answer counts for those it stands for. Intervals: the middle 95% over redrawn customers.</p>`,
    ],
    [
      "Probabilities said and seen",
      calibration.error === null
        ? '<p class="soft">The policy has no table of probabilities.</p>'
        : `<p>Mean distance ${number(calibration.error)}.</p>${plot(calibration.bins)}`,
    ],
    [
      "Rules",
      table(
        ["rule", "touched", "bad", "", "lift", "", "against comparable others", "", "advice"],
        rules,
        "No rule held.",
      ),
    ],
    ["Links", table(["link", "touched", "bad", "", "lift", ""], links, "No link had points.")],
    [
      "Watermelons",
      table(["link", "kept", "met", "difference", "", ""], health, "No link made a promise."),
    ],
    ["Segments", groupTable(report.segments, "segment")],
    ["Regions", groupTable(report.regions, "region")],
    ["Policies", groupTable(report.policies, "policy")],
    [
      "Drift",
      table(
        ["from", "answers", "said", "seen", "standard errors", ""],
        drift,
        "Nothing to compare: the policy says no probabilities.",
      ),
    ],
    [
      "Early warning",
      table(
        ["promise", "warned", "came true", "breaks warned of", "lead in hours (quartiles)"],
        warnings,
        "No promise was ever at risk before it broke.",
      ),
    ],
  ];
  const body = sections.map(([head, text]) => `<h2>${escaped(head)}</h2>${text}`).join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${style}</style></head>
<body><h1>${escaped(title)}</h1>
<p>${report.asked} were asked, ${report.answered} answered.</p>
${body}
</body></html>
`;
}
