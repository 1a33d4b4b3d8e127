import { noJsonSchemas } from "@troth/runtime";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Person } from "../access/person.ts";
import { openRate } from "../access/rate.ts";
import { mayDo } from "../access/roles.ts";
import { securityHeaders } from "./headers.ts";
import { isLoopback } from "./hosts.ts";
import { type Parts, type Route, refuse } from "./parts.ts";
import { problem, problemType } from "./problem.ts";
import { routes } from "./routes.ts";
import { developer } from "./sign-in.ts";

const requestMsMax = 10_000;
const connectionsMax = 500;
const bodyMax = 1_024;
const rate = { burst: 300, perSecond: 60 } as const;

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

/** Who sent it; where nobody signs in, somebody on this very machine. */
function personOf(request: FastifyRequest, { cookies, sessions, oidc }: Parts): Person | null {
  const token = cookies.read(request.headers.cookie, "session");
  const found = token === null ? null : sessions.find(token);
  if (found !== null || oidc !== null) return found;
  return isLoopback(request.socket.remoteAddress ?? "") ? developer("lead", null) : null;
}

/**
 * Whether a request that changes something comes from our own page. Browsers say where a request
 * comes from and no page can make them lie; who says nothing is no browser and carries no session.
 */
function isOwnPage({ headers }: FastifyRequest): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  const { origin, host } = headers;
  if (origin === undefined) return headers.cookie === undefined || site === "same-origin";
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

/** Whose requests are counted together: a person's, or for want of one a machine's. */
function callerOf(request: FastifyRequest, { cookies, sessions }: Parts): string {
  const token = cookies.read(request.headers.cookie, "session");
  const person = token === null ? null : sessions.find(token);
  return person?.pseudonym ?? request.socket.remoteAddress ?? "";
}

function addRoute(app: FastifyInstance, parts: Parts, route: Route): void {
  const { method, path: url, bodyMax: limit } = route;
  const options = { ...(limit === undefined ? {} : { bodyLimit: limit }) };
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    if (route.needs === "nobody") return route.handle(request, reply, parts);
    const person = personOf(request, parts);
    if (person === null) return refuse(reply, "not-signed-in", "Sign in at /sign-in.");
    if (route.needs !== "somebody" && !mayDo(person.role, route.needs)) {
      const { pseudonym: who, role, tenant } = person;
      const did = `${method} ${url}`;
      await parts.audit.note({ who, role, tenant, did, outcome: "refused", about: null });
      return refuse(reply, "not-allowed", `This is not for the role ${role}.`);
    }
    return route.handle(request, reply, { parts, person });
  };
  app.route({ method, url, ...options, exposeHeadRoute: url !== "/api/live", handler: answer });
}

function addGuards(app: FastifyInstance, parts: Parts, isOurs: (host?: string) => boolean): void {
  const { take } = openRate(parts.clock, rate.burst, rate.perSecond);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ ...securityHeaders, "cache-control": "no-store" });
    if (parts.publicUrl.startsWith("https:")) {
      reply.header("strict-transport-security", "max-age=63072000; includeSubDomains");
    }
    if (!isOurs(request.headers.host)) {
      return refuse(reply, "wrong-host", "Ask for it by its address, or name it in its settings.");
    }
    const wait = take(callerOf(request, parts));
    if (wait > 0) {
      reply.header("retry-after", String(wait));
      return refuse(reply, "too-fast", `Again in ${wait} s.`);
    }
    const isReading = request.method === "GET" || request.method === "HEAD";
    if (isReading) return;
    if (request.is404) {
      reply.header("allow", "GET, HEAD");
      return refuse(reply, "method-not-allowed", "Use GET.");
    }
    if (!isOwnPage(request)) {
      return refuse(reply, "wrong-origin", "Another site's page sent this.");
    }
  });
  app.addHook("onResponse", async (_, reply) => parts.tell.answered(reply.statusCode));
  app.setErrorHandler((error, _, reply) => {
    const status =
      typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : 500;
    if (status === 413) return refuse(reply, "too-large", "Send less in one request.");
    if (status === 415) return refuse(reply, "unsupported-media-type", "Send application/json.");
    if (typeof status === "number" && status < 500) {
      return refuse(reply, "bad-request", "The request cannot be read.");
    }
    parts.tell.failed(error);
    return refuse(reply, "internal-error", "It has been noted. Try again.");
  });
  app.setNotFoundHandler((_, reply) =>
    refuse(reply, "not-found", "The page is at /, the interface in /api/openapi.json."),
  );
}

export function buildApp(parts: Parts, isOurs: (host?: string) => boolean): FastifyInstance {
  const app = fastify({
    logger: false,
    schemaController: noJsonSchemas,
    routerOptions: { maxParamLength: 600 },
    requestTimeout: requestMsMax,
    forceCloseConnections: true,
    bodyLimit: bodyMax,
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
  // Kept as bytes: a webhook is signed byte for byte, and shapes are checked by what reads them.
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_, body, done) =>
    done(null, body),
  );
  addGuards(app, parts, isOurs);
  for (const route of routes) addRoute(app, parts, route);
  return app;
}
