import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEvent } from "@troth/events";
import { type Message, openNotify } from "@troth/notify";
import { openSimulatedClock, openSimulatedDisk, openSimulatedRng } from "@troth/runtime";
import { defaultPolicyPath, Pipeline, readPolicy } from "@troth/troth";
import { describe, expect, test } from "vitest";
import { runTroth } from "../support/troth.ts";

/** Ten thousand parcels fall due while the carrier's feed is silent for two hours. */
const parcels = 10_000;
/** Of these, the feed says afterwards, so many came too late; the rest were in time. */
const lateOnes = 137;
const hour = 3_600_000;
const start = Date.UTC(2026, 2, 3, 6);
const dueAt = start + 5 * hour;
const silentFrom = start + 3 * hour + 45 * 60_000;
const backAt = silentFrom + 2 * hour;
const settled = backAt + hour;

const iso = (at: number): string => new Date(at).toISOString();
const event = (
  id: string,
  kind: string,
  at: number,
  known: number,
  source: string,
  subject: string | null,
  data: object,
) => ({
  specversion: "1.0",
  id,
  source,
  type: `org.troth.${kind}.v1`,
  time: iso(at),
  recordedtime: iso(known),
  tenantid: "default",
  ...(subject === null ? {} : { subject }),
  data,
});

const isLate = (n: number): boolean =>
  n % Math.floor(parcels / lateOnes) === 0 && n / Math.floor(parcels / lateOnes) < lateOnes;
const arrivedAt = (n: number): number => dueAt + (isLate(n) ? 30 * 60_000 + n : -60_000 - n);

function* story(): Generator<object> {
  for (let n = 0; n < parcels; n++)
    yield event(`o${n}`, "order.placed", start, start, "urn:shop:web", `customer:${n}`, {
      orderNumber: `A-${n}`,
      expectedArrivalUntil: iso(dueAt),
    });
  const beat = (at: number) =>
    event(`hb${at}`, "source.heartbeat", at, at, "urn:carrier:x", null, {});
  for (let at = start; at <= silentFrom; at += 15 * 60_000) yield beat(at);
  // Others are still heard: the log's clock goes on.
  for (let at = silentFrom + 60_000; at < backAt; at += 10 * 60_000)
    yield event(`call${at}`, "contact.completed", at, at, "urn:calls", "customer:0", {
      queueWaitSeconds: 5,
    });
  // The backlog: what happened then, known only now.
  for (let n = 0; n < parcels; n++)
    yield event(
      `d${n}`,
      "delivery.status",
      arrivedAt(n),
      backAt + n,
      "urn:carrier:x",
      `customer:${n}`,
      {
        orderNumber: `A-${n}`,
        deliveryStatus: "Delivered",
        deliveredAt: iso(arrivedAt(n)),
      },
    );
  for (let at = backAt + 15 * 60_000; at <= settled; at += 15 * 60_000) yield beat(at);
}

type Line = Readonly<Record<string, unknown>>;
const linesOf = (path: string): readonly Line[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe("ten thousand promises fall due while their feed is silent", () => {
  test("replay says one thing for operations and nothing about customers, and afterwards what is true", async () => {
    const dir = mkdtempSync(join(tmpdir(), "troth-silence-"));
    const path = join(dir, "events.jsonl");
    writeFileSync(path, `${[...story()].map((one) => JSON.stringify(one)).join("\n")}\n`);
    const replayed = async (until: number, name: string): Promise<readonly Line[]> => {
      const ran = await runTroth(["replay", path, "--until", iso(until), "--out", join(dir, name)]);
      expect(ran.code, ran.err).toBe(0);
      return linesOf(join(dir, name, "decisions.jsonl"));
    };
    const during = await replayed(backAt - 1, "during");
    expect(during.filter(({ kind }) => kind === "alert" || kind === "flag")).toEqual([]);
    expect(
      during.filter(({ kind, source }) => kind === "source" && source === "carrier"),
    ).toMatchObject([{ state: "silent", owner: "logistics", at: iso(silentFrom + 30 * 60_000) }]);
    const blind = during.filter(({ verdict }) => verdict === "source-blind");
    expect(new Set(blind.map(({ customer }) => customer)).size).toBe(parcels);
    const after = await replayed(settled, "after");
    const register = linesOf(join(dir, "after", "pledges.jsonl")).filter(
      ({ template }) => template === "delivery-date",
    );
    const broken = register.filter(({ verdict }) => verdict === "broken");
    expect(register.filter(({ verdict }) => verdict === "kept")).toHaveLength(parcels - lateOnes);
    expect(broken.map(({ customer }) => customer).sort()).toEqual(
      Array.from({ length: parcels }, (_, n) => n)
        .filter(isLate)
        .map((n) => `customer:${n}`)
        .sort(),
    );
    // True times: broken when it fell due, kept when it arrived, not when we came to know.
    for (const { customer, at, keptAt } of broken) {
      const n = Number(String(customer).slice("customer:".length));
      expect([at, keptAt]).toEqual([iso(dueAt), iso(arrivedAt(n))]);
    }
    expect(after.filter(({ kind, state }) => kind === "source" && state === "back")).toHaveLength(
      1,
    );
    rmSync(dir, { recursive: true });
  });

  test("the notifier sends one message while it lasts, and one when it is over", async () => {
    const policy = await readPolicy(defaultPolicyPath);
    const pipeline = new Pipeline(policy, "silence-test-key-of-32-characters!");
    const got: Message[] = [];
    const clock = openSimulatedClock(start);
    const nothing = (): void => undefined;
    const notify = await openNotify({
      channels: [
        {
          name: "test",
          send: (message) => {
            got.push(message);
            return Promise.resolve({ arrived: true });
          },
        },
      ],
      dir: "/notify",
      disk: openSimulatedDisk({ rng: openSimulatedRng(1) }).attach(),
      clock,
      tell: { sent: nothing, failed: nothing, gaveUp: nothing, torn: nothing, stuck: nothing },
    });
    notify.caughtUp();
    let place = 0;
    let told: readonly Message[] | null = null;
    for (const one of story()) {
      const parsed = parseEvent(one);
      if (!parsed.ok) throw new Error(parsed.error.message);
      const fact = parsed.value;
      if (told === null && fact.recordedTime >= backAt) {
        await notify.idle();
        told = [...got];
      }
      const bodies: Parameters<typeof pipeline.take>[2] = [];
      pipeline.take(fact, fact.recordedTime, bodies);
      for (const [seq, body] of bodies.entries())
        notify.fold({ inOffset: place, seq, stamp: fact.recordedTime, body });
      place += 1;
    }
    await notify.idle();
    // Nothing more is written: the number of those not told one by one is said by the clock.
    await clock.advance(120_000);
    await notify.idle();
    expect(told?.map(({ kind, owner }) => [kind, owner])).toEqual([["source", "logistics"]]);
    const later = got.slice(1);
    expect(later.filter(({ kind }) => kind === "source")).toMatchObject([
      { state: "back", revision: 2 },
    ]);
    const alerts = later.filter(({ kind }) => kind === "alert");
    const counted = later.reduce((sum, one) => sum + (one.kind === "storm" ? one.alerts : 0), 0);
    process.stdout.write(
      `${parcels} due while silent: 1 message; after the catch-up ${alerts.length} alerts one by one and ${counted} in ${later.length - alerts.length - 1} numbers\n`,
    );
    expect(alerts).toHaveLength(10);
    expect(counted).toBe(lateOnes - 10);
    await notify.close();
  });
});
