import { operatedBy } from "@troth/events";
import { z } from "zod";
import { parseDay, parseHours, parseWeekdays } from "./calendar.ts";
import { dayMs, parseDuration } from "./quantity.ts";
import {
  bySeverity,
  duration,
  expects,
  named,
  object,
  parsed,
  plainText,
  points,
  profile,
  several,
} from "./shape-parts.ts";
import { resolutionsShape } from "./shape-resolutions.ts";
import { noiseShape, pledgeShape } from "./shape-rules.ts";

export const objectiveShape = object({
  target: z
    .number()
    .min(0.5)
    .max(0.9999)
    .describe("Share of its promises to be kept, as 0.95; what is left is the budget to break."),
  window: parsed(
    (text) => {
      const ms = parseDuration(text);
      return ms !== null && ms >= 7 * dayMs && ms <= 90 * dayMs ? ms : null;
    },
    "a span of 7 to 90 days",
    '"30d"',
  )
    .prefault("30d")
    .describe("The rolling window it holds over."),
});
export type ObjectiveText = z.output<typeof objectiveShape>;

export const linkShape = object({
  says: plainText.describe("What people call this operation."),
  owner: z.string().min(1).max(128).describe("Who answers for it."),
  operatedBy: z.enum(operatedBy).default("inhouse").describe("Who runs it."),
  objective: objectiveShape
    .optional()
    .describe(
      "What its owner is held to. It is measured and judges nobody: the hash leaves it out.",
    ),
});
export type LinkText = z.output<typeof linkShape>;

export const sourceShape = object({
  match: several(
    z
      .string()
      .regex(
        /^[^*\s]+\*?$/u,
        expects("a CloudEvents source", "write it out, or a beginning and *"),
      ),
  ).describe("CloudEvents sources it stands for: exact, or a beginning and `*`."),
  owner: z.string().min(1).max(128).describe("Who is told when the feed falls silent."),
  silentAfter: duration.describe("Not heard for this long means silent."),
  settle: duration
    .prefault("0s")
    .describe("Once heard again, wait this long for its backlog before judging."),
});
export type SourceText = z.output<typeof sourceShape>;

export const calendarShape = object({
  zone: z.string().max(64).describe("IANA zone of its days and hours."),
  hours: z
    .record(
      z
        .string()
        .refine(
          (days) => parseWeekdays(days) !== null,
          expects("days of the week", "write mon-fri or sat"),
        ),
      several(
        parsed(parseHours, "opening hours", '"09:00-17:00"').pipe(
          z.custom<readonly [number, number]>(),
        ),
        8,
      ),
    )
    .default({ "mon-sun": [[0, 1_440]] })
    .describe(
      'Opening hours by day: `mon-fri: "09:00-17:00"`; days left out are off. Always open if absent.',
    ),
  holidays: z
    .array(parsed(parseDay, "a day", "2026-12-25"))
    .max(1_000)
    .default([])
    .describe("Days nobody works, as 2026-12-25."),
});
export type CalendarText = z.output<typeof calendarShape>;

export const adviceShape = object({
  when: object({ rules: several(named), if: profile.optional() }).describe(
    "Pledges and noises that bring it up, and for which customers.",
  ),
  do: several(plainText).default([]).describe("What a representative should do."),
  dont: several(plainText).default([]).describe("What they should not."),
});
export type AdviceText = z.output<typeof adviceShape>;

export const scoreShape = object({
  halfLife: duration.prefault("14d").describe("After this long an event weighs half."),
  severities: bySeverity.default([100, 200, 400, 600, 1_000]),
  levels: object({ low: points.min(1), medium: points.min(1), high: points.min(1) })
    .default({
      low: 100,
      medium: 250,
      high: 600,
    })
    .describe("Scores from which a customer's flag has that level."),
  alertAt: points.min(1).default(600).describe("An alert opens at this sum."),
  recoverBelow: points.min(0).default(300).describe("It closes below this sum."),
  criticalSeverity: z
    .int()
    .min(1)
    .max(6)
    .default(5)
    .describe("One event of this severity alerts whatever the sum; 6 for never."),
  ongoingFor: duration
    .prefault("90d")
    .describe("A broken promise not yet mended keeps its full points this long."),
  reviewEvery: duration
    .prefault("1d")
    .describe("Customers above none are looked at again this often."),
  probability: z
    .array(object({ from: points, perMille: z.int().min(0).max(1_000) }))
    .max(64)
    .default([])
    .describe(
      "From such a score on, so many in a thousand did not enjoy it; written by calibrate.",
    ),
});
export type ScoreText = z.output<typeof scoreShape>;

const most = (usual: number) => z.int().min(1).max(100_000).default(usual);
export const limitsShape = object({
  pledgesPerCustomer: most(500).describe("Pledges remembered per customer."),
  termsPerPledge: most(16).describe("Dates remembered per pledge."),
  marksPerSlot: most(16).describe("Facts remembered per pledge and role."),
  looseMarksPerSlot: most(64).describe("Facts remembered per customer for `by: any` and tags."),
  noisesPerCustomer: most(200).describe("Noises remembered per customer."),
  profileFactsPerCustomer: most(64).describe("Profile facts remembered per customer."),
  cohortsPerPartition: most(256).describe("Cohort facts remembered."),
  waitingPerReference: most(64).describe("Facts waiting for a reference nobody is known by."),
  factsKeptPerReference: most(128).describe("Facts remembered per reference, to undo a link."),
  dedupe: duration.prefault("30d").describe("The same event within this long counts once."),
});
export type LimitsText = z.output<typeof limitsShape>;

/** The sections whose entries are named by the policy, each read on its own. */
export const entryShapes = {
  calendars: calendarShape,
  links: linkShape,
  sources: sourceShape,
  pledges: pledgeShape,
  noises: noiseShape,
  advice: adviceShape,
} as const;

export const entryName = named;

/** The whole file, for the JSON Schema; `parsePolicy` reads it piece by piece. */
export const policyShape = object({
  policy: plainText.describe("The policy's name."),
  zone: z.string().max(64).default("UTC").describe("IANA zone in which days are said."),
  calendars: z.record(named, calendarShape).default({}),
  links: z.record(named, linkShape),
  segments: z
    .array(plainText.max(64))
    .max(5)
    .default([])
    .describe(
      "Segments of customers that metrics tell apart, at most five; all others are `other`.",
    ),
  sources: z.record(named, sourceShape).default({}),
  score: scoreShape.prefault({}),
  pledges: z.record(named, pledgeShape).default({}),
  noises: z.record(named, noiseShape).default({}),
  advice: z.record(named, adviceShape).default({}),
  resolutions: resolutionsShape.optional(),
  limits: limitsShape.prefault({}),
});
export type PolicyText = z.output<typeof policyShape>;
