import { parseLine } from "@troth/events";
import { openS3Store } from "@troth/runtime";
import { expect, onTestFinished, test, vi } from "vitest";
import { openFaultProxy } from "../support/fault-proxy.ts";
import { diagnosis } from "../support/fleet-diagnosis.ts";
import { houses } from "../support/houses.ts";
import { noKafka } from "../support/kafka.ts";
import { drained, metricOf, openFleet, until } from "../support/kafka-fleet.ts";
import { noMoto, startMoto } from "../support/moto.ts";
import { root } from "../support/source.ts";

const why = noKafka ?? noMoto;
const bucket = "waited-for";
const credentials = {
  AWS_ACCESS_KEY_ID: "key",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_REGION: "eu-west-1",
};

test.skipIf(why !== null)(
  `a lake whose store does not answer at the start waits, says so, and goes on${why === null ? "" : ` (skipped: ${why})`}`,
  async () => {
    const moto = await startMoto([bucket]);
    onTestFinished(moto.close);
    const proxy = await openFaultProxy(Number(new URL(moto.endpoint).port), 1);
    onTestFinished(proxy.close);
    proxy.share("down");
    const env = { ...credentials, AWS_ENDPOINT_URL_S3: proxy.endpoint };
    await using fleet = await openFleet({
      partitions: 2,
      clock: "events",
      policies: [`${root}infra/policy/default.yaml`],
      env,
      args: (service) => (service === "lake" ? ["--lake", `s3://${bucket}/lake`] : []),
    });
    const [lake] = await Promise.all([
      fleet.start("lake", 1),
      fleet.start("identity", 1),
      fleet.start("monitor", 1),
    ]);
    const facts = houses(7, 8, 60).flatMap((event) => {
      const fact = parseLine(JSON.stringify(event));
      return fact.ok ? [fact.value] : [];
    });
    await fleet.feed(facts);
    await drained(fleet, 60_000);
    const readyz = async () => (await fetch(`${lake?.health}/readyz`)).text();
    const waited = () => metricOf(lake?.health ?? "", 'troth_waits_seconds{for="store"}');
    await until("it says what it waits for", 60_000, async () => ((await waited()) ?? 0) > 5);
    expect(await readyz()).toContain("the lake's store");
    expect((await fetch(`${lake?.health}/readyz`)).status).toBe(503);
    expect((await fetch(`${lake?.health}/healthz`)).status).toBe(200);
    expect(lake?.said()).toMatch(/"waits".*|what it holds of partition/);
    proxy.share(0);
    await until("it is ready", 60_000, async () => (await readyz()).startsWith("ok")).catch(
      async (error) => {
        throw new Error(`${error}\n${await diagnosis(fleet)}`);
      },
    );
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    await until("tables are there", 60_000, async () => {
      const store = await openS3Store({ bucket, prefix: "lake/" });
      return (await store.list("")).some((key) => key.includes("p="));
    }).catch(async (error) => {
      throw new Error(`${error}\n${await diagnosis(fleet)}`);
    });
    await until("it waits no longer", 30_000, async () => (await waited()) === 0);
  },
  240_000,
);
