import { IntakeError } from "@troth/intake";
import { LakeError } from "@troth/lake";
import { LogError } from "@troth/log";
import { errnoOf, WorldError } from "@troth/runtime";

/** What a command's exit code says, the same for every command. */
export const exitCodes = { ok: 0, found: 1, badUse: 2, badInput: 3 } as const;

/** Something the user gave cannot be used; `message` says what and how to put it right. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Says a failure in one line, with its cause; our own bugs with their stack. Gives the exit code. */
export function tellFailure(error: unknown): number {
  const known =
    error instanceof InputError ||
    error instanceof IntakeError ||
    error instanceof WorldError ||
    error instanceof LogError ||
    error instanceof LakeError;
  if (known) {
    process.stderr.write(`troth: ${error.message}\n`);
    return exitCodes.badInput;
  }
  if (errnoOf(error) === "EPIPE") return exitCodes.ok;
  process.stderr.write(`troth: ${error instanceof Error ? error.stack : String(error)}\n`);
  return exitCodes.badInput;
}
