export const lakeErrorCodes = [
  "different-object",
  "another-genesis",
  "another-run",
  "damaged-manifest",
  "facts-missing",
  "damaged-lake",
  "retired",
  "cannot-retire",
] as const;
export type LakeErrorCode = (typeof lakeErrorCodes)[number];

/** The lake cannot go on without somebody deciding; trying again gives the same answer. */
export class LakeError extends Error {
  override readonly name = "LakeError";
  readonly code: LakeErrorCode;
  readonly retryable = false;

  constructor(code: LakeErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
