import { verdicts } from "@troth/events";
import { z } from "zod";
import {
  bySeverity,
  confirm,
  due,
  duration,
  named,
  needs,
  object,
  paths,
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
