import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  avroSchemaOf,
  avroTypeOf,
  decodeFact,
  encodeFact,
  type Fact,
  type Kind,
  loggedSchemaOf,
  publicPseudonymKey,
  toCloudEvent,
} from "@troth/events";
import { readEventFileBatches } from "@troth/intake";
import { openFileLog, readLog } from "@troth/log";
import type { Policy } from "@troth/policy";
import { systemDisk, systemRng } from "@troth/runtime";
import { readFolder } from "../../../services/troth/src/replay/read-folder.ts";
import { readLines } from "../../../services/troth/src/replay/read-lines.ts";
import { replay } from "../../../services/troth/src/replay/replay.ts";
import type { ToJudge } from "../../../services/troth/src/replay/source.ts";
import { defaultPolicy } from "../../support/default-policy.ts";
import { olistFacts } from "../engine-records.ts";
import { mixedStream } from "../mixed-stream.ts";
import { type Case, type Figure, type Suite, timed } from "../suite.ts";

const batchRecords = 1_000;

/** The same facts as an event file and as the folder `start` keeps them in. */
async function written(dir: string, name: string, facts: readonly Fact[]) {
  const file = join(dir, `${name}.jsonl`);
  writeFileSync(file, facts.map((fact) => `${JSON.stringify(toCloudEvent(fact))}\n`).join(""));
  const folder = join(dir, name);
  const log = await openFileLog(join(folder, "facts"), systemDisk, {
    newGenesis: systemRng.uuid(),
  });
  let stamp = 0;
  for (let at = 0; at < facts.length; at += batchRecords) {
    const batch = facts.slice(at, at + batchRecords);
    stamp = Math.max(stamp, batch[0]?.recordedTime ?? 0);
    await log.append(
      batch.map((fact) => ({ bytes: encodeFact(fact) })),
      stamp,
    );
  }
  await log.close();
  return { file, folder };
}

/** The peer of JSON lines: the same bytes split by the same splitter, and parsed by nothing but V8. */
async function parsedAlone(file: string): Promise<void> {
  for await (const batch of readEventFileBatches(file))
    for (const line of batch) if (line.kind === "text") JSON.parse(line.text);
}

const avroTypes = new Map<Kind, ReturnType<typeof avroTypeOf>>();

function avroOf(kind: Kind): ReturnType<typeof avroTypeOf> {
  const known = avroTypes.get(kind) ?? avroTypeOf(loggedSchemaOf(avroSchemaOf(kind)));
  avroTypes.set(kind, known);
  return known;
}

/** The peer of the log: the same records in memory, each decoded by avsc with its schema at hand. */
function decodedAlone(records: readonly (readonly [kind: Kind, bytes: Buffer])[]): void {
  for (const [kind, bytes] of records) avroOf(kind).decode(bytes, 5);
}

async function logDecoded(folder: string): Promise<void> {
  for await (const batch of readLog(join(folder, "facts"), systemDisk))
    for (const { bytes } of batch) decodeFact(bytes);
}

async function judged(lines: ToJudge, policy: Policy): Promise<void> {
  await replay(lines, policy, publicPseudonymKey, null, {
    decision: () => undefined,
    output: null,
    setAside: ({ message }) => {
      throw new Error(message);
    },
    drained: () => Promise.resolve(),
  });
}

async function read(lines: ToJudge): Promise<void> {
  for await (const _ of lines);
}

const nobody = (): void => undefined;

export const suite: Suite = {
  says: "an event file, and the log start keeps, to facts and to decisions",
  prepare: async ({ scale }) => {
    const policy = defaultPolicy();
    const dir = mkdtempSync(join(tmpdir(), "troth-bench-replay-"));
    const count = Math.round(200_000 * scale);
    const streams: (readonly [name: string, facts: readonly Fact[]])[] = [
      ["mixed", mixedStream(count, Math.ceil(count / 6), 7)],
    ];
    const olist = await olistFacts();
    if (olist !== null) streams.push(["Olist", olist.slice(0, count)]);
    const cases: Case[] = [];
    for (const [name, facts] of streams) {
      const { file, folder } = await written(dir, name, facts);
      const records = facts.map((fact) => [fact.kind, encodeFact(fact)] as const);
      const one = (id: string, peer: string | null, run: () => Promise<void> | void): void => {
        const measured = (): Promise<Figure> => timed(facts.length, run);
        cases.push({ id, unit: "events/s", peer, run: measured });
      };
      const json = `JSON.parse of the same lines, ${name}`;
      const avro = `avsc alone, ${name}`;
      one(json, null, () => parsedAlone(file));
      one(`JSON lines to facts, ${name}`, json, () => read(readLines(file, nobody)));
      one(`JSON lines to decisions, ${name}`, json, () => judged(readLines(file, nobody), policy));
      one(avro, null, () => decodedAlone(records));
      one(`Avro log to facts, ${name}`, avro, () => logDecoded(folder));
      one(`Avro log to decisions, ${name}`, avro, () => judged(readFolder(folder, nobody), policy));
    }
    return { close: () => rmSync(dir, { recursive: true, force: true }), cases };
  },
};
