import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBatches, encodeBatch, UnknownCodecError } from "./batch.ts";
import { crc32c } from "./crc32c.ts";
import { headerName } from "./message.ts";
import { RecordPen, type Records } from "./record-pen.ts";

const load = createRequire(import.meta.url);
type Decoded = {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
};
type Decode = (decoder: unknown) => Promise<{ readonly records: readonly Decoded[] }>;
const Decoder = load("kafkajs/src/protocol/decoder.js");
const decodeBatch: Decode = load("kafkajs/src/protocol/recordBatch/v0/decoder.js");

const bytes = fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some));
const text = fc.oneof(fc.string({ maxLength: 200, unit: "grapheme" }), bytes);
const record = fc.record({
  key: fc.option(text),
  value: fc.option(text),
  headers: fc.dictionary(
    fc.string({ minLength: 1, maxLength: 8 }).map((name) => `h${name}`),
    text,
    { maxKeys: 12 },
  ),
});
type Given = typeof record extends fc.Arbitrary<infer T> ? T : never;

const asBytes = (one: Buffer | string | null): Buffer | null =>
  one === null ? null : Buffer.from(one);

/** Small at first, so that the pen has to take more room. */
function listOf(records: readonly Given[], pen = new RecordPen(8)): Records {
  for (const { key, value, headers } of records) {
    pen.key(key);
    pen.value(value);
    for (const [name, one] of Object.entries(headers)) pen.header(headerName(name), one);
    pen.end();
  }
  return pen.take();
}

const writer = { id: 7n, epoch: 3, sequence: 11 };
const lists = fc.array(fc.array(record, { minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 3,
});

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
    fc.asyncProperty(lists, async (given) => {
      const batch = encodeBatch(
        given.map((records) => listOf(records)),
        writer,
        1_700_000_000_123,
      );
      expect(batch.readUInt32BE(17)).toBe(crc32c(batch, 21, batch.length));
      const { records } = await decodeBatch(new Decoder(batch));
      const all = given.flat();
      expect(records.map(({ offset }) => Number(offset))).toEqual([...all.keys()]);
      for (const [n, { key, value, headers, timestamp }] of records.entries()) {
        expect(timestamp).toBe("1700000000123");
        expect(key).toEqual(asBytes(all[n]?.key ?? null));
        expect(value).toEqual(asBytes(all[n]?.value ?? null));
        expect(headers).toEqual(
          Object.fromEntries(
            Object.entries(all[n]?.headers ?? {}).map(([name, one]) => [name, asBytes(one)]),
          ),
        );
      }
    }),
    { numRuns: 200 },
  );
});

/** The batch as a broker hands it on: at its place in the log. */
function at(offset: number, batch: Buffer): Buffer {
  batch.writeBigInt64BE(BigInt(offset), 0);
  return batch;
}

/** As a producer that compresses would have sent it. */
function gzipped(batch: Buffer): Buffer {
  const whole = Buffer.concat([batch.subarray(0, 61), gzipSync(batch.subarray(61))]);
  whole.writeInt32BE(whole.length - 12, 8);
  whole.writeInt16BE(1, 21);
  return whole;
}

test("records are read where they lie, in whatever order their headers are asked for", () => {
  fc.assert(
    fc.property(lists, fc.boolean(), fc.boolean(), (given, isGzip, isReversed) => {
      let offset = 2 ** 40;
      const batches = given.map((records) => {
        const plain = encodeBatch([listOf(records)], writer, 1_700_000_000_123);
        const placed = at(offset, isGzip ? gzipped(plain) : plain);
        offset += records.length;
        return placed;
      });
      const before = Buffer.alloc(5, 255);
      const answer = Buffer.concat([before, ...batches]);
      const read = decodeBatches(answer, before.length, answer.length);
      const all = given.flat();
      expect(read.map((one) => one.offset)).toEqual([...all.keys()].map((n) => 2 ** 40 + n));
      for (const [n, message] of read.entries()) {
        expect(message.key).toEqual(asBytes(all[n]?.key ?? null));
        expect(message.value).toEqual(asBytes(all[n]?.value ?? null));
        expect(message.isControlRecord).toBe(false);
        expect(message.text(headerName("gone"))).toBeNull();
        const headers = Object.entries(all[n]?.headers ?? {});
        for (const [name, one] of isReversed ? headers.reverse() : headers)
          expect(message.text(headerName(name))).toBe(asBytes(one)?.toString("utf8"));
      }
    }),
    { numRuns: 200 },
  );
});

const one: Given = { key: "k", value: "v", headers: {} };
const batchOf = (): Buffer => encodeBatch([listOf([one, one])], writer, 1);

test("a batch that is cut off is left for the next answer", () => {
  const answer = Buffer.concat([batchOf(), batchOf()]);
  for (let to = answer.length - 1; to >= batchOf().length; to -= 1)
    expect(decodeBatches(answer, 0, to)).toHaveLength(2);
  expect(decodeBatches(answer, 0, batchOf().length - 1)).toHaveLength(0);
});

test("a batch of another format or compression is refused, and one of a transaction's end is told", () => {
  const old = batchOf();
  old[16] = 1;
  expect(() => decodeBatches(old, 0, old.length)).toThrow("format 1");
  const zstd = batchOf();
  zstd.writeInt16BE(4, 21);
  expect(() => decodeBatches(zstd, 0, zstd.length)).toThrow(UnknownCodecError);
  const control = batchOf();
  control.writeInt16BE(0x20, 21);
  expect(decodeBatches(control, 0, control.length).map((read) => read.isControlRecord)).toEqual([
    true,
    true,
  ]);
});
