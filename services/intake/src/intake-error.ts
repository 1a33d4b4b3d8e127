/** A file that cannot be read as what it claims to be. */
export class IntakeError extends Error {
  override readonly name = "IntakeError";
  readonly code: "bad-gzip";
  readonly retryable = false;

  constructor(code: "bad-gzip", message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
