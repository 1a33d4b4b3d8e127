import { readChunks } from "@troth/lake";
import type { Policy } from "@troth/policy";
import type { ObjectStore } from "@troth/runtime";
import { type Comparison, compareAccuracy } from "./accuracy.ts";
import type { JudgedBeside } from "./beside.ts";
import {
  type AlertChanges,
  type Cost,
  compareAlerts,
  compareBudgets,
  compareCost,
  compareLoad,
  type LinkBudget,
  type OwnerLoad,
  type Tariff,
  weekly,
} from "./compare.ts";
import { compareParity, type Group } from "./parity.ts";
import { Checker, Context, type Groupings, type Judged, Run, type SelfCheck } from "./run.ts";

export type BacktestOptions = {
  readonly store: ObjectStore;
  readonly live: Policy;
  readonly candidate: Policy;
  readonly by: Groupings;
  readonly tariff: Tariff;
  readonly seed: number;
  /** What the candidate makes of the same facts, found out elsewhere at the same time. */
  readonly beside: Promise<JudgedBeside>;
  /** Hears how many facts are judged. */
  readonly at: (facts: number) => void;
};

export type Backtest = {
  readonly lake: { readonly facts: number; readonly from: number | null; readonly to: number };
  readonly policies: { readonly live: Named; readonly candidate: Named };
  readonly selfCheck: SelfCheck;
  readonly alerts: AlertChanges;
  readonly truth: Comparison;
  readonly load: readonly OwnerLoad[];
  readonly budgets: readonly LinkBudget[];
  readonly cost: Cost;
  readonly by: Groupings;
  readonly parity: readonly Group[];
  readonly weekly: {
    readonly live: ReturnType<typeof weekly>;
    readonly candidate: ReturnType<typeof weekly>;
  };
};

type Named = { readonly name: string; readonly hash: string };

const named = ({ policy }: Judged): Named => ({ name: policy.name, hash: policy.hash });

/**
 * Judges every fact of a lake anew under two policies: under the live one, which must say exactly what
 * the lake says was said, and under the candidate. Writes nothing; the same lake gives the same answer.
 */
export async function backtest(options: BacktestOptions): Promise<Backtest> {
  const { store, by, tariff, seed } = options;
  const live = new Run(options.live);
  // Whoever fails first is heard of; the other is only ended.
  options.beside.catch(() => undefined);
  const checker = new Checker();
  const context = new Context(by);
  for await (const { facts, said } of readChunks(store)) {
    let next = 0;
    for (const record of facts) {
      const out = live.take(record);
      context.take(record, out);
      const from = next;
      while (said[next]?.inOffset === record.offset) next += 1;
      checker.hold(record.offset, out, said.slice(from, next));
    }
    options.at(context.facts);
  }
  const before = live.verdicts();
  const after = { policy: options.candidate, ...(await options.beside) };
  return {
    lake: { facts: context.facts, from: context.from, to: context.to },
    policies: { live: named(before), candidate: named(after) },
    selfCheck: checker.result(),
    alerts: compareAlerts(before, after),
    truth: compareAccuracy(before.surveys, after.surveys, context.outcomes, seed),
    load: compareLoad(before, after, context),
    budgets: compareBudgets(before, after),
    cost: compareCost(before, after, tariff),
    by,
    parity: compareParity(before, after, context),
    weekly: { live: weekly(before, context), candidate: weekly(after, context) },
  };
}
