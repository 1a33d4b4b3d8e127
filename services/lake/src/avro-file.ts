import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  avroTypeOf,
  type Filed,
  filedCodec,
  filedKindOf,
  filedReader,
  invariant,
} from "@troth/events";
import { snappyUncompress } from "hyparquet";
import { snappyCompress } from "hyparquet-writer/src/snappy.js";

/*
 * Avro object container files. Snappy, not deflate: zlib's output differs between its versions and
 * processors, and the same log is to give the same bytes everywhere.
 */
const magic = Buffer.from("Obj\u0001");
const metaType = avroTypeOf({ type: "map", values: "bytes" });
const longType = avroTypeOf({ type: "long" });
const syncBytes = 16;
const crcBytes = 4;
const blockBytes = 64 * 1024;

const long = (value: number): Buffer => longType.toBuffer(value);

/** Taken from the schema, because a random one would make every file another. */
const syncOf = (schema: string): Buffer =>
  createHash("sha256").update(schema).digest().subarray(0, syncBytes);

function block(count: number, raw: Buffer, sync: Buffer): readonly Buffer[] {
  const packed = Buffer.from(snappyCompress(raw));
  const check = Buffer.alloc(crcBytes);
  check.writeUInt32BE(crc32(raw));
  return [long(count), long(packed.length + crcBytes), packed, check, sync];
}

let scratch = Buffer.allocUnsafe(2 * blockBytes);

/** An Avro file of records of one kind; the same records give the same bytes. */
export function encodeFactFile(records: readonly Filed[]): Buffer {
  const [first] = records;
  invariant(first !== undefined, "a file holds at least one record");
  const { schema, encode } = filedCodec(filedKindOf(first));
  const sync = syncOf(schema);
  const meta = {
    "avro.schema": Buffer.from(schema),
    "avro.codec": Buffer.from("snappy"),
  };
  const parts: Buffer[] = [magic, metaType.toBuffer(meta), sync];
  let count = 0;
  let at = 0;
  const flush = (): void => {
    if (count > 0) parts.push(...block(count, scratch.subarray(0, at), sync));
    count = 0;
    at = 0;
  };
  for (const record of records) {
    let end = encode(record, scratch, at);
    if (end < 0) {
      flush();
      end = encode(record, scratch, 0);
      if (end < 0) {
        scratch = Buffer.allocUnsafe(2 * (scratch.length - end));
        end = encode(record, scratch, 0);
      }
    }
    at = end;
    count += 1;
    if (at >= blockBytes) flush();
  }
  flush();
  return Buffer.concat(parts);
}

/** Whole numbers as Avro writes them, with where the next thing begins. */
function readLong(bytes: Buffer, at: number): { value: number; end: number } {
  const { value, offset } = longType.decode(bytes, at);
  if (offset < 0) throw new RangeError("the file is cut short");
  return { value: Number(value), end: offset };
}

function unpacked(bytes: Buffer): Buffer {
  if (bytes.length < crcBytes) throw new RangeError("a block is too short");
  const packed = bytes.subarray(0, -crcBytes);
  // Snappy begins with the length of what comes out, seven bits a byte.
  let length = 0;
  for (let n = 0; n < 5; n += 1) {
    const byte = packed[n] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * n);
    if (byte < 0x80) break;
  }
  const raw = Buffer.alloc(length);
  snappyUncompress(packed, raw);
  if (crc32(raw) !== bytes.readUInt32BE(bytes.length - crcBytes)) {
    throw new RangeError("a block's checksum does not fit");
  }
  return raw;
}

/** Every record of a file that `encodeFactFile` wrote; throws on anything else. */
export function decodeFactFile(
  kind: Parameters<typeof filedReader>[0],
  bytes: Buffer,
): readonly Filed[] {
  if (!bytes.subarray(0, magic.length).equals(magic)) throw new RangeError("it is no Avro file");
  const { value: meta, offset } = metaType.decode(bytes, magic.length);
  if (offset < 0) throw new RangeError("the file is cut short");
  const schema = meta["avro.schema"];
  if (!Buffer.isBuffer(schema) || meta["avro.codec"]?.toString() !== "snappy") {
    throw new RangeError("its header names no schema, or another codec than snappy");
  }
  const read = filedReader(kind, schema.toString());
  const sync = bytes.subarray(offset, offset + syncBytes);
  const records: Filed[] = [];
  let at = offset + syncBytes;
  while (at < bytes.length) {
    const count = readLong(bytes, at);
    const size = readLong(bytes, count.end);
    const end = size.end + size.value;
    if (!bytes.subarray(end, end + syncBytes).equals(sync) || sync.length < syncBytes) {
      throw new RangeError("a block does not end where it says");
    }
    const raw = unpacked(bytes.subarray(size.end, end));
    let place = 0;
    for (let n = 0; n < count.value; n += 1) {
      const one = read(raw, place);
      records.push(one.record);
      place = one.end;
    }
    if (place !== raw.length) throw new RangeError("a block holds more than it counts");
    at = end + syncBytes;
  }
  return records;
}
