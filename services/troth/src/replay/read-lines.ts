import { parseLine, type Sealing, sealFact } from "@troth/events";
import { readEventFileBatches } from "@troth/intake";
import type { ReadLine, ReadLines } from "./source.ts";

/** The same lines, each event with pseudonyms for names and its personal part sealed. */
export async function* sealedLines(
  lines: ReadLines,
  sealing: Sealing,
): AsyncGenerator<readonly ReadLine[]> {
  for await (const batch of lines) {
    yield batch.map((one) =>
      one.result.ok
        ? { ...one, result: { ok: true, value: sealFact(one.result.value, sealing) } }
        : one,
    );
  }
}

/** The lines of an event file (or `-`), each parsed at the door. `told` hears how far it is. */
export async function* readLines(
  path: string,
  told: (lines: number) => void,
): AsyncGenerator<readonly ReadLine[]> {
  let lines = 0;
  for await (const batch of readEventFileBatches(path)) {
    const read: ReadLine[] = batch.map((one) =>
      one.kind === "text"
        ? { line: one.number, result: parseLine(one.text), raw: one.text }
        : { line: one.number, result: { ok: false, error: one.refusal }, raw: null },
    );
    lines += batch.length;
    told(lines);
    yield read;
  }
}
