/**
 * Why a machine stops for good instead of being started again: it would only stop there again, and
 * going on otherwise would skip something. A person has to look.
 */
export type StoppedCode =
  | "unknown-policy"
  | "unlike-policy"
  | "gap"
  | "no-policy"
  | "partitions"
  | "retention";

export class StoppedError extends Error {
  override readonly name = "StoppedError";
  readonly code: StoppedCode;
  readonly retryable = false;

  constructor(code: StoppedCode, message: string) {
    super(message);
    this.code = code;
  }
}
