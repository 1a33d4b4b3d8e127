import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fact, parseEvent } from "@troth/events";
import { openFolder } from "./files.ts";
import type { AsideRow, ImportedEvent, Importer } from "./importer.ts";

export type Imported = {
  readonly events: readonly ImportedEvent[];
  readonly facts: readonly Fact[];
  /** `line reason field` of every row set aside. */
  readonly aside: readonly string[];
  readonly asideRows: readonly AsideRow[];
  readonly notes: readonly string[];
};

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Runs `work` with a folder that holds the files and is gone afterwards. */
export async function withFolder<T>(files: Files, work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "troth-import-"));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * What an importer makes of a folder. Fails unless the door admits every event with every field
 * it has, ids are unique, and they come in order of `recordedtime`.
 */
export async function importFolder(importer: Importer, dir: string): Promise<Imported> {
  const asideRows: AsideRow[] = [];
  const notes: string[] = [];
  const { io } = openFolder(
    (row) => asideRows.push(row),
    (note) => notes.push(note),
  );
  const events: ImportedEvent[] = [];
  const facts: Fact[] = [];
  const ids = new Set<string>();
  for await (const event of importer(dir, io)) {
    const sent: unknown = JSON.parse(JSON.stringify(event));
    const fact = parseEvent(sent);
    if (!fact.ok) throw new Error(`${event.id} was refused: ${fact.error.message}`);
    const said = Object.entries(event.data).filter(([, value]) => value !== undefined);
    const lost = said.filter(([name]) => !(name in fact.value.data)).map(([name]) => name);
    if (lost.length > 0) throw new Error(`${event.type} has no field ${lost.join(", ")}`);
    const before = facts.at(-1);
    if (before !== undefined && before.recordedTime > fact.value.recordedTime) {
      throw new Error(`${event.id} comes after something that was known later`);
    }
    if (ids.has(`${event.source} ${event.id}`)) throw new Error(`${event.id} came twice`);
    ids.add(`${event.source} ${event.id}`);
    events.push(event);
    facts.push(fact.value);
  }
  const aside = asideRows.map(({ line, reason, field }) => `${line} ${reason} ${field}`);
  return { events, facts, aside, asideRows, notes };
}

export const importFiles = (importer: Importer, files: Files): Promise<Imported> =>
  withFolder(files, (dir) => importFolder(importer, dir));

/** The event of that id; fails when there is none. */
export function eventOf({ events }: Imported, id: string): ImportedEvent {
  const found = events.find((event) => event.id === id);
  if (found === undefined) throw new Error(`no ${id} among ${events.map((e) => e.id).join(", ")}`);
  return found;
}
