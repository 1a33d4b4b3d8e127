import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseLine } from "@troth/events";
import { errnoOf } from "@troth/runtime";
import { InputError } from "../exit.ts";
import { openCorrection, sealCorrection } from "../keys/sealed-aside.ts";
import type { Item, Room } from "./items.ts";

/** A correction by hand: which item, and the event as it should have been. */
export type Correction = { readonly sha256: string } & (
  | { readonly fixed: string }
  /** Under the key of the item. */
  | { readonly sealed: string }
);

const correctionsName = "set-aside.corrections.jsonl";
const sentName = "set-aside.sent.jsonl";

async function linesOf(path: string): Promise<readonly string[]> {
  try {
    return (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** The latest correction of each item. */
export async function correctionsOf(room: Room): Promise<ReadonlyMap<string, string>> {
  const lines = await linesOf(join(room.dir, correctionsName));
  return new Map(
    lines.flatMap((line): readonly (readonly [string, string])[] => {
      const { sha256, ...one } = JSON.parse(line) as Correction;
      if ("fixed" in one) return [[sha256, one.fixed]];
      const fixed = room.keys === null ? null : openCorrection(sha256, one.sealed, room.keys);
      return fixed === null ? [] : [[sha256, fixed]];
    }),
  );
}

/** Items whose correction was sent already, by hash of the correction's item. */
export async function sentOf(room: Room): Promise<ReadonlySet<string>> {
  return new Set(await linesOf(join(room.dir, sentName)));
}

export const noteSent = (room: Room, hashes: readonly string[]): Promise<void> =>
  appendFile(join(room.dir, sentName), hashes.map((hash) => `${hash}\n`).join(""));

/** `data.deliveredAt=2018-01-14T10:00:00Z`: a path, and a value as JSON or else as text. */
function assign(event: Record<string, unknown>, setting: string): void {
  const at = setting.indexOf("=");
  if (at <= 0) throw new InputError(`--set ${setting}: write it as path=value`);
  const path = setting.slice(0, at).split(".");
  const text = setting.slice(at + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // No JSON, so it is meant as it stands: a time, a name.
  }
  if (path.some((step) => ["__proto__", "constructor", "prototype"].includes(step))) {
    throw new InputError(`--set ${setting}: no event has such a field`);
  }
  let holder = event;
  for (const step of path.slice(0, -1)) {
    const inner = holder[step];
    const next =
      inner !== null && typeof inner === "object" && !Array.isArray(inner) ? { ...inner } : {};
    holder[step] = next;
    holder = next as Record<string, unknown>;
  }
  holder[path.at(-1) ?? ""] = value;
}

function edited(item: Item, settings: readonly string[]): string {
  if (item.raw === null) {
    throw new InputError(
      `item ${item.number} was not kept whole (${item.reason}); give the whole event with --event`,
    );
  }
  let event: unknown;
  try {
    event = JSON.parse(item.raw);
  } catch {
    throw new InputError(
      `item ${item.number} is not JSON, so no field of it can be set; give the whole event with --event`,
    );
  }
  if (event === null || typeof event !== "object" || Array.isArray(event)) {
    throw new InputError(`item ${item.number} is no event; give the whole event with --event`);
  }
  const copy: Record<string, unknown> = { ...event };
  for (const setting of settings) assign(copy, setting);
  return JSON.stringify(copy);
}

/** Puts an item right and keeps the correction; one that would be refused again is not kept. */
export async function correct(
  room: Room,
  number: number,
  settings: readonly string[],
  event: string | null,
): Promise<string> {
  const item = room.items.find((one) => one.number === number);
  if (item === undefined) {
    throw new InputError(`there is no item ${number}; there are ${room.items.length}`);
  }
  const fixed = event ?? edited(item, settings);
  const parsed = parseLine(fixed);
  if (!parsed.ok) {
    const { reason, field, message } = parsed.error;
    throw new InputError(
      `it would be set aside again: ${reason}${field === null ? "" : ` (${field})`}: ${message}`,
    );
  }
  const { sha256 } = item;
  const correction: Correction =
    room.keys === null
      ? { sha256, fixed }
      : { sha256, sealed: sealCorrection(sha256, fixed, room.keys) };
  await appendFile(join(room.dir, correctionsName), `${JSON.stringify(correction)}\n`);
  return fixed;
}
