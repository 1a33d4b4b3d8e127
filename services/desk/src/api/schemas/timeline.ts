import { z } from "zod";
import { count, level, points, time, verdict } from "./words.ts";

export const factField = z.discriminatedUnion("is", [
  z.object({ is: z.literal("text"), label: z.string(), value: z.string() }),
  z.object({ is: z.literal("word"), label: z.string(), value: z.string() }),
  z.object({ is: z.literal("number"), label: z.string(), value: z.number() }),
  z.object({ is: z.literal("share"), label: z.string(), value: z.number() }),
  z.object({ is: z.literal("flag"), label: z.string(), value: z.boolean() }),
  z.object({ is: z.literal("time"), label: z.string(), value: time }),
  z.object({ is: z.literal("seconds"), label: z.string(), value: z.number() }),
  z.object({
    is: z.literal("money"),
    label: z.string(),
    value: z.object({ amount: z.string(), currency: z.string() }),
  }),
]);

const place = { at: time, knownAt: time };
export const timelineEntry = z.discriminatedUnion("kind", [
  z.object({
    ...place,
    kind: z.literal("fact"),
    id: z.string().describe("Event id, as evidence names it."),
    source: z.string(),
    type: z.string().describe("Kind of the event, such as `delivery.status`."),
    title: z.string(),
    doc: z.string(),
    subject: z.string().nullable(),
    fields: z.array(factField).describe("What matters most first."),
  }),
  z.object({
    ...place,
    kind: z.literal("verdict"),
    promiseId: z.string(),
    term: count,
    title: z.string(),
    link: z.string(),
    owner: z.string(),
    verdict,
    was: verdict.nullable(),
    because: z.enum(["time", "fact", "retraction", "identity"]),
    revision: count,
    severity: count,
    due: time.nullable(),
    evidence: z.array(z.string()),
  }),
  z.object({
    ...place,
    kind: z.literal("alert"),
    state: z.enum(["opened", "acknowledged", "amended", "recovered", "withdrawn"]),
    alertId: z.string(),
    revision: count,
    level,
    score: points,
    says: z.string(),
  }),
  z.object({ ...place, kind: z.literal("level"), level, was: level, score: points }),
  z.object({
    ...place,
    kind: z.literal("survey"),
    invitationId: z.string(),
    riskScore: points,
    level,
    alerted: z.boolean(),
  }),
  z.object({ ...place, kind: z.literal("taken-back"), facts: count }),
  z.object({ ...place, kind: z.literal("joined"), other: z.string() }),
  z.object({ ...place, kind: z.literal("parted"), other: z.string() }),
]);

export type FactField = z.infer<typeof factField>;
export type TimelineEntry = z.infer<typeof timelineEntry>;
