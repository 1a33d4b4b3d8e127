import type { z } from "zod";
import { isoTime } from "./canonical.ts";
import { refusal, refusalAt, whatWasFound } from "./explain.ts";
import type { Fact, Refusal } from "./fact.ts";
import { jsonFault } from "./json-fault.ts";
import type { Fields } from "./kinds/field.ts";
import { type Kind, kinds, needsSubject, tableOf, typeOf } from "./kinds/index.ts";
import { nearest } from "./nearest.ts";
import { isPlainAscii, isReference } from "./reference.ts";
import { fieldNamedBy } from "./references.ts";
import { ok, type Result } from "./result.ts";
import { isRecord, type Members, shapesOf, withoutBlanks } from "./shape.ts";
import { dayMs, parseInstant } from "./time.ts";

/** Largest line taken, in bytes of UTF-8. */
export const lineBytesMax = 256 * 1024;
/** Clocks differ and zones are mistaken, but nobody can report tomorrow's event. */
const aheadMsMax = dayMs;
const envelopeTextMax = 512;

type Parsed<T> = Result<T, Refusal>;

type Entrance = {
  readonly kind: Kind;
  readonly shapeFor: (data: object) => z.ZodType<Members>;
};

const entrances: ReadonlyMap<unknown, Entrance> = new Map(
  kinds.map((kind) => [typeOf(kind), { kind, shapeFor: shapesOf(tableOf(kind).fields) }]),
);

/** No control characters: NUL is what keeps the two parts of an identity apart. */
const envelopeText = /^[^\p{Cc}\p{Cs}]+$/u;
const isEnvelopeText = (text: string): boolean =>
  text !== "" && (isPlainAscii(text, 0) || envelopeText.test(text));

function readText(event: Members, name: string): Parsed<string> {
  const value = event[name];
  if (typeof value === "string" && value.length <= envelopeTextMax && isEnvelopeText(value)) {
    return ok(value);
  }
  const found = whatWasFound(value, false);
  return refusal(
    "bad-field",
    name,
    `${name} ${found}; give 1 to ${envelopeTextMax} characters without control characters.`,
  );
}

function readTime(event: Members, name: string): Parsed<number | null> {
  const value = event[name];
  if (value === undefined || value === null || value === "") return ok(null);
  const ms = typeof value === "string" ? parseInstant(value, false) : Number.NaN;
  if (!Number.isNaN(ms)) return ok(ms);
  return refusal(
    "bad-time",
    name,
    `${name} ${whatWasFound(value, true)}; give a moment such as 2018-01-14T09:30:00Z, with Z or an offset, 1990 to 2099.`,
  );
}

function readTimes(event: Members): Parsed<{ time: number; recordedTime: number }> {
  const happened = readTime(event, "time");
  if (!happened.ok) return happened;
  const recorded = readTime(event, "recordedtime");
  if (!recorded.ok) return recorded;
  const time = happened.value ?? recorded.value;
  const recordedTime = recorded.value ?? happened.value;
  if (time === null || recordedTime === null) {
    return refusal(
      "bad-time",
      "time",
      "time and recordedtime are both missing; give when it happened or when it was recorded.",
    );
  }
  if (time <= recordedTime + aheadMsMax) return ok({ time, recordedTime });
  return refusal(
    "happened-after-recorded",
    "time",
    `time is ${isoTime(time)}, more than a day after recordedtime ${isoTime(recordedTime)}; check the zone, or give when it was truly recorded.`,
  );
}

function readSubject(event: Members, kind: Kind): Parsed<string | null> {
  const value = event["subject"];
  if (typeof value === "string" && isReference(value)) return ok(value);
  const absent = value === undefined || value === null || value === "";
  if (absent && !needsSubject(kind)) return ok(null);
  const remedy = needsSubject(kind) ? "" : ", or leave it out";
  return refusal(
    "bad-reference",
    "subject",
    `subject ${whatWasFound(value, false)}; give a reference such as customer:ID or order:ID${remedy}.`,
  );
}

/** An absent tenant is `default`. */
function readTenant(event: Members): Parsed<string> {
  const value = event["tenantid"];
  return value === undefined || value === null || value === ""
    ? ok("default")
    : readText(event, "tenantid");
}

