import {
  decodeNoise,
  encodeNoise,
  isoTime,
  type Kind,
  kinds,
  type NoiseBody,
  type NoiseRecord,
} from "@troth/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyFactOf } from "../../packages/events/src/fact.arbitrary.ts";
import { decodeBatches, encodeBatch } from "../../packages/log/src/kafka/batch.ts";
import { noiseCodec } from "../../packages/log/src/kafka/json-codecs.ts";
import type { Message } from "../../packages/log/src/kafka/message.ts";
import { noiseHeadIn } from "../../packages/log/src/kafka/noise-head.ts";
import { RecordPen } from "../../packages/log/src/kafka/record-pen.ts";
import { timeIn } from "../../packages/log/src/kafka/wire-time.ts";

function onWire(records: readonly NoiseRecord[]): readonly Message[] {
  const pen = new RecordPen();
  for (const record of records) {
    noiseCodec.write(pen, { bytes: encodeNoise(record) });
    pen.end();
  }
  const batch = encodeBatch([pen.take()], { id: 1n, epoch: 0, sequence: 0 }, 0);
  return decodeBatches(batch, 0, batch.length);
}

const number = fc.nat({ max: 2 ** 45 });
const name = fc.oneof(fc.string({ unit: "grapheme" }), fc.stringMatching(/^[0-9a-f]{64}$/));
const named = fc.record({ reference: name, key: name });
const bodies = (kind: Kind): fc.Arbitrary<NoiseBody> =>
  fc.oneof(
    fc.record({
      kind: fc.constant("fact" as const),
      customer: named,
      origin: name,
      fact: anyFactOf(kind),
    }),
    named.chain((customer) =>
      anyFactOf(kind).map(
        (fact) => ({ kind: "fact", customer, origin: customer.key, fact }) as const,
      ),
    ),
    anyFactOf(kind).map((fact) => ({ kind: "cohort", speaks: true, fact }) as const),
    fc.constant({ kind: "tick" } as const),
  );

test.each(kinds)("what a record with %s says is what its bytes say", (kind) => {
  const record = fc.record({ number, inOffset: number, stamp: number, body: bodies(kind) });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), (records) => {
      for (const [n, message] of onWire(records).entries()) {
        const bytes = encodeNoise(records[n] as NoiseRecord);
        expect(noiseCodec.toBytes(message)).toEqual(bytes);
        // As text, since the order of fields is written on into what is decided.
        expect(JSON.stringify(noiseCodec.toValue?.(message))).toBe(
          JSON.stringify(decodeNoise(bytes)),
        );
      }
    }),
    { numRuns: 10 },
  );
});

test("a head is read as JSON would be, whoever wrote it and however", () => {
  const head = fc.record({
    number,
    inOffset: number,
    stamp: number,
    body: fc.record({ kind: fc.constant("fact"), customer: named, origin: name }),
  });
  fc.assert(
    fc.property(head, fc.constantFrom(undefined, 1), fc.boolean(), (given, indent, more) => {
      const text = JSON.stringify(more ? { ...given, later: "x" } : given, null, indent);
      const bytes = Buffer.from(`..${text}..`);
      expect(noiseHeadIn(bytes, 2, bytes.length - 2)).toEqual(JSON.parse(text));
    }),
  );
});

test("a time is read as the language reads it, whatever stands there", () => {
  const written = fc
    .integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2100, 0, 1) })
    .map((ms) => isoTime(ms));
  const spoilt = fc
    .tuple(written, fc.nat({ max: 23 }), fc.constantFrom(..."0369T:.Z x"))
    .map(([text, at, by]) => text.slice(0, at) + by + text.slice(at + 1));
  fc.assert(
    fc.property(fc.oneof(written, spoilt, fc.string()), (text) => {
      const bytes = Buffer.from(`!${text}!`, "latin1");
      const plain = Date.parse(bytes.toString("latin1", 1, bytes.length - 1));
      expect(timeIn(bytes, 1, bytes.length - 1)).toBe(plain);
    }),
    { numRuns: 5_000 },
  );
});
