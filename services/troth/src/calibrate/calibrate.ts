import { publicPseudonymKey } from "@troth/events";
import {
  type Policy,
  parsePolicy,
  probePolicy,
  type RuleWeights,
  reweighPolicy,
  unshadowed,
} from "@troth/policy";
import {
  type AnsweredLine,
  answeredOf,
  fitIsotonic,
  logOddsOf,
  probabilityOf,
  rulesTruth,
} from "@troth/truth";
import { InputError } from "../exit.ts";
import { replay } from "../replay/replay.ts";
import type { ReadLines } from "../replay/source.ts";
import type { Verdicts } from "../replay/verdicts.ts";
import { ProbeBook } from "./cells.ts";
import { type Example, type Learned, learn, logOdds, pointsOf } from "./weigh.ts";

export type CalibrateRequest = {
  /** The policy's text: its rules, its signs, its sentences. */
  readonly text: string;
  readonly name: string;
  /** Opens the events anew; they are read twice. */
  readonly lines: () => ReadLines;
  /** Nothing recorded later is read, no answer either. */
  readonly until: number | null;
  readonly penalty: number;
  /** Alerts are to be right this often on the answers fitted. */
  readonly precision: number;
  /** Put rules in shadow whose lift on these answers may be none, and fit the rest again. */
  readonly demote: boolean;
  /**
   * Points for one unit of log odds, where an earlier fit of other rules has settled them: alerts and
   * probabilities then stay as they are. Null: settled here, by `precision`.
   */
  readonly scale: number | null;
  /** Score settings to take instead of the policy's own. */
  readonly score: Readonly<Record<string, unknown>>;
  readonly comment: (facts: Fit) => readonly string[];
};

export type Fit = {
  readonly examples: number;
  readonly base: number;
  readonly learned: Learned;
  /** Points for one unit of log odds. */
  readonly scale: number;
  /** Alerts begin at this probability. */
  readonly alertFrom: number;
  /** Rules put in shadow because against comparable customers their lift may be none. */
  readonly demoted: readonly string[];
};

export type Calibration = { readonly text: string; readonly policy: Policy; readonly fit: Fit };

function parsed(text: string): Policy {
  const result = parsePolicy(text);
  if (result.ok) return result.value;
  const [first] = result.error;
  throw new InputError(
    `the policy cannot be used: line ${first?.line}: ${first?.found}; expected ${first?.expected}`,
  );
}

async function judged(
  policy: Policy,
  request: Pick<CalibrateRequest, "lines" | "until">,
  fold: (decision: Parameters<ProbeBook["fold"]>[0]) => void,
): Promise<Verdicts> {
  const { verdicts } = await replay(request.lines(), policy, publicPseudonymKey, request.until, {
    decision: fold,
    output: null,
    setAside: () => undefined,
    drained: () => Promise.resolve(),
  });
  return verdicts;
}

/** Every answered survey with what stood when it went out. */
export async function gatherExamples(
  request: Pick<CalibrateRequest, "text" | "lines" | "until" | "score">,
): Promise<readonly Example[]> {
  const book = new ProbeBook();
  const probe = parsed(probePolicy(request.text, request.score));
  const verdicts = await judged(probe, request, (decision) => book.fold(decision));
  const outcomes = new Map([...verdicts.truth()].map((one) => [one.invitationId, one.outcome]));
  return book.surveys.flatMap((survey) => {
    const outcome = outcomes.get(survey.invitationId) ?? null;
    return outcome === null ? [] : [{ ...survey, bad: outcome === "not_enjoyed" }];
  });
}

/** The lowest probability from which on alerts are right often enough; equal ones stay together. */
export function alertThreshold(
  examples: readonly { readonly p: number; readonly bad: boolean; readonly weight: number }[],
  precision: number,
): number | null {
  const sorted = [...examples].sort((a, b) => b.p - a.p);
  let hit = 0;
  let all = 0;
  let found: number | null = null;
  sorted.forEach(({ p, bad, weight }, i) => {
    all += weight;
    if (bad) hit += weight;
    if (sorted[i + 1]?.p !== p && hit >= precision * all) found = p;
  });
  return found;
}

function weightsOf(
  rules: readonly (Policy["pledges"][number] | Policy["noises"][number])[],
  { learned, scale, demoted }: Pick<Fit, "learned" | "scale" | "demoted">,
): Record<string, RuleWeights> {
  const weights: Record<string, RuleWeights> = {};
  for (const rule of rules) {
    const own = learned.rules.find(({ id }) => id === rule.id);
    if (own !== undefined) weights[rule.id] = pointsOf(rule, own, scale);
    else if (demoted.includes(rule.id)) weights[rule.id] = { shadow: true };
  }
  return weights;
}

