import type { Fact } from "@troth/events";
import { LogError } from "@troth/log";
import { type Clock, noTraces, type Traces } from "@troth/runtime";
import { admit, type EventParser } from "./admit.ts";
import { type IntakeTell, wantedTypes } from "./answers.ts";
import type { Limits } from "./limits.ts";
import { type ProblemKind, problem } from "./problem.ts";
import { type SetAside, setAsideOf } from "./set-aside.ts";
import { type Piece, splitArray, splitLines } from "./split.ts";
import type { Admission } from "./to-logs.ts";
import { beginTracing, type Traced } from "./traced.ts";

/** What a sender handed in, whatever carried it. */
export type Received = {
  readonly contentType: string;
  readonly contentEncoding: string;
  /** Null when the carrier could not read it as bytes. */
  readonly body: Buffer | null;
  /** W3C trace context of the request. */
  readonly traceparent?: string | undefined;
};

export type Answer = {
  readonly status: number;
  readonly type: "application/json" | "application/problem+json";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
};

export type ReceiveOptions = {
  readonly parse: EventParser;
  /** Resolves once everything in the admission is durable. */
  readonly append: (admission: Admission) => Promise<void>;
  readonly clock: Clock;
  readonly tell: IntakeTell;
  readonly limits: Limits;
  /** Nothing is traced if absent. */
  readonly traces?: Traces;
};

/** Content types and how a body of each falls into events. */
const doors: Readonly<Record<string, (body: Buffer) => readonly Piece[] | null>> = {
  "application/cloudevents+json": (body) => [{ line: 1, bytes: body }],
  "application/cloudevents-batch+json": splitArray,
  "application/x-ndjson": splitLines,
};
export const contentTypes = Object.keys(doors);
/** Events parsed before other requests get their turn. */
const turnEvents = 250;

/** `charset=utf-8` is all that may stand beside the type; anything else would change the bytes. */
function doorOf(received: Received): ((body: Buffer) => readonly Piece[] | null) | null {
  const [type = "", ...parameters] = received.contentType.toLowerCase().split(";");
  if (received.contentEncoding.toLowerCase() !== "identity") return null;
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return null;
  const name = type.trim();
  return Object.hasOwn(doors, name) ? (doors[name] ?? null) : null;
}

async function read(
  pieces: readonly Piece[],
  options: ReceiveOptions,
  traced: Traced | null,
): Promise<Admission> {
  const { eventBytesMax, aheadMsMax } = options.limits;
  const facts: Fact[] = [];
  const setAside: SetAside[] = [];
  const traces: (string | undefined)[] = [];
  const now = options.clock.now();
  const admitting = { parse: options.parse, now, eventBytesMax, aheadMsMax };
  for (const [index, { line, bytes }] of pieces.entries()) {
    if (index % turnEvents === turnEvents - 1) await new Promise((resume) => setImmediate(resume));
    const admitted = admit(bytes, admitting);
    if (admitted.ok) {
      facts.push(admitted.value);
      if (traced !== null) traces.push(traced.contextOf(bytes));
    } else setAside.push(setAsideOf(bytes, admitted.error, { at: now, origin: "http", line }));
  }
  return traced === null ? { facts, setAside } : { facts, setAside, traces };
}

const listed = (setAside: readonly SetAside[], listedMax: number) =>
  setAside
    .slice(0, listedMax)
    .map(({ line, reason, field, message }) => ({ line, reason, field, message }));

const refusal = (kind: ProblemKind, status: number, detail: string, more: object = {}): Answer => ({
  status,
  type: "application/problem+json",
  headers: {},
  body: { ...problem(kind, status, detail), ...more },
});

export const turnedAway = (kind: ProblemKind, detail: string, afterSeconds: number): Answer => ({
  ...refusal(kind, 503, detail),
  headers: { "retry-after": String(afterSeconds), connection: "close" },
});

/** Why storing failed, as the sender is told: nothing of it is theirs to repair. */
function failure(error: unknown, tell: IntakeTell): Answer {
  const code = error instanceof LogError ? error.code : "failed";
  if (code === "overloaded") {
    tell.turnedAway("too-busy");
    return turnedAway("too-busy", "Nothing was stored; send it again.", 1);
  }
  tell.failed(error);
  tell.turnedAway(code === "disk-full" ? "disk-full" : "log-failed");
  const detail = "It is not sure that anything was stored; sending it again does no harm.";
  return turnedAway("storage-unavailable", detail, 5);
}

/**
 * Takes what a sender handed in: 202 only when all that was accepted, and all that was set aside, is
 * durable. What carried it here, a socket or a simulation, does not matter.
 */
export async function receive(received: Received, options: ReceiveOptions): Promise<Answer> {
  const traced = beginTracing(options.traces ?? noTraces, received.traceparent);
  try {
    return await take(received, options, traced);
  } finally {
    traced?.end();
  }
}

async function take(
  received: Received,
  options: ReceiveOptions,
  traced: Traced | null,
): Promise<Answer> {
  const { body } = received;
  const split = doorOf(received);
  if (split === null || body === null) return refusal("unsupported-media-type", 415, wantedTypes);
  // A batch that is no array is one thing that cannot be read, kept like any other.
  const admission = await read(split(body) ?? [{ line: 1, bytes: body }], options, traced);
  const { facts, setAside } = admission;
  if (facts.length + setAside.length > 0) {
    try {
      await options.append(admission);
    } catch (error) {
      return failure(error, options.tell);
    }
  }
  options.tell.admitted(
    facts.length,
    setAside.map(({ reason }) => reason),
  );
  const answer = {
    accepted: facts.length,
    setAsideTotal: setAside.length,
    setAside: listed(setAside, options.limits.setAsideListedMax),
  };
  if (facts.length > 0) return { status: 202, type: "application/json", headers: {}, body: answer };
  const detail =
    setAside.length === 0
      ? "The body holds no event."
      : "Each was set aside with the reason listed; put it right and send it again.";
  return refusal("nothing-acceptable", 400, detail, answer);
}
