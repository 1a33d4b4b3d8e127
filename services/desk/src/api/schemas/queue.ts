import { operatedBy } from "@troth/events";
import { z } from "zod";
import { deskLimits } from "../../limits.ts";
import { sorts } from "../../view/orders.ts";
import { count, level, points, time } from "./words.ts";

export const queueStates = ["waiting", "mine", "free", "snoozed", "disputed", "any"] as const;

export const queueRow = z.object({
  customer: z.string(),
  level,
  score: points,
  says: z.string().describe("One sentence: what weighs most."),
  link: z.string().nullable().describe("Link the sentence is about."),
  owner: z.string().nullable(),
  operatedBy: z.enum(operatedBy).nullable(),
  since: time.nullable().describe("At risk without a break since then."),
  touchedAt: time,
  alert: z
    .object({
      alertId: z.string(),
      rule: z.enum(["critical", "compound"]),
      state: z.enum(["opened", "acknowledged", "amended"]),
      openedAt: time,
      revision: count,
      isRecoveryPromised: z
        .boolean()
        .describe(
          "False: heard of when a promise to put it right would have been late already, or while nobody watched. Who takes it on makes one.",
        ),
    })
    .nullable(),
  taken: z
    .object({ by: z.string().describe("Pseudonym."), isMine: z.boolean(), at: time })
    .nullable()
    .describe("Somebody took the open alert on."),
  snoozed: z.object({ until: time, reason: z.string() }).nullable(),
  wants: z.array(z.string()).describe("How personal the customer wants it, in words."),
  segment: z.string().nullable(),
});

export const queue = z.object({
  items: z.array(queueRow),
  total: count.describe("All that match, on this page and the others."),
  next: z.string().nullable().describe("Cursor of the next page; null on the last one."),
  logTime: time,
  version: count.describe("The same number means that nothing has changed."),
});

export const queueQuery = z.strictObject({
  level: z
    .string()
    .max(64)
    .optional()
    .describe("One or more of critical, high, medium, low, none, by commas; `any` for all."),
  link: z.string().max(64).optional().describe("Only those led by a reason on this link."),
  owner: z.string().max(64).optional().describe("Only those led by a reason of this owner."),
  q: z
    .string()
    .max(256)
    .optional()
    .describe("Part of any name the customer is known by; finds those not at risk too."),
  state: z
    .enum(queueStates)
    .default("waiting")
    .describe("`waiting`: neither snoozed nor said to be a false alarm; `mine`: taken by me."),
  sort: z.enum(sorts).default("risk"),
  cursor: z.string().max(1_024).optional(),
  limit: z.coerce.number().int().min(1).max(deskLimits.pageItemsMax).default(50),
});

export type QueueRow = z.infer<typeof queueRow>;
export type Queue = z.infer<typeof queue>;
export type QueueQuery = z.infer<typeof queueQuery>;
