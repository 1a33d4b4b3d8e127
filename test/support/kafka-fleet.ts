import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  decodeFact,
  decodeNoise,
  decodeOutput,
  encodeFact,
  type Fact,
  isBeyond,
  isDecision,
  type Output,
  publicPseudonymKey,
} from "@troth/events";
import { type KafkaLogs, type Log, openKafka } from "@troth/log";
import { recompute } from "@troth/oracle";
import type { Policy } from "@troth/policy";
import { systemClock, systemRng } from "@troth/runtime";
import { policySwitch, tick } from "@troth/troth";
import { applyTopics } from "../../services/troth/src/topics/apply.ts";
import { logOptionsOf, readTopicTable } from "../../services/troth/src/topics/table.ts";
import { bundleInParts } from "./bundle.ts";
import { startKafka, type TestKafka } from "./kafka.ts";
import type { Judged } from "./partitions.ts";
import { root } from "./source.ts";

export type ServiceName = "intake" | "identity" | "monitor" | "lake" | "desk" | "notify";

/** A service as a process of its own, that can be ended in every way. */
export type Process = {
  readonly service: ServiceName;
  readonly pid: number;
  /** Base of health, readiness and metrics. */
  readonly health: string;
  /** What it says it is, beside its health: an address, a place. */
  readonly says: string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves with the exit code; null when a signal ended it. */
  readonly gone: Promise<number | null>;
  readonly said: () => string;
};

