import {
  decodeOutput,
  encodeFact,
  type Fact,
  isBeyond,
  isDecision,
  type Output,
  publicPseudonymKey,
} from "@troth/events";
import { type Log, LogError, openMemoryLog, type Snapshot, type Snapshots } from "@troth/log";
import type { Policy } from "@troth/policy";
import { systemClock } from "@troth/runtime";
import {
  type Machine,
  openRegistrar,
  openSite,
  policiesOf,
  policySwitch,
  type RegistrarMachine,
  type Site,
  tick,
} from "@troth/troth";
import type { Judged } from "./partitions.ts";

/** The logs of a fleet in memory, with the snapshots its machines left. */
export type Ground = {
  readonly facts: Log;
  readonly noise: readonly Log[];
  readonly decisions: readonly Log[];
  readonly transfers: readonly Log[];
  readonly flags: readonly Log[];
  readonly snapshots: (name: string) => Snapshots;
};

export function openGround(partitions: number): Ground {
  const genesis = "00000000-0000-4000-8000-000000000000";
  const logs = (): readonly Log[] =>
    Array.from({ length: partitions }, () => openMemoryLog({ genesis }));
  const kept = new Map<string, Snapshot>();
  return {
    facts: openMemoryLog({ genesis }),
    noise: logs(),
    decisions: logs(),
    transfers: logs(),
    flags: logs(),
    snapshots: (name) => ({
      save: async ({ position, bytes }) =>
        void kept.set(name, { position, bytes: Buffer.from(bytes) }),
      load: async () => kept.get(name) ?? null,
    }),
  };
}

/** How the world fails: asked at every append, and at every moment a machine might be killed. */
export type Weather = {
  readonly append: () => "stored" | "refused" | "answer lost" | "stored twice";
  readonly kill: () => "spared" | "killed" | "left running" | "stopped in order";
  /** Turns of the event loop an append takes at least. */
  readonly slow: () => number;
  /** What a machine that starts finds of its snapshot. */
  readonly snapshot: () => "there" | "gone";
};

export const fair: Weather = {
  append: () => "stored",
  kill: () => "spared",
  slow: () => 0,
  snapshot: () => "there",
};

