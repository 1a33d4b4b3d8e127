import { inflateRawSync } from "node:zlib";
import avsc from "avsc";
import { openType } from "./registry.ts";

/*
 * The library's own stream takes a file that was cut off for a shorter one. This reads block by block
 * and ends only where a block ends.
 */
const header = avsc.Type.forSchema({
  type: "record",
  name: "Header",
  fields: [
    { name: "magic", type: { type: "fixed", name: "Magic", size: 4 } },
    { name: "meta", type: { type: "map", values: "bytes" } },
    { name: "sync", type: { type: "fixed", name: "Sync", size: 16 } },
  ],
});
const block = avsc.Type.forSchema({
  type: "record",
  name: "Block",
  fields: [
    { name: "count", type: "long" },
    { name: "data", type: "bytes" },
    { name: "sync", type: { type: "fixed", name: "BlockSync", size: 16 } },
  ],
});

type Header = { readonly magic: Buffer; readonly meta: Record<string, Buffer>; sync: Buffer };
type Block = { readonly count: number; readonly data: Buffer; readonly sync: Buffer };

const blockBytesMax = 64 << 20;

function unpack(data: Buffer, codec: string): Buffer {
  if (codec === "null") return data;
  if (codec === "deflate") return inflateRawSync(data, { maxOutputLength: blockBytesMax });
  throw new Error(`it is packed by ${codec}; null and deflate can be read`);
}

type Opened = { readonly type: avsc.Type; readonly codec: string; readonly sync: Buffer };

function open({ magic, meta, sync }: Header): Opened {
  if (magic.toString("latin1") !== "Obj\u0001") throw new Error("it does not begin as one");
  const type = openType(JSON.parse(String(meta["avro.schema"])));
  return { type, codec: meta["avro.codec"]?.toString() ?? "null", sync: Buffer.from(sync) };
}

function* valuesOf({ type, codec, sync }: Opened, { count, data, sync: mark }: Block) {
  if (!sync.equals(mark)) throw new Error("a block does not end where it should");
  const bytes = unpack(data, codec);
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    const { value, offset } = type.decode(bytes, at);
    if (offset < 0) throw new Error("a block is shorter than it says");
    at = offset;
    yield value;
  }
  if (at !== bytes.length) throw new Error("a block is longer than it says");
}

/** The values of an Avro object file that comes in pieces. Throws when it is torn or no such file. */
export async function* readAvroFile(pieces: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  let held: Buffer = Buffer.alloc(0);
  let opened: Opened | null = null;
  for await (const piece of pieces) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    if (opened === null) {
      const { value, offset } = header.decode(held, 0);
      if (offset < 0) continue;
      opened = open(value);
      held = held.subarray(offset);
    }
    for (;;) {
      const { value, offset } = block.decode(held, 0);
      if (offset < 0 || offset > held.length) break;
      yield* valuesOf(opened, value);
      held = held.subarray(offset);
    }
    if (held.length > blockBytesMax) throw new Error("a block is too large");
  }
  if (opened === null) throw new Error("it ends before its head does");
  if (held.length > 0) throw new Error("it ends in the middle of a block");
}
