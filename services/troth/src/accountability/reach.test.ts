import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Output, parseEvent, publicPseudonymKey } from "@troth/events";
import { parsePolicy } from "@troth/policy";
import { expect, test } from "vitest";
import { Pipeline } from "../pipeline.ts";
import { diceOf } from "../story/dice.ts";
import { syntheticDay } from "../story/synthetic-day.ts";
import { Reach, segmentsInWords } from "./reach.ts";

const path = join(import.meta.dirname, "../../../../infra/policy/default.yaml");
const parsed = parsePolicy(readFileSync(path, "utf8"), path);
if (!parsed.ok) throw new Error("the default policy does not parse");
const policy = parsed.value;
const start = Date.UTC(2026, 2, 3);

function judged(events: Iterable<unknown>): {
  readonly reach: Reach;
  readonly bodies: readonly Output["body"][];
} {
  const reach = new Reach(policy);
  const pipeline = new Pipeline(policy, publicPseudonymKey);
  const all: Output["body"][] = [];
  let place = 0;
  for (const event of events) {
    const one = parseEvent(event);
    if (!one.ok) throw new Error(one.error.message);
    const out: Output["body"][] = [];
    pipeline.take(one.value, Math.max(start, one.value.recordedTime), out);
    for (const [seq, body] of out.entries()) reach.fold({ inOffset: place, seq, stamp: 0, body });
    place += 1;
    all.push(...out);
  }
  return { reach, bodies: all };
}

const at = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();
const event = (id: string, kind: string, minute: number, subject: string | null, data: object) => ({
  specversion: "1.0",
  id,
  source: "urn:test",
  type: `org.troth.${kind}.v1`,
  time: at(minute),
  recordedtime: at(minute),
  ...(subject === null ? {} : { subject }),
  data,
});

test("an outage and a recall each give one alert, with the number, the segments and exactly those who hold it", () => {
  const dice = diceOf(7, 1);
  const people = Array.from({ length: 2_000 }, (_, n) => ({
    name: `customer:${n}`,
    region: dice.pick("XA-NO", "XA-SO", "XA-EA"),
    segment: dice.pick("consumer", "consumer", "vip", "business"),
    product: dice.pick("fibre-500", "fibre-100", "router-7"),
  }));
  const { reach, bodies } = judged([
    ...people.map(({ name, region, segment, product }, n) =>
      event(`p${n}`, "profile.updated", 0, name, { region, segment, products: [product] }),
    ),
    event("out", "incident.raised", 60, null, {
      ...{ regionCode: "XA-NO", productRef: "fibre-500", timeRaised: at(60) },
    }),
    event("back", "product.recalled", 61, null, { productRef: "router-7", reason: "overheats" }),
  ]);
  // The truth, by a join over the people themselves.
  const hit = people.filter(({ region, product }) => region === "XA-NO" && product === "fibre-500");
  const held = people.filter(({ product }) => product === "router-7");
  const names = (list: typeof people) => list.map(({ name }) => name).sort();
  expect(reach.all().map(({ cohort, customers }) => [cohort, customers])).toEqual([
    ["out", names(hit)],
    ["back", names(held)],
  ]);
  const cohorts = bodies.filter(({ kind }) => kind === "cohort");
  expect(cohorts).toMatchObject([{ touched: hit.length }, { touched: held.length }]);
  expect(hit.length).toBeGreaterThan(100);
  const consumers = hit.filter(({ segment }) => segment === "consumer").length;
  const [first] = reach.all();
  expect(first?.segments[0]).toEqual({ segment: "consumer", customers: consumers });
  expect(first === undefined ? "" : segmentsInWords(first)).toMatch(
    new RegExp(`^${consumers} consumer, `),
  );
  expect(bodies.filter(({ kind }) => kind === "alert")).toEqual([]);
});

test("the list agrees with the judge's count for everything that touches many in the made-up day", () => {
  const { reach, bodies } = judged(
    syntheticDay({ seed: 5, endsAt: start + 30 * 86_400_000, customers: 400 }),
  );
  const counted = bodies.flatMap((body) =>
    body.kind === "cohort" && body.touched > 0 ? [body] : [],
  );
  expect(counted.length).toBeGreaterThanOrEqual(3);
  expect(reach.all().map(({ rule, customers }) => [rule, customers.length])).toEqual(
    counted.map(({ rule, touched }) => [rule, touched]),
  );
});

test("who waits on the operation that failed, and who saw the campaign, are listed as the judge counts them", () => {
  const people = Array.from({ length: 300 }, (_, n) => n);
  const order = (n: number, minute: number) =>
    event(`o${n}`, "order.placed", minute, `customer:${n}`, {
      ...{ orderNumber: `A-${n}`, expectedArrivalUntil: at(n % 2 === 0 ? 50 : 5_000) },
    });
  const arrived = (n: number) =>
    event(`d${n}`, "delivery.status", 40, `customer:${n}`, {
      ...{ orderNumber: `A-${n}`, deliveryStatus: "Delivered", deliveredAt: at(40) },
    });
  const seen = (n: number) =>
    event(`x${n}`, "advert.exposed", 10, `customer:${n}`, {
      ...{ campaignId: n % 3 === 0 ? "spring" : "autumn", exposedAt: at(10) },
    });
  const { reach, bodies } = judged([
    ...people.map((n) => order(n, 0)),
    ...people.map(seen),
    ...people.filter((n) => n % 5 === 0).map(arrived),
    event("strike", "incident.raised", 60, null, { link: "delivery", timeRaised: at(60) }),
    event("news", "news.published", 61, null, { stance: "negative", campaignId: "spring" }),
    ...people.filter((n) => n % 5 === 1).map((n) => order(n + 1_000, 62)),
  ]);
  const listed = (cohort: string) =>
    reach.all().find((one) => one.cohort === cohort)?.customers ?? [];
  // Delivered by then: nothing waits on delivery any more; late but not yet delivered: it does.
  const waiting = people.filter((n) => n % 5 !== 0).map((n) => `customer:${n}`);
  expect(listed("strike")).toEqual(waiting.sort());
  expect(listed("news")).toEqual(
    people
      .filter((n) => n % 3 === 0)
      .map((n) => `customer:${n}`)
      .sort(),
  );
  const counts = bodies.flatMap((body) =>
    body.kind === "cohort" ? [[body.cohort, body.touched]] : [],
  );
  expect(counts).toEqual([
    ["strike", waiting.length],
    ["news", 100],
  ]);
});
