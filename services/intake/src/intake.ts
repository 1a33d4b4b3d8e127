import { type Clock, noJsonSchemas, type Traces } from "@troth/runtime";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { EventParser } from "./admit.ts";
import { answerError, answerProblem, type IntakeTell, sendAnswer } from "./answers.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { announcedBytes, openPending, type Pending } from "./pending.ts";
import { problem } from "./problem.ts";
import { contentTypes, type ReceiveOptions, receive, turnedAway } from "./receive.ts";
import type { Admission } from "./to-logs.ts";

export type IntakeOptions = {
  readonly parse: EventParser;
  /** Resolves once everything in the admission is durable. */
  readonly append: (admission: Admission) => Promise<void>;
  readonly clock: Clock;
  readonly tell: IntakeTell;
  readonly limits?: Partial<Limits>;
  /** Nothing is traced if absent. */
  readonly traces?: Traces;
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

/** A browser must make nothing of what comes from here, least of all a page. */
const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

function take(
  request: FastifyRequest,
  reply: FastifyReply,
  options: ReceiveOptions,
): Promise<FastifyReply> {
  const received = {
    contentType: request.headers["content-type"] ?? "",
    contentEncoding: request.headers["content-encoding"] ?? "identity",
    body: Buffer.isBuffer(request.body) ? request.body : null,
    traceparent: request.headers["traceparent"]?.toString(),
  };
  return receive(received, options).then((answer) => sendAnswer(reply, answer));
}

function build(
  options: IntakeOptions,
  limits: Limits,
  pending: Pending,
  isStopping: () => boolean,
): FastifyInstance {
  const app = fastify({
    logger: false,
    schemaController: noJsonSchemas,
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
    return sendAnswer(reply, turnedAway("too-busy", "Nothing was read; send it again.", 1));
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
  app.post("/v1/events", (request, reply) => take(request, reply, { ...options, limits }));
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
