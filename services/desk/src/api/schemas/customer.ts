import { operatedBy } from "@troth/events";
import { tones } from "@troth/resolution";
import { z } from "zod";
import { queueRow } from "./queue.ts";
import { timelineEntry } from "./timeline.ts";
import { count, points, time, verdict } from "./words.ts";

export const chainStates = [
  "untouched",
  "fine",
  "noise",
  "unseen",
  "at-risk",
  "mended",
  "broken",
] as const;

export const chainLink = z.object({
  link: z.string(),
  says: z.string(),
  owner: z.string(),
  operatedBy: z.enum(operatedBy),
  state: z
    .enum(chainStates)
    .describe(
      "The worst that stands: `noise` weighs without a broken promise, `unseen` has its feed silent, `mended` was broken and then kept late.",
    ),
  points: points.describe("What the link adds to the score now."),
  kept: count,
  broken: count,
  live: count,
});

export const scorePart = z.object({
  id: z.string(),
  rule: z.string(),
  link: z.string(),
  owner: z.string(),
  points,
  severity: count,
  evidence: z.array(z.string()).describe("Event ids."),
  says: z.string(),
});

export const breakdown = z.object({
  at: time,
  score: points.describe("Exactly the sum of the parts."),
  parts: z.array(scorePart),
  isLive: z.boolean().describe("False: as of the last alert, since nobody could say it anew."),
});

export const promiseRow = z.object({
  promiseId: z.string(),
  term: count.describe("1 for the first date given, 2 for the next …"),
  template: z.string(),
  title: z.string(),
  link: z.string(),
  owner: z.string(),
  operatedBy: z.enum(operatedBy),
  madeBy: z.string(),
  how: z.enum(["stated", "implied", "spoken", "advertised"]),
  verdict,
  isLive: z.boolean().describe("It can still be kept or broken."),
  at: time.describe("When the verdict became true."),
  madeAt: time,
  due: time.nullable().describe("Null: no date, or its clock is paused."),
  keptAt: time.nullable(),
  severity: count,
  revision: count,
  evidence: z.array(z.string()),
  charge: z
    .object({
      state: z.enum(["disputed", "moved", "upheld", "withdrawn"]),
      chargedTo: z.string().nullable(),
      reason: z.string(),
      at: time,
      isMine: z.boolean().describe("You said so; who disputes does not rule."),
    })
    .nullable()
    .describe("Whether another link is to answer for it, as far as people have said."),
});

const owed = z.object({
  candidate: z.string(),
  says: z.string(),
  kind: z.string(),
  amount: z.string().nullable(),
});
const offer = owed.extend({
  expected: z.number().min(0).max(10).describe("Answer expected afterwards."),
  low: z.number().min(0).max(10),
  high: z.number().min(0).max(10).describe("With `low`: nine in ten such expectations hold."),
  known: count.describe("Outcomes of it that are known."),
});

export const trendPoint = z.object({
  at: time,
  score: points,
  answer: z.string().nullable().describe("What the customer said then, when asked."),
});

export const customerPage = z.object({
  summary: queueRow,
  chain: z.array(chainLink).describe("Every link of the policy, in its order."),
  breakdown: breakdown.nullable(),
  alertAt: points.describe("Score at which an alert opens."),
  do: z.array(z.string()),
  dont: z.array(z.string()),
  promises: z.array(promiseRow).describe("Live ones by due time, then the broken, then the rest."),
  timeline: z.array(timelineEntry).describe("Latest first."),
  trend: z.array(trendPoint).describe("How the relationship went, oldest first."),
  timelineDropped: count.describe("Older entries that are in the lake only."),
  mendings: z
    .array(
      z.object({
        resolutionId: z.string(),
        at: time,
        step: z.enum(["proposed", "offered", "accepted", "outcome"]),
        kind: z.string().nullable(),
        amount: z.string().nullable(),
        currency: z.string().nullable(),
        ledger: z.string().nullable(),
        response: z.string().nullable(),
        outcomeScore: z.number().nullable(),
      }),
    )
    .describe("What was offered to put it right, latest first."),
  recommendation: z
    .object({
      owed: z.array(owed).describe("Owed by rule: to be paid whatever is proposed."),
      proposed: offer.nullable().describe("Null: too little is known; `reasons` say how little."),
      ranked: z.array(offer).describe("All that may be offered now, best first."),
      reasons: z.array(z.string()),
      manner: z.array(z.string()).describe("How to speak with them, from how they sounded."),
      tone: z
        .object({
          isRead: z
            .boolean()
            .describe("The setting `emotionFromText`: off unless somebody sets it."),
          heard: z
            .object({
              tone: z.enum(tones),
              at: time,
              says: z.string().describe("What they wrote where, and what read it."),
              evidence: z.array(z.string()).describe("The fact it was read from."),
            })
            .nullable(),
        })
        .describe("How the customer sounded in writing of late. It moves no money."),
      currency: z.string(),
    })
    .nullable()
    .describe("A person decides; nothing is offered by itself."),
  acts: z.array(z.string()).describe("What you may do here now."),
  references: z.array(z.string()),
  profile: z.array(z.object({ label: z.string(), value: z.string() })),
  logTime: time,
  version: count,
});

export type ChainLink = z.infer<typeof chainLink>;
export type ChainState = (typeof chainStates)[number];
export type Breakdown = z.infer<typeof breakdown>;
export type PromiseRow = z.infer<typeof promiseRow>;
export type TrendPoint = z.infer<typeof trendPoint>;
export type CustomerPage = z.infer<typeof customerPage>;
