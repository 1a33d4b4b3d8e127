import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decisionJson, publicPseudonymKey, refusalReasons } from "@troth/events";
import { defaultPolicyPath, readPolicy, replay, replayLines } from "@troth/troth";
import { afterAll, expect, test } from "vitest";
import { readLines } from "../../services/troth/src/replay/read-lines.ts";
import type { SetAside } from "../../services/troth/src/replay/replay.ts";
import { randomEvents } from "../support/random-events.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-hostile-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** An order as it should be, but for what is put in its place. */
const order = (changed: object = {}, data: object = {}): string =>
  JSON.stringify({
    specversion: "1.0",
    id: "x",
    source: "urn:hostile",
    type: "org.troth.order.placed.v1",
    time: "2026-03-02T10:00:00Z",
    recordedtime: "2026-03-02T10:00:00Z",
    subject: "customer:x",
    data: { orderNumber: "A-1", expectedArrivalUntil: "2026-03-05T18:00:00Z", ...data },
    ...changed,
  });
const deep = (depth: number, open: string, close: string): string =>
  open.repeat(depth) + close.repeat(depth);

const noJson = [
  "{bad json",
  "NaN",
  "-Infinity",
  '{"a":NaN}',
  "{'a':1}",
  "\u0000",
  "\u0007\u001b[31m",
  "<event/>",
  "id,source,time",
  order() + order(),
  order().slice(0, -1),
  order().slice(0, 40),
  `${order()},`,
  `[${order()}`,
  deep(100_000, "[", "]").slice(1),
  '{"a":'.repeat(40_000),
];
const noEvent = [
  "null",
  "true",
  "0",
  "1e999",
  '"org.troth.order.placed.v1"',
  "[]",
  `[${order()}]`,
  "{}",
  '{"specversion":"1.0"}',
  deep(20_000, "[", "]"),
  '{"__proto__":{"specversion":"1.0"}}',
];
const heads = [
  { specversion: "0.3" },
  { specversion: 1 },
  { id: "" },
  { id: 7 },
  { id: null },
  { id: "x".repeat(513) },
  { id: "a\nb" },
  { source: "" },
  { source: ["urn:a"] },
  { source: "\u0000" },
  { type: "" },
  { type: 4 },
  { type: "order.placed" },
  { type: "org.troth.order.placed" },
  { type: "org.troth.order.placed.v9" },
  { type: "org.troth.nonsense.v1" },
  { type: "org.troth.__proto__.v1" },
  { type: "org.troth.constructor.v1" },
  { type: "org.troth.toString.v1" },
  { subject: "" },
  { subject: 5 },
  { subject: {} },
  { subject: "nobody" },
  { subject: "customer:" },
  { subject: ":1" },
  { subject: "spaceship:1" },
  { subject: "__proto__:1" },
  { subject: `customer:${"x".repeat(600)}` },
  { time: "2026-03-02T10:00:00+99:99" },
  { time: 1_772_445_600_000 },
  { time: "yesterday" },
  { time: "02/03/2026" },
  { time: "2026-02-30T10:00:00Z" },
  { time: "2026-13-01T10:00:00Z" },
  { time: "2026-03-02T25:00:00Z" },
  { time: "2026-03-02T10:00:00" },
  { time: "9999-12-31T23:59:59Z" },
  { time: "+275760-09-13T00:00:00Z" },
  { time: "0001-01-01T00:00:00Z" },
  { recordedtime: "9999-12-31T23:59:59Z" },
  { recordedtime: "never" },
  { recordedtime: {} },
  { data: null },
  { data: [] },
  { data: "text" },
  { data: 3 },
  { tenantid: 5 },
].map((changed) => order(changed));
const bodies = [
  { orderNumber: "" },
  { orderNumber: 5 },
  { orderNumber: null },
  { orderNumber: {} },
  { orderNumber: "x".repeat(300) },
  { itemCount: "three" },
  { itemCount: -3 },
  { itemCount: 1.5 },
  { itemCount: 1e300 },
  { itemCount: true },
  { expectedArrivalUntil: "soon" },
  { expectedArrivalUntil: 20_260_305 },
  { expectedArrivalUntil: "9999-01-01" },
  { totalAmount: 12.5 },
  { totalAmount: { amount: "12,50", currency: "EUR" } },
  { totalAmount: { amount: "1e9", currency: "EUR" } },
  { totalAmount: { amount: "12.50" } },
  { totalAmount: { amount: "12.50", currency: "Euro" } },
  { totalAmount: { amount: "99999999999999999999", currency: "EUR" } },
  { sellerRefs: "s1" },
  { sellerRefs: [null] },
  { attributes: { nested: { a: 1 } } },
].map((data) => order({}, data));
const sizes = [
  order({ subject: `customer:${"x".repeat(10_000_000)}` }),
  order({}, { category: "x".repeat(300_000) }),
];
const surrogates = ["orderNumber", "category"].map((field) =>
  order({}, { [field]: "half" }).replace("half", "\\ud800half"),
);
const hostile = [noJson, noEvent, heads, bodies, sizes, surrogates].flat();

test(`${hostile.length} hostile lines lose nothing else, and each is explained`, async () => {
  expect(hostile.length).toBe(100);
  const policy = await readPolicy(defaultPolicyPath);
  const good = randomEvents(4, 400).map((event) => JSON.stringify(event));
  // A hostile line after every fourth good one.
  const mixed = good.flatMap((line, i) =>
    i % 4 === 3 ? [line, hostile[(i - 3) / 4] ?? ""] : [line],
  );
  const path = join(dir, "mixed.jsonl");
  writeFileSync(path, `${mixed.join("\n")}\n`);

  const decisions: string[] = [];
  const aside: SetAside[] = [];
  const { summary } = await replay(
    readLines(path, () => undefined),
    policy,
    publicPseudonymKey,
    null,
    {
      decision: (decision) => decisions.push(decisionJson(decision)),
      output: null,
      setAside: (one) => aside.push(one),
      drained: () => Promise.resolve(),
    },
  );

  const alone = await replayLines(good, policy);
  expect(summary.read).toBe(summary.applied + summary.duplicates + summary.setAside);
  expect(summary.setAside).toBe(alone.summary.setAside + hostile.length);

  const refused = new Set(alone.refused.map(({ raw }) => raw));
  const told = aside.filter(({ raw }) => raw === null || !refused.has(raw));
  expect(told.map(({ line }) => line)).toEqual(hostile.map((_, i) => i * 5 + 5));
  for (const { line, reason, message, field } of told) {
    expect(refusalReasons, `line ${line}`).toContain(reason);
    expect(message.length, `line ${line}`).toBeGreaterThan(20);
    expect(message.length, `line ${line}`).toBeLessThan(600);
    if (reason !== "not-json" && reason !== "too-large" && reason !== "not-an-event")
      expect(field, `line ${line}: ${message}`).not.toBeNull();
  }
  const undisturbed = alone.decisions.map(decisionJson);
  expect(undisturbed.length).toBeGreaterThan(100);
  expect(decisions.length).toBe(undisturbed.length);
  expect(decisions.findIndex((one, i) => one !== undisturbed[i])).toBe(-1);
  expect(Object.keys(Object.prototype)).toEqual([]);
});
