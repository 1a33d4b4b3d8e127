import { operatedBy, verdicts } from "@troth/events";
import { z } from "zod";
import { parseDay, parseHours, parseWeekdays } from "./calendar.ts";
import { dayMs, parseDuration } from "./quantity.ts";
import {
  bySeverity,
  confirm,
  due,
  duration,
  expects,
  named,
  needs,
  object,
  parsed,
  paths,
  plainText,
  points,
  profile,
  quantity,
  reads,
  sentence,
  several,
  severity,
  slot,
  steps,
  terms,
  value,
} from "./shape-parts.ts";

const times = z.number().min(0).max(100).describe("Points are multiplied by this.");

const shadow = z
  .boolean()
  .default(false)
  .describe("Judged and measured like any other, but weighs nothing.");

export const pledgeShape = object({
  link: named.describe("The operation it is charged to."),
  how: z
    .enum(["stated", "implied", "spoken", "advertised"])
    .default("stated")
    .describe("How it came to be promised."),
  madeBy: z
    .enum(["system", "representative", "advert", "regulation", "policy"])
    .default("system")
    .describe("Who or what promised it."),
  entitlement: z
    .boolean()
    .default(false)
    .describe("Owed by rule: preferences merely inferred never change it."),
  calendar: named.optional().describe("Calendar of its due moments and of the days it says."),
  made: several(terms, 8).describe(
    "Facts that make it or give it another date; a later one with another date renegotiates it.",
  ),
  needs: needs.optional().describe("It exists only after such a fact, such as an advert seen."),
  due: several(due, 4)
    .default(["stated"])
    .describe("When it falls due; of several ways the first that gives a moment."),
  grace: duration
    .prefault("0s")
    .describe("After due, overdue is provisional this long; then broken."),
  atRisk: object({ before: duration.optional(), points: points.default(0) })
    .default({ points: 0 })
    .describe("At risk this long before due, and what that weighs."),
  limit: quantity
    .optional()
    .describe("Judged at once: kept unless the making fact's value is over this."),
  kept: several(slot, 8).default([]).describe("Facts that keep it."),
  keptNeeds: z.enum(["any", "all"]).default("any").describe("Any one of `kept`, or every one."),
  keptBySilence: z
    .boolean()
    .default(false)
    .describe("Kept when nothing breaks it by due: a promise that something will not happen."),
  compare: z
    .enum(["at-most", "at-least", "equal"])
    .optional()
    .describe("How the keeping fact's value must stand to the making fact's, else it breaks."),
  broken: several(slot, 8).default([]).describe("Facts that break it outright."),
  withdrawn: several(slot, 8).default([]).describe("Facts that take it back."),
  paused: several(slot, 8).default([]).describe("Facts from which its clock stands."),
  resumed: several(slot, 8).default([]).describe("Facts from which it runs again."),
  risk: several(slot, 8).default([]).describe("Facts that put it at risk."),
  confirm: confirm
    .optional()
    .describe("An absence counts only once such a fact follows, such as the customer asking."),
  verifiable: z
    .boolean()
    .default(true)
    .describe("False where nobody would tell us: it ends `unverifiable`."),
  source: named
    .optional()
    .describe("The feed that would tell us; while it is silent nothing breaks."),
  severity: z
    .union([
      severity,
      object({ late: steps.optional(), over: steps.optional(), broken: severity.optional() }),
    ])
    .default(2)
    .describe(
      "1 to 5, or steps: `late` by how late, `over` by how far over the limit or off the value; `broken` for an outright break.",
    ),
  points: object({
    bySeverity: bySeverity.optional(),
    overdue: points.default(0),
    renegotiated: points.default(0),
    kept: points.max(0).default(0),
  })
    .default({ overdue: 0, renegotiated: 0, kept: 0 })
    .describe("What each outcome weighs; `kept` is credit, negative or 0."),
  shadow,
  variants: z
    .array(
      object({
        if: profile.describe("Whom it is for."),
        off: z.boolean().default(false).describe("No such promise is made to them."),
        due: several(due, 4).optional().describe("Another due moment."),
        limit: quantity.optional().describe("Another limit."),
        points: times.default(1),
      }),
    )
    .max(32)
    .default([])
    .describe(
      "For some customers another due, limit or weight, or no such promise; the first that fits.",
    ),
  says: object({
    broken: sentence.optional(),
    atRisk: sentence.optional(),
    overdue: sentence.optional(),
    renegotiated: sentence.optional(),
    kept: sentence.optional(),
  })
    .default({})
    .describe("Sentences in people's words; plain ones stand in for those left out."),
});
export type PledgeText = z.output<typeof pledgeShape>;

