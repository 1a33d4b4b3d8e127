import { patiently, type Stop } from "@troth/runtime";
import type { Keys } from "../keys/keys.ts";
import type { Wait } from "../partitioned/waits.ts";
import type { Place, Service } from "./place.ts";

const lookEveryMs = 2_000;

/** What is opened for one life of a service, and closed at its end or at that of the process. */
function openLife(process: Stop): { readonly stop: Stop; readonly end: () => Promise<void> } {
  const closers: (() => Promise<void> | void)[] = [];
  const abort = new AbortController();
  const aborted = (): void => abort.abort();
  process.signal.addEventListener("abort", aborted);
  return {
    stop: {
      ...process,
      signal: abort.signal,
      defer: (_, close) => void closers.push(close),
    },
    end: async () => {
      process.signal.removeEventListener("abort", aborted);
      abort.abort();
      for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
    },
  };
}

/** Looks every few seconds whether keys were destroyed; a place of keys that does not answer is waited for. */
function watchKeys(
  { clock, log, stop }: Pick<Place, "clock" | "log" | "stop">,
  keys: Keys,
  gone: () => Promise<void>,
): () => readonly Wait[] {
  let failed: string | null = null;
  const look = async (): Promise<void> => {
    try {
      if (await keys.refresh()) {
        log.info("keys were destroyed: what was opened with them is let go");
        await gone();
      }
      failed = null;
    } catch (error) {
      failed = error instanceof Error ? error.message : String(error);
    }
    if (!stop.signal.aborted) clock.setTimer(lookEveryMs, () => void look());
  };
  clock.setTimer(lookEveryMs, () => void look());
  return () =>
    failed === null
      ? []
      : [{ for: "store", what: `the place of the keys is to say which are left: ${failed}` }];
}

/**
 * Runs a service that does not outlive the keys of an erased person: whatever it made of them. One that
 * keeps names in mind is closed whole and opened anew; for others it is enough that the keys are gone.
 */
export async function runWithoutErased(
  place: Place,
  keepsNames: boolean,
  run: (place: Place) => Promise<Service>,
): Promise<Service> {
  const { keys, stop } = place;
  if (keys === null) return run(place);
  let life = openLife(stop);
  // The address people know stays, also where any free one was taken.
  let port = place.port;
  const open = (): Promise<Service> => run({ ...place, port, stop: life.stop });
  let current: Service | null = await open();
  const { says, receive } = current;
  if (current.port !== undefined) port = current.port - 1;
  stop.defer("service", () => life.end());
  const waits = watchKeys(place, keys, async () => {
    if (!keepsNames || stop.signal.aborted) return;
    current = null;
    await life.end();
    life = openLife(stop);
    try {
      current = await patiently(open, {
        clock: place.clock,
        stop: stop.signal,
        failed: (error) => place.log.warn("cannot be opened again", { error: String(error) }),
      });
    } catch (error) {
      stop.request(`could not be opened again: ${String(error)}`);
    }
  });
  return {
    health: () => current?.health() ?? null,
    ready: () => (current === null ? "what an erased key had opened is let go" : current.ready()),
    waits: () => [...waits(), ...(current?.waits() ?? [])],
    ...(says !== undefined && { says }),
    ...(receive !== undefined && {
      receive: async (posted) => (await current?.receive?.(posted)) ?? 503,
    }),
  };
}
