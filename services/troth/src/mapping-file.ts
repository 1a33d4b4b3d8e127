import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Decoder, type Mapping, openDecoder, parseMapping } from "@troth/intake";
import { errorsText, type PolicyError } from "@troth/policy";
import { errnoOf, systemHttp } from "@troth/runtime";
import { InputError } from "./exit.ts";

export type MappingFile = { readonly mapping: Mapping; readonly decode: Decoder };

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = errnoOf(error) === "ENOENT" ? "there is no such file" : String(error);
    throw new InputError(`${path}: ${why}`);
  }
}

/** A mapping, or what is wrong with it as a compiler tells it. */
export async function checkMapping(
  path: string,
): Promise<{ readonly mapping: Mapping | null; readonly text: string }> {
  const text = await textOf(path);
  const parsed = parseMapping(text, path);
  if (!parsed.ok) {
    const errors: readonly PolicyError[] = parsed.error;
    return { mapping: null, text: errorsText(text, path, errors) };
  }
  const { name, events } = parsed.value;
  const rules = `${events.length} ${events.length === 1 ? "rule" : "rules"}`;
  return { mapping: parsed.value, text: `${path}: ok: ${name} (${rules})\n` };
}

/** Reads a mapping and what it needs to decode records; a bad one fails with every error. */
export async function openMapping(path: string): Promise<MappingFile> {
  const { mapping, text } = await checkMapping(path);
  if (mapping === null) throw new InputError(`the mapping cannot be used\n${text}`);
  const decode = await openDecoder(mapping, {
    http: systemHttp,
    readText: (name) => textOf(join(dirname(path), name)),
  });
  return { mapping, decode };
}
