import { parseEvent, parseLine, refusalReasons } from "@troth/events";
import { expect, test } from "vitest";
import { admit } from "./admit.ts";

const head =
  '{"specversion":"1.0","type":"org.troth.delivery.status.v1","id":"1","source":"s","subject":"order:1","time":"2024-03-01T10:00:00Z","data":';
const nested = (depth: number, open: string, close: string): string =>
  open.repeat(depth) + close.repeat(depth);

const hostile: readonly string[] = [
  nested(100_000, "[", "]"),
  "[".repeat(200_000),
  '{"a":'.repeat(50_000),
  `${head}${nested(100_000, "[", "]")}}`,
  `${head}{"attributes":${'{"a":'.repeat(40_000)}1${"}".repeat(40_000)}}}`,
  `${head}{"orderNumber":"\\ud800","deliveryStatus":"InTransit"}}`,
  '"\\u',
  "null",
  "[]",
  "NaN",
  "1e999",
  "\0",
  `${head.replace("2024-03", "9999-03")}{}}`,
  `{"__proto__":{"recordedtime":"x"},"constructor":1}`,
];

test("no line, however hostile, does more than be explained", () => {
  const admitting = {
    parse: { line: parseLine, event: parseEvent },
    now: Date.parse("2024-03-01T12:00:00Z"),
    eventBytesMax: 256 * 1024,
    aheadMsMax: 300_000,
  };
  for (const line of hostile) {
    const admitted = admit(Buffer.from(line), admitting);
    expect([line.slice(0, 40), admitted.ok]).toEqual([line.slice(0, 40), false]);
    if (!admitted.ok) expect(refusalReasons).toContain(admitted.error.reason);
  }
});

test("a name that reaches for the prototype of all objects touches nothing", () => {
  const line = `${head}{"orderNumber":"1","deliveryStatus":"InTransit","__proto__":{"polluted":1}}}`;
  for (const text of [line, line.replace('"id"', '"__proto__":{"polluted":1},"id"')])
    admit(Buffer.from(text), {
      parse: { line: parseLine, event: parseEvent },
      now: 0,
      eventBytesMax: 1_000,
      aheadMsMax: 1e15,
    });
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect({}).not.toHaveProperty("polluted");
});
