import { readFile } from "node:fs/promises";
import { type DeskSettings, parseSettings } from "@troth/desk";
import { errnoOf } from "@troth/runtime";
import { InputError } from "./exit.ts";

/** The desk's settings; without a file it is the desk of whoever sits at this machine. */
export async function readDeskSettings(path: string | undefined): Promise<DeskSettings> {
  if (path === undefined) return {};
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new InputError(`--desk ${path}: ${errnoOf(error) ?? String(error)}`);
  }
  const settings = parseSettings(text);
  if (settings.ok) return settings.value;
  throw new InputError(`--desk ${path}: ${settings.error}`);
}
