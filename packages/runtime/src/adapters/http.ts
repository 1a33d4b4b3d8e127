import type { Http, HttpAnswer, HttpRequest } from "../ports.ts";
import { WorldError, worldError } from "../world-error.ts";

async function readBody(response: Response, bytesMax: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  if (response.body !== null) {
    for await (const part of response.body) {
      size += part.length;
      if (size > bytesMax) throw new WorldError("too-large", `answer exceeds ${bytesMax} bytes`);
      parts.push(part);
    }
  }
  return Buffer.concat(parts, size);
}

/** Only the origin is named in errors: paths and queries may carry secrets or customers. */
function describe(request: HttpRequest): string {
  try {
    return `${request.method} ${new URL(request.url).origin}`;
  } catch {
    return `${request.method} (not a URL)`;
  }
}

async function send(request: HttpRequest): Promise<HttpAnswer> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      redirect: "manual",
      signal: AbortSignal.timeout(request.timeoutMs),
      ...(request.headers === undefined ? {} : { headers: { ...request.headers } }),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    const body = await readBody(response, request.answerBytesMax);
    return { status: response.status, headers: Object.fromEntries(response.headers), body };
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") {
      throw new WorldError("timeout", `${describe(request)}: no answer in ${request.timeoutMs} ms`);
    }
    // fetch hides what happened on the socket in `cause`.
    const cause = error instanceof TypeError && error.cause !== undefined ? error.cause : error;
    throw worldError(cause, describe(request));
  }
}

export const systemHttp: Http = { send };
