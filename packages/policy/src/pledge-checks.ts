import { thresholdForm } from "./condition.ts";
import type { Context } from "./context.ts";
import type { CompiledDue } from "./due.ts";
import type { Step } from "./policy.ts";
import type { PolicyPath } from "./problem.ts";
import { shown } from "./problem.ts";
import { type Dimension, parseThreshold } from "./quantity.ts";
import { compileSteps } from "./severity.ts";
import type { PledgeText } from "./shape-rules.ts";
import type { CompiledSlot, CompiledTerms } from "./slots.ts";

/** One template on its way: what it says, where it stands, and what has been worked out. */
export type Draft = {
  readonly id: string;
  readonly text: PledgeText;
  readonly path: PolicyPath;
  readonly context: Context;
  readonly due: CompiledDue;
  readonly made: readonly CompiledTerms[];
  readonly kept: readonly CompiledSlot[];
  /** What the making facts measure, if they do. */
  readonly dimension: Dimension | null;
};

export function wrong(
  { path, context }: Pick<Draft, "path" | "context">,
  steps: PolicyPath,
  words: { found: string; expected: string; remedy: string },
  part: "key" | "value" = "key",
): void {
  if (context.whole) context.problems.add({ path: [...path, ...steps], part, ...words });
}

export function thresholdOf(draft: Draft, text: string | number, steps: PolicyPath): number | null {
  const { dimension } = draft;
  if (dimension === null) return null;
  const threshold = parseThreshold(text, dimension);
  if (threshold === null) {
    const expected = thresholdForm(dimension);
    wrong(draft, steps, { found: shown(text), expected, remedy: `write ${expected}` }, "value");
  }
  return threshold;
}

/** A limit or comparison needs something measured on both sides. */
export function checkMeasures(draft: Draft): void {
  const { text, made, kept } = draft;
  const measuring = text.limit !== undefined ? "limit" : "compare";
  const judged = text.limit !== undefined || text.compare !== undefined;
  if (judged && draft.dimension === null && !made.some(({ dimension }) => dimension !== null)) {
    const remedy = "add `value: …` to `made`";
    wrong(draft, [measuring], {
      found: `${measuring} without a value`,
      expected: "a measured field",
      remedy,
    });
  }
  if (text.compare !== undefined && !kept.some(({ dimension }) => dimension !== null)) {
    const remedy = "add `value: …` to `kept`";
    wrong(draft, ["compare"], {
      found: "compare without a value",
      expected: "a measured field",
      remedy,
    });
  }
  const dimensions = [...made, ...kept].map(({ dimension }) => dimension);
  const other = dimensions.find((one) => one !== null && one !== draft.dimension);
  if (judged && draft.dimension !== null && other !== undefined) {
    const found = `${draft.dimension} against ${other ?? "nothing"}`;
    const remedy = "compare like with like";
    wrong(draft, [measuring], { found, expected: "one kind of measure", remedy });
  }
}

/** A template must be able to end, and what it waits for must be said. */
export function checkEnds(draft: Draft): void {
  const { text, due } = draft;
  const ends = text.kept.length > 0 || text.keptBySilence || text.limit !== undefined;
  if (!ends && text.verifiable) {
    wrong(draft, [], {
      found: "a pledge that nothing keeps",
      expected: "kept, keptBySilence, limit or verifiable: false",
      remedy: "say which fact keeps it",
    });
  }
  if (text.keptBySilence && (text.broken.length === 0 || due.never)) {
    const remedy = due.never ? "give it a `due`" : "say in `broken` what breaks it";
    const expected = "a due moment and a fact that breaks it";
    wrong(draft, ["keptBySilence"], { found: "silence that nothing ends", expected, remedy });
  }
  if (text.resumed.length > 0 && text.paused.length === 0) {
    const expected = "`paused` beside it";
    wrong(draft, ["resumed"], {
      found: "resumed without paused",
      expected,
      remedy: "add `paused`",
    });
  }
  const states = text.made.some((terms) => terms.due !== undefined);
  if (due.reads.has("stated") && due.onlyStated && !states && text.limit === undefined) {
    const remedy = "add `due: …` to `made`, or say here how it is worked out";
    const expected = "a field that states it";
    wrong(draft, ["due"], { found: "a stated moment nobody states", expected, remedy });
  }
  if (due.reads.has("needed") && text.needs?.value === undefined) {
    const remedy = "add `needs` with a `value` that is a duration";
    wrong(draft, ["due"], { found: "needed", expected: "a fact it is needed from", remedy });
  }
}

export function compileSeverity(draft: Draft): { steps: readonly Step[]; broken: number | null } {
  const { text, due } = draft;
  const { severity } = text;
  if (typeof severity === "number") return { steps: [{ over: 0, severity }], broken: null };
  const byValue = text.limit !== undefined || text.compare !== undefined;
  const name = byValue ? "over" : "late";
  const other = byValue ? severity.late : severity.over;
  if (other !== undefined) {
    const expected = byValue ? "`over`: it is judged by a value" : "`late`: it is judged by time";
    const steps = ["severity", byValue ? "late" : "over"];
    wrong(draft, steps, { found: byValue ? "late" : "over", expected, remedy: `write ${name}` });
  }
  const texts = severity[name] ?? [{ over: 0, is: severity.broken ?? 2 }];
  const dimension: Dimension = byValue ? (draft.dimension ?? "number") : "duration";
  const path = [...draft.path, "severity", name];
  const steps = compileSteps(texts, dimension, path, draft.context.problems);
  if (steps[0] !== undefined && steps[0].over !== 0) {
    const remedy = "begin with { over: 0, is: … }";
    wrong(
      draft,
      ["severity", name, 0, "over"],
      { found: shown(texts[0]?.over), expected: "0", remedy },
      "value",
    );
  }
  if (text.compare !== undefined && !due.never && steps.length > 1 && dimension !== "duration") {
    const remedy = "use one severity, or `due: never` and a second pledge for the lateness";
    const expected = "steps that mean one thing";
    wrong(draft, ["severity", name], {
      found: `steps of ${dimension} on a pledge that can be late`,
      expected,
      remedy,
    });
  }
  return { steps, broken: severity.broken ?? null };
}