export const touchDimensions = ["region", "product", "segment", "link", "campaign"] as const;
const dimension = z.enum(touchDimensions);

export const noiseShape = object({
  link: named.describe("The operation it is charged to."),
  ...reads,
  value: value.optional(),
  severity: z
    .union([severity, steps])
    .optional()
    .describe("1 to 5, or steps by the value; below the first step it is no noise."),
  credit: points.max(0).optional().describe("Credit instead of severity; negative or 0."),
  points: bySeverity.optional(),
  shadow,
  given: object({
    pledge: named,
    verdicts: several(z.enum(verdicts)).default(["broken", "overdue"]),
  })
    .optional()
    .describe("Counts only while a pledge of that name stood so before it."),
  touches: z
    .union([
      several(dimension),
      object({
        region: paths.optional(),
        product: paths.optional(),
        segment: paths.optional(),
        link: paths.optional(),
        campaign: paths.optional(),
      }),
    ])
    .optional()
    .describe("Who a fact that names nobody touches; every dimension it states must match."),
  variants: z
    .array(object({ if: profile, points: times }))
    .max(32)
    .default([])
    .describe("For some customers it weighs more or less; the first that fits."),
  says: sentence.optional(),
});
export type NoiseText = z.output<typeof noiseShape>;

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

const money = z
  .string()
  .regex(/^\d{1,9}(?:\.\d{1,2})?$/u, expects("an amount", 'write "25.00", in quotes'))
  .transform((text) => Math.round(Number(text) * 10_000));

const candidateShape = object({
  kind: z
    .enum(["apology", "call-back", "expedite", "replace", "credit", "nothing"])
    .describe("What is done."),
  says: plainText.describe("What it is called to whoever offers it."),
  ledger: z
    .enum(["entitlement", "goodwill"])
    .default("goodwill")
    .describe("`entitlement`: owed by rule, always paid, never a matter of opinion."),
  amount: money.default(0).describe('What it costs, as "25.00".'),
  links: several(named).optional().describe("Only where something broke on one of these links."),
  from: severity.default(1).describe("Only for harm of this severity or more."),
  unlessContact: several(z.enum(["human", "digital", "none"]))
    .default([])
    .describe("Not for customers who want contact like this."),
});

export const resolutionsShape = object({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/u, expects("a currency", "write EUR"))
    .default("EUR"),
  fund: money.default(0).describe("Goodwill there is for each period."),
  every: parsed(
    (text) => {
      const ms = parseDuration(text);
      return ms !== null && ms >= dayMs && ms <= 366 * dayMs ? ms : null;
    },
    "a span of 1 to 366 days",
    '"30d"',
  )
    .prefault("30d")
    .describe("The period; a fifth is there at its start, the rest is let out evenly."),
  heard: several(named, 64)
    .default([])
    .describe("Links by which customers make themselves heard: breaks on them move no money."),
  worthOfMoney: z
    .number()
    .min(0)
    .max(10)
    .default(0.02)
    .describe("Points of the answer (0 to 10) one unit of money would bring elsewhere."),
  abstainAbove: z
    .number()
    .min(0.5)
    .max(10)
    .default(3)
    .describe("Nothing is proposed where the expected answer is less sure than this many points."),
  explore: z
    .number()
    .min(0)
    .max(0.2)
    .default(0.05)
    .describe("Share of proposals given to another that may do as well, so that it becomes known."),
  candidates: z.record(named, candidateShape).default({}).describe("What may be offered, by name."),
}).describe("Ways to put it right. They judge nobody: the hash leaves them out.");
export type ResolutionsText = z.output<typeof resolutionsShape>;

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
