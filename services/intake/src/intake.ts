import type { Fact } from "@troth/events";
import type { Clock } from "@troth/runtime";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { admit, type EventParser } from "./admit.ts";
import {
  answerError,
  answerFailure,
  answerProblem,
  type IntakeTell,
  turnAway,
  wantedTypes,
} from "./answers.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { announcedBytes, openPending, type Pending } from "./pending.ts";
import { problem } from "./problem.ts";
import { type SetAside, setAsideOf } from "./set-aside.ts";
import { type Piece, splitArray, splitLines } from "./split.ts";
import type { Admission } from "./to-logs.ts";

export type IntakeOptions = {
  readonly parse: EventParser;
  /** Resolves once everything in the admission is durable. */
  readonly append: (admission: Admission) => Promise<void>;
  readonly clock: Clock;
  readonly tell: IntakeTell;
  readonly limits?: Partial<Limits>;
  /** Loopback unless said otherwise: there is no authentication at this door yet. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
};

export type Intake = {
  readonly port: number;
  /** Bytes of bodies not yet answered. */
  readonly pendingBytes: () => number;
  /** Takes no more, answers what is under way, then closes. */
  readonly close: () => Promise<void>;
};

/** Content types and how a body of each falls into events. */
const doors: Readonly<Record<string, (body: Buffer) => readonly Piece[] | null>> = {
  "application/cloudevents+json": (body) => [{ line: 1, bytes: body }],
  "application/cloudevents-batch+json": splitArray,
  "application/x-ndjson": splitLines,
};
const contentTypes = Object.keys(doors);
/** Events parsed before other requests get their turn. */
const turnEvents = 250;

/** A browser must make nothing of what comes from here, least of all a page. */
const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** `charset=utf-8` is all that may stand beside the type; anything else would change the bytes. */
function doorOf(request: FastifyRequest): ((body: Buffer) => readonly Piece[] | null) | null {
  const [type = "", ...parameters] = (request.headers["content-type"] ?? "")
    .toLowerCase()
    .split(";");
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") return null;
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return null;
  const name = type.trim();
  return Object.hasOwn(doors, name) ? (doors[name] ?? null) : null;
}

async function read(
  pieces: readonly Piece[],
  options: IntakeOptions,
  limits: Limits,
): Promise<Admission> {
  const { eventBytesMax, aheadMsMax } = limits;
  const facts: Fact[] = [];
  const setAside: SetAside[] = [];
  const now = options.clock.now();
  const admitting = { parse: options.parse, now, eventBytesMax, aheadMsMax };
  for (const [index, { line, bytes }] of pieces.entries()) {
    if (index % turnEvents === turnEvents - 1) await new Promise((resume) => setImmediate(resume));
    const admitted = admit(bytes, admitting);
    if (admitted.ok) facts.push(admitted.value);
    else setAside.push(setAsideOf(bytes, admitted.error, { at: now, origin: "http", line }));
  }
  return { facts, setAside };
}

const listed = (setAside: readonly SetAside[], listedMax: number) =>
  setAside
    .slice(0, listedMax)
    .map(({ line, reason, field, message }) => ({ line, reason, field, message }));

async function take(
  request: FastifyRequest,
  reply: FastifyReply,
  options: IntakeOptions,
  limits: Limits,
): Promise<FastifyReply> {
  const body = request.body;
  const split = doorOf(request);
  if (split === null || !Buffer.isBuffer(body))
    return answerProblem(reply, problem("unsupported-media-type", 415, wantedTypes));
  // A batch that is no array is one thing that cannot be read, kept like any other.
  const pieces = split(body) ?? [{ line: 1, bytes: body }];
  const admission = await read(pieces, options, limits);
  const { facts, setAside } = admission;
  if (facts.length + setAside.length > 0) {
    try {
      await options.append(admission);
    } catch (error) {
      return answerFailure(reply, error, options.tell);
    }
  }
  options.tell.admitted(
    facts.length,
    setAside.map(({ reason }) => reason),
  );
  const answer = {
    accepted: facts.length,
    setAsideTotal: setAside.length,
    setAside: listed(setAside, limits.setAsideListedMax),
  };
  if (facts.length > 0) return reply.code(202).send(answer);
  const detail =
    setAside.length === 0
      ? "The body holds no event."
      : "Each was set aside with the reason listed; put it right and send it again.";
  return answerProblem(reply, problem("nothing-acceptable", 400, detail), answer);
}

function build(
  options: IntakeOptions,
  limits: Limits,
  pending: Pending,
  isStopping: () => boolean,
): FastifyInstance {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    requestTimeout: limits.requestMsMax,
    forceCloseConnections: "idle",
    keepAliveTimeout: 5_000,
    http: {
      headersTimeout: limits.requestMsMax,
      connectionsCheckingInterval: Math.min(1_000, limits.requestMsMax / 4),
    },
  });
  app.server.maxConnections = limits.connectionsMax;
  app.removeAllContentTypeParsers();
  for (const type of contentTypes) {
    const isSingle = type === "application/cloudevents+json";
    const bodyLimit = isSingle ? limits.eventBytesMax : limits.batchBytesMax;
    app.addContentTypeParser(type, { parseAs: "buffer", bodyLimit }, (_, body, done) =>
      done(null, body),
    );
  }
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    const release = pending.take(announcedBytes(request.headers, limits.batchBytesMax));
    if (release !== null) {
      reply.raw.once("close", release);
      return;
    }
    options.tell.turnedAway("too-busy");
    return turnAway(reply, "too-busy", "Nothing was read; send it again.", 1);
  });
  app.addHook("onSend", async (_, reply) => {
    // A connection kept alive would keep the door open after its last answer.
    if (isStopping()) reply.header("connection", "close");
  });
  app.addHook("onResponse", async (_, reply) => options.tell.answered(reply.statusCode));
  app.setErrorHandler((error, _, reply) => answerError(error, reply, options.tell));
  app.setNotFoundHandler((request, reply) => {
    if (request.url.split("?")[0] !== "/v1/events")
      return answerProblem(reply, problem("not-found", 404, "Send events to /v1/events."));
    reply.header("allow", "POST");
    return answerProblem(reply, problem("method-not-allowed", 405, "Use POST."));
  });
  app.post("/v1/events", (request, reply) => take(request, reply, options, limits));
  return app;
}

/**
 * The door: `POST /v1/events` takes CloudEvents, one, a batch or lines of them, and answers 202
 * only when all that was accepted, and all that was set aside, is durable.
 *
 * No web page can reach it by a visitor's browser: all three content types need a preflight, which
 * is never granted.
 */
export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const limits = { ...defaultLimits, ...options.limits };
  const pending = openPending(limits.pendingBytesMax);
  let isStopping = false;
  const app = build(options, limits, pending, () => isStopping);
  await app.listen({ port: options.port, host: options.host ?? "127.0.0.1" });
  const address = app.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    pendingBytes: pending.bytes,
    close: async () => {
      isStopping = true;
      const cutOff = options.clock.setTimer(limits.stopMsMax, () =>
        app.server.closeAllConnections(),
      );
      await app.close();
      cutOff.cancel();
    },
  };
}
