import type { FastifyRequest } from "fastify";

/** What a body holds as JSON; undefined when it is none. Names that mean something to the language are dropped. */
export function jsonIn(request: FastifyRequest): unknown {
  if (!Buffer.isBuffer(request.body)) return undefined;
  try {
    return JSON.parse(request.body.toString("utf8"), (key, value) =>
      key === "__proto__" ? undefined : value,
    );
  } catch {
    return undefined;
  }
}
