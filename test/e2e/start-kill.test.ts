import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeFact, decodeOutput, type Output, parseEvent } from "@troth/events";
import { readLog } from "@troth/log";
import { systemDisk } from "@troth/runtime";
import { defaultPolicyPath, openJudge, readPolicy } from "@troth/troth";
import { afterAll, expect, test } from "vitest";
import { Names } from "../../services/troth/src/keys/names.ts";
import { openKeysToRead } from "../../services/troth/src/keys/open-keys.ts";
import { randomEvents, seeded } from "../support/random-events.ts";
import { freePort, gone, startTroth, up } from "../support/troth.ts";

const kills = Number(process.env["TROTH_START_KILLS"] ?? 6);
const dir = mkdtempSync(join(tmpdir(), "troth-start-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function post(port: number, events: readonly object[]): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port + 1}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/cloudevents-batch+json" },
      body: JSON.stringify(events),
    });
    return answer.status === 202;
  } catch {
    // Killed while answering: nobody knows whether it was stored, so it is sent again.
    return false;
  }
}

/** What the judge says of the whole log of facts, made from nothing. */
async function judgedAnew(): Promise<{ ids: string[]; outputs: Output[] }> {
  const policy = await readPolicy(defaultPolicyPath);
  const judge = openJudge(policy, null, () => undefined);
  const names = new Names(await openKeysToRead(join(dir, "keys")));
  const ids: string[] = [];
  const outputs: Output[] = [];
  for await (const batch of readLog(join(dir, "facts"), systemDisk)) {
    for (const record of batch) {
      const bodies: Output["body"][] = [];
      judge.apply(record, bodies);
      bodies.forEach((body, seq) => {
        outputs.push({ inOffset: record.offset, seq, stamp: record.stamp, body });
      });
      const fact = decodeFact(record.bytes);
      if (!fact.ok) continue;
      names.learn(fact.value);
      ids.push(names.fact(fact.value).id);
    }
  }
  return { ids, outputs };
}

async function writtenOutputs(): Promise<Output[]> {
  const outputs: Output[] = [];
  for await (const batch of readLog(join(dir, "outputs"), systemDisk)) {
    for (const record of batch) outputs.push(decodeOutput(record.bytes));
  }
  return outputs;
}

test(`${kills} kills at any moment lose no acknowledged event and say nothing twice`, {
  timeout: 60_000 + kills * 20_000,
}, async () => {
  const next = seeded(11);
  const events = randomEvents(3, kills * 40).filter((event) => parseEvent(event).ok);
  const acknowledged = new Set<string>();
  let from = 0;
  for (let kill = 0; kill <= kills; kill += 1) {
    const port = await freePort();
    const child = startTroth(dir, port);
    await up(child);
    const isLast = kill === kills;
    let killed = false;
    const timer = isLast
      ? null
      : setTimeout(
          () => {
            killed = true;
            // Now and then an orderly stop, so that the next start goes on from a snapshot.
            child.kill(kill % 3 === 2 ? "SIGTERM" : "SIGKILL");
          },
          20 + next() * 300,
        );
    while (!killed && from < events.length) {
      const batch = events.slice(from, from + 4);
      if (!(await post(port, batch))) break;
      for (const event of batch) acknowledged.add(event.id);
      from += batch.length;
    }
    if (isLast) {
      // In order this time: what is judged must be complete and saved.
      child.kill("SIGTERM");
      await gone(child);
      expect(child.exitCode).toBe(0);
    } else {
      await gone(child);
      if (timer !== null) clearTimeout(timer);
    }
  }
  const { ids, outputs } = await judgedAnew();
  const stored = new Set(ids);
  expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(kills * 4);
  const written = await writtenOutputs();
  // The first output that differs tells more than two megabytes of them.
  const texts = (all: readonly Output[]): string[] => all.map((output) => JSON.stringify(output));
  const [theirs, ours] = [texts(written), texts(outputs)];
  const parting = ours.findIndex((text, i) => text !== theirs[i]);
  expect(theirs.slice(parting, parting + 1)).toEqual(ours.slice(parting, parting + 1));
  expect(theirs).toHaveLength(ours.length);
});
