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

/** What reads one kind of fact, with the fields it needs as bits. */
export type KindPlan = {
  /** A field a bit. */
  readonly fields: readonly string[];
  readonly made: readonly { readonly needs: number; readonly reader: Readers["made"][number] }[];
  readonly slots: readonly { readonly needs: number; readonly reader: SlotReader }[];
  /** Without those of cohorts. */
  readonly noises: readonly { readonly needs: number; readonly rule: NoiseRule }[];
};

const bitsMost = 30;

function kindPlanOf({ made, slots, noises }: Readers): KindPlan {
  const fields: string[] = [];
  const bitsOf = ({ needsFields = [] }: Needs): number => {
    let bits = 0;
    for (const field of needsFields) {
      if (!fields.includes(field) && fields.length < bitsMost) fields.push(field);
      const bit = fields.indexOf(field);
      if (bit >= 0) bits |= 1 << bit;
    }
    return bits;
  };
  return {
    made: made.map((reader) => ({ needs: bitsOf(reader.slot), reader })),
    slots: slots.map((reader) => ({ needs: bitsOf(reader.slot), reader })),
    noises: noises
      .filter((rule) => rule.touches === null)
      .map((rule) => ({ needs: bitsOf(rule), rule })),
    fields,
  };
}

export const kindPlansOf = (policy: Policy): ReadonlyMap<Kind, KindPlan> =>
  new Map([...policy.readers].map(([kind, readers]) => [kind, kindPlanOf(readers)]));

/** The fields of `plan` that the fact carries, as bits. */
export function fieldBits({ fields }: KindPlan, data: Fact["data"]): number {
  let bits = 0;
  for (let i = 0; i < fields.length; i += 1) {
    if (data[fields[i] ?? ""] !== undefined) bits |= 1 << i;
  }
  return bits;
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

export function plansOf(policy: Policy): readonly TemplatePlan[] {
  const heads = policy.pledges.map((template) => `${template.id}/`);
  const sorted = [...heads].sort();
  return policy.pledges.map((template, i) => ({
    template,
    roles: rolesOf(template),
    rank: sorted.indexOf(heads[i] ?? ""),
    usual: template.variants.find((variant) => variant.applies(nobody)) ?? null,
  }));
}
