import type { Fact, Kind } from "@troth/events";
import type {
  Needs,
  NoiseRule,
  PledgeTemplate,
  PledgeVariant,
  Policy,
  Readers,
  Slot,
  SlotReader,
  SlotRole,
} from "@troth/policy";
import { slotsOf } from "@troth/policy";
import { nobody } from "./profile.ts";

export type NumberedSlot = { readonly slot: Slot; readonly number: number };

/** The slots of a template by role, looked up once per policy. */
export type Roles = Readonly<Record<SlotRole, readonly NumberedSlot[]>>;

function rolesOf(template: PledgeTemplate): Roles {
  const roles: Record<SlotRole, NumberedSlot[]> = {
    kept: [],
    broken: [],
    withdrawn: [],
    paused: [],
    resumed: [],
    risk: [],
    confirm: [],
    needs: [],
  };
  slotsOf(template).forEach(({ role, slot }, number) => {
    roles[role].push({ slot, number });
  });
  return roles;
}

/** What reads one kind of fact; each rule has a bit by which it is known not to hold before it is tried. */
export type KindPlan = {
  readonly fields: readonly FieldPlan[];
  readonly made: readonly { readonly bit: number; readonly reader: Readers["made"][number] }[];
  readonly slots: readonly { readonly bit: number; readonly reader: SlotReader }[];
  /** Without those of cohorts. */
  readonly noises: readonly { readonly bit: number; readonly rule: NoiseRule }[];
};

/** Which rules may hold by what one field says, as bits. */
type FieldPlan = {
  readonly name: string;
  readonly absent: number;
  /** By the text it is; `otherWord` where it is none of these. */
  readonly words: ReadonlyMap<string, number>;
  readonly otherWord: number;
};

/** Rules beyond these share the last bit, which no field takes away. */
const bitsMost = 31;
const all = -1;

function fieldPlan(
  name: string,
  rules: readonly Needs[],
  bitOf: (rule: Needs) => number,
): FieldPlan {
  let absent = all;
  let otherWord = all;
  const words = new Map<string, number>();
  const wordsOf = ({ needsWords = [] }: Needs): readonly string[] | undefined =>
    needsWords.find(({ field }) => field === name)?.words;
  for (const rule of rules) {
    if (rule.needsFields?.includes(name)) absent &= ~bitOf(rule);
    const own = wordsOf(rule);
    if (own === undefined) continue;
    otherWord &= ~bitOf(rule);
    for (const word of own) words.set(word, all);
  }
  for (const word of words.keys()) {
    let may = all;
    for (const rule of rules) if (wordsOf(rule)?.includes(word) === false) may &= ~bitOf(rule);
    words.set(word, may);
  }
  return { name, absent, words, otherWord };
}

function kindPlanOf(readers: Readers): KindPlan {
  const noises = readers.noises.filter((rule) => rule.touches === null);
  const rules: readonly Needs[] = [
    ...readers.made.map(({ slot }) => slot),
    ...readers.slots.map(({ slot }) => slot),
    ...noises,
  ];
  const places = new Map(rules.map((rule, place) => [rule, place]));
  const bitOf = (rule: Needs): number => 1 << Math.min(places.get(rule) ?? bitsMost, bitsMost);
  const known = rules.slice(0, bitsMost);
  const names = known.flatMap(({ needsFields = [], needsWords = [] }) => [
    ...needsFields,
    ...needsWords.map(({ field }) => field),
  ]);
  return {
    fields: [...new Set(names)].map((name) => fieldPlan(name, known, bitOf)),
    made: readers.made.map((reader) => ({ bit: bitOf(reader.slot), reader })),
    slots: readers.slots.map((reader) => ({ bit: bitOf(reader.slot), reader })),
    noises: noises.map((rule) => ({ bit: bitOf(rule), rule })),
  };
}

const kindPlansOf = (policy: Policy): ReadonlyMap<Kind, KindPlan> =>
  new Map([...policy.readers].map(([kind, readers]) => [kind, kindPlanOf(readers)]));

/** The rules that may hold of the fact, as bits; the others surely do not. */
export function mayHold({ fields }: KindPlan, data: Fact["data"]): number {
  let may = all;
  for (const { name, absent, words, otherWord } of fields) {
    const value = data[name];
    if (value === undefined) may &= absent;
    else if (typeof value === "string") may &= words.get(value) ?? otherWord;
  }
  return may;
}

/** What is worked out once per template, by its index in the policy. */
export type TemplatePlan = {
  readonly template: PledgeTemplate;
  readonly roles: Roles;
  /** Its place when promises are put in order of their ids, which begin with the template's. */
  readonly rank: number;
  /** The variant that governs for somebody of whom nothing is known. */
  readonly usual: PledgeVariant | null;
};

function templatePlansOf(policy: Policy): readonly TemplatePlan[] {
  const heads = policy.pledges.map((template) => `${template.id}/`);
  const sorted = [...heads].sort();
  return policy.pledges.map((template, i) => ({
    template,
    roles: rolesOf(template),
    rank: sorted.indexOf(heads[i] ?? ""),
    usual: template.variants.find((variant) => variant.applies(nobody)) ?? null,
  }));
}

export type Plans = {
  readonly plans: readonly TemplatePlan[];
  readonly kinds: ReadonlyMap<Kind, KindPlan>;
};

const known = new WeakMap<Policy, Plans>();

/** Worked out once for a policy, however many engines judge by it. */
export function plansOf(policy: Policy): Plans {
  const before = known.get(policy);
  if (before !== undefined) return before;
  const plans = { plans: templatePlansOf(policy), kinds: kindPlansOf(policy) };
  known.set(policy, plans);
  return plans;
}
