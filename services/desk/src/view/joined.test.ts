import { readFileSync } from "node:fs";
import {
  type AlertDecision,
  type Fact,
  identityOf,
  type Output,
  type PledgeDecision,
  parseEvent,
} from "@troth/events";
import { parsePolicy } from "@troth/policy";
import { expect, test } from "vitest";
import { inOrder, type Join } from "./joins.ts";
import { createViews } from "./views.ts";

const path = new URL("../../../../infra/policy/default.yaml", import.meta.url);
const parsed = parsePolicy(readFileSync(path, "utf8"));
if (!parsed.ok) throw new Error("the default policy does not parse");
const policy = parsed.value;

type Said = Pick<Output, "stamp" | "body">;
const start = Date.UTC(2026, 5, 1);
const at = (n: number): number => start + n * 60_000;

function fact(n: number, subject: string, orderNumber?: string): Fact {
  const read = parseEvent({
    specversion: "1.0",
    id: `f-${n}`,
    source: "urn:test:shop",
    type: "org.troth.order.placed.v1",
    time: new Date(at(n)).toISOString(),
    recordedtime: new Date(at(n)).toISOString(),
    subject,
    data: { orderNumber: orderNumber ?? `O-${n}` },
  });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

const noise = (n: number, customer: string, told: Fact): Said => ({
  stamp: at(n),
  body: { kind: "noise", customer, fact: told },
});
const join = (n: number, kind: "merge" | "split", part: string, whole: string): Said => ({
  stamp: at(n),
  body: { kind, part, whole },
});
const alert = (
  n: number,
  customer: string,
  state: AlertDecision["state"],
  revision: number,
): Said => ({
  stamp: at(n),
  body: {
    ...{ kind: "alert", at: at(n), customer, alertId: "a-1", state, revision, rule: "critical" },
    ...{ level: "critical", score: 1_000, lead: null, operatedBy: null, parts: [] },
    ...{ says: "It broke.", policy: "p" },
  },
});
const verdict = (n: number, customer: string, because: PledgeDecision["because"]): Said => ({
  stamp: at(n),
  body: {
    ...{ kind: "pledge", at: at(n), decidedAt: at(n), customer, promiseId: "delivery-date/O-1" },
    ...{ term: 1, template: "delivery-date", link: "delivery", owner: "logistics", was: "open" },
    ...{ operatedBy: "outsourced", madeBy: "system", how: "stated", verdict: "void", revision: 2 },
    ...{ because, madeAt: at(1), due: null, keptAt: null, severity: 0, evidence: [], policy: "p" },
  },
});

/** Every way to read two partitions, each in its own order. */
function readings(one: readonly Said[], other: readonly Said[]): readonly (readonly Said[])[] {
  const [a, ...restA] = one;
  const [b, ...restB] = other;
  if (a === undefined) return [other];
  if (b === undefined) return [one];
  return [
    ...readings(restA, other).map((rest) => [a, ...rest]),
    ...readings(one, restB).map((rest) => [b, ...rest]),
  ];
}

/** What is shown of a name after a reading. */
function shownOf(name: string, reading: readonly Said[]): string {
  const views = createViews(policy);
  for (const [inOffset, said] of reading.entries()) views.fold({ inOffset, seq: 0, ...said });
  const customer = views.of("default").customer(name);
  return JSON.stringify({
    is: customer?.reference,
    lines: customer?.timeline.entries.map(({ text }) => text),
    alert: customer?.openAlert?.alertId ?? null,
    since: customer?.openAlert === null ? null : customer?.openedAt,
    references: [...(customer?.references ?? [])].sort(),
  });
}

/** What every reading shows, which must be one thing. */
function always(names: readonly string[], one: readonly Said[], other: readonly Said[]) {
  const all = readings(one, other);
  expect(all.length).toBeGreaterThan(5);
  return names.map((name) => {
    const shown = new Set(all.map((reading) => shownOf(name, reading)));
    expect([...shown], name).toHaveLength(1);
    return JSON.parse([...shown][0] ?? "{}");
  });
}

const part = "customer:part";
const whole = "customer:whole";

test("a customer joined into one of another partition is shown with all lines, whichever was read first", () => {
  const ofPart = [
    noise(1, part, fact(1, part)),
    alert(2, part, "opened", 1),
    verdict(4, part, "identity"),
  ];
  const ofWhole = [
    noise(3, whole, fact(3, whole)),
    join(4, "merge", part, whole),
    noise(5, whole, fact(5, "order:O-1", "O-1")),
    alert(6, whole, "amended", 2),
  ];
  const [shown, known] = always([whole, "order:O-1"], ofPart, ofWhole);
  expect(shown).toMatchObject({ is: whole, alert: "a-1", since: at(2) });
  // Two facts of their own, one that came by the part's order, the join, and the alert twice; not what the
  // part's name was let go of.
  expect(shown.lines).toHaveLength(6);
  expect(known).toEqual(shown);
});

test("parted again, each has their own, what came by the other's order too", () => {
  const ofPart = [noise(1, part, fact(1, part)), join(6, "split", part, whole)];
  const ofWhole = [
    noise(2, whole, fact(2, whole)),
    join(3, "merge", part, whole),
    noise(4, whole, fact(4, "order:O-1", "O-1")),
  ];
  const [one, other, named] = always([part, whole, "order:O-1"], ofPart, ofWhole);
  expect(one).toMatchObject({ is: part, references: ["order:O-1"] });
  expect(one.lines).toHaveLength(3);
  expect(other).toMatchObject({ is: whole, references: ["order:O-2"] });
  expect(other.lines).toHaveLength(3);
  expect(named.is).toBe(part);
});

test("a fact taken back after the join is gone, though it is read after that", () => {
  const told = fact(1, part);
  const ofPart = [noise(1, part, told), noise(2, part, fact(2, part))];
  const ofWhole: readonly Said[] = [
    noise(2, whole, fact(9, whole)),
    join(3, "merge", part, whole),
    { stamp: at(4), body: { kind: "retraction", customer: whole, facts: [identityOf(told)] } },
  ];
  const [shown] = always([whole], ofPart, ofWhole);
  expect(shown.lines).toHaveLength(4);
  expect(shown.references).toEqual(["customer:part", "order:O-2", "order:O-9"]);
});

test("an alert that recovered after its customer was joined is over, whatever the part said last", () => {
  const ofPart = [noise(1, part, fact(1, part)), alert(2, part, "opened", 1)];
  const ofWhole = [
    noise(2, whole, fact(3, whole)),
    join(3, "merge", part, whole),
    alert(4, whole, "recovered", 2),
  ];
  const [shown] = always([whole], ofPart, ofWhole);
  expect(shown.alert).toBeNull();
});

test("who is known by a join alone is shown, and belongs to whom the part belongs to", () => {
  const ofPart = [noise(1, part, fact(1, part)), noise(2, part, fact(2, part))];
  const ofWhole = [
    join(3, "merge", part, whole),
    verdict(3, whole, "identity"),
    alert(4, whole, "opened", 1),
  ];
  const [shown] = always([whole], ofPart, ofWhole);
  expect(shown).toMatchObject({ is: whole, alert: "a-1" });
  expect(shown.lines).toHaveLength(5);
});

test("joins of one moment are in the order in which they can have happened", () => {
  const joins: readonly Join[] = [
    { kind: "merge", whole: "customer:a", stamp: 1 },
    { kind: "split", whole: "customer:a", stamp: 2 },
    { kind: "merge", whole: "customer:b", stamp: 2 },
    { kind: "split", whole: "customer:b", stamp: 2 },
    { kind: "merge", whole: "customer:0", stamp: 2 },
  ];
  const [first, second, third, fourth, fifth] = joins;
  const expected = [first, second, third, fourth, fifth];
  for (const from of joins.keys()) {
    const turned = [...joins.slice(from), ...joins.slice(0, from)];
    expect(inOrder(turned)).toEqual(expected);
    expect(inOrder([...turned].reverse())).toEqual(expected);
  }
});
