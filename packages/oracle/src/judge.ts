import type { Verdict } from "@troth/events";
import type { Item } from "./order.ts";
import type { Breaking, Row } from "./rows.ts";
import type { SourceView } from "./sources.ts";
import { stepFor } from "./traces.ts";

/** The verdict on a row at a moment (RULES.md 6). */
export type Standing = {
  readonly row: Row;
  readonly verdict: Verdict;
  readonly since: number;
  readonly severity: number;
  readonly keptAt: number | null;
  /** Of a broken row: when the harm ended; null while it lasts, and for every other verdict. */
  readonly mendedAt: number | null;
  /** The break that decided, when one did; an absence breaks without any. */
  readonly breaking: Breaking | null;
  readonly evidence: readonly string[];
};

/** A verdict, with the item that decided it if one did. */
type Finding = {
  readonly verdict: Verdict;
  readonly since: number;
  readonly item: Item | null;
  readonly breaking: Breaking | null;
};

export function judge(row: Row, now: number, sources: SourceView): Standing {
  const finding = decided(row) ?? undecided(row, now, sources);
  const keptAt = row.kept?.at ?? null;
  const mendedAt = mendedAtOf(row, finding);
  return {
    row,
    verdict: finding.verdict,
    since: finding.since,
    severity: severityOf(row, finding, mendedAt ?? now),
    keptAt,
    mendedAt,
    breaking: finding.breaking,
    evidence: evidenceOf(row, finding, now),
  };
}

/** What happened in time decides; of several the earliest, and keeping before breaking. */
function decided(row: Row): Finding | null {
  const { kept, broken, withdrawn, next } = row;
  const findings: Finding[] = [];
  const add = (verdict: Verdict, since: number, item: Item | null, breaking?: Breaking): void => {
    if (row.end !== null && since > row.end) return;
    findings.push({ verdict, since, item, breaking: breaking ?? null });
  };
  if (kept !== null) add("kept", kept.at, kept.mark);
  if (withdrawn !== null) add("withdrawn", withdrawn.at, withdrawn);
  if (broken !== null) add("broken", broken.at, broken.mark, broken);
  if (next !== null) add("renegotiated", next.at, next);
  let first: Finding | null = null;
  for (const finding of findings)
    if (first === null || finding.since < first.since) first = finding;
  return first;
}

function undecided(row: Row, now: number, sources: SourceView): Finding {
  const { due, end, made } = row;
  if (due === null || end === null) return absent("open", made.at);
  if (now >= end) return afterEnd(row, due, end, now, sources);
  if (now >= due) {
    const blindSince = blindFor(row, due, end, sources);
    if (blindSince !== null) return absent("source-blind", Math.max(due, blindSince));
    return absent("overdue", due);
  }
  const riskSince = riskSinceOf(row, due, now);
  return riskSince === null ? absent("open", made.at) : absent("at-risk", riskSince);
}

const absent = (verdict: Verdict, since: number): Finding => ({
  verdict,
  since,
  item: null,
  breaking: null,
});

function afterEnd(row: Row, due: number, end: number, now: number, sources: SourceView): Finding {
  const { template } = row;
  if (template.keptBySilence) return absent("kept", end);
  if (!template.verifiable) return absent("unverifiable", end);
  const blindSince = blindFor(row, due, end, sources);
  if (blindSince !== null) return absent("source-blind", Math.max(due, blindSince));
  if (template.source !== null && sources.isWatched(template.source, end)) {
    if (now < confirmAtOf(row, due, end)) return absent("overdue", due);
  }
  if (template.confirm !== null) return awaitingConfirmation(row, due, end, now);
  return absent("broken", end);
}

/** An absence that counts only once something else shows that the time has truly passed. */
function awaitingConfirmation(row: Row, due: number, end: number, now: number): Finding {
  if (row.confirm !== null) return absent("broken", Math.max(end, row.confirm.at));
  const withinMs = row.template.confirm?.withinMs ?? null;
  if (withinMs !== null && now >= row.made.at + withinMs)
    return absent("void", row.made.at + withinMs);
  return absent("overdue", due);
}

