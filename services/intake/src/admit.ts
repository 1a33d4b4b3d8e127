import { isUtf8 } from "node:buffer";
import { err, type Fact, isoTime, type Refusal, type Result } from "@troth/events";

/** How events are read; `@troth/events` has both. */
export type EventParser = {
  readonly line: (text: string) => Result<Fact, Refusal>;
  readonly event: (value: unknown) => Result<Fact, Refusal>;
};

export type Admitting = {
  readonly parse: EventParser;
  /** UTC milliseconds at which the event came in. */
  readonly now: number;
  readonly eventBytesMax: number;
  readonly aheadMsMax: number;
};

const refuse = (reason: Refusal["reason"], field: string | null, message: string) =>
  err({ reason, field, message });

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === "";

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The event's members when it does not say when it was recorded, else null. */
function unrecorded(text: string): Members | null {
  const value = parseJson(text);
  return isMembers(value) && isAbsent(value["recordedtime"]) ? value : null;
}

/**
 * Reads one event as it came in. One that does not say when it was recorded is recorded now: this
 * is the moment we could know. One that says it will be recorded is refused.
 */
export function admit(bytes: Buffer, admitting: Admitting): Result<Fact, Refusal> {
  const { parse, now, eventBytesMax, aheadMsMax } = admitting;
  if (bytes.length > eventBytesMax)
    return refuse("too-large", null, `${bytes.length} bytes; send at most ${eventBytesMax}.`);
  if (!isUtf8(bytes)) return refuse("not-utf8", null, "The bytes are not UTF-8; send UTF-8.");
  const text = bytes.toString();
  const recordNow = (event: Members) => parse.event({ ...event, recordedtime: isoTime(now) });
  // Most events carry the name, and then parsing once is enough: the parser takes an absent
  // recordedtime to be the time, so only equal ones can hide an absence.
  if (!text.includes('"recordedtime"')) {
    const event = unrecorded(text);
    return event === null ? parse.line(text) : recordNow(event);
  }
  const parsed = parse.line(text);
  if (!parsed.ok || parsed.value.recordedTime === parsed.value.time) {
    const event = unrecorded(text);
    if (event !== null) return recordNow(event);
  }
  if (parsed.ok && parsed.value.recordedTime > now + aheadMsMax) {
    const said = isoTime(parsed.value.recordedTime);
    const why = `recordedtime is ${said}, ahead of our clock, ${isoTime(now)}; check the sender's clock and zone.`;
    return refuse("bad-time", "recordedtime", why);
  }
  return parsed;
}
