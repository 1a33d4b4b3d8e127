import { openDice } from "./dice.ts";
import type { TruthLine } from "./truth-line.ts";
import type { LinkRecord } from "./watermelon.ts";

export const line = (more: Partial<TruthLine>): TruthLine => ({
  invitationId: "i",
  subject: "customer:1",
  customer: "customer:1",
  at: 0,
  riskScore: 0,
  level: "none",
  alerted: false,
  topLink: null,
  outcome: "enjoyed",
  weight: 1,
  rules: [],
  shadow: [],
  parts: [],
  segment: null,
  region: null,
  perMille: null,
  policy: "p",
  ...more,
});

/** Whether something of so many in a thousand happens. */
export const chance = (dice: (below: number) => number, perMille: number): boolean =>
  dice(1000) < perMille;

/**
 * A made-up town: every customer is met by some of four links, which keep 97% of their promises.
 * Twelve in a hundred are unhappy anyway; those whom `visit` met, so many more in a thousand.
 * One region is unhappier than the other and is met by `visit` more often, which must not count.
 */
export function openTown(seed: number, harmPerMille: number, customers = 800) {
  const dice = openDice(seed);
  const names = ["delivery", "visit", "billing", "queue"] as const;
  const records = names.map((link) => ({
    link,
    kept: 0,
    broken: 0,
    customers: new Set<string>(),
  }));
  const lines: TruthLine[] = [];
  for (let i = 0; i < customers; i += 1) {
    const customer = `customer:${i}`;
    const far = chance(dice, 400);
    let unhappy = far ? 180 : 80;
    for (const record of records) {
      const often = record.link === "visit" && far ? 600 : 350;
      if (!chance(dice, often)) continue;
      record.customers.add(customer);
      if (chance(dice, 970)) record.kept += 1;
      else record.broken += 1;
      if (record.link === "visit") unhappy += harmPerMille;
    }
    const outcome = chance(dice, unhappy) ? "not_enjoyed" : "enjoyed";
    lines.push(line({ customer, outcome, region: far ? "far" : "near" }));
  }
  const links: readonly LinkRecord[] = records;
  return { lines, links };
}
