import { z } from "zod";
import { dayMs, parseDuration } from "./quantity.ts";
import { expects, named, object, parsed, plainText, several, severity } from "./shape-parts.ts";

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
