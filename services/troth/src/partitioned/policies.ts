import type { Policy } from "@troth/policy";
import { StoppedError } from "./stopped.ts";

/** The policies a process can judge under, by hash. */
export type Policies = ReadonlyMap<string, Policy>;

export const policiesOf = (policies: readonly Policy[]): Policies =>
  new Map(policies.map((policy) => [policy.hash, policy]));

export function policyNamed(policies: Policies, hash: string, where: string): Policy {
  const policy = policies.get(hash);
  if (policy !== undefined) return policy;
  throw new StoppedError(
    "unknown-policy",
    `${where}: from here on policy ${hash} holds, and this process knows only ` +
      `${[...policies.keys()].join(", ") || "none"}. It stops here and skips nothing: give it that policy's file`,
  );
}

/** What the registrar goes by, before partitioning. */
const ofRegistrar = ({ sources, limits }: Policy): string => JSON.stringify([sources, limits]);

/**
 * A policy may take over from another on a running log if the registrar goes on as before: it keeps
 * no facts to look at them again with other feeds or other limits.
 */
export function checkLike(before: Policy, after: Policy, where: string): void {
  if (ofRegistrar(before) === ofRegistrar(after)) return;
  throw new StoppedError(
    "unlike-policy",
    `${where}: policy ${after.hash} has other sources or limits than ${before.hash}; those hold for a ` +
      "log from its beginning. Replay its events under the new policy into logs of their own",
  );
}
