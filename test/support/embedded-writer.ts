import { systemClock } from "@troth/runtime";
import { openEmbeddedDoor } from "./embedded-door.ts";

/**
 * `embedded-writer DIR LIFE POLICY`: the embedded troth without a socket, handing events in at its own
 * door until it is killed. Says the ids on a line for every answer of 202: the parent's ledger is made of
 * these lines, and what stands on one cannot be taken back.
 */
const [dir = "", life = "0", policyPath = ""] = process.argv.slice(2);
const complain = (message: string, fields: object = {}): void =>
  void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
const { embedded, handIn } = await openEmbeddedDoor(policyPath, {
  dir,
  log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: complain },
  clock: () => "live",
  tell: { admitted: () => undefined, fate: () => undefined, judged: () => undefined },
  // Small, so that segments are rolled and snapshots saved in a life of some milliseconds.
  sizes: { segmentBytes: 32 * 1024, snapshotEveryRecords: 40, recordsPerTurn: 20 },
});
process.stdout.write(`ready ${(await embedded.ends()).facts}\n`);

const iso = (at: number): string => new Date(at).toISOString();

function event(id: string, n: number): object {
  const now = systemClock.now();
  const common = { specversion: "1.0", id, source: "urn:shop", time: iso(now) };
  const subject = `customer:c${n % 40}`;
  const order = { orderNumber: `A-${life}-${n}`, expectedArrivalUntil: iso(now + (n % 30)) };
  return n % 3 === 2
    ? { ...common, subject, type: "org.troth.social.mention.v1", data: { platform: "x" } }
    : { ...common, subject, type: "org.troth.order.placed.v1", data: order };
}

async function send(sender: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const ids = Array.from({ length: 1 + (n % 3) }, (_, part) => `${life}.${sender}.${n}.${part}`);
    const status = await handIn(ids.map((id, part) => event(id, 7 * n + part + sender)));
    if (status === 202) process.stdout.write(`${ids.join(" ")}\n`);
    else complain(`answered ${status}`);
    // A pipe takes what was written in the next turn; answers must not pile up unsaid.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

await Promise.all([0, 1].map(send));
