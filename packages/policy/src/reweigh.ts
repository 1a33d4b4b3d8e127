import { Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap } from "yaml";

/** What a rule's outcomes weigh; what is left out stays as the file has it. */
export type RuleWeights = {
  readonly bySeverity?: readonly number[];
  readonly overdue?: number;
  readonly renegotiated?: number;
  readonly atRisk?: number;
  readonly kept?: number;
  readonly credit?: number;
  readonly shadow: boolean;
};

export type Reweighing = {
  readonly name: string;
  readonly score: Readonly<Record<string, unknown>>;
  readonly pledges: Readonly<Record<string, RuleWeights>>;
  readonly noises: Readonly<Record<string, RuleWeights>>;
  /** Stands at the head of the file, a line each. */
  readonly comment: readonly string[];
};

const given = (fields: Readonly<Record<string, number | readonly number[] | undefined>>) =>
  Object.entries(fields).filter(([, value]) => value !== undefined);

/** Written on one line: five numbers are read together. */
const inline = (value: unknown): unknown => {
  const node = new Document(value).contents;
  if (isSeq(node)) node.flow = true;
  return node;
};

function setShadow(rule: YAMLMap, shadow: boolean): void {
  if (shadow) rule.set("shadow", true);
  else rule.delete("shadow");
}

function reweighPledge(rule: YAMLMap, weights: RuleWeights): void {
  const { bySeverity, overdue, renegotiated, atRisk, kept } = weights;
  for (const [name, value] of given({ bySeverity, overdue, renegotiated, kept })) {
    rule.setIn(["points", name], inline(value));
  }
  if (atRisk !== undefined) rule.setIn(["atRisk", "points"], atRisk);
  setShadow(rule, weights.shadow);
}

function reweighNoise(rule: YAMLMap, weights: RuleWeights): void {
  for (const [name, value] of given({ points: weights.bySeverity, credit: weights.credit })) {
    rule.set(name, inline(value));
  }
  setShadow(rule, weights.shadow);
}

/** A policy's text with other points for the rules named, comments and order as they were. */
export function reweighPolicy(text: string, { name, score, ...rules }: Reweighing): string {
  const document = parseDocument(text);
  document.commentBefore = rules.comment.map((line) => ` ${line}`).join("\n");
  const first = isMap(document.contents) ? document.contents.items[0]?.key : undefined;
  if (isScalar(first)) first.commentBefore = null;
  document.set("policy", name);
  for (const [key, value] of Object.entries(score)) {
    document.setIn(["score", key], document.createNode(value));
  }
  const table = document.getIn(["score", "probability"]);
  if (isSeq(table)) for (const step of table.items) if (isMap(step)) step.flow = true;
  const sections = [
    ["pledges", rules.pledges, reweighPledge],
    ["noises", rules.noises, reweighNoise],
  ] as const;
  for (const [section, weighed, reweigh] of sections) {
    for (const [id, weights] of Object.entries(weighed)) {
      const rule = document.getIn([section, id]);
      if (isMap(rule)) reweigh(rule, weights);
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** The same policy with nothing in shadow: what its rules were written to weigh. */
export function unshadowed(text: string): string {
  const document = parseDocument(text);
  for (const section of ["pledges", "noises"]) {
    const rules = document.get(section);
    if (!isMap(rules)) continue;
    for (const { value } of rules.items) if (isMap(value)) value.delete("shadow");
  }
  return document.toString({ lineWidth: 0 });
}

/** What every outcome weighs in a policy made for measuring; fading leaves a fraction of it. */
export const probePoints = 10_000;

const even = [1, 1, 1, 1, 1].map((one) => one * probePoints);

/**
 * The same policy with every outcome of every rule weighing the same and nobody alerted: what a
 * survey's parts then show is which outcomes held, and how far each had faded.
 */
export function probePolicy(text: string, score: Readonly<Record<string, unknown>>): string {
  const document = parseDocument(text);
  const ids = (section: string): readonly string[] => {
    const rules = document.get(section);
    return isMap(rules)
      ? rules.items.map(({ key }) => String(isScalar(key) ? key.value : key))
      : [];
  };
  const isCredit = (id: string): boolean => document.hasIn(["noises", id, "credit"]);
  const pledge: RuleWeights = {
    bySeverity: even,
    overdue: probePoints,
    renegotiated: probePoints,
    atRisk: probePoints,
    kept: -probePoints,
    shadow: false,
  };
  return reweighPolicy(text, {
    name: "probe",
    score: {
      ...score,
      levels: { low: 99_998, medium: 99_999, high: 100_000 },
      alertAt: 100_000,
      recoverBelow: 0,
      criticalSeverity: 6,
      probability: [],
    },
    pledges: Object.fromEntries(ids("pledges").map((id) => [id, pledge])),
    noises: Object.fromEntries(
      ids("noises").map((id) => [
        id,
        isCredit(id)
          ? { credit: -probePoints, shadow: false }
          : { bySeverity: even, shadow: false },
      ]),
    ),
    comment: [],
  });
}
