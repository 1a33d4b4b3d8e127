import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AlertDecision, Output } from "@troth/events";
import {
  type Notify,
  openAlertmanagerChannel,
  openNotify,
  type TakenOn,
  watchSilences,
} from "@troth/notify";
import { openGuardedHttp, systemClock, systemDisk } from "@troth/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  noAlertmanager,
  startAlertmanager,
  type TestAlertmanager,
} from "../support/alertmanager.ts";

const why = noAlertmanager === null ? "" : ` (skipped: ${noAlertmanager})`;

const waitFor = async <T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> => {
  for (let tries = 0; tries < 150; tries += 1) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within 15 s`);
};

describe.skipIf(noAlertmanager !== null)(`a real Alertmanager${why}`, () => {
  const dir = mkdtempSync(join(tmpdir(), "troth-notify-"));
  // Loopback is private: it is named, as an operator would name their own Alertmanager.
  const http = openGuardedHttp({ privateHosts: ["127.0.0.1"] });
  let manager: TestAlertmanager;
  let notify: Notify;
  let place = 0;

  const alert = (
    id: string,
    link: string,
    owner: string,
    more: Partial<AlertDecision> = {},
  ): Output => {
    const lead = {
      ...{ id: `p/${id}#1`, rule: `${link}-date`, link, owner, points: 600, severity: 4 },
      ...{ evidence: [`e-${id}`], says: `Something of ${link} is broken.` },
    };
    const at = Date.now();
    const body: AlertDecision = {
      ...{
        kind: "alert",
        state: "opened",
        at,
        alertId: id,
        revision: 1,
        customer: `customer:${id}`,
      },
      ...{
        rule: "compound",
        level: "high",
        score: 600,
        lead,
        operatedBy: "outsourced",
        parts: [lead],
      },
      ...{ says: lead.says, policy: "85974d7d96c8431f" },
      ...more,
    };
    place += 1;
    return { inOffset: place, seq: 0, stamp: at, body };
  };
  const held = async (name: string) =>
    (await manager.alerts()).filter(({ labels }) => labels["alertname"] === name);

  beforeAll(async () => {
    manager = await startAlertmanager();
    const channel = openAlertmanagerChannel({
      urls: [manager.url],
      tenant: "default",
      desk: "https://desk.example",
      http,
      clock: systemClock,
    });
    const nothing = (): void => undefined;
    notify = await openNotify({
      channels: [channel],
      dir: join(dir, "notify"),
      disk: systemDisk,
      clock: systemClock,
      tell: { sent: nothing, failed: nothing, gaveUp: nothing, torn: nothing, stuck: nothing },
      alertsPerOwnerAndMinute: 5,
    });
    notify.caughtUp();
  });
  afterAll(async () => {
    await notify?.close();
    await manager?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("groups what troth tells it by tenant, link, kind and owner into one message", async () => {
    for (let n = 0; n < 4; n++) notify.fold(alert(`d${n}`, "delivery", "logistics"));
    for (let n = 0; n < 2; n++) notify.fold(alert(`b${n}`, "billing", "finance"));
    const got = await waitFor("both groups", () => {
      const groups = manager.received.filter(({ status }) => status === "firing");
      const sizes = groups.map(
        ({ groupLabels, alerts }) => [groupLabels["link"], alerts.length] as const,
      );
      const has = (link: string, count: number) =>
        sizes.some(([of, n]) => of === link && n === count);
      return has("delivery", 4) && has("billing", 2) ? groups : undefined;
    });
    expect(got[0]?.groupLabels).toMatchObject({
      tenant: "default",
      owner: expect.any(String),
      kind: expect.any(String),
    });
    expect(got[0]?.receiver).toBe("tickets");
    expect(JSON.stringify(got)).not.toContain("customer:");
  });

  test("hears of a recovery and says so once", async () => {
    notify.fold(alert("b0", "billing", "finance", { state: "recovered", revision: 2 }));
    const resolved = await waitFor("a resolved alert", () =>
      manager.received
        .flatMap(({ alerts }) => alerts)
        .find(({ status, labels }) => status === "resolved" && labels["alert_id"] === "b0"),
    );
    expect(resolved.annotations["state"]).toBe("recovered");
    const still = await held("BrokenExperience");
    expect(still.map(({ labels }) => labels["alert_id"])).not.toContain("b0");
    expect(still.map(({ labels }) => labels["alert_id"])).toContain("b1");
  });

  test("is told of a storm as one page with a number, which inhibits the single alerts", async () => {
    const before = manager.received.length;
    for (let n = 0; n < 200; n++) notify.fold(alert(`s${n}`, "visit", "field-service"));
    // Log time goes on: the minute of the storm is over.
    notify.fold({ ...alert("later", "queue", "contact-centre"), stamp: Date.now() + 60_000 });
    const storm = await waitFor("the storm", async () => (await held("ManyBrokenExperiences"))[0]);
    expect(storm.labels).toMatchObject({ owner: "field-service", severity: "page" });
    const page = await waitFor("the page", () =>
      manager.received.find(({ receiver, alerts }) => receiver === "on-duty" && alerts.length > 0),
    );
    expect(page.alerts).toHaveLength(1);
    expect(page.alerts[0]?.annotations["count"]).toBe("195");
    const single = (await held("BrokenExperience")).filter(
      ({ labels }) => labels["owner"] === "field-service",
    );
    expect(single).toHaveLength(5);
    expect(single.every(({ status }) => status.inhibitedBy.length === 1)).toBe(true);
    const others = (await held("BrokenExperience")).filter(
      ({ labels }) => labels["owner"] === "logistics",
    );
    expect(others.every(({ status }) => status.inhibitedBy.length === 0)).toBe(true);
    process.stdout.write(
      `200 alerts at once: 5 single ones (inhibited) and one page that counts 195, ${manager.received.length - before} messages\n`,
    );
  });

  test("hands back who silenced an alert, why and until when", async () => {
    const taken: TakenOn[] = [];
    const watch = watchSilences({
      url: manager.url,
      http,
      clock: systemClock,
      everyMs: 200,
      takenOn: (one) => {
        taken.push(one);
        return Promise.resolve(true);
      },
    });
    await manager.silence({ alert_id: "d1" }, "ada", "on the phone with them");
    const one = await waitFor("the silence", () => taken[0]);
    expect(one).toMatchObject({ alertId: "d1", by: "ada", reason: "on the phone with them" });
    expect(one.until).toBeGreaterThan(Date.now() + 3_000_000);
    expect(notify.customerOf("d1")).toBe("customer:d1");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(taken).toHaveLength(1);
    const silenced = (await held("BrokenExperience")).filter(
      ({ status }) => status.silencedBy.length > 0,
    );
    expect(silenced.map(({ labels }) => labels["alert_id"])).toEqual(["d1"]);
    watch.close();
  });

  test("keeps a fast burn and leaves the slow one out, and both out while the feed is silent", async () => {
    const post = async (labels: Readonly<Record<string, string>>): Promise<void> => {
      const answer = await fetch(`${manager.url}/api/v2/alerts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify([
          { labels: { service: "troth", owner: "purchasing", link: "supply", ...labels } },
        ]),
      });
      expect(answer.status).toBe(200);
    };
    await post({ alertname: "TrothBudgetBurnsFast", severity: "page" });
    await post({ alertname: "TrothBudgetBurnsSlowly", severity: "ticket" });
    const state = async (name: string) => (await held(name))[0]?.status.inhibitedBy.length;
    await waitFor("the slow one inhibited", async () =>
      (await state("TrothBudgetBurnsSlowly")) === 1 ? true : undefined,
    );
    expect(await state("TrothBudgetBurnsFast")).toBe(0);
    place += 1;
    const at = Date.now();
    notify.fold({
      ...{ inOffset: place, seq: 0, stamp: at },
      body: {
        kind: "source",
        state: "silent",
        at,
        source: "supplier",
        owner: "purchasing",
        says: "Nothing heard.",
        policy: "",
      },
    });
    await waitFor("the fast one inhibited", async () =>
      (await state("TrothBudgetBurnsFast")) === 1 ? true : undefined,
    );
  });
});
