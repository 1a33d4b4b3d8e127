import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verify } from "@troth/lake";
import { openFolderStore } from "@troth/runtime";
import { defaultPolicyPath, readPolicy } from "@troth/troth";
import { describe, expect, onTestFinished, test } from "vitest";
import { muster, sendAll } from "../support/chaos.ts";
import { distribution } from "../support/figures.ts";
import { inTime } from "../support/fleet-diagnosis.ts";
import { houses } from "../support/houses.ts";
import { countOutputs, judgedAnew } from "../support/judged-anew.ts";
import { noKafka } from "../support/kafka.ts";
import {
  drained,
  openFleet,
  readDecisions,
  readFacts,
  readNoise,
  secondOpinion,
} from "../support/kafka-fleet.ts";
import { firstParting } from "../support/partitions.ts";
import { randomEvents, seeded } from "../support/random-events.ts";
import { freePort, gone, startTroth, up } from "../support/troth.ts";

/** A hundred in `pnpm test:stops`; some minutes of both cores, so they are run by themselves. */
const asked = process.env["TROTH_STOPS"];
const stops = Number(asked ?? 0);
const graceMs = 5_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const services = [
  ...(["intake", "intake", "identity", "identity", "monitor", "monitor"] as const),
  ...(["lake", "notify", "desk"] as const),
];

/** Sends batches by several at once until told to stop; gives how many were answered with 202. */
async function load(port: number, life: number, signal: AbortSignal): Promise<number> {
  let answered = 0;
  const sender = async (n: number): Promise<void> => {
    const events = randomEvents(life * 10 + n, 600).map((event) => ({
      ...event,
      id: `${life}-${n}-${event.id}`,
    }));
    for (let from = 0; from < events.length && !signal.aborted; from += 20) {
      const body = JSON.stringify(events.slice(from, from + 20));
      const headers = { "content-type": "application/cloudevents-batch+json" };
      const url = `http://127.0.0.1:${port + 1}/v1/events`;
      const status = await fetch(url, { method: "POST", headers, body, signal }).then(
        (answer) => answer.status,
        () => null,
      );
      if (status === null) return;
      if (status === 202) answered += 1;
    }
  };
  await Promise.all([1, 2, 3].map(sender));
  return answered;
}

describe.skipIf(asked === undefined)(
  `SIGTERM under load (${asked === undefined ? "in pnpm test:stops" : `${stops} times`})`,
  () => {
    test("ends the embedded process in five seconds, and nothing is written again", {
      timeout: 120_000 + stops * 20_000,
    }, async () => {
      const dir = mkdtempSync(join(tmpdir(), "troth-stops-"));
      const dice = seeded(5);
      const took: number[] = [];
      let [answered, overran] = [0, 0];
      try {
        for (let n = 0; n < stops; n += 1) {
          const port = await freePort();
          const child = startTroth(dir, port);
          await up(child);
          const over = new AbortController();
          const loading = load(port, n, over.signal);
          await sleep(100 + dice() * 400);
          const began = Date.now();
          child.kill("SIGTERM");
          await gone(child);
          took.push(Date.now() - began);
          over.abort();
          answered += await loading;
          // One that overran its grace ended with 1, as a kill would end it.
          if (child.exitCode !== 0) overran += 1;
        }
        const { anew } = await judgedAnew(dir, await readPolicy(defaultPolicyPath));
        const outputs = await countOutputs(dir, anew);
        expect(outputs).toBe(anew.length);
        say(`stops of start: ${distribution(took, "ms")}`);
        say(`stops of start: ${answered} batches answered; ${outputs} outputs, 0 written again`);
        expect(answered).toBeGreaterThan(stops);
        expect(overran).toBe(0);
        expect(Math.max(...took)).toBeLessThanOrEqual(graceMs);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    });

    test.skipIf(noKafka !== null)(
      "ends every service of a fleet in five seconds, and nothing is written again",
      { timeout: 240_000 + stops * 30_000 },
      async () => {
        const partitions = 4;
        const where = mkdtempSync(join(tmpdir(), "troth-stops-lake-"));
        onTestFinished(() => rmSync(where, { recursive: true, force: true }));
        await using fleet = await openFleet({
          partitions,
          clock: "events",
          policies: [defaultPolicyPath],
          args: (service) => (service === "lake" ? ["--lake", `${where}/lake`] : []),
        });
        using crew = await muster(fleet, services);
        const took = new Map<string, number[]>();
        const each = 300;
        const events = houses(3, Math.ceil((stops * each * 1.1) / 150), 150);
        for (let n = 0; n < stops; n += 1) {
          const { feeding } = sendAll(
            events.slice(n * each, (n + 1) * each),
            each,
            crew,
            seeded(n),
          );
          await sleep(300);
          const one = crew.at(n % services.length);
          const began = Date.now();
          one?.signal("SIGTERM");
          await one?.gone;
          const service = one?.service ?? "nobody";
          took.set(service, [...(took.get(service) ?? []), Date.now() - began]);
          await inTime(fleet, "everything is taken in", 60_000, feeding);
          await inTime(fleet, "all are up again", 60_000, crew.complete());
        }
        await inTime(fleet, "the fleet is drained", 120_000, drained(fleet, 120_000));
        const { facts } = await readFacts(fleet.kafka);
        const policy = await readPolicy(defaultPolicyPath);
        const read = await readDecisions(fleet.kafka, partitions);
        const noise = await readNoise(fleet.kafka, partitions);
        for (const [service, all] of took) say(`stops of ${service}: ${distribution(all, "ms")}`);
        say(
          `stops of a fleet: ${facts.length} facts, ${read.decisions.length} decisions; written again: ` +
            `${noise.copies} records of noise, ${read.copies} of decisions`,
        );
        // Whoever ended otherwise than in order says so with another code.
        expect(crew.gaveUp().filter((one) => !/^\w+ ended with 0:/.test(one))).toEqual([]);
        expect(firstParting(read, { ...secondOpinion(facts, policy), flags: [] })).toBeNull();
        expect(noise).toMatchObject({ holes: 0, copies: 0 });
        expect(read.copies).toBe(0);
        expect(Math.max(...[...took.values()].flat())).toBeLessThanOrEqual(graceMs);
        for (let partition = 0; partition < partitions; partition += 1) {
          const lake = await openFolderStore(join(where, "lake", `p=${partition}`));
          expect((await verify(lake)).findings).toEqual([]);
        }
      },
    );
  },
);
