import { type Admin, Kafka } from "kafkajs";
import { diagnosis } from "../../support/fleet-diagnosis.ts";
import { type Fleet, openFleet, type Process } from "../../support/kafka-fleet.ts";
import { fillNoise, joinDecisions, joinNoise, joinPolicy, policyPath } from "../join/noise.ts";
import type { Figure, Suite } from "../suite.ts";

const partitions = 4;
/** Kills one fleet can be asked for: each has news of its own for the survivor to decide. */
const kills = 20;
const newsEach = 200;
const withinMs = 120_000;

/** Records of each partition's decisions on the broker. */
async function endsOf(admin: Admin): Promise<readonly number[]> {
  const ends = await admin.fetchTopicOffsets("troth.decisions");
  return ends.sort((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
}

async function until(fleet: Fleet, what: string, isSo: () => Promise<boolean>): Promise<void> {
  const late = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > late) throw new Error(`not so in time: ${what}\n${await diagnosis(fleet)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const suite: Suite = {
  says: "one of two monitors on Kafka is killed: until every partition decides again (session timeout 10 s)",
  prepare: async ({ scale }) => {
    const policy = joinPolicy();
    const noise = joinNoise(
      policy,
      Math.round(250_000 * scale),
      Math.round(100_000 * scale),
      partitions,
    );
    const past = noise.map((records) => records.slice(0, -kills * newsEach));
    const fleet = await openFleet({ partitions, clock: "events", policies: [policyPath] });
    const admin = new Kafka(fleet.broker.config()).admin();
    await admin.connect();
    const monitors: Process[] = [await fleet.start("monitor", 1), await fleet.start("monitor", 2)];
    const outputs = past.map((records) => joinDecisions(policy, records).outputs + 1);
    await fillNoise(fleet.kafka, past);
    const isPastSaid = async (): Promise<boolean> =>
      (await endsOf(admin)).every((end, partition) => end >= (outputs[partition] ?? 0));
    await until(fleet, "the past is decided", isPastSaid);
    let kill = 0;
    const run = async (): Promise<Figure> => {
      const from = -(kills - kill) * newsEach;
      const news = noise.map((records) => records.slice(from, from + newsEach || undefined));
      kill += 1;
      const before = await endsOf(admin);
      const [victim, ...others] = monitors.splice(0);
      victim?.signal("SIGKILL");
      const began = performance.now();
      await fillNoise(fleet.kafka, news);
      const goesOn = async (): Promise<boolean> =>
        (await endsOf(admin)).every((end, partition) => end > (before[partition] ?? 0));
      await until(fleet, "every partition decides again", goesOn);
      const value = performance.now() - began;
      monitors.push(...others, await fleet.start("monitor", kill % 2 === 1 ? 1 : 2));
      await until(fleet, "both monitors are ready", async () => {
        const answers = await Promise.all(monitors.map(({ health }) => fetch(`${health}/readyz`)));
        return answers.every(({ status }) => status === 200);
      });
      return { value, perCpu: null };
    };
    return {
      cases: [
        {
          id: `killed beside another, ${Math.round(100_000 * scale).toLocaleString("en")} customers`,
          unit: "ms",
          peer: null,
          run,
        },
      ],
      close: async () => {
        await admin.disconnect();
        await fleet.close();
      },
    };
  },
};
