import { join } from "node:path";
import type { Output } from "@troth/events";
import { type Log, openFileLog, openSnapshots } from "@troth/log";
import { openMonitor } from "@troth/monitor";
import type { Policy } from "@troth/policy";
import type { Logger, Stop } from "@troth/runtime";
import type { ShadowTell } from "../tell/shadow.ts";
import { openFeed } from "./feed.ts";
import { openJudge, tick } from "./judge.ts";
import type { World } from "./world.ts";

/** Where a policy in shadow keeps what it would have said. */
export const shadowDir = (data: string, hash: string): string => join(data, "shadow", hash);

export type ShadowOptions = {
  readonly data: string;
  readonly facts: Log;
  readonly policy: Policy;
  readonly world: Pick<World, "clock" | "disk" | "rng">;
  readonly stop: Stop;
  readonly log: Logger;
  readonly tell: ShadowTell;
};

const segmentBytes = 64 * 1024 * 1024;
const snapshotEveryRecords = 200_000;
const recordsPerTurn = 100;

/**
 * A second policy judges the same facts from the first one on, as if it had always held. What it
 * says is only counted and compared; it moves no time, and when it fails the live judge goes on.
 */
export async function openShadow(options: ShadowOptions): Promise<void> {
  const { facts, policy, world, stop, log, tell } = options;
  const { clock, disk, rng } = world;
  const dir = shadowDir(options.data, policy.hash);
  const newGenesis = rng.uuid();
  const outputs = await openFileLog(join(dir, "outputs"), disk, { newGenesis, segmentBytes });
  stop.defer("shadow log", () => outputs.close());
  const snapshots = await openSnapshots(join(dir, "snapshots"), disk, { genesis: facts.genesis });
  const failed = (error: unknown): void =>
    log.error("the shadow stopped", { error: String(error) });
  const monitor = await openMonitor({
    facts,
    outputs,
    snapshots,
    judge: (bytes) => openJudge(policy, bytes, () => undefined),
    clock,
    tick,
    live: () => false,
    snapshotEveryRecords,
    recordsPerTurn,
    tell: {
      judged: tell.judged,
      failed,
      waits: (error) => log.warn("the shadow waits for the disk", { error: String(error) }),
    },
  });
  stop.defer("shadow", () => monitor.close());
  const fold = (output: Output): void => tell.fold("shadow", output);
  const feed = openFeed(outputs, [{ name: "metrics", fold }], (_, error) => failed(error), clock);
  stop.defer("metrics of the shadow", feed.close);
}
