import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toCloudEvent } from "./cloud-event.ts";
import { lineBytesMax, parseEvent, parseLine } from "./door.ts";
import { anyFact } from "./fact.arbitrary.ts";
import type { Refusal } from "./fact.ts";

const delivered = {
  specversion: "1.0",
  type: "org.troth.delivery.status.v1",
  id: "d1",
  source: "urn:carrier",
  time: "2018-01-14T09:30:00+01:00",
  recordedtime: "2018-01-14T09:31:00Z",
  subject: "order:A-1",
  data: { deliveryStatus: "Delivered", expectedArrivalUntil: "2018-01-14", orderNumber: "A-1" },
};
const bill = { ...delivered, type: "org.troth.billing.issued.v1" };

function refusalOf(event: unknown): Refusal {
  const read = parseEvent(event);
  if (read.ok) throw new Error("the door let it in");
  return read.error;
}
const withData = (data: unknown): unknown => ({ ...delivered, data });

describe("the door lets in", () => {
  it("an event with its times in UTC and the end of a promised day", () => {
    expect(parseLine(JSON.stringify(delivered))).toStrictEqual({
      ok: true,
      value: {
        id: "d1",
        source: "urn:carrier",
        kind: "delivery.status",
        tenant: "default",
        time: Date.UTC(2018, 0, 14, 8, 30),
        recordedTime: Date.UTC(2018, 0, 14, 9, 31),
        subject: "order:A-1",
        data: {
          deliveryStatus: "Delivered",
          expectedArrivalUntil: Date.UTC(2018, 0, 15) - 1,
          orderNumber: "A-1",
        },
      },
    });
  });

  it("any fact that was written out, unchanged", () => {
    fc.assert(
      fc.property(anyFact, (fact) => {
        expect(parseEvent(toCloudEvent(fact))).toStrictEqual({ ok: true, value: fact });
      }),
      { numRuns: 500 },
    );
  });

  it("what it knows and drops the rest; null and empty text count as not given", () => {
    const read = parseEvent(
      withData({ deliveryStatus: "Delivered", carrier: "", reasonCode: null, colour: "red" }),
    );
    expect(read).toMatchObject({ ok: true });
    expect(read.ok && Object.keys(read.value.data)).toEqual(["deliveryStatus", "orderNumber"]);
  });

  it("either time for the other, but not an event without both", () => {
    const { time, recordedtime, ...timeless } = delivered;
    const late = parseEvent({ ...timeless, recordedtime });
    expect(late.ok && late.value.time).toBe(Date.UTC(2018, 0, 14, 9, 31));
    const early = parseEvent({ ...timeless, time });
    expect(early.ok && early.value.recordedTime).toBe(Date.UTC(2018, 0, 14, 8, 30));
    expect(refusalOf(timeless)).toMatchObject({ reason: "bad-time", field: "time" });
  });

  it("a recall for everyone, and a heartbeat, without a subject; nothing else", () => {
    const { subject: _, ...nobody } = delivered;
    const recalled = {
      ...nobody,
      type: "org.troth.product.recalled.v1",
      data: { productRef: "p" },
    };
    expect(parseEvent(recalled)).toMatchObject({ ok: true, value: { subject: null } });
    const beat = { ...nobody, type: "org.troth.source.heartbeat.v1", data: undefined };
    expect(parseEvent(beat)).toMatchObject({ ok: true, value: { subject: null, data: {} } });
    expect(refusalOf(nobody)).toMatchObject({ reason: "bad-reference", field: "subject" });
  });

  it("the thing its subject names also under the field of that name, unless another is given", () => {
    const named = parseEvent(withData({ deliveryStatus: "Pending" }));
    expect(named.ok && named.value.data["orderNumber"]).toBe("A-1");
    const other = parseEvent(withData({ deliveryStatus: "Pending", orderNumber: "B-2" }));
    expect(other.ok && other.value.data["orderNumber"]).toBe("B-2");
  });

  it("names of the language itself without effect", () => {
    const line = JSON.stringify(withData({ deliveryStatus: "Delivered" })).replace(
      '"data":{',
      '"__proto__":{"subject":"customer:1"},"data":{"__proto__":{"carrier":"x"},"constructor":{"a":1},"attributes":{"__proto__":{"a":1},"constructor":"c","prototype":"p","a":1},',
    );
    const read = parseLine(line);
    expect(read).toStrictEqual({
      ok: true,
      value: expect.objectContaining({
        subject: "order:A-1",
        data: { deliveryStatus: "Delivered", orderNumber: "A-1", attributes: { a: 1 } },
      }),
    });
    expect(read.ok && read.value.data["carrier"]).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, "carrier")).toBe(false);
  });

  it("a source that sends ever new combinations of fields, with the same answer", () => {
    const names = [
      "carrier",
      "trackingNumber",
      "bizStep",
      "disposition",
      "reasonCode",
      "link",
      "owner",
    ];
    for (let mask = 0; mask < 2 ** names.length; mask++) {
      const chosen = names.filter((_, bit) => mask & (1 << bit));
      const data = Object.fromEntries(chosen.map((name) => [name, "x"]));
      const read = parseEvent(withData({ ...data, deliveryStatus: "Pending" }));
      expect(read.ok && Object.keys(read.value.data).sort()).toEqual(
        [...chosen, "deliveryStatus", "orderNumber"].sort(),
      );
      expect(refusalOf(withData(data)).field).toBe("data.deliveryStatus");
    }
  });
});

