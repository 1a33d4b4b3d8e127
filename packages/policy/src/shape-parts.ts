import { z } from "zod";
import { parseClock } from "./calendar.ts";
import { parseBusinessSpan, parseDuration } from "./quantity.ts";

/**
 * The pieces a policy file is made of. Each says in its message what was expected
 * and how to put it right, divided by a
 * character that occurs in neither; the same pieces give the JSON Schema for editors.
 */
export const expects = (expected: string, remedy: string): string =>
  `${expected}${divider}${remedy}`;
const divider = "\u0001";

/** The two halves of such a message; null for words that are not ours. */
export function readExpects(message: string): { expected: string; remedy: string } | null {
  const [expected = "", remedy] = message.split(divider);
  return remedy === undefined ? null : { expected, remedy };
}

/** An object that knows its keys, so that a wrong one can be answered with the nearest right one. */
export function object<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? expects(`one of: ${keys}`, keys) : undefined,
  });
}

/** Text that `parse` can read, replaced by what it says. */
export function parsed<Value>(
  parse: (text: string) => Value | null,
  expected: string,
  example: string,
) {
  return z
    .string({ error: expects(expected, `write ${example}`) })
    .max(200)
    .transform((text, context): Value => {
      const value = parse(text);
      if (value !== null) return value;
      context.addIssue({ code: "custom", message: expects(expected, `write ${example}`) });
      return z.NEVER;
    });
}

/** One, or a list of one or more. */
export function several<Item extends z.ZodType>(item: Item, max = 32) {
  return z.union([z.array(item).min(1).max(max), item.transform((one): z.output<Item>[] => [one])]);
}

export const named = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/u, expects("a name such as delivery-date", "use a-z, 0-9 and -"))
  .meta({ title: "name" });
export const plainText = z.string().min(1).max(400);
export const sentence = plainText.describe(
  "A short sentence; gaps: {due} {dueTime} {late} {value} {limit} {key}.",
);
export const duration = parsed(parseDuration, "a duration", "15m, 2h, 3d, 1h30m or P3D").meta({
  title: "duration",
  description: "15m, 2h, 3d, 1w or ISO 8601.",
});
export const severity = z.int().min(1).max(5);
export const points = z.int().min(-100_000).max(100_000);
export const path = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9_-]{1,64})?$/u,
    expects("a field of the fact", "write its name"),
  )
  .meta({ title: "field" });
export const paths = several(path, 4).describe(
  "A field of the fact; of several the first that is there.",
);
export const quantity = z
  .union([z.number(), z.string().max(40)])
  .describe("A number, or a duration.");
export const scalar = z.union([z.string().max(400), z.number(), z.boolean()]);

export const test = z.union([
  scalar,
  z.array(scalar).min(1).max(100),
  object({
    exists: z.boolean().optional(),
    min: quantity.optional(),
    max: quantity.optional(),
    over: quantity.optional(),
    under: quantity.optional(),
    not: z.union([scalar, z.array(scalar).min(1).max(100)]).optional(),
  }),
]);
export type Test = z.output<typeof test>;

export const reads = {
  on: several(z.string().max(64)).describe("The kind or kinds of fact it reads."),
  where: z.record(z.string().max(130), test).default({}).describe("Fields and what they must be."),
  when: z.string().max(2_000).optional().describe("A CEL condition over data, kind, source, time."),
  at: paths.optional().describe("The field that says when it happened; else the fact's time."),
};

export const value = z
  .union([paths, object({ from: quantity, minus: quantity })])
  .describe("A measured field, or the difference of two fields or of a quantity and a field.");
export type ValueText = z.output<typeof value>;

export const tagged = object({ tag: path });
export const slotParts = {
  ...reads,
  value: value.optional(),
  key: paths.optional().describe("The field that names the pledge, if called otherwise here."),
  by: z
    .union([z.enum(["key", "any"]), tagged])
    .default("key")
    .describe("Speaks of pledges with this key, of any, or of those with the same tag."),
};
export const slot = object({
  ...slotParts,
  lookBack: duration.optional().describe("For any and tag: may lie so long before the making."),
});
export const confirm = object({
  ...slotParts,
  lookBack: duration.optional().describe("For any and tag: may lie so long before the making."),
  within: duration.optional().describe("Counts only within so long after the making."),
});
export const needs = object({
  ...reads,
  value: value.optional(),
  by: z.union([z.enum(["any"]), tagged]).default("any"),
  within: duration.optional().describe("Counts only within so long before the making."),
});
export type SlotText = z.output<typeof slot> | z.output<typeof confirm> | z.output<typeof needs>;

export const terms = object({
  ...reads,
  key: paths.describe("The field that names the pledge: facts with the same speak of one pledge."),
  tag: path.optional().describe("What it is about, for facts found by tag."),
  due: paths.optional().describe("The field that states the due moment."),
  value: value.optional(),
});
export type TermsText = z.output<typeof terms>;

export const span = z.union([
  parsed(parseBusinessSpan, "working time", "2 business days").pipe(
    z.custom<NonNullable<ReturnType<typeof parseBusinessSpan>>>(),
  ),
  duration,
]);
export const due = z.union([
  z.enum(["stated", "needed", "never"]),
  object({
    stated: z.literal("end of day").optional().describe("The end of the stated day."),
    after: span.optional().describe("So long after it was made."),
    at: parsed(parseClock, "a time of day", '"18:00"').optional(),
    days: z.int().min(0).max(3_660).optional(),
    businessDays: z.int().min(1).max(1_000).optional(),
    calendar: named.optional(),
  }),
]);
export type DueText = z.output<typeof due>;

export const step = object({ over: quantity, is: severity });
export const steps = z.array(step).min(1).max(20);
export type StepText = z.output<typeof step>;

export const bySeverity = z.array(points.min(0)).length(5).describe("Points of severities 1 to 5.");
export const oneOrMore = several(z.string().max(64));
export const who = z.union([oneOrMore, object({ not: oneOrMore })]);
export const preference = {
  contact: several(z.enum(["human", "digital", "none"])).optional(),
  pace: several(z.enum(["fast", "considered"])).optional(),
  price: several(z.enum(["lowest", "balanced", "service"])).optional(),
  familiarity: several(z.enum(["recognise_me", "do_not"])).optional(),
};
export const profile = object({
  segment: who.optional(),
  tier: who.optional(),
  region: who.optional(),
  product: who.optional(),
  preference: object(preference).optional(),
});
export type ProfileTest = z.output<typeof profile>;
