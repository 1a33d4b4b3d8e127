import {
  decodeFact,
  encodeFact,
  type Fact,
  type NoiseRecord,
  publicPseudonymKey,
} from "@troth/events";
import { Dispatcher } from "@troth/identity";
import { expect, test } from "vitest";
import { defaultPolicy } from "../support/default-policy.ts";

const options = { policy: defaultPolicy(), key: publicPseudonymKey, partitions: 1 };
const at = Date.UTC(2026, 2, 3);

/** As the log gives it back. */
function logged(fact: Pick<Fact, "id" | "kind" | "subject" | "data">): Fact {
  const whole = { source: "urn:shop", tenant: "default", time: at, recordedTime: at, ...fact };
  const read = decodeFact(encodeFact(whole));
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}

const shortage = logged({
  id: "s1",
  kind: "supply.problem",
  subject: null,
  data: { availability: "BackOrder", affectedOrders: ["A-1", "A-2"], sealed: "x" },
});
const order = logged({
  id: "o1",
  kind: "order.placed",
  subject: "customer:7",
  data: { orderNumber: "A-1" },
});

/** What the registrar hands on of both facts, the process having died between them or not. */
function handedOn(dies: boolean): readonly string[] {
  const records: string[] = [];
  const deliver = (_: number, record: NoiseRecord): void =>
    void records.push(JSON.stringify(record));
  let registrar = new Dispatcher(options);
  registrar.take(shortage, 0, at, deliver);
  if (dies) registrar = Dispatcher.restore(options, registrar.snapshot());
  registrar.take(order, 1, at, deliver);
  return records;
}

test("a fact that waited through a restart is handed on in the same bytes as one that did not", () => {
  const straight = handedOn(false);
  expect(straight.filter((record) => record.includes("supply.problem")).length).toBe(2);
  expect(handedOn(true)).toEqual(straight);
});
