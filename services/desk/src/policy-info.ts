import type { Policy } from "@troth/policy";

/** What the desk must know of a policy: its links in order, and where an alert opens. */
export type PolicyInfo = Pick<Policy, "name" | "hash" | "links" | "score" | "resolutions">;
