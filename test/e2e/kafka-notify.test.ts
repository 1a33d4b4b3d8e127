import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fact, parseLine } from "@troth/events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  noAlertmanager,
  startAlertmanager,
  type TestAlertmanager,
} from "../support/alertmanager.ts";
import { diagnosis } from "../support/fleet-diagnosis.ts";
import { noKafka } from "../support/kafka.ts";
import {
  type Fleet,
  metricOf,
  openFleet,
  type Process,
  readDecisions,
  until,
} from "../support/kafka-fleet.ts";
import { seeded } from "../support/random-events.ts";

/** One word in public is enough for an alert; an outage reaches whoever lives there. */
const touchy = `
policy: touchy
links:
  public: { says: what is said in public, owner: communications }
  service: { says: the service, owner: network }
noises:
  said: { link: public, on: social.mention, severity: 5, says: Spoke of us in public. }
  outage: { link: service, on: incident.raised, touches: [region], severity: 1, says: Out of service. }
`;
const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const began = Date.UTC(2026, 2, 3, 9);
const minute = 60_000;

type Told = { readonly id: string; readonly type: string; readonly data: Record<string, unknown> };

/** Answers one in ten with an error, and one in ten with an error after it took effect. */
async function openReceiver() {
  const told: Told[] = [];
  let spoiled = 0;
  const next = seeded(5);
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const fate = next();
    if (fate >= 0.1) {
      const body = JSON.parse(Buffer.concat(parts).toString("utf8"));
      told.push({ id: String(request.headers["webhook-id"]), type: body.type, data: body.data });
    }
    if (fate >= 0.1 && fate < 0.2) spoiled += 1;
    response.writeHead(fate < 0.2 ? 503 : 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/troth`,
    told,
    spoiled: () => spoiled,
    alerts: () => told.filter(({ type }) => type === "troth.alert"),
    close: () => server.close(),
  };
}

const factOf = (
  id: string,
  type: string,
  at: number,
  subject: string | undefined,
  data: unknown,
): Fact => {
  const time = new Date(at).toISOString();
  const head = { specversion: "1.0", id, source: "urn:test", type: `org.troth.${type}.v1` };
  const fact = parseLine(JSON.stringify({ ...head, time, recordedtime: time, subject, data }));
  if (!fact.ok) throw new Error(fact.error.message);
  return fact.value;
};
const mention = (name: string, at: number, n = 1): Fact =>
  factOf(`${name}-${n}`, "social.mention", at, `customer:${name}`, { platform: "x" });

describe.skipIf(noKafka !== null)(`the voice of a fleet on a real Kafka${noKafka ?? ""}`, () => {
  const dir = mkdtempSync(join(tmpdir(), "troth-voice-"));
  let receiver: Awaited<ReturnType<typeof openReceiver>>;
  let manager: TestAlertmanager | null = null;
  let fleet: Fleet;
  let notify: Process;

  const start = async (): Promise<void> => {
    notify = await fleet.start("notify", 1);
  };
  const isCaughtUp = async () => (await fetch(`${notify.health}/readyz`)).status === 200;
  /** Alerts of everybody as the judges have them, by their last word. */
  const standing = async (): Promise<ReadonlyMap<string, number>> => {
    const { decisions } = await readDecisions(fleet.kafka, fleet.partitions);
    const last = new Map<string, number>();
    for (const one of decisions) if (one.kind === "alert") last.set(one.alertId, one.revision);
    return last;
  };
  /** Alerts that were told one by one, and those that storms gave the number of. */
  const toldOrCounted = (): number => {
    const storms = receiver.told
      .filter(({ type }) => type === "troth.storm")
      .map(({ data }) => [data["id"], Number(data["alerts"])] as const);
    const counted = [...new Map(storms).values()].reduce((sum, one) => sum + one, 0);
    return new Set(receiver.alerts().map(({ data }) => data["id"])).size + counted;
  };
  const within = (what: string, ms: number, isSo: () => Promise<boolean>) =>
    until(what, ms, isSo).catch(async (error) => {
      throw new Error(`${error}\n${await diagnosis(fleet)}`);
    });

  beforeAll(async () => {
    const policy = join(dir, "touchy.yaml");
    writeFileSync(policy, touchy);
    receiver = await openReceiver();
    if (noAlertmanager === null) manager = await startAlertmanager();
    const file = join(dir, "notify.yaml");
    const lines = [
      "privateHosts: [127.0.0.1]",
      `webhook: { url: "${receiver.url}", secrets: ["$TROTH_TEST_SECRET"] }`,
      ...(manager === null ? [] : [`alertmanager: { urls: ["${manager.url}"] }`]),
      `inbound: { token: "$TROTH_TEST_TOKEN" }`,
    ];
    writeFileSync(file, lines.join("\n"));
    fleet = await openFleet({
      partitions: 3,
      clock: "events",
      policies: [policy],
      env: { TROTH_TEST_SECRET: secret, TROTH_TEST_TOKEN: "a token of more than 24 letters" },
      args: (service) => (service === "notify" ? ["--notify", file] : []),
    });
    await Promise.all([fleet.start("identity", 1), fleet.start("monitor", 1), start()]);
    await until("the voice has read everything", 30_000, isCaughtUp);
  }, 120_000);
  afterAll(async () => {
    await fleet?.close();
    await manager?.close();
    receiver?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("the cap on an owner's alerts of a minute is over all partitions; the rest are a number", async () => {
    const names = Array.from({ length: 40 }, (_, n) => `storm-${n}`);
    await fleet.feed(names.map((name) => mention(name, began)));
    const told = () => new Set(receiver.alerts().map(({ data }) => data["id"])).size;
    await within("all are judged, and some told", 60_000, async () => {
      return (await standing()).size === 40 && told() >= 10;
    });
    // A later minute says how many there were in the one before.
    await fleet.feed([mention("later", began + 2 * minute)]);
    await within("the others are counted", 60_000, async () => toldOrCounted() === 41);
    // Three times ten, were each partition to count for itself.
    expect(told()).toBeLessThan(25);
    expect(receiver.told.find(({ type }) => type === "troth.storm")?.data).toMatchObject({
      owner: "communications",
    });
  }, 120_000);

  test("what reached many is one message with the sum over all partitions", async () => {
    const living = Array.from({ length: 24 }, (_, n) =>
      factOf(`lives-${n}`, "profile.updated", began + 3 * minute, `customer:lives-${n}`, {
        region: n < 17 ? "XA-NO" : "XA-SO",
      }),
    );
    await fleet.feed(living);
    const outage = { problemId: "I1", regionCode: "XA-NO" };
    await fleet.feed([factOf("inc", "incident.raised", began + 4 * minute, undefined, outage)]);
    const cohorts = () => receiver.told.filter(({ type }) => type === "troth.cohort");
    await within("the outage is told", 60_000, async () => cohorts().length > 0);
    const said = (await readDecisions(fleet.kafka, 3)).decisions.filter(
      (one) => one.kind === "cohort",
    );
    expect(said.length).toBe(3);
    expect(Math.max(...said.map(({ touched }) => touched))).toBeLessThan(17);
    expect(cohorts().map(({ data }) => data["touched"])).toEqual(cohorts().map(() => 17));
    expect(new Set(cohorts().map(({ id }) => id)).size).toBe(1);
  }, 120_000);

  test.skipIf(noAlertmanager !== null)(
    "a real Alertmanager is told the same",
    async () => {
      await within("Alertmanager has them", 30_000, async () => {
        const held = (await manager?.alerts()) ?? [];
        return new Set(held.flatMap(({ labels }) => labels["alert_id"] ?? [])).size >= 11;
      });
    },
    60_000,
  );

  test("killed again and again it loses no alert, says none twice but for what broke, and none as it was before", async () => {
    const before = receiver.told.length;
    const old = await standing();
    const spoiledBefore = receiver.spoiled();
    const kills = 6;
    let at = began + 10 * minute;
    for (let round = 0; round < kills; round += 1) {
      const facts = Array.from({ length: 9 }, (_, n) => {
        at += minute;
        return mention(`kill-${round}-${n}`, at);
      });
      await fleet.feed(facts.slice(0, 5));
      const seen = receiver.told.length;
      await within("something is told", 60_000, async () => receiver.told.length > seen);
      notify.signal("SIGKILL");
      await notify.gone;
      // Nobody listens while these come.
      await fleet.feed(facts.slice(5));
      await start();
    }
    await within("every alert is judged and read", 60_000, async () => {
      return (await standing()).size - old.size === kills * 9 && (await isCaughtUp());
    });
    // A later minute says how many there were in those before.
    await fleet.feed([mention("last", at + 5 * minute)]);
    await within("every alert is told, or counted in a storm", 60_000, async () => {
      return toldOrCounted() === old.size + kills * 9 + 1;
    });
    await within("and told as it stands", 60_000, async () => {
      const last = new Map(
        receiver.alerts().map(({ data }) => [String(data["id"]), Number(data["revision"])]),
      );
      const now = await standing();
      return [...last].every(([id, revision]) => now.get(id) === revision);
    });
    const since = receiver.told.slice(before);
    const last = new Map<string, number>();
    for (const { data } of receiver.alerts()) {
      const id = String(data["id"]);
      expect(Number(data["revision"])).toBeGreaterThanOrEqual(last.get(id) ?? 0);
      last.set(id, Number(data["revision"]));
    }
    const twice = since.length - new Set(since.map(({ id }) => id)).size;
    process.stdout.write(
      `voice: ${since.length} messages over ${kills} kills, ` +
        `${twice} of them twice; ${receiver.spoiled() - spoiledBefore} answers were lost\n`,
    );
    expect(twice).toBeLessThanOrEqual(kills + receiver.spoiled() - spoiledBefore);
    expect(
      await metricOf(notify.health, 'troth_notifications_total{channel="webhook",outcome="sent"}'),
    ).toBeGreaterThan(0);
  }, 240_000);

  test("an acknowledgement that is posted in goes into the log of facts, and nobody else's does", async () => {
    const [alert] = receiver.alerts();
    const id = String(alert?.data["id"]);
    const posted = {
      version: "4",
      receiver: "tickets",
      alerts: [
        {
          status: "firing",
          labels: { alertname: "BrokenExperience", alert_id: id },
          annotations: { acknowledged_by: "ada" },
          startsAt: new Date(began).toISOString(),
        },
      ],
    };
    const post = (token: string) =>
      fetch(`${notify.health}/v1/alertmanager`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(posted),
      });
    expect((await post("somebody else's token, as long")).status).toBe(401);
    expect((await post("a token of more than 24 letters")).status).toBe(200);
    await within("it is judged", 30_000, async () => {
      const { outputs } = await readDecisions(fleet.kafka, 3);
      return outputs
        .flat()
        .some(
          ({ body }) =>
            body.kind === "noise" &&
            body.fact.kind === "alert.acknowledged" &&
            body.fact.data["alertId"] === id,
        );
    });
  }, 60_000);
});
