import type { Objective, Policy } from "@troth/policy";
import { parseAllDocuments, stringify } from "yaml";
import { z } from "zod";
import { burnFactor, burnWindows } from "./windows.ts";

const apiVersion = "openslo/v1";
const dayMs = 86_400_000;
const days = (ms: number): number => Math.round(ms / dayMs);
const sloName = (link: string): string => `${link}-promises-kept`;

const metric = (query: string) => ({
  metricSource: { type: "Prometheus", metricSourceRef: "troth-prometheus", spec: { query } },
});

function sloOf({ link, target, windowMs }: Objective) {
  const kept = `sum(troth_promises_kept_total{link="${link.id}"})`;
  const broken = `sum(troth_promises_broken_total{link="${link.id}"})`;
  return {
    apiVersion,
    kind: "SLO",
    metadata: {
      name: sloName(link.id),
      displayName: `Promises kept: ${link.says}`,
      labels: { link: link.id, owner: link.owner, operatedBy: link.operatedBy },
    },
    spec: {
      description: `The share of its promises that ${link.says} keeps. ${link.owner} answers for it.`,
      service: link.id,
      indicator: {
        metadata: { name: `${link.id}-promises` },
        spec: {
          ratioMetric: { counter: true, good: metric(kept), total: metric(`${kept} + ${broken}`) },
        },
      },
      timeWindow: [{ duration: `${days(windowMs)}d`, isRolling: true }],
      budgetingMethod: "Occurrences",
      objectives: [{ displayName: "kept", target }],
      alertPolicies: burnWindows.map(({ severity, long }) => ({
        alertPolicyRef: `${severity}-${long}-${days(windowMs)}d`,
      })),
    },
  };
}

/** Policies are shared by all links with the same window; each has the one condition OpenSLO allows. */
function alertPoliciesOf(windowMs: number) {
  const window = `${days(windowMs)}d`;
  return burnWindows.map((one) => ({
    apiVersion,
    kind: "AlertPolicy",
    metadata: { name: `${one.severity}-${one.long}-${window}` },
    spec: {
      description: `${one.budgetShare * 100} % of the budget in ${one.long}, and still burning in the last ${one.short}.`,
      alertWhenBreaching: true,
      alertWhenResolved: true,
      // A silent feed has an alert of its own; here no data is no breach.
      alertWhenNoData: false,
      conditions: [
        {
          kind: "AlertCondition",
          metadata: { name: `burn-${one.long}-${window}` },
          spec: {
            description: `At least ${one.brokenMin} broken promises in ${one.long}.`,
            severity: one.severity,
            condition: {
              kind: "burnrate",
              op: "gte",
              threshold: burnFactor(one, days(windowMs) * 24),
              lookbackWindow: one.long,
              alertAfter: one.short,
            },
          },
        },
      ],
      notificationTargets: [{ targetRef: "operations" }],
    },
  }));
}

/** Every objective of a policy as OpenSLO v1, in documents of one stream. */
export function exportOpenSlo({ objectives }: Pick<Policy, "objectives">): string {
  const windows = [...new Set(objectives.map(({ windowMs }) => windowMs))];
  const documents = [
    {
      apiVersion,
      kind: "DataSource",
      metadata: { name: "troth-prometheus" },
      spec: { type: "Prometheus", connectionDetails: { url: "http://127.0.0.1:9090" } },
    },
    {
      apiVersion,
      kind: "AlertNotificationTarget",
      metadata: { name: "operations" },
      spec: { description: "Whoever is on duty for the link's owner.", target: "alertmanager" },
    },
    ...objectives.map(({ link }) => ({
      apiVersion,
      kind: "Service",
      metadata: { name: link.id, displayName: link.says, labels: { owner: link.owner } },
      spec: { description: `${link.says}, ${link.operatedBy}; ${link.owner} answers for it.` },
    })),
    ...windows.flatMap(alertPoliciesOf),
    ...objectives.map(sloOf),
  ];
  return documents.map((document) => stringify(document, { lineWidth: 0 })).join("---\n");
}

