import { decodeFact, encodeFact, parseEvent } from "@troth/events";
import {
  type HttpRequest,
  openSimulatedClock,
  openSimulatedDisk,
  openSimulatedHttp,
  openSimulatedRng,
} from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { openAlertmanagerChannel } from "./alertmanager.ts";
import { alertAt, factAt, open, openCollector, sourceAt, start } from "./fixture.ts";
import { alertMessage, cohortMessage, type Message } from "./message.ts";
import { openPagerDutyChannel } from "./pagerduty.ts";
import { eventsOf, readSilences, readWebhook, watchSilences } from "./taken-on.ts";

const newDisk = () => openSimulatedDisk({ rng: openSimulatedRng(1) }).attach();
const answer = (status: number, body = "") => ({ status, headers: {}, body: Buffer.from(body) });

const messageOf = (given: Parameters<typeof alertAt>[1], link = "delivery"): Message => {
  const { body } = alertAt(1, given);
  if (body.kind !== "alert" || body.lead === null) throw new Error("no alert");
  return alertMessage({ ...body, lead: { ...body.lead, link } });
};

type Posted = { labels: Record<string, string>; startsAt: string; endsAt: string };
const postedIn = ({ body }: HttpRequest): readonly Posted[] => JSON.parse(String(body));

function openManager(reply: () => ReturnType<typeof answer> | "refused" = () => answer(200)) {
  const http = openSimulatedHttp(reply);
  const clock = openSimulatedClock(start);
  const channel = openAlertmanagerChannel({
    urls: ["http://127.0.0.1:9093/"],
    tenant: "default",
    desk: "https://desk.example",
    http,
    clock,
  });
  return { http, clock, channel };
}

describe("an Alertmanager", () => {
  test("is told again every minute while an alert fires, with an end that runs ahead of the clock", async () => {
    const { http, clock, channel } = openManager();
    await channel.send(messageOf({ id: "a" }), "a:1:alertmanager");
    for (let minute = 1; minute <= 10; minute++) await clock.advance(60_000);
    expect(http.sent.map(({ url }) => url)).toEqual(
      Array.from({ length: 11 }, () => "http://127.0.0.1:9093/api/v2/alerts"),
    );
    const ends = http.sent.map((request) => Date.parse(postedIn(request)[0]?.endsAt ?? ""));
    expect(ends).toEqual(ends.map((_, minute) => start + (minute + 4) * 60_000));
    await channel.close?.();
  });

  test("is told of the end for five minutes, and then no more", async () => {
    const { http, clock, channel } = openManager();
    await channel.send(messageOf({ id: "a" }), "");
    await clock.advance(90_000);
    const before = http.sent.length;
    await channel.send(messageOf({ id: "a", revision: 2, state: "recovered" }), "");
    for (let minute = 1; minute <= 20; minute++) await clock.advance(60_000);
    const after = http.sent.slice(before).flatMap(postedIn);
    expect(after.length).toBeGreaterThanOrEqual(5);
    expect(after.length).toBeLessThanOrEqual(7);
    expect(new Set(after.map(({ endsAt }) => endsAt))).toEqual(
      new Set([new Date(start + 90_000).toISOString()]),
    );
  });

  test("hears an alert end under the labels it began with, though something else weighs most by then", async () => {
    const { http, clock, channel } = openManager();
    await channel.send(messageOf({ id: "a" }), "");
    await clock.advance(1_000);
    await channel.send(messageOf({ id: "a", revision: 2, state: "recovered" }, "billing"), "");
    const last = http.sent.at(-1);
    expect(last === undefined ? [] : postedIn(last).map(({ labels }) => labels["link"])).toEqual([
      "delivery",
    ]);
    await channel.close?.();
  });

  test("knows an alert by labels that name tenant, link, kind and owner, and no customer", async () => {
    const { http, channel } = openManager();
    await channel.send(messageOf({ id: "a" }), "");
    const [posted] = http.sent.flatMap(postedIn);
    expect(posted?.labels).toEqual({
      alertname: "BrokenExperience",
      service: "troth",
      tenant: "default",
      severity: "page",
      link: "delivery",
      kind: "delivery-date",
      owner: "logistics",
      operated_by: "outsourced",
      alert_id: "a",
    });
    expect(String(http.sent[0]?.body)).not.toContain("customer:");
    await channel.close?.();
  });

  test("hears the old labels end when another link comes to weigh most", async () => {
    const { http, clock, channel } = openManager();
    await channel.send(messageOf({ id: "a" }), "");
    await clock.advance(1_000);
    await channel.send(messageOf({ id: "a", revision: 2, state: "amended" }, "billing"), "");
    const last = http.sent.at(-1);
    if (last === undefined) throw new Error("nothing was sent");
    const ended = postedIn(last).filter(({ endsAt }) => Date.parse(endsAt) <= clock.now());
    expect(ended.map(({ labels }) => labels["link"])).toEqual(["delivery"]);
    expect(postedIn(last).map(({ labels }) => labels["link"])).toEqual(["delivery", "billing"]);
    await channel.close?.();
  });

  test("of a cluster may be down while another is told; all down is a failure", async () => {
    const http = openSimulatedHttp(({ url }) => (url.includes("one") ? "refused" : answer(200)));
    const clock = openSimulatedClock(start);
    const of = (urls: readonly string[]) =>
      openAlertmanagerChannel({ urls, tenant: "default", desk: null, http, clock });
    const both = of(["https://one.example", "https://two.example"]);
    expect(await both.send(messageOf({ id: "a" }), "")).toEqual({ arrived: true });
    const dead = of(["https://one.example"]);
    expect(await dead.send(messageOf({ id: "a" }), "")).toMatchObject({ arrived: false });
    await both.close?.();
    await dead.close?.();
  });

  test("is told after a restart of what still stands from before, once the past is in", async () => {
    const disk = openSimulatedDisk({ rng: openSimulatedRng(1) });
    const first = openManager();
    const one = await open(disk.attach(), [first.channel]);
    one.notify.caughtUp();
    one.notify.fold(alertAt(1, { id: "a" }));
    one.notify.fold(alertAt(2, { id: "b" }));
    one.notify.fold(alertAt(3, { id: "b", revision: 2, state: "recovered" }));
    await one.notify.idle();
    await one.notify.close();
    const second = openManager();
    const two = await open(disk.attach(), [second.channel]);
    for (const output of [
      alertAt(1, { id: "a" }),
      alertAt(2, { id: "b" }),
      alertAt(3, { id: "b", revision: 2, state: "recovered" }),
    ])
      two.notify.fold(output);
    expect(second.http.sent).toEqual([]);
    two.notify.caughtUp();
    await two.notify.idle();
    expect(second.http.sent.flatMap(postedIn).map(({ labels }) => labels["alert_id"])).toEqual([
      "a",
    ]);
    await two.notify.close();
  });
});

