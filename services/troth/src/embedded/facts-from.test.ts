import { openFileLog } from "@troth/log";
import { openSimulatedDisk, openSimulatedRng } from "@troth/runtime";
import { expect, test } from "vitest";
import { policySwitch } from "../partitioned/fact-log.ts";
import { countedLog } from "./counted-log.fixture.ts";
import { factsFrom } from "./facts-from.ts";

const newGenesis = "7d1f2a60-54a1-4d8e-9b1c-0f9a4b7f3c21";

test("gives every record once and in order, also those that came after it had come to the end", async () => {
  const disk = openSimulatedDisk({ rng: openSimulatedRng(1) }).attach();
  const log = await openFileLog("/facts", disk, { newGenesis });
  const counted = countedLog(log);
  const append = (count: number) =>
    log.append(
      Array.from({ length: count }, (_, n) => policySwitch(`${n}`.padEnd(2_000))),
      0,
    );
  for (let n = 0; n < 20; n += 1) await append(100);
  const given: number[] = [];
  const before = factsFrom(counted.log, 0);
  const upTo = async (offset: number) => before(offset, (one) => void given.push(one.offset));
  for (let offset = 0; offset < 2_000; offset += 3) await upTo(offset);
  // Four megabytes in pieces of a quarter of one: read on, not begun anew for each.
  expect(counted.reads()).toBe(1);
  await append(5);
  await upTo(2_004);
  expect(given).toEqual(Array.from({ length: 2_005 }, (_, n) => n));
  await expect(upTo(2_005)).rejects.toThrow("fact 2005 is gone");
});
