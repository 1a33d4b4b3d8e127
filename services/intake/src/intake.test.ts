import { createHash } from "node:crypto";
import { connect } from "node:net";
import { parseEvent, parseLine } from "@troth/events";
import { LogError, openMemoryLog } from "@troth/log";
import { openSimulatedClock } from "@troth/runtime";
import { afterEach, describe, expect, test } from "vitest";
import { type Intake, type IntakeOptions, openIntake } from "./intake.ts";
import { appendTo } from "./to-logs.ts";

const genesis = "7d1f2a60-54a1-4d8e-9b1c-0f9a4b7f3c21";
const now = Date.parse("2024-03-01T12:00:00Z");
let open: Intake | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

async function start(options: Partial<IntakeOptions> = {}) {
  const facts = openMemoryLog({ genesis });
  const setAside = openMemoryLog({ genesis });
  const told: string[] = [];
  const encode = (fact: unknown) => Buffer.from(JSON.stringify(fact));
  const intake = await openIntake({
    parse: { line: parseLine, event: parseEvent },
    append: appendTo({ facts, setAside, encode }),
    clock: openSimulatedClock(now),
    port: 0,
    tell: {
      admitted: (count, reasons) => told.push(`admitted ${count} ${reasons.join(",")}`),
      answered: (status) => told.push(`answered ${status}`),
      turnedAway: (why) => told.push(`turned away ${why}`),
      failed: (error) => told.push(`failed ${String(error)}`),
    },
    ...options,
  });
  open = intake;
  const origin = `http://127.0.0.1:${intake.port}`;
  const post = async (body: string | Buffer, type: string | null, headers = {}) => {
    const answer = await fetch(`${origin}/v1/events`, {
      method: "POST",
      headers: type === null ? headers : { "content-type": type, ...headers },
      body,
    });
    const json: Record<string, unknown> = JSON.parse(await answer.text());
    return { status: answer.status, headers: answer.headers, json };
  };
  const stored = async (log: typeof facts) => {
    const items: Record<string, unknown>[] = [];
    const stamps: number[] = [];
    for await (const { bytes, stamp } of log.read(0)) {
      items.push(JSON.parse(bytes.toString()));
      stamps.push(stamp);
    }
    return { items, stamps };
  };
  return {
    intake,
    origin,
    post,
    told,
    facts: () => stored(facts),
    setAside: () => stored(setAside),
  };
}

const single = "application/cloudevents+json";
const batch = "application/cloudevents-batch+json";
const lines = "application/x-ndjson";

const event = (id: string, more: Record<string, unknown> = {}) => ({
  specversion: "1.0",
  type: "org.troth.delivery.status.v1",
  id,
  source: "urn:shop",
  time: "2024-03-01T10:00:00Z",
  subject: "customer:42",
  data: { orderNumber: "A-1", deliveryStatus: "InTransit" },
  ...more,
});

