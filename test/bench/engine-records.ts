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

/** As a decoder leaves a fact: texts in one piece, everything of one fact together, in order of the log. */
const decoded = (fact: Fact): Fact => JSON.parse(JSON.stringify(fact));

export function mixedRecords(events: number, customers: number): readonly EngineRecord[] {
  return mixedStream(events, customers, 7).map((one): EngineRecord => {
    const fact = decoded(one);
    const customer = pseudonymOf(fact.subject ?? "");
    return { kind: "fact", stamp: fact.time, customer, origin: customer, fact };
  });
}

function engineRecord({ stamp, body }: NoiseRecord): readonly EngineRecord[] {
  switch (body.kind) {
    case "fact": {
      const { origin, fact } = body;
      return [{ kind: "fact", stamp, customer: body.customer.key, origin, fact: decoded(fact) }];
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
export async function olistRecords(policy: Policy): Promise<readonly EngineRecord[] | null> {
  const facts = await olistFacts();
  if (facts === null) return null;
  const registrar = new Dispatcher({ policy, key: publicPseudonymKey, partitions: 1 });
  const records: EngineRecord[] = [];
  facts.forEach((fact, offset) => {
    registrar.take(fact, offset, fact.recordedTime, (_, record) => {
      records.push(...engineRecord(record));
    });
  });
  return records;
}
