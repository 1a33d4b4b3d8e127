import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { encodeFact, parseEvent } from "@troth/events";
import { openMemoryLog } from "@troth/log";
import { openMonitor } from "@troth/monitor";
import { parsePolicy } from "@troth/policy";
import { systemClock } from "@troth/runtime";
import { openJudge, tick } from "../../services/troth/src/embedded/judge.ts";
import { randomEvents } from "../../services/troth/src/sim/random-events.ts";
import { runSeed } from "../../services/troth/src/sim/run.ts";

/**
 * `story-program POLICY STORIES EVENTS`: hashes of some stories, and of what the judge writes about some
 * events whatever the size of its bites. Bundled, so that any Node can be asked.
 */
const [path = "", stories = "3", events = "500"] = process.argv.slice(2);
const parsed = parsePolicy(readFileSync(path, "utf8"));
if (!parsed.ok) throw new Error("the policy does not compile");
const policy = parsed.value;

async function judged(recordsPerTurn: number): Promise<string> {
  const facts = openMemoryLog({ genesis: "7d1f2a60-54a1-4d8e-9b1c-0f9a4b7f3c21" });
  const outputs = openMemoryLog({ genesis: "0b0d0f01-0000-4000-8000-000000000001" });
  for (const event of randomEvents(9, Number(events))) {
    const fact = parseEvent(event);
    if (fact.ok) await facts.append([{ bytes: encodeFact(fact.value) }], fact.value.recordedTime);
  }
  const monitor = await openMonitor({
    facts,
    outputs,
    snapshots: { load: async () => null, save: async () => undefined },
    judge: (bytes) => openJudge(policy, bytes, () => undefined),
    clock: systemClock,
    tick,
    live: () => false,
    snapshotEveryRecords: Number.POSITIVE_INFINITY,
    recordsPerTurn,
    tell: {
      judged: () => undefined,
      failed: (error) => {
        throw error;
      },
      waits: () => undefined,
    },
  });
  await monitor.caughtUp(await facts.end());
  await monitor.close();
  const hash = createHash("sha256");
  for await (const { offset, bytes } of outputs.read(0)) hash.update(`${offset} `).update(bytes);
  return hash.digest("hex");
}

const bites: Record<string, string> = {};
for (const size of [1, 7, 1_000]) bites[size] = await judged(size);
const shas: string[] = [];
for (let seed = 1; seed <= Number(stories); seed += 1)
  shas.push((await runSeed({ seed, policy })).sha256);
process.stdout.write(JSON.stringify({ bites, shas }));
process.exit(0);
