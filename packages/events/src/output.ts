import type { Decision } from "./decision.ts";
import type { Fact } from "./fact.ts";
import type { Reference } from "./reference.ts";

/**
 * A fact once it is known whom it concerns: what a customer's timeline is made of. `customer` is null
 * for a cohort fact, which names nobody; whom it touched shows in their decisions.
 */
export type Noise = {
  readonly kind: "noise";
  readonly customer: Reference | null;
  readonly fact: Fact;
};

/** A fact taken back from a customer because the link that brought it was undone. */
export type Retraction = {
  readonly kind: "retraction";
  readonly customer: Reference;
  /** `identityOf` of each fact. */
  readonly facts: readonly string[];
};

/** Two customers became one (`merge`) or were parted again (`split`): readers move the timeline. */
export type Joining = {
  readonly kind: "merge" | "split";
  readonly part: Reference;
  readonly whole: Reference;
};

/**
 * One thing the judge wrote, with its place: the offset of the record that caused it and its number
 * among that record's outputs. A reader keeps the highest place it has seen in the same write as its
 * own effect, and drops anything not beyond it; so everything is seen exactly once.
 */
export type Output = {
  readonly inOffset: number;
  readonly seq: number;
  /** Log time. */
  readonly stamp: number;
  readonly body: Decision | Noise | Retraction | Joining;
};

/** What was decided, and no noise or change of names that is passed on beside it. */
export function isDecision(body: Output["body"]): body is Decision {
  switch (body.kind) {
    case "noise":
    case "retraction":
    case "merge":
    case "split":
      return false;
    case "pledge":
    case "alert":
    case "flag":
    case "survey":
    case "source":
    case "cohort":
      return true;
  }
}

/** An output as the decisions log holds it: one JSON object, times in milliseconds. */
export const outputText = (output: Output): string => JSON.stringify(output);

export const encodeOutput = (output: Output): Buffer => Buffer.from(outputText(output));

/** The inverse, for records whose checksum the log has verified; throws on anything else. */
export const decodeOutput = (bytes: Buffer): Output => JSON.parse(bytes.toString("utf8")) as Output;

/** True when `output` lies beyond the place already seen. */
export const isBeyond = (
  output: Pick<Output, "inOffset" | "seq">,
  seen: { readonly inOffset: number; readonly seq: number },
): boolean =>
  output.inOffset > seen.inOffset || (output.inOffset === seen.inOffset && output.seq > seen.seq);