describe("a snooze", () => {
  const snoozed = (inOffset: number, minutes: number) =>
    factAt(inOffset, 0, "alert.snoozed", {
      alertId: "a",
      by: "p-7",
      reason: "known",
      until: start + minutes * 60_000,
    });

  test("holds an alert's revisions back, tells the newest when its time is up, and survives a restart", async () => {
    const disk = openSimulatedDisk({ rng: openSimulatedRng(1) });
    const { channel, got } = openCollector();
    // Its journal is written afresh at every turn.
    const one = await open(disk.attach(), [channel], { journalBytes: 1 });
    one.notify.caughtUp();
    one.notify.fold(alertAt(1, { id: "a" }));
    await one.notify.idle();
    one.notify.fold(snoozed(2, 10));
    one.notify.fold(alertAt(3, { id: "a", revision: 2, state: "amended", minute: 1 }));
    one.notify.fold(alertAt(4, { id: "a", revision: 3, state: "amended", minute: 2 }));
    one.notify.fold(alertAt(5, { id: "b", minute: 3 }));
    await one.notify.idle();
    await one.notify.close();
    const two = await open(disk.attach(), [channel]);
    two.notify.caughtUp();
    two.notify.fold(alertAt(6, { id: "c", minute: 9 }));
    await two.notify.idle();
    expect(got.map(({ id }) => id)).toEqual(["a:1:test", "b:1:test", "c:1:test"]);
    two.notify.fold(alertAt(7, { id: "d", minute: 11 }));
    await two.notify.idle();
    expect(
      got
        .map(({ id }) => id)
        .slice(3)
        .sort(),
    ).toEqual(["a:3:test", "d:1:test"]);
    await two.notify.close();
  });

  test("does not hold back that all is well again, nor anybody else's alert", async () => {
    const { channel, got } = openCollector();
    const { notify } = await open(newDisk(), [channel]);
    notify.caughtUp();
    notify.fold(alertAt(1, { id: "a" }));
    await notify.idle();
    notify.fold(snoozed(2, 10));
    notify.fold(alertAt(3, { id: "a", revision: 2, state: "recovered", minute: 1 }));
    notify.fold(alertAt(4, { id: "b", minute: 1 }));
    await notify.idle();
    expect(got.map(({ id }) => id)).toEqual(["a:1:test", "a:2:test", "b:1:test"]);
    await notify.close();
  });
});

