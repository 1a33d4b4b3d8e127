import { type AnsweredLine, answeredOf } from "./answered.ts";
import type { Interval, Resampling } from "./bootstrap.ts";
import { type Calibration, calibrationOf } from "./calibration.ts";
import { type DriftWindow, driftOf } from "./drift.ts";
import { type Figures, figuresOf, type PointsOf, type Touch, touchesOf } from "./figures.ts";
import { type Outcome, outcomes, type TruthLine } from "./truth-line.ts";

export type Shares = Readonly<Record<Outcome, number>>;

/** What a rule's answers advise: leave it, put it in shadow, or lift it out; or wait for answers. */
export type RuleAdvice = "keep" | "to-shadow" | "stay-in-shadow" | "lift" | "too-few";
export type RuleTruth = Touch & { readonly shadow: boolean; readonly advice: RuleAdvice };

export type Group = { readonly name: string } & Pick<
  Figures,
  "n" | "precision" | "recall" | "lift" | "auc" | "ap"
>;

export type TruthReport = {
  readonly asked: number;
  readonly answered: number;
  /** Share of those asked who answered, by weight; people who suffered may answer more, or less. */
  readonly response: { readonly alerted: number | null; readonly others: number | null };
  readonly outcomes: {
    readonly all: Shares;
    readonly alerted: Shares | null;
    readonly others: Shares | null;
  };
  readonly overall: Figures;
  readonly calibration: Calibration;
  readonly rules: readonly RuleTruth[];
  readonly links: readonly Touch[];
  readonly segments: readonly Group[];
  readonly regions: readonly Group[];
  readonly policies: readonly Group[];
  readonly drift: readonly DriftWindow[];
};

/** With fewer touched than this a rule is neither proven nor refuted. */
const touchedAtLeast = 30;
const groupAtLeast = 100;
const windowMs = 30 * 86_400_000;

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

function sharesOf(lines: readonly AnsweredLine[]): Shares | null {
  const total = lines.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return null;
  const share = (outcome: Outcome): number =>
    rounded(
      lines.reduce((sum, one) => sum + (one.outcome === outcome ? one.weight : 0), 0) / total,
    );
  const [enjoyed, indifferent, not_enjoyed] = outcomes.map(share);
  return {
    enjoyed: enjoyed ?? 0,
    indifferent: indifferent ?? 0,
    not_enjoyed: not_enjoyed ?? 0,
  };
}

function responseOf(lines: readonly TruthLine[], alerted: boolean): number | null {
  let asked = 0;
  let answered = 0;
  for (const line of lines) {
    if (line.alerted !== alerted) continue;
    asked += line.weight;
    if (line.outcome !== null) answered += line.weight;
  }
  return asked === 0 ? null : rounded(answered / asked);
}

/** No lift that may as well be none: against comparable customers, zero is outside the interval. */
const isProven = ({ low }: Interval): boolean => low !== null && low > 0;

function adviceOf(touch: Touch, shadow: boolean): RuleAdvice {
  if (touch.touched < touchedAtLeast) return "too-few";
  const proven = isProven(touch.adjusted);
  if (shadow) return proven ? "lift" : "stay-in-shadow";
  return proven ? "keep" : "to-shadow";
}

const pointsBy =
  (what: "rule" | "link"): PointsOf =>
  ({ parts }, name) =>
    parts.reduce((sum, part) => sum + (part[what] === name ? part.points : 0), 0);

function groupsOf(
  lines: readonly AnsweredLine[],
  nameOf: (line: AnsweredLine) => string | null,
  resampling: Resampling,
): readonly Group[] {
  const groups = new Map<string, AnsweredLine[]>();
  for (const line of lines) {
    const name = nameOf(line);
    if (name === null) continue;
    const group = groups.get(name) ?? [];
    groups.set(name, group);
    group.push(line);
  }
  return [...groups]
    .filter(([, group]) => group.length >= groupAtLeast)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, group]) => ({ name, ...figuresOf(group, resampling) }));
}

/** Every rule that held at some survey, in shadow or not, and what its answers advise. */
export function rulesTruth(
  answers: readonly AnsweredLine[],
  resampling: Resampling,
): readonly RuleTruth[] {
  const shadow = new Set(answers.flatMap((one) => one.shadow));
  return touchesOf(
    answers,
    (one) => [...one.rules, ...one.shadow],
    pointsBy("rule"),
    resampling,
  ).map((touch) => {
    const inShadow = shadow.has(touch.name);
    return { ...touch, shadow: inShadow, advice: adviceOf(touch, inShadow) };
  });
}

/** Answers held against what was said of each customer when they were asked. */
export function reportOf(lines: readonly TruthLine[], resampling: Resampling): TruthReport {
  const answers = answeredOf(lines);
  const alerted = answers.filter((one) => one.alerted);
  const others = answers.filter((one) => !one.alerted);
  const linksOf = ({ parts }: TruthLine): readonly string[] =>
    parts.filter(({ points }) => points > 0).map(({ link }) => link);
  return {
    asked: lines.length,
    answered: answers.length,
    response: { alerted: responseOf(lines, true), others: responseOf(lines, false) },
    outcomes: {
      all: sharesOf(answers) ?? { enjoyed: 0, indifferent: 0, not_enjoyed: 0 },
      alerted: sharesOf(alerted),
      others: sharesOf(others),
    },
    overall: figuresOf(answers, resampling),
    calibration: calibrationOf(answers),
    rules: rulesTruth(answers, resampling),
    links: touchesOf(answers, linksOf, pointsBy("link"), resampling),
    segments: groupsOf(answers, ({ segment }) => segment, resampling),
    regions: groupsOf(answers, ({ region }) => region, resampling),
    policies: groupsOf(answers, ({ policy }) => policy, resampling),
    drift: driftOf(answers, windowMs),
  };
}
