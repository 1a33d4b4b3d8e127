import { readFileSync } from "node:fs";
import { type Fact, parseLine, publicPseudonymKey } from "@troth/events";
import { recompute } from "@troth/oracle";
import { type Policy, parsePolicy } from "@troth/policy";
import { expect, test, vi } from "vitest";
import { fair, runFleet, type Weather } from "../support/fleet.ts";
import { firstParting } from "../support/partitions.ts";
import { randomEvents, seeded } from "../support/random-events.ts";

const text = readFileSync(new URL("../../infra/policy/default.yaml", import.meta.url), "utf8");
const compiled = (yaml: string): Policy => {
  const parsed = parsePolicy(yaml);
  if (!parsed.ok) throw new Error("the policy does not compile");
  return parsed.value;
};
const policy = compiled(text);

/** Runs of the simulation; more with `pnpm test:partitions`. */
const seeds = Number(process.env["TROTH_SEEDS"] ?? 5);

vi.setConfig({ testTimeout: 120_000 + seeds * 5_000 });

/** Lives in which people are joined and parted all the time: that is what crosses partitions. */
function factsFor(seed: number, count: number): readonly Fact[] {
  const next = seeded(seed + 77);
  const customer = (): string => `customer:c${Math.floor(next() * 5)}`;
  return randomEvents(seed, count).flatMap((event, i) => {
    const joins = {
      ...event,
      id: `join-${i}`,
      type: `org.troth.identity.${next() < 0.6 ? "linked" : "unlinked"}.v1`,
      data: { reference: customer(), customer: customer() },
    };
    return [event, ...(next() < 0.2 ? [joins] : [])].flatMap((one) => {
      const fact = parseLine(JSON.stringify(one));
      return fact.ok ? [fact.value] : [];
    });
  });
}
const second = (facts: readonly Fact[], under: Policy = policy) =>
  recompute({ facts, policy: under, pseudonymKey: publicPseudonymKey, until: null });

/** Appends that fail, processes that die or are taken for dead, disks that lose their snapshots. */
function foul(seed: number): Weather {
  const dice = seeded(seed);
  const often =
    <T>(usual: T, rare: readonly T[], share: number) =>
    (): T =>
      dice() < share ? (rare[Math.floor(dice() * rare.length)] ?? usual) : usual;
  return {
    append: often("stored", ["refused", "answer lost", "stored twice"], 0.08),
    kill: often("spared", ["killed", "left running", "stopped in order"], 0.06),
    slow: often(0, [3, 20], 0.2),
    snapshot: often("there", ["gone"], 0.1),
  };
}

test("chunks of any size give the same outputs, byte for byte", async () => {
  const facts = factsFor(5, 300);
  const runs = [1, 7, 1_000].map((factsAtOnce) =>
    runFleet({ policies: [policy], facts, partitions: 3, weather: fair, factsAtOnce }),
  );
  const [one, seven, thousand] = await Promise.all(runs);
  expect(one?.outputs.flat().length).toBeGreaterThan(300);
  expect(JSON.stringify(seven?.outputs)).toBe(JSON.stringify(one?.outputs));
  expect(JSON.stringify(thousand?.outputs)).toBe(JSON.stringify(one?.outputs));
});

test("killed anywhere, doubled, unheard and woken late, the fleet says what the oracle says", async () => {
  let starts = 0;
  let copies = 0;
  let decisions = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const facts = factsFor(seed, 150);
    const partitions = [1, 3, 5][seed % 3] ?? 3;
    const weather = foul(seed);
    const run = await runFleet({
      policies: [policy],
      facts,
      partitions,
      weather,
      factsAtOnce: 1 + (seed % 9),
    });
    const oracle = second(facts);
    expect(firstParting(run, oracle), `seed ${seed}`).toBeNull();
    const tally = run.registrar.tally();
    expect(tally, `seed ${seed}`).toEqual({
      read: oracle.counts.read,
      applied: oracle.counts.applied,
      duplicates: oracle.counts.duplicates,
      turnedAway: oracle.counts.setAside,
    });
    starts += run.starts;
    copies += run.copies;
    decisions += run.decisions.length;
  }
  process.stderr.write(
    `${seeds} fleets of 1, 3 and 5 partitions, ${starts} starts, ${copies} copies by owners taken for dead, ${decisions} decisions: the oracle's\n`,
  );
  // Without deaths and copies nothing was tried.
  expect(starts).toBeGreaterThan(seeds * 10);
  expect(copies).toBeGreaterThan(seeds);
});

test("a policy takes over at its record: before it the old one's words, after it the new one's", async () => {
  const stricter = compiled(text.replace("alertAt: 600", "alertAt: 400"));
  expect(stricter.hash).not.toBe(policy.hash);
  let differed = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const facts = factsFor(seed + 500, 150);
    const at = 40 + ((seed * 37) % 80);
    const run = await runFleet({
      policies: [policy, stricter],
      facts,
      partitions: [1, 3, 4][seed % 3] ?? 3,
      weather: foul(seed),
      switches: new Map([[at, stricter]]),
    });
    const before = facts.slice(0, at);
    const old = second(before);
    const said = second(before, stricter).decisions.length;
    const after = second(facts, stricter);
    const expected = {
      decisions: [...old.decisions, ...after.decisions.slice(said)],
      flags: after.flags,
    };
    expect(firstParting(run, expected), `seed ${seed}`).toBeNull();
    if (firstParting(run, second(facts)) !== null) differed += 1;
  }
  expect(differed).toBe(seeds);
});

test("a site that does not know the policy of a record stops there, and says which", async () => {
  const stricter = compiled(text.replace("alertAt: 600", "alertAt: 400"));
  const facts = factsFor(2, 60);
  const run = runFleet({
    policies: [policy],
    facts,
    partitions: 2,
    weather: fair,
    switches: new Map([[30, stricter]]),
  });
  await expect(run).rejects.toMatchObject({
    name: "StoppedError",
    code: "unknown-policy",
    message: expect.stringContaining(stricter.hash),
  });
});