/** A log as one process sees it: it fails, and once the process is dead nothing gets through. */
function through(log: Log, weather: Weather, life: { dead: boolean }): Log {
  return {
    ...log,
    append: async (records, stamp) => {
      if (life.dead) return new Promise(() => undefined);
      for (let wait = weather.slow(); wait > 0; wait -= 1) await turn();
      if (life.dead) return new Promise(() => undefined);
      const what = weather.append();
      if (what === "refused") throw new LogError("failed", "not stored");
      const appended = await log.append(records, stamp);
      if (what === "stored twice") await log.append(records, stamp);
      if (what === "answer lost") throw new LogError("failed", "stored, but who knows");
      return appended;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Running<M extends Machine> = { machine: M; life: { dead: boolean } };

export type FleetOptions = {
  readonly policies: readonly [Policy, ...Policy[]];
  readonly facts: readonly Fact[];
  readonly partitions: number;
  readonly weather: Weather;
  /** At these numbers of facts, that policy takes over. */
  readonly switches?: ReadonlyMap<number, Policy>;
  readonly factsAtOnce?: number;
  readonly until?: number;
};

export type FleetResult = Judged & {
  /** What a reader sees that drops what it has seen, partition by partition. */
  readonly outputs: readonly (readonly Output[])[];
  readonly starts: number;
  readonly copies: number;
  readonly registrar: RegistrarMachine;
};

/** Runs registrar and sites over logs in memory until all is judged, whatever the weather. */
export async function runFleet(options: FleetOptions): Promise<FleetResult> {
  const { policies: known, facts, partitions, weather, factsAtOnce = 20 } = options;
  const ground = openGround(partitions);
  const policies = policiesOf(known);
  const often = { snapshotEveryRecords: 7, snapshotEveryMs: 3_600_000, clock: systemClock };
  let starts = 0;
  const snapshotsOf = (name: string): Snapshots => {
    const snapshots = ground.snapshots(name);
    return {
      ...snapshots,
      load: async () => (weather.snapshot() === "gone" ? null : snapshots.load()),
    };
  };
  const startRegistrar = async (): Promise<Running<RegistrarMachine>> => {
    const life = { dead: false };
    starts += 1;
    const machine = await openRegistrar({
      facts: ground.facts,
      noise: ground.noise.map((log) => through(log, weather, life)),
      snapshots: snapshotsOf("registrar"),
      policies,
      begins: known[0].hash,
      key: publicPseudonymKey,
      live: () => false,
      tickEveryMs: 3_600_000,
      ...often,
      turnAway: async () => undefined,
      tell: { routed: () => undefined },
    });
    return { machine, life };
  };
  const startSite = async (partition: number): Promise<Running<Site>> => {
    const life = { dead: false };
    starts += 1;
    const of = (logs: readonly Log[]): Log => {
      const log = logs[partition];
      if (log === undefined) throw new Error(`no partition ${partition}`);
      return through(log, weather, life);
    };
    const machine = await openSite({
      partition,
      noise: of(ground.noise),
      decisions: of(ground.decisions),
      transfers: ground.transfers.map((log) => through(log, weather, life)),
      flags: of(ground.flags),
      snapshots: snapshotsOf(`site ${partition}`),
      policies,
      ...often,
      tell: { judged: () => undefined },
    });
    return { machine, life };
  };

  let registrar = await startRegistrar();
  const sites = await Promise.all(ground.noise.map((_, partition) => startSite(partition)));
  const left: Machine[] = [];
  /** Fails when it should, is killed when the weather has it, and is started again. */
  const tend = async <M extends Machine>(
    one: Running<M>,
    again: () => Promise<Running<M>>,
  ): Promise<Running<M>> => {
    const failed = await Promise.race([
      one.machine.running.then(
        () => false,
        (error: unknown) => {
          if (error instanceof LogError) return true;
          throw error;
        },
      ),
      turn().then(() => false),
    ]);
    const fate = failed ? "killed" : weather.kill();
    if (fate === "spared") return one;
    // Saving may fail like everything else; then the next start finds an older snapshot.
    if (fate === "stopped in order") await one.machine.close().catch(() => undefined);
    if (fate === "killed") one.life.dead = true;
    left.push(one.machine);
    return again();
  };

  let fed = 0;
  for (let turns = 0; ; turns += 1) {
    if (turns > 200_000) throw new Error("the fleet does not come to an end");
    if (fed < facts.length) {
      const some = facts.slice(fed, fed + factsAtOnce);
      const begins = fed === 0 ? [policySwitch(known[0].hash)] : [];
      if (begins.length > 0 && (await ground.facts.end()) === 0)
        await ground.facts.append(begins, 0);
      for (const fact of some) {
        const next = options.switches?.get(fed);
        if (next !== undefined) await ground.facts.append([policySwitch(next.hash)], 0);
        await ground.facts.append([{ bytes: encodeFact(fact) }], fact.recordedTime);
        fed += 1;
      }
      if (fed >= facts.length) await ground.facts.append([tick], options.until ?? 0);
    }
    registrar = await tend(registrar, startRegistrar);
    for (const [partition, site] of sites.entries()) {
      sites[partition] = await tend(site, () => startSite(partition));
    }
    if (fed < facts.length || registrar.machine.position() < (await ground.facts.end())) continue;
    const numbers = registrar.machine.numbers();
    if (!sites.every((site, partition) => site.machine.number() === numbers[partition])) continue;
    const ends = await Promise.all(ground.noise.map((log) => log.end()));
    if (sites.every((site, partition) => site.machine.position() === ends[partition])) break;
  }
  const stamp = registrar.machine.stamp();
  const flags = sites.flatMap((site) => site.machine.flags(stamp));
  for (const machine of [...left, registrar.machine, ...sites.map((site) => site.machine)]) {
    // What was killed hangs in its last append for good.
    machine.close().catch(() => undefined);
  }
  await turn();
  const { outputs, copies } = await readOutputs(ground.decisions);
  const decisions = outputs.flat().map(({ body }) => body);
  return {
    decisions: decisions.filter(isDecision),
    flags,
    outputs,
    starts,
    copies,
    registrar: registrar.machine,
  };
}

/** As any reader does: keeps the highest place it has seen of each partition and drops the rest. */
async function readOutputs(logs: readonly Log[]) {
  let copies = 0;
  const outputs: Output[][] = [];
  for (const log of logs) {
    const seen: Output[] = [];
    let last = { inOffset: -1, seq: -1 };
    for await (const record of log.read(0)) {
      const output = decodeOutput(record.bytes);
      if (!isBeyond(output, last)) {
        copies += 1;
        continue;
      }
      last = output;
      seen.push(output);
    }
    outputs.push(seen);
  }
  return { outputs, copies };
}
