import { isoTime } from "@troth/events";
import type { DeskCustomer } from "../view/customer.ts";
import type { Context } from "./context.ts";
import { customerPageOf } from "./customer-page.ts";
import type { Breakdown, RiskAssessment } from "./schemas.ts";

type RiskName = RiskAssessment["riskAssessmentResult"]["score"][number]["riskName"];

/** A pledge row is named `template/key#term`; a noise `rule/event id`, and nothing was promised. */
const riskOf = (breakdown: Breakdown, promised: ReadonlySet<string>, wanted: RiskName): number =>
  breakdown.parts
    .filter(({ id }) => (promised.has(id) ? "BrokenPromiseRisk" : "CompoundNoiseRisk") === wanted)
    .reduce((sum, { points }) => sum + points, 0);

/** The flag for other systems in TMF696's shape, its reasons always beside the number. */
export function riskAssessmentOf(context: Context, customer: DeskCustomer): RiskAssessment {
  const page = customerPageOf(context, customer);
  const breakdown = page.breakdown ?? {
    at: isoTime(context.logTime()),
    score: 0,
    parts: [],
    isLive: true,
  };
  const promised = new Set(page.promises.map((row) => `${row.promiseId}#${row.term}`));
  const risks: readonly RiskName[] = ["BrokenPromiseRisk", "CompoundNoiseRisk"];
  const id = encodeURIComponent(customer.reference);
  return {
    "@type": "PartyRoleRiskAssessment",
    id: customer.reference,
    href: `/api/customers/${id}/flag`,
    status: page.summary.level === "none" ? "none" : "flagged",
    partyRole: {
      "@type": "PartyRoleRef",
      "@referredType": "Customer",
      id: customer.reference,
    },
    riskAssessmentResult: {
      "@type": "RiskAssessmentResult",
      overallScore: breakdown.score,
      score: risks.map((riskName) => ({
        "@type": "RiskScore" as const,
        riskName,
        score: riskOf(breakdown, promised, riskName),
      })),
      validFor: { startDateTime: breakdown.at },
    },
    characteristic: [
      { name: "level", value: page.summary.level },
      { name: "says", value: page.summary.says },
      { name: "reasons", value: breakdown.parts.map(({ says }) => says) },
      { name: "do", value: page.do },
      { name: "dont", value: page.dont },
    ],
  };
}
