import type { CloudEvent } from "@troth/events";
import { isoTime } from "@troth/events";
import { type Clock, type Http, type Timer, WorldError } from "@troth/runtime";
import { z } from "zod";

/** Somebody took an alert on, and perhaps put it off, outside of troth. */
export type TakenOn = {
  /** The same for the same act, however often it is seen. */
  readonly id: string;
  readonly alertId: string;
  readonly by: string;
  readonly at: number;
  /** Put off until then, and why; null when only taken on. */
  readonly until: number | null;
  readonly reason: string;
};

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const silences = z.array(
  z.object({
    id: z.string().max(128),
    status: z.object({ state: z.string() }),
    updatedAt: instant,
    endsAt: instant,
    createdBy: z.string().max(128),
    comment: z.string().max(256),
    matchers: z.array(
      z.object({
        name: z.string(),
        value: z.string().max(64),
        isRegex: z.boolean(),
        isEqual: z.boolean().default(true),
      }),
    ),
  }),
);

/** Active silences of one alert of ours, from `GET /api/v2/silences`. */
export function readSilences(body: unknown): readonly TakenOn[] {
  const read = silences.safeParse(body);
  if (!read.success) return [];
  return read.data.flatMap(({ id, status, updatedAt, endsAt, createdBy, comment, matchers }) => {
    const one = matchers.find(
      ({ name, isRegex, isEqual }) => name === "alert_id" && !isRegex && isEqual,
    );
    if (one === undefined || status.state !== "active") return [];
    const reason = comment === "" ? "silenced" : comment;
    const by = createdBy === "" ? "somebody" : createdBy;
    return [{ id: `silence-${id}`, alertId: one.value, by, at: updatedAt, until: endsAt, reason }];
  });
}

const text = (max: number) => z.string().max(max).optional();
const annotations = z.object({
  acknowledged_by: text(128),
  snoozed_until: instant.optional(),
  reason: text(256),
});
/** The body Alertmanager's webhook receivers get; what is not read here is let through. */
const webhook = z.object({
  version: z.literal("4"),
  receiver: z.string(),
  alerts: z
    .array(
      z.object({
        status: z.enum(["firing", "resolved"]),
        labels: z.record(z.string(), z.string()),
        annotations: annotations.loose(),
        startsAt: instant,
        fingerprint: z.string().max(64).default(""),
      }),
    )
    .max(10_000),
});

/**
 * Acknowledgements in Alertmanager's webhook format (version 4): an alert of ours that comes back with
 * the annotation `acknowledged_by`, and perhaps `snoozed_until` and `reason`. Null when it is no such
 * body; alerts of others, and ours that nobody took on, are not spoken of.
 */
export function readWebhook(body: unknown): readonly TakenOn[] | null {
  const read = webhook.safeParse(body);
  if (!read.success) return null;
  return read.data.alerts.flatMap(({ labels, annotations: said, startsAt, fingerprint }) => {
    const alertId = labels["alert_id"];
    const by = said.acknowledged_by;
    if (alertId === undefined || alertId.length > 64 || by === undefined || by === "") return [];
    const until = said.snoozed_until ?? null;
    return [
      {
        id: `webhook-${fingerprint}-${alertId}-${by}-${until ?? ""}`,
        alertId,
        by,
        at: startsAt,
        until,
        reason: said.reason ?? "taken on",
      },
    ];
  });
}

/** What troth's door is told: facts like any other, which the judge and the desk then know. */
export function eventsOf(
  one: TakenOn,
  about: { readonly customer: string; readonly tenant: string },
  now: number,
): readonly CloudEvent[] {
  const of = (kind: string, data: Record<string, unknown>): CloudEvent => ({
    specversion: "1.0",
    id: `${kind}-${one.id}`,
    source: "urn:troth:notify",
    type: `org.troth.alert.${kind}.v1`,
    time: isoTime(Math.min(one.at, now)),
    recordedtime: isoTime(now),
    tenantid: about.tenant,
    subject: about.customer,
    data: { alertId: one.alertId, by: one.by, ...data },
  });
  const taken = of("acknowledged", {});
  if (one.until === null || one.until <= now) return [taken];
  return [taken, of("snoozed", { reason: one.reason, until: isoTime(one.until) })];
}

export type SilenceWatch = { readonly close: () => void };

/** Looks at an Alertmanager's silences now and then; each is told once. */
export function watchSilences(options: {
  readonly url: string;
  readonly http: Http;
  readonly clock: Clock;
  readonly everyMs: number;
  /** Resolves true once it is kept; it is told again until then. */
  readonly takenOn: (one: TakenOn) => Promise<boolean>;
}): SilenceWatch {
  const { url, http, clock, everyMs, takenOn } = options;
  const told = new Set<string>();
  let timer: Timer | null = null;
  let stopped = false;
  const look = async (): Promise<void> => {
    const { status, body } = await http.send({
      method: "GET",
      url: `${url.replace(/\/$/, "")}/api/v2/silences`,
      timeoutMs: 5_000,
      answerBytesMax: 4 * 1024 * 1024,
    });
    if (status !== 200) return;
    for (const one of readSilences(JSON.parse(body.toString("utf8")))) {
      const key = `${one.id} ${one.at}`;
      if (!told.has(key) && (await takenOn(one))) told.add(key);
    }
  };
  const again = (): void => {
    if (!stopped) timer = clock.setTimer(everyMs, turn);
  };
  const turn = (): void => {
    look()
      .catch((error: unknown) => {
        if (!(error instanceof WorldError || error instanceof SyntaxError)) throw error;
      })
      .finally(again);
  };
  turn();
  return {
    close: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}
