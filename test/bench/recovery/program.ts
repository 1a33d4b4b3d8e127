import { readFileSync } from "node:fs";
import { encodeFact } from "@troth/events";
import { parsePolicy } from "@troth/policy";
import { openStop, systemClock, systemDisk, systemRng } from "@troth/runtime";
import { type Embedded, openEmbedded } from "../../../services/troth/src/embedded/embedded.ts";

/**
 * `program fill DIR POLICY CUSTOMERS`: the embedded troth with so many customers in it, stopped, so that a snapshot
 * holds them all. `program follow DIR POLICY CUSTOMERS`: goes on with a tail of facts, says `filled` and waits to be
 * killed. `program start DIR POLICY`: is started over that folder, is told of one thing at once, tells when the first
 * new decision is out, and ends.
 */
const [mode = "", dir = "", policyPath = "", count = "0"] = process.argv.slice(2);
const parsed = parsePolicy(readFileSync(policyPath, "utf8"), policyPath);
if (!parsed.ok) throw new Error("the policy does not compile");
const policy = parsed.value;
const dayMs = 86_400_000;
const silent = () => undefined;
const tailFacts = 20_000;
const customers = Number(count);

const begun = performance.now();
const stop = openStop({ host: process, clock: systemClock });
const open = (): Promise<Embedded> =>
  openEmbedded({
    dir,
    world: {
      clock: systemClock,
      disk: systemDisk,
      rng: systemRng,
      openDoor: async () => ({ port: 0, close: async () => undefined }),
    },
    policy,
    keys: null,
    stop,
    log: { debug: silent, info: silent, warn: silent, error: console.error },
    intakePort: 0,
    host: "nowhere",
    clock: () => (mode === "start" ? "live" : "events"),
    tell: { admitted: silent, fate: silent, judged: silent },
  });

type Told = "order.placed" | "contact.completed";

const factOf = (n: number, kind: Told, at: number) => ({
  id: `${kind}-${n}`,
  source: "urn:bench:shop",
  kind,
  tenant: "default",
  time: at,
  recordedTime: at,
  subject: `customer:${n % customers}`,
  data:
    kind === "order.placed"
      ? { orderNumber: `A-${n}`, expectedArrivalUntil: systemClock.now() + 20 * dayMs }
      : { contactId: `c-${n}`, direction: "inbound", queueWaitSeconds: 400, courtesyScore: 0.5 },
});

async function tell(
  embedded: Embedded,
  { from, to, at }: { from: number; to: number; at: number },
): Promise<void> {
  const perBatch = 5_000;
  for (let first = from; first < to; first += perBatch) {
    const records = Array.from({ length: Math.min(perBatch, to - first) }, (_, i) => {
      const n = first + i;
      return {
        bytes: encodeFact(factOf(n, n < customers ? "order.placed" : "contact.completed", at)),
      };
    });
    await embedded.facts.append(records, at);
    await embedded.settled();
  }
}

/** Two things happened to each customer, the last of them just now. */
async function fill(): Promise<void> {
  const embedded = await open();
  await tell(embedded, { from: 0, to: 2 * customers, at: systemClock.now() - 60_000 });
  stop.request("filled");
  await stop.finish();
}

async function follow(): Promise<void> {
  const embedded = await open();
  const from = 2 * customers;
  await tell(embedded, { from, to: from + tailFacts, at: systemClock.now() - 1_000 });
  process.stdout.write("filled\n");
  setInterval(silent, 1_000);
}

async function start(): Promise<void> {
  const embedded = await open();
  const openedMs = performance.now() - begun;
  const before = (await embedded.ends()).outputs;
  const now = new Date(systemClock.now()).toISOString();
  const event = {
    specversion: "1.0",
    type: "org.troth.contact.completed.v1",
    id: `new-${now}`,
    source: "urn:bench:shop",
    time: now,
    subject: "customer:7",
    data: { contactId: now, direction: "inbound", queueWaitSeconds: 2_700, courtesyScore: 0.5 },
  };
  // Answered once what was decided of it is durable in the log every reader reads.
  if (!(await embedded.hand([event], "nobody"))) throw new Error("the event was not taken");
  if ((await embedded.ends()).outputs === before) throw new Error("nothing was decided");
  const { rss } = process.memoryUsage();
  process.stdout.write(
    `${JSON.stringify({ openedMs, decidedMs: performance.now() - begun, rssMiB: rss / 2 ** 20 })}\n`,
  );
  process.exit(0);
}

const modes: Readonly<Record<string, () => Promise<void>>> = { fill, follow, start };
await modes[mode]?.();
