import type { Fact } from "@troth/events";
import { openMemoryLog } from "@troth/log";
import { PartitionJudge } from "@troth/monitor";
import { parsePolicy } from "@troth/policy";
import { expect, test } from "vitest";
import { openFlagBoard } from "./flag-board.ts";

const parsed = parsePolicy(`
policy: small
links: { public: { says: what is said in public, owner: communications } }
score: { halfLife: 10d, levels: { low: 100, medium: 200, high: 300 }, alertAt: 300, recoverBelow: 150 }
noises: { said: { link: public, on: social.mention, severity: 1, points: [100, 100, 100, 100, 100] } }
`);
if (!parsed.ok) throw new Error("the policy does not compile");
const policy = parsed.value;
const genesis = "00000000-0000-4000-8000-000000000000";

/** Customer `n` is spoken of, which gives them a level. */
function speakOf(judge: PartitionJudge, n: number): void {
  const fact: Fact = {
    id: String(n),
    source: "urn:test",
    kind: "social.mention",
    tenant: "default",
    time: 1_000,
    recordedTime: 1_000,
    subject: `customer:${n}`,
    data: {},
  };
  const customer = { key: `k${n}`, reference: `customer:${n}` };
  const body = { kind: "fact", customer, origin: customer.key, fact } as const;
  judge.apply({ number: n, inOffset: n, stamp: 1_000, body }, []);
}

function judgeOf(customers: number): PartitionJudge {
  const judge = new PartitionJudge(policy);
  for (let n = 0; n < customers; n += 1) speakOf(judge, n);
  return judge;
}

/** Who is shown again in each tenth of a second of so many; half-way the clock is set. */
const hour = 3_600_000;
async function shownBy(judge: PartitionJudge, tenths: number, setBy: number): Promise<string[][]> {
  const flags = openMemoryLog({ genesis });
  const board = openFlagBoard(flags);
  const shown: string[][] = [];
  let seen = 0;
  for (let n = 0; n < tenths; n += 1) {
    board.repeatSome(judge, 7, n * 100 + (n * 2 > tenths ? setBy : 0));
    await board.flush(1_000);
    const now: string[] = [];
    if ((await flags.end()) > seen)
      for await (const { bytes } of flags.read(seen)) {
        const { at } = JSON.parse(Buffer.from(bytes).toString());
        expect(at.inOffset).toBe(7);
        now.push(at.customer);
      }
    seen = await flags.end();
    shown.push(now);
  }
  return shown;
}

test("everybody's flag is shown again within half a minute, a few at a time", async () => {
  const shown = await shownBy(judgeOf(600), 310, -hour);
  const times = new Map<string, number>();
  for (const one of shown.flat()) times.set(one, (times.get(one) ?? 0) + 1);
  expect(times.size).toBe(600);
  expect(Math.max(...shown.map((some) => some.length))).toBeLessThanOrEqual(4);
  const again = await shownBy(judgeOf(600), 640, 0);
  expect(again.flat().length).toBeGreaterThan(1_150);
});

test("where very many stand, showing them takes longer and is no burden", async () => {
  const shown = await shownBy(judgeOf(30_000), 50, hour);
  expect(Math.max(...shown.map((some) => some.length))).toBeLessThanOrEqual(100);
  expect(shown.flat().length).toBeGreaterThan(2_000);
  expect(shown.flat().length).toBeLessThanOrEqual(2_500);
});

test("somebody who comes to stand after nobody did is shown too", async () => {
  const flags = openMemoryLog({ genesis });
  const board = openFlagBoard(flags);
  const judge = judgeOf(0);
  for (let at = 0; at < 60_000; at += 1_000) board.repeatSome(judge, 1, at);
  speakOf(judge, 2);
  for (let at = 60_000; at < 100_000; at += 1_000) board.repeatSome(judge, 2, at);
  await board.flush(1_000);
  expect(await flags.end()).toBe(1);
});
