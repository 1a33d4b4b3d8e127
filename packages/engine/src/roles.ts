import type { PledgeTemplate, PledgeVariant, Policy, Slot, SlotRole } from "@troth/policy";
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
