import { isAscii, isUtf8 } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import type { Refusal } from "@troth/events";
import { readByteStream } from "@troth/runtime";
import { gunzipIfPacked } from "./gunzip.ts";
import { defaultLimits } from "./limits.ts";

/** A line of a file, or why there is none: what cannot be text, or is too large to be held. */
export type FileLine =
  | { readonly kind: "text"; readonly number: number; readonly text: string }
  | {
      readonly kind: "refused";
      readonly number: number;
      readonly refusal: Refusal;
      readonly size: number;
      /** Of the whole line, hex. */
      readonly sha256: string;
      readonly head: Buffer;
    };

export type FileLineOptions = { readonly lineBytesMax?: number };

const headBytesMax = 4_096;
const byteOrderMark = 0xfeff;

const tooLarge = (size: number, most: number): Refusal => ({
  reason: "too-large",
  field: null,
  message: `The line has ${size} bytes; send at most ${most}.`,
});
const notUtf8: Refusal = {
  reason: "not-utf8",
  field: null,
  message: "The bytes are not UTF-8; convert the file to UTF-8.",
};

const refusedLine = (number: number, bytes: Buffer, refusal: Refusal): FileLine => ({
  kind: "refused",
  number,
  refusal,
  size: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
  head: Buffer.from(bytes.subarray(0, headBytesMax)),
});

/** A line that grew too large: only its beginning is held, the rest is counted and hashed. */
type Oversized = { readonly head: Buffer; readonly hash: Hash; size: number };

/** Turns a run of bytes into lines; keeps what is not yet a whole line for the next run. */
class LineSplitter {
  readonly #bytesMax: number;
  #number = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #oversized: Oversized | null = null;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(piece: Buffer): FileLine[] {
    const lines: FileLine[] = [];
    const rest = this.#oversized === null ? piece : this.#endOversized(piece, lines);
    const lastFeed = rest.lastIndexOf(10);
    if (lastFeed === -1) this.#hold(rest);
    else {
      this.#addLines(this.#join(rest.subarray(0, lastFeed)), lines);
      this.#hold(rest.subarray(lastFeed + 1));
    }
    return lines;
  }

  end(): FileLine[] {
    const lines: FileLine[] = [];
    if (this.#oversized !== null) this.#tellOversized(this.#oversized, lines);
    else if (this.#heldBytes > 0) this.#addLines(this.#join(Buffer.alloc(0)), lines);
    return lines;
  }

  #join(piece: Buffer): Buffer {
    if (this.#heldBytes === 0) return piece;
    const joined = Buffer.concat([...this.#held, piece]);
    this.#held = [];
    this.#heldBytes = 0;
    return joined;
  }

  #hold(piece: Buffer): void {
    if (piece.length === 0) return;
    if (this.#oversized !== null) {
      this.#oversized.hash.update(piece);
      this.#oversized.size += piece.length;
      return;
    }
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    // One byte more than allowed may be the carriage return of a line that just fits.
    if (this.#heldBytes <= this.#bytesMax + 1) return;
    const bytes = this.#join(Buffer.alloc(0));
    this.#oversized = {
      head: Buffer.from(bytes.subarray(0, headBytesMax)),
      hash: createHash("sha256").update(bytes),
      size: bytes.length,
    };
  }

  #endOversized(piece: Buffer, lines: FileLine[]): Buffer {
    const feed = piece.indexOf(10);
    this.#hold(feed === -1 ? piece : piece.subarray(0, feed));
    if (feed === -1 || this.#oversized === null) return Buffer.alloc(0);
    this.#tellOversized(this.#oversized, lines);
    return piece.subarray(feed + 1);
  }

  #tellOversized({ head, hash, size }: Oversized, lines: FileLine[]): void {
    this.#oversized = null;
    this.#number += 1;
    const refusal = tooLarge(size, this.#bytesMax);
    const sha256 = hash.digest("hex");
    lines.push({ kind: "refused", number: this.#number, refusal, size, sha256, head });
  }

  #addLines(block: Buffer, lines: FileLine[]): void {
    if (!isUtf8(block)) {
      this.#addLinesApart(block, lines);
      return;
    }
    // For plain ASCII this is a copy instead of a decoding, several times faster.
    const text = block.toString(isAscii(block) ? "latin1" : "utf8");
    for (const line of text.split("\n")) this.#addText(line, lines);
  }

  /** Some line of the block is not UTF-8: find out which, and lose only that one. */
  #addLinesApart(block: Buffer, lines: FileLine[]): void {
    for (let start = 0; start <= block.length; ) {
      const feed = block.indexOf(10, start);
      const end = feed === -1 ? block.length : feed;
      const bytes = block.subarray(start, end);
      if (isUtf8(bytes)) this.#addText(bytes.toString(), lines);
      else {
        this.#number += 1;
        lines.push(refusedLine(this.#number, bytes, notUtf8));
      }
      start = end + 1;
    }
  }

  #addText(line: string, lines: FileLine[]): void {
    this.#number += 1;
    let text = line.charCodeAt(line.length - 1) === 13 ? line.slice(0, -1) : line;
    if (this.#number === 1 && text.charCodeAt(0) === byteOrderMark) text = text.slice(1);
    // A character takes at most three bytes per unit of length, so most need no counting.
    if (text.length * 3 > this.#bytesMax && Buffer.byteLength(text) > this.#bytesMax) {
      const bytes = Buffer.from(text);
      lines.push(refusedLine(this.#number, bytes, tooLarge(bytes.length, this.#bytesMax)));
    } else if (text.trim() !== "") lines.push({ kind: "text", number: this.#number, text });
  }
}

/**
 * The lines of bytes that come in pieces, in arrays of as many as a piece ends: gzip by its first
 * bytes, LF or CRLF, with or without a byte order mark. Blank lines are counted but left out. Holds
 * at most one line and one piece. Throws `IntakeError` when gzip data is broken.
 */
export async function* splitFileLines(
  pieces: AsyncIterable<Buffer>,
  options: FileLineOptions = {},
): AsyncGenerator<readonly FileLine[], void, undefined> {
  const splitter = new LineSplitter(options.lineBytesMax ?? defaultLimits.eventBytesMax);
  for await (const piece of gunzipIfPacked(pieces)) {
    const lines = splitter.push(piece);
    if (lines.length > 0) yield lines;
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
}

/** The lines of a file, or of standard input for `-`, in arrays. `WorldError` when it fails. */
export const readEventFileBatches = (
  path: string,
  options: FileLineOptions = {},
): AsyncIterable<readonly FileLine[]> => splitFileLines(readByteStream(path), options);

/** The same one line at a time. */
export async function* readEventFile(
  path: string,
  options: FileLineOptions = {},
): AsyncGenerator<FileLine, void, undefined> {
  for await (const lines of readEventFileBatches(path, options)) yield* lines;
}
