import { readFileSync } from "node:fs";
import { parseEvent } from "@troth/events";
import { parsePolicy } from "@troth/policy";
import { describe, expect, test } from "vitest";
import { inTime } from "../support/fleet-diagnosis.ts";
import { houses } from "../support/houses.ts";
import { noKafka } from "../support/kafka.ts";
import {
  drained,
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

const asked = process.env["TROTH_CHAOS_SECONDS"];
const without =
  asked === undefined ? "in pnpm test:chaos, or with TROTH_CHAOS_SECONDS=20" : noKafka;
/** A hundred in five minutes are asked of a long run. */
const changes = Number(asked) > 60 ? 100 : 20;
const everyMs = 3_000;
const perSecond = 400;

const policyPath = `${root}infra/policy/default.yaml`;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

describe.skipIf(without !== null)(`who judges changes all the time (${without ?? "4.3.1"})`, () => {
  test(`${changes} joins and leaves, some of them kills: equal to the oracle, each number once`, {
    timeout: changes * everyMs + 600_000,
  }, async () => {
    const parsed = parsePolicy(readFileSync(policyPath, "utf8"));
    if (!parsed.ok) throw new Error("the default policy does not compile");
    const partitions = 8;
    await using fleet = await openFleet({
      partitions,
      clock: "events",
      policies: [policyPath],
      args: () => ["--session-timeout", "4"],
    });
    await fleet.start("identity", 0);
    const monitors: Process[] = await Promise.all([1, 2, 3].map((n) => fleet.start("monitor", n)));
    const each = 150;
    const wanted = ((changes * everyMs) / 1_000) * perSecond;
    const facts = houses(5, Math.ceil((wanted * 1.05) / each), each)
      .slice(0, wanted)
      .flatMap((event) => {
        const fact = parseEvent(event);
        return fact.ok ? [fact.value] : [];
      });
    const dice = seeded(7);
    const feeding = (async () => {
      for (let from = 0; from < facts.length; from += perSecond / 4) {
        await fleet.feed(facts.slice(from, from + perSecond / 4));
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    })();
    const done = { joins: 0, leaves: 0, kills: 0 };
    for (let n = 0; n < changes; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      const isJoin = monitors.length < 2 || (monitors.length < 5 && dice() < 0.5);
      if (isJoin) {
        monitors.push(await fleet.start("monitor", 10 + n));
        done.joins += 1;
        continue;
      }
      const [leaver] = monitors.splice(Math.floor(dice() * monitors.length), 1);
      const isKill = dice() < 0.3;
      leaver?.signal(isKill ? "SIGKILL" : "SIGTERM");
      done[isKill ? "kills" : "leaves"] += 1;
    }
    await inTime(fleet, "everything is in the log", 120_000, feeding);
    const drainedMs = await inTime(fleet, "the fleet is drained", 240_000, drained(fleet, 300_000));
    const { facts: stored } = await readFacts(fleet.kafka);
    const oracle = secondOpinion(stored, parsed.value);
    const read = await readDecisions(fleet.kafka, partitions);
    const noise = await readNoise(fleet.kafka, partitions);
    say(
      `joins: ${done.joins} joins, ${done.leaves} leaves and ${done.kills} kills in ${(changes * everyMs) / 1_000} s at ` +
        `${perSecond}/s; drained ${(drainedMs / 1_000).toFixed(1)} s after the last; ${read.copies} copies of ` +
        `decisions dropped, ${read.decisions.length} decisions`,
    );
    expect(noise.holes).toBe(0);
    expect(firstParting(read, { ...oracle, flags: [] })).toBeNull();
  });
});
