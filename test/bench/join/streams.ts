import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDir } from "../../support/kafka-jars.ts";

const run = promisify(execFile);
const here = join(import.meta.dirname, "peer");

export type Guarantee = "at_least_once" | "exactly_once_v2";
export type PeerRun = {
  readonly records: number;
  readonly decisions: number;
  /** From the first record to the commit after the last. */
  readonly seconds: number;
  readonly cpuSeconds: number;
};

export type Peer = {
  readonly run: (job: {
    readonly brokers: string;
    readonly noise: string;
    readonly decisions: string;
    readonly guarantee: Guarantee;
    readonly policy: string;
    readonly records: number;
    /** How long a batch waits for more; for throughput 20 ms. */
    readonly lingerMs?: number;
    /** Ends it before it is done. */
    readonly signal?: AbortSignal;
  }) => Promise<PeerRun>;
  readonly close: () => void;
};

async function streamsJars(): Promise<string> {
  const dir = join(cacheDir, "kafka-streams-4.3.1");
  if (existsSync(dir)) return dir;
  mkdirSync(cacheDir, { recursive: true });
  const partial = mkdtempSync(join(cacheDir, "partial-"));
  const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${partial}`];
  await run("mvn", ["-q", "-B", "-f", join(here, "pom.xml"), ...goal], { timeout: 300_000 });
  renameSync(partial, dir);
  return dir;
}

/** Kafka Streams with the bench's rules, compiled once; each run has a state folder of its own. */
export async function openPeer(): Promise<Peer> {
  const jars = await streamsJars();
  const classes = mkdtempSync(join(tmpdir(), "troth-join-peer-"));
  await run("javac", ["-cp", `${jars}/*`, "-d", classes, join(here, "Peer.java")]);
  let runs = 0;
  return {
    run: async (job) => {
      const { brokers, noise, decisions, guarantee, policy, records, lingerMs = 20, signal } = job;
      runs += 1;
      const state = mkdtempSync(join(tmpdir(), "troth-join-state-"));
      const java = ["-Xmx2g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"];
      const id = `join-${process.pid}-${runs}`;
      const words = [brokers, noise, decisions, id, state, guarantee, policy];
      try {
        const { stdout } = await run(
          "java",
          [
            ...java,
            "-cp",
            `${jars}/*:${classes}`,
            "Peer",
            ...words,
            String(records),
            String(lingerMs),
          ],
          { timeout: 600_000, signal },
        );
        return JSON.parse(stdout);
      } finally {
        rmSync(state, { recursive: true, force: true });
      }
    },
    close: () => rmSync(classes, { recursive: true, force: true }),
  };
}
