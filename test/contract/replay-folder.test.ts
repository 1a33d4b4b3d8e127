import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Decision,
  decisionJson,
  encodeFact,
  parseEvent,
  publicPseudonymKey,
} from "@troth/events";
import { openFileLog } from "@troth/log";
import { systemDisk } from "@troth/runtime";
import { readFolder, replay, replayLines, tick } from "@troth/troth";
import { expect, onTestFinished, test } from "vitest";
import { defaultPolicy } from "../support/default-policy.ts";
import { randomEvents } from "../support/random-events.ts";

const policy = defaultPolicy();

/** The events as `start` keeps them, each stamped with the latest recorded time, and ticks between. */
async function writeFolder(dir: string, events: readonly unknown[]): Promise<void> {
  const newGenesis = "8d7f9f5e-4f0c-4c43-9a43-0d3b1f8f2a10";
  const log = await openFileLog(join(dir, "facts"), systemDisk, { newGenesis });
  let stamp = 0;
  for (const [n, event] of events.entries()) {
    const fact = parseEvent(event);
    if (!fact.ok) throw new Error(fact.error.message);
    stamp = Math.max(stamp, fact.value.recordedTime);
    await log.append([{ bytes: encodeFact(fact.value) }], stamp);
    if (n % 7 === 0) await log.append([tick], stamp);
  }
  await log.close();
}

test("a data folder is judged anew to the decisions of the events it was given", async () => {
  const dir = mkdtempSync(join(tmpdir(), "troth-replay-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const events = randomEvents(11, 400);
  await writeFolder(dir, events);
  const decisions: Decision[] = [];
  let records = 0;
  const { summary } = await replay(
    readFolder(dir, (count) => {
      records = count;
    }),
    policy,
    publicPseudonymKey,
    null,
    {
      decision: (one) => decisions.push(one),
      output: null,
      setAside: ({ message }) => expect.fail(message),
      drained: () => Promise.resolve(),
    },
  );
  const lines = await replayLines(
    events.map((event) => JSON.stringify(event)),
    policy,
  );
  expect(records).toBeGreaterThan(summary.read);
  expect(decisions.length).toBeGreaterThan(100);
  expect(decisions.map(decisionJson)).toEqual(lines.decisions.map(decisionJson));
  expect(summary).toEqual(lines.summary);
});
