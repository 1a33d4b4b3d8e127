import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { createViews, type DeskView, verifyAudit } from "@troth/desk";
import { type Fact, isoTime, type Output, parseLine, publicPseudonymKey } from "@troth/events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as schemas from "../../services/desk/src/api/schemas.ts";
import { Pipeline } from "../../services/troth/src/pipeline.ts";
import { defaultPolicy } from "../support/default-policy.ts";
import { ask } from "../support/desk-server.ts";
import { houses } from "../support/houses.ts";
import { noKafka } from "../support/kafka.ts";
import {
  drained,
  type Fleet,
  metricOf,
  openFleet,
  type Process,
  readDecisions,
  readFacts,
  until,
} from "../support/kafka-fleet.ts";
import { root } from "../support/source.ts";

const policyPath = `${root}infra/policy/default.yaml`;
const policy = defaultPolicy();

const factsFor = (seed: number, count: number): readonly Fact[] =>
  houses(seed, Math.ceil(count / 50), 60)
    .slice(0, count)
    .flatMap((event) => {
      const fact = parseLine(JSON.stringify(event));
      return fact.ok ? [fact.value] : [];
    });

/** The same facts on one partition, in memory: what the desk of `start` would show of them. */
async function embeddedView(fleet: Fleet): Promise<DeskView> {
  const { facts, stamps } = await readFacts(fleet.kafka);
  const pipeline = new Pipeline(policy, publicPseudonymKey);
  const views = createViews(policy);
  let inOffset = 0;
  let stamp = 0;
  for (const [place, fact] of facts.entries()) {
    const out: Parameters<Pipeline["take"]>[2] = [];
    stamp = Math.max(stamp, stamps[place] ?? 0);
    pipeline.take(fact, stamp, out);
    for (const [seq, body] of out.entries()) views.fold({ inOffset, seq, stamp, body });
    inOffset += 1;
  }
  return views.of("default");
}

/** What one process would show of everything that is in the log by now, and what the fleet said of it. */
async function shownByOne(fleet: Fleet) {
  await drained(fleet, 60_000);
  const expected = await embeddedView(fleet);
  const atRisk = expected.ranked("risk", "at-risk").filter(({ level }) => level !== "none");
  const { outputs } = await readDecisions(fleet.kafka, fleet.partitions);
  const logTime = (await readFacts(fleet.kafka)).stamps.at(-1) ?? 0;
  return { expected, atRisk, outputs, logTime };
}

const recoveryDue = (madeAt: number): number =>
  policy.pledges
    .find(({ id }) => id === "recovery-promise")
    ?.due({ madeAt, stated: null, needed: null }) ?? 0;

/**
 * Alerts for which no recovery is promised: those for which the desk is still to, as it does by itself
 * and that is a fact too, and those for which that promise would have been late.
 */
function unpromised(outputs: readonly (readonly Output[])[], now: number) {
  const made = new Set(
    outputs.flat().flatMap(({ body }) => (body.kind === "noise" ? [body.fact.id] : [])),
  );
  const of = (isLate: boolean): readonly string[] =>
    outputs.flat().flatMap(({ body, stamp }) => {
      if (body.kind !== "alert" || body.state !== "opened") return [];
      const { alertId, at } = body;
      if (made.has(`recovery-${alertId}`)) return [];
      return recoveryDue(Math.max(stamp, at)) <= now === isLate ? [alertId] : [];
    });
  return { due: of(false), late: of(true) };
}

/** Follows changes; what was heard so far, and what ends it. */
function listen(url: string): { readonly heard: () => string; readonly close: () => void } {
  let text = "";
  const sent = request(new URL("/api/live", url), (response) => {
    response.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    response.on("error", () => undefined);
  });
  sent.on("error", () => undefined);
  sent.end();
  return { heard: () => text, close: () => sent.destroy() };
}

