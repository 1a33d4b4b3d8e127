import { createHash } from "node:crypto";
import type { EngineRecord } from "@troth/engine";
import { type Fact, type NoiseRecord, publicPseudonymKey } from "@troth/events";
import { Dispatcher } from "@troth/identity";
import type { Policy } from "@troth/policy";
import { importFolder } from "../../services/troth/src/import/fixture.ts";
import { importers } from "../../services/troth/src/import/index.ts";
import { publicData } from "../support/public-data.ts";
import { mixedStream } from "./mixed-stream.ts";

/** A pseudonym as the registrar makes them: 24 hexadecimal digits. */
export const pseudonymOf = (subject: string): string =>
  createHash("sha256").update(subject).digest("hex").slice(0, 24);

/** So many records are decoded at a time, about as many as a consumer is handed at once. */
const perPart = 256;

/**
 * A partition's log, as bytes: read again and again, decoded a few records at a time. A judge never has half
 * a million facts on the heap before it, and a bench that had would measure their collection.
 */
export class Stream {
  readonly #parts: Buffer[] = [];
  readonly length: number;

  constructor(records: readonly EngineRecord[]) {
    this.length = records.length;
    for (let from = 0; from < records.length; from += perPart) {
      const text = JSON.stringify(records.slice(from, from + perPart), (_, value: unknown) =>
        value instanceof Set ? [...value] : value,
      );
      this.#parts.push(Buffer.from(text));
    }
  }

  *parts(): Generator<readonly EngineRecord[]> {
    for (const part of this.#parts) {
      const records: EngineRecord[] = JSON.parse(part.toString());
      yield records.map((one) =>
        one.kind === "retract" ? { ...one, facts: new Set(one.facts) } : one,
      );
    }
  }
}

const recordOf = (fact: Fact): EngineRecord => {
  const customer = pseudonymOf(fact.subject ?? "");
  return { kind: "fact", stamp: fact.time, customer, origin: customer, fact };
};

export const mixedRecords = (events: number, customers: number): Stream =>
  new Stream(mixedStream(events, customers, 7).map(recordOf));

/** The same events, but every other one is about one customer. */
export const crowdedRecords = (events: number, customers: number): Stream =>
  new Stream(
    mixedStream(events, customers, 7).map((fact, n) =>
      recordOf(n % 2 === 0 ? fact : { ...fact, subject: "customer:hot" }),
    ),
  );

function engineRecord({ stamp, body }: NoiseRecord): readonly EngineRecord[] {
  switch (body.kind) {
    case "fact": {
      const { origin, fact } = body;
      return [{ kind: "fact", stamp, customer: body.customer.key, origin, fact }];
    }
    case "retract":
      return [{ kind: "retract", stamp, customer: body.customer.key, facts: new Set(body.facts) }];
    case "merge":
    case "split":
      return [{ kind: body.kind, stamp, part: body.part.key, whole: body.whole.key }];
    case "cohort":
      return [{ kind: "cohort", stamp, fact: body.fact }];
    case "source":
      return [
        { kind: "source", stamp, source: body.source, change: body.change, heard: body.heard },
      ];
    case "tick":
      return [{ kind: "tick", stamp }];
    case "policy":
      return [];
  }
}

/** A year and a half of real orders; null where the data is not. */
export async function olistFacts(): Promise<readonly Fact[] | null> {
  if (publicData.missing !== "") return null;
  return (await importFolder(importers.olist, publicData.data)).facts;
}

/** The same as the registrar hands them on. */
export async function olistRecords(policy: Policy): Promise<Stream | null> {
  const facts = await olistFacts();
  if (facts === null) return null;
  const registrar = new Dispatcher({ policy, key: publicPseudonymKey, partitions: 1 });
  const records: EngineRecord[] = [];
  facts.forEach((fact, offset) => {
    registrar.take(fact, offset, fact.recordedTime, (_, record) => {
      records.push(...engineRecord(record));
    });
  });
  return new Stream(records);
}