const confirmAtOf = (row: Row, due: number, end: number): number =>
  Math.max(end, due + (row.template.source?.silentAfterMs ?? 0));

/** Since when the row's source may have failed to tell what would have kept it; null if it has not. */
function blindFor(row: Row, due: number, end: number, sources: SourceView): number | null {
  const { source } = row.template;
  const blindSince = source === null ? null : sources.blindSince(source);
  if (source === null || blindSince === null || !sources.isWatched(source, end)) return null;
  return confirmAtOf(row, due, end) - source.silentAfterMs >= blindSince ? blindSince : null;
}

function riskSinceOf(row: Row, due: number, now: number): number | null {
  const { risk, made, template } = row;
  const reasons: number[] = [];
  if (risk !== null && risk.at <= now) reasons.push(risk.at);
  if (template.atRiskBeforeMs !== null && now >= due - template.atRiskBeforeMs)
    reasons.push(due - template.atRiskBeforeMs);
  if (reasons.length === 0) return null;
  return Math.max(Math.min(...reasons), made.at);
}

/** A break that nothing could undo is over when it happened; others when the thing is done. */
function mendedAtOf(row: Row, finding: Finding): number | null {
  if (finding.verdict !== "broken") return null;
  const { template, kept } = row;
  const byValue = finding.breaking !== null && finding.breaking.excess !== null;
  if (byValue || template.keptBySilence || template.kept.length === 0) return finding.since;
  return kept?.at ?? null;
}

function severityOf(row: Row, finding: Finding, until: number): number {
  if (finding.verdict !== "broken") return 0;
  const { steps, brokenSeverity } = row.template;
  const excess = finding.breaking?.excess ?? null;
  if (excess !== null) return stepFor(steps, excess)?.severity ?? 0;
  const late = row.due === null ? 0 : (stepFor(steps, until - row.due)?.severity ?? 0);
  if (finding.breaking === null) return late;
  return Math.max(late, brokenSeverity ?? steps[0]?.severity ?? 0);
}

function evidenceOf(row: Row, finding: Finding, now: number): string[] {
  const items: Item[] = [row.made];
  if (finding.item !== null) items.push(finding.item);
  const late = finding.verdict === "broken" || finding.verdict === "overdue";
  if (late && row.kept !== null && row.kept.mark !== null) items.push(row.kept.mark);
  if (row.template.keptNeeds === "all" && row.kept !== null) items.push(...row.kept.used);
  if (finding.verdict === "broken" && row.confirm !== null) items.push(row.confirm);
  if (finding.verdict === "at-risk" && row.risk !== null && row.risk.at <= now)
    items.push(row.risk);
  return [...new Set(items.map((item) => item.id))];
}

/**
 * The earliest later moment at which, if nothing else happens, the row has another verdict or
 * severity; null when it never will. The end of a source's settling is not among them: it is
 * known only once the source is back.
 */
export function nextChange(standing: Standing, now: number, sources: SourceView): number | null {
  const moments = momentsOf(standing.row)
    .filter((moment) => moment > now)
    .sort((a, b) => a - b);
  for (const moment of moments) {
    const then = judge(standing.row, moment, sources);
    if (then.verdict !== standing.verdict || then.severity !== standing.severity) return moment;
  }
  return null;
}

/** Every moment at which time alone can matter to a row. */
function momentsOf(row: Row): number[] {
  const { due, end, template, made, risk } = row;
  if (due === null || end === null) return [];
  const moments = [due, end, ...template.steps.map((step) => due + step.over)];
  if (template.atRiskBeforeMs !== null) moments.push(due - template.atRiskBeforeMs);
  if (risk !== null) moments.push(risk.at);
  if (template.source !== null) moments.push(confirmAtOf(row, due, end));
  const withinMs = template.confirm?.withinMs ?? null;
  if (withinMs !== null) moments.push(made.at + withinMs);
  return moments;
}
