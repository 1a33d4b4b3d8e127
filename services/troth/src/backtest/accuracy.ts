import type { SurveyDecision } from "@troth/events";
import { openSimulatedRng } from "@troth/runtime";
import { type Accuracy, measure, type Outcome } from "@troth/truth";

/** A figure with its 95 % interval; null where there is nothing to divide by. */
export type Estimate = {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
};

export type Measured = Accuracy & {
  readonly precision95: Estimate;
  readonly recall95: Estimate;
  /** Share of bad answers among the alerted, over their share among all: 1 is as good as chance. */
  readonly lift95: Estimate;
};

export type Comparison = {
  readonly answers: number;
  /** Share of bad answers, weighted. */
  readonly base: Estimate;
  readonly live: Measured;
  readonly candidate: Measured;
  /** Candidate less live, both on the same resampled answers. */
  readonly precisionGain: Estimate;
  readonly recallGain: Estimate;
};

type Pair = {
  readonly weight: number;
  readonly bad: boolean;
  readonly live: boolean;
  readonly candidate: boolean;
};

const resamples = 500;
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

type Figures = {
  readonly base: number;
  readonly precision: readonly [live: number, candidate: number];
  readonly recall: readonly [live: number, candidate: number];
};

/** NaN where there is nothing to divide by. */
function figuresOf(pairs: readonly Pair[], times: Uint16Array | null): Figures {
  let all = 0;
  let bad = 0;
  let [liveSaid, liveHit, newSaid, newHit] = [0, 0, 0, 0];
  for (let n = 0; n < pairs.length; n += 1) {
    const pair = pairs[n];
    const count = times === null ? 1 : (times[n] ?? 0);
    if (pair === undefined || count === 0) continue;
    const weight = pair.weight * count;
    all += weight;
    if (pair.bad) bad += weight;
    if (pair.live) liveSaid += weight;
    if (pair.live && pair.bad) liveHit += weight;
    if (pair.candidate) newSaid += weight;
    if (pair.candidate && pair.bad) newHit += weight;
  }
  return {
    base: bad / all,
    precision: [liveHit / liveSaid, newHit / newSaid],
    recall: [liveHit / bad, newHit / bad],
  };
}

function estimate(value: number, drawn: readonly number[]): Estimate {
  const known = drawn.filter((one) => Number.isFinite(one)).sort((a, b) => a - b);
  if (!Number.isFinite(value) || known.length === 0) return { value: null, low: null, high: null };
  const at = (share: number): number => known[Math.round(share * (known.length - 1))] ?? value;
  return { value: rounded(value), low: rounded(at(0.025)), high: rounded(at(0.975)) };
}

function pairsOf(
  live: readonly SurveyDecision[],
  candidate: readonly SurveyDecision[],
  outcomes: ReadonlyMap<string, Outcome>,
): readonly Pair[] {
  const said = new Map(candidate.map((survey) => [survey.invitationId, survey.alerted]));
  return live.flatMap((survey) => {
    const outcome = outcomes.get(survey.invitationId);
    const now = said.get(survey.invitationId);
    if (outcome === undefined || now === undefined) return [];
    const { weight, alerted } = survey;
    return [{ weight, bad: outcome === "not_enjoyed", live: alerted, candidate: now }];
  });
}

const accuracyOf = (
  surveys: readonly SurveyDecision[],
  outcomes: ReadonlyMap<string, Outcome>,
): Accuracy =>
  measure(
    surveys.flatMap((survey) => {
      const outcome = outcomes.get(survey.invitationId);
      return outcome === undefined ? [] : [{ ...survey, outcome }];
    }),
  );

/**
 * Both policies against the answers in the lake. Intervals are percentiles of a bootstrap over the
 * answers, each with its weight, drawn from a seed: the same lake gives the same bytes.
 */
export function compareAccuracy(
  live: readonly SurveyDecision[],
  candidate: readonly SurveyDecision[],
  outcomes: ReadonlyMap<string, Outcome>,
  seed: number,
): Comparison {
  const pairs = pairsOf(live, candidate, outcomes);
  const rng = openSimulatedRng(seed);
  const whole = figuresOf(pairs, null);
  const drawn: Figures[] = [];
  const times = new Uint16Array(pairs.length);
  for (let round = 0; round < resamples && pairs.length > 0; round += 1) {
    times.fill(0);
    for (let n = 0; n < pairs.length; n += 1) {
      const at = Math.floor(rng.next() * pairs.length);
      times[at] = (times[at] ?? 0) + 1;
    }
    drawn.push(figuresOf(pairs, times));
  }
  const of = (read: (figures: Figures) => number): Estimate =>
    estimate(read(whole), drawn.map(read));
  const measured = (surveys: readonly SurveyDecision[], which: 0 | 1): Measured => ({
    ...accuracyOf(surveys, outcomes),
    precision95: of(({ precision }) => precision[which]),
    recall95: of(({ recall }) => recall[which]),
    lift95: of(({ precision, base }) => precision[which] / base),
  });
  return {
    answers: pairs.length,
    base: of(({ base }) => base),
    live: measured(live, 0),
    candidate: measured(candidate, 1),
    precisionGain: of(({ precision }) => precision[1] - precision[0]),
    recallGain: of(({ recall }) => recall[1] - recall[0]),
  };
}
