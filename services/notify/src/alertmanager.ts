import { isoTime } from "@troth/events";
import { type Clock, type Http, type Timer, WorldError } from "@troth/runtime";
import type { Channel, Sent } from "./channel.ts";
import { isOver, type PublicMessage } from "./message.ts";

export type AlertmanagerOptions = {
  readonly name?: string;
  /** Base URLs of every Alertmanager of the cluster: each is told everything, as Prometheus does it. */
  readonly urls: readonly string[];
  readonly tenant: string;
  /** Where the desk is, for the link on an alert; null when it is not reached from outside. */
  readonly desk: string | null;
  readonly http: Http;
  readonly clock: Clock;
};

/** One alert as `POST /api/v2/alerts` takes it. Labels identify, annotations explain. */
type Posted = {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
};

const timeoutMs = 5_000;
const answerBytesMax = 64 * 1024;
/** Alertmanager forgets what is not said again; Prometheus says it once a minute too. */
const againMs = 60_000;
/** If troth is gone, what it said last ends by itself after so long. */
const lastsMs = 4 * againMs;
/** An end is said for so long, in case one telling of it was lost. */
const endedMs = 300_000;
/** News and numbers are no states: they stand for so long. */
const newsMs: Readonly<Record<"storm" | "cohort", number>> = { storm: 600_000, cohort: 3_600_000 };

const named = (labels: Readonly<Record<string, string | null>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).filter(
      (one): one is [string, string] => one[1] !== null && one[1] !== "",
    ),
  );

/** Who an alert is for and what it is about: what receivers group and route by. Never a customer. */
export function labelsOf(message: PublicMessage, tenant: string): Record<string, string> {
  const common = { service: "troth", tenant, owner: message.owner };
  switch (message.kind) {
    case "alert":
      return named({
        ...common,
        alertname: "BrokenExperience",
        severity: message.level === "critical" ? "page" : "ticket",
        link: message.link,
        kind: message.promise,
        operated_by: message.operatedBy,
        alert_id: message.id,
      });
    case "storm":
      return named({ ...common, alertname: "ManyBrokenExperiences", severity: "page" });
    case "source":
      return named({
        ...common,
        alertname: "TrothSourceSilent",
        severity: "page",
        source: message.source,
      });
    case "cohort":
      return named({
        ...common,
        alertname: "ManyTouched",
        severity: "ticket",
        link: message.link,
        kind: message.rule,
        cohort: message.cohort,
      });
  }
}

function annotationsOf(message: PublicMessage): Record<string, string> {
  const common = { summary: message.says, revision: String(message.revision) };
  switch (message.kind) {
    case "alert":
      return {
        ...common,
        state: message.state,
        description: message.parts.map(({ says, points }) => `${says} (${points})`).join("\n"),
      };
    case "storm":
      return { ...common, count: String(message.alerts) };
    case "cohort":
      return { ...common, count: String(message.touched) };
    case "source":
      return { ...common, state: message.state };
  }
}

type Standing = {
  readonly message: PublicMessage;
  readonly labels: Record<string, string>;
  /** Of the clock: says no more after this; null while it fires. */
  readonly endsAt: number | null;
  /** Told until then. */
  readonly tellUntil: number;
};

/**
 * An Alertmanager, told as its documentation asks: what fires is said again every minute, its end for
 * five minutes. It groups, inhibits, silences and repeats; one label set stands for one alert, so an
 * alert whose link changes ends under its old labels.
 */
export function openAlertmanagerChannel(options: AlertmanagerOptions): Channel {
  const { urls, tenant, http, clock } = options;
  const standing = new Map<string, Standing>();
  let timer: Timer | null = null;
  let stopped = false;

  const post = async (alerts: readonly Posted[]): Promise<Sent> => {
    const body = JSON.stringify(alerts);
    const told = await Promise.all(urls.map((url) => postTo(http, url, body)));
    const failed = told.find((one) => !one.arrived);
    // One of a cluster suffices: they tell each other.
    return told.some((one) => one.arrived) || failed === undefined ? { arrived: true } : failed;
  };
  const posted = ({ message, labels, endsAt }: Standing): Posted => ({
    labels,
    annotations: annotationsOf(message),
    startsAt: isoTime(message.at),
    // Equal moments would be refused as an end before the beginning.
    endsAt: isoTime(Math.max(endsAt ?? clock.now() + lastsMs, message.at + 1)),
    generatorURL: options.desk === null ? "" : `${options.desk}/#${encodeURIComponent(message.id)}`,
  });
  const sayAgain = (): void => {
    timer = null;
    const now = clock.now();
    for (const [key, { tellUntil }] of standing) if (tellUntil < now) standing.delete(key);
    // What does not arrive now is said again in a minute.
    if (standing.size > 0) post([...standing.values()].map(posted)).catch(() => undefined);
    expect();
  };
  const expect = (): void => {
    if (!stopped && standing.size > 0) timer ??= clock.setTimer(againMs, sayAgain);
  };

  /** Takes a message in; gives everything that is to be said of it now. */
  const take = (message: PublicMessage): readonly Standing[] => {
    const now = clock.now();
    const labels = labelsOf(message, tenant);
    const before = standing.get(message.id);
    const isNews = message.kind === "storm" || message.kind === "cohort";
    const over = isOver(message);
    const one: Standing = {
      message,
      // Its end is said under the labels it began with.
      labels: over && before !== undefined ? before.labels : labels,
      endsAt: over ? now : isNews ? now + newsMs[message.kind] : null,
      tellUntil: over
        ? now + endedMs
        : isNews
          ? now + newsMs[message.kind]
          : Number.POSITIVE_INFINITY,
    };
    standing.set(message.id, one);
    const isRenamed = before !== undefined && !over && !isSame(before.labels, labels);
    if (!isRenamed) return [one];
    const old: Standing = { ...before, endsAt: now, tellUntil: now + endedMs };
    standing.set(`${message.id} until ${before.message.revision}`, old);
    return [old, one];
  };

  return {
    name: options.name ?? "alertmanager",
    send: async (message) => {
      if (message.kind === "flag") return { arrived: true };
      const news = take(message);
      expect();
      return await post(news.map(posted));
    },
    standing: (messages) => {
      for (const message of messages) if (message.kind !== "flag") take(message);
      sayAgain();
    },
    close: () => {
      stopped = true;
      timer?.cancel();
      return Promise.resolve();
    },
  };
}

const isSame = (
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());

async function postTo(http: Http, url: string, body: string): Promise<Sent> {
  try {
    const { status } = await http.send({
      method: "POST",
      url: `${url.replace(/\/$/, "")}/api/v2/alerts`,
      headers: { "content-type": "application/json" },
      body,
      timeoutMs,
      answerBytesMax,
    });
    if (status >= 200 && status < 300) return { arrived: true };
    return { arrived: false, why: `answered ${status}`, afterMs: null };
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    return { arrived: false, why: error.code, afterMs: null };
  }
}
