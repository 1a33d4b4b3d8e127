import { encodeFact, type Fact, keyIn, type Sealing, sealFact } from "@troth/events";
import { openFileLog } from "@troth/log";
import { openSimulatedDisk, openSimulatedRng } from "@troth/runtime";
import { expect, test } from "vitest";
import { countedLog } from "../embedded/counted-log.fixture.ts";
import { Names, namesOf } from "./names.ts";

const sealing: Sealing = {
  house: Buffer.alloc(32, 1),
  keyAt: (path) => keyIn(new Map([["", Buffer.alloc(32, 7)]]), path),
  readable: () => false,
};
const placed = (id: string): Fact => ({
  id,
  source: "urn:shop",
  kind: "order.placed",
  tenant: "default",
  time: 1,
  recordedTime: 1,
  subject: "customer:42",
  data: { orderNumber: "A-1" },
});

test("names in facts of an earlier life are read, those a life sealed itself are known without", async () => {
  const disk = openSimulatedDisk({ rng: openSimulatedRng(1) }).attach();
  const newGenesis = "7d1f2a60-54a1-4d8e-9b1c-0f9a4b7f3c21";
  const log = await openFileLog("/facts", disk, { newGenesis });
  const before = sealFact(placed("before"), sealing);
  await log.append([{ bytes: encodeFact(before) }], 0);

  const names = new Names(sealing);
  const counted = countedLog(log);
  const learn = namesOf(counted.log, names, await log.end());
  const now = names.seal(placed("now"));
  expect(now).toEqual(sealFact(placed("now"), sealing));
  await log.append([{ bytes: encodeFact(now) }], 0);

  expect(names.open(now.id)).toBe("now");
  expect(names.open(before.id)).toBe(before.id);
  await learn(1);
  expect(names.open([before.id, now.id, now.subject])).toEqual(["before", "now", "customer:42"]);
  await log.append([{ bytes: encodeFact(names.seal(placed("later"))) }], 0);
  expect(learn(2)).toBeUndefined();
  expect(counted.reads()).toBe(1);
});
