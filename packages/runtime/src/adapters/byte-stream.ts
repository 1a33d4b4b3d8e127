import { createReadStream } from "node:fs";
import { worldError } from "../world-error.ts";

/** The bytes of a file, or of standard input for `-`, in pieces as they come. */
export async function* readByteStream(path: string): AsyncGenerator<Buffer, void, undefined> {
  const stream =
    path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 256 * 1024 });
  try {
    for await (const piece of stream) {
      yield typeof piece === "string" ? Buffer.from(piece) : piece;
    }
  } catch (error) {
    throw worldError(error, `read ${path === "-" ? "standard input" : path}`);
  }
}
