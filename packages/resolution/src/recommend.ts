import type { Candidate, Resolutions } from "@troth/policy";
import { featuresOf, type Situation } from "./features.ts";
import type { OutcomeModel, Prediction } from "./outcome-model.ts";

export type Scored = {
  readonly candidate: Candidate;
  readonly prediction: Prediction;
  /** Expected answer less what the money is worth elsewhere. */
  readonly worth: number;
};

export type Recommendation = {
  /** What is owed by rule: paid, whatever anybody recommends. */
  readonly owed: readonly Candidate[];
  /** What may be offered, best first. */
  readonly ranked: readonly Scored[];
  /** The one proposed; null: too little is known, a person looks at it without a proposal. */
  readonly proposed: Scored | null;
  /** Probability with which this one was proposed, for judging policies later. */
  readonly propensity: number;
  /** Why, or why none. */
  readonly reasons: readonly string[];
};

const fits = (candidate: Candidate, { harm, who }: Situation): boolean =>
  (candidate.links === null || candidate.links.includes(harm.link)) &&
  harm.severity >= candidate.fromSeverity &&
  !(who.contact !== null && candidate.unlessContact.includes(who.contact));

/**
 * What to offer. `left` is the goodwill that may be spent now, in ten-thousandths; `chance`, in [0, 1), is the
 * alert's own and the same each time it is asked. Mostly the best is proposed; now and then, by the
 * policy's `explore`, another whose interval still reaches it, so that what is never tried is not for ever unknown.
 */
export function recommend(
  model: OutcomeModel,
  resolutions: Resolutions,
  situation: Situation,
  left: number,
  chance: number,
): Recommendation {
  const fitting = resolutions.candidates.filter((one) => fits(one, situation));
  const owed = fitting.filter(({ ledger }) => ledger === "entitlement");
  const ranked = fitting
    .filter((one) => one.ledger === "goodwill" && one.amount <= left)
    .map((candidate) => scored(model, resolutions, situation, candidate))
    .sort((a, b) => b.worth - a.worth || (a.candidate.id < b.candidate.id ? -1 : 1));
  const [best] = ranked;
  const none = { owed, ranked, proposed: null, propensity: 0 };
  if (best === undefined) return { ...none, reasons: ["Nothing fits that may be offered now."] };
  const width = best.prediction.high - best.prediction.low;
  if (width > resolutions.abstainAbove) {
    const known = `${best.prediction.known} outcomes of it are known`;
    const said = `what they would say of it could be ${text(best.prediction.low)} to ${text(best.prediction.high)}`;
    return { ...none, reasons: [`Too little is known: ${said}; ${known}.`] };
  }
  const others = ranked
    .slice(1)
    .filter(({ prediction }) => prediction.high >= best.prediction.mean);
  const share = others.length === 0 ? 0 : resolutions.explore / others.length;
  const other = share === 0 ? -1 : Math.floor(chance / share);
  const proposed = others[other] ?? best;
  return {
    owed,
    ranked,
    proposed,
    propensity: proposed === best ? 1 - share * others.length : share,
    reasons: reasonsOf(proposed, best, situation),
  };
}

function scored(
  model: OutcomeModel,
  { worthOfMoney }: Resolutions,
  situation: Situation,
  candidate: Candidate,
): Scored {
  const prediction = model.predict(candidate.id, featuresOf(candidate.id, situation));
  return {
    candidate,
    prediction,
    worth: prediction.mean - (candidate.amount / 1e4) * worthOfMoney,
  };
}

const text = (score: number): string => score.toFixed(1);

function reasonsOf(
  { candidate, prediction }: Scored,
  best: Scored,
  situation: Situation,
): string[] {
  const { harm, who } = situation;
  const known = Object.entries(who).flatMap(([name, value]) =>
    value === null ? [] : [`${name} ${value.replaceAll("_", " ")}`],
  );
  return [
    `Expected answer ${text(prediction.mean)} of 10, between ${text(prediction.low)} and ${text(prediction.high)}.`,
    `${prediction.known} outcomes of it are known.`,
    `Broken on ${harm.link}, severity ${harm.severity} of 5${harm.links > 1 ? `, on ${harm.links} links` : ""}.`,
    ...(known.length > 0 ? [`Like them: ${known.join(", ")}.`] : []),
    ...(candidate.id === best.candidate.id ? [] : ["Proposed to learn whether it does as well."]),
  ];
}
