import { before, hour, minute } from "./diary.ts";
import type { Dice } from "./dice.ts";
import { heldOften, incidentProduct, recalledProduct } from "./everyone.ts";
import { advertBelieved, impersonal, knownByPhone, spokenPromise } from "./promises.ts";
import { bill, contact, happened, type Mood, order, type Person, survey } from "./scenes.ts";
import { oneSlip, severalSlips } from "./slips.ts";
import * as troubles from "./troubles.ts";

/** What is told of a customer besides the everyday, and how they are likely to feel about it. */
type Part = { readonly tell: (person: Person) => void; readonly mood: "well" | "worse" | "badly" };

const well: Part = { tell: () => {}, mood: "well" };
const slip: Part = { tell: oneSlip, mood: "worse" };
const slips: Part = { tell: severalSlips, mood: "badly" };
const badly = (tell: Part["tell"]): Part => ({ tell, mood: "badly" });
const fairly = (tell: Part["tell"]): Part => ({ tell, mood: "worse" });

/** Told once each, whatever the luck, as far as there are customers to tell them of. */
const certain: readonly Part[] = [
  slips,
  badly(troubles.neverCame),
  badly(troubles.lost),
  badly(troubles.brokeEarly),
  badly(troubles.severalVisits),
  badly(troubles.warmNothingResolved),
  badly(troubles.dealForgotten),
  fairly(impersonal),
  badly(troubles.missed),
  fairly(troubles.incomplete),
  badly(troubles.noCallBack),
  fairly(troubles.billDisputed),
  badly(troubles.gaveUpAndComplained),
  fairly(advertBelieved),
  fairly(knownByPhone),
  { tell: spokenPromise("kept"), mood: "well" },
  badly(spokenPromise("broken")),
  { tell: spokenPromise("withdrawn"), mood: "well" },
  fairly(spokenPromise("renegotiated")),
  { tell: spokenPromise("paused"), mood: "well" },
  badly(dueInTheSilence(null)),
  fairly(dueInTheSilence(2)),
  { tell: dueInTheSilence(-1), mood: "well" },
  slips,
];

/** A parcel due while the carrier's feed is silent, that comes so many hours after its due moment. */
function dueInTheSilence(hoursLate: number | null): (person: Person) => void {
  return (person) => {
    const dueAt = person.frame.silentFrom + 100 * minute;
    const arrivesAt = hoursLate === null ? null : dueAt + hoursLate * hour;
    const number = `HD-${person.name}-3`;
    order(person, { number, placedAt: dueAt - 50 * hour, dueAt, arrivesAt });
  };
}

/** The part of the `index`-th of `count` customers (from 1; the first is the lead). */
export function partOf(index: number, count: number, dice: Dice): Part {
  const spacing = Math.max(1, Math.floor((count - 1) / certain.length));
  const place = index - 2;
  const part = place % spacing === 0 ? certain[place / spacing] : undefined;
  if (part !== undefined) return part;
  const luck = dice.whole(1, 100);
  if (luck <= 80) return well;
  if (luck <= 95) return slip;
  return luck <= 98
    ? slips
    : badly(dice.pick(troubles.neverCame, troubles.missed, troubles.noCallBack));
}

/** Who they are: nothing that would identify anybody, and nobody exists. */
export function introduce(person: Person): void {
  const { dice, frame } = person;
  const rare = dice.whole(1, 100);
  const products = [
    dice.pick(...heldOften),
    ...(rare <= 8 ? [incidentProduct] : []),
    ...(rare > 98 ? [recalledProduct] : []),
  ];
  happened(person, "crm", "profile.updated", before(frame, 11, dice.whole(1, 20)), {
    segment: person.segment,
    tier: dice.pick("standard", "standard", "plus"),
    region: person.region,
    products,
  });
  if (!dice.chance(0.05)) return;
  happened(person, "crm", "preference.set", before(frame, 10), {
    contact: dice.pick("human", "digital"),
    pace: "considered",
    basis: "inferred",
    confidence: 0.6,
  });
}

/** What happens to everybody and is forgotten by the evening. */
export function everyday(person: Person): void {
  const { dice, frame } = person;
  if (dice.chance(0.75)) {
    const placedAt = before(frame, 0, dice.whole(8, 160));
    const dueAt = placedAt + dice.whole(60, 96) * hour;
    const arrivesAt = Math.min(dueAt - dice.whole(6, 30) * hour, placedAt + 72 * hour);
    order(person, { placedAt, dueAt, arrivesAt: arrivesAt - dice.whole(0, 59) * minute });
  }
  if (dice.chance(0.55)) {
    const amount = dice.pick("19.90", "29.90", "34.90");
    bill(person, { at: before(frame, 0, dice.whole(1, 22)), amount, expected: amount });
  }
  if (dice.chance(0.3)) {
    contact(person, {
      at: before(frame, 0, dice.whole(1, 40)),
      waitSeconds: dice.whole(5, 55),
      reason: dice.pick("tariff", "moving", "returns", "number"),
      resolution: "resolved",
      courtesy: dice.whole(60, 95) / 100,
    });
  }
  if (dice.chance(0.2)) {
    const exposedAt = before(frame, dice.whole(6, 10));
    happened(person, "marketing", "advert.exposed", exposedAt, {
      campaignId: dice.pick("spring-tariff", "bring-a-friend"),
      claimKind: "price",
      channel: "web",
    });
  }
}

/** Out of a hundred customers of each mood: enjoyed, indifferent; the rest did not enjoy it. */
const answers: Readonly<Record<Part["mood"], readonly [enjoyed: number, indifferent: number]>> = {
  well: [32, 64],
  worse: [18, 62],
  badly: [2, 20],
};

/** Asks a random share of all customers, and leaves the answer to how things went. */
export function ask(person: Person, mood: Part["mood"]): void {
  const { dice, frame } = person;
  const probability = 0.3;
  if (!dice.chance(probability)) return;
  const [enjoyed, indifferent] = answers[mood];
  const luck = dice.whole(1, 100);
  const felt: Mood =
    luck <= enjoyed ? "enjoyed" : luck <= enjoyed + indifferent ? "indifferent" : "not_enjoyed";
  const at = before(frame, 0, dice.whole(1, 5));
  survey(person, at, dice.chance(0.7) ? felt : null, { reason: "random", probability });
}
