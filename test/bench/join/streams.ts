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
    run: async ({ brokers, noise, decisions, guarantee, policy, records }) => {
      runs += 1;
      const state = mkdtempSync(join(tmpdir(), "troth-join-state-"));
      const java = ["-Xmx2g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"];
      const id = `join-${process.pid}-${runs}`;
      const words = [brokers, noise, decisions, id, state, guarantee, policy, String(records)];
      try {
        const { stdout } = await run(
          "java",
          [...java, "-cp", `${jars}/*:${classes}`, "Peer", ...words],
          {
            timeout: 600_000,
          },
        );
        return JSON.parse(stdout);
      } finally {
        rmSync(state, { recursive: true, force: true });
      }
    },
    close: () => rmSync(classes, { recursive: true, force: true }),
  };
}
