import { type Clock, systemClock } from "@troth/runtime";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Context } from "../api/context.ts";
import { customerPageOf } from "../api/customer-page.ts";
import { openApi } from "../api/openapi.ts";
import { overviewOf } from "../api/overview.ts";
import { queueOf } from "../api/queue.ts";
import { riskAssessmentOf } from "../api/risk-assessment.ts";
import { queueQuery } from "../api/schemas.ts";
import type { DeskCustomer } from "../view/customer.ts";
import { type Asset, readAssets } from "./assets.ts";
import { securityHeaders } from "./headers.ts";
import { hostsOf } from "./hosts.ts";
import { type Live, openLive } from "./live.ts";
import { type ProblemKind, problem, problemType } from "./problem.ts";

/** What happens here that is worth counting; the names of metrics are given elsewhere. */
export type DeskTell = {
  readonly answered: (status: number) => void;
  /** Our own failure, which the reader saw as a 500. */
  readonly failed: (error: unknown) => void;
};

export type DeskOptions = Pick<Context, "view" | "policy" | "flagNow" | "logTime"> & {
  /** Loopback unless said otherwise: there is no sign-in at this desk yet. Port 0 takes any. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly tell: DeskTell;
  readonly isDemo?: () => boolean;
  /** Shown to whoever has no data yet. */
  readonly intakeUrl?: () => string | null;
  /** Further names the desk is reached by, behind a proxy say. */
  readonly hosts?: readonly string[];
  readonly clock?: Clock;
};

export type Desk = { readonly url: string; readonly close: () => Promise<void> };

const requestMsMax = 10_000;
const connectionsMax = 500;

function refuse(reply: FastifyReply, kind: ProblemKind, detail: string): FastifyReply {
  const body = problem(kind, detail);
  return reply.code(body.status).type(problemType).send(body);
}

/** Where the first thing wrong with a query stands, and what was expected there. */
const faultOf = ({ issues }: z.ZodError): string => {
  const [first] = issues;
  return first === undefined ? "" : `${first.path.join(".")}: ${first.message}`;
};

function customerIn(
  request: FastifyRequest<{ Params: { ref: string } }>,
  { view }: Context,
): DeskCustomer | null {
  return view.customer(request.params.ref);
}

const unknownCustomer =
  "No event that came in has this name for a customer. Names look like customer:42 or order:A-1.";

function addApi(app: FastifyInstance, context: Context, live: Live): void {
  const document = openApi();
  app.get("/api/openapi.json", (_, reply) => reply.send(document));
  app.get("/api/overview", (_, reply) => reply.send(overviewOf(context)));
  app.get("/api/customers", (request, reply) => {
    const query = queueQuery.safeParse(request.query);
    if (!query.success) return refuse(reply, "bad-request", faultOf(query.error));
    const queue = queueOf(context, query.data);
    if (queue.ok) return reply.send(queue.value);
    const detail =
      queue.error === "unknown-cursor"
        ? "cursor: not one this desk gave"
        : "level: any, or some of critical, high, medium, low, none by commas";
    return refuse(reply, "bad-request", detail);
  });
  app.get<{ Params: { ref: string } }>("/api/customers/:ref", (request, reply) => {
    const customer = customerIn(request, context);
    return customer === null
      ? refuse(reply, "unknown-customer", unknownCustomer)
      : reply.send(customerPageOf(context, customer));
  });
  app.get<{ Params: { ref: string } }>("/api/customers/:ref/flag", (request, reply) => {
    const customer = customerIn(request, context);
    return customer === null
      ? refuse(reply, "unknown-customer", unknownCustomer)
      : reply.send(riskAssessmentOf(context, customer));
  });
  app.get("/api/live", { exposeHeadRoute: false }, (request, reply) => {
    if (!live.follow(request.raw, reply.raw)) {
      reply.header("retry-after", "30");
      return refuse(reply, "too-many-followers", "Close another desk and try again.");
    }
    return reply.hijack();
  });
}

