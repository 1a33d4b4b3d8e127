import { createHmac, timingSafeEqual } from "node:crypto";
import { err, ok, type Result } from "@troth/events";
import type { Clock } from "@troth/runtime";

/*
 * Standard Webhooks 1.0: what is signed is `id.timestamp.body`, the body byte for byte as it came;
 * several secrets and several signatures are tried, so that a secret can be changed without a gap.
 */
export const webhookLimits = {
  aheadOrBehindMs: 300_000,
  idsKeptMs: 24 * 3_600_000,
  idsMax: 1_000_000,
  signaturesMax: 8,
  secretBytesMin: 24,
} as const;

export type WebhookHeaders = {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
};

export type WebhookFault = "no-headers" | "bad-time" | "bad-signature";
export type Webhook = { readonly id: string; readonly isRepeated: boolean };

/** The key in a secret as it is handed over, `whsec_` and base64; throws when it is too short to be one. */
export function keyOf(secret: string): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  if (key.length >= webhookLimits.secretBytesMin) return key;
  throw new Error(
    `a webhook secret is whsec_ and at least ${webhookLimits.secretBytesMin} bytes in base64`,
  );
}

const signed = (key: Buffer, id: string, timestamp: string, body: Buffer): Buffer =>
  createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();

/** The header a sender puts on its request. */
export const signWebhook = (secret: string, id: string, timestamp: string, body: Buffer): string =>
  `v1,${signed(keyOf(secret), id, timestamp, body).toString("base64")}`;

/** Every pair is compared, in time that does not depend on what was sent, whatever matched before. */
function isSigned(expected: readonly Buffer[], header: string): boolean {
  let matches = 0;
  for (const one of header.split(" ").slice(0, webhookLimits.signaturesMax)) {
    if (!one.startsWith("v1,")) continue;
    const given = Buffer.from(one.slice(3), "base64");
    // Other spellings of the same bytes are not what the sender wrote.
    if (given.length !== 32 || given.toString("base64") !== one.slice(3)) continue;
    for (const right of expected) matches |= Number(timingSafeEqual(given, right));
  }
  return matches !== 0;
}

/** Checks webhooks and remembers for a day which it has let in. */
export function openWebhooks(secrets: readonly string[], clock: Clock) {
  const keys = secrets.map(keyOf);
  const seen = new Map<string, number>();
  const forget = (now: number): void => {
    for (const [id, at] of seen) {
      if (now - at < webhookLimits.idsKeptMs && seen.size <= webhookLimits.idsMax) return;
      seen.delete(id);
    }
  };
  return {
    check: (headers: WebhookHeaders, body: Buffer): Result<Webhook, WebhookFault> => {
      const { id = "", timestamp = "", signature = "" } = headers;
      if (!/^[\x21-\x2d\x2f-\x7e]{1,128}$/.test(id)) return err("no-headers");
      if (!/^\d{1,12}$/.test(timestamp)) return err("no-headers");
      const now = clock.now();
      const off = Math.abs(now - Number(timestamp) * 1_000);
      if (off > webhookLimits.aheadOrBehindMs) return err("bad-time");
      const expected = keys.map((key) => signed(key, id, timestamp, body));
      // Before it is known whether the signature fits, so that it takes as long when it does not.
      forget(now);
      const isRepeated = seen.has(id);
      if (!isSigned(expected, signature)) return err("bad-signature");
      return ok({ id, isRepeated });
    },
    /** Notes that a webhook has had its effect: it will have no second one. */
    done: (id: string): void => {
      seen.set(id, clock.now());
    },
  };
}
export type Webhooks = ReturnType<typeof openWebhooks>;