export type Fleet = {
  readonly kafka: KafkaLogs;
  readonly broker: TestKafka;
  readonly partitions: number;
  readonly dir: string;
  /** Resolves once the process says it is up. `slot` keeps its data folder over restarts. */
  readonly start: (service: ServiceName, slot: number) => Promise<Process>;
  readonly running: () => readonly Process[];
  /** Appends facts behind each other, as one intake would; log time is their recorded time. */
  readonly feed: (facts: readonly Fact[], stampOf?: (fact: Fact) => number) => Promise<void>;
  readonly close: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

export type FleetSettings = {
  readonly partitions: number;
  readonly clock: "live" | "events";
  readonly policies: readonly string[];
  readonly brokers?: 1 | 3;
  /** The brokers are killed again and again. */
  readonly isShortLived?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of a service. */
  readonly args?: (service: ServiceName) => readonly string[];
};

/** How long a service may take until it is up, brokers that are away included. */
const upWithinMs = 60_000;

function launch(
  main: readonly string[],
  service: ServiceName,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Process> {
  const child: ChildProcess = spawn(process.execPath, [...main, "run", service, ...args], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  let said = "";
  const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${service} is not up: ${said}`));
    }, upWithinMs);
    child.once("exit", () => {
      clearTimeout(late);
      reject(new Error(`${service} ended before it was up: ${said.slice(-2_000)}`));
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-20_000);
      const up = /is up\n {2}health (\S+)\/healthz .*\n(?: {2}\w+ +(\S+)\n)?/.exec(said);
      // Its address stands on a line of its own, which may come a moment later.
      const isSaid = up?.[2] !== undefined || (service !== "desk" && service !== "intake");
      if (up === null || !isSaid) return;
      clearTimeout(late);
      resolve({
        service,
        pid: child.pid ?? -1,
        health: up[1] ?? "",
        says: up[2] ?? "",
        signal: (signal) => void child.kill(signal),
        gone,
        said: () => said,
      });
    });
  });
}

/** The desk sends its page from beside its source. */
const source = [
  "--conditions=@troth/source",
  ...["--import", "tsx", join(root, "services/troth/src/main.ts")],
];

/** A broker, its topics, and a troth of several processes on them. */
export async function openFleet(settings: FleetSettings): Promise<Fleet> {
  const { partitions, brokers = 1, env = {} } = settings;
  const broker = await startKafka({ brokers, isShortLived: settings.isShortLived === true });
  const dir = mkdtempSync(join(tmpdir(), "troth-fleet-"));
  // Where it finds the policies and pages the sources find.
  const dist = join(root, "services/troth/dist");
  const name = `fleet-${process.pid}-${systemRng.uuid()}`;
  const main = join(dist, `${name}.mjs`);
  mkdirSync(dist, { recursive: true });
  bundleInParts(join(root, "services/troth/src/main.ts"), dist, name);
  const kafka = await openKafka({
    brokers: [...broker.addresses],
    clientId: "test",
    dev: true,
    deadlineMs: 30_000,
  });
  await applyTopics(kafka, await readTopicTable(), {
    partitions,
    dev: brokers === 1,
    dryRun: false,
    uuid: systemRng.uuid,
  });
  const running = new Set<Process>();
  let feeding: Log | null = null;
  const factsLog = async (): Promise<Log> => {
    feeding ??= await kafka.open("troth.facts", 0, logOptionsOf("troth.facts"));
    return feeding;
  };
  const close = async (): Promise<void> => {
    for (const one of running) one.signal("SIGKILL");
    await Promise.all([...running].map((one) => one.gone));
    await kafka.close();
    await broker.close();
    rmSync(dir, { recursive: true, force: true });
    for (const part of readdirSync(dist))
      if (part.startsWith(name)) rmSync(join(dist, part), { force: true });
  };
  return {
    kafka,
    broker,
    partitions,
    dir,
    start: async (service, slot) => {
      const one = await launch(
        service === "desk" ? source : [main],
        service,
        [
          ...["--brokers", broker.addresses.join(","), "--dev"],
          ...["--data", join(dir, `${service}-${slot}`), "--snapshots", join(dir, "shared")],
          ...settings.policies.flatMap((policy) => ["--policy", policy]),
          ...["--clock", settings.clock],
          ...(settings.args?.(service) ?? []),
        ],
        env,
      );
      running.add(one);
      void one.gone.then(() => running.delete(one));
      return one;
    },
    running: () => [...running],
    feed: async (facts, stampOf = (fact) => fact.recordedTime) => {
      const appends: Promise<unknown>[] = [];
      for (const fact of facts) {
        const bytes = encodeFact(fact);
        appends.push((await factsLog()).append([{ bytes }], stampOf(fact)));
      }
      await Promise.all(appends).catch((error: unknown) => {
        feeding = null;
        throw error;
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

export type FactsRead = {
  readonly facts: readonly Fact[];
  /** Stamps as the registrar has them: the running maximum of the log's. */
  readonly stamps: readonly number[];
  readonly ticks: number;
};

/** All facts of the log in its order: what a second opinion starts from. */
export async function readFacts(kafka: KafkaLogs): Promise<FactsRead> {
  const log = await kafka.open("troth.facts", 0, logOptionsOf("troth.facts"));
  const facts: Fact[] = [];
  const stamps: number[] = [];
  let ticks = 0;
  for await (const batch of log.readBatches(0)) {
    for (const { bytes, stamp } of batch) {
      const decoded = bytes.length > 1 && bytes[0] === 0 ? decodeFact(bytes) : null;
      if (decoded?.ok) {
        facts.push(decoded.value);
        stamps.push(stamp);
      } else ticks += 1;
    }
  }
  await log.close();
  return { facts, stamps, ticks };
}

export type DecisionsRead = Judged & {
  readonly outputs: readonly (readonly Output[])[];
  readonly copies: number;
};

/** What a reader sees of all partitions, copies dropped. */
export async function readDecisions(kafka: KafkaLogs, partitions: number): Promise<DecisionsRead> {
  const outputs: Output[][] = [];
  let copies = 0;
  for (let partition = 0; partition < partitions; partition += 1) {
    const log = await kafka.open("troth.decisions", partition, logOptionsOf("troth.decisions"));
    const seen: Output[] = [];
    let last = { inOffset: -1, seq: -1 };
    for await (const batch of log.readBatches(0)) {
      for (const record of batch) {
        const output = decodeOutput(record.bytes);
        if (isBeyond(output, last)) {
          last = output;
          seen.push(output);
        } else copies += 1;
      }
    }
    outputs.push(seen);
    await log.close();
  }
  const bodies = outputs.flat().map(({ body }) => body);
  return { decisions: bodies.filter(isDecision), flags: [], outputs, copies };
}

/** Numbers of the noise of every partition: without a hole, each at least once. */
export async function readNoise(kafka: KafkaLogs, partitions: number) {
  let records = 0;
  let copies = 0;
  let holes = 0;
  for (let partition = 0; partition < partitions; partition += 1) {
    const log = await kafka.open("troth.noise", partition, logOptionsOf("troth.noise"));
    let next = 0;
    for await (const batch of log.readBatches(0)) {
      for (const { bytes } of batch) {
        const { number } = decodeNoise(bytes);
        if (number < next) copies += 1;
        else {
          if (number > next) holes += 1;
          next = number + 1;
          records += 1;
        }
      }
    }
    await log.close();
  }
  return { records, copies, holes };
}

export const secondOpinion = (
  facts: readonly Fact[],
  policy: Policy,
): Judged & {
  readonly counts: ReturnType<typeof recompute>["counts"];
} => recompute({ facts, policy, pseudonymKey: publicPseudonymKey, until: null });

/** A number of a process's metrics; null when it has none of that name. */
export async function metricOf(health: string, line: string): Promise<number | null> {
  const answer = await fetch(`${health}/metrics`, { signal: AbortSignal.timeout(2_000) });
  const text = await answer.text();
  const found = text.split("\n").find((one) => one.startsWith(`${line} `));
  return found === undefined ? null : Number(found.slice(line.length + 1));
}

/** Resolves with how long it took; fails when `isSo` is not true in time. */
export async function until(
  what: string,
  withinMs: number,
  isSo: () => Promise<boolean>,
): Promise<number> {
  const began = systemClock.now();
  for (;;) {
    if (await isSo().catch(() => false)) return systemClock.now() - began;
    if (systemClock.now() - began > withinMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Waits until everything in the log of facts is judged and written: registrar at its end, and every
 * partition at the end of its noise.
 */
export async function drained(fleet: Fleet, withinMs: number): Promise<number> {
  const { kafka, partitions } = fleet;
  // Time comes to quiet partitions with the next record only; a live fleet ticks by itself.
  const log = await kafka.open("troth.facts", 0, logOptionsOf("troth.facts"));
  await log.append([tick], 0);
  await log.close();
  const endOf = async (topic: string, partition: number): Promise<number> => {
    const log = await kafka.open(topic, partition, logOptionsOf(topic));
    const end = await log.end();
    await log.close();
    return end;
  };
  return until("the fleet is drained", withinMs, async () => {
    const facts = await endOf("troth.facts", 0);
    const alive = fleet.running();
    const at = async (service: ServiceName, line: string): Promise<number> => {
      const all = await Promise.all(
        alive
          .filter((one) => one.service === service)
          .map((one) => metricOf(one.health, line).catch(() => null)),
      );
      return Math.max(0, ...all.map((one) => one ?? 0));
    };
    if ((await at("identity", "troth_registrar_position")) < facts) return false;
    for (let partition = 0; partition < partitions; partition += 1) {
      const end = await endOf("troth.noise", partition);
      const place = `troth_partition_position{partition="${partition}"}`;
      if ((await at("monitor", place)) < end) return false;
    }
    return true;
  });
}

export { policySwitch };
