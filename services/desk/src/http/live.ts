import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock, Timer } from "@troth/runtime";
import { deskLimits } from "../limits.ts";
import type { Change, Changes } from "../view/changes.ts";
import { securityHeaders } from "./headers.ts";

/** Changes of one burst are told together. */
const gatherMs = 250;
const heartbeatMs = 15_000;
/** After a lost connection a page waits so long before it asks again. */
const retryMs = 2_000;

type Follower = {
  readonly response: ServerResponse;
  /** Whether they may be told who changed. */
  readonly isNamed: boolean;
  isMissing: boolean;
};

export type Live = {
  /** Follows changes until either side ends it; false when there are too many followers. */
  readonly follow: (
    request: IncomingMessage,
    response: ServerResponse,
    isNamed: boolean,
  ) => boolean;
  readonly followers: () => number;
  readonly close: () => void;
};

const eventOf = (id: string, name: string, data: unknown): string =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * Server-sent events that say what to read again: `customers` names who changed (null: many), and
 * `overview` follows it. They carry no news themselves, so one lost or told twice does no harm, and
 * a page that comes back with the last id it saw hears at once whether it missed something.
 */
export function openLive(changes: Changes, clock: Clock): Live {
  // Versions begin anew with the process, so an id says which process counted.
  const epoch = clock.now().toString(36);
  const followers = new Set<Follower>();
  let gathering: Timer | null = null;

  const said = ({ version, customers }: Change): string => {
    const id = `${epoch}-${version}`;
    return eventOf(id, "customers", { version, customers }) + eventOf(id, "overview", { version });
  };
  const send = (follower: Follower, text: string): void => {
    // Whoever reads slowly gets one notice that says "many" once there is room again.
    if (follower.isMissing) return;
    if (follower.response.write(text)) return;
    follower.isMissing = true;
    follower.response.once("drain", () => {
      follower.isMissing = false;
      send(follower, said({ version: changes.version, customers: null }));
    });
  };
  const tell = (): void => {
    gathering = null;
    const change = changes.take();
    const [named, unnamed] = [said(change), said({ ...change, customers: null })];
    for (const follower of followers) send(follower, follower.isNamed ? named : unnamed);
  };
  const unsubscribe = changes.subscribe(() => {
    gathering ??= clock.setTimer(gatherMs, tell);
  });
  const beat = (): void => {
    for (const follower of followers)
      if (!follower.isMissing) follower.response.write(": here\n\n");
    heart = clock.setTimer(heartbeatMs, beat);
  };
  let heart = clock.setTimer(heartbeatMs, beat);

  return {
    follow: (request, response, isNamed) => {
      if (followers.size >= deskLimits.liveConnectionsMax) return false;
      response.writeHead(200, {
        ...securityHeaders,
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      });
      const follower: Follower = { response, isNamed, isMissing: false };
      followers.add(follower);
      response.on("close", () => followers.delete(follower));
      response.on("error", () => followers.delete(follower));
      const { version } = changes;
      const isCurrent = request.headers["last-event-id"] === `${epoch}-${version}`;
      const missed = isCurrent ? "" : said({ version, customers: null });
      response.write(`retry: ${retryMs}\n\n${missed}`);
      return true;
    },
    followers: () => followers.size,
    close: () => {
      unsubscribe();
      gathering?.cancel();
      heart.cancel();
      for (const { response } of followers) response.end();
      followers.clear();
    },
  };
}
