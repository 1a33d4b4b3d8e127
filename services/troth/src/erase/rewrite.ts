import { existsSync } from "node:fs";
import { appendFile, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  decodeFact,
  encodeFact,
  type Fact,
  type Filed,
  identityOf,
  invariant,
  isoTime,
} from "@troth/events";
import { encodeSetAside } from "@troth/intake";
import { type FileLog, type LogInput, type LogRecord, openFileLog } from "@troth/log";
import { systemClock, systemDisk, systemRng } from "@troth/runtime";
import { isTick, tick } from "../embedded/judge.ts";
import { factsOf, type Person, personOf, type Whose } from "./person.ts";

/** Its presence says that an erasure is under way: from then on it can only be finished. */
const marker = "erasing.json";
/** All that the facts give again when they are judged anew, and all that was told of them. */
const derived = ["outputs", "snapshots", "lake", "notify"];
const rewritten = ["facts", "set-aside"];

export type Erased = { readonly facts: number; readonly setAside: number };

export const isBeingErased = (data: string): boolean => existsSync(join(data, marker));

const partial = (data: string, name: string): string => join(data, `${name}.erasing`);
const openLog = (dir: string, genesis: string): Promise<FileLog> =>
  openFileLog(dir, systemDisk, { newGenesis: genesis });

function filedOf(record: LogRecord): Filed {
  const { offset, stamp, bytes } = record;
  if (isTick(bytes)) return { offset, stamp, fact: null };
  const decoded = decodeFact(bytes);
  invariant(decoded.ok, `record ${offset} of the facts log is no fact`);
  return { offset, stamp, fact: decoded.value };
}

/** Copies a log record by record, offsets and log times kept; `change` gives the bytes to keep. */
async function copy(
  from: FileLog,
  dir: string,
  change: (record: LogRecord) => Uint8Array,
): Promise<void> {
  const to = await openLog(dir, from.genesis);
  try {
    for await (const batch of from.readBatches(0)) {
      const appends: Promise<unknown>[] = [];
      let group: LogInput[] = [];
      let stamp = 0;
      const flush = (): void => {
        if (group.length > 0) appends.push(to.append(group, stamp));
        group = [];
      };
      for (const record of batch) {
        if (record.stamp !== stamp) flush();
        stamp = record.stamp;
        group.push({ bytes: Buffer.from(change(record)) });
      }
      flush();
      await Promise.all(appends);
    }
    invariant((await to.end()) === (await from.end()), "the copy holds as many records");
  } finally {
    await to.close();
  }
}

/** Another's fact that lists orders of theirs is kept without these. */
function withoutTheirs(fact: Fact, names: ReadonlySet<string>): Fact | null {
  const orders = fact.data["affectedOrders"];
  if (!Array.isArray(orders)) return null;
  const kept = orders.filter((order) => !names.has(`order:${order}`));
  return kept.length === orders.length
    ? null
    : { ...fact, data: { ...fact.data, affectedOrders: kept } };
}

async function copyFacts(log: FileLog, data: string, person: Person): Promise<number> {
  const read = async function* (): AsyncGenerator<readonly Filed[]> {
    for await (const batch of log.readBatches(0)) yield batch.map(filedOf);
  };
  const theirs = await factsOf(read, person);
  let erased = 0;
  await copy(log, partial(data, "facts"), (record) => {
    const { fact } = filedOf(record);
    if (fact === null) return record.bytes;
    if (theirs.has(identityOf(fact))) {
      erased += 1;
      return tick.bytes;
    }
    const changed = withoutTheirs(fact, person.names);
    return changed === null ? record.bytes : encodeFact(changed);
  });
  return erased;
}

/** Shorter ones stand in too much that is not theirs. */
const bareNameMin = 6;

/** What was set aside is no event, so all there is to go by is whether their names stand in it. */
async function copySetAside(log: FileLog, data: string, person: Person): Promise<number> {
  const texts = [...person.customers, ...person.names].flatMap((name) => {
    const bare = name.slice(name.indexOf(":") + 1);
    return bare.length >= bareNameMin ? [name, bare] : [name];
  });
  let erased = 0;
  await copy(log, partial(data, "set-aside"), (record) => {
    const item = JSON.parse(record.bytes.toString("utf8"));
    const whole = `${Buffer.from(item.raw, "base64").toString("utf8")} ${item.message}`;
    if (!texts.some((text) => whole.includes(text))) return record.bytes;
    erased += 1;
    const message = "erased at the person's request";
    return encodeSetAside({ ...item, message, size: 0, sha256: "", raw: Buffer.alloc(0) });
  });
  return erased;
}

async function writeDurably(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** From the marker on: the copies take the logs' places, and what was made of the old ones goes. */
export async function finishErasure(data: string): Promise<void> {
  for (const name of rewritten) {
    const [place, copied] = [join(data, name), partial(data, name)];
    if (!existsSync(copied)) continue;
    await rm(place, { recursive: true, force: true });
    await systemDisk.rename(copied, place);
  }
  for (const name of derived) await rm(join(data, name), { recursive: true, force: true });
  const audit = await readFile(join(data, marker), "utf8");
  await appendFile(join(data, "erasures.jsonl"), audit);
  await systemDisk.syncDir(data);
  await rm(join(data, marker));
  await systemDisk.syncDir(data);
}

/**
 * Takes one person out of a data folder that nobody runs: their facts become ticks, so that every other
 * fact keeps its place and log time, and all that was made of the facts is removed and made again at the
 * next start. Null when there is nothing of theirs. Cut short at any moment, it is as before or can be
 * finished.
 */
export async function erase(data: string, whose: Whose): Promise<Erased | null> {
  for (const name of rewritten) await rm(partial(data, name), { recursive: true, force: true });
  const facts = await openLog(join(data, "facts"), systemRng.uuid());
  const setAside = await openLog(join(data, "set-aside"), systemRng.uuid());
  let erased: Erased;
  try {
    const read = async function* (): AsyncGenerator<readonly Filed[]> {
      for await (const batch of facts.readBatches(0)) yield batch.map(filedOf);
    };
    const person = await personOf(read, whose);
    erased = {
      facts: await copyFacts(facts, data, person),
      setAside: await copySetAside(setAside, data, person),
    };
    if (erased.facts + erased.setAside === 0) {
      for (const name of rewritten) await rm(partial(data, name), { recursive: true });
      return null;
    }
    const audit = { at: isoTime(systemClock.now()), erasure: systemRng.uuid(), ...erased };
    await writeDurably(join(data, marker), `${JSON.stringify(audit)}\n`);
    await systemDisk.syncDir(data);
  } finally {
    await setAside.close();
    await facts.close();
  }
  // Nobody starts on the folder in between: the marker is there.
  await finishErasure(data);
  return erased;
}
