import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { parseEvent, parseLine } from "../../packages/events/src/index.ts";
import { type FileLog, openFileLog } from "../../packages/log/src/index.ts";
import { systemClock, systemDisk, systemRng } from "../../packages/runtime/src/index.ts";
import { appendTo, openIntake, splitFileLines } from "../../services/intake/src/index.ts";

/**
 * What the log and the door manage on this machine, on a real disk with a real sync:
 * `node --conditions=@troth/source --import tsx test/bench/door.ts [FOLDER]`
 */
const root = mkdtempSync(join(process.argv[2] ?? process.cwd(), ".troth-bench-"));
const say = (what: string, figure: string): void => {
  process.stdout.write(`${what.padEnd(64)} ${figure}\n`);
};

async function timed(what: string, count: number, unit: string, work: () => Promise<void>) {
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(before);
  const perCpuSecond = Math.round(count / ((user + system) / 1e6)).toLocaleString("en");
  const perSecond = Math.round(count / seconds).toLocaleString("en");
  say(what, `${perSecond} ${unit}/s, ${perCpuSecond} per second of processor`);
}

let logs = 0;
const freshLog = (): Promise<FileLog> =>
  openFileLog(join(root, `log${logs++}`), systemDisk, { newGenesis: systemRng.uuid() });

const record = { bytes: Buffer.alloc(300, "x") };

async function benchAppends(writers: number, perAppend: number, appends: number): Promise<void> {
  const log = await freshLog();
  const latencies: number[] = [];
  const writer = async (): Promise<void> => {
    for (let n = 0; n < appends / writers; n++) {
      const start = performance.now();
      await log.append(
        Array.from({ length: perAppend }, () => record),
        n,
      );
      latencies.push(performance.now() - start);
    }
  };
  const name = `append, ${writers} writers, ${perAppend} records of 300 B each`;
  await timed(name, appends * perAppend, "records", async () => {
    await Promise.all(Array.from({ length: writers }, writer));
  });
  latencies.sort((a, b) => a - b);
  const at = (share: number): string =>
    (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2);
  say("  latency to durable", `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  await log.close();
}

async function benchReading(): Promise<void> {
  const log = await freshLog();
  const total = 1_000_000;
  for (let n = 0; n < total / 1_000; n++)
    await log.append(
      Array.from({ length: 1_000 }, () => record),
      n,
    );
  await timed("read in batches, checksums verified", total, "records", async () => {
    for await (const _ of log.readBatches(0));
  });
  await timed("read one at a time", total, "records", async () => {
    for await (const _ of log.read(0));
  });
  await log.close();
}

const line = (n: number): string =>
  JSON.stringify({
    specversion: "1.0",
    type: "org.troth.delivery.status.v1",
    id: `event-${n}`,
    source: "urn:shop:carrier",
    time: "2024-03-01T10:00:00Z",
    recordedtime: "2024-03-01T10:00:05Z",
    subject: `order:${n % 1_000}`,
    data: {
      orderNumber: `A-${n % 1_000}`,
      deliveryStatus: "InTransit",
      expectedArrivalUntil: "2024-03-05T20:00:00Z",
      carrier: "north",
    },
  });

/** Node's own client: fetch costs more than the door it would measure. */
const post = (port: number, agent: Agent, body: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/x-ndjson",
      "content-length": Buffer.byteLength(body),
    };
    const options = { port, host: "127.0.0.1", path: "/v1/events", method: "POST", agent, headers };
    const sending = request(options, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode ?? 0));
    });
    sending.once("error", reject);
    sending.end(body);
  });

async function benchDoor(perRequest: number, requests: number, clients: number): Promise<void> {
  const facts = await freshLog();
  const setAside = await freshLog();
  const intake = await openIntake({
    parse: { line: parseLine, event: parseEvent },
    append: appendTo({ facts, setAside, encode: (fact) => Buffer.from(JSON.stringify(fact)) }),
    clock: systemClock,
    port: 0,
    tell: {
      admitted: () => undefined,
      answered: () => undefined,
      turnedAway: () => undefined,
      failed: () => undefined,
    },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const body = Array.from({ length: perRequest }, (_, n) => line(n)).join("\n");
  const client = async (): Promise<void> => {
    for (let n = 0; n < requests / clients; n++) {
      const status = await post(intake.port, agent, body);
      if (status !== 202) throw new Error(`answered ${status}`);
    }
  };
  const name = `POST, ${perRequest} events a request, ${clients} clients, durable`;
  await timed(name, requests * perRequest, "events", async () => {
    await Promise.all(Array.from({ length: clients }, client));
  });
  agent.destroy();
  await intake.close();
  await facts.close();
  await setAside.close();
}

async function benchLines(): Promise<void> {
  const total = 1_000_000;
  const part = Buffer.from(`${Array.from({ length: 10_000 }, (_, n) => line(n)).join("\n")}\n`);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let n = 0; n < total / 10_000; n++)
      for (let at = 0; at < part.length; at += 256 * 1024) yield part.subarray(at, at + 256 * 1024);
  }
  await timed(
    `split into lines of ${Math.round(part.length / 10_000)} B`,
    total,
    "lines",
    async () => {
      for await (const _ of splitFileLines(pieces()));
    },
  );
}

try {
  await benchAppends(1, 1, 2_000);
  await benchAppends(64, 1, 40_000);
  await benchAppends(4, 1_000, 1_000);
  await benchReading();
  await benchLines();
  await benchDoor(1, 4_000, 16);
  await benchDoor(100, 400, 4);
  await benchDoor(1_000, 100, 4);
} finally {
  rmSync(root, { recursive: true, force: true });
}
