import { readFileSync } from "node:fs";
import { parseEvent } from "@troth/events";
import { parsePolicy } from "@troth/policy";
import { describe, expect, test } from "vitest";
import { logOptionsOf } from "../../services/troth/src/topics/table.ts";
import { inTime } from "../support/fleet-diagnosis.ts";
import { houses } from "../support/houses.ts";
import { noKafka } from "../support/kafka.ts";
import {
  drained,
  type Fleet,
  openFleet,
  type Process,
  readDecisions,
  readFacts,
  readNoise,
  secondOpinion,
} from "../support/kafka-fleet.ts";
import { firstParting } from "../support/partitions.ts";
import { seeded } from "../support/random-events.ts";
import { root } from "../support/source.ts";

/** A hundred in five minutes in `pnpm test:rebalance`; minutes of both cores, so they are run by themselves. */
const asked = process.env["TROTH_REBALANCES"];
const without = asked === undefined ? "in pnpm test:rebalance" : noKafka;
const changes = Number(asked ?? 0);
const everyMs = 3_000;
const partitions = 8;
/** A whole rebalance, the session of a killed one included, and a machine that has more to do. */
const silentMsMax = 60_000;

const policyPath = `${root}infra/policy/default.yaml`;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function factsFor(count: number) {
  const each = 150;
  return houses(5, Math.ceil((count * 1.1) / each), each)
    .flatMap((event) => {
      const fact = parseEvent(event);
      return fact.ok ? [fact.value] : [];
    })
    .slice(0, count);
}

type Silence = { readonly longestMs: () => number; readonly end: () => Promise<void> };

/** How long a partition that has noise to be judged says nothing, seen from its log of decisions. */
async function listen(fleet: Fleet): Promise<Silence> {
  const over = new AbortController();
  let longest = 0;
  const follow = async (partition: number): Promise<void> => {
    const ends = async (topic: string): Promise<() => Promise<number>> => {
      const log = await fleet.kafka.open(topic, partition, logOptionsOf(topic));
      return log.end;
    };
    const [noiseEnd, decisionsEnd] = [await ends("troth.noise"), await ends("troth.decisions")];
    let [noise, decisions, since] = [0, 0, Date.now()];
    while (!over.signal.aborted) {
      const [asks, says] = [await noiseEnd(), await decisionsEnd()];
      // Nothing came in since it spoke last: it has no reason to.
      if (says > decisions || asks === noise) since = Date.now();
      if (says > decisions) noise = asks;
      decisions = says;
      longest = Math.max(longest, Date.now() - since);
      await sleep(250);
    }
  };
  const following = Promise.all(Array.from({ length: partitions }, (_, n) => follow(n)));
  following.catch(() => undefined);
  return {
    longestMs: () => longest,
    end: async () => {
      over.abort();
      await following;
    },
  };
}

describe.skipIf(without !== null)(`who judges changes all the time (${without ?? "4.3.1"})`, () => {
  test(`${changes} joins and leaves, some of them kills: equal to the oracle, each number once`, {
    timeout: changes * everyMs + 900_000,
  }, async () => {
    const parsed = parsePolicy(readFileSync(policyPath, "utf8"));
    if (!parsed.ok) throw new Error("the default policy does not compile");
    await using fleet = await openFleet({
      partitions,
      clock: "events",
      policies: [policyPath],
      args: () => ["--session-timeout", "4"],
    });
    await fleet.start("identity", 0);
    const monitors: Process[] = await Promise.all([1, 2, 3].map((n) => fleet.start("monitor", n)));
    const steadyCount = 6_000;
    const perSecondMost = 600;
    const seconds = (changes * everyMs) / 1_000;
    const facts = factsFor(steadyCount + seconds * perSecondMost);
    // As fast as three monitors judge when nobody comes or goes.
    const began = Date.now();
    await fleet.feed(facts.slice(0, steadyCount));
    await inTime(fleet, "the steady part is drained", 240_000, drained(fleet, 240_000));
    const steady = (steadyCount / (Date.now() - began)) * 1_000;
    const perSecond = Math.min(perSecondMost, Math.round(steady / 2));
    const sent = facts.slice(steadyCount, steadyCount + seconds * perSecond);
    const silence = await listen(fleet);
    const stormed = Date.now();
    const feeding = (async () => {
      for (let from = 0; from < sent.length; ) {
        const due = Math.ceil(((Date.now() - stormed) / 1_000) * perSecond);
        await fleet.feed(sent.slice(from, due));
        from = Math.max(from, due);
        await sleep(250);
      }
    })();
    feeding.catch(() => undefined);
    const done = await storm(fleet, monitors);
    await inTime(fleet, "everything is in the log", 240_000, feeding);
    await inTime(fleet, "the fleet is drained", 240_000, drained(fleet, 240_000));
    const during = (sent.length / (Date.now() - stormed)) * 1_000;
    await silence.end();
    const { facts: stored } = await readFacts(fleet.kafka);
    const oracle = secondOpinion(stored, parsed.value);
    const read = await readDecisions(fleet.kafka, partitions);
    const noise = await readNoise(fleet.kafka, partitions);
    say(
      `joins: ${done.joins} joins, ${done.leaves} leaves and ${done.kills} kills in ${seconds} s at ${perSecond}/s; ` +
        `judged ${Math.round(during)}/s, drained included, of ${Math.round(steady)}/s when nobody comes or goes ` +
        `(${((100 * during) / steady).toFixed(0)} %); longest silence of a partition ` +
        `${(silence.longestMs() / 1_000).toFixed(1)} s; ${read.copies} copies of decisions dropped, ` +
        `${read.decisions.length} decisions`,
    );
    expect(noise.holes).toBe(0);
    expect(firstParting(read, { ...oracle, flags: [] })).toBeNull();
    expect(silence.longestMs()).toBeLessThan(silentMsMax);
  });
});

/** Every three seconds somebody comes or goes; of those that go, some are killed. */
async function storm(fleet: Fleet, monitors: Process[]) {
  const dice = seeded(7);
  const done = { joins: 0, leaves: 0, kills: 0 };
  const joining: Promise<void>[] = [];
  for (let n = 0; n < changes; n += 1) {
    await sleep(everyMs);
    const isJoin = monitors.length < 2 || (monitors.length < 5 && dice() < 0.5);
    if (isJoin) {
      const one = fleet.start("monitor", 10 + n).then((up) => void monitors.push(up));
      one.catch(() => undefined);
      joining.push(one);
      // A busy machine takes longer to start one than until the next change.
      if (monitors.length < 2) await one;
      done.joins += 1;
      continue;
    }
    const [leaver] = monitors.splice(Math.floor(dice() * monitors.length), 1);
    const isKill = dice() < 0.3;
    leaver?.signal(isKill ? "SIGKILL" : "SIGTERM");
    done[isKill ? "kills" : "leaves"] += 1;
  }
  await Promise.all(joining);
  return done;
}
