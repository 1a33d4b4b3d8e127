import { readFileSync } from "node:fs";
import { join } from "node:path";
import { verify } from "@troth/lake";
import { type Policy, parsePolicy } from "@troth/policy";
import { openFolderStore } from "@troth/runtime";
import { expect } from "vitest";
import { killsOf, muster, rage, sendAll, type Turmoil } from "./chaos.ts";
import { type FaultyStore, openFaultyStore } from "./faulty-store.ts";
import { inTime } from "./fleet-diagnosis.ts";
import { inSeconds, watchFleet } from "./fleet-watch.ts";
import { houses } from "./houses.ts";
import {
  drained,
  type Fleet,
  metricOf,
  openFleet,
  readDecisions,
  readFacts,
  readNoise,
  type ServiceName,
  secondOpinion,
  until,
} from "./kafka-fleet.ts";
import { firstParting } from "./partitions.ts";
import { seeded } from "./random-events.ts";
import { root } from "./source.ts";

export type ChaosOptions = {
  readonly seconds: number;
  readonly perSecond: number;
  readonly seed: number;
  readonly services: readonly ServiceName[];
  readonly killEveryMs: number;
  readonly brokerEveryMs: number;
  readonly freezeMs: number;
  readonly freezeEveryMs: number;
  /** Tells how far each stage is behind, every three seconds. */
  readonly talks: boolean;
};

const policyPath = `${root}infra/policy/default.yaml`;
const partitions = 4;
const eventsPerHouse = 150;
/** Nobody waits so long on any machine: whoever is later is stuck, and told with all that is known. */
const stuckAfterMs = 240_000;

function policyOf(): Policy {
  const parsed = parsePolicy(readFileSync(policyPath, "utf8"));
  if (!parsed.ok) throw new Error("the default policy does not compile");
  return parsed.value;
}

const began = Date.now();
const say = (line: string): void =>
  void process.stdout.write(`${((Date.now() - began) / 1_000).toFixed(1)} s chaos: ${line}\n`);

/** A fleet is sent events, and all goes wrong with it for a while; then everything must be right. */
export async function runChaos(options: ChaosOptions): Promise<Turmoil> {
  const { seconds, perSecond, seed } = options;
  await using store = await openFaultyStore(seed);
  await using fleet = await openFleet({
    partitions,
    clock: "events",
    isShortLived: true,
    policies: [policyPath],
    env: store.env,
    args: (service) => [
      ...["--session-timeout", "4", "--snapshots", `${store.place}/snapshots`],
      ...(service === "lake" ? ["--lake", `${store.place}/lake`] : []),
    ],
  });
  say("brokers are up");
  using crew = await muster(fleet, options.services);
  say("all processes are up");
  const count = seconds * perSecond;
  const events = houses(seed, Math.ceil((count * 1.05) / eventsPerHouse), eventsPerHouse).slice(
    0,
    count,
  );
  const ledger = sendAll(events, perSecond, crew, seeded(seed + 1));
  const watch = watchFleet(fleet, options.talks ? say : null);
  store.begin();
  const turmoil = await rage(fleet, crew, { ...options, forMs: seconds * 1_000 });
  const faults = store.end();
  say(`over; ${ledger.acknowledged.size} of ${events.length} events acknowledged`);
  await inTime(fleet, "everything is taken in at the door", stuckAfterMs, ledger.feeding);
  const takenIn = Date.now();
  await inTime(fleet, "every process is up again", stuckAfterMs, crew.complete());
  for (const one of crew.gaveUp()) say(`ended by itself: ${one.slice(-400)}`);
  // Who cannot reach its brokers may give up; nobody may fall over an error that was nobody's.
  expect(crew.gaveUp().filter((one) => one.includes(`Node.js ${process.version}`))).toEqual([]);
  await inTime(fleet, "the fleet is drained", stuckAfterMs, drained(fleet, stuckAfterMs));
  const drainedMs = Date.now() - takenIn;
  say(
    `${events.length} events at ${perSecond}/s for ${seconds} s; kills ${inWords(turmoil.kills)}; ` +
      `${turmoil.freezes} freezes, ${turmoil.brokerKills} broker kills, ${faults} faults of the store; ` +
      `drained ${(drainedMs / 1_000).toFixed(1)} s after the last fault and event`,
  );
  say(`processor seconds: ${inSeconds(watch.used())}`);
  watch.end();
  await checkDecisions(fleet, ledger.acknowledged, events.length);
  await checkLake(fleet, store);
  return turmoil;
}

const inWords = (kills: ReadonlyMap<string, number>): string =>
  [...kills].map(([service, count]) => `${service} ${count}`).join(", ");

/** Everything acknowledged is in the log, judged as the oracle does, each number once. */
async function checkDecisions(
  fleet: Fleet,
  acknowledged: ReadonlySet<string>,
  sent: number,
): Promise<void> {
  const { facts } = await readFacts(fleet.kafka);
  const stored = new Set(facts.map((fact) => `${fact.source} ${fact.id}`));
  expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
  expect(acknowledged.size).toBe(sent);
  const oracle = secondOpinion(facts, policyOf());
  const read = await readDecisions(fleet.kafka, partitions);
  const noise = await readNoise(fleet.kafka, partitions);
  say(
    `${oracle.counts.duplicates} duplicates at the door, ${noise.copies} copies of noise and ` +
      `${read.copies} of decisions dropped; ${read.decisions.length} decisions`,
  );
  expect(noise.holes).toBe(0);
  expect(firstParting(read, { ...oracle, flags: [] })).toBeNull();
  const counts: Record<string, number> = {};
  for (const one of fleet.running()) {
    if (one.service !== "identity") continue;
    for (const fate of ["read", "applied", "duplicate", "turned-away"]) {
      const found = await metricOf(one.health, `troth_registrar_facts{fate="${fate}"}`);
      counts[fate] = Math.max(counts[fate] ?? 0, found ?? 0);
    }
  }
  expect(counts).toEqual({
    read: oracle.counts.read,
    applied: oracle.counts.applied,
    duplicate: oracle.counts.duplicates,
    "turned-away": oracle.counts.setAside,
  });
  say("decisions equal to the oracle's, 0 acknowledged lost, every fact accounted for");
}

/** The lake closes tables while it is looked at: between two closings it is whole. */
async function checkLake(fleet: Fleet, store: FaultyStore): Promise<void> {
  const looked = Array.from({ length: partitions }, async (_, partition) => {
    const lake = await openFolderStore(store.folderOf(join("lake", `p=${partition}`)));
    let audit = await verify(lake);
    const isWhole = async (): Promise<boolean> => {
      audit = await verify(lake);
      return audit.findings.length === 0;
    };
    const whole = until(`the lake of partition ${partition} is whole`, stuckAfterMs, isWhole);
    await inTime(fleet, "the lake is whole", 2 * stuckAfterMs, whole).catch((error: unknown) => {
      throw new Error(`${JSON.stringify(audit.findings)}\n${String(error)}`);
    });
    return audit.outputs;
  });
  const held = (await Promise.all(looked)).reduce((sum, one) => sum + one, 0);
  say(`the lake holds ${held} outputs in order, 0 gaps and 0 overlaps`);
  expect(held).toBeGreaterThan(0);
}

export const isEverybodyKilled = (turmoil: Turmoil, services: readonly ServiceName[]): boolean =>
  services.every((service) => (turmoil.kills.get(service) ?? 0) > 0) && killsOf(turmoil) > 0;
