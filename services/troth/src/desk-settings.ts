import { readFile } from "node:fs/promises";
import { type DeskSettings, isLoopback, parseSettings } from "@troth/desk";
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

/** Refuses, before anything is opened, a desk on the network at which nobody signs in. */
export function checkDeskHost(host: string, { signIn }: DeskSettings): void {
  if (signIn !== undefined || isLoopback(host)) return;
  throw new InputError(
    `--host ${host} would put a desk on the network with nobody signing in: name a provider in --desk, or listen on 127.0.0.1`,
  );
}
