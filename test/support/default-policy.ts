import { readFileSync } from "node:fs";
import { type Policy, parsePolicy } from "@troth/policy";

const path = new URL("../../infra/policy/default.yaml", import.meta.url);

export function defaultPolicy(): Policy {
  const parsed = parsePolicy(readFileSync(path, "utf8"), "default.yaml");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error, null, 1));
  return parsed.value;
}