describe("what is no alert about one customer", () => {
  test("a silent feed is one word to its owner, and one when it is heard again", async () => {
    const { channel, got } = openCollector();
    const { notify } = await open(newDisk(), [channel]);
    notify.caughtUp();
    notify.fold(sourceAt(1, 0, "silent"));
    notify.fold(sourceAt(2, 5, "back"));
    await notify.idle();
    expect(got.map(({ message }) => [message.kind, message.revision, message.owner])).toEqual([
      ["source", 2, "logistics"],
    ]);
    notify.fold(sourceAt(3, 9, "silent"));
    await notify.idle();
    expect(new Set(got.map(({ message }) => message.id)).size).toBe(2);
    await notify.close();
  });

  test("one customer's alerts that come and go are a number after the third in an hour", async () => {
    const { channel, got } = openCollector();
    const { notify } = await open(newDisk(), [channel], { alertsPerCustomerAndHour: 3 });
    notify.caughtUp();
    for (let n = 0; n < 8; n++) {
      notify.fold(alertAt(2 * n, { id: `a${n}`, minute: 5 * n, customer: "customer:same" }));
      await notify.idle();
      notify.fold(
        alertAt(2 * n + 1, {
          id: `a${n}`,
          revision: 2,
          state: "recovered",
          minute: 5 * n + 1,
          customer: "customer:same",
        }),
      );
      await notify.idle();
    }
    notify.fold(alertAt(90, { id: "other", minute: 50 }));
    await notify.idle();
    const opened = got.filter(
      ({ message }) => message.kind === "alert" && message.state === "opened",
    );
    expect(opened.map(({ message }) => message.id)).toEqual(["a0", "a1", "a2", "other"]);
    const counted = got.flatMap(({ message }) =>
      message.kind === "storm" ? [message.alerts] : [],
    );
    expect(counted.reduce((sum, n) => sum + n, 0)).toBe(5);
    await notify.close();
  });
});

describe("PagerDuty", () => {
  test("hears trigger, acknowledge and resolve of one incident under one key", async () => {
    const http = openSimulatedHttp(() => answer(202));
    const channel = openPagerDutyChannel({ routingKey: "k".repeat(32), http });
    for (const [revision, state] of [
      [1, "opened"],
      [2, "acknowledged"],
      [3, "amended"],
      [4, "recovered"],
    ] as const)
      expect(await channel.send(messageOf({ id: "a", revision, state }), "")).toEqual({
        arrived: true,
      });
    const events = http.sent.map(({ body }) => JSON.parse(String(body)));
    expect(events.map((one) => one.event_action)).toEqual([
      "trigger",
      "acknowledge",
      "trigger",
      "resolve",
    ]);
    expect(new Set(events.map((one) => one.dedup_key))).toEqual(new Set(["a"]));
    expect(events[0].payload).toMatchObject({
      severity: "critical",
      component: "delivery",
      group: "logistics",
      class: "delivery-date",
    });
    expect(JSON.stringify(events)).not.toContain("customer:");
  });

  test("is given keys and summaries it can take, and is tried again when it is busy", async () => {
    const http = openSimulatedHttp(() => answer(429));
    const channel = openPagerDutyChannel({ routingKey: "k".repeat(32), http });
    const long = cohortMessage({
      kind: "cohort",
      at: start,
      cohort: "x".repeat(400),
      rule: "recall",
      link: "product",
      owner: "product-quality",
      touched: 900,
      says: "y".repeat(3_000),
      policy: "",
    });
    expect(await channel.send(long, "")).toMatchObject({ arrived: false, why: "answered 429" });
    const event = JSON.parse(String(http.sent[0]?.body));
    expect(event.dedup_key.length).toBeLessThanOrEqual(255);
    expect(event.payload.summary.length).toBeLessThanOrEqual(1_024);
  });
});

