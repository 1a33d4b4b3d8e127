import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readChunks } from "@troth/lake";
import { openS3Store } from "@troth/runtime";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { canariesOf, forms } from "../support/canaries.ts";
import { ask } from "../support/desk-server.ts";
import { noKafka } from "../support/kafka.ts";
import { openFleet } from "../support/kafka-fleet.ts";
import { noMoto, startMoto } from "../support/moto.ts";
import { runTroth } from "../support/troth.ts";

const dir = mkdtempSync(join(tmpdir(), "troth-erase-elsewhere-"));
const restore = { ...process.env };
afterAll(() => {
  process.env = restore;
  rmSync(dir, { recursive: true, force: true });
});
const one = canariesOf("c4n4ry", Date.UTC(2026, 1, 10, 12));
const other = canariesOf("sp4rr0w", Date.UTC(2026, 1, 10, 12));
const words = ["c4n4ry", "sp4rr0w"].flatMap(forms);
const foundIn = (text: string): readonly string[] => words.filter((word) => text.includes(word));
const customer = "customer:c4n4ry-person";
const policy = "infra/policy/default.yaml";

describe.skipIf(noMoto !== null)(
  `a lake and keys in buckets${noMoto === null ? "" : ` (${noMoto})`}`,
  { timeout: 240_000 },
  () => {
    test("hold no name, and an erased person's lake is the same bytes that nobody can read", async () => {
      const moto = await startMoto(["lake", "keys"]);
      onTestFinished(() => moto.close());
      Object.assign(process.env, {
        AWS_ENDPOINT_URL: moto.endpoint,
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        TROTH_KEY_ENCRYPTION_KEY: Buffer.alloc(32, 5).toString("base64"),
      });
      const lake = ["--lake", "s3://lake/troth"];
      const keys = ["--keys", "s3://keys/troth"];
      const events = join(dir, "events.jsonl");
      const all = [...one.events, ...other.events];
      writeFileSync(events, all.map((event) => `${JSON.stringify(event)}\n`).join(""));
      const replayed = await runTroth([
        "replay",
        events,
        "--out",
        join(dir, "a"),
        ...lake,
        ...keys,
      ]);
      expect(replayed.code, replayed.err).toBe(0);
      await runTroth(["oracle", events, "--out", join(dir, "b"), ...keys]);
      const decisions = (name: string): string =>
        readFileSync(join(dir, name, "decisions.jsonl"), "utf8");
      expect(decisions("a")).toBe(decisions("b"));
      expect(foundIn(decisions("a"))).toEqual([]);
      const stores = await Promise.all(
        ["lake", "keys"].map((bucket) => openS3Store({ bucket, prefix: "" })),
      );
      const [lakeStore, keysStore] = stores;
      const contents = async (store = lakeStore): Promise<ReadonlyMap<string, string>> => {
        const held = new Map<string, string>();
        for (const key of (await store?.list("")) ?? []) {
          held.set(key, ((await store?.get(key)) ?? Buffer.alloc(0)).toString("latin1"));
        }
        return held;
      };
      const before = await contents();
      expect(before.size).toBeGreaterThan(50);
      const opened: string[] = [];
      for await (const chunk of readChunks(
        await openS3Store({ bucket: "lake", prefix: "troth/" }),
      )) {
        opened.push(JSON.stringify(chunk));
      }
      const whole = [...before, ...(await contents(keysStore))].flat().join("\n") + opened.join();
      expect(foundIn(whole)).toEqual([]);
      const exported = async (reference: string) =>
        (await runTroth(["export", "subject", "s3://lake/troth", reference, ...keys])).out;
      const heard = await exported(customer);
      expect(one.texts.filter((text) => !heard.includes(text))).toEqual([]);

      const erased = await runTroth(["erase", customer, ...lake, ...keys]);
      expect(erased, erased.err).toMatchObject({ code: 0 });
      expect(foundIn(await exported(customer))).toEqual([]);
      const others = await exported("customer:sp4rr0w-person");
      expect(other.texts.filter((text) => !others.includes(text))).toEqual([]);
      expect(await contents()).toEqual(before);
      expect(
        [...(await contents(keysStore)).keys()].filter((key) => key.includes("keyring")),
      ).toEqual(["troth/keyring/00000002.json"]);
      const backtest = await runTroth([
        "backtest",
        "--policy",
        policy,
        "s3://lake/troth",
        "--json",
      ]);
      expect(JSON.parse(backtest.out).selfCheck, backtest.err).toMatchObject({ differences: 0 });
      expect((await runTroth(["verify", "s3://lake/troth"])).code).toBe(0);
    });
  },
);

