import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { parseEvent } from "@troth/events";
import { systemHttp } from "@troth/runtime";
import avsc from "avsc";
import { afterAll, describe, expect, test } from "vitest";
import { type Decoder, openDecoder } from "./decode.ts";
import { compileExpression } from "./expression.ts";
import { type Mapping, mapRecord, type RawRecord } from "./mapping.ts";
import { parseMapping } from "./parse-mapping.ts";
import { readRecords } from "./read-records.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-mapping-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const shipped = (name: string): string =>
  readFileSync(
    fileURLToPath(new URL(`../../../../infra/mappings/${name}.yaml`, import.meta.url)),
    "utf8",
  );

function mappingOf(text: string): Mapping {
  const parsed = parseMapping(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const record = (value: unknown, more: Partial<RawRecord> = {}): RawRecord => ({
  value,
  key: null,
  headers: {},
  topic: null,
  partition: null,
  offset: null,
  timestamp: null,
  line: 1,
  ...more,
});

/** Head of a mapping of JSON records to orders; what follows is indented by four. */
const orders = (lines: string, from = "{ format: json }"): string =>
  `mapping: orders\nfrom: ${from}\nevents:\n  - kind: order.placed\n    time: value.at\n    subject: "'customer:' + value.who"\n${lines}\n    data:\n      orderNumber: value.id\n`;

const ports = { http: systemHttp, readText: () => Promise.reject(new Error("no file")) };
async function allOf(mapping: Mapping, path: string): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  const decode: Decoder = await openDecoder(mapping, ports);
  for await (const one of readRecords(path, mapping, decode)) found.push(one);
  return found;
}

const evaluated = (text: string, scope: object): unknown => {
  const compiled = compileExpression(text);
  return compiled.ok ? compiled.value(scope) : compiled.error;
};

describe("an expression", () => {
  test.each([
    ["'customer:' + value.id", { value: { id: 7 } }, "customer:7"],
    ["millis(value.t)", { value: { t: 1_772_445_600_000 } }, "2026-03-02T10:00:00.000Z"],
    ["micros(value.t)", { value: { t: "1772445600000000" } }, "2026-03-02T10:00:00.000Z"],
    ["seconds(value.t)", { value: { t: 1_772_445_600 } }, "2026-03-02T10:00:00.000Z"],
    ["days(value.t)", { value: { t: 20_517 } }, "2026-03-05"],
    [
      "local(value.t, 'Europe/Berlin')",
      { value: { t: "2026-07-01 12:00" } },
      "2026-07-01T10:00:00.000Z",
    ],
    ["local(value.t, 'Europe/Berlin', 'dmy')", { value: { t: "1.7.2026" } }, "2026-07-01"],
    [
      "local(value.t, 'America/New_York', 'mdy')",
      { value: { t: "7/1/2026 12:30 AM" } },
      "2026-07-01T04:30:00.000Z",
    ],
    ["money(value.a, 'EUR')", { value: { a: 12.5 } }, { amount: "12.5", currency: "EUR" }],
    [
      "money(decimalComma(value.a), 'EUR')",
      { value: { a: "1.234,50" } },
      { amount: "1234.5", currency: "EUR" },
    ],
    ["cents(value.a, 'EUR')", { value: { a: -5 } }, { amount: "-0.05", currency: "EUR" }],
    ["decimal(value.d, 2)", { value: { d: "BNI=" } }, "12.34"],
    ["decimal(value.d, 2)", { value: { d: Buffer.from("fb2e", "hex") } }, "-12.34"],
    ["json(value.text).a", { value: { text: '{"a":[1]}' } }, [1]],
    ["number(value.n)", { value: { n: "" } }, null],
    ["value.n > 3 && value.n < 5.5", { value: { n: 4.5 } }, true],
  ])("%s of %j is %j", (text, scope, value) => {
    expect(evaluated(text, scope)).toEqual({ kind: "value", value });
  });

  test.each([
    ["value.nope", { value: {} }],
    ["value.a.b", { value: { a: null } }],
    ["after.id", { after: null }],
    ["value.__proto__", { value: {} }],
    ["value.constructor", { value: {} }],
  ])("%s finds nothing where it is not, and nothing of the language's own", (text, scope) => {
    expect(evaluated(text, scope)).toMatchObject({ kind: "missing" });
  });

  test("that cannot go on says why, and never what the record held", () => {
    const secret = "maria@example.org";
    for (const text of [
      "millis(value.s)",
      "local(value.s, 'UTC')",
      "money(value.s, 'EUR')",
      "number(value.s)",
      "json(value.s)",
      "value.s > 3",
      "decimal(value.s + '!', 99)",
    ]) {
      const found = evaluated(text, { value: { s: secret } });
      expect(found).toMatchObject({ kind: "failed" });
      expect(JSON.stringify(found)).not.toContain("maria");
    }
  });

  test("brings no slow pattern to the door", () => {
    expect(evaluated("value.s.matches('(a+)+$')", {})).toMatchObject({
      found: "the function `matches`",
    });
  });
});

describe("a mapping", () => {
  test.each(["shop-orders", "parcel-scans", "calls"])("%s of the tree is right", (name) => {
    expect(parseMapping(shipped(name)).ok).toBe(true);
  });

  test("tells every mistake with its line and what would put it right", () => {
    const parsed = parseMapping(
      [
        "mapping: Orders",
        "from: { format: csv, registry: 'http://127.0.0.1:1' }",
        "events:",
        "  - kind: order.plced",
        "    time: valu.at",
        "  - kind: order.placed",
        "    time: millis(value.at",
        "    data: { orderNumbr: value.id, orderNumber: mony(value.id) }",
      ].join("\n"),
      "m.yaml",
    );
    const told = parsed.ok ? [] : parsed.error;
    expect(told.map(({ line, remedy }) => `${line}: ${remedy}`)).toEqual([
      expect.stringContaining("1: "),
      expect.stringContaining("2: only formats avro and debezium"),
      expect.stringContaining("4: did you mean `order.placed`?"),
      expect.stringContaining("5: did you mean `value`?"),
      expect.stringContaining("7: "),
      expect.stringContaining("8: did you mean `orderNumber`?"),
      expect.stringContaining("8: did you mean `money`?"),
    ]);
  });

  test("never throws, whatever it is given", () => {
    for (const text of ["", "[]", "a: *b", "mapping: 1", "events: {}", "\u0000", "{".repeat(500)])
      expect(parseMapping(text).ok).toBe(false);
  });

  test("makes what the door admits, and of the same record the same event", () => {
    const mapping = mappingOf(orders("    tenant: value.shop"));
    const raw = record({ id: 7, who: "42", at: "2026-03-02T10:00:00Z", shop: "" });
    const [made] = mapRecord(mapping, raw);
    expect(made).toEqual(mapRecord(mapping, record({ ...Object(raw.value) }))[0]);
    const event = made?.kind === "event" ? made.event : null;
    expect(event).toMatchObject({ source: "urn:mapping:orders", subject: "customer:42" });
    // orderNumber is a text: a number is refused by the door, not silently made one.
    expect(parseEvent(event)).toMatchObject({ error: { field: "data.orderNumber" } });
    expect(event).not.toHaveProperty("tenantid");
  });

  test("takes the broker's time as the moment we could know, unless the record says better", () => {
    const raw = record(
      { id: "7", who: "1", at: "2026-03-02T10:00:00Z", seen: "2026-03-02T11:00:00Z" },
      { timestamp: Date.UTC(2026, 2, 2, 12) },
    );
    const recorded = (text: string): unknown => {
      const [made] = mapRecord(mappingOf(orders(text)), raw);
      return made?.kind === "event" ? Object(made.event).recordedtime : null;
    };
    expect(recorded("    recordedtime: value.seen")).toBe("2026-03-02T11:00:00Z");
    expect(recorded("    when: value.id == '7'")).toBe("2026-03-02T12:00:00.000Z");
  });

  test("refuses rather than invents an id that is not in the record", () => {
    const mapping = mappingOf(orders("    id: value.number"));
    const [made] = mapRecord(mapping, record({ id: "7", who: "1", at: "2026-03-02T10:00:00Z" }));
    expect(made).toMatchObject({ kind: "refused", refusal: { reason: "not-mapped", field: "id" } });
  });

  test("follows Debezium through insert, change and removal, with and without its schema", () => {
    const mapping = mappingOf(shipped("shop-orders"));
    const row = { id: 7, customer_id: 42, placed_at: 1_772_445_600_000_000, promised_on: 20_517 };
    const after = { ...row, promised_on: 20_519, changed_at: 1_772_546_600_000_000 };
    const more = { items: 2, total: "BNI=", currency: "EUR" };
    const kinds = (value: unknown): readonly unknown[] =>
      mapRecord(mapping, record(value)).map((made) =>
        made.kind === "event" ? Object(made.event).type : made,
      );
    expect(
      kinds({ schema: {}, payload: { op: "r", before: null, after: { ...row, ...more } } }),
    ).toEqual(["org.troth.order.placed.v1"]);
    expect(kinds({ op: "u", before: row, after })).toEqual(["org.troth.delivery.status.v1"]);
    expect(kinds({ op: "u", before: row, after: row })).toEqual([]);
    expect(kinds({ op: "d", before: row, after: null })).toEqual([]);
    expect(kinds(null)).toEqual([]);
  });
});

describe("records of a file", () => {
  test("of CSV are rows by name, packed or not, a short one alone set aside", async () => {
    const text = '\ufeffid;who;at\n1;a;2026-03-02\n2;b\n3;"c;\nd";2026-03-03\n';
    writeFileSync(join(dir, "a.csv"), text);
    writeFileSync(join(dir, "a.csv.gz"), gzipSync(text));
    const mapping = mappingOf(orders("", "{ format: csv, delimiter: ';' }"));
    const plain = await allOf(mapping, join(dir, "a.csv"));
    expect(plain).toMatchObject([
      { line: 2, record: { ok: true, value: { value: { id: "1", who: "a" } } } },
      { line: 3, record: { ok: false, error: { reason: "bad-field" } } },
      { line: 5, record: { ok: true, value: { value: { who: "c;\nd" } } } },
    ]);
    expect(await allOf(mapping, join(dir, "a.csv.gz"))).toEqual(plain);
  });

  test("of an Avro object file come with their own schema; a torn file is told", async () => {
    const type = avsc.Type.forSchema({
      type: "record",
      name: "Order",
      fields: [
        { name: "id", type: "string" },
        { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
        { name: "note", type: ["null", "string"], default: null },
      ],
    });
    const path = join(dir, "orders.avro");
    const encoder = avsc.createFileEncoder(path, type, { codec: "deflate" });
    for (const id of ["1", "2"]) encoder.write({ id, at: 1_772_445_600_000, note: null });
    await new Promise((done) => encoder.end(done));
    const mapping = mappingOf(
      orders("", "{ format: avro }").replace("value.at", "millis(value.at)"),
    );
    expect(await allOf(mapping, path)).toMatchObject([
      { record: { value: { value: { id: "1", at: 1_772_445_600_000, note: null } } } },
      { record: { value: { value: { id: "2" } } } },
    ]);
    const whole = readFileSync(path);
    for (const length of [0, 40, whole.length - 20, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(allOf(mapping, path)).rejects.toThrow("no whole Avro object file");
    }
  });
});

describe("values of Avro with a registry", () => {
  const schema: avsc.Schema = {
    type: "record",
    name: "Scan",
    fields: [{ name: "id", type: "string" }],
  };
  const wire = (id: number, bytes: Buffer): Buffer => {
    const head = Buffer.alloc(5);
    head.writeInt32BE(id, 1);
    return Buffer.concat([head, bytes]);
  };

  test("are read by the schema their id names, asked for once; a failing registry is not their fault", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      const known = request.url === "/apis/ccompat/v7/schemas/ids/41";
      response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify(known ? { schema: JSON.stringify(schema) } : {}));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    try {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const from = `{ format: avro, topic: t, registry: "http://127.0.0.1:${port}/apis/ccompat/v7/" }`;
      const decode = await openDecoder(mappingOf(orders("", from)), ports);
      const value = avsc.Type.forSchema(schema).toBuffer({ id: "7" });
      for (let i = 0; i < 3; i += 1) {
        expect(await decode(wire(41, value))).toMatchObject({ ok: true, value: { id: "7" } });
      }
      expect(asked).toEqual(["/apis/ccompat/v7/schemas/ids/41"]);
      expect(await decode(wire(41, Buffer.from([200])))).toMatchObject({
        error: { reason: "bad-avro" },
      });
      expect(await decode(Buffer.from("{}"))).toMatchObject({ error: { reason: "bad-avro" } });
      await expect(decode(wire(42, value))).rejects.toMatchObject({
        code: "registry",
        retryable: true,
      });
    } finally {
      server.close();
    }
  });
});
