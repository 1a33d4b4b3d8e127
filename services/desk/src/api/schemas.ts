import { levels, operatedBy, verdicts } from "@troth/events";
import { tones } from "@troth/resolution";
import { z } from "zod";
import { permissions, roles } from "../access/roles.ts";
import { deskLimits } from "../limits.ts";
import { sorts } from "../view/orders.ts";

/*
 * The shapes of every answer, once: the code is typed by them, the tests hold the answers against
 * them, and the OpenAPI document is made of them.
 */

const time = z.iso.datetime().describe("UTC, ISO 8601 with milliseconds.");
const level = z.enum(levels);
const verdict = z.enum(verdicts);
const count = z.int().min(0);
const points = z.int().describe("Whole points; negative is credit.");

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

export type QueueRow = z.infer<typeof queueRow>;
export type Queue = z.infer<typeof queue>;
export type QueueQuery = z.infer<typeof queueQuery>;
export type ChainLink = z.infer<typeof chainLink>;
export type ChainState = (typeof chainStates)[number];
export type Breakdown = z.infer<typeof breakdown>;
export type PromiseRow = z.infer<typeof promiseRow>;
export type FactField = z.infer<typeof factField>;
export type TimelineEntry = z.infer<typeof timelineEntry>;
export type TrendPoint = z.infer<typeof trendPoint>;
export type CustomerPage = z.infer<typeof customerPage>;
export type LinkOverview = z.infer<typeof linkOverview>;
export type Overview = z.infer<typeof overview>;
export type RiskAssessment = z.infer<typeof riskAssessment>;
