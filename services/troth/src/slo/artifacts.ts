import { type Policy, parsePolicy } from "@troth/policy";
import { openMetrics } from "@troth/runtime";
import { openTell } from "../tell.ts";
import { grafanaFiles } from "./grafana/grafana.ts";
import { alertRules, recordingRules } from "./prometheus.ts";
import { definitionOf } from "./rules.ts";

/** Every generated file by its path in the tree, for the policy given. */
export function artifacts(policyText: string): ReadonlyMap<string, string> {
  const policy = parsePolicy(policyText);
  if (!policy.ok) throw new Error(`the policy does not parse: ${policy.error[0]?.found}`);
  const definition = definitionOf(policy.value);
  return new Map([
    ["infra/prometheus/recording.rules.yaml", recordingRules(definition)],
    ["infra/prometheus/alerts.rules.yaml", alertRules(definition)],
    ["infra/prometheus/metrics.txt", metricNames(policy.value)],
    ...[...grafanaFiles(definition)].map(
      ([path, text]) => [`infra/grafana/${path}`, text] as const,
    ),
  ]);
}

/** Every metric there is, by name: what rules and dashboards may ask for. */
function metricNames(policy: Policy): string {
  const metrics = openMetrics({ process: true });
  openTell(metrics, policy);
  return `${[...metrics.names()].sort().join("\n")}\n`;
}
