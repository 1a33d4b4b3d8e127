import { createHmac } from "node:crypto";
import { canonicalJson, err, isoTime, ok, type Result } from "@troth/events";
import { type Clock, type Http, WorldError } from "@troth/runtime";
import type { Channel, Sent } from "./channel.ts";
import type { Message } from "./message.ts";

export type WebhookOptions = {
  /** `webhook` unless there are several. */
  readonly name?: string;
  readonly url: string;
  /** Hosts, with port unless it is the usual one, that may be sent to besides this machine. */
  readonly allowedHosts: readonly string[];
  /** `whsec_` and base64 of 24 to 64 bytes; several while one replaces another. */
  readonly secrets: readonly string[];
  /** Hears of one tenant's customers whenever their level changes, and of nothing else. */
  readonly flagsOf?: string;
  readonly http: Http;
  readonly clock: Pick<Clock, "now">;
};

const timeoutMs = 5_000;
const answerBytesMax = 64 * 1024;
const waitMsMax = 300_000;

/** WHATWG parsing has turned every other spelling of these addresses into these. */
const loopback: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** The URL if it may be sent to, or in words why not. */
export function checkTarget(url: string, allowedHosts: readonly string[]): Result<URL, string> {
  if (!URL.canParse(url)) return err(`${JSON.stringify(url)} is no URL`);
  const target = new URL(url);
  if (target.username !== "" || target.password !== "") {
    return err("a URL with a name or password in it is not sent to: it would end up in logs");
  }
  const isHere = loopback.has(target.hostname);
  if (target.protocol !== "https:" && !(isHere && target.protocol === "http:")) {
    return err(
      `${target.protocol}//${target.host} is not sent to: use https, or http on this machine`,
    );
  }
  if (!isHere && !allowedHosts.includes(target.host)) {
    return err(`${target.host} is not among the allowed hosts`);
  }
  return ok(target);
}

/** The key in a secret, or null when it is none. */
function keyOf(secret: string): Buffer | null {
  const text = /^whsec_([A-Za-z0-9+/]+=*)$/.exec(secret)?.[1];
  if (text === undefined) return null;
  const key = Buffer.from(text, "base64");
  return key.length >= 24 && key.length <= 64 ? key : null;
}

/** `webhook-signature` of Standard Webhooks 1.0: one `v1,` and base64 for every key. */
export const signatureOf = (
  keys: readonly Buffer[],
  id: string,
  seconds: number,
  body: string,
): string =>
  keys
    .map((key) => createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64"))
    .map((signature) => `v1,${signature}`)
    .join(" ");

const bodyOf = (message: Message): string => {
  const { kind, ...data } = message;
  return canonicalJson({
    type: `troth.${kind}`,
    timestamp: isoTime(message.at),
    data: { ...data, at: isoTime(message.at) },
  });
};

/** `Retry-After` in seconds; dates are not worth their ambiguity. */
function askedToWait(header: string | undefined): number | null {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return null;
  return Math.min(Number(header) * 1_000, waitMsMax);
}

/** A receiver of Standard Webhooks. Fails with a sentence when it cannot be one. */
export function openWebhookChannel(options: WebhookOptions): Result<Channel, string> {
  const { http, clock } = options;
  const target = checkTarget(options.url, options.allowedHosts);
  if (!target.ok) return target;
  const keys = options.secrets.map(keyOf).filter((key) => key !== null);
  if (keys.length === 0 || keys.length < options.secrets.length) {
    return err("a webhook secret is whsec_ and base64 of 24 to 64 bytes");
  }
  const send = async (message: Message, id: string): Promise<Sent> => {
    const body = bodyOf(message);
    const seconds = Math.floor(clock.now() / 1_000);
    try {
      const { status, headers } = await http.send({
        method: "POST",
        url: target.value.href,
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": String(seconds),
          "webhook-signature": signatureOf(keys, id, seconds, body),
        },
        body,
        timeoutMs,
        answerBytesMax,
      });
      if (status >= 200 && status < 300) return { arrived: true };
      return {
        arrived: false,
        why: `answered ${status}`,
        afterMs: askedToWait(headers["retry-after"]),
      };
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      return { arrived: false, why: error.code, afterMs: null };
    }
  };
  const { flagsOf } = options;
  return ok({
    name: options.name ?? (flagsOf === undefined ? "webhook" : "flags"),
    ...(flagsOf !== undefined && {
      takes: (message) => message.kind === "flag" && message.tenant === flagsOf,
    }),
    send,
  });
}