/** An alert whose score has fallen below what the answers call probable is over: nine tenths. */
const recoverAt = ({ score }: Policy): number => Math.floor((score.alertAt * 9) / 10);

/** Finer than this a step of the probability table rests on too few answers. */
const leastShare = 0.02;
/** Enough redrawn customers to tell whether zero is inside the middle 95%. */
const demoting = { resamples: 200, seed: 1 };

async function truthOf(
  policy: Policy,
  request: CalibrateRequest,
): Promise<readonly AnsweredLine[]> {
  const verdicts = await judged(policy, request, () => undefined);
  return answeredOf([...verdicts.truth()]);
}

/** How probable a bad answer is at each score, from the answers fitted. */
const probabilityTable = (
  lines: readonly AnsweredLine[],
): readonly { from: number; perMille: number }[] =>
  fitIsotonic(
    lines.map(({ riskScore, outcome, weight }) => ({
      score: riskScore,
      bad: outcome === "not_enjoyed",
      weight,
    })),
    leastShare,
  ).map(({ from, share }, i) => ({
    from: i === 0 ? -100_000 : from,
    perMille: Math.round(share * 1000),
  }));

/** Fits a policy's points to the answers recorded by `until`. */
export async function calibrate(request: CalibrateRequest): Promise<Calibration> {
  const plain = parsed(request.text);
  const examples = await gatherExamples(request);
  const bad = examples.filter((one) => one.bad).length;
  if (bad < 50 || examples.length - bad < 50) {
    throw new InputError(
      `${examples.length} answered surveys, ${bad} of them unhappy: at least 50 of each sort are needed to learn from`,
    );
  }
  // Signs are the written policy's; the probe only lifts what is in shadow.
  const signed = learnable(request.text);
  let fit = fitted(signed, plain, examples, request, new Set());
  let lines = await truthOf(parsed(reweighed(request, plain, fit, [])), request);
  if (request.demote) {
    const demoted = rulesTruth(lines, demoting).filter(({ advice }) => advice === "to-shadow");
    const unproven = new Set(demoted.map(({ name }) => name));
    fit = fitted(signed, plain, examples, request, unproven);
    lines = await truthOf(parsed(reweighed(request, plain, fit, [])), request);
  }
  const { probability } = plain.score;
  const table = request.scale === null ? probabilityTable(lines) : probability;
  const text = reweighed(request, plain, fit, table);
  return { text, policy: parsed(text), fit };
}

function fitted(
  signed: Policy,
  plain: Policy,
  examples: readonly Example[],
  request: CalibrateRequest,
  without: ReadonlySet<string>,
): Fit {
  const learned = learn(signed, examples, request.penalty, without);
  const shares = examples.map((one) => ({ ...one, p: probabilityOf(logOdds(learned, one)) }));
  const alertFrom =
    request.scale === null
      ? alertThreshold(shares, request.precision)
      : probabilityOf(learned.intercept + plain.score.alertAt / request.scale);
  const room = alertFrom === null ? 0 : logOddsOf(alertFrom) - learned.intercept;
  if (alertFrom === null || room <= 0) {
    throw new InputError(
      `no score is right ${request.precision * 100}% of the time on these answers: lower --precision`,
    );
  }
  const total = examples.reduce((sum, { weight }) => sum + weight, 0);
  const unhappy = examples.reduce((sum, one) => sum + (one.bad ? one.weight : 0), 0);
  return {
    examples: examples.length,
    base: unhappy / total,
    learned,
    scale: plain.score.alertAt / room,
    alertFrom,
    demoted: [...without].sort(),
  };
}

const reweighed = (
  request: CalibrateRequest,
  plain: Policy,
  fit: Fit,
  probability: readonly unknown[],
): string =>
  reweighPolicy(request.text, {
    name: request.name,
    score:
      request.scale === null
        ? { ...request.score, recoverBelow: recoverAt(plain), probability }
        : {},
    pledges: weightsOf(plain.pledges, fit),
    noises: weightsOf(plain.noises, fit),
    comment: request.comment(fit),
  });

/** The rules of a policy's text as a fit reads them: with the signs they were written to have. */
export const learnable = (text: string): Policy => parsed(unshadowed(text));
