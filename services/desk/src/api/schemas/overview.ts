import { operatedBy } from "@troth/events";
import { z } from "zod";
import { count, time } from "./words.ts";

export const linkOverview = z.object({
  link: z.string(),
  says: z.string(),
  owner: z.string(),
  operatedBy: z.enum(operatedBy),
  kept: count,
  broken: count,
  live: count,
  overdue: count,
  atRisk: count,
  unseen: count,
  keptShare: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe("Kept of all kept or broken; null while none is."),
  brokenLastDay: count.describe("Standing broken since one of the last 24 hours."),
  brokenByDay: z.array(count).describe("The last 14 times 24 hours, oldest first."),
  customers: count.describe("Customers at risk whose heaviest reason is on this link."),
  saves: count.describe("Recovery promises kept."),
});

export const bulletin = z.object({
  at: time,
  about: z.enum(["source", "cohort"]),
  name: z.string(),
  owner: z.string(),
  says: z.string(),
  touched: count.nullable(),
});

export const overview = z.object({
  levels: z.object({ critical: count, high: count, medium: count, low: count }),
  customers: count.describe("All customers ever heard of."),
  atRisk: count,
  brokenLastDay: count,
  keptShare: z.number().min(0).max(1).nullable(),
  links: z.array(linkOverview),
  owners: z.array(
    z.object({
      owner: z.string(),
      kept: count,
      broken: count,
      keptShare: z.number().min(0).max(1).nullable(),
      brokenLastDay: count,
      customers: count,
      saves: count,
    }),
  ),
  bulletins: z.array(bulletin),
  silentSources: z.array(z.string()),
  policy: z.object({ name: z.string(), hash: z.string() }),
  isDemo: z.boolean().describe("True while everything here is made up."),
  intakeUrl: z.string().nullable().describe("Where events are sent."),
  logTime: time,
  version: count,
});

export const mendingReport = z.object({
  outcomes: count.describe("Outcomes the predictions rest on."),
  currency: z.string(),
  fund: z.object({ amount: z.string(), paid: z.string(), left: z.string() }),
  parity: z
    .array(
      z.object({
        segment: z.string(),
        count,
        ratio: z.number().nullable().describe("Against everybody else, at equal harm."),
        low: z.number().nullable(),
        high: z.number().nullable(),
        isUneven: z.boolean(),
      }),
    )
    .describe("Whether like harm is answered alike: goodwill by segment, 90 % intervals."),
});

export const segmentReport = z.object({
  segments: z
    .array(
      z.object({
        segment: z.string(),
        people: count,
        atRisk: count,
        keptShare: z.number().nullable().describe("Of promises settled in the last four weeks."),
        keptShareBefore: z.number().nullable().describe("In the four weeks before those."),
        goes: z
          .enum(["better", "worse", "steady", "unclear"])
          .describe("How the two shares differ beyond chance; unclear: fewer than 20 promises."),
        weeks: z.array(
          z.object({
            until: time,
            people: count.describe("At its end."),
            atRisk: count.describe("At its end."),
            kept: count,
            broken: count,
            enjoyed: count,
            indifferent: count,
            notEnjoyed: count,
          }),
        ),
      }),
    )
    .describe("Largest first; twelve weeks each, oldest first."),
  logTime: time,
});

export type LinkOverview = z.infer<typeof linkOverview>;
export type Overview = z.infer<typeof overview>;
