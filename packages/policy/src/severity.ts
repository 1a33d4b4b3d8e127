import { thresholdForm } from "./condition.ts";
import type { Step } from "./policy.ts";
import type { PolicyPath, Problems } from "./problem.ts";
import { shown } from "./problem.ts";
import { type Dimension, parseThreshold } from "./quantity.ts";
import type { StepText } from "./shape-parts.ts";

/** Points by severity with the unused place for 0. */
export const pointsOf = (five: readonly number[]): readonly number[] => [0, ...five];

/** What a rule in shadow weighs, whatever severity it has. */
export const noPoints: readonly number[] = [0, 0, 0, 0, 0, 0];

/** Steps in the integers of their dimension; they must rise. */
export function compileSteps(
  texts: readonly StepText[],
  dimension: Dimension,
  path: PolicyPath,
  problems: Problems,
): readonly Step[] {
  const steps: Step[] = [];
  texts.forEach(({ over: text, is: severity }, i) => {
    const over = parseThreshold(text, dimension);
    const before = steps.at(-1);
    const where = { path: [...path, i, "over"], part: "value", found: shown(text) } as const;
    if (over === null) {
      const expected = thresholdForm(dimension);
      problems.add({ ...where, expected, remedy: `write ${expected}` });
    } else if (before !== undefined && over <= before.over) {
      const expected = "more than the step before";
      problems.add({ ...where, expected, remedy: "put the steps in ascending order" });
    } else steps.push({ over, severity });
  });
  return steps;
}
