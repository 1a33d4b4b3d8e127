import { createHmac } from "node:crypto";
import type { HttpAnswer, HttpRequest, Rng } from "@troth/runtime";
import type { Injector, Plan } from "./faults.ts";

/** One message as it had its effect at the receiver, repetitions and all. */
export type Told = {
  readonly id: string;
  readonly kind: string;
  readonly alert: string;
  readonly revision: number;
  /** Alerts a storm message speaks of; 0 for others. */
  readonly alerts: number;
  readonly body: string;
  readonly isSigned: boolean;
  /** Whether the sender had written down that it would say this. */
  readonly isWritten: boolean;
};

export type Receiver = {
  readonly told: readonly Told[];
  /** Answers the sender did not hear although the message had its effect. */
  readonly unheard: () => number;
  readonly answer: (request: HttpRequest) => HttpAnswer | "never" | "refused";
};

const key = Buffer.from("a secret of thirty-two bytes, ok");
export const receiverUrl = "http://127.0.0.1:9/hook";
export const receiverSecret = `whsec_${key.toString("base64")}`;

function read(request: HttpRequest, journal: () => string): Told {
  const body = String(request.body);
  const headers = request.headers ?? {};
  const id = headers["webhook-id"] ?? "";
  const signed = createHmac("sha256", key)
    .update(`${id}.${headers["webhook-timestamp"]}.${body}`)
    .digest("base64");
  const { type, data } = JSON.parse(body);
  return {
    id,
    kind: String(type),
    alert: String(data.id),
    revision: Number(data.revision),
    alerts: Number(data.alerts ?? 0),
    body,
    isWritten: journal().includes(JSON.stringify(data.id)),
    isSigned: headers["webhook-signature"] === `v1,${signed}`,
  };
}

const answered = (status: number, headers: Readonly<Record<string, string>> = {}): HttpAnswer => ({
  status,
  headers,
  body: Buffer.alloc(0),
});

/** A receiver of webhooks that is now and then away, slow to answer, or not heard. */
export function openReceiver(
  rng: Rng,
  plan: Plan,
  injector: Injector,
  journal: () => string,
): Receiver {
  const told: Told[] = [];
  let unheard = 0;
  return {
    told,
    unheard: () => unheard,
    answer: (request) => {
      const one = read(request, journal);
      if (injector.chance(plan.receiverErrorPerCall)) {
        const fate = rng.next();
        if (fate < 0.3) {
          injector.count("receiver-error");
          return fate < 0.15 ? answered(503) : "refused";
        }
        if (fate < 0.5) {
          injector.count("receiver-timeout");
          return "never";
        }
        if (fate < 0.75) {
          injector.count("receiver-throttled");
          return answered(429, { "retry-after": "7" });
        }
        injector.count("receiver-lost-ack");
        unheard += 1;
        told.push(one);
        return "never";
      }
      told.push(one);
      return answered(204);
    },
  };
}