describe("who took an alert on elsewhere", () => {
  const about = { customer: "customer:1", tenant: "default" };
  const silence = {
    id: "s-1",
    status: { state: "active" },
    updatedAt: "2026-03-03T09:00:00.000Z",
    startsAt: "2026-03-03T09:00:00.000Z",
    endsAt: "2026-03-03T11:00:00.000Z",
    createdBy: "ada",
    comment: "on the phone with them",
    matchers: [{ name: "alert_id", value: "a", isRegex: false, isEqual: true }],
  };

  test("is read from the silences of an Alertmanager, with who, why and until when", () => {
    const [one, ...none] = readSilences([
      silence,
      { ...silence, id: "s-2", status: { state: "expired" } },
      {
        ...silence,
        id: "s-3",
        matchers: [{ name: "alert_id", value: "a.*", isRegex: true, isEqual: true }],
      },
      {
        ...silence,
        id: "s-4",
        matchers: [{ name: "owner", value: "logistics", isRegex: false, isEqual: true }],
      },
    ]);
    expect(none).toEqual([]);
    expect(one).toMatchObject({ alertId: "a", by: "ada", reason: "on the phone with them" });
    expect(readSilences({ error: "no" })).toEqual([]);
  });

  test("becomes facts that the door takes, and the same ones however often it is seen", () => {
    const [one] = readSilences([silence]);
    if (one === undefined) throw new Error("no silence");
    const events = eventsOf(one, about, start + 1_000);
    expect(events.map(({ type }) => type)).toEqual([
      "org.troth.alert.acknowledged.v1",
      "org.troth.alert.snoozed.v1",
    ]);
    for (const event of events) {
      const parsed = parseEvent(event);
      if (!parsed.ok) throw new Error(parsed.error.message);
      expect(decodeFact(encodeFact(parsed.value)).ok).toBe(true);
    }
    expect(events.map(({ id }) => id)).toEqual(
      eventsOf(one, about, start + 2_000).map(({ id }) => id),
    );
    expect(eventsOf({ ...one, until: null }, about, start)).toHaveLength(1);
  });

  test("is read from Alertmanager's webhook format, and nothing is read from anything else", () => {
    const alert = {
      status: "firing",
      labels: { alertname: "BrokenExperience", alert_id: "a" },
      startsAt: "2026-03-03T09:00:00Z",
      endsAt: "0001-01-01T00:00:00Z",
      annotations: {
        summary: "s",
        acknowledged_by: "ada",
        snoozed_until: "2026-03-03T12:00:00Z",
        reason: "known",
      },
      generatorURL: "",
      fingerprint: "f",
    };
    const body = {
      version: "4",
      groupKey: "{}",
      truncatedAlerts: 0,
      status: "firing",
      receiver: "troth",
      groupLabels: {},
      commonLabels: {},
      commonAnnotations: {},
      externalURL: "http://am",
      alerts: [alert, { ...alert, annotations: {} }, { ...alert, labels: { alertname: "X" } }],
    };
    expect(readWebhook(body)).toMatchObject([{ alertId: "a", by: "ada", reason: "known" }]);
    for (const wrong of [null, {}, { ...body, version: "3" }, { ...body, alerts: "none" }, []])
      expect(readWebhook(wrong)).toBeNull();
  });

  test("is told once when it is kept, and again when it was not", async () => {
    let keep = false;
    const seen: string[] = [];
    const clock = openSimulatedClock(start);
    const http = openSimulatedHttp(() => answer(200, JSON.stringify([silence])));
    const watch = watchSilences({
      url: "http://127.0.0.1:9093",
      http,
      clock,
      everyMs: 1_000,
      takenOn: (one) => {
        seen.push(one.alertId);
        return Promise.resolve(keep);
      },
    });
    /** The answer is read between two ticks of the clock. */
    const pass = async (seconds: number): Promise<void> => {
      for (let n = 0; n < seconds; n++) {
        await new Promise((resolve) => setImmediate(resolve));
        await clock.advance(1_000);
      }
    };
    await pass(3);
    const unkept = seen.length;
    expect(unkept).toBeGreaterThan(1);
    keep = true;
    await pass(5);
    expect(seen.length).toBe(unkept + 1);
    watch.close();
  });
});
