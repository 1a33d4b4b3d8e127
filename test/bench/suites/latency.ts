import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { type CloudEvent, decodeOutput, isBeyond } from "@troth/events";
import { logOptionsOf } from "../../../services/troth/src/topics/table.ts";
import { type Fleet, openFleet } from "../../support/kafka-fleet.ts";
import { noKafka } from "../../support/kafka-jars.ts";
import { policyPath } from "../join/noise.ts";
import { besideStreams } from "../latency/beside-streams.ts";
import {
  eventsFor,
  type Hear,
  now,
  openHearing,
  type Place,
  peakOf,
  percentile,
  percentilesOf,
  waitsAt,
} from "../latency/load.ts";
import type { Case, Figure, Suite } from "../suite.ts";

const partitions = 4;
const shares = [0.2, 0.8] as const;
const hotShare = 0.4;

const stampedNow = (event: CloudEvent): CloudEvent => {
  const time = new Date().toISOString();
  return { ...event, time, recordedtime: time };
};

/** A door over HTTP, its connections kept. */
function doorAt(url: string): Place["send"] {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const { hostname, port, pathname } = new URL(url);
  const post = (body: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const type = "application/cloudevents-batch+json";
      const headers = { "content-type": type, "content-length": body.length };
      const to = { agent, host: hostname, port, path: pathname, method: "POST", headers };
      const asking = request(to, (answer) => {
        answer.resume();
        answer.once("end", () => {
          if (answer.statusCode === 202) resolve();
          else reject(new Error(`the door answered ${answer.statusCode}`));
        });
      });
      asking.once("error", (error) => {
        // A kept connection may be closed by the other side just when it is used again.
        if (asking.reusedSocket && "code" in error && error.code === "ECONNRESET") {
          resolve(post(body));
        } else reject(error);
      });
      asking.end(body);
    });
  return (events: readonly CloudEvent[]) =>
    post(Buffer.from(JSON.stringify(events.map(stampedNow))));
}

type Opened = { readonly place: Place; readonly close: () => Promise<void> };
type FromChild =
  | { readonly port: number }
  | { readonly heard: readonly (readonly [string, number])[] };

