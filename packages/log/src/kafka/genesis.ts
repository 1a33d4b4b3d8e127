import { LogError } from "../log-error.ts";
import type { Connection } from "./connection.ts";
import { headerName, type Message } from "./message.ts";
import { RecordPen, type Records } from "./record-pen.ts";

/**
 * A topic deleted and made again has the same name and offsets, and nothing in Kafka's answers tells
 * it apart. So the first record of every partition is its genesis, a UUID; readers keep it and stop
 * when it is another. Retention deletes that record in time: a compacted topic holds them all.
 */
export const genesisTopic = "troth.genesis";

const marker = headerName("troth_genesis");

export const placeOf = (topic: string, partition: number): string => `${topic}-${partition}`;

export function genesisRecord(topic: string, partition: number, genesis: string): Records {
  const pen = new RecordPen(1_024);
  pen.key(placeOf(topic, partition));
  pen.value(genesis);
  pen.header(marker, "1");
  pen.end();
  return pen.take();
}

const genesisIn = (message: Message): string | null =>
  message.find(marker) ? (message.value?.toString() ?? null) : null;

const small = { ms: 0, bytesMax: 64 * 1024 };

/** The genesis of a partition; null when it holds nothing yet. */
export async function readGenesis(
  connection: Connection,
  topic: string,
  partition: number,
): Promise<string | null> {
  const { start, end } = await connection.bounds(topic, partition);
  if (end === 0) return null;
  const found =
    start === 0
      ? await firstGenesis(connection, topic, partition)
      : await keptGenesis(connection, placeOf(topic, partition));
  if (found !== null) return found;
  throw new LogError(
    "not-applied",
    `${placeOf(topic, partition)} does not begin with a genesis record, so troth did not make it: ` +
      "give troth topics of its own (troth topics apply)",
  );
}

async function firstGenesis(connection: Connection, topic: string, partition: number) {
  const { messages } = await connection.fetch(topic, partition, 0, small);
  const first = messages[0];
  return first === undefined || first.offset !== 0 ? null : genesisIn(first);
}

/** From the topic that keeps them all, for who may not read the partition itself. */
export async function keptGenesis(connection: Connection, place: string): Promise<string | null> {
  const { start, end } = await connection.bounds(genesisTopic, 0);
  let found: string | null = null;
  for (let next = start; next < end; ) {
    const { messages } = await connection.fetch(genesisTopic, 0, next, small);
    const last = messages.at(-1);
    if (last === undefined) break;
    for (const message of messages)
      if (message.key?.toString() === place) found = genesisIn(message);
    next = last.offset + 1;
  }
  return found;
}

export function checkGenesis(place: string, expected: string, found: string | null): void {
  if (found === expected) return;
  throw new LogError(
    "recreated",
    `${place} is not the log it was: its genesis is ${found ?? "gone"}, not ${expected}. ` +
      "The topic was deleted and made again; positions and snapshots of the old one mean nothing " +
      "in it. Restore the topic, or begin anew with an empty data folder",
  );
}
