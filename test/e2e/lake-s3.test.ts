import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFact } from "@troth/events";
import { openLake, verify } from "@troth/lake";
import { openMemoryLog } from "@troth/log";
import { openFolderStore, openS3Store, type S3Store, systemClock } from "@troth/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tick } from "../../services/troth/src/embedded/judge.ts";
import { lakeReader } from "../../services/troth/src/embedded/lake-reader.ts";
import { syntheticDay } from "../../services/troth/src/story/synthetic-day.ts";
import { type FaultProxy, openFaultProxy, proxyFaults } from "../support/fault-proxy.ts";
import { judgedDay } from "../support/judged-day.ts";
import { type Moto, noMoto, startMoto } from "../support/moto.ts";
import { noS3, startS3, type TestS3 } from "../support/s3.ts";
import { freePort, gone, runTroth, startTroth, up } from "../support/troth.ts";

/** How long the store is at fault; `pnpm test:lake-faults` takes ten minutes. */
const faultSeconds = Number(process.env["TROTH_FAULT_SECONDS"] ?? "6");
const genesis = "7a1e0001-0000-4000-8000-000000000002";
const dir = mkdtempSync(join(tmpdir(), "troth-lake-s3-"));
const restore = { ...process.env };

/** The usual environment of an S3 client, here and in the commands that are run. */
const useStore = (endpoint: string, id = "test", secret = "test"): void => {
  process.env["AWS_ENDPOINT_URL"] = endpoint;
  process.env["AWS_REGION"] = "us-east-1";
  process.env["AWS_ACCESS_KEY_ID"] = id;
  process.env["AWS_SECRET_ACCESS_KEY"] = secret;
};

afterAll(() => {
  process.env = restore;
  rmSync(dir, { recursive: true, force: true });
});

async function contents(store: Awaited<ReturnType<typeof openFolderStore>>) {
  const found = new Map<string, string>();
  for (const key of await store.list("")) {
    if (key.startsWith("_probe/")) continue;
    found.set(key, (await store.get(key))?.toString("base64") ?? "");
  }
  return found;
}

async function holdsToThePort(store: S3Store): Promise<void> {
  const bytes = Buffer.from([0, 1, 255]);
  expect(await store.putIfAbsent("lake/p=1/b", bytes)).toBe("created");
  expect(await store.putIfAbsent("lake/p=1/b", Buffer.from("other"))).toBe("exists");
  expect(await store.putIfAbsent("lake/p=1/a", bytes)).toBe("created");
  expect(await store.get("lake/p=1/b")).toEqual(bytes);
  expect(await store.get("lake/p=2")).toBeNull();
  expect(await store.list("lake/")).toEqual(["lake/p=1/a", "lake/p=1/b"]);
  const race = Array.from({ length: 10 }, (_, n) => store.putIfAbsent("race", Buffer.from([n])));
  const outcomes = await Promise.all(race);
  expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
  await store.remove("lake/p=1/a");
  await store.remove("lake/p=1/a");
  expect(await store.list("lake/")).toEqual(["lake/p=1/b"]);
  expect(await store.get("lake/p=1/a")).toBeNull();
}

describe.skipIf(noS3 !== null)(
  `versitygw as the store${noS3 === null ? "" : ` (${noS3})`}`,
  { timeout: 240_000 },
  () => {
    const servers: TestS3[] = [];
    afterAll(async () => {
      for (const server of servers) await server.close();
    });
    const start = async (obeysConditions: boolean): Promise<TestS3> => {
      const server = await startS3({ buckets: ["lake"], obeysConditions });
      servers.push(server);
      useStore(server.endpoint, server.accessKey, server.secretKey);
      return server;
    };

    test("holds to the port of object stores", async () => {
      await start(true);
      await holdsToThePort(await openS3Store({ bucket: "lake", prefix: "troth/" }));
    });

    test("is refused at start where it overwrites what it was told to create only", async () => {
      await start(false);
      const store = await openS3Store({ bucket: "lake", prefix: "troth/" });
      await expect(store.probe()).rejects.toMatchObject({ code: "io", retryable: false });
      await expect(store.putIfAbsent("a", Buffer.from("a"))).rejects.toThrow("If-None-Match");
      expect(await store.get("a")).toBeNull();
      const place = ["--lake", "s3://lake/other"];
      const started = await runTroth(["start", "--no-demo", "--data", join(dir, "bad"), ...place]);
      expect(started).toMatchObject({ code: 3, err: expect.stringContaining("If-None-Match: *") });
      const replayed = await runTroth(["replay", "-", "--out", join(dir, "bad-out"), ...place]);
      expect(replayed).toMatchObject({ code: 3, err: expect.stringContaining("If-None-Match: *") });
    });
  },
);