/** Every byte of files below a folder; what vanishes meanwhile holds nothing. */
function bytesBelow(root: string): string {
  return readdirSync(root, { recursive: true })
    .map((name) => join(root, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => readFileSync(path).toString("latin1"))
    .join("\n");
}

describe.skipIf(noKafka !== null)(
  `a fleet on Kafka${noKafka === null ? "" : ` (${noKafka})`}`,
  { timeout: 240_000 },
  () => {
    test("keeps no name on the brokers or disks, shows it at the desk, and every running service forgets an erased person", async () => {
      const keys = ["--keys", join(dir, "keys")];
      delete process.env["TROTH_KEY_ENCRYPTION_KEY"];
      await using fleet = await openFleet({
        partitions: 2,
        clock: "events",
        policies: [policy],
        args: () => keys,
      });
      const services = ["intake", "identity", "monitor", "lake", "desk", "notify"] as const;
      const started = await Promise.all(services.map((service) => fleet.start(service, 0)));
      const [intake, , , , desk] = started;
      const sent = await ask(intake?.says ?? "", {
        method: "POST",
        headers: { "content-type": "application/cloudevents-batch+json" },
        body: JSON.stringify([...one.events, ...other.events]),
      });
      expect(sent.status).toBe(202);
      const page = async (url: string): Promise<string> =>
        (await ask(`${url.replace(/\/$/, "")}/api/customers/${encodeURIComponent(customer)}`)).text;
      // The last that stands on the timeline; behind it only names are joined.
      const last = one.texts.findLast((text) => text.endsWith("36-id")) ?? "none";
      await expect
        .poll(() => page(desk?.says ?? ""), { timeout: 60_000, interval: 250 })
        .toContain(last);
      // What the desk promises of itself comes a moment later, and is shown by its name as well.
      await expect
        .poll(() => page(desk?.says ?? ""), { timeout: 60_000, interval: 250 })
        .toMatch(/recovery-promise\/[^"]+"/);
      expect((await page(desk?.says ?? "")).match(/~[\w-]{22}/g)).toBeNull();
      expect(foundIn(bytesBelow(fleet.broker.dir) + bytesBelow(fleet.dir))).toEqual([]);
      expect(foundIn(started.map((service) => service.said()).join())).toEqual([]);

      const erased = await runTroth([
        ...["erase", customer, "--brokers", fleet.broker.addresses.join(","), "--dev", ...keys],
      ]);
      expect(erased, erased.err).toMatchObject({ code: 0 });
      // One more than was sent: what the desk promised of itself when the alert opened.
      expect(Number.parseInt(erased.out, 10)).toBeGreaterThanOrEqual(one.events.length);
      // Nobody is started again: whoever runs lets go of what the keys had opened.
      const sparrow = `/api/customers/${encodeURIComponent("customer:sp4rr0w-person")}`;
      await expect
        .poll(() => page(desk?.says ?? "").catch(() => "c4n4ry-3"), {
          timeout: 60_000,
          interval: 250,
        })
        .not.toContain("c4n4ry-3");
      await expect
        .poll(async () => (await ask((desk?.says ?? "").replace(/\/$/, "") + sparrow)).text, {
          timeout: 60_000,
          interval: 250,
        })
        .toContain("sp4rr0w-");
      expect(await page(desk?.says ?? "")).not.toContain("c4n4ry-3");
      const letGo = "keys were destroyed: what was opened with them is let go";
      for (const service of started) {
        await expect.poll(() => service.said(), { timeout: 30_000 }).toContain(letGo);
      }
      // What the source sends of them again is taken in, and nobody can read it.
      const late = { ...one.events[0], id: "after-erasure" };
      const door = intake?.says ?? "";
      const headers = { "content-type": "application/cloudevents-batch+json" };
      const taken = await ask(door, { method: "POST", headers, body: JSON.stringify([late]) });
      expect(taken.status).toBe(202);
      const erasedAgain = await runTroth([
        ...["erase", customer, "--brokers", fleet.broker.addresses.join(","), "--dev", ...keys],
      ]);
      expect(erasedAgain.code, "nothing of theirs can be read").toBe(1);
    });
  },
);
