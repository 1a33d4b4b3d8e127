import type { Fact, Reference } from "@troth/events";
import type { NoiseRule, PledgeTemplate, Policy, Slot, SlotRole, Step } from "@troth/policy";
import { textOf } from "./field.ts";
import type { Item } from "./order.ts";

/** What a fact leaves behind with the customer it is delivered to (RULES.md 3). */
export type Term = Item & {
  readonly promiseId: string;
  readonly template: PledgeTemplate;
  readonly stated: number | null;
  readonly value: number | null;
  readonly tag: string | null;
};
export type Mark = Item & {
  readonly template: PledgeTemplate;
  readonly role: SlotRole;
  readonly slot: Slot;
  /** Position of the slot in its template, so that two slots of one role stay apart. */
  readonly number: number;
  readonly value: number | null;
  readonly name: string | null;
  /** The pledge it names (`by: key`); null for a loose mark. */
  readonly promiseId: string | null;
};
export type Noise = Item & { readonly rule: NoiseRule; readonly value: number | null };
export type ProfileItem = Item & { readonly fact: Fact };
export type Exposure = Item & { readonly campaignId: string };

export type Traces = {
  readonly terms: readonly Term[];
  readonly marks: readonly Mark[];
  readonly noises: readonly Noise[];
  readonly profile: readonly ProfileItem[];
  readonly exposures: readonly Exposure[];
};

/** A fact held for a customer, with the address it came in under. */
export type Held = { readonly fact: Fact; readonly origin: Reference; readonly traces: Traces };

/** The last step reached, or null below the first. */
export function stepFor(steps: readonly Step[], amount: number): Step | null {
  let reached: Step | null = null;
  for (const step of steps) if (step.over <= amount) reached = step;
  return reached;
}

export const noiseSeverity = (rule: NoiseRule, value: number | null): number =>
  stepFor(rule.steps, value ?? 0)?.severity ?? 0;

/** A value below the first step is no noise; credit needs no step. */
export function countsAsNoise(rule: NoiseRule, fact: Fact): boolean {
  if (!rule.kinds.includes(fact.kind) || !rule.test(fact)) return false;
  return rule.credit !== null || noiseSeverity(rule, rule.value(fact)) >= 1;
}

export const noiseOf = (rule: NoiseRule, fact: Fact): Noise => ({
  at: rule.at(fact),
  id: fact.id,
  source: fact.source,
  rule,
  value: rule.value(fact),
});

export const nothing: Traces = { terms: [], marks: [], noises: [], profile: [], exposures: [] };

/** Everything a delivered fact leaves behind. */
export function tracesOf(fact: Fact, policy: Policy): Traces {
  const campaignId = fact.kind === "advert.exposed" ? textOf(fact, "campaignId") : null;
  const plain: Item = { at: fact.time, id: fact.id, source: fact.source };
  const isProfile = fact.kind === "profile.updated" || fact.kind === "preference.set";
  return {
    terms: policy.pledges.flatMap((template) => termsOf(fact, template)),
    marks: policy.pledges.flatMap((template) => marksOf(fact, template)),
    noises: policy.noises
      .filter((rule) => rule.touches === null && countsAsNoise(rule, fact))
      .map((rule) => noiseOf(rule, fact)),
    profile: isProfile ? [{ ...plain, fact }] : [],
    exposures: campaignId === null ? [] : [{ ...plain, campaignId }],
  };
}

function termsOf(fact: Fact, template: PledgeTemplate): Term[] {
  const terms: Term[] = [];
  for (const slot of template.made) {
    if (!slot.kinds.includes(fact.kind) || !slot.test(fact)) continue;
    const key = slot.key(fact);
    if (key === null) continue;
    terms.push({
      at: slot.at(fact),
      id: fact.id,
      source: fact.source,
      promiseId: `${template.id}/${key}`,
      template,
      stated: slot.stated(fact),
      value: slot.value(fact),
      tag: slot.tag(fact),
    });
  }
  return terms;
}

/** The slots of a template under their roles, in the order of `PledgeTemplate`. */
function slotsWithRoles(template: PledgeTemplate): { role: SlotRole; slot: Slot }[] {
  const under = (role: SlotRole, slots: readonly Slot[]) => slots.map((slot) => ({ role, slot }));
  return [
    ...under("kept", template.kept),
    ...under("broken", template.broken),
    ...under("withdrawn", template.withdrawn),
    ...under("paused", template.paused),
    ...under("resumed", template.resumed),
    ...under("risk", template.risk),
    ...under("confirm", template.confirm === null ? [] : [template.confirm]),
    ...under("needs", template.needs === null ? [] : [template.needs]),
  ];
}

function marksOf(fact: Fact, template: PledgeTemplate): Mark[] {
  const marks: Mark[] = [];
  for (const [number, { role, slot }] of slotsWithRoles(template).entries()) {
    if (!slot.kinds.includes(fact.kind) || !slot.test(fact)) continue;
    const name = slot.name(fact);
    if (slot.by === "key" && name === null) continue;
    marks.push({
      at: slot.at(fact),
      id: fact.id,
      source: fact.source,
      template,
      role,
      slot,
      number,
      value: slot.value(fact),
      name,
      promiseId: slot.by === "key" ? `${template.id}/${name}` : null,
    });
  }
  return marks;
}
