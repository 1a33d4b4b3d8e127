import { rmSync } from "node:fs";
import { systemClock } from "@troth/runtime";
import { openEmbeddedDoor } from "./embedded-door.ts";

/**
 * `memory-writer DIR POLICY SECONDS EVENTS`: the embedded troth, door, logs, judge and a reader, told of
 * always the same customers as fast as it takes it in. Says, every two seconds, what is in memory once
 * what is garbage is gone. Lasts so long, and until it has had so many events.
 */
const [dir = "", policyPath = "", seconds = "180", wanted = "3000000"] = process.argv.slice(2);
const customers = 400;
const ordersEach = 4;
const batch = 500;
const sampleEveryMs = 2_000;
/** Log time between two events: duplicates are known for a week, and a week is over soon. */
const stepMs = 40_000;

const quiet = (): void => undefined;
const tally = { applied: 0, duplicate: 0, setAside: 0, outputs: 0 };
const { embedded, stop, handIn } = await openEmbeddedDoor(policyPath, {
  dir,
  log: {
    ...{ debug: quiet, info: quiet, warn: quiet },
    error: (message, fields) => {
      process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
      process.exit(1);
    },
  },
  clock: () => "events",
  tell: {
    admitted: (_, reasons) => {
      tally.setAside += reasons.length;
    },
    fate: (fate) => {
      if (fate === "duplicate") tally.duplicate += 1;
      else tally.applied += 1;
    },
    judged: quiet,
  },
});
embedded.feed([
  {
    name: "counts",
    fold: () => {
      tally.outputs += 1;
    },
  },
]);

/** Long enough ago for all of them to lie in the past. */
const began = Date.UTC(2018, 0, 1);
const iso = (at: number): string => new Date(at).toISOString();

/** Orders, deliveries and calls, again and again under the same numbers. */
function event(n: number): object {
  const at = began + n * stepMs;
  const customer = n % customers;
  const round = Math.floor(n / customers);
  const orderNumber = `A-${customer}-${Math.floor(round / 3) % ordersEach}`;
  const common = { specversion: "1.0", id: `${n}`, time: iso(at), recordedtime: iso(at) };
  const of = { ...common, subject: `customer:c${customer}` };
  const source = "urn:shop";
  if (round % 3 === 0) {
    const data = { orderNumber, expectedArrivalUntil: iso(at + 86_400_000) };
    return { ...of, source, type: "org.troth.order.placed.v1", data };
  }
  if (round % 3 === 1) {
    const data = { orderNumber, deliveryStatus: "Delivered", deliveredAt: iso(at) };
    return { ...of, source: "urn:carrier", type: "org.troth.delivery.status.v1", data };
  }
  const contactId = `C-${customer}-${Math.floor(round / 3) % ordersEach}`;
  const data = { contactId, direction: "inbound", reason: "bill", queueWaitSeconds: (n % 7) * 400 };
  return { ...of, source, type: "org.troth.contact.completed.v1", data };
}

/** After two collections, as what the first one finds may hold more. */
function bytesHeld(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function tell(): Promise<void> {
  const start = systemClock.now();
  let [sent, sampledAt] = [0, start];
  for (;;) {
    const events = Array.from({ length: batch }, (_, part) => event(sent + part));
    const status = await handIn(events);
    if (status !== 202) throw new Error(`answered ${status}`);
    sent += batch;
    // Judged as fast as it is taken in, or what waits in the log's cache would be measured.
    if (sent % (batch * 20) === 0) await embedded.settled();
    const now = systemClock.now();
    if (now - sampledAt < sampleEveryMs) continue;
    sampledAt = now;
    await embedded.settled();
    const { rss } = process.memoryUsage();
    const line = { ms: now - start, events: sent, held: bytesHeld(), rss, ...tally };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    if (now - start >= Number(seconds) * 1_000 && sent >= Number(wanted)) return;
  }
}

await tell();
stop.request("told everything");
await stop.finish();
rmSync(dir, { recursive: true, force: true });
