import { type Fact, isCohort } from "@troth/events";
import { compileProfile } from "./condition.ts";
import { type Context, lookUp } from "./context.ts";
import { suggest } from "./nearest.ts";
import type { Advice, NoiseRule, Step, TouchDimension, Touches } from "./policy.ts";
import type { PolicyPath } from "./problem.ts";
import {
  compileAt,
  compileName,
  compileReads,
  needsOf,
  type Reading,
  readingOf,
} from "./reading.ts";
import { compileSaying } from "./saying.ts";
import { compileSteps, noPoints, pointsOf } from "./severity.ts";
import type { AdviceText, ScoreText } from "./shape.ts";
import { type NoiseText, touchDimensions } from "./shape-rules.ts";
import { compileValue } from "./value.ts";

/** Where each dimension stands in a cohort fact unless a rule says otherwise; the first there counts. */
const usualFields: Readonly<Record<TouchDimension, readonly string[]>> = {
  region: ["regionCode", "region"],
  product: ["productRef", "sku", "gtin"],
  segment: ["segment"],
  link: ["link"],
  campaign: ["campaignId"],
};

function compileTouches(
  reading: Reading,
  text: NonNullable<NoiseText["touches"]>,
  path: PolicyPath,
): Touches {
  const { problems } = reading;
  const missing = reading.kinds.filter((kind) => !isCohort(kind));
  if (missing.length > 0) {
    const expected = "kinds that may name nobody, such as incident.raised";
    const found = `touches on ${missing.join(", ")}`;
    problems.add({ path, part: "key", found, expected, remedy: "remove `touches`" });
  }
  const own: Partial<Record<TouchDimension, readonly string[] | undefined>> = Array.isArray(text)
    ? {}
    : text;
  const by = touchDimensions.filter((one) =>
    Array.isArray(text) ? text.includes(one) : text[one] !== undefined,
  );
  if (by.length === 0) {
    const expected = `one or more of: ${touchDimensions.join(", ")}`;
    problems.add({ path, part: "value", found: "nothing", expected, remedy: "say by what" });
  }
  const read = (one: TouchDimension): ((fact: Fact) => string | null) => {
    if (!by.includes(one)) return () => null;
    const chosen = own[one];
    if (chosen !== undefined) {
      return compileName({ ...reading, path: [...path] }, chosen, one);
    }
    const there = usualFields[one].filter((name) => reading.fields.has(name));
    if (there.length === 0) {
      const found = `${one} of ${reading.kinds.join(", ")}`;
      const expected = "a field that says it";
      const remedy = `write touches: { ${one}: <field> }`;
      problems.add({ path, part: "value", found, expected, remedy });
    }
    return compileName(reading, there, "touches");
  };
  return {
    by,
    region: read("region"),
    product: read("product"),
    segment: read("segment"),
    link: read("link"),
    campaign: read("campaign"),
  };
}

function stepsOf(
  text: NoiseText,
  value: ReturnType<typeof compileValue>,
  path: PolicyPath,
  context: Context,
): readonly Step[] {
  const say = (found: string, expected: string, remedy: string): void => {
    if (context.whole) context.problems.add({ path, part: "key", found, expected, remedy });
  };
  const { severity, credit } = text;
  if (severity === undefined) {
    if (credit === undefined)
      say("neither severity nor credit", "one of them", "add `severity: 2`");
    return [];
  }
  if (credit !== undefined) say("severity and credit", "one of them", "keep one");
  // A fixed severity holds whatever is measured, below zero too.
  if (typeof severity === "number") return [{ over: Number.MIN_SAFE_INTEGER, severity }];
  if (text.value === undefined) say("steps without a value", "a measured field", "add `value: …`");
  const where = [...path, "severity"];
  return compileSteps(severity, value?.dimension ?? "number", where, context.problems);
}

function givenOf(text: NoiseText, path: PolicyPath, context: Context): NoiseRule["given"] {
  if (text.given === undefined) return null;
  const { pledge, verdicts } = text.given;
  const template = context.pledgeIds.indexOf(pledge);
  if (template < 0) {
    const remedy = suggest(pledge, context.pledgeIds);
    const where = [...path, "given", "pledge"];
    const expected = "the name of a pledge";
    context.problems.add({ path: where, part: "value", found: `"${pledge}"`, expected, remedy });
  }
  return { template, verdicts };
}

/** A noise rule; null when its link or its kinds were refused. */
export function compileNoise(
  id: string,
  text: NoiseText,
  score: ScoreText,
  context: Context,
): NoiseRule | null {
  const path: PolicyPath = ["noises", id];
  const link = lookUp(context.links, text.link, "link", [...path, "link"], context.problems);
  const reading = readingOf(text.on, path, context.problems);
  if (reading === null) return null;
  const value = compileValue(reading, text.value);
  const sentence = text.says ?? `${id.charAt(0).toUpperCase()}${id.slice(1).replaceAll("-", " ")}.`;
  const { saying, problems } = compileSaying(sentence, value?.dimension ?? "number", context.zone);
  for (const problem of problems) {
    const expected = "a gap that can be filled";
    context.problems.add({ path: [...path, "says"], part: "value", expected, ...problem });
  }
  const rule = {
    test: compileReads(reading, text),
    at: compileAt(reading, text.at),
    value: value?.read ?? (() => null),
    steps: stepsOf(text, value, path, context),
    given: givenOf(text, path, context),
    touches:
      text.touches === undefined
        ? null
        : compileTouches(reading, text.touches, [...path, "touches"]),
  };
  if (link === null) return null;
  return {
    ...rule,
    index: context.noiseIds.indexOf(id),
    id,
    link,
    kinds: reading.kinds,
    ...needsOf(reading, text.where, [
      // Without a value it counts as 0, which is no noise where the first step lies above that.
      (rule.steps[0]?.over ?? 0) > 0 && Array.isArray(text.value) ? text.value : undefined,
    ]),
    shadow: text.shadow,
    bySeverity: text.shadow ? noPoints : pointsOf(text.points ?? score.severities),
    credit: text.shadow && text.credit !== undefined ? 0 : (text.credit ?? null),
    variants: text.variants.map((variant) => ({
      applies: compileProfile(variant.if),
      pointsPerMille: Math.round(variant.points * 1_000),
    })),
    says: saying,
  };
}

export function compileAdvice(id: string, text: AdviceText, context: Context): Advice {
  const names = [...context.pledgeIds, ...context.noiseIds];
  text.when.rules.forEach((rule, i) => {
    if (names.includes(rule)) return;
    context.problems.add({
      path: ["advice", id, "when", "rules", i],
      part: "value",
      found: `"${rule}"`,
      expected: "the name of a pledge or noise",
      remedy: suggest(rule, names),
    });
  });
  if (text.do.length + text.dont.length === 0) {
    const expected = "do or dont";
    const path = ["advice", id];
    context.problems.add({
      path,
      part: "key",
      found: "advice that says nothing",
      expected,
      remedy: "add `do`",
    });
  }
  return {
    id,
    rules: text.when.rules,
    applies: text.when.if === undefined ? null : compileProfile(text.when.if),
    do: text.do,
    dont: text.dont,
  };
}
