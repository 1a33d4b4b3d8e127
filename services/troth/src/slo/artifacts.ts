import { parsePolicy } from "@troth/policy";
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
  ]);
}
