import { join } from "node:path";
import { createView, openDesk } from "@troth/desk";
import { openLake } from "@troth/lake";
import type { Policy } from "@troth/policy";
import {
  type Logger,
  openFolderStore,
  openHealthServer,
  openMetrics,
  type Stop,
} from "@troth/runtime";
import type { Embedded, EmbeddedTell } from "./embedded.ts";
import type { Reader } from "./feed.ts";

export type ReadersOptions = {
  readonly data: string;
  readonly port: number;
  readonly host: string;
  readonly policy: Policy;
  readonly stop: Stop;
  readonly log: Logger;
  readonly demo: () => boolean;
};

export type Readers = {
  readonly tell: EmbeddedTell;
  /** Opens desk, lake, voice and metrics over a running judge; gives where they can be reached. */
  readonly open: (embedded: Embedded) => Promise<{ readonly desk: string; readonly metrics: string }>;
};

const defaultTenant = "default";

/** Everything that reads what the judge wrote. */
export function openReaders(options: ReadersOptions): Readers {
  const { policy, stop, log, host, port } = options;
  const metrics = openMetrics({ process: true });
  return {
    tell: { admitted: () => undefined, fate: () => undefined, judged: () => undefined },
    open: async (embedded) => {
      const view = createView(policy);
      const lake = await openLake({
        store: await openFolderStore(join(options.data, "lake")),
        genesis: embedded.genesis,
        begin: "resume",
      });
      const readers: Reader[] = [
        { name: "desk", fold: (output) => view.fold(output) },
        {
          name: "lake",
          fold: (output) => {
            lake.fold(output);
            return lake.drained();
          },
        },
      ];
      embedded.feed(readers);
      const health = await openHealthServer({
        host,
        port: port + 2,
        metrics,
        live: embedded.health,
        ready: embedded.health,
      });
      stop.defer("metrics", () => health.close());
      const desk = await openDesk({
        view,
        policy,
        flagNow: (customer, tenant) => embedded.flag(tenant ?? defaultTenant, customer),
        logTime: embedded.logTime,
        listen: { host, port },
        isDemo: options.demo,
        intakeUrl: () => `http://${host}:${embedded.intakePort}/v1/events`,
        tell: {
          answered: () => undefined,
          failed: (error) => log.error("the desk failed to answer", { error: String(error) }),
        },
      });
      stop.defer("desk", () => desk.close());
      return { desk: desk.url, metrics: `http://${host}:${health.port}/metrics` };
    },
  };
}