function readEntrance(event: Members): Parsed<Entrance> {
  const type = event["type"];
  const entrance = entrances.get(type);
  if (entrance !== undefined) return ok(entrance);
  if (typeof type !== "string") {
    return refusal(
      "not-an-event",
      "type",
      `type ${whatWasFound(type, true)}; give org.troth.<kind>.v1.`,
    );
  }
  const near = nearest(
    type,
    [...entrances.values()].map(({ kind }) => typeOf(kind)),
  );
  const found = /^[\w.-]{1,80}$/.test(type) ? `"${type}"` : `a text of ${type.length} characters`;
  return refusal(
    "unknown-kind",
    "type",
    `type is ${found}, which is no kind known here; ${near === null ? "see schemas/README.md for the kinds" : `did you mean ${near}?`}`,
  );
}

/** What a subject names, told once: `order:A1` gives `orderNumber`, which the rules look at. */
function namedBySubject(data: Members, subject: string | null, fields: Fields): Members {
  if (subject === null) return data;
  const field = fieldNamedBy(subject);
  if (field === null || data[field.name] !== undefined || !Object.hasOwn(fields, field.name)) {
    return data;
  }
  return { ...data, [field.name]: field.value };
}

function readData(event: Members, entrance: Entrance, subject: string | null): Parsed<Members> {
  const given = event["data"];
  if (event["data_base64"] !== undefined) {
    return refusal(
      "not-an-event",
      "data_base64",
      "data_base64 is given; give data as a JSON object.",
    );
  }
  const data = withoutBlanks(given === undefined || given === null ? {} : given);
  const fields = tableOf(entrance.kind).fields;
  if (!isRecord(data)) return refusalAt(fields, data, []);
  const named = namedBySubject(data, subject, fields);
  const read = entrance.shapeFor(named).safeParse(named);
  return read.success ? ok(read.data) : refusalAt(fields, named, read.error.issues[0]?.path ?? []);
}

/**
 * A fact from a structured CloudEvents 1.0 object, or why it is none. Never throws.
 *
 * `time` and `recordedtime` stand in for each other when one is missing. What the kind's table does
 * not name is dropped, so that a source may send more than we know.
 */
export function parseEvent(value: unknown): Result<Fact, Refusal> {
  if (!isRecord(value)) {
    return refusal(
      "not-an-event",
      null,
      `The event ${whatWasFound(value, false)}; give a JSON object.`,
    );
  }
  if (value["specversion"] !== "1.0") {
    const found = whatWasFound(value["specversion"], true);
    return refusal(
      "not-an-event",
      "specversion",
      `specversion ${found}; give "1.0" (CloudEvents).`,
    );
  }
  const entrance = readEntrance(value);
  if (!entrance.ok) return entrance;
  const id = readText(value, "id");
  if (!id.ok) return id;
  const source = readText(value, "source");
  if (!source.ok) return source;
  const tenant = readTenant(value);
  if (!tenant.ok) return tenant;
  const times = readTimes(value);
  if (!times.ok) return times;
  const kind = entrance.value.kind;
  const subject = readSubject(value, kind);
  if (!subject.ok) return subject;
  const data = readData(value, entrance.value, subject.value);
  if (!data.ok) return data;
  return ok({
    id: id.value,
    source: source.value,
    kind,
    tenant: tenant.value,
    time: times.value.time,
    recordedTime: times.value.recordedTime,
    subject: subject.value,
    data: data.value,
  });
}

/** The same from one line of an event file. Never throws. */
export function parseLine(line: string): Result<Fact, Refusal> {
  if (line.length * 3 > lineBytesMax && Buffer.byteLength(line) > lineBytesMax) {
    return refusal(
      "too-large",
      null,
      `The line has ${Buffer.byteLength(line)} bytes; at most ${lineBytesMax} are taken. Keep large material elsewhere and name it in dataRefs.`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    const fault = jsonFault(line) ?? { at: 0, expected: "JSON" };
    return refusal(
      "not-json",
      null,
      `The line is no JSON: at character ${fault.at + 1} expected ${fault.expected}.`,
    );
  }
  return parseEvent(value);
}