describe.skipIf(noKafka !== null)(`the desk on a real Kafka${noKafka ?? ""}`, () => {
  let fleet: Fleet;
  let desk: Process;
  let monitors: readonly Process[];
  let ids = 0;
  const newId = (): string => {
    ids += 1;
    return `00000000-0000-4000-a000-${String(ids).padStart(12, "0")}`;
  };
  const at = (path: string): string => new URL(path, desk.says).href;
  const queue = async (query = ""): Promise<schemas.Queue> =>
    schemas.queue.parse(JSON.parse((await ask(at(`/api/customers?limit=200${query}`))).text));
  const read = async (customer: string): Promise<schemas.CustomerPage> =>
    schemas.customerPage.parse(
      JSON.parse((await ask(at(`/api/customers/${encodeURIComponent(customer)}`))).text),
    );
  const act = (customer: string, body: object, actId = newId()) =>
    ask(at(`/api/customers/${encodeURIComponent(customer)}/acts`), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ actId, ...body }),
    });

  beforeAll(async () => {
    fleet = await openFleet({ partitions: 3, clock: "events", policies: [policyPath] });
    await fleet.start("identity", 1);
    monitors = await Promise.all([1, 2].map((slot) => fleet.start("monitor", slot)));
    desk = await fleet.start("desk", 1);
  }, 120_000);
  afterAll(() => fleet?.close());

  test("makes one queue of three partitions, worst first, as one process would show it", async () => {
    // A backlog of weeks, heard of all at once.
    for (const one of monitors) one.signal("SIGSTOP");
    await fleet.feed(factsFor(41, 500));
    for (const one of monitors) one.signal("SIGCONT");
    const levelsOf = (rows: readonly { readonly level: string }[]): string =>
      rows.map(({ level }) => level).join();
    let { expected, atRisk, outputs, logTime } = await shownByOne(fleet);
    let parting: readonly string[] = ["nothing was answered"];
    await until("the desk has read all", 60_000, async () => {
      ({ expected, atRisk, outputs, logTime } = await shownByOne(fleet));
      parting = unpromised(outputs, logTime).due.map((alertId) => `no recovery of ${alertId}`);
      if (parting.length > 0) return false;
      const { items } = await queue("&state=any");
      const found = new Set(items.map(({ customer, level }) => `${customer} ${level}`));
      const wanted = atRisk.map(({ reference, level }) => `${reference} ${level}`);
      parting = [
        ...wanted.filter((one) => !found.has(one)).map((one) => `without ${one}`),
        ...[...found].filter((one) => !wanted.includes(one)).map((one) => `with ${one}`),
      ];
      return parting.length === 0;
    }).catch((error: unknown) => {
      throw new Error(`shown otherwise than by one process: ${parting.join(", ")}`, {
        cause: error,
      });
    });
    expect(outputs.flat().filter(({ body }) => body.kind === "flag").length).toBeGreaterThan(20);
    const { items, total } = await queue("&state=any");
    expect(total).toBe(atRisk.length);
    expect(new Set(items.map(({ customer }) => customer)).size).toBe(items.length);
    expect(levelsOf(items)).toBe(levelsOf(atRisk));
    const order = ["critical", "high", "medium", "low"];
    for (const [place, one] of items.entries()) {
      const before = items[place - 1];
      if (before === undefined) continue;
      const fall = order.indexOf(one.level) - order.indexOf(before.level);
      expect(fall > 0 || (fall === 0 && one.score <= before.score)).toBe(true);
    }
    const spread = outputs.map(
      (one) => one.filter(({ body }) => body.kind === "flag" && body.level !== "none").length,
    );
    expect(Math.min(...spread)).toBeGreaterThan(0);
    // What is behind a row is the same too: each promise as it stands.
    for (const { customer } of items.slice(0, 40)) {
      const shown = new Map(
        (await read(customer)).promises.map((one) => [`${one.promiseId}#${one.term}`, one.verdict]),
      );
      const held = expected.customer(customer)?.register.rows() ?? [];
      const wanted = held.filter(({ verdict }) => verdict !== "void");
      expect(shown).toEqual(
        new Map(wanted.map((one) => [`${one.promiseId}#${one.term}`, one.verdict])),
      );
    }
  }, 120_000);

  test("promises no recovery that would be late already, says so of the alert, and counts it", async () => {
    const { outputs, logTime } = await shownByOne(fleet);
    const late = new Set(unpromised(outputs, logTime).late);
    expect(late.size).toBeGreaterThan(5);
    const { facts, stamps } = await readFacts(fleet.kafka);
    const promised = facts.flatMap((fact, place) =>
      fact.id.startsWith("recovery-") ? [{ fact, stamp: stamps[place] ?? 0 }] : [],
    );
    for (const { fact, stamp } of promised) {
      expect(recoveryDue(fact.time), fact.id).toBeGreaterThan(stamp);
    }
    const counted = (outcome: string): Promise<number | null> =>
      metricOf(desk.health, `troth_recovery_promises_total{outcome="${outcome}"}`);
    await until("all are counted", 10_000, async () => {
      const [left, made] = await Promise.all([counted("late"), counted("made")]);
      return left === late.size && (made ?? 0) === promised.length;
    });
    const alerts = (await queue("&state=any")).items.flatMap(({ alert }) => alert ?? []);
    const isOpen = alerts.filter(({ alertId }) => late.has(alertId));
    expect(isOpen.length).toBeGreaterThan(0);
    for (const { alertId, isRecoveryPromised } of alerts) {
      expect(isRecoveryPromised, alertId).toBe(!late.has(alertId));
    }
  }, 60_000);

  test("tells of what changes, and who reads on from a place loses nobody and meets nobody twice", async () => {
    const all = (await queue("&state=any")).items.map(({ customer }) => customer);
    const live = listen(desk.says);
    await until("the stream is open", 10_000, async () => live.heard().includes("retry"));
    const seen: string[] = [];
    let cursor = "";
    for (let page = 0; page < 20; page += 1) {
      const text = `&limit=10&state=any${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const answer = await ask(at(`/api/customers?sort=age${text}`));
      const { items, next } = schemas.queue.parse(JSON.parse(answer.text));
      seen.push(...items.map(({ customer }) => customer));
      if (next === null) break;
      cursor = next;
      // Strangers come in between two pages, on every partition; who was there keeps their place.
      const now = (await readFacts(fleet.kafka)).stamps.at(-1) ?? 0;
      await fleet.feed(
        Array.from({ length: 6 }, (_, n) => late(`customer:new-${page}-${n}`, now + 1_000)),
      );
    }
    await drained(fleet, 60_000);
    await until("the news is told", 20_000, async () => live.heard().includes("customer:new-0-"));
    live.close();
    expect(new Set(seen).size).toBe(seen.length);
    expect(all.filter((one) => !seen.includes(one))).toEqual([]);
  }, 120_000);

  test("takes what people do as facts, shown before it is answered, once however often it is sent", async () => {
    const [first] = (await queue("&state=free")).items.filter(({ alert }) => alert !== null);
    if (first === undefined) throw new Error("nobody has an alert");
    const { customer, alert } = first;
    const actId = newId();
    const took: number[] = [];
    for (let n = 0; n < 2; n += 1) {
      const began = performance.now();
      const answer = await act(customer, { act: "take", alertId: alert?.alertId }, actId);
      took.push(performance.now() - began);
      expect(answer.status, answer.text).toBe(201);
      expect((await read(customer)).summary.taken?.isMine).toBe(true);
    }
    const page = await read(customer);
    const taken = page.timeline.filter(
      (one) => one.kind === "fact" && one.type === "alert.acknowledged",
    );
    expect(taken.length).toBe(1);
    const own = page.promises.filter(({ promiseId }) =>
      promiseId.endsWith(`/recovery-${alert?.alertId}`),
    );
    expect(own.length).toBe(1);
    const { facts } = await readFacts(fleet.kafka);
    const [fact] = facts.filter(({ id, source }) => id === actId && source === "urn:troth:desk");
    expect(fact?.data["attributes"]).toMatchObject({ role: "lead" });
    process.stdout.write(
      `kafka desk: an act is on the timeline after ${Math.round(took[0] ?? 0)} ms, sent again after ${Math.round(took[1] ?? 0)} ms\n`,
    );
  }, 60_000);

  test("while nobody judges says that it is stored, and tells once it is to be seen", async () => {
    const [first] = (await queue("&state=free")).items.filter(({ alert }) => alert !== null);
    if (first === undefined) throw new Error("nobody has an alert");
    const { customer, alert } = first;
    const live = listen(desk.says);
    await until("the stream is open", 10_000, async () => live.heard().includes("retry"));
    for (const one of monitors) one.signal("SIGSTOP");
    try {
      const answer = await act(customer, { act: "take", alertId: alert?.alertId });
      expect(answer.status, answer.text).toBe(202);
      expect((await read(customer)).summary.taken).toBeNull();
    } finally {
      for (const one of monitors) one.signal("SIGCONT");
    }
    await until("it is seen", 60_000, async () => (await read(customer)).summary.taken !== null);
    await until("it is told", 10_000, async () => live.heard().includes(customer));
    live.close();
  }, 120_000);

  test("killed and started anew shows what was done", async () => {
    const before = await queue("&state=mine");
    expect(before.total).toBe(2);
    desk.signal("SIGKILL");
    await desk.gone;
    desk = await fleet.start("desk", 1);
    await until("it is there again", 30_000, async () => (await queue("&state=mine")).total === 2);
    expect((await queue("&state=mine")).items.map(({ customer }) => customer)).toEqual(
      before.items.map(({ customer }) => customer),
    );
    const audit = readFileSync(join(fleet.dir, "desk-1", "desk", "audit.jsonl"));
    expect(verifyAudit(audit)).toMatchObject({ ok: true, value: { lines: 3 } });
  }, 120_000);
});

/** An order that is long overdue when it is heard of. */
function late(subject: string, stamp: number): Fact {
  const read = parseLine(
    JSON.stringify({
      specversion: "1.0",
      id: `${subject}-order`,
      source: "urn:test:shop",
      type: "org.troth.order.placed.v1",
      subject,
      time: isoTime(stamp - 20 * 86_400_000),
      recordedtime: isoTime(stamp),
      data: {
        orderNumber: `${subject}-1`,
        expectedArrivalUntil: isoTime(stamp - 9 * 86_400_000),
      },
    }),
  );
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}
