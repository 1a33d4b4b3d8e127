import type { Harm } from "./harm.ts";
import type { Tone } from "./tone.ts";

/** What is known of the customer, in the policy's words; null is not known. */
export type Who = {
  readonly segment: string | null;
  readonly contact: string | null;
  readonly pace: string | null;
  readonly price: string | null;
};

export type Situation = { readonly harm: Harm; readonly who: Who };

/**
 * What a prediction rests on, as names: each that holds adds its own weight. The action alone, the
 * situation alone, and the action within each part of the situation, so that what suits one customer
 * need not suit another. The tone is never given where money is decided.
 */
export function featuresOf(
  action: string,
  { harm, who }: Situation,
  tone: Tone | null = null,
): readonly string[] {
  const grave = harm.severity >= 4 ? "grave" : harm.severity >= 3 ? "middling" : "slight";
  const situation = [
    `harm ${grave}`,
    `link ${harm.link}`,
    ...(harm.links > 1 ? ["several links"] : []),
    ...Object.entries(who).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`])),
    ...(tone === null ? [] : [`tone ${tone}`]),
  ];
  return [
    "always",
    `do ${action}`,
    ...situation,
    ...situation.map((one) => `do ${action}, ${one}`),
  ];
}
