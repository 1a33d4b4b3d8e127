import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { systemClock } from "./adapters/clock.ts";
import { openFolderStore } from "./adapters/folder-store.ts";
import { systemHttp } from "./adapters/http.ts";
import { systemRng } from "./adapters/rng.ts";
import type { Http, HttpRequest } from "./ports.ts";
import { openSimulatedClock } from "./simulated/clock.ts";
import { openSimulatedHttp } from "./simulated/http.ts";
import { openSimulatedRng } from "./simulated/rng.ts";
import { openSimulatedStore } from "./simulated/store.ts";

const root = mkdtempSync(join(tmpdir(), "troth-ports-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each([
  ["the machine's", systemRng],
  ["the simulated", openSimulatedRng(7)],
])("chance (%s)", (_, rng) => {
  test("gives numbers in [0, 1) spread evenly, and well-formed distinct UUIDs", () => {
    const numbers = Array.from({ length: 20_000 }, () => rng.next());
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
    expect(mean).toBeGreaterThan(0.48);
    expect(mean).toBeLessThan(0.52);
    const uuids = new Set(Array.from({ length: 1_000 }, () => rng.uuid()));
    expect(uuids.size).toBe(1_000);
    for (const uuid of uuids)
      expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });
});

test("simulated chance repeats itself for a seed and differs between neighbouring seeds", () => {
  const first = (seed: number) => openSimulatedRng(seed).next();
  expect(first(42)).toBe(first(42));
  expect(new Set(Array.from({ length: 1_000 }, (_, seed) => first(seed))).size).toBe(1_000);
});

describe("time", () => {
  test("of the machine fires a timer once, not before its time, and not when cancelled", async () => {
    let fired = 0;
    const start = performance.now();
    const elapsed = await new Promise<number>((resolve) => {
      systemClock.setTimer(5, () => {
        fired += 1;
        resolve(performance.now() - start);
      });
      systemClock.setTimer(1, () => (fired += 100)).cancel();
      setTimeout(() => undefined, 50);
    });
    expect(elapsed).toBeGreaterThanOrEqual(4);
    expect(fired).toBe(1);
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
  });

  test("simulated fires timers in order of their moments, also those set on the way", () => {
    const clock = openSimulatedClock(1_000);
    const seen: [string, number][] = [];
    clock.setTimer(30, () => seen.push(["late", clock.now()]));
    clock.setTimer(10, () => {
      seen.push(["early", clock.now()]);
      clock.setTimer(5, () => seen.push(["chained", clock.now()]));
    });
    clock.setTimer(20, () => seen.push(["never", 0])).cancel();
    clock.advance(29);
    expect(clock.now()).toBe(1_029);
    clock.advance(1);
    expect(seen).toEqual([
      ["early", 1_010],
      ["chained", 1_015],
      ["late", 1_030],
    ]);
    clock.set(0);
    clock.advance(5);
    expect(clock.now()).toBe(5);
  });
});

describe.each([
  ["a folder", () => openFolderStore(join(root, "store"))],
  ["simulated", async () => openSimulatedStore()],
])("an object store (%s)", (_, open) => {
  test("stores a key once, gives it back, and lists by prefix in order", async () => {
    const store = await open();
    const bytes = Buffer.from([0, 1, 255]);
    expect(await store.putIfAbsent("lake/p=1/b", bytes)).toBe("created");
    expect(await store.putIfAbsent("lake/p=1/b", Buffer.from("other"))).toBe("exists");
    expect(await store.putIfAbsent("lake/p=1/a", bytes)).toBe("created");
    expect(await store.putIfAbsent("other", bytes)).toBe("created");
    expect(await store.get("lake/p=1/b")).toEqual(bytes);
    expect(await store.get("lake/p=2")).toBeNull();
    expect(await store.list("lake/")).toEqual(["lake/p=1/a", "lake/p=1/b"]);
    await store.remove("lake/p=1/a");
    await store.remove("lake/p=1/a");
    expect(await store.list("lake/")).toEqual(["lake/p=1/b"]);
    expect(await store.get("lake/p=1/a")).toBeNull();
    expect(await store.putIfAbsent("lake/p=1/a", Buffer.from("again"))).toBe("created");
  });

  test("lets one of many writers win", async () => {
    const store = await open();
    const puts = Array.from({ length: 10 }, (_, n) => store.putIfAbsent("race", Buffer.from([n])));
    const outcomes = await Promise.all(puts);
    expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
  });
});