/** On the disk the tree is on, with real syncs; the sender is the bench's own process. */
async function openInOneProcess(): Promise<Opened> {
  const dir = mkdtempSync(join(process.cwd(), ".troth-bench-"));
  const main = join(import.meta.dirname, "../latency/one-process.ts");
  const child = fork(main, [dir], { execArgv: ["--conditions=@troth/source", "--import", "tsx"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const hearing = openHearing();
  const port = await new Promise<number>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the embedded troth ended")));
    child.on("message", (message: FromChild) => {
      if ("port" in message) resolve(message.port);
      else for (const [id, at] of message.heard) hearing.hear(id, at);
    });
  });
  return {
    place: { send: doorAt(`http://127.0.0.1:${port}/v1/events`), heard: hearing.heard },
    close: async () => {
      child.disconnect();
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Reads the decisions of one partition as they come, copies dropped. */
async function followDecisions(
  { kafka }: Fleet,
  partition: number,
  hear: Hear,
  until: AbortSignal,
): Promise<void> {
  const log = await kafka.open("troth.decisions", partition, logOptionsOf("troth.decisions"));
  let seen = { inOffset: -1, seq: -1 };
  for await (const batch of log.readBatches(0, { follow: until })) {
    for (const { bytes } of batch) {
      const output = decodeOutput(bytes);
      if (!isBeyond(output, seen)) continue;
      seen = output;
      if (output.body.kind === "noise") hear(output.body.fact.id, now());
    }
  }
}

/** One of each service on four partitions; the sender and the reader are the bench's own process. */
async function openOnKafka(): Promise<Opened> {
  const fleet = await openFleet({ partitions, clock: "live", policies: [policyPath] });
  const [door] = await Promise.all([
    fleet.start("intake", 1),
    fleet.start("identity", 1),
    fleet.start("monitor", 1),
  ]);
  const hearing = openHearing();
  const stop = new AbortController();
  const following = Array.from({ length: partitions }, (_, partition) =>
    followDecisions(fleet, partition, hearing.hear, stop.signal),
  );
  return {
    place: { send: doorAt(door.says), heard: hearing.heard },
    close: async () => {
      stop.abort();
      await Promise.all(following);
      await fleet.close();
    },
  };
}

/** A place is opened once for its cases: first it is driven as hard as it goes. */
function casesOf(name: string, open: () => Promise<Opened>, scale: number) {
  let opened: Opened | null = null;
  let peak = 0;
  let told = 0;
  const count = Math.round(40_000 * scale);
  const some = (n: number): readonly CloudEvent[] => {
    told += 1;
    // Nobody is told twice of the same: ids and customers are each round's own.
    const own = (text: string): string => text.replaceAll(/(customer:)/g, `$1r${told}-`);
    return eventsFor(n, Math.ceil(n / 8)).map((event) => {
      const { id, ...rest } = event;
      return { ...JSON.parse(own(JSON.stringify(rest))), id: `r${told}-${id}` } as CloudEvent;
    });
  };
  const ready = async (): Promise<Opened> => {
    if (opened !== null) return opened;
    opened = await open();
    await peakOf(opened.place, some(count / 4));
    peak = await peakOf(opened.place, some(count));
    return opened;
  };
  const cases = shares.map(
    (share): Case => ({
      id: `${name}, ${share * 100} % of peak`,
      unit: "ms (p99)",
      peer: null,
      run: async (): Promise<Figure> => {
        const { place } = await ready();
        const perSecond = Math.round(peak * share);
        const seconds = Math.max(5, 20 * scale);
        const waits = await waitsAt(place, some(perSecond * seconds), perSecond);
        return {
          value: percentile(waits.ms, 0.99),
          perCpu: null,
          note: `${percentilesOf(waits)} at ${perSecond}/s of ${Math.round(peak)}/s`,
        };
      },
    }),
  );
  /** Half of everything is about one customer: what does that do to all others? */
  const hot: Case = {
    id: `${name}, half of it about one customer`,
    unit: "x (p99 of others)",
    peer: null,
    run: async (): Promise<Figure> => {
      const { place } = await ready();
      const perSecond = Math.round(peak * hotShare);
      const events = some(perSecond * Math.max(5, 20 * scale));
      const plain = await waitsAt(place, events, perSecond);
      const crowded = some(events.length).map((event, n) =>
        n % 2 === 0 ? event : { ...event, subject: "customer:hot" },
      );
      const isCounted = ({ subject }: CloudEvent): boolean => subject !== "customer:hot";
      const others = await waitsAt(place, crowded, perSecond, { isCounted });
      const [before, after] = [percentile(plain.ms, 0.99), percentile(others.ms, 0.99)];
      const note = `p99 of others ${after.toFixed(1)} ms, of all without it ${before.toFixed(1)} ms, at ${perSecond}/s`;
      return { value: after / before, perCpu: null, note };
    },
  };
  return { cases: [...cases, hot], close: async () => opened?.close() };
}

export const suite: Suite = {
  says: "from an event's sending until what was judged of it can be read, at 20 % and 80 % of the peak; beside Kafka Streams",
  prepare: ({ scale }) => {
    const embedded = casesOf("in one process", openInOneProcess, scale);
    const fleet = noKafka === null ? casesOf("on Kafka", openOnKafka, scale) : null;
    const peers = noKafka === null ? besideStreams(scale) : null;
    return {
      cases: [...embedded.cases, ...(fleet?.cases ?? []), ...(peers?.cases ?? [])],
      close: async () => {
        await embedded.close();
        await fleet?.close();
        await peers?.close();
      },
    };
  },
};
