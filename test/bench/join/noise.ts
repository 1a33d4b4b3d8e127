import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  decisionJson,
  encodeNoise,
  type NoiseRecord,
  type Output,
  publicPseudonymKey,
} from "@troth/events";
import { Dispatcher } from "@troth/identity";
import type { KafkaLogs } from "@troth/log";
import { PartitionJudge } from "@troth/monitor";
import { type Policy, parsePolicy } from "@troth/policy";
import { logOptionsOf } from "../../../services/troth/src/topics/table.ts";
import { mixedStream } from "../mixed-stream.ts";

export const policyPath = join(import.meta.dirname, "policy.yaml");

export function joinPolicy(): Policy {
  const parsed = parsePolicy(readFileSync(policyPath, "utf8"), policyPath);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error, null, 1));
  return parsed.value;
}

/** The mixed stream as the registrar hands it on: one list of records a partition. */
export function joinNoise(
  policy: Policy,
  events: number,
  customers: number,
  partitions: number,
): readonly (readonly NoiseRecord[])[] {
  const noise: NoiseRecord[][] = Array.from({ length: partitions }, () => []);
  const registrar = new Dispatcher({ policy, key: publicPseudonymKey, partitions });
  const deliver = (partition: number, record: NoiseRecord): void =>
    void noise[partition]?.push(record);
  // As in every log of noise: first of all what is judged by.
  registrar.switchPolicy(policy.hash, 0, 0, deliver);
  const facts = mixedStream(events, customers, 7).filter(({ kind }) => kind !== "survey.invited");
  for (const [i, fact] of facts.entries()) {
    registrar.take(fact, i, fact.recordedTime, deliver);
  }
  return noise;
}

/** Writes it to the topics of a fleet, in order within each partition. */
export async function fillNoise(
  kafka: KafkaLogs,
  noise: readonly (readonly NoiseRecord[])[],
): Promise<void> {
  await Promise.all(
    noise.map(async (records, partition) => {
      const log = await kafka.open("troth.noise", partition, logOptionsOf("troth.noise"));
      for (let i = 0; i < records.length; i += 1_000) {
        const some = records.slice(i, i + 1_000);
        await Promise.all(
          some.map((record) => log.append([{ bytes: encodeNoise(record) }], record.stamp)),
        );
      }
      await log.close();
    }),
  );
}

export type Judged = {
  /** Decisions as lines. */
  readonly lines: readonly string[];
  /** All that a monitor writes: decisions, and the noise it passes on beside them. */
  readonly outputs: number;
};

/** What the judge says of it. */
export function joinDecisions(policy: Policy, records: readonly NoiseRecord[]): Judged {
  const judge = new PartitionJudge(policy);
  const lines: string[] = [];
  let outputs = 0;
  for (const record of records) {
    const out: Output["body"][] = [];
    judge.apply(record, out);
    outputs += out.length;
    for (const body of out) {
      if (body.kind === "pledge" || body.kind === "flag" || body.kind === "alert")
        lines.push(decisionJson(body));
    }
  }
  return { lines, outputs };
}
