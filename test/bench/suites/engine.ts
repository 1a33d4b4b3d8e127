import { Engine, type EngineRecord, emptyState } from "@troth/engine";
import type { Decision, Fact, Kind } from "@troth/events";
import { decisionJson } from "@troth/events";
import type { Policy } from "@troth/policy";
import { defaultPolicy } from "../../support/default-policy.ts";
import { crowdedRecords, mixedRecords, olistRecords, type Stream } from "../engine-records.ts";
import { type Case, type Figure, type Suite, timedParts } from "../suite.ts";

type Told = { push(d: Decision): unknown };

const feed = (engine: Engine, stream: Stream, out: Told): Figure =>
  timedParts(stream.parts(), (part) => {
    for (const record of part) engine.apply(record, out);
  });

/** As a partition of far more customers keeps them: all but a few as bytes. */
const packed = 64;

/** No parsing, no joining: facts in, decisions counted and dropped. */
function alone(policy: Policy, stream: Stream, open?: number): Figure {
  const engine = new Engine(policy, emptyState(policy, open));
  let decisions = 0;
  const figure = feed(engine, stream, { push: () => (decisions += 1) });
  const each = (decisions / stream.length).toFixed(2);
  return { ...figure, note: `${each} decisions an event` };
}

/** The same with every decision written as JSON, so that nothing is left for a reader to work out. */
function written(policy: Policy, stream: Stream): Figure {
  const engine = new Engine(policy);
  let chars = 0;
  const out = { push: (decision: Decision) => (chars += decisionJson(decision).length) };
  const figure = feed(engine, stream, out);
  return { ...figure, note: `${Math.round(chars / stream.length)} B of decisions an event` };
}

const factOf = (record: EngineRecord): Fact | null => (record.kind === "fact" ? record.fact : null);

function* recordsOf(stream: Stream): Generator<EngineRecord> {
  for (const part of stream.parts()) yield* part;
}

/** Seconds each kind took, by timing runs of the stream between changes of kind. */
function perKind(policy: Policy, stream: Stream): ReadonlyMap<Kind, number> {
  const engine = new Engine(policy);
  const out = { push: () => undefined };
  const spent = new Map<Kind, { ns: number; count: number }>();
  for (const record of recordsOf(stream)) {
    const fact = factOf(record);
    if (fact === null) continue;
    // Moments that are due are work of the clock, not of the fact that happens to come next.
    engine.advance(record.stamp, out);
    const began = process.hrtime.bigint();
    engine.apply(record, out);
    const ns = Number(process.hrtime.bigint() - began);
    const sum = spent.get(fact.kind) ?? { ns: 0, count: 0 };
    sum.ns += ns;
    sum.count += 1;
    spent.set(fact.kind, sum);
  }
  return new Map([...spent].map(([kind, { ns, count }]) => [kind, count / (ns / 1e9)]));
}

/** The least anybody would do for these facts: copy each as JSON, as a queue between processes must. */
function json(stream: Stream): Figure {
  let chars = 0;
  const figure = timedParts(stream.parts(), (part) => {
    for (const record of part) {
      const copy: Fact | null = JSON.parse(JSON.stringify(factOf(record)));
      chars += copy?.id.length ?? 0;
    }
  });
  return { ...figure, note: `ids of ${Math.round(chars / stream.length)} characters` };
}

export const suite: Suite = {
  says: "the judge alone: mixed events of 100,000 customers, real orders, per kind, with decisions written, and its memory",
  prepare: async ({ scale }) => {
    const policy = defaultPolicy();
    const stream = mixedRecords(Math.round(600_000 * scale), Math.round(100_000 * scale));
    const crowded = crowdedRecords(Math.round(100_000 * scale), Math.round(20_000 * scale));
    const olist = await olistRecords(policy);
    const kinds = new Set<Kind>();
    for (const record of recordsOf(stream)) {
      const fact = factOf(record);
      if (fact !== null) kinds.add(fact.kind);
    }
    let rates: ReadonlyMap<Kind, number> = new Map();
    const kindCases = [...kinds].sort().map(
      (kind, i): Case => ({
        id: `only ${kind}`,
        unit: "events/s",
        peer: null,
        run: () => {
          if (i === 0) rates = perKind(policy, stream);
          return { value: rates.get(kind) ?? Number.NaN, perCpu: null };
        },
      }),
    );
    const peer = "JSON round trip";
    const olistCases: Case[] =
      olist === null
        ? []
        : [
            { id: "JSON round trip, Olist", unit: "events/s", peer: null, run: () => json(olist) },
            {
              id: "Olist",
              unit: "events/s",
              peer: "JSON round trip, Olist",
              run: () => alone(policy, olist),
            },
          ];
    return {
      cases: [
        { id: peer, unit: "events/s", peer: null, run: () => json(stream) },
        { id: "mixed", unit: "events/s", peer, run: () => alone(policy, stream) },
        { id: "mixed, packed", unit: "events/s", peer, run: () => alone(policy, stream, packed) },
        { id: "mixed, written", unit: "events/s", peer, run: () => written(policy, stream) },
        {
          id: "mixed, half of it about one customer",
          unit: "events/s",
          peer: "mixed",
          run: () => alone(policy, crowded),
        },
        ...olistCases,
        ...kindCases,
      ],
    };
  },
};
