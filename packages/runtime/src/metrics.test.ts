import { afterEach, describe, expect, test } from "vitest";
import { type HealthServer, openHealthServer } from "./adapters/health-server.ts";
import { openMetrics } from "./metrics.ts";

const seriesOf = (exposed: string): readonly string[] =>
  exposed
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.slice(0, line.lastIndexOf(" ")));

describe("metrics", () => {
  const labels = { reason: ["not-json", "too-large", "other"] } as const;

  test("show every series from the start, and count", async () => {
    const metrics = openMetrics({ process: false });
    const counter = metrics.counter({ name: "set_aside_total", help: "h", labels });
    expect(seriesOf(await metrics.expose())).toHaveLength(3);
    counter.add({ reason: "too-large" }, 2);
    expect(await metrics.expose()).toContain('set_aside_total{reason="too-large"} 2');
  });

  test("get no new series from a hostile value", async () => {
    const metrics = openMetrics({ process: false });
    const counter = metrics.counter({ name: "c_total", help: "h", labels });
    const before = seriesOf(await metrics.expose());
    const hostile: string = 'x"} 1\ncustomer_42';
    const typed: { reason: "other" } = JSON.parse(JSON.stringify({ reason: hostile }));
    counter.add(typed);
    expect(seriesOf(await metrics.expose())).toEqual(before);
    expect(await metrics.expose()).toContain('c_total{reason="other"} 1');
  });

  test("show only the combinations that can occur, the last for whatever else is said", async () => {
    const metrics = openMetrics({ process: false });
    const many = Array.from({ length: 30 }, (_, n) => `v${n}`);
    const rows = [
      { a: "v0", b: "v1" },
      { a: "v2", b: "v3" },
    ];
    const counter = metrics.counter({
      name: "c_total",
      help: "h",
      labels: { a: many, b: many },
      rows,
    });
    counter.add({ a: "v0", b: "v1" });
    counter.add({ a: "v0", b: "v3" });
    counter.add({ a: "hostile", b: "v1" });
    const exposed = await metrics.expose();
    expect(seriesOf(exposed)).toEqual(['c_total{a="v0",b="v1"}', 'c_total{a="v2",b="v3"}']);
    expect(exposed).toContain('c_total{a="v2",b="v3"} 2');
  });

  test("refuse labels that would explode", () => {
    const many = Array.from({ length: 30 }, (_, n) => `v${n}`);
    const metrics = openMetrics({ process: false });
    const spec = { name: "wide", help: "h", labels: { a: many, b: many } };
    expect(() => metrics.gauge(spec)).toThrow("900 series");
  });
});

describe("the health server", () => {
  let server: HealthServer | null = null;
  afterEach(() => server?.close());

  test("says what is wrong, exposes metrics and refuses everything else", async () => {
    let wrong: string | null = "replaying, 40 %";
    const metrics = openMetrics({ process: true });
    metrics.gauge({ name: "lag_seconds", help: "h", labels: {} }).set({}, 7);
    server = await openHealthServer({ port: 0, metrics, live: () => null, ready: () => wrong });
    const at = (path: string, method = "GET") =>
      fetch(`http://127.0.0.1:${server?.port}${path}`, { method });
    expect((await at("/healthz")).status).toBe(200);
    const notReady = await at("/readyz");
    expect([notReady.status, await notReady.text()]).toEqual([503, "replaying, 40 %\n"]);
    wrong = null;
    expect((await at("/readyz?probe=1")).status).toBe(200);
    const exposed = await at("/metrics");
    expect(exposed.headers.get("content-type")).toContain("text/plain");
    expect(await exposed.text()).toMatch(/^lag_seconds 7$/m);
    expect((await at("/")).status).toBe(404);
    expect((await at("/metrics", "POST")).status).toBe(405);
  });

  test("names a port that is taken", async () => {
    const metrics = openMetrics({ process: false });
    const options = { port: 0, metrics, live: () => null, ready: () => null };
    server = await openHealthServer(options);
    await expect(openHealthServer({ ...options, port: server.port })).rejects.toThrow("EADDRINUSE");
  });
});
