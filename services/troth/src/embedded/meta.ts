import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "@troth/runtime";
import { InputError } from "../exit.ts";

/** What a data folder was begun with; it is judged under one policy from its first record on. */
export type Meta = {
  readonly format: 1;
  readonly policy: string;
  /** Offset of the first fact about which it speaks; those before it another policy has spoken of. */
  readonly since?: number;
  /** `live`: log time is the wall clock. `events`: it follows the recorded times of the events. */
  readonly clock: "live" | "events";
  /** True while everything in it is the made-up day. */
  readonly demo: boolean;
  /** Names stand in it as pseudonyms, what is personal is sealed. Otherwise everything as it came. */
  readonly sealed?: true;
};

const name = "meta.json";

const knownFormat = 1;

/** What a data folder says of itself; null when there is none. One of a later troth is refused. */
export async function readMeta(dir: string): Promise<Meta | null> {
  try {
    const meta = JSON.parse(await readFile(join(dir, name), "utf8")) as Meta;
    if (meta.format === knownFormat) return meta;
    throw new InputError(
      `${dir} has format ${meta.format}; this troth knows format ${knownFormat}: start the troth that made it, or a later one`,
    );
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return null;
    throw error;
  }
}

export async function writeMeta(dir: string, meta: Meta): Promise<void> {
  const path = join(dir, name);
  await writeFile(`${path}.new`, `${JSON.stringify(meta)}\n`);
  await rename(`${path}.new`, path);
}

/** Refuses to go on under other rules than the folder's: half its verdicts would have other reasons. */
export function checkPolicyOf(dir: string, meta: Meta, policy: string): void {
  if (meta.policy === policy) return;
  throw new InputError(
    `${dir} was judged under policy ${meta.policy}, this one is ${policy}: start with that policy, let this one take over (troth policy activate --data), or give another --data folder and replay its events there`,
  );
}
