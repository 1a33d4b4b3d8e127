import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Sealing } from "@troth/events";
import { readLog } from "@troth/log";
import { errnoOf, systemDisk } from "@troth/runtime";
import { InputError } from "../exit.ts";
import { openKeysToRead } from "../keys/open-keys.ts";
import { isSealedAside, openAside } from "../keys/sealed-aside.ts";

/** Something that was refused, wherever it was kept. */
export type Item = {
  /** Counts from 1 in the order they were set aside; what `fix` names. */
  readonly number: number;
  readonly line: number;
  readonly reason: string;
  readonly field: string | null;
  readonly message: string;
  /** The text as it came; null when it was too large, or no text, to be kept. */
  readonly raw: string | null;
  /** Hex SHA-256 of the text: what a correction belongs to. */
  readonly sha256: string;
};

type Kept = Omit<Item, "number" | "sha256"> & { readonly sha256?: string };

type Logged = Kept & { readonly raw: string; readonly sha256: string };

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const numbered = (kept: readonly Kept[]): readonly Item[] =>
  kept.map((one, i) => ({
    ...one,
    number: i + 1,
    sha256: one.sha256 ?? sha256(one.raw ?? `${one.line} ${one.reason}`),
  }));

/** What `replay` left behind: one JSON object a line. */
async function fromFile(path: string): Promise<readonly Item[]> {
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
  return numbered(lines.map((line) => JSON.parse(line) as Kept));
}

/** What a running or stopped `start` left behind, in its own log; read without disturbing it. */
async function fromLog(dir: string, keys: Sealing | null): Promise<readonly Item[]> {
  const kept: Kept[] = [];
  for await (const batch of readLog(dir, systemDisk)) {
    for (const record of batch) {
      const one = JSON.parse(record.bytes.toString("utf8")) as Logged;
      if (!isSealedAside(one)) {
        kept.push({ ...one, raw: Buffer.from(one.raw, "base64").toString("utf8") });
        continue;
      }
      const opened = keys === null ? null : openAside(one, keys);
      const message = opened?.message ?? "its key is not here, or was destroyed";
      const raw = opened === null ? null : Buffer.from(opened.raw, "base64").toString("utf8");
      kept.push({ ...one, message, raw });
    }
  }
  return numbered(kept);
}

/** The folder that holds what was set aside, and its items. */
export type Room = {
  readonly dir: string;
  readonly items: readonly Item[];
  /** Null where nothing is sealed. */
  readonly keys: Sealing | null;
};

/** `path`: a results folder of `replay`, or a data folder of `start`. */
export async function openRoom(path: string, keysPlace?: string): Promise<Room> {
  const exists = async (name: string): Promise<"file" | "folder" | null> => {
    try {
      return (await stat(join(path, name))).isDirectory() ? "folder" : "file";
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return null;
      throw error;
    }
  };
  if ((await exists("set-aside.jsonl")) === "file") {
    return { dir: path, items: await fromFile(join(path, "set-aside.jsonl")), keys: null };
  }
  if ((await exists("set-aside")) === "folder") {
    const place = keysPlace ?? join(path, "keys");
    const isThere = keysPlace !== undefined || (await exists("keys")) === "folder";
    const keys = isThere ? await openKeysToRead(place) : null;
    return { dir: path, items: await fromLog(join(path, "set-aside"), keys), keys };
  }
  throw new InputError(
    `${path} holds nothing set aside: give the --out folder of replay or the --data folder of start`,
  );
}
