import type { Context } from "./context.ts";
import { suggest } from "./nearest.ts";
import type { Candidate, Resolutions } from "./policy.ts";
import type { ResolutionsText } from "./shape-resolutions.ts";

/** Ways to put it right, their links held against those there are. */
export function compileResolutions(text: ResolutionsText, context: Context): Resolutions {
  const links = [...context.links.keys()];
  const check = (named: readonly string[], path: readonly string[]): void => {
    for (const [place, link] of named.entries()) {
      if (links.includes(link)) continue;
      context.problems.add({
        path: [...path, place],
        part: "value",
        found: `the link "${link}"`,
        expected: "a link of this policy",
        remedy: suggest(link, links),
      });
    }
  };
  check(text.heard, ["resolutions", "heard"]);
  const candidates = Object.entries(text.candidates)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, one]): Candidate => {
      const path = ["resolutions", "candidates", id];
      check(one.links ?? [], [...path, "links"]);
      if ((one.kind === "credit") !== one.amount > 0) {
        const isCredit = one.kind === "credit";
        context.problems.add({
          path: [...path, "amount"],
          part: "value",
          found: isCredit ? "a credit of nothing" : "an amount",
          expected: isCredit ? "an amount" : `none: ${one.kind} pays nothing`,
          remedy: isCredit ? 'add amount: "10.00"' : "take it away, or make it a credit",
        });
      }
      const { kind, says, ledger, amount, unlessContact } = one;
      return {
        id,
        kind,
        says,
        ledger,
        amount,
        links: one.links ?? null,
        fromSeverity: one.from,
        unlessContact,
      };
    });
  const { currency, fund, every, heard, worthOfMoney, abstainAbove, explore } = text;
  return {
    currency,
    fund: { amount: fund, everyMs: every },
    heard,
    worthOfMoney,
    abstainAbove,
    explore,
    candidates,
  };
}
