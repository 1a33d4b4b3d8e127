import { createHash } from "node:crypto";
import {
  decisionJson,
  decodeFact,
  decodeOutput,
  encodeOutput,
  type Fact,
  flagJson,
  isBeyond,
  isDecision,
  type Output,
  publicPseudonymKey,
} from "@troth/events";
import { verify } from "@troth/lake";
import { type LogRecord, openSnapshots, readLog } from "@troth/log";
import { recompute } from "@troth/oracle";
import { openSimulatedStore } from "@troth/runtime";
import { type LiveJudge, openJudge } from "../embedded/judge.ts";
import type { Fate } from "../pipeline.ts";
import { checkTold } from "./check-told.ts";
import { dataDir } from "./life.ts";
import type { Story } from "./run.ts";

type Report = (what: string) => void;

type Stored = {
  readonly records: readonly LogRecord[];
  /** Null where the record is a tick. */
  readonly facts: readonly (Fact | null)[];
};

async function readRecords(story: Story, name: string): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const batch of readLog(`${dataDir}/${name}`, story.world.attachDisk()))
    for (const record of batch) records.push({ ...record, bytes: Buffer.from(record.bytes) });
  return records;
}

function factsOf(records: readonly LogRecord[], report: Report): Stored {
  const facts = records.map(({ bytes, offset }) => {
    if (bytes.length === 1) return null;
    const decoded = decodeFact(bytes);
    if (decoded.ok) return decoded.value;
    report(`the record at ${offset} is no fact`);
    return null;
  });
  return { records, facts };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What was acknowledged is stored; nothing is stored more often than it was handed in. */
async function checkIntake(story: Story, stored: Stored, report: Report): Promise<void> {
  const { ledger, workload } = story;
  const times = new Map<string, number>();
  for (const fact of stored.facts) {
    if (fact === null) continue;
    const id = `${fact.source} ${fact.id}`;
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  const aside = new Map<string, number>();
  for (const { bytes } of await readRecords(story, "set-aside")) {
    const sha = String(JSON.parse(bytes.toString()).sha256);
    aside.set(sha, (aside.get(sha) ?? 0) + 1);
  }
  for (const line of ledger.acknowledged) {
    const isStored = line.id !== null && times.has(line.id);
    if (!isStored && !aside.has(sha256(line.text.trim())))
      report(`acknowledged and lost: ${line.id ?? line.text}`);
  }
  const handedIn = new Map<string, number>();
  for (const [line, count] of ledger.handedIn) {
    const key = line.id ?? sha256(line.text.trim());
    handedIn.set(key, (handedIn.get(key) ?? 0) + count);
  }
  for (const [id, count] of times)
    if (count > (handedIn.get(id) ?? 0))
      report(`${id} is stored ${count} times, handed in ${handedIn.get(id) ?? 0} times`);
  for (const line of workload.lines)
    if (!ledger.acknowledged.has(line)) report(`never acknowledged: ${line.id ?? line.text}`);
  if (ledger.accepted + ledger.setAside !== ledger.heard)
    report(`the door counted ${ledger.accepted} and ${ledger.setAside} of ${ledger.heard} lines`);
}

type Judged = {
  readonly judge: LiveJudge;
  readonly outputs: readonly Output[];
  readonly fates: Readonly<Record<Fate, number>>;
};

function judgeAnew(story: Story, records: readonly LogRecord[]): Judged {
  const fates = { applied: 0, duplicate: 0, "turned-away": 0 };
  const judge = openJudge(story.policy, null, (fate) => {
    fates[fate] += 1;
  });
  const outputs: Output[] = [];
  for (const record of records) {
    const bodies: Output["body"][] = [];
    judge.apply(record, bodies);
    for (const [seq, body] of bodies.entries())
      outputs.push({ inOffset: record.offset, seq, stamp: record.stamp, body });
  }
  return { judge, outputs, fates };
}

/** The first place where two lists part, in words; null when they are the same. */
function parting(ours: readonly string[], theirs: readonly string[]): string | null {
  const most = Math.max(ours.length, theirs.length);
  for (let i = 0; i < most; i += 1) {
    if (ours[i] === theirs[i]) continue;
    return `${i} of ${ours.length} and ${theirs.length}: ${(ours[i] ?? "nothing").slice(0, 300)} | ${(theirs[i] ?? "nothing").slice(0, 300)}`;
  }
  return null;
}

async function checkOutputs(story: Story, judged: Judged, report: Report): Promise<Output[]> {
  const records = await readRecords(story, "outputs");
  const outputs = records.map(({ bytes }) => decodeOutput(bytes));
  let before = { inOffset: -1, seq: -1 };
  for (const output of outputs) {
    if (!isBeyond(output, before))
      report(`output ${output.inOffset}.${output.seq} is out of order`);
    before = output;
  }
  // A tick that came with the order to stop may have been judged, or will be at the next start.
  const due = judged.outputs.filter(({ inOffset }) => inOffset < story.settledFacts);
  const wanted = judged.outputs.slice(0, Math.max(outputs.length, due.length));
  const apart = parting(
    records.map(({ bytes }) => bytes.toString()),
    wanted.map((output) => encodeOutput(output).toString()),
  );
  if (apart !== null) report(`outputs differ from those of a fresh judgement at ${apart}`);
  return outputs;
}

/** The second opinion: same decisions in the same order, same flags, and counts that add up. */
function checkOracle(story: Story, stored: Stored, judged: Judged, report: Report): void {
  const until = stored.records.at(-1)?.stamp ?? 0;
  const facts = stored.facts.flatMap((fact, i) => {
    const record = stored.records[i];
    // Log time was stamped at the door; the oracle takes it from the facts.
    return fact === null || record === undefined ? [] : [{ ...fact, recordedTime: record.stamp }];
  });
  const { policy } = story;
  const oracle = recompute({ facts, policy, pseudonymKey: publicPseudonymKey, until });
  const decisions = judged.outputs.flatMap(({ body }) =>
    isDecision(body) ? [decisionJson(body)] : [],
  );
  const apart = parting(decisions, oracle.decisions.map(decisionJson));
  if (apart !== null) report(`decisions differ from the oracle's at ${apart}`);
  const { read, applied, duplicates, setAside } = oracle.counts;
  const { fates } = judged;
  if (
    read !== facts.length ||
    applied + duplicates + setAside !== read ||
    fates.applied !== applied ||
    fates.duplicate !== duplicates ||
    fates["turned-away"] !== setAside
  )
    report(`the counts do not add up: ${JSON.stringify({ ...oracle.counts, ...fates })}`);
  const ours = judged.judge.pipeline().flags(until);
  const theirs = oracle.flags.filter(({ level }) => level !== "none");
  const flags = parting(
    ours
      .filter(({ level }) => level !== "none")
      .map(flagJson)
      .sort(),
    theirs.map(flagJson).sort(),
  );
  if (flags !== null) report(`flags differ from the oracle's at ${flags}`);
}

/** The snapshot left behind means what the log means. */
async function checkSnapshot(story: Story, judged: Judged, stored: Stored, report: Report) {
  const { world, policy } = story;
  const genesis = story.lives.at(-1)?.embedded()?.facts.genesis ?? "";
  const snapshots = await openSnapshots(`${dataDir}/snapshots`, world.attachDisk(), { genesis });
  const saved = await snapshots.load();
  if ((saved?.position ?? 0) < story.settledFacts) {
    report(`the last snapshot stands at ${saved?.position ?? 0} of ${story.settledFacts}`);
    return;
  }
  if (saved === null) return;
  const restored = openJudge(policy, saved.bytes, () => undefined);
  for (const record of stored.records.slice(saved.position)) restored.apply(record, []);
  const until = stored.records.at(-1)?.stamp ?? 0;
  const apart = parting(
    restored.pipeline().flags(until).map(flagJson),
    judged.judge.pipeline().flags(until).map(flagJson),
  );
  if (apart !== null) report(`flags out of the snapshot differ at ${apart}`);
}

async function checkLake(story: Story, outputs: readonly Output[], report: Report): Promise<void> {
  const { world, workload } = story;
  const genesis = story.lives.at(-1)?.embedded()?.genesis ?? "";
  const { lakeRecords } = workload.sizes;
  const store = openSimulatedStore({ objects: world.objects });
  // Before the first chunk is closed there is no lake to verify.
  const isBegun = (await store.list("_manifest/")).length > 0;
  const audit = isBegun ? await verify(store, { genesis }) : { findings: [], outputs: 0 };
  for (const { fault, key, says } of audit.findings) report(`lake: ${fault} ${key}: ${says}`);
  // A chunk is closed by the next fact's first output once it is full.
  const unwritten = outputs.slice(audit.outputs);
  const firstLeft = unwritten[0];
  const couldClose = unwritten.filter(({ inOffset }) => inOffset !== unwritten.at(-1)?.inOffset);
  if (firstLeft !== undefined && couldClose.length >= lakeRecords)
    report(`lake: ${unwritten.length} outputs are not in it`);
  const before = outputs[audit.outputs - 1];
  if (before !== undefined && firstLeft !== undefined && before.inOffset === firstLeft.inOffset)
    report("lake: a chunk parts the outputs of one fact");
}

export type Checked = {
  readonly violations: readonly string[];
  readonly facts: number;
  readonly outputs: number;
};

/** Holds what is left at the end of a story against what must be. */
export async function check(story: Story): Promise<Checked> {
  const violations: string[] = [];
  const report: Report = (what) => void violations.push(what);
  try {
    const stored = factsOf(await readRecords(story, "facts"), report);
    await checkIntake(story, stored, report);
    const judged = judgeAnew(story, stored.records);
    const overdue = judged.judge.nextMoment();
    if (overdue <= story.quietAt)
      report(`a deadline at ${overdue} went by unnoticed until ${story.quietAt}`);
    const outputs = await checkOutputs(story, judged, report);
    checkOracle(story, stored, judged, report);
    await checkSnapshot(story, judged, stored, report);
    const settled = outputs.filter(({ inOffset }) => inOffset < story.settledFacts);
    await checkLake(story, settled, report);
    checkTold(story, settled, report);
    return { violations, facts: stored.records.length, outputs: outputs.length };
  } catch (error) {
    report(`what is left cannot be read: ${String(error)}`);
    return { violations, facts: 0, outputs: 0 };
  }
}