test("a folder used as a store refuses keys that leave it or hide in it", async () => {
  const store = await openFolderStore(join(root, "guarded"));
  for (const key of ["../x", "/etc/x", "a//b", "a/../b", "", ".hidden", "a/.put-1", "a\0b"])
    await expect(store.putIfAbsent(key, Buffer.alloc(1)), key).rejects.toMatchObject({
      code: "io",
    });
});

describe("the world outside", () => {
  const server = createServer((request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "/" }).end();
    else if (request.url === "/large") response.end(Buffer.alloc(5_000));
    else if (request.url !== "/slow")
      request.pipe(response.writeHead(418, { "x-seen": request.headers["x-give"] ?? "" }));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? `http://127.0.0.1:${bound.port}` : "");
    });
  });
  const simulated = openSimulatedHttp((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/slow") return "never";
    if (pathname === "/gone") return "refused";
    if (pathname === "/moved") return { status: 302, headers: {}, body: Buffer.alloc(0) };
    if (pathname === "/large") return { status: 200, headers: {}, body: Buffer.alloc(5_000) };
    const headers = { "x-seen": request.headers?.["x-give"] ?? "" };
    return { status: 418, headers, body: Buffer.from(request.body ?? "") };
  });
  const worlds: readonly (readonly [string, Http])[] = [
    ["the network", systemHttp],
    ["the simulated", simulated],
  ];

  test.each(worlds)("through %s answers, and fails by name", async (_, http) => {
    const origin = await address;
    const request = (path: string): HttpRequest => ({
      method: "POST",
      url: path === "/gone" ? "http://127.0.0.1:1/gone" : `${origin}${path}`,
      headers: { "x-give": "back" },
      body: "ping",
      timeoutMs: path === "/slow" ? 150 : 30_000,
      answerBytesMax: 1_000,
    });
    const answer = await http.send(request("/"));
    expect([answer.status, answer.headers["x-seen"], answer.body.toString()]).toEqual([
      418,
      "back",
      "ping",
    ]);
    expect((await http.send(request("/moved"))).status).toBe(302);
    await expect(http.send(request("/large"))).rejects.toMatchObject({ code: "too-large" });
    await expect(http.send(request("/slow"))).rejects.toMatchObject({ code: "timeout" });
  });

  test("a refused connection is unreachable and may be tried again; the path is not told", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => closed.once("listening", resolve));
    const bound = closed.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    await new Promise((resolve) => closed.close(resolve));
    const sending = systemHttp.send({
      method: "GET",
      url: `http://127.0.0.1:${port}/customer-42?token=s3cret`,
      timeoutMs: 30_000,
      answerBytesMax: 10,
    });
    await expect(sending).rejects.toMatchObject({ code: "unreachable", retryable: true });
    await expect(sending).rejects.not.toThrow(/s3cret|customer-42/);
  });
});

test("a byte stream gives a file's bytes and names a missing file", async () => {
  const { readByteStream } = await import("./adapters/byte-stream.ts");
  const path = join(root, "bytes");
  writeFileSync(path, Buffer.alloc(600_000, 7));
  let size = 0;
  for await (const piece of readByteStream(path)) size += piece.length;
  expect(size).toBe(600_000);
  await expect(readByteStream(join(root, "none")).next()).rejects.toMatchObject({
    code: "no-such-file",
  });
});