describe("the door refuses, naming the field and the remedy,", () => {
  const cases: readonly (readonly [string, unknown, string, string | null, RegExp])[] = [
    ["a list", [delivered], "not-an-event", null, /is a list of 1; give a JSON object/],
    [
      "no version",
      { ...delivered, specversion: "0.3" },
      "not-an-event",
      "specversion",
      /"0\.3"; give "1\.0"/,
    ],
    [
      "a misspelt kind",
      { ...delivered, type: "org.troth.delivery.statsu.v1" },
      "unknown-kind",
      "type",
      /did you mean org\.troth\.delivery\.status\.v1\?/,
    ],
    [
      "another version",
      { ...delivered, type: "org.troth.delivery.status.v2" },
      "unknown-kind",
      "type",
      /did you mean/,
    ],
    [
      "a foreign type",
      { ...delivered, type: "com.example.thing" },
      "unknown-kind",
      "type",
      /see schemas\/README\.md/,
    ],
    ["an empty id", { ...delivered, id: "" }, "bad-field", "id", /1 to 512 characters/],
    [
      "NUL in the source",
      { ...delivered, source: "a\u0000b" },
      "bad-field",
      "source",
      /control characters/,
    ],
    [
      "a local time",
      { ...delivered, time: "2018-01-14T09:30:00" },
      "bad-time",
      "time",
      /with Z or an offset/,
    ],
    [
      "the year 9999",
      { ...delivered, time: "9999-12-31T00:00:00Z" },
      "bad-time",
      "time",
      /1990 to 2099/,
    ],
    [
      "tomorrow's event",
      { ...delivered, time: "2018-01-15T09:31:00.001Z" },
      "happened-after-recorded",
      "time",
      /more than a day after/,
    ],
    [
      "a bare subject",
      { ...delivered, subject: "A-1" },
      "bad-reference",
      "subject",
      /customer:ID or order:ID/,
    ],
    [
      "no data",
      { ...delivered, data: null },
      "bad-field",
      "data.deliveryStatus",
      /is missing; give one of InfoReceived/,
    ],
    ["a list as data", withData([]), "bad-field", "data", /give an object/],
    [
      "binary data",
      { ...delivered, data_base64: "AA==" },
      "not-an-event",
      "data_base64",
      /JSON object/,
    ],
    [
      "a word not listed",
      withData({ deliveryStatus: "Lost" }),
      "bad-field",
      "data.deliveryStatus",
      /is "Lost"; give one of/,
    ],
    [
      "text for a number",
      withData({ deliveryStatus: "Pending", quantityOrdered: "2" }),
      "bad-field",
      "data.quantityOrdered",
      /is "2"; give a number, 0 or more/,
    ],
    [
      "a bad date inside",
      withData({ deliveryStatus: "Pending", deliveredAt: "2018-02-30" }),
      "bad-time",
      "data.deliveredAt",
      /is "2018-02-30"; give a moment/,
    ],
    [
      "half a character",
      withData({ deliveryStatus: "Pending", carrier: "a\ud800" }),
      "not-utf8",
      "data.carrier",
      /lone surrogate/,
    ],
    [
      "severity 6",
      withData({ deliveryStatus: "Pending", severity: 6 }),
      "bad-field",
      "data.severity",
      /from 1 to 5/,
    ],
    [
      "a bare customerRef",
      withData({ deliveryStatus: "Pending", customerRef: "42" }),
      "bad-reference",
      "data.customerRef",
      /customer:ID/,
    ],
    [
      "prose for a pointer",
      withData({ deliveryStatus: "Pending", dataRefs: ["He was rude"] }),
      "bad-field",
      "data.dataRefs.0",
      /not the text itself/,
    ],
    [
      "nested attributes",
      withData({ deliveryStatus: "Pending", attributes: { a: { b: 1 } } }),
      "bad-field",
      "data.attributes.a",
      /is an object/,
    ],
    [
      "33 attributes",
      withData({
        deliveryStatus: "Pending",
        attributes: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, i])),
      }),
      "bad-field",
      "data.attributes.a32",
      /at most 32/,
    ],
    [
      "money without currency",
      { ...bill, data: { amountDue: { amount: 3 } } },
      "bad-field",
      "data.amountDue",
      /"currency": "EUR"/,
    ],
    [
      "an end before a beginning of time",
      { ...bill, data: { billingPeriod: { endDateTime: "soon" } } },
      "bad-time",
      "data.billingPeriod.endDateTime",
      /is "soon"/,
    ],
  ];
  it.each(cases)("%s", (_, event, reason, field, message) => {
    const refused = refusalOf(event);
    expect(refused).toMatchObject({ reason, field });
    expect(refused.message).toMatch(message);
  });

  it("a line that is no JSON, saying where and quoting nothing of it", () => {
    expect(parseLine('{"id":"customer:42" "x"}')).toEqual({
      ok: false,
      error: {
        reason: "not-json",
        field: null,
        message: "The line is no JSON: at character 21 expected a comma or }.",
      },
    });
    expect(parseLine('{"data":NaN}')).toMatchObject({ error: { reason: "not-json" } });
  });

  it("a line over 256 KiB of UTF-8, though it has fewer characters", () => {
    const line = JSON.stringify(withData({ note: "ä".repeat(lineBytesMax / 2) }));
    expect(line.length).toBeLessThan(lineBytesMax);
    expect(parseLine(line)).toMatchObject({ error: { reason: "too-large" } });
    const fits = JSON.stringify(withData({ deliveryStatus: "Pending", note: "a".repeat(200_000) }));
    expect(parseLine(fits).ok).toBe(true);
  });

  it("without repeating references or long texts", () => {
    for (const event of [
      { ...delivered, subject: "Jane Doe 42" },
      withData({ deliveryStatus: "customer:42-jane" }),
      withData({ deliveryStatus: "Pending", deliveredAt: "jane@example.org" }),
      withData({ deliveryStatus: "Pending", customerRef: "jane" }),
      withData({ deliveryStatus: "Pending", attributes: { "jane doe": {} } }),
    ]) {
      expect(refusalOf(event).message).not.toMatch(/jane/i);
      expect(refusalOf(event).field).not.toMatch(/jane/i);
    }
  });

  it("whatever it is given, and never throws", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
        expect(parseEvent(value).ok).toBe(false);
        expect(parseEvent({ ...delivered, data: value }).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
    const envelope = fc.record({
      specversion: fc.constantFrom("1.0", 1),
      type: fc.constantFrom("org.troth.delivery.status.v1", "org.troth.order.placed.v1"),
      id: fc.anything(),
      source: fc.anything(),
      time: fc.anything(),
      subject: fc.anything(),
      data: fc.dictionary(
        fc.constantFrom("orderNumber", "totalAmount", "attributes"),
        fc.anything(),
      ),
    });
    fc.assert(fc.property(envelope, (event) => typeof parseEvent(event).ok === "boolean"));
    fc.assert(fc.property(fc.string(), (line) => !parseLine(line).ok));
  });
});
