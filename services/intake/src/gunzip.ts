import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { IntakeError } from "./intake-error.ts";

async function* joined(
  first: Buffer,
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  if (first.length > 0) yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* gunzip(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const unzip = createGunzip({ chunkSize: 256 * 1024 });
  let sourceError: unknown = null;
  const source = Readable.from(packed, { objectMode: true });
  source.once("error", (error) => {
    sourceError = error;
  });
  // The callback is only there so that a failure does not count as unhandled; reading tells it.
  pipeline(source, unzip, () => undefined);
  let size = 0;
  try {
    for await (const piece of unzip) {
      size += piece.length;
      yield piece;
    }
  } catch (error) {
    if (sourceError !== null) throw sourceError;
    const why = error instanceof Error ? error.message : String(error);
    throw new IntakeError(
      "bad-gzip",
      `gzip data broken after ${size} bytes of content: ${why}`,
      error,
    );
  }
}

/** The same bytes, unpacked if they begin as gzip does. */
export async function* gunzipIfPacked(
  pieces: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const rest = pieces[Symbol.asyncIterator]();
  try {
    let first: Buffer = Buffer.alloc(0);
    while (first.length < 2) {
      const next = await rest.next();
      if (next.done === true) break;
      first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
    }
    const isPacked = first[0] === 0x1f && first[1] === 0x8b;
    const whole = joined(first, rest);
    yield* isPacked ? gunzip(whole) : whole;
  } finally {
    await rest.return?.();
  }
}
