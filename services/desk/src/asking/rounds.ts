import type { Clock, Timer } from "@troth/runtime";
import type { Hand } from "../http/parts.ts";
import type { DeskViews } from "../view/views.ts";
import { invitationsOf, type Sampling } from "./sampling.ts";

/** When people are asked, each day: from this hour on, where the clocks show this zone's time. */
export type AskAt = { readonly hour: number; readonly zone: string };

/** The day a moment falls on in a zone, as `2026-03-02`, and its hour. */
export function localDay(
  at: number,
  zone: string,
): { readonly day: string; readonly hour: number } {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  return { day: `${part("year")}-${part("month")}-${part("day")}`, hour: Number(part("hour")) };
}

export const isZone = (zone: string): boolean => {
  try {
    localDay(0, zone);
    return true;
  } catch {
    return false;
  }
};

export type RoundsOptions = {
  readonly views: DeskViews;
  readonly hand: Hand;
  /** UTC milliseconds of the log's clock: a log of last year is asked about on its own days. */
  readonly logTime: () => number;
  /** False while the past is being read: nobody is asked about it any more. */
  readonly isLive: () => boolean;
  readonly at: AskAt;
  readonly sampling: Sampling;
  readonly secret: Buffer;
  readonly clock: Clock;
  readonly asked: (tenant: string, round: string, people: number) => Promise<void>;
  readonly failed: (error: unknown) => void;
};

const everyMs = 30_000;

/**
 * Asks by itself, once a day and tenant. A round that was asked is in the log by its name, so that neither
 * a second process nor a start later that day asks anybody besides.
 */
export function openRounds(options: RoundsOptions): { readonly close: () => void } {
  const { views, hand, logTime, isLive, at, sampling, secret, clock } = options;
  /** Rounds in which nobody was drawn leave nothing in the log. */
  const done = new Map<string, string>();
  let timer: Timer | null = null;
  let isClosed = false;
  const ask = async (tenant: string, now: number, round: string): Promise<void> => {
    const view = views.of(tenant);
    if (done.get(tenant) === round || view.invitedIn(round).length > 0) return;
    const asked = invitationsOf(view, tenant, round, secret, sampling, now);
    if (asked.length > 0 && (await hand(asked.map(({ event }) => event))) === "refused") return;
    done.set(tenant, round);
    await options.asked(tenant, round, asked.length);
  };
  const look = async (): Promise<void> => {
    const now = logTime();
    const { day, hour } = localDay(now, at.zone);
    if (!isLive() || hour < at.hour) return;
    for (const tenant of views.tenants) await ask(tenant, now, day);
  };
  const again = (): void => {
    look()
      .catch(options.failed)
      .finally(() => {
        if (!isClosed) timer = clock.setTimer(everyMs, again);
      });
  };
  again();
  return {
    close: () => {
      isClosed = true;
      timer?.cancel();
    },
  };
}
