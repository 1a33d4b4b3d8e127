import type { Decision } from "@troth/events";

/** How a template's warnings fared: how many came true, and how much time they left. */
export type EarlyWarning = {
  readonly template: string;
  /** Rows that were at risk at some moment, and how many of them were broken in the end. */
  readonly warned: number;
  readonly warnedAndBroken: number;
  readonly broken: number;
  /** Share of warnings that came true; share of breaks that were warned of. */
  readonly precision: number | null;
  readonly recall: number | null;
  /** Hours from the warning to the due moment, for those that were broken: quartiles. */
  readonly leadHours: readonly [number, number, number] | null;
};

type Row = { template: string; atRisk: number | null; broken: number | null; ended: boolean };

const hourMs = 3_600_000;
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

/** Folds decisions, in order, into how early and how rightly broken promises were warned of. */
export class EarlyWarnings {
  readonly #rows = new Map<string, Row>();

  fold(decision: Decision): void {
    if (decision.kind !== "pledge") return;
    const { customer, promiseId, term, template, verdict, at, due } = decision;
    const key = `${customer}\u0000${promiseId}\u0000${term}`;
    const row = this.#rows.get(key) ?? { template, atRisk: null, broken: null, ended: false };
    this.#rows.set(key, row);
    if (verdict === "at-risk") row.atRisk ??= at;
    // Broken is when the date passed; a grace only puts off saying so.
    row.broken = verdict === "broken" ? (due ?? at) : null;
    row.ended = ["broken", "kept", "renegotiated"].includes(verdict);
  }

  report(): readonly EarlyWarning[] {
    const byTemplate = new Map<string, Row[]>();
    for (const row of this.#rows.values()) {
      const rows = byTemplate.get(row.template) ?? [];
      byTemplate.set(row.template, rows);
      // What is still open proves nothing either way.
      if (row.ended) rows.push(row);
    }
    return [...byTemplate]
      .map(([template, rows]) => warningOf(template, rows))
      .filter(({ warned }) => warned > 0)
      .sort((a, b) => (a.template < b.template ? -1 : 1));
  }
}

function warningOf(template: string, rows: readonly Row[]): EarlyWarning {
  const warned = rows.filter(({ atRisk }) => atRisk !== null);
  const broken = rows.filter((row) => row.broken !== null);
  const leads = warned
    .flatMap(({ atRisk, broken: at }) =>
      at === null || atRisk === null || at < atRisk ? [] : [(at - atRisk) / hourMs],
    )
    .sort((a, b) => a - b);
  const lead = (share: number): number =>
    rounded(leads[Math.floor(share * (leads.length - 1) + 0.5)] ?? 0);
  return {
    template,
    warned: warned.length,
    warnedAndBroken: leads.length,
    broken: broken.length,
    precision: warned.length === 0 ? null : rounded(leads.length / warned.length),
    recall: broken.length === 0 ? null : rounded(leads.length / broken.length),
    leadHours: leads.length === 0 ? null : [lead(0.25), lead(0.5), lead(0.75)],
  };
}
