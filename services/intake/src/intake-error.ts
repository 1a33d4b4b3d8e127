/**
 * A file that cannot be read as what it claims to be, or a schema registry that does not answer. Only
 * the latter may be better in a moment.
 */
export class IntakeError extends Error {
  override readonly name = "IntakeError";
  readonly code: "bad-gzip" | "bad-file" | "registry";
  readonly retryable: boolean;

  constructor(code: IntakeError["code"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = code === "registry";
  }
}
