import type { TruthLine } from "@troth/truth";

/** A line of truth in which a test says only what it is about. */
export const truthLine = (more: Partial<TruthLine>): TruthLine => ({
  invitationId: "i",
  subject: "customer:1",
  customer: "customer:1",
  at: 0,
  riskScore: 0,
  level: "none",
  alerted: false,
  topLink: null,
  outcome: null,
  weight: 1,
  rules: [],
  shadow: [],
  parts: [],
  segment: null,
  region: null,
  perMille: null,
  policy: "p",
  ...more,
});
