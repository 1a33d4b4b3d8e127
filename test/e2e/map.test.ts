import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runTroth } from "../support/troth.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-map-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const inOut = (name: string): string => join(dir, name);

const calls = [
  "CallId;Caller;Ended;Topic;Waited;OnHold;Solved;Result",
  "c1;+4930123;29.03.2026 11:30:00;Bill;2700;;N;answered",
  "c2;+4930124;30.03.2026 9:05;Delivery;12;30;Y;answered",
  "c3;+4930125;31.02.2026 9:05;Delivery;12;30;Y;answered",
  "c4;+4930126;31.03.2026 9:05;;90;;;hung up",
  "c5;+4930126;31.03.2026 9:05;;90;;;transferred",
].join("\n");

test("a telephone exchange's export is tried, mapped and judged, and a wrong row alone is set aside", async () => {
  writeFileSync(inOut("calls.csv"), calls);
  const mapping = "infra/mappings/calls.yaml";
  const tried = await runTroth(["map", "try", mapping, inOut("calls.csv")]);
  expect(tried.code).toBe(1);
  const lines = tried.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ line, events, setAside }) => [line, events.length, setAside.length])).toEqual(
    [
      [2, 1, 0],
      [3, 1, 0],
      [4, 0, 1],
      [5, 1, 0],
      [6, 0, 0],
    ],
  );
  expect(tried.err).toContain("5 records read = 3 mapped + 1 passed over + 1 set aside; 3 events");

  const aside = inOut("aside");
  const run = await runTroth(["map", "run", mapping, inOut("calls.csv"), "--set-aside", aside]);
  expect(run.code).toBe(1);
  const listed = await runTroth(["set-aside", "list", aside]);
  expect(JSON.parse(listed.out)).toMatchObject({ line: 4, reason: "not-mapped", field: "time" });

  // Whose phone it is comes from elsewhere; the calls wait for it.
  const link = (phone: string, customer: string): string =>
    JSON.stringify({
      specversion: "1.0",
      id: phone,
      source: "urn:crm",
      type: "org.troth.identity.linked.v1",
      time: "2026-04-01T00:00:00Z",
      subject: `phone:${phone}`,
      data: { reference: `phone:${phone}`, customer: `customer:${customer}` },
    });
  const events = `${run.out}${link("+4930123", "a")}\n`;
  const judged = await runTroth(["replay", "-", "--out", inOut("judged")], events);
  expect(JSON.parse(judged.out)).toMatchObject({ read: 4, applied: 4, waiting: 2 });
  expect(JSON.parse(judged.out).pledges.broken).toBeGreaterThan(0);
}, 240_000);
