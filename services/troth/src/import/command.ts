import { once } from "node:events";
import { basename } from "node:path";
import { errnoOf } from "@troth/runtime";
import {
  type AsideRow,
  ImportError,
  importers,
  isImporterName,
  openFolder,
  readingText,
  type Tally,
} from "./index.ts";

/** Rows set aside that are told one by one; the rest are in the counts. */
const toldMax = 20;
/** Lines gathered into one write: a write for each costs more than making the event. */
const chunkCharsMax = 64 * 1024;

const ok = 0;
const badUse = 2;
const badInput = 3;

/** A path may come from a file name somebody else chose: no control characters to the terminal. */
const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cs}]/gu, "?");

const tellAside = ({ file, line, reason, field, message }: AsideRow): string =>
  plain(
    `set aside ${basename(file)}:${line} ${reason}${field === null ? "" : ` (${field})`}: ${message}`,
  );

function summary(name: string, events: number, { rows, aside }: Tally): readonly string[] {
  const sum = (counts: Map<string, number>): number =>
    [...counts.values()].reduce((a, b) => a + b, 0);
  const lines = [...rows].map(([file, count]) => `  ${basename(file)}: ${count} rows`);
  const reasons = [...aside].map(([key, count]) => {
    const [reason = "", ...file] = key.split(" ").reverse();
    return `  set aside ${count} of ${basename(file.reverse().join(" "))}: ${reason}`;
  });
  const head = `import ${name}: ${sum(rows)} rows, ${events} events, ${sum(aside)} rows set aside`;
  return [head, ...lines, ...reasons].map(plain);
}

/** Lines to a stream, waiting whenever the reader is slower. */
function openLines(out: NodeJS.WritableStream): {
  readonly write: (line: string) => Promise<void> | undefined;
  readonly flush: () => Promise<void>;
} {
  let gathered = "";
  let failure: Error | null = null;
  out.on("error", (error) => {
    failure = error;
  });
  const flush = async (): Promise<void> => {
    const chunk = gathered;
    gathered = "";
    if (failure !== null) throw failure;
    if (chunk !== "" && !out.write(chunk)) await once(out, "drain");
  };
  return {
    flush,
    write: (line) => {
      gathered += `${line}\n`;
      return gathered.length < chunkCharsMax ? undefined : flush();
    },
  };
}

/**
 * Writes a folder's events to `out` as JSON lines in order of `recordedtime`, and to `progress`
 * what was left out and why. Gives the exit code: 0; 2 for a name that is no importer; 3 when the
 * folder cannot be used or not one of its rows could. A reader that stops early (`| head`) is no
 * failure. Neither stream is closed.
 */
export async function runImport(
  name: string,
  dir: string,
  out: NodeJS.WritableStream,
  progress: NodeJS.WritableStream,
  readText = false,
): Promise<number> {
  const say = (line: string): void => {
    progress.write(`${plain(line)}\n`);
  };
  if (!isImporterName(name)) {
    say(`no importer ${name}; there are ${Object.keys(importers).join(", ")}`);
    return badUse;
  }
  const importer = readText ? readingText[name] : importers[name];
  if (importer === undefined) {
    say(`import ${name} has no text to read; leave --read-text out`);
    return badUse;
  }
  let told = 0;
  const { io, tally } = openFolder((row) => {
    told += 1;
    if (told <= toldMax) say(tellAside(row));
    if (told === toldMax + 1) say("further rows set aside are only counted");
  }, say);
  const lines = openLines(out);
  let events = 0;
  try {
    for await (const event of importer(dir, io)) {
      events += 1;
      const full = lines.write(JSON.stringify(event));
      if (full !== undefined) await full;
    }
    await lines.flush();
  } catch (error) {
    if (errnoOf(error) === "EPIPE") return ok;
    if (!(error instanceof ImportError)) throw error;
    say(`import ${name}: ${error.message}`);
    return badInput;
  }
  for (const line of summary(name, events, tally)) say(line);
  const usable = events > 0 || tally.aside.size === 0;
  return usable ? ok : badInput;
}
