import { z } from "zod";
import type { Permission } from "../access/roles.ts";

const dayMs = 86_400_000;
export const actLimits = {
  snoozeMsMax: 30 * dayMs,
  promiseMsMax: 366 * dayMs,
  bytesMax: 4_096,
} as const;

const alertId = z.string().min(1).max(64);
const reason = z
  .string()
  .trim()
  .min(3)
  .max(200)
  .describe("Why, in a few words; nothing personal: it is kept for good.");
const moment = z.iso.datetime({ offset: true }).describe("ISO 8601 with zone.");
const amount = z
  .string()
  .regex(/^\d{1,7}(?:\.\d{1,2})?$/)
  .describe("Whole or with at most two decimals.");

/** Sent along by the page, so that the same act sent twice is one. */
const actId = z.uuid().describe("Chosen by the sender; the same act sent again has no effect.");

export const act = z.discriminatedUnion("act", [
  z.strictObject({ act: z.literal("acknowledge"), actId, alertId }),
  z.strictObject({ act: z.literal("take"), actId, alertId }),
  z.strictObject({ act: z.literal("snooze"), actId, alertId, reason, until: moment }),
  z.strictObject({ act: z.literal("false-alarm"), actId, alertId, reason }),
  z.strictObject({
    act: z.literal("promise"),
    actId,
    kind: z.enum(["call-back", "answer", "refund", "delivery", "installation"]),
    orderNumber: z.string().min(1).max(128).optional(),
    dueUntil: moment,
  }),
  z.strictObject({
    act: z.literal("keep"),
    actId,
    promiseId: z.string().min(1).max(256).describe("`template/key`, as the register names it."),
  }),
  z.strictObject({
    act: z.literal("resolution"),
    actId,
    alertId: alertId.optional(),
    candidate: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe("One of the policy's ways; its kind, ledger and amount are then the policy's."),
    kind: z.enum(["apology", "call-back", "expedite", "replace", "credit", "nothing"]).optional(),
    ledger: z.enum(["entitlement", "goodwill"]).optional(),
    amount: amount.optional(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional(),
    response: z.enum(["accepted", "declined", "no_answer"]),
  }),
  z.strictObject({
    act: z.literal("outcome"),
    actId,
    resolutionId: z.string().min(1).max(256),
    score: z.number().min(0).max(10),
  }),
  z.strictObject({
    act: z.literal("dispute"),
    actId,
    promiseId: z.string().min(1).max(256),
    term: z.int().min(1).max(1_000_000),
    chargedTo: z.string().min(1).max(64).optional(),
    reason,
  }),
  z.strictObject({
    act: z.literal("rule"),
    actId,
    promiseId: z.string().min(1).max(256),
    term: z.int().min(1).max(1_000_000),
    ruling: z.enum(["moved", "upheld", "withdrawn"]),
    chargedTo: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe("Link that answers for it from now on; with `moved` only."),
    reason,
  }),
]);
export type Act = z.infer<typeof act>;
export type ActName = Act["act"];

export const actNames = [
  "acknowledge",
  "take",
  "snooze",
  "false-alarm",
  "promise",
  "keep",
  "resolution",
  "outcome",
  "dispute",
  "rule",
] as const satisfies readonly ActName[];

/** What each act needs; the generated tests go through all of them. */
export const actNeeds: Readonly<Record<ActName, Permission>> = {
  acknowledge: "act",
  take: "act",
  snooze: "act",
  "false-alarm": "decide",
  promise: "act",
  keep: "act",
  resolution: "act",
  outcome: "act",
  dispute: "dispute",
  rule: "decide",
};

export const acted = z.object({
  eventIds: z.array(z.string()).describe("The facts it became, as the timeline names them."),
  version: z.int().min(0).describe("Where `isShown`: the view has it from this version on."),
  isShown: z.boolean().describe("False with 202: it is stored, and will be seen soon."),
});
