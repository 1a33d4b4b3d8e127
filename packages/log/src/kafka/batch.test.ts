import { createRequire } from "node:module";
import fc from "fast-check";
import type { Message } from "kafkajs";
import { expect, test } from "vitest";
import { encodeBatch } from "./batch.ts";
import { crc32c } from "./crc32c.ts";

const load = createRequire(import.meta.url);
type Decoded = {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | Buffer[]>>;
};
type Decode = (decoder: unknown) => Promise<{ readonly records: readonly Decoded[] }>;
const Decoder = load("kafkajs/src/protocol/decoder.js");
const decodeBatch: Decode = load("kafkajs/src/protocol/recordBatch/v0/decoder.js");

const text = fc.oneof(
  fc.constant(null),
  fc.string({ maxLength: 80, unit: "grapheme" }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const message: fc.Arbitrary<Message> = fc.record({
  key: text,
  value: text,
  headers: fc.dictionary(
    fc.string({ minLength: 1, maxLength: 8 }).map((name) => `h${name}`),
    fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.array(fc.string(), { minLength: 2, maxLength: 3 }),
    ),
  ),
});

const asBytes = (one: Buffer | string | null | undefined): Buffer | null =>
  one === null || one === undefined ? null : Buffer.from(one);

test("the checksum is the one of the standard's examples", () => {
  const zeros = Buffer.alloc(32);
  const ascending = Buffer.from([...zeros.keys()]);
  expect(crc32c(zeros, 0, 32)).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 255), 0, 32)).toBe(0x62a8ab43);
  expect(crc32c(ascending, 0, 32)).toBe(0x46dd794e);
  expect(crc32c(Buffer.from("x123456789y"), 1, 10)).toBe(0xe3069283);
});

test("another reader of Kafka's format finds in a batch what was put in", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 20 }), async (messages) => {
      const writer = { id: 7n, epoch: 3, sequence: 11 };
      const bytes = encodeBatch(messages, writer, 1_700_000_000_123);
      expect(bytes.readUInt32BE(17)).toBe(crc32c(bytes, 21, bytes.length));
      const { records } = await decodeBatch(new Decoder(bytes));
      expect(records.map(({ offset }) => Number(offset))).toEqual([...messages.keys()]);
      for (const [n, { key, value, headers, timestamp }] of records.entries()) {
        expect(timestamp).toBe("1700000000123");
        expect(key).toEqual(asBytes(messages[n]?.key));
        expect(value).toEqual(asBytes(messages[n]?.value));
        const given = Object.entries(messages[n]?.headers ?? {}).map(([name, one]) => [
          name,
          Array.isArray(one) ? one.map(asBytes) : asBytes(one),
        ]);
        expect(Object.entries(headers)).toEqual(expect.arrayContaining(given));
        expect(Object.keys(headers)).toHaveLength(given.length);
      }
    }),
    { numRuns: 200 },
  );
});
