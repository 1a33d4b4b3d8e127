import { readFile } from "node:fs/promises";
import {
  type DeskOptions,
  type DeskSettings,
  embeddersOf,
  isLoopback,
  parseSettings,
  signInOf,
} from "@troth/desk";
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

/** What the settings say, as the desk takes it. */
export function deskOptionsOf(settings: DeskSettings): Partial<DeskOptions> {
  const { webhookSecrets, linkSecret, survey, hosts } = settings;
  return {
    signIn: signInOf(settings) ?? null,
    embedders: embeddersOf(settings),
    ...(webhookSecrets && { webhookSecrets }),
    ...(linkSecret && { linkSecret: Buffer.from(linkSecret, "base64") }),
    ...(survey && { sampling: survey }),
    ...(survey?.at && { askAt: survey.at }),
    ...(hosts && { hosts }),
  };
}

/** Refuses, before anything is opened, a desk on the network at which nobody signs in. */
export function checkDeskHost(host: string, { signIn }: DeskSettings): void {
  if (signIn !== undefined || isLoopback(host)) return;
  throw new InputError(
    `--host ${host} would put a desk on the network with nobody signing in: name a provider in --desk, or listen on 127.0.0.1`,
  );
}
