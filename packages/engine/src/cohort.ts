import type { Fact } from "@troth/events";
import type { NoiseRule, Policy } from "@troth/policy";
import { addNoise, Incoming, isReplaced, refOf } from "./evolve.ts";
import { templateAt } from "./pledges.ts";
import { profileAt } from "./profile.ts";
import { idOf, nameOfCode, sourceCode } from "./register/facts.ts";
import {
  factOf,
  madeAtOf,
  mendedAtOf,
  nextItem,
  nextPledge,
  nextRow,
  noisesOf,
  pledgesOf,
  rowsOf,
  slotOf,
  verdictOf,
} from "./register/layout.ts";
import { none } from "./register/memory.ts";
import type { World } from "./state.ts";
import * as word from "./words.ts";

const isLive = (verdict: number, mendedAt: number): boolean =>
  verdict === word.open ||
  verdict === word.atRisk ||
  verdict === word.overdue ||
  verdict === word.sourceBlind ||
  (verdict === word.broken && mendedAt === none);

/** True when some promise of that link was alive at `at`, as its rows stand now. */
function dependsOn(w: World, c: number, link: string, at: number): boolean {
  const { memory: m } = w.customers;
  for (let p = pledgesOf(m, c); p !== 0; p = nextPledge(m, p)) {
    if (templateAt(w, p).link.id !== link) continue;
    for (let row = rowsOf(m, p); row !== 0; row = nextRow(m, row)) {
      if (madeAtOf(m, row) <= at && isLive(verdictOf(m, row), mendedAtOf(m, row))) return true;
    }
  }
  return false;
}

/** Whether a fact that names nobody reaches this customer: every dimension it gives must match. */
export function isTouched(w: World, c: number, rule: NoiseRule, fact: Fact): boolean {
  const { customers } = w;
  const touches = rule.touches;
  if (touches === null || customers.tenantOf(c) !== fact.tenant) return false;
  const at = rule.at(fact);
  const extras = customers.extrasOf(c);
  const profile = profileAt(extras?.profile ?? [], at, false);
  let given = 0;
  for (const dimension of touches.by) {
    const value = touches[dimension](fact);
    if (value === null) continue;
    given += 1;
    switch (dimension) {
      case "region":
        if (profile.region !== value) return false;
        break;
      case "product":
        if (!profile.products.includes(value)) return false;
        break;
      case "segment":
        if (profile.segment !== value) return false;
        break;
      case "link":
        if (!dependsOn(w, c, value, at)) return false;
        break;
      case "campaign":
        if (extras === null) return false;
        if (!extras.exposures.some((one) => one.campaignId === value && one.at <= at)) return false;
        break;
    }
  }
  return given > 0;
}

/** Gives a touched customer the cohort's noise, unless they have it already. */
export function touch(w: World, c: number, rule: NoiseRule, fact: Fact): void {
  const { customers } = w;
  const { memory: m, names } = customers;
  const ref = refOf(fact, customers.keyOf(c));
  if (isReplaced(w, c, ref)) return;
  for (let noise = noisesOf(m, c); noise !== 0; noise = nextItem(m, noise)) {
    if (slotOf(m, noise) !== rule.index) continue;
    const held = factOf(m, noise);
    if (idOf(m, held) === ref.id && nameOfCode(m, names, sourceCode(m, held)) === ref.source)
      return;
  }
  const from = new Incoming(w, c, ref);
  addNoise(from, rule, rule.at(fact), rule.value(fact));
  from.done();
}

export const cohortRules = (policy: Policy, fact: Fact): readonly NoiseRule[] =>
  (policy.readers.get(fact.kind)?.noises ?? []).filter(
    (rule) => rule.touches !== null && rule.test(fact),
  );
