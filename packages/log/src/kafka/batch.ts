import { gunzipSync } from "node:zlib";
import { LogError } from "../log-error.ts";
import { crc32c } from "./crc32c.ts";
import { cursorAt, Message } from "./message.ts";
import { numberBytes, putNumber, type Records } from "./record-pen.ts";

/** Who writes, and the number of the batch's first record among all it wrote to the partition. */
export type Writer = {
  readonly id: bigint;
  readonly epoch: number;
  readonly sequence: number;
};

/** Kafka's record batch, version 2: what is there before the first record, and where. */
const headBytes = 61;
const lengthAt = 8;
const lengthFrom = 12;
const magicAt = 16;
const crcAt = 17;
const crcFrom = 21;
const attributesAt = 21;
const countAt = 57;
/** Of a record, before its key: its length and number, and two bytes that are 0. */
const prefixBytesMax = 12;

export const countOf = (lists: readonly Records[]): number =>
  lists.reduce((sum, { ends }) => sum + ends.length, 0);

/** One batch as it lies on a broker's disk; the lists one behind the other. */
export function encodeBatch(lists: readonly Records[], writer: Writer, timestamp: number): Buffer {
  const count = countOf(lists);
  const total = lists.reduce((sum, one) => sum + one.bytes.length, 0);
  const bytes = Buffer.allocUnsafe(headBytes + count * prefixBytesMax + total);
  let at = headBytes;
  let n = 0;
  // Laid down at the far end, from where each is moved up behind the one before: that overtakes none.
  let begin = bytes.length - total;
  let listAt = begin;
  for (const { bytes: list, ends } of lists) {
    bytes.set(list, listAt);
    for (const end of ends) {
      const length = listAt + end - begin;
      at = putNumber(bytes, at, 2 + numberBytes(n) + length);
      bytes[at++] = 0;
      // Every record of a batch is as old as the batch.
      bytes[at++] = 0;
      at = putNumber(bytes, at, n);
      bytes.copyWithin(at, begin, begin + length);
      at += length;
      begin += length;
      n += 1;
    }
    listAt += list.length;
  }
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(at - lengthFrom, lengthAt);
  bytes.writeInt32BE(-1, 12);
  bytes.writeInt8(2, magicAt);
  bytes.writeInt16BE(0, attributesAt);
  bytes.writeInt32BE(count - 1, 23);
  bytes.writeBigInt64BE(BigInt(timestamp), 27);
  bytes.writeBigInt64BE(BigInt(timestamp), 35);
  bytes.writeBigInt64BE(writer.id, 43);
  bytes.writeInt16BE(writer.epoch, 51);
  bytes.writeInt32BE(writer.sequence, 53);
  bytes.writeInt32BE(count, countAt);
  bytes.writeUInt32BE(crc32c(bytes, crcFrom, at), crcAt);
  return bytes.subarray(0, at);
}

/** A batch in a compression this process has no codec for. */
export class UnknownCodecError extends Error {}

const codecMask = 0x7;
const gzip = 1;
const controlMask = 0x20;

/**
 * The records of the batches of one answer. The last batch may be cut off, as the broker sends as many
 * bytes as it was asked for; it comes whole with the next answer.
 */
export function decodeBatches(bytes: Buffer, from: number, to: number): readonly Message[] {
  const messages: Message[] = [];
  for (let at = from; at + headBytes <= to; ) {
    const end = at + lengthFrom + bytes.readInt32BE(at + lengthAt);
    if (end > to) break;
    decodeBatch(bytes, at, end, messages);
    at = end;
  }
  return messages;
}

function decodeBatch(bytes: Buffer, at: number, end: number, into: Message[]): void {
  const magic = bytes[at + magicAt];
  if (magic !== 2)
    throw new LogError("unknown-format", `a batch of Kafka's format ${magic}, where 2 is expected`);
  const base = Number(bytes.readBigInt64BE(at));
  const attributes = bytes.readInt16BE(at + attributesAt);
  const count = bytes.readInt32BE(at + countAt);
  const isControl = (attributes & controlMask) !== 0;
  const codec = attributes & codecMask;
  if (codec === 0) decodeRecords(bytes, at + headBytes, count, base, isControl, into);
  else if (codec === gzip) {
    const plain = gunzipSync(bytes.subarray(at + headBytes, end));
    decodeRecords(plain, 0, count, base, isControl, into);
  } else throw new UnknownCodecError(`compression ${codec}`);
}

function decodeRecords(
  bytes: Buffer,
  from: number,
  count: number,
  base: number,
  isControl: boolean,
  into: Message[],
): void {
  let at = from;
  for (let n = 0; n < count; n += 1) {
    const cursor = cursorAt(bytes, at);
    const length = cursor.number();
    const end = cursor.at + length;
    // Attributes, of which there are none yet.
    cursor.skip(1);
    // The time it was written, which the stamp is kept instead of.
    cursor.number();
    const offset = base + cursor.number();
    into.push(new Message(bytes, cursor.at, offset, isControl));
    at = end;
  }
}
