import { lookup } from "node:dns/promises";
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import type { Http, HttpAnswer, HttpRequest } from "../ports.ts";
import { WorldError, worldError } from "../world-error.ts";
import { classOf } from "./addresses.ts";

export type GuardedHttpOptions = {
  /**
   * Host names and addresses whose private addresses may be gone to: an Alertmanager in the same
   * house, say. Nobody else's name leads there, whatever it resolves to.
   */
  readonly privateHosts: readonly string[];
  /** Every address of a name, asked for once a request. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
  /** Opens the connection to an address that was checked; never resolves a name. */
  readonly connect?: (address: string, port: number) => Socket;
};

const systemResolve = async (hostname: string): Promise<readonly string[]> =>
  (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address);

const systemConnect = (address: string, port: number): Socket =>
  netConnect({ host: address, port, autoSelectFamily: false });

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, "").toLowerCase();

/** The one address to go to; refused if any address of the name leads where nobody may be sent. */
async function addressOf(
  hostname: string,
  { privateHosts, resolve = systemResolve }: GuardedHttpOptions,
): Promise<string> {
  const name = bare(hostname);
  const addresses = isIP(name) === 0 ? await resolve(name) : [name];
  const [first] = addresses;
  if (first === undefined) throw new WorldError("unreachable", `${name} has no address`);
  const mayBePrivate = privateHosts.map(bare).includes(name);
  for (const address of addresses) {
    const kind = classOf(address);
    if (kind === "public" || (kind === "private" && mayBePrivate)) continue;
    throw new WorldError("refused", `${name} is not gone to: it leads to a ${kind} address`);
  }
  return first;
}

function urlOf(text: string): URL {
  if (!URL.canParse(text)) throw new WorldError("refused", "not a URL");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new WorldError("refused", `${url.protocol} is not sent to`);
  if (url.username !== "" || url.password !== "")
    throw new WorldError("refused", "a URL with a name or password in it is not sent to");
  return url;
}

async function bodyOf(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    size += part.length;
    if (size > bytesMax) throw new WorldError("too-large", `answer exceeds ${bytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}

const headersOf = (response: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, String(value ?? "")]),
  );

/**
 * Outgoing HTTP to places somebody else may have named. A name is resolved once and every address of
 * it checked; the connection is opened to the address that was checked, so that a name which answers
 * otherwise the second time gains nothing. Redirects are answers, never followed.
 */
export function openGuardedHttp(options: GuardedHttpOptions): Http {
  const { connect = systemConnect } = options;
  const exchange = (request: HttpRequest, url: URL, address: string, signal: AbortSignal) =>
    new Promise<HttpAnswer>((resolve, reject) => {
      const isTls = url.protocol === "https:";
      const port = Number(url.port || (isTls ? 443 : 80));
      const name = bare(url.hostname);
      const createConnection = (): Socket => {
        const socket = connect(address, port);
        return isTls
          ? tlsConnect({ socket, host: name, ...(isIP(name) === 0 ? { servername: name } : {}) })
          : socket;
      };
      const send = isTls ? requestHttps : requestHttp;
      const sent: ClientRequest = send(
        {
          method: request.method,
          path: `${url.pathname}${url.search}`,
          createConnection,
          signal,
        },
        (response) => {
          bodyOf(response, request.answerBytesMax)
            .then((body) =>
              resolve({ status: response.statusCode ?? 0, headers: headersOf(response), body }),
            )
            .catch(reject)
            .finally(() => response.destroy());
        },
      );
      sent.setHeader("host", url.host);
      for (const [header, value] of Object.entries(request.headers ?? {}))
        sent.setHeader(header, value);
      sent.once("error", reject);
      sent.end(request.body);
    });
  return {
    send: async (request) => {
      const url = urlOf(request.url);
      const signal = AbortSignal.timeout(request.timeoutMs);
      const tooLong = (): WorldError =>
        new WorldError("timeout", `${url.origin}: no answer in ${request.timeoutMs} ms`);
      const late = new Promise<never>((_, reject) =>
        signal.addEventListener("abort", () => reject(tooLong()), { once: true }),
      );
      // Whoever loses the race is not waited for, and its failure is nobody's.
      late.catch(() => undefined);
      try {
        const address = await Promise.race([addressOf(url.hostname, options), late]);
        return await Promise.race([exchange(request, url, address, signal), late]);
      } catch (error) {
        throw worldError(signal.aborted ? tooLong() : error, `${request.method} ${url.origin}`);
      }
    },
  };
}
