import type { Log, LogInput, LogRecord } from "@troth/log";
import { InputError } from "../exit.ts";

export type Stamped = { readonly bytes: Uint8Array; readonly stamp: number };

export type Copied = {
  /** Records that were there already, from a migration that was cut short. */
  readonly before: number;
  readonly copied: number;
};

/** Bytes on their way at once: the log may be larger than the memory. */
const underWayBytesMax = 8 * 1024 * 1024;
const groupRecordsMax = 1_000;

export const stampedOf = async function* (log: Log): AsyncGenerator<Stamped> {
  for await (const { bytes, stamp } of log.read(0)) yield { bytes, stamp };
};

/**
 * Makes `to` hold the records of `from`, in order and with their log time. What it already holds must be
 * their beginning: so a copy that was cut short goes on, and nothing is ever mixed.
 */
export async function copyRecords(
  what: string,
  from: AsyncIterable<Stamped>,
  to: Log,
  progress: (records: number) => void,
): Promise<Copied> {
  const end = await to.end();
  const there = to.read(0)[Symbol.asyncIterator]();
  const writer = openWriter(to);
  let before = 0;
  let copied = 0;
  for await (const record of from) {
    if (before < end) {
      const next = await there.next();
      if (next.done === true || !isSame(next.value, record)) throw notTheSame(what, before);
      before += 1;
      continue;
    }
    await writer.write(record);
    copied += 1;
    progress(before + copied);
  }
  if (before < end)
    throw new InputError(`${what}: the target holds ${end} records, the source only ${before}`);
  await writer.flush();
  return { before, copied };
}

const isSame = (held: LogRecord, wanted: Stamped): boolean =>
  held.stamp === wanted.stamp && held.bytes.equals(wanted.bytes);

const notTheSame = (what: string, offset: number): InputError =>
  new InputError(
    `${what}: the target's record ${offset} is another than the source's: it has a history of its own, ` +
      "and two cannot be joined. Migrate to an empty target",
  );

/** Records of one moment go in one append; appends follow each other without waiting for each. */
function openWriter(to: Log) {
  let group: LogInput[] = [];
  let stamp = 0;
  let bytes = 0;
  let failure: { readonly error: unknown } | null = null;
  const appends: Promise<unknown>[] = [];
  const send = (): void => {
    if (group.length === 0) return;
    // Told at the next write or flush: nobody waits for this one alone.
    const noted = (error: unknown): void => {
      failure ??= { error };
    };
    appends.push(to.append(group, stamp).catch(noted));
    group = [];
  };
  const check = (): void => {
    if (failure !== null) throw failure.error;
  };
  const flush = async (): Promise<void> => {
    send();
    await Promise.all(appends.splice(0));
    bytes = 0;
    check();
  };
  return {
    flush,
    write: async (record: Stamped): Promise<void> => {
      check();
      if (record.stamp !== stamp || group.length >= groupRecordsMax) send();
      stamp = record.stamp;
      group.push({ bytes: Uint8Array.from(record.bytes) });
      bytes += record.bytes.length;
      if (bytes > underWayBytesMax) await flush();
    },
  };
}