const named = z.object({
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "a DNS label (RFC 1123)"),
  labels: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
});
const query = z.object({
  metricSource: z.object({ spec: z.object({ query: z.string().min(1) }).loose() }).loose(),
});
const ratio = z
  .object({
    counter: z.boolean().optional(),
    good: query.optional(),
    bad: query.optional(),
    total: query,
  })
  .refine(({ good, bad }) => (good === undefined) !== (bad === undefined), "either good or bad");
const sloShape = z.object({
  metadata: named,
  spec: z
    .object({
      service: z.string(),
      indicator: z.object({ spec: z.object({ ratioMetric: ratio }) }).loose(),
      timeWindow: z
        .array(
          z
            .object({
              duration: z.string().regex(/^\d+d$/, "whole days, as 30d"),
              isRolling: z.literal(true),
            })
            .loose(),
        )
        .length(1),
      budgetingMethod: z.literal("Occurrences"),
      objectives: z.array(z.object({ target: z.number().gt(0).lt(1) }).loose()).length(1),
    })
    .loose(),
});
const headShape = z.object({ apiVersion: z.literal(apiVersion), kind: z.string() }).loose();

/** One thing in an OpenSLO file that cannot be read, or that the policy says otherwise. */
export type SloFinding = {
  readonly line: number;
  readonly what: string;
  readonly found: string;
  readonly expected: string;
};

type Read = {
  readonly link: string;
  readonly target: number;
  readonly window: string;
  readonly owner: string | null;
  readonly line: number;
};

function* readSlos(text: string): Generator<Read | SloFinding> {
  const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length;
  for (const document of parseAllDocuments(text, { maxAliasCount: 0 } as object)) {
    const line = lineOf(document.contents?.range?.[0] ?? document.range[0]);
    const [error] = document.errors;
    if (error !== undefined) {
      yield {
        line: lineOf(error.pos[0]),
        what: "YAML",
        found: error.message,
        expected: "YAML 1.2",
      };
      continue;
    }
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    const head = headShape.safeParse(value);
    if (!head.success) {
      yield { line, what: "apiVersion", found: "something else", expected: apiVersion };
      continue;
    }
    if (head.data.kind !== "SLO") continue;
    const slo = sloShape.safeParse(value);
    if (!slo.success) {
      for (const { path, message } of slo.error.issues)
        yield { line, what: path.join("."), found: "not that", expected: message };
      continue;
    }
    const { metadata, spec } = slo.data;
    const owner = metadata.labels?.["owner"];
    yield {
      line,
      link: spec.service,
      target: spec.objectives[0]?.target ?? 0,
      window: spec.timeWindow[0]?.duration ?? "",
      owner: typeof owner === "string" ? owner : null,
    };
  }
}

/** Where an OpenSLO file and a policy differ: empty when both hold every link to the same. */
export function checkOpenSlo(
  text: string,
  { objectives, links }: Pick<Policy, "objectives" | "links">,
): readonly SloFinding[] {
  const findings: SloFinding[] = [];
  const seen = new Set<string>();
  for (const one of readSlos(text)) {
    if (!("link" in one)) {
      findings.push(one);
      continue;
    }
    const { line, link } = one;
    seen.add(link);
    const held = objectives.find((objective) => objective.link.id === link);
    if (held === undefined) {
      const known = links.some(({ id }) => id === link);
      const expected = known ? "an objective on this link in the policy" : "a link of the policy";
      findings.push({
        line,
        what: link,
        found: `target ${one.target} over ${one.window}`,
        expected,
      });
      continue;
    }
    const differ = (what: string, found: string, expected: string): void => {
      if (found !== expected) findings.push({ line, what: `${link} ${what}`, found, expected });
    };
    differ("target", String(one.target), String(held.target));
    differ("window", one.window, `${days(held.windowMs)}d`);
    if (one.owner !== null) differ("owner", one.owner, held.link.owner);
  }
  for (const { link, target } of objectives) {
    if (!seen.has(link.id))
      findings.push({ line: 0, what: link.id, found: "no SLO", expected: `target ${target}` });
  }
  return findings;
}

/** The objectives of an OpenSLO file as a policy writes them, one line a link. */
export function importOpenSlo(text: string): readonly string[] {
  return [...readSlos(text)].map((one) =>
    "link" in one
      ? `${one.link}: { objective: { target: ${one.target}, window: ${one.window} } }`
      : `# line ${one.line}: ${one.what}: ${one.found}, expected ${one.expected}`,
  );
}
