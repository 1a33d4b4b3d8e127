import { invariant } from "@troth/events";

/** A snapshot's body: a head of one line, then lines of state. */
export function encodeSaved(head: unknown, lines: Iterable<string>): Buffer {
  // Joined in pieces: all of it may be longer than a string can be.
  const pieces: Buffer[] = [Buffer.from(JSON.stringify(head))];
  let some: string[] = [];
  let chars = 0;
  const flush = (): void => {
    if (some.length > 0) pieces.push(Buffer.from(`\n${some.join("\n")}`));
    some = [];
    chars = 0;
  };
  for (const line of lines) {
    some.push(line);
    chars += line.length;
    if (chars > 1 << 24) flush();
  }
  flush();
  return Buffer.concat(pieces);
}

export function* linesOf(bytes: Buffer): Generator<string> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from);
    yield bytes.toString("utf8", from, end === -1 ? bytes.length : end);
    from = end === -1 ? bytes.length : end + 1;
  }
}

/** The head, and an iterator that stands at the first line of state. */
export function openSaved(bytes: Buffer): {
  readonly head: string;
  readonly lines: IterableIterator<string>;
} {
  const lines = linesOf(bytes);
  const first = lines.next();
  invariant(first.done !== true, "the snapshot is empty");
  return { head: first.value, lines };
}
