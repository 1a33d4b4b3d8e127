import { z } from "zod";
import { permissions, roles } from "../access/roles.ts";
import { points, time } from "./schemas/words.ts";

/*
 * The shapes of every answer, once: the code is typed by them, the tests hold the answers against
 * them, and the OpenAPI document is made of them.
 */
export * from "./schemas/customer.ts";
export * from "./schemas/overview.ts";
export * from "./schemas/queue.ts";
export * from "./schemas/timeline.ts";

/** TMF696 PartyRoleRiskAssessment, with the two risks that are ours. */
export const riskAssessment = z.object({
  "@type": z.literal("PartyRoleRiskAssessment"),
  id: z.string(),
  href: z.string(),
  status: z.enum(["none", "flagged"]),
  partyRole: z.object({
    "@type": z.literal("PartyRoleRef"),
    "@referredType": z.literal("Customer"),
    id: z.string(),
  }),
  riskAssessmentResult: z.object({
    "@type": z.literal("RiskAssessmentResult"),
    overallScore: points,
    score: z.array(
      z.object({
        "@type": z.literal("RiskScore"),
        riskName: z.enum(["BrokenPromiseRisk", "CompoundNoiseRisk"]),
        score: points,
      }),
    ),
    validFor: z.object({ startDateTime: time }),
  }),
  characteristic: z
    .array(z.object({ name: z.string(), value: z.union([z.string(), z.array(z.string())]) }))
    .describe("Level, sentence, reasons, what to do and not to do: never show the number alone."),
});

export const me = z.object({
  name: z.string(),
  pseudonym: z.string(),
  role: z.enum(roles),
  tenant: z.string(),
  teams: z.array(z.string()).nullable().describe("Null: all."),
  permissions: z.array(z.enum(permissions)),
  signIn: z.enum(["development", "oidc"]),
});

export const problemShape = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});

export type RiskAssessment = z.infer<typeof riskAssessment>;
