import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Metrics } from "../metrics.ts";
import { worldError } from "../world-error.ts";

/** Null when all is well, else what is wrong, in words for whoever is on call. */
export type Health = () => string | null;

export type HealthServerOptions = {
  /** Loopback unless the operator says otherwise. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Null while there is nothing true to expose yet: answered with 503. */
  readonly metrics: Pick<Metrics, "contentType"> & {
    readonly expose: () => Promise<string | null>;
  };
  readonly live: Health;
  readonly ready: Health;
  /** Further lines behind the answer whether it is ready: what it waits for. */
  readonly notes?: () => readonly string[];
  /** A page to read at `/runbooks/NAME.md`, or null when there is none of that name. */
  readonly runbook?: (name: string) => Promise<string | null>;
  /** What is posted to `/v1/alertmanager`: the status to answer with. */
  readonly receive?: (posted: {
    readonly authorization: string | undefined;
    readonly body: string;
  }) => Promise<number>;
};

const bodyBytesMax = 256 * 1024;

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > bodyBytesMax) return null;
    parts.push(part);
  }
  return Buffer.concat(parts, size).toString("utf8");
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  take: NonNullable<HealthServerOptions["receive"]>,
): Promise<void> {
  const body = await bodyOf(request);
  if (body === null) return answer(response, 413, `at most ${bodyBytesMax} bytes\n`);
  const status = await take({ authorization: request.headers.authorization, body });
  answer(response, status, "");
}

export type HealthServer = { readonly port: number; readonly close: () => Promise<void> };

function answer(response: ServerResponse, status: number, body: string, type = "text/plain"): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
  });
  response.end(body);
}

const answerHealth = (
  response: ServerResponse,
  health: Health,
  notes: readonly string[] = [],
): void => {
  const wrong = health();
  answer(response, wrong === null ? 200 : 503, `${[wrong ?? "ok", ...notes].join("\n")}\n`);
};

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  options: HealthServerOptions,
): Promise<void> {
  const path = request.url?.split("?")[0] ?? "";
  if (request.method === "POST" && path === "/v1/alertmanager" && options.receive !== undefined)
    return await receive(request, response, options.receive);
  const [, book] = /^\/runbooks\/([A-Za-z]{1,64})\.md$/.exec(path) ?? [];
  if (book !== undefined && request.method === "GET") {
    const text = (await options.runbook?.(book)) ?? null;
    if (text === null) return answer(response, 404, "no such runbook\n");
    return answer(response, 200, text, "text/markdown; charset=utf-8");
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return answer(response, 405, "only GET\n");
  }
  switch (path) {
    case "/metrics": {
      const text = await options.metrics.expose();
      if (text === null) return answer(response, 503, "the log is being read back\n");
      return answer(response, 200, text, options.metrics.contentType);
    }
    case "/healthz":
      return answerHealth(response, options.live);
    case "/readyz":
      return answerHealth(response, options.ready, options.notes?.());
    default:
      return answer(response, 404, "there are /metrics, /healthz and /readyz\n");
  }
}

/** /metrics for Prometheus, /healthz (restart me if not) and /readyz (send no traffic if not). */
export async function openHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 });
  server.on("request", (request, response) => {
    route(request, response, options).catch(() => {
      if (response.headersSent) response.destroy();
      else answer(response, 500, "could not answer\n");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(worldError(error, `listen on ${options.host ?? "127.0.0.1"}:${options.port}`)),
    );
    server.listen(options.port, options.host ?? "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
