import { createHash } from "node:crypto";
import { isoTime } from "@troth/events";
import { type Http, WorldError } from "@troth/runtime";
import type { Channel, Sent } from "./channel.ts";
import { isOver, type Message, type PublicMessage } from "./message.ts";

export type PagerDutyOptions = {
  readonly name?: string;
  /** The integration key of a service: 32 characters. */
  readonly routingKey: string;
  readonly http: Http;
  /** For other regions. */
  readonly url?: string;
};

const usualUrl = "https://events.pagerduty.com/v2/enqueue";
const timeoutMs = 5_000;
const answerBytesMax = 64 * 1024;
const dedupCharsMax = 255;
const summaryCharsMax = 1_024;

type Action = "trigger" | "acknowledge" | "resolve";

function actionOf(message: Message): Action {
  if (isOver(message)) return "resolve";
  return message.kind === "alert" && message.state === "acknowledged" ? "acknowledge" : "trigger";
}

/** One incident per alert: every revision of it has this key. */
const dedupKeyOf = ({ id }: Message): string =>
  id.length <= dedupCharsMax ? id : createHash("sha256").update(id).digest("hex");

function severityOf(message: PublicMessage): "critical" | "error" | "warning" {
  switch (message.kind) {
    case "alert":
      return message.level === "critical" ? "critical" : "error";
    case "storm":
      return "critical";
    case "source":
      return "error";
    case "cohort":
      return "warning";
  }
}

/** An event of PagerDuty's Events API v2. It names no customer. */
export const pagerDutyEvent = (message: PublicMessage, routingKey: string) => ({
  routing_key: routingKey,
  event_action: actionOf(message),
  dedup_key: dedupKeyOf(message),
  payload: {
    summary: message.says.slice(0, summaryCharsMax),
    source: "troth",
    severity: severityOf(message),
    timestamp: isoTime(message.at),
    component: ("link" in message ? message.link : null) ?? "troth",
    group: message.owner ?? "nobody",
    class: (message.kind === "alert" ? message.promise : null) ?? message.kind,
    custom_details: { id: message.id, revision: message.revision },
  },
});

/** PagerDuty: 202 is taken; 429 and 5xx are tried again like every failure. */
export function openPagerDutyChannel(options: PagerDutyOptions): Channel {
  const { routingKey, http, url = usualUrl } = options;
  const send = async (message: Message): Promise<Sent> => {
    if (message.kind === "flag") return { arrived: true };
    try {
      const { status } = await http.send({
        method: "POST",
        url,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(pagerDutyEvent(message, routingKey)),
        timeoutMs,
        answerBytesMax,
      });
      if (status === 202) return { arrived: true };
      // What it will never take need not be tried every second.
      return {
        arrived: false,
        why: `answered ${status}`,
        afterMs: status === 400 ? 300_000 : null,
      };
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      return { arrived: false, why: error.code, afterMs: null };
    }
  };
  return { name: options.name ?? "pagerduty", send };
}
