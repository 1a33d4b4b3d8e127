import { join } from "node:path";
import { decodeFact, decodeOutput, encodeOutput, isBeyond, type Output } from "@troth/events";
import { readLog } from "@troth/log";
import type { Policy } from "@troth/policy";
import { systemDisk } from "@troth/runtime";
import { openJudge } from "@troth/troth";

export type Left = {
  /** Of the facts in the log. */
  readonly ids: readonly string[];
  /** What a judge that begins from nothing says of them. */
  readonly anew: readonly Output[];
};

/** What an embedded troth left in its log of facts, judged anew. */
export async function judgedAnew(dir: string, policy: Policy): Promise<Left> {
  const judge = openJudge(policy, null, () => undefined);
  const ids: string[] = [];
  const anew: Output[] = [];
  for await (const batch of readLog(join(dir, "facts"), systemDisk)) {
    for (const record of batch) {
      const bodies: Output["body"][] = [];
      judge.apply(record, bodies);
      for (const [seq, body] of bodies.entries())
        anew.push({ inOffset: record.offset, seq, stamp: record.stamp, body });
      const fact = decodeFact(record.bytes);
      if (fact.ok) ids.push(fact.value.id);
    }
  }
  return { ids, anew };
}

/**
 * Counts the outputs in its log; throws at one that stands twice or out of order, or that has other
 * bytes than a judge begun anew writes.
 */
export async function countOutputs(dir: string, anew: readonly Output[]): Promise<number> {
  let count = 0;
  let before = { inOffset: -1, seq: -1 };
  for await (const batch of readLog(join(dir, "outputs"), systemDisk)) {
    for (const { bytes } of batch) {
      const output = decodeOutput(bytes);
      const due = anew[count];
      const where = `${dir}: output ${count} (${output.inOffset}.${output.seq})`;
      if (!isBeyond(output, before)) throw new Error(`${where} stands twice or out of order`);
      if (due === undefined || !encodeOutput(due).equals(bytes))
        throw new Error(`${where} is not due:\n${JSON.stringify(output)}\n${JSON.stringify(due)}`);
      before = output;
      count += 1;
    }
  }
  return count;
}
