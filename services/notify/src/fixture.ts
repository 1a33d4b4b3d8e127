import type { AlertDecision, Fact, Output } from "@troth/events";
import {
  type Disk,
  type Http,
  type HttpRequest,
  openSimulatedClock,
  openSimulatedHttp,
  type SimulatedClock,
} from "@troth/runtime";
import type { Channel } from "./channel.ts";
import type { Message } from "./message.ts";
import { type Notify, type NotifyOptions, openNotify } from "./notify.ts";
import { openWebhookChannel } from "./webhook.ts";

export const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
export const start = Date.UTC(2026, 2, 3, 9);

export type AlertGiven = {
  readonly id: string;
  readonly revision?: number;
  readonly state?: AlertDecision["state"];
  readonly owner?: string;
  readonly customer?: string;
  /** Minutes of log time after `start`. */
  readonly minute?: number;
};

/** An alert as the judge would write it at this place of its log. */
export function alertAt(inOffset: number, given: AlertGiven): Output {
  const { id, revision = 1, state = "opened", owner = "logistics", minute = 0 } = given;
  const at = start + minute * 60_000;
  const lead = {
    id: "delivery-date/A-1#1",
    rule: "delivery-date",
    link: "delivery",
    owner,
    points: 600,
    severity: 5,
    evidence: [`e${inOffset}`],
    says: "Order A-1 came late.",
  };
  const body: AlertDecision = {
    kind: "alert",
    state,
    at,
    alertId: id,
    revision,
    customer: given.customer ?? `customer:canary-${id}`,
    rule: "critical",
    level: "critical",
    score: 600,
    lead,
    operatedBy: "outsourced",
    parts: [lead],
    says: "Order A-1 came late.",
    policy: "85974d7d96c8431f",
  };
  return { inOffset, seq: 0, stamp: at, body };
}

export const flagAt = (inOffset: number, minute: number): Output => ({
  inOffset,
  seq: 0,
  stamp: start + minute * 60_000,
  body: {
    kind: "flag",
    at: start + minute * 60_000,
    customer: "customer:1",
    level: "low",
    was: "none",
    score: 100,
    topLink: null,
    policy: "85974d7d96c8431f",
  },
});

export const sourceAt = (inOffset: number, minute: number, state: "silent" | "back"): Output => ({
  inOffset,
  seq: 0,
  stamp: start + minute * 60_000,
  body: {
    kind: "source",
    state,
    at: start + minute * 60_000,
    source: "carrier",
    owner: "logistics",
    says: `The carrier is ${state}.`,
    policy: "85974d7d96c8431f",
  },
});

/** A fact about customer 1, as it stands among the outputs. */
export const factAt = (
  inOffset: number,
  minute: number,
  kind: Fact["kind"],
  data: Fact["data"],
): Output => ({
  inOffset,
  seq: 0,
  stamp: start + minute * 60_000,
  body: {
    kind: "noise",
    customer: "customer:1",
    fact: {
      id: `f${inOffset}`,
      source: "urn:desk",
      kind,
      tenant: "default",
      time: start,
      recordedTime: start,
      subject: "customer:1",
      data,
    },
  },
});

export type Told = { readonly what: string; readonly id: string };

/** A notifier on a simulated machine, with what it told of itself. */
export async function open(
  disk: Disk,
  channels: readonly Channel[],
  options: Partial<NotifyOptions> = {},
): Promise<{ notify: Notify; clock: SimulatedClock; told: Told[] }> {
  const clock = openSimulatedClock(start);
  const told: Told[] = [];
  const tell =
    (what: string) =>
    (_: string, message: Message): void =>
      void told.push({ what, id: message.id });
  const notify = await openNotify({
    channels,
    dir: "/notify",
    disk,
    clock,
    tell: {
      sent: tell("sent"),
      failed: tell("failed"),
      gaveUp: tell("gave up"),
      torn: () => undefined,
      stuck: () => undefined,
    },
    ...options,
  });
  return { notify, clock, told };
}

/** Messages in the order they arrived, and a channel that delivers them. */
export function openCollector(name = "test"): {
  readonly channel: Channel;
  readonly got: { readonly message: Message; readonly id: string }[];
} {
  const got: { message: Message; id: string }[] = [];
  const channel: Channel = {
    name,
    send: (message, id) => {
      got.push({ message, id });
      return Promise.resolve({ arrived: true });
    },
  };
  return { channel, got };
}

export function webhookTo(http: Http, clock: { now: () => number }): Channel {
  const channel = openWebhookChannel({
    url: "http://127.0.0.1:9999/hook",
    allowedHosts: [],
    secrets: [secret],
    http,
    clock,
  });
  if (!channel.ok) throw new Error(channel.error);
  return channel.value;
}

export type Receiver = {
  readonly http: Http;
  /** Ids in the order their effect took place, repetitions and all. */
  readonly effects: { readonly id: string; readonly alert: string; readonly revision: number }[];
  /** Effects whose answer was never sent. */
  readonly unheard: () => number;
};

/** A receiver that fails every second time: half of those with an error, half after the effect. */
export function openHalfDeadReceiver(next: () => number): Receiver {
  const effects: Receiver["effects"] = [];
  let unheard = 0;
  const take = (request: HttpRequest): void => {
    const { data } = JSON.parse(String(request.body));
    const id = request.headers?.["webhook-id"] ?? "";
    effects.push({ id, alert: data.id, revision: data.revision });
  };
  const http = openSimulatedHttp((request) => {
    const fate = next();
    if (fate < 0.25) return { status: 503, headers: {}, body: Buffer.alloc(0) };
    take(request);
    if (fate < 0.5) unheard += 1;
    return fate < 0.5 ? "never" : { status: 200, headers: {}, body: Buffer.alloc(0) };
  });
  return { http, effects, unheard: () => unheard };
}
