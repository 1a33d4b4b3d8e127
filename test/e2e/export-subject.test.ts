import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decisionJson, isDecision } from "@troth/events";
import { type ObjectStore, openFolderStore, openSimulatedStore } from "@troth/runtime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { subjectOf } from "../../services/troth/src/export/subject.ts";
import { type JudgedDay, judged, judgedDay } from "../support/judged-day.ts";
import { writeLakeOf } from "../support/lake-of.ts";
import { runTroth } from "../support/troth.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-subject-"));
const customer = "customer:demo-0001";
let day: JudgedDay;

beforeAll(async () => {
  day = await judgedDay(60);
  await writeLakeOf(day, await openFolderStore(dir), { records: 500 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Line = {
  readonly heard?: { readonly id: string; readonly source: string };
  readonly said?: unknown;
};

async function linesAbout(reference: string, store?: ObjectStore): Promise<readonly Line[]> {
  const whose = { tenant: "default", reference };
  const lines: Line[] = [];
  for await (const line of subjectOf(store ?? (await openFolderStore(dir)), whose)) {
    lines.push(JSON.parse(line));
  }
  return lines;
}

/** Ids of the events that the registrar, on its own, brought to a customer. */
const broughtTo = (whom: (customer: string | null) => boolean): ReadonlySet<string> =>
  new Set(
    day.outputs.flatMap(({ body }) =>
      body.kind === "noise" && whom(body.customer) ? [body.fact.id] : [],
    ),
  );

test("a person is given every event the judge held to be theirs, and every decision about them", async () => {
  const lines = await linesAbout(customer);
  const heard = new Set(lines.flatMap(({ heard }) => (heard === undefined ? [] : [heard.id])));
  const theirs = broughtTo((one) => one === customer);
  expect(theirs.size).toBeGreaterThan(8);
  expect([...theirs].filter((id) => !heard.has(id))).toEqual([]);
  const decisions = day.outputs.flatMap(({ body }) =>
    isDecision(body) && "customer" in body && body.customer === customer
      ? [JSON.parse(decisionJson(body))]
      : [],
  );
  expect(decisions.length).toBeGreaterThan(8);
  expect(lines.flatMap(({ said }) => (said === undefined ? [] : [said]))).toEqual(decisions);
});

test("and nothing of anybody else's", async () => {
  const lines = await linesAbout(customer);
  const others = broughtTo((one) => one !== null && one !== customer);
  const strange = lines.flatMap(({ heard }) =>
    heard !== undefined && others.has(heard.id) ? [heard.id] : [],
  );
  expect(strange).toEqual([]);
});

test("any of their names leads to them, and a name nobody has to nothing", async () => {
  const order = day.outputs.flatMap(({ body }) =>
    body.kind === "noise" && body.customer === customer && body.fact.kind === "order.placed"
      ? [String(body.fact.data["orderNumber"])]
      : [],
  )[0];
  expect(await linesAbout(`order:${order}`)).toEqual(await linesAbout(customer));
  const none = await runTroth(["export", "subject", dir, "customer:nobody"]);
  expect(none).toMatchObject({ code: 1, out: "" });
  expect((await runTroth(["export", "subject", dir, "nobody"])).code).toBe(3);
}, 240_000);

test("what a mistaken link brought is given to whom it belongs, and two who are one get it all", async () => {
  let minute = 0;
  const event = (id: string, type: string, subject: string, data: object) => {
    minute += 1;
    const time = new Date(Date.UTC(2026, 2, 3, 9, minute)).toISOString();
    const common = { specversion: "1.0", source: "urn:test", time, recordedtime: time };
    return { ...common, id, type: `org.troth.${type}.v1`, subject, data };
  };
  const link = (id: string, kind: "linked" | "unlinked", reference: string, customer: string) =>
    event(id, `identity.${kind}`, customer, { reference, customer });
  const store = openSimulatedStore();
  const logged = await judged([
    event("call", "contact.completed", "phone:+4930111", { queueWaitSeconds: 900 }),
    link("l1", "linked", "phone:+4930111", "customer:1"),
    link("l2", "unlinked", "phone:+4930111", "customer:1"),
    link("l3", "linked", "phone:+4930111", "customer:2"),
    event("bill", "billing.error", "customer:3", { billNo: "B-3" }),
    link("l4", "linked", "customer:3", "customer:2"),
  ]);
  await writeLakeOf(logged, store, {});
  const heardBy = async (reference: string) =>
    (await linesAbout(reference, store)).flatMap(({ heard }) =>
      heard === undefined ? [] : [heard.id],
    );
  expect(await heardBy("customer:1")).toEqual([]);
  // Links of their own names too, not those that joined them to somebody else's.
  expect((await heardBy("customer:2")).sort()).toEqual(["bill", "call", "l3", "l4"]);
  expect(await heardBy("customer:3")).toEqual(await heardBy("customer:2"));
  expect(await heardBy("phone:+4930111")).toEqual(await heardBy("customer:2"));
});
