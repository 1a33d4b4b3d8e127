import type { Because, PledgeDecision } from "@troth/events";
import type { Policy } from "@troth/policy";
import { type Customer, rowId, type Said } from "./customer.ts";
import type { Standing } from "./judge.ts";
import { compareText } from "./order.ts";
import { stepFor } from "./traces.ts";

/** Says what changed since it was last said, ascending by promise id and term (RULES.md 6). */
export function sayRows(
  customer: Customer,
  standings: readonly Standing[],
  now: number,
  because: Because,
  policy: Policy,
): PledgeDecision[] {
  const standing = new Set(standings.map((one) => rowId(one.row)));
  const lost = [...customer.said.values()].filter(
    ({ decision }) => !standing.has(rowId(decision)) && decision.verdict !== "void",
  );
  const news = [
    ...standings.flatMap((one) => newsOf(customer, one, now, because, policy) ?? []),
    ...lost.map((said) => lostRow(said, now, because)),
  ];
  news.sort(
    (a, b) =>
      compareText(a.decision.promiseId, b.decision.promiseId) || a.decision.term - b.decision.term,
  );
  for (const one of standings) refresh(customer, one);
  for (const said of news) customer.said.set(rowId(said.decision), said);
  return news.map((said) => said.decision);
}

/** What a void row will show is how it stood at the last look, said or not. */
function refresh(customer: Customer, { row, evidence }: Standing): void {
  const id = rowId(row);
  const said = customer.said.get(id);
  if (said === undefined) return;
  const decision = { ...said.decision, madeAt: row.made.at, evidence };
  customer.said.set(id, { ...said, decision });
}

function newsOf(
  customer: Customer,
  standing: Standing,
  now: number,
  because: Because,
  policy: Policy,
): Said | null {
  const { row, verdict, since, severity, keptAt } = standing;
  const { template } = row;
  const before = customer.said.get(rowId(row)) ?? null;
  const change = changeOf(before, standing);
  if (change === "none") return null;
  return {
    since,
    decision: {
      kind: "pledge",
      at: change === "severity" ? stepMoment(standing, now) : since,
      decidedAt: now,
      customer: customer.reference,
      promiseId: row.promiseId,
      term: row.term,
      template: template.id,
      link: template.link.id,
      owner: template.link.owner,
      operatedBy: template.link.operatedBy,
      madeBy: template.madeBy,
      how: template.how,
      verdict,
      was: before?.decision.verdict ?? null,
      revision: (before?.decision.revision ?? 0) + 1,
      because,
      madeAt: row.made.at,
      due: row.due,
      keptAt,
      severity,
      evidence: standing.evidence,
      policy: policy.hash,
    },
  };
}

function changeOf(before: Said | null, standing: Standing): "none" | "severity" | "more" {
  if (before === null) return "more";
  const { decision } = before;
  const same =
    decision.verdict === standing.verdict &&
    before.since === standing.since &&
    decision.due === standing.row.due &&
    decision.keptAt === standing.keptAt;
  if (!same) return "more";
  return decision.severity === standing.severity ? "none" : "severity";
}

/** A growing delay became worse when it passed the step, not when the promise broke. */
function stepMoment(standing: Standing, now: number): number {
  const { row, since, mendedAt, breaking } = standing;
  const byValue = breaking !== null && breaking.excess !== null;
  if (row.due === null || byValue) return since;
  const step = stepFor(row.template.steps, (mendedAt ?? now) - row.due);
  return step === null ? since : row.due + step.over;
}

/** A row whose facts were taken back. */
const lostRow = (said: Said, now: number, because: Because): Said => ({
  since: now,
  decision: {
    ...said.decision,
    at: now,
    decidedAt: now,
    verdict: "void",
    was: said.decision.verdict,
    revision: said.decision.revision + 1,
    because,
  },
});
