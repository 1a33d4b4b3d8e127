import { mkdtempSync, rmSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parseEvent, parseLine } from "@troth/events";
import { appendTo, openIntake, splitFileLines } from "@troth/intake";
import { type FileLog, openFileLog } from "@troth/log";
import { systemClock, systemDisk, systemRng } from "@troth/runtime";
import { type Case, type Figure, type Suite, timed } from "../suite.ts";

type Logs = { readonly fresh: () => Promise<FileLog>; readonly remove: () => void };

/** Logs on the disk the tree is on, with real syncs; a folder in memory would flatter. */
function logsIn(folder: string): Logs {
  const root = mkdtempSync(join(folder, ".troth-bench-"));
  let logs = 0;
  return {
    fresh: () =>
      openFileLog(join(root, `log${logs++}`), systemDisk, { newGenesis: systemRng.uuid() }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

const record = { bytes: Buffer.alloc(300, "x") };
const many = (count: number) => Array.from({ length: count }, () => record);

async function appends(
  logs: Logs,
  writers: number,
  perAppend: number,
  total: number,
): Promise<Figure> {
  const log = await logs.fresh();
  const latencies: number[] = [];
  const writer = async (): Promise<void> => {
    for (let n = 0; n < total / writers; n++) {
      const start = performance.now();
      await log.append(many(perAppend), n);
      latencies.push(performance.now() - start);
    }
  };
  const figure = await timed(total * perAppend, () =>
    Promise.all(Array.from({ length: writers }, writer)),
  );
  await log.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number): string =>
    (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2);
  return { ...figure, note: `durable after p50 ${at(0.5)} ms, p99 ${at(0.99)} ms` };
}

async function reading(logs: Logs, total: number, batches: boolean): Promise<Figure> {
  const log = await logs.fresh();
  for (let n = 0; n < total / 1_000; n++) await log.append(many(1_000), n);
  const figure = await timed(total, async () => {
    if (batches) for await (const _ of log.readBatches(0));
    else for await (const _ of log.read(0));
  });
  await log.close();
  return figure;
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

async function posts(
  port: number,
  perRequest: number,
  requests: number,
  clients: number,
): Promise<Figure> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const body = Array.from({ length: perRequest }, (_, n) => line(n)).join("\n");
  const client = async (): Promise<void> => {
    for (let n = 0; n < requests / clients; n++) {
      const status = await post(port, agent, body);
      if (status !== 202) throw new Error(`answered ${status}`);
    }
  };
  const figure = await timed(requests * perRequest, () =>
    Promise.all(Array.from({ length: clients }, client)),
  );
  agent.destroy();
  return figure;
}

type Load = readonly [perRequest: number, requests: number, clients: number];

async function door(logs: Logs, load: Load): Promise<Figure> {
  const facts = await logs.fresh();
  const setAside = await logs.fresh();
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
  const figure = await posts(intake.port, ...load);
  await intake.close();
  await facts.close();
  await setAside.close();
  return figure;
}

/** The same requests to a server that reads them and forgets them: what HTTP itself costs here. */
async function bareServer(load: Load): Promise<Figure> {
  const server = createServer((asked, answer) => {
    asked.resume();
    asked.once("end", () => answer.writeHead(202).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const figure = await posts(port, ...load);
  await new Promise((resolve) => server.close(resolve));
  return figure;
}

function splitting(total: number): Promise<Figure> {
  const part = Buffer.from(`${Array.from({ length: 10_000 }, (_, n) => line(n)).join("\n")}\n`);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let n = 0; n < total / 10_000; n++)
      for (let at = 0; at < part.length; at += 256 * 1024) yield part.subarray(at, at + 256 * 1024);
  }
  return timed(total, async () => {
    for await (const _ of splitFileLines(pieces()));
  });
}

const lines = Array.from({ length: 10_000 }, (_, n) => line(n));

/** Every line of ten thousand, over and over. */
const eachLine = (total: number, take: (text: string) => unknown): Promise<Figure> =>
  timed(total, () => {
    for (let n = 0; n < total; n++) take(lines[n % lines.length] ?? "");
  });

export const suite: Suite = {
  says: "the log and the door on this machine's disk, with real syncs",
  prepare: ({ scale }) => {
    const logs = logsIn(process.cwd());
    const sized = (count: number): number => Math.max(1, Math.round(count * scale));
    const one = (id: string, unit: string, peer: string | null, run: Case["run"]): Case => ({
      id,
      unit,
      peer,
      run,
    });
    const batch: Load = [1_000, sized(100), 4];
    const single: Load = [1, sized(4_000), 16];
    return {
      close: logs.remove,
      cases: [
        one("append, 1 writer, 1 record", "records/s", null, () =>
          appends(logs, 1, 1, sized(2_000)),
        ),
        one("append, 64 writers, 1 record", "records/s", null, () =>
          appends(logs, 64, 1, sized(40_000)),
        ),
        one("append, 4 writers, 1,000 records", "records/s", null, () =>
          appends(logs, 4, 1_000, sized(1_000)),
        ),
        one("read in batches", "records/s", null, () => reading(logs, sized(1_000) * 1_000, true)),
        one("read one at a time", "records/s", null, () =>
          reading(logs, sized(1_000) * 1_000, false),
        ),
        one("split into lines", "lines/s", null, () => splitting(sized(100) * 10_000)),
        one("JSON.parse alone", "lines/s", null, () => eachLine(sized(500_000), JSON.parse)),
        one("line to fact", "lines/s", "JSON.parse alone", () =>
          eachLine(sized(500_000), parseLine),
        ),
        one("bare HTTP, 1 a request", "events/s", null, () => bareServer(single)),
        one("POST, 1 a request", "events/s", "bare HTTP, 1 a request", () => door(logs, single)),
        one("bare HTTP, 1,000 a request", "events/s", null, () => bareServer(batch)),
        one("POST, 1,000 a request", "events/s", "bare HTTP, 1,000 a request", () =>
          door(logs, batch),
        ),
      ],
    };
  },
};
