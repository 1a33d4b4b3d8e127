import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { freePort, gone, runTroth, startTroth, up } from "../support/troth.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-set-aside-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const order = (n: number, until: string): string =>
  JSON.stringify({
    specversion: "1.0",
    id: `order-${n}`,
    source: "urn:shop",
    type: "org.troth.order.placed.v1",
    time: `2026-03-0${n}T10:00:00Z`,
    subject: `customer:${n}`,
    data: { orderNumber: `A-${n}`, expectedArrivalUntil: until },
  });
const right = [1, 2, 3, 4].map((n) => order(n, `2026-04-0${n}T18:00:00Z`));
/** The second tells an impossible day and the third is cut off. */
const sent = [right[0], order(2, "2026-04-31"), right[2]?.slice(0, 90), right[3]].join("\n");
const inOut = (name: string): string => join(dir, name);
const listed = (out: string): readonly Record<string, unknown>[] =>
  out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));

test("what was refused is listed, put right and replayed, and ends as if it had been right at once", async () => {
  writeFileSync(inOut("sent.jsonl"), `${sent}\n`);
  writeFileSync(inOut("right.jsonl"), `${right.join("\n")}\n`);
  const judged = await runTroth(["replay", inOut("sent.jsonl"), "--out", inOut("judged")]);
  expect([judged.code, judged.out]).toEqual([0, expect.stringContaining('"setAside":2')]);

  const list = await runTroth(["set-aside", "list", inOut("judged")]);
  expect(list.code).toBe(1);
  expect(listed(list.out)).toMatchObject([
    { number: 1, line: 2, reason: "bad-time", field: "data.expectedArrivalUntil", state: "open" },
    { number: 2, line: 3, reason: "not-json", field: null, state: "open" },
  ]);

  const fix = ["set-aside", "fix", inOut("judged")];
  const stillWrong = await runTroth([...fix, "1", "--set", "data.expectedArrivalUntil=soon"]);
  expect([stillWrong.code, stillWrong.err]).toEqual([
    3,
    expect.stringContaining("again: bad-time"),
  ]);
  const notOfJson = await runTroth([...fix, "2", "--set", "id=order-3"]);
  expect([notOfJson.code, notOfJson.err]).toEqual([3, expect.stringContaining("--event")]);
  const set = "data.expectedArrivalUntil=2026-04-02T18:00:00Z";
  expect((await runTroth([...fix, "1", "--set", set])).code).toBe(0);
  expect((await runTroth([...fix, "2", "--event", right[2] ?? ""])).code).toBe(0);
  expect((await runTroth(["set-aside", "list", inOut("judged")])).code).toBe(0);

  // To a file: sending it on twice is told as duplicates and changes nothing.
  const written = await runTroth(["set-aside", "replay", inOut("judged")]);
  const mended = readFileSync(inOut("sent.jsonl"), "utf8") + written.out + written.out;
  writeFileSync(inOut("mended.jsonl"), mended);
  const again = await runTroth(["replay", inOut("mended.jsonl"), "--out", inOut("again")]);
  expect(JSON.parse(again.out)).toMatchObject({ read: 8, applied: 4, duplicates: 2, setAside: 2 });
  await runTroth(["replay", inOut("right.jsonl"), "--out", inOut("right")]);
  for (const file of ["pledges.jsonl", "flags.jsonl"]) {
    expect(readFileSync(inOut(`again/${file}`), "utf8")).toBe(
      readFileSync(inOut(`right/${file}`), "utf8"),
    );
  }

  const port = await freePort();
  const child = startTroth(inOut("data"), port);
  await up(child);
  const door = `http://127.0.0.1:${port + 1}/v1/events`;
  await fetch(door, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: sent,
  });
  const send = ["set-aside", "replay", inOut("judged"), "--to", door];
  const first = await runTroth(send);
  expect([first.code, first.err]).toEqual([0, "2 corrected events accepted, 0 sent before\n"]);
  const second = await runTroth(send);
  expect([second.code, second.err]).toEqual([0, "0 corrected events accepted, 2 sent before\n"]);
  const metrics = await (await fetch(`http://127.0.0.1:${port + 2}/metrics`)).text();
  child.kill("SIGTERM");
  await gone(child);
  expect(metrics).toContain('troth_events_set_aside_total{reason="bad-time"} 1');
  expect(metrics).toContain("troth_events_applied_total 4");
}, 240_000);
