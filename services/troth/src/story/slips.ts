import { before, hour } from "./diary.ts";
import { bill, contact, happened, order, orderNumberOf, type Person, parcel } from "./scenes.ts";

/** Small things that go wrong in one link, none of them worth an alert. */
export const slips = {
  wait: (person: Person) =>
    contact(person, {
      at: before(person.frame, 2, person.dice.whole(0, 30)),
      waitSeconds: person.dice.whole(620, 900),
      reason: "delivery",
      resolution: "resolved",
    }),
  hold: (person: Person) =>
    contact(person, {
      at: before(person.frame, 1, person.dice.whole(0, 30)),
      waitSeconds: person.dice.whole(10, 100),
      holdSeconds: person.dice.whole(240, 580),
      reason: "tariff",
      resolution: "resolved",
    }),
  transfers: (person: Person) =>
    contact(person, {
      at: before(person.frame, 1, person.dice.whole(0, 40)),
      waitSeconds: person.dice.whole(10, 100),
      transfers: 3,
      reason: "moving",
      resolution: "resolved",
    }),
  attempt: (person: Person) => {
    const placedAt = before(person.frame, person.dice.whole(4, 6));
    const arrivesAt = placedAt + 60 * hour;
    const number = orderNumberOf(person, 2);
    order(person, { number, placedAt, dueAt: placedAt + 72 * hour, arrivesAt });
    parcel(person, number, arrivesAt - 22 * hour, "AttemptFail", { attemptNumber: 1 });
  },
  billed: (person: Person) =>
    bill(person, {
      at: before(person.frame, 0, person.dice.whole(2, 20)),
      amount: "49.90",
      expected: "34.90",
    }),
  post: (person: Person) =>
    happened(person, "voice", "social.mention", before(person.frame, 0, person.dice.whole(1, 18)), {
      platform: "demo-square",
      authorLinked: true,
      sentiment: { score: -0.6, model: "demo" },
      emotion: { vocabulary: "everyday-categories", category: "disappointed", confidence: 0.7 },
      reach: person.dice.whole(0, 40),
    }),
  fault: (person: Person) =>
    happened(person, "care", "product.fault", before(person.frame, 1, person.dice.whole(0, 20)), {
      productRef: "kettle-2",
      faultCode: "lid",
      daysInService: person.dice.whole(300, 900),
      usageCount: person.dice.whole(400, 2_000),
      warranty: false,
    }),
} as const;

/** One of them. */
export function oneSlip(person: Person): void {
  const { dice } = person;
  dice.pick(
    slips.wait,
    slips.hold,
    slips.transfers,
    slips.attempt,
    slips.billed,
    slips.post,
    slips.fault,
  )(person);
}

/** Several, each in another link: the sum is what breaks the experience. */
export function severalSlips(person: Person): void {
  slips.wait(person);
  slips.attempt(person);
  slips.billed(person);
  slips.post(person);
  if (person.dice.chance(0.5)) slips.fault(person);
}
