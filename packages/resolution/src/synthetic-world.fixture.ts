import { featuresOf, type Situation } from "./features.ts";
import type { Logged } from "./off-policy.ts";

/*
 * Customers of a world whose truth is written down here: what each action does to the answer, for whom.
 * The house of this world has one formula for everybody, credit by severity, and tries something else now and then.
 */
export const actions = ["apology", "call-back", "credit", "expedite"] as const;
export type Action = (typeof actions)[number];

/** Numbers in [0, 1) that are the same for the same seed. */
export function dice(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const links = ["delivery", "billing", "visit"] as const;

/** What is planted: points of the answer, by action and what holds of the situation. */
export const planted: Readonly<Record<string, number>> = {
  "do credit, link billing": 1.5,
  "do call-back, contact human": 2,
  "do call-back, contact digital": -1.5,
  "do expedite, link delivery": 2,
  "do credit, price lowest": 1,
  "do apology, harm grave": -1,
};

const base: Readonly<Record<Action, number>> = {
  apology: 4.5,
  "call-back": 5,
  credit: 5.2,
  expedite: 4.8,
};

/** The expected answer, known to nobody in the world. */
export function truthOf(situation: Situation, action: Action): number {
  const added = featuresOf(action, situation).reduce((sum, one) => sum + (planted[one] ?? 0), 0);
  return base[action] + added - situation.harm.severity * 0.2;
}

export const formula = (): Action => "credit";
const exploring = 0.3;

export function world(seed: number) {
  const roll = dice(seed);
  const pick = <Item>(items: readonly Item[], other: Item): Item =>
    items[Math.floor(roll() * items.length)] ?? other;
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - roll())) * Math.cos(2 * Math.PI * roll());
  const situation = (): Situation => ({
    harm: {
      link: pick(links, "delivery"),
      severity: 1 + Math.floor(roll() * 5),
      links: 1 + Math.floor(roll() * 2),
    },
    who: {
      segment: pick(["consumer", "business"], "consumer"),
      contact: pick(["human", "digital", null], null),
      pace: null,
      price: pick(["lowest", "service", null], null),
    },
  });
  const answer = (one: Situation, action: Action): number =>
    Math.min(10, Math.max(0, truthOf(one, action) + 1.5 * normal()));
  /** One case as the house would decide it, with the probability it did so with. */
  const logged = (): Logged & { readonly action: Action } => {
    const one = situation();
    const usual = formula();
    const action = roll() < exploring ? pick(actions, usual) : usual;
    const share = exploring / actions.length;
    const propensity = action === usual ? 1 - exploring + share : share;
    return { situation: one, action, propensity, answer: answer(one, action) };
  };
  return { situation, logged };
}
