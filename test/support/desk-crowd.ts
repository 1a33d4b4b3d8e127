import { createViews, type DeskViews } from "@troth/desk";
import type { Fact, Level, Output, Part } from "@troth/events";
import { defaultPolicy } from "./desk-story.ts";

const start = Date.UTC(2026, 0, 1);
const levels: readonly Level[] = ["none", "low", "medium", "high", "critical"];

/** What the judge would have written of so many customers, a fifth of them at each level. */
export function crowd(customers: number): { views: DeskViews; logTime: number } {
  const policy = defaultPolicy();
  const views = createViews(policy);
  const { links } = policy;
  let inOffset = 0;
  const fold = (stamp: number, ...bodies: readonly Output["body"][]): void => {
    for (const [seq, body] of bodies.entries()) views.fold({ inOffset, seq, stamp, body });
    inOffset += 1;
  };
  for (let n = 0; n < customers; n += 1) {
    const customer = `customer:c-${n}`;
    const at = start + n * 300;
    const link = links[n % links.length] ?? links[0];
    const level = levels[n % levels.length] ?? "none";
    if (link === undefined) continue;
    const fact: Fact = {
      id: `e-${n}`,
      source: "urn:test:shop",
      kind: "order.placed",
      tenant: "default",
      time: at,
      recordedTime: at,
      subject: customer,
      data: { orderNumber: `ORDER-${n}`, phone: `+4930${1_000_000 + n}` },
    };
    const part: Part = {
      id: `delivery-date/ORDER-${n}#1`,
      rule: "delivery-date",
      link: link.id,
      owner: link.owner,
      points: 100 + (n % 900),
      severity: 3,
      evidence: [fact.id],
      says: "The parcel did not arrive in time.",
    };
    fold(at, { kind: "noise", customer, fact });
    fold(at + 1, {
      kind: "pledge",
      at,
      decidedAt: at + 1,
      customer,
      promiseId: `delivery-date/ORDER-${n}`,
      term: 1,
      template: "delivery-date",
      link: link.id,
      owner: link.owner,
      operatedBy: link.operatedBy,
      madeBy: "system",
      how: "stated",
      verdict: level === "none" ? "kept" : "broken",
      was: null,
      revision: 1,
      because: "time",
      madeAt: at,
      due: at,
      keptAt: null,
      severity: level === "none" ? 0 : 3,
      evidence: [fact.id],
      policy: policy.hash,
    });
    if (level === "none") continue;
    const score = part.points;
    fold(at + 2, {
      kind: "alert",
      state: "opened",
      at: at + 2,
      alertId: n.toString(16).padStart(24, "0"),
      revision: 1,
      customer,
      rule: "compound",
      level,
      score,
      lead: part,
      operatedBy: link.operatedBy,
      parts: [part],
      says: part.says,
      policy: policy.hash,
    });
    const flag = { kind: "flag", at: at + 2, customer, level, was: "none", score } as const;
    fold(at + 3, { ...flag, topLink: link.id, policy: policy.hash });
  }
  return { views, logTime: start + customers * 300 };
}