function addPage(app: FastifyInstance, assets: ReadonlyMap<string, Asset>): void {
  const send = (request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply => {
    const asset = assets.get(name);
    if (asset === undefined) return refuse(reply, "not-found", "No such file.");
    reply.headers({ etag: asset.etag, "cache-control": "no-cache" });
    if (request.headers["if-none-match"] === asset.etag) return reply.code(304).send();
    return reply.type(asset.type).send(asset.bytes);
  };
  app.get("/", (request, reply) => send(request, reply, "index.html"));
  app.get<{ Params: { name: string } }>("/assets/:name", (request, reply) =>
    send(request, reply, request.params.name),
  );
}

/** A request Node could not even parse is answered past fastify, with the same headers. */
function badRequestText(): string {
  const body = JSON.stringify(problem("bad-request", "This is not HTTP."));
  const lines = Object.entries({
    ...securityHeaders,
    "content-type": problemType,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}`);
  return ["HTTP/1.1 400 Bad Request", ...lines, "", body].join("\r\n");
}

function build(
  options: DeskOptions,
  context: Context,
  live: Live,
  assets: ReadonlyMap<string, Asset>,
): FastifyInstance {
  const { tell } = options;
  const isOurs = hostsOf(options.listen.host, options.hosts ?? []);
  const app = fastify({
    logger: false,
    routerOptions: { maxParamLength: 300 },
    requestTimeout: requestMsMax,
    forceCloseConnections: true,
    bodyLimit: 1_024,
    clientErrorHandler: (_, socket) => {
      if (socket.writable) socket.end(badRequestText());
      else socket.destroy();
    },
    frameworkErrors: (_, __, reply) => {
      reply.headers(securityHeaders);
      refuse(reply, "bad-request", "The address cannot be read.");
    },
  });
  app.server.maxConnections = connectionsMax;
  app.removeAllContentTypeParsers();
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ ...securityHeaders, "cache-control": "no-store" });
    if (!isOurs(request.headers.host)) {
      return refuse(reply, "wrong-host", "Ask for it by its address, or name it in its settings.");
    }
    if (request.method === "GET" || request.method === "HEAD") return;
    reply.header("allow", "GET, HEAD");
    return refuse(reply, "method-not-allowed", "Use GET.");
  });
  app.addHook("onResponse", async (_, reply) => tell.answered(reply.statusCode));
  app.setErrorHandler((error, _, reply) => {
    const status =
      typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : 500;
    if (typeof status === "number" && status < 500) {
      return refuse(reply, "bad-request", "The request cannot be read.");
    }
    tell.failed(error);
    return refuse(reply, "internal-error", "It has been noted. Try again.");
  });
  app.setNotFoundHandler((_, reply) =>
    refuse(reply, "not-found", "The page is at /, the interface in /api/openapi.json."),
  );
  addApi(app, context, live);
  addPage(app, assets);
  return app;
}

/** Everything but listening, for who brings requests of their own. */
export async function buildDesk(
  options: DeskOptions,
): Promise<{ app: FastifyInstance; live: Live }> {
  const context: Context = {
    view: options.view,
    policy: options.policy,
    flagNow: options.flagNow,
    logTime: options.logTime,
    isDemo: options.isDemo ?? (() => false),
    intakeUrl: options.intakeUrl ?? (() => null),
  };
  const live = openLive(options.view.changes, options.clock ?? systemClock);
  return { app: build(options, context, live, await readAssets()), live };
}

/**
 * The window: one page and the interface under it, for reading only. It answers from the view alone
 * and from `flagNow`, so it is as fast as memory and never behind the view it is given.
 */
export async function openDesk(options: DeskOptions): Promise<Desk> {
  const { app, live } = await buildDesk(options);
  const { host, port } = options.listen;
  await app.listen({ host, port });
  const address = app.server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/`,
    close: async () => {
      live.close();
      await app.close();
    },
  };
}
