import { beginSnapshot, Engine, emptyState, restoreState, takeAll } from "@troth/engine";
import type { Fact } from "@troth/events";
import type { Policy } from "@troth/policy";
import { defaultPolicy } from "../../support/default-policy.ts";
import { mixedRecords, pseudonymOf } from "../engine-records.ts";
import { mixedStream } from "../mixed-stream.ts";
import { bytesHeld, type Case, type Figure, type Suite, timed } from "../suite.ts";

const nobody = { push: () => undefined };

type Told = {
  readonly engine: Engine;
  readonly bytes: number;
  readonly events: number;
  /** Of judging alone, without making up the facts. */
  readonly figure: Figure;
};

type Part = readonly (readonly [customer: string, fact: Fact])[];

const partOf = (from: number, count: number, shift: number): Part =>
  mixedStream(6 * count, count, 7 + from)
    .slice(0, 6 * count)
    .map((fact) => {
      const time = fact.time + shift;
      return [pseudonymOf(`${fact.subject}@${from}`), { ...fact, time, recordedTime: time }];
    });

const tellPart = (engine: Engine, part: Part): Promise<Figure> =>
  timed(part.length, () => {
    for (const [customer, fact] of part) {
      engine.apply({ kind: "fact", stamp: fact.time, customer, origin: customer, fact }, nobody);
    }
  });

/** An engine that was told the mixed stream of so many customers, part by part, and what it holds. */
async function told(policy: Policy, customers: number): Promise<Told> {
  const before = await bytesHeld();
  // As a partition of far more customers keeps them: all but a few as bytes.
  const engine = new Engine(policy, emptyState(policy, 64));
  const perPart = 10_000;
  let events = 0;
  let seconds = 0;
  let cpuSeconds = 0;
  // One part after the other, so that a million customers' facts need not be held at once.
  for (let from = 0; from < customers; from += perPart) {
    const count = Math.min(perPart, customers - from);
    const shift = engine.state.stamp === 0 ? 0 : engine.state.stamp - Date.UTC(2026, 0, 4);
    const { value, perCpu } = await tellPart(engine, partOf(from, count, shift));
    events += 6 * count;
    seconds += (6 * count) / value;
    cpuSeconds += (6 * count) / (perCpu ?? value);
  }
  const figure = { value: events / seconds, perCpu: events / cpuSeconds };
  return { engine, bytes: (await bytesHeld()) - before, events, figure };
}

/** Facts about one customer's orders, of which so many are open all the while. */
function* ofOneCustomer(open: number, count: number): Generator<Fact> {
  const start = Date.UTC(2026, 0, 5);
  const fact = (n: number, kind: Fact["kind"], data: Fact["data"]): Fact => {
    const time = start + n;
    const id = `${kind}:${n}`;
    const source = "urn:bench:one";
    const subject = "customer:one";
    return { id, source, kind, tenant: "default", time, recordedTime: time, subject, data };
  };
  const expectedArrivalUntil = start + 60 * 86_400_000;
  for (let n = 0; n < open; n += 1) {
    yield fact(n, "order.placed", { orderNumber: `A-${n}`, expectedArrivalUntil });
  }
  for (let n = open; n < count; n += 1) {
    const orderNumber = `A-${n % open}`;
    yield fact(n, "delivery.status", { orderNumber, deliveryStatus: "OutForDelivery" });
  }
}

async function oneCustomer(policy: Policy, open: number, count: number): Promise<Figure> {
  const engine = new Engine(policy);
  const [placed, later]: [Fact[], Fact[]] = [[], []];
  for (const fact of ofOneCustomer(open, open + count)) {
    (fact.kind === "order.placed" ? placed : later).push(fact);
  }
  const customer = pseudonymOf("customer:one");
  const feed = (facts: readonly Fact[]): void => {
    for (const fact of facts) {
      engine.apply({ kind: "fact", stamp: fact.time, customer, origin: customer, fact }, nobody);
    }
  };
  feed(placed);
  return timed(later.length, () => feed(later));
}

/** `--scale 10` for a million. */
const sizes = [10_000, 100_000] as const;

export const suite: Suite = {
  says: "what customers cost while nothing happens to them: bytes, snapshots, and events as their number grows",
  prepare: ({ scale }) => {
    const policy = defaultPolicy();
    const last = new Map<number, Told>();
    const counted = (size: number): number => Math.max(1_000, Math.round(size * scale));
    const perSize = sizes.flatMap((size): Case[] => {
      const customers = counted(size);
      const name = customers.toLocaleString("en");
      return [
        {
          id: `events, ${name} customers`,
          unit: "events/s",
          peer:
            size === sizes[0]
              ? null
              : `events, ${counted(sizes[0]).toLocaleString("en")} customers`,
          run: async () => {
            last.clear();
            const one = await told(policy, customers);
            last.set(size, one);
            return one.figure;
          },
        },
        {
          id: `held, ${name} customers`,
          unit: "B a customer",
          peer: null,
          run: async () => {
            const { engine, bytes, events } = last.get(size) ?? (await told(policy, customers));
            const each = (events / engine.customers).toFixed(1);
            return { value: bytes / engine.customers, perCpu: null, note: `${each} events each` };
          },
        },
        {
          id: `snapshot and restore, ${name} customers`,
          unit: "customers/s",
          peer: null,
          run: async () => {
            const { engine } = last.get(size) ?? (await told(policy, customers));
            const pieces = takeAll(beginSnapshot(policy, engine.state));
            const mib = pieces.reduce((sum, piece) => sum + piece.length, 0) / 2 ** 20;
            const figure = await timed(engine.customers, () =>
              restoreState(policy, pieces.values()),
            );
            return { ...figure, note: `restoring alone; ${mib.toFixed(1)} MiB` };
          },
        },
      ];
    });
    const perOpen = [1, 10, 100, 1_000].map(
      (open): Case => ({
        id: `one customer, ${open} open orders`,
        unit: "events/s",
        peer: open === 1 ? null : "one customer, 1 open orders",
        run: () => oneCustomer(policy, open, counted(20_000)),
      }),
    );
    const open = counted(20_000);
    const stream = mixedRecords(5 * open, open);
    const saving = ["first", "again, 1 in 100 changed"].map(
      (which, i): Case => ({
        id: `snapshot of ${open.toLocaleString("en")} open customers, ${which}`,
        unit: "customers/s",
        peer: null,
        run: () => {
          const engine = new Engine(policy);
          for (const part of stream.parts()) for (const one of part) engine.apply(one, nobody);
          const take = (): readonly Buffer[] => takeAll(beginSnapshot(policy, engine.state));
          if (i > 0) {
            take();
            const flags = [...engine.flags(engine.state.stamp)].slice(0, open / 100);
            for (const { customer } of flags) engine.flag(customer, engine.state.stamp);
          }
          return timed(engine.customers, () => void take());
        },
      }),
    );
    return { cases: [...perSize, ...saving, ...perOpen] };
  },
};