describe("the door", () => {
  test("takes one event, stores it and only then says so", async () => {
    let release = () => {};
    const durable = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { post, told } = await start({ append: () => durable });
    const answer = post(JSON.stringify(event("1")), single);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual([]);
    release();
    expect(await answer).toMatchObject({
      status: 202,
      json: { accepted: 1, setAsideTotal: 0, setAside: [] },
    });
    expect(told).toEqual(["admitted 1 ", "answered 202"]);
  });

  test("records now what does not say when it was recorded, also as null or inside the data", async () => {
    const door = await start();
    const inData = { orderNumber: "A-1", deliveryStatus: "InTransit", recordedtime: "x" };
    const events = [
      event("1"),
      event("2", { recordedtime: null }),
      event("3", { data: inData }),
      event("4", { recordedtime: "2024-03-01T11:00:00Z" }),
      event("5", { recordedtime: "2024-03-01T10:00:00Z" }),
      event("6", { recordedtime: "2024-03-01T12:05:00Z" }),
    ];
    const body = events.map((each) => JSON.stringify(each)).join("\n");
    expect((await door.post(body, lines)).json).toMatchObject({ accepted: 6 });
    const { items, stamps } = await door.facts();
    const hour = 3_600_000;
    expect(items.map((fact) => fact["recordedTime"])).toEqual([
      now,
      now,
      now,
      now - hour,
      now - 2 * hour,
      now + 300_000,
    ]);
    expect(new Set(stamps)).toEqual(new Set([now + 300_000]));
  });

  test("sets aside what says it will be recorded later than clocks can be off", async () => {
    const door = await start();
    const late = event("1", { recordedtime: "2024-03-01T12:05:00.001Z" });
    const { status, json } = await door.post(JSON.stringify(late), single);
    expect(status).toBe(400);
    expect(json["setAside"]).toMatchObject([
      { line: 1, reason: "bad-time", field: "recordedtime" },
    ]);
  });

  test("takes the good of a batch, and keeps the rest as it came, each with its reason", async () => {
    const door = await start();
    const bad = '{"specversion":"1.0", oops}';
    const body = `[${JSON.stringify(event("1"))}, ${bad} ,${JSON.stringify(event("2"))}, 7]`;
    const { status, json } = await door.post(body, `${batch}; charset=UTF-8`);
    expect(status).toBe(202);
    expect(json).toMatchObject({
      accepted: 2,
      setAsideTotal: 2,
      setAside: [
        { line: 2, reason: "not-json" },
        { line: 4, reason: "not-an-event" },
      ],
    });
    expect((await door.facts()).items.map((fact) => fact["id"])).toEqual(["1", "2"]);
    const { items } = await door.setAside();
    expect(items[0]).toMatchObject({
      at: now,
      origin: "http",
      line: 2,
      reason: "not-json",
      size: bad.length,
      sha256: createHash("sha256").update(bad).digest("hex"),
      raw: Buffer.from(bad).toString("base64"),
    });
    expect(door.told).toEqual(["admitted 2 not-json,not-an-event", "answered 202"]);
  });

  test("loses nothing else over a line that is not UTF-8, or too large", async () => {
    const door = await start();
    const large = JSON.stringify(event("2", { pad: "x".repeat(300_000) }));
    const body = Buffer.concat([
      Buffer.from(`${JSON.stringify(event("1"))}\r\n`),
      Buffer.from([0xff, 0xfe, 10]),
      Buffer.from(`${large}\n\n${JSON.stringify(event("3"))}`),
    ]);
    const { json } = await door.post(body, lines);
    expect(json).toMatchObject({
      accepted: 2,
      setAside: [
        { line: 2, reason: "not-utf8" },
        { line: 3, reason: "too-large" },
      ],
    });
    const kept = (await door.setAside()).items[1];
    expect(kept).toMatchObject({ size: large.length });
    expect(Buffer.from(String(kept?.["raw"]), "base64")).toHaveLength(256 * 1024);
  });

  test("says 400 when nothing was acceptable, as a problem with every reason", async () => {
    const door = await start();
    for (const [body, type, reasons] of [
      ["{", single, ["not-json"]],
      ["{}", batch, ["not-an-event"]],
      ["[1,2]", batch, ["not-an-event", "not-an-event"]],
      ["", lines, []],
      ["[]", batch, []],
    ] as const) {
      const { status, headers, json } = await door.post(body, type);
      expect([body, status]).toEqual([body, 400]);
      expect(headers.get("content-type")).toContain("application/problem+json");
      const told = json["setAside"];
      if (body !== "") expect(told).toMatchObject(reasons.map((reason) => ({ reason })));
      expect(json).toMatchObject({ status: 400, title: expect.any(String) });
    }
    expect((await door.setAside()).items).toHaveLength(4);
    expect((await door.facts()).items).toHaveLength(0);
  });

  test("lists only so many of those set aside, but tells how many there were", async () => {
    const door = await start({ limits: { setAsideListedMax: 3 } });
    const { json } = await door.post("x\n".repeat(1_000), lines);
    expect(json["setAside"]).toHaveLength(3);
    expect(json["setAsideTotal"]).toBe(1_000);
    expect((await door.setAside()).items).toHaveLength(1_000);
  });

  test("gives other requests their turn while it reads a long body", async () => {
    let inThisTurn = 0;
    let most = 0;
    const line = (text: string) => {
      if (inThisTurn === 0) {
        setImmediate(() => {
          inThisTurn = 0;
        });
      }
      inThisTurn += 1;
      most = Math.max(most, inThisTurn);
      return parseLine(text);
    };
    const door = await start({ parse: { line, event: parseEvent } });
    const recordedtime = "2024-03-01T11:00:00Z";
    const events = Array.from({ length: 5_000 }, (_, n) => event(`${n}`, { recordedtime }));
    const body = events.map((each) => JSON.stringify(each)).join("\n");
    expect((await door.post(body, lines)).json).toMatchObject({ accepted: 5_000 });
    expect(most).toBeGreaterThan(100);
    expect(most).toBeLessThanOrEqual(500);
  });

  test("names a content type, encoding, path, method or size that is not right", async () => {
    const door = await start({ limits: { batchBytesMax: 300_000 } });
    const good = JSON.stringify(event("1"));
    expect((await door.post(good, "application/json")).status).toBe(415);
    expect((await door.post(Buffer.from(good), null)).status).toBe(415);
    expect((await door.post(good, `${single}; charset=latin1`)).status).toBe(415);
    expect((await door.post(good, single, { "content-encoding": "gzip" })).status).toBe(415);
    expect((await door.post("x".repeat(256 * 1024 + 1), single)).status).toBe(413);
    expect((await door.post("x".repeat(300_001), lines)).status).toBe(413);
    const get = await fetch(`${door.origin}/v1/events`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await fetch(`${door.origin}/`)).status).toBe(404);
    expect(get.headers.get("content-type")).toContain("application/problem+json");
    expect(get.headers.get("x-content-type-options")).toBe("nosniff");
    expect(door.intake.pendingBytes()).toBe(0);
  });

  test("is closed to web pages: the preflight they need is not granted", async () => {
    const door = await start();
    const answer = await fetch(`${door.origin}/v1/events`, {
      method: "OPTIONS",
      headers: {
        origin: "https://evil.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("the door under pressure", () => {
  test("turns requests away while too much waits, and takes them again after", async () => {
    let release = () => {};
    const durable = new Promise<void>((resolve) => {
      release = resolve;
    });
    const limits = { pendingBytesMax: 1_000 };
    const door = await start({ append: () => durable, limits });
    const body = JSON.stringify(event("1", { pad: "x".repeat(400) }));
    const first = door.post(body, single);
    await expect.poll(() => door.intake.pendingBytes()).toBe(body.length);
    const second = await door.post(body, single);
    expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
    release();
    expect((await first).status).toBe(202);
    await expect.poll(() => door.intake.pendingBytes()).toBe(0);
    expect((await door.post(body, single)).status).toBe(202);
    expect(door.told).toContain("turned away too-busy");
  });

  test.each([
    ["disk-full", "disk-full", "5"],
    ["overloaded", "too-busy", "1"],
    ["failed", "log-failed", "5"],
  ] as const)("acknowledges nothing when the log says %s", async (code, told, after) => {
    const append = () => Promise.reject(new LogError(code, "simulated"));
    const door = await start({ append });
    const { status, headers, json } = await door.post(JSON.stringify(event("1")), single);
    expect([status, headers.get("retry-after")]).toEqual([503, after]);
    expect(JSON.stringify(json)).not.toContain("simulated");
    expect(door.told).toContain(`turned away ${told}`);
    expect(door.told.some((each) => each.startsWith("admitted"))).toBe(false);
  });

  test("cuts off who sends slowly, head or body", async () => {
    const door = await start({ limits: { requestMsMax: 400 } });
    const slow = (first: string) =>
      new Promise<string>((resolve) => {
        let answer = "";
        const socket = connect(door.intake.port, "127.0.0.1", () => socket.write(first));
        const drip = setInterval(() => socket.write("x"), 50);
        socket.on("data", (piece) => {
          answer += piece.toString();
        });
        socket.on("error", () => undefined);
        socket.on("close", () => {
          clearInterval(drip);
          resolve(answer);
        });
      });
    const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: ${lines}\r\n`;
    const answers = await Promise.all([slow(head), slow(`${head}content-length: 100000\r\n\r\n`)]);
    for (const answer of answers) expect(answer).toMatch(/^(HTTP\/1\.1 408|$)/);
    await expect.poll(() => door.intake.pendingBytes()).toBe(0);
  });

  test("gives back the room of who hangs up", async () => {
    const door = await start();
    const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: ${lines}\r\n`;
    const socket = connect(door.intake.port, "127.0.0.1", () =>
      socket.write(`${head}content-length: 100000\r\n\r\nx`),
    );
    await expect.poll(() => door.intake.pendingBytes()).toBe(100_000);
    socket.destroy();
    await expect.poll(() => door.intake.pendingBytes()).toBe(0);
  });

  test("told to stop, answers what is under way and takes no more", async () => {
    let release = () => {};
    const durable = new Promise<void>((resolve) => {
      release = resolve;
    });
    const door = await start({ append: () => durable });
    const under = door.post(JSON.stringify(event("1")), single);
    await expect.poll(() => door.intake.pendingBytes()).toBeGreaterThan(0);
    const closed = door.intake.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(door.post(JSON.stringify(event("2")), single)).rejects.toThrow();
    release();
    const { status, headers } = await under;
    // A connection kept alive would hold the door open until it idles out.
    expect([status, headers.get("connection")]).toEqual([202, "close"]);
    await closed;
    open = null;
  });

  test("told to stop, waits for a stuck request only so long", async () => {
    const clock = openSimulatedClock(now);
    const door = await start({ clock, append: () => new Promise(() => undefined) });
    const stuck = door.post(JSON.stringify(event("1")), single).catch(() => "cut off");
    await expect.poll(() => door.intake.pendingBytes()).toBeGreaterThan(0);
    const closed = door.intake.close();
    clock.advance(4_000);
    await closed;
    expect(await stuck).toBe("cut off");
    open = null;
  });
});
