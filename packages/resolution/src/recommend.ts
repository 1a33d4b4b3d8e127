import type { Candidate, Resolutions } from "@troth/policy";
import { featuresOf, type Situation } from "./features.ts";
import type { OutcomeModel, Prediction } from "./outcome-model.ts";
import { mannerOf, type Tone } from "./tone.ts";

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
  /** How to speak with them; empty where nobody listens to how they sound. */
  readonly manner: readonly string[];
};

/** How a customer sounds, with a model of its own that has learned what follows from it. */
export type Heard = { readonly tone: Tone; readonly model: OutcomeModel };

const fits = (candidate: Candidate, { harm, who }: Situation): boolean =>
  (candidate.links === null || candidate.links.includes(harm.link)) &&
  harm.severity >= candidate.fromSeverity &&
  !(who.contact !== null && candidate.unlessContact.includes(who.contact));

/**
 * What to offer. `left` is the goodwill that may be spent now, in ten-thousandths; `chance`, in [0, 1), is the
 * alert's own and the same each time it is asked. Mostly the best is proposed; now and then, by the
 * policy's `explore`, another whose interval still reaches it, so that what is never tried is not for ever unknown.
 */
function recommendUnheard(
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
  const none = { owed, ranked, proposed: null, propensity: 0, manner: [] };
  if (best === undefined) return { ...none, reasons: ["Nothing fits that may be offered now."] };
  const width = best.prediction.high - best.prediction.low;
  if (width > resolutions.abstainAbove) {
    const known = `${best.prediction.known} outcomes of it are known`;
    const said = `what they would say of it could be ${text(best.prediction.low)} to ${text(best.prediction.high)}`;
    return { ...none, reasons: [`Too little is known: ${said}; ${known}.`] };
  }
  const others = othersOf(ranked);
  const share = others.length === 0 ? 0 : resolutions.explore / others.length;
  const other = share === 0 ? -1 : Math.floor(chance / share);
  const proposed = others[other] ?? best;
  return {
    owed,
    ranked,
    proposed,
    propensity: propensityOf(resolutions, ranked, best, proposed),
    reasons: reasonsOf(proposed, best, situation),
    manner: [],
  };
}

/**
 * The same with an ear for how they sound. Who is offered how much money is settled before anybody listens:
 * the tone picks among ways of the same amount, moves what is expected of them, and says how to speak. Where
 * too little is known of people who sound like this, everything stays as if they had said nothing.
 */
export function recommend(
  model: OutcomeModel,
  resolutions: Resolutions,
  situation: Situation,
  left: number,
  chance: number,
  heard: Heard | null = null,
): Recommendation {
  const unheard = recommendUnheard(model, resolutions, situation, left, chance);
  if (heard === null) return unheard;
  const manner = mannerOf(heard.tone, situation.who);
  const { proposed, ranked } = unheard;
  const [best] = ranked;
  if (proposed === null || best === undefined) return { ...unheard, manner };
  const toned = ranked.map((one) => ({
    ...one,
    prediction: heard.model.predict(
      one.candidate.id,
      featuresOf(one.candidate.id, situation, heard.tone),
    ),
  }));
  const bestHeard = toned
    .filter(({ candidate }) => candidate.amount === best.candidate.amount)
    .reduce((a, b) => (b.prediction.mean > a.prediction.mean ? b : a));
  const { low, high } = bestHeard.prediction;
  if (high - low > resolutions.abstainAbove) return { ...unheard, manner };
  const isBest = proposed === best;
  const id = isBest ? bestHeard.candidate.id : proposed.candidate.id;
  const chosen = toned.find(({ candidate }) => candidate.id === id) ?? bestHeard;
  return {
    ...unheard,
    ranked: toned,
    proposed: chosen,
    propensity: propensityOf(resolutions, ranked, bestHeard, chosen),
    reasons: reasonsOf(chosen, isBest ? bestHeard : best, situation),
    manner,
  };
}

/** What is now and then tried instead of the best: whatever may yet turn out to be as good. */
const othersOf = (ranked: readonly Scored[]): readonly Scored[] => {
  const [best] = ranked;
  if (best === undefined) return [];
  return ranked.slice(1).filter(({ prediction }) => prediction.high >= best.prediction.mean);
};

/** With what probability it is proposed: as the best, and besides as one that is tried. */
function propensityOf(
  { explore }: Resolutions,
  ranked: readonly Scored[],
  best: Scored,
  proposed: Scored,
): number {
  const others = othersOf(ranked);
  const { id } = proposed.candidate;
  const asBest = id === best.candidate.id ? 1 - (others.length === 0 ? 0 : explore) : 0;
  const isTried = others.some(({ candidate }) => candidate.id === id);
  return asBest + (isTried ? explore / others.length : 0);
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
