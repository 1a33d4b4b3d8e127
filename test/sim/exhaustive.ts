import { readPolicy } from "../../services/troth/src/policy-file.ts";
import type { PlannedCrash } from "../../services/troth/src/sim/faults.ts";
import { runSeed } from "../../services/troth/src/sim/run.ts";

/** Small enough that every single step can be struck. */
const eventsMax = 4;

export type Exhausted = {
  readonly workloads: number;
  /** Points at which something is waited for, over all workloads, and how many of them were struck. */
  readonly points: number;
  readonly struck: number;
  readonly pairs: number;
  readonly violations: readonly string[];
};

const whens = ["before", "during", "after"] as const;

/** Kinds of crash take turns, so that neighbouring points meet all of them. */
const crashAt = (step: number, turn: number): PlannedCrash => ({
  step,
  when: whens[turn % whens.length] ?? "before",
  power: turn % 2 === 0,
});

export type ExhaustiveOptions = {
  readonly policy: string;
  readonly seeds: readonly number[];
  /** The first so many of the seeds are also struck at every pair of points. */
  readonly pairsOf: number;
  readonly tell?: (line: string) => void;
};

/** Crashes a small workload at every point there is, and looks at what is left each time. */
export async function exhaust(options: ExhaustiveOptions): Promise<Exhausted> {
  const policy = await readPolicy(options.policy);
  const violations: string[] = [];
  let points = 0;
  let struck = 0;
  let pairs = 0;
  const story = async (seed: number, crashes: readonly PlannedCrash[], least: number) => {
    const result = await runSeed({ seed, policy, crashes, eventsMax });
    const crashed = (result.faults.get("power-loss") ?? 0) + (result.faults.get("kill") ?? 0);
    for (const violation of result.violations)
      violations.push(`seed ${seed}, crashes ${JSON.stringify(crashes)}: ${violation}`);
    if (crashed < least) violations.push(`seed ${seed}: ${crashed} of ${least} crashes happened`);
    return { ...result, crashed };
  };
  for (const [n, seed] of options.seeds.entries()) {
    const { steps } = await story(seed, [], 0);
    points += steps;
    for (let step = 1; step <= steps; step += 1) {
      const first = crashAt(step, step + seed);
      const { crashed } = await story(seed, [first], 1);
      struck += crashed;
      if (n >= options.pairsOf) continue;
      // The second crash strikes what comes after the first: the start, and the rest of the story.
      for (let later = 1; later <= steps; later += 1) {
        await story(seed, [first, crashAt(step + later, later)], 1);
        pairs += 1;
      }
    }
    options.tell?.(`seed ${seed}: ${steps} points`);
  }
  return { workloads: options.seeds.length, points, struck, pairs, violations };
}
