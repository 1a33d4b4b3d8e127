import { parseInstant } from "@troth/events";
import { InputError } from "./exit.ts";

/** UTC milliseconds of a moment given on the command line; null where none was. */
export function momentOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const at = parseInstant(text, false);
  if (!Number.isNaN(at)) return at;
  throw new InputError(
    `${option} ${text}: not a moment; write it as 2018-01-14T00:00:00Z or 2018-01-14`,
  );
}
