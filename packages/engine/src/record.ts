import type { Fact } from "@troth/events";

/**
 * One entry of a partition's log, as the registrar hands it on. `stamp` is log time and never goes
 * back within a partition. Customers are named by pseudonym.
 */
export type EngineRecord =
  | {
      readonly kind: "fact";
      readonly stamp: number;
      readonly customer: string;
      /** The customer it was addressed to before merges; equal to `customer` without one. */
      readonly origin: string;
      readonly fact: Fact;
    }
  | {
      readonly kind: "retract";
      readonly stamp: number;
      readonly customer: string;
      /** `identityOf` of each fact to take back. */
      readonly facts: ReadonlySet<string>;
    }
  | {
      readonly kind: "merge" | "split";
      readonly stamp: number;
      /** merge: who is absorbed; split: who leaves. */
      readonly part: string;
      /** The customer that absorbs, or that is left. */
      readonly whole: string;
    }
  | { readonly kind: "cohort"; readonly stamp: number; readonly fact: Fact }
  | {
      readonly kind: "source";
      readonly stamp: number;
      /** Index of the policy's source rule. */
      readonly source: number;
      readonly change: "watched" | "silent" | "back";
      /** For silent: when it was last heard. */
      readonly heard: number;
    }
  | { readonly kind: "tick"; readonly stamp: number };
