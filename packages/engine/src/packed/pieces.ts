import { invariant } from "@troth/events";

const lengthBytes = 4;

/** Pieces one behind the other, each with its length before it. */
export function joinPieces(pieces: Iterable<Uint8Array>): Buffer {
  const parts: Uint8Array[] = [];
  for (const piece of pieces) {
    const length = Buffer.allocUnsafe(lengthBytes);
    length.writeUInt32LE(piece.length);
    parts.push(length, piece);
  }
  return Buffer.concat(parts);
}

/** The same pieces again, as views into the bytes. */
export function* splitPieces(bytes: Buffer): Generator<Buffer, undefined> {
  for (let at = 0; at < bytes.length; ) {
    invariant(at + lengthBytes <= bytes.length, "a piece ends before its length does");
    const from = at + lengthBytes;
    const to = from + bytes.readUInt32LE(at);
    invariant(to <= bytes.length, "a piece is cut off");
    yield bytes.subarray(from, to);
    at = to;
  }
  return undefined;
}

/** The next piece; trips an invariant when there is none. */
export function nextPiece(pieces: Iterator<Buffer>): Buffer {
  const next = pieces.next();
  invariant(next.done !== true, "the snapshot ends too early");
  return next.value;
}

/** So many pieces, as they come. */
export function* takePieces(pieces: Iterator<Buffer>, count: number): Generator<Buffer> {
  for (let n = 0; n < count; n += 1) yield nextPiece(pieces);
}

export const jsonPiece = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** What the next piece says, as `jsonPiece` wrote it. */
export const nextJson = (pieces: Iterator<Buffer>): unknown =>
  JSON.parse(nextPiece(pieces).toString("utf8"));