describe.skipIf(noMoto !== null)(
  `moto as the store${noMoto === null ? "" : ` (${noMoto})`}`,
  { timeout: 240_000 },
  () => {
    let moto: Moto;
    let proxy: FaultProxy;
    beforeAll(async () => {
      moto = await startMoto(["lake"]);
      proxy = await openFaultProxy(Number(new URL(moto.endpoint).port), 4711);
      useStore(moto.endpoint);
    });
    afterAll(async () => {
      await proxy.close();
      await moto.close();
    });

    test("holds to the port of object stores", async () => {
      await holdsToThePort(await openS3Store({ bucket: "lake", prefix: "port/" }));
    });

    test("says what is missing where there is no such bucket or no right to it", async () => {
      const store = await openS3Store({ bucket: "not-there", prefix: "" });
      await expect(store.probe()).rejects.toMatchObject({ code: "io", retryable: false });
      const verified = await runTroth(["verify", "s3://not-there/x"]);
      expect(verified).toMatchObject({ code: 3, err: expect.stringContaining("NoSuchBucket") });
      expect((await runTroth(["verify", "s3://Not_A_Bucket"])).code).toBe(3);
    });

    test("takes the lake of a replay byte for byte as a folder does, and verify reads it there", async () => {
      const events = join(dir, "day.jsonl");
      const day = [...syntheticDay({ seed: 3, endsAt: Date.UTC(2026, 2, 3, 18), customers: 30 })];
      writeFileSync(events, day.map((event) => `${JSON.stringify(event)}\n`).join(""));
      const places = [join(dir, "folder"), "s3://lake/day", "s3://lake/day"];
      for (const [n, place] of places.entries()) {
        const ran = await runTroth([
          "replay",
          events,
          "--out",
          join(dir, `o${n}`),
          "--lake",
          place,
        ]);
        expect(ran.code, ran.err).toBe(0);
      }
      const held = await openS3Store({ bucket: "lake", prefix: "day/" });
      const folder = await contents(await openFolderStore(join(dir, "folder")));
      expect(await contents(held)).toEqual(folder);
      const verified = await runTroth(["verify", "s3://lake/day/", "--json"]);
      expect(verified.code, verified.err).toBe(0);
      expect(JSON.parse(verified.out)).toMatchObject({ findings: [], facts: day.length + 1 });
      await held.putIfAbsent(
        "alerts/date=2026-03-01/kind=alert/p=0/foreign.parquet",
        Buffer.from("x"),
      );
      const damaged = await runTroth(["verify", "s3://lake/day"]);
      expect(damaged.code).toBe(1);
      expect(damaged.out).toContain("unclaimed-object");
    });

    test(
      "loses and doubles nothing while it fails in seven ways, and is the same lake in the end",
      async () => {
        const { facts, outputs } = await judgedDay(60);
        const log = openMemoryLog({ genesis });
        for (const { fact, stamp } of facts) {
          await log.append([fact === null ? tick : { bytes: encodeFact(fact) }], stamp);
        }
        const closing = { records: Math.max(60, Math.floor(30_000 / faultSeconds)) };
        const whole = await openFolderStore(join(dir, "whole"));
        const stop = new AbortController();
        let failed = 0;
        const counted = (): void => {
          failed += 1;
        };
        const write = async (store: typeof whole, pauseMs: number): Promise<number> => {
          let reached = -1;
          const read = lakeReader(
            {
              lake: { store, genesis, begin: "resume", closing },
              facts: log,
              reached: (offset) => {
                reached = offset;
              },
            },
            { clock: systemClock, stop: stop.signal, failed: counted },
          );
          for (const [n, output] of outputs.entries()) {
            await read(output);
            if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
          }
          return reached;
        };
        const reached = await write(whole, 0);
        useStore(proxy.endpoint);
        proxy.share(0.4);
        const pauses = outputs.length / 100;
        const spoiled = await openS3Store({ bucket: "lake", prefix: "faults/" });
        expect(await write(spoiled, (faultSeconds * 1_000) / pauses)).toBe(reached);
        proxy.share(0);
        useStore(moto.endpoint);
        const store = await openS3Store({ bucket: "lake", prefix: "faults/" });
        expect(await contents(store)).toEqual(await contents(whole));
        expect((await verify(store, { genesis })).findings).toEqual([]);
        expect([...proxy.met.keys()].sort()).toEqual([...proxyFaults].sort());
        const met = [...proxy.met].map(([fault, n]) => `${fault} ${n}`).join(", ");
        process.stdout.write(
          `faults met: ${met}; ${failed} attempts failed beyond the client's own\n`,
        );
        // A second writer goes on where this one ended, whoever that is.
        const again = await openLake({ store, genesis, begin: "resume", closing });
        expect(again.reached()).toBe(reached);
      },
      120_000 + 2_000 * faultSeconds,
    );

    test("that does not answer keeps nobody waiting: the past is judged, and the lake comes after", async () => {
      proxy.share("down");
      useStore(proxy.endpoint);
      const events = join(dir, "busy-day.jsonl");
      const endsAt = Date.UTC(2026, 2, 3, 18);
      const day = [...syntheticDay({ seed: 3, endsAt, customers: 300 })];
      writeFileSync(events, day.map((event) => `${JSON.stringify(event)}\n`).join(""));
      const port = await freePort();
      const child = startTroth(join(dir, "data"), port, [
        "--events",
        events,
        "--lake",
        "s3://lake/live",
      ]);
      let said = "";
      child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
      try {
        await up(child);
        await until(() => said.includes("Everything in the log is judged"), 60_000);
        await until(() => said.includes("the lake waits for its store"), 60_000);
        const metrics = async () => (await fetch(`http://127.0.0.1:${port + 2}/metrics`)).text();
        const reached = async () =>
          Number(/^troth_lake_position (-?\d+)$/m.exec(await metrics())?.[1] ?? "-1");
        expect(await reached()).toBeLessThan(1);
        useStore(moto.endpoint);
        const store = await openS3Store({ bucket: "lake", prefix: "live/" });
        expect(await store.list("_manifest/")).toEqual([]);
        proxy.share(0);
        await until(async () => (await store.list("_manifest/")).length > 0, 60_000);
        await until(async () => (await reached()) > 1, 20_000);
        // While the writer is at it, objects are there whose manifest is not yet.
        await until(async () => (await verify(store)).findings.length === 0, 30_000);
      } finally {
        child.kill("SIGTERM");
        await gone(child);
      }
    });
  },
);

async function until(met: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await met())) {
    if (Date.now() > end) throw new Error(`it did not come about within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
