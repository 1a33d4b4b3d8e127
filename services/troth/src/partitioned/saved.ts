import { joinPieces, jsonPiece, nextJson, splitPieces } from "@troth/engine";

/** A snapshot's body: a head, then pieces of state. */
export function encodeSaved(head: unknown, pieces: Iterable<Buffer>): Buffer {
  return joinPieces([jsonPiece(head), ...pieces]);
}

/** The head, and an iterator that stands at the first piece of state. */
export function openSaved(bytes: Buffer): {
  readonly head: unknown;
  readonly pieces: Iterator<Buffer>;
} {
  const pieces = splitPieces(bytes);
  return { head: nextJson(pieces), pieces };
}
