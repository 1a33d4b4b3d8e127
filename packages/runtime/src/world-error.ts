export const worldErrorCodes = [
  "no-such-file",
  "exists",
  "disk-full",
  "locked",
  "crashed",
  "timeout",
  "unreachable",
  "too-large",
  /** It was asked to go where it may not. */
  "refused",
  "io",
] as const;
export type WorldErrorCode = (typeof worldErrorCodes)[number];

const retryableCodes: ReadonlySet<WorldErrorCode> = new Set([
  "disk-full",
  "timeout",
  "unreachable",
]);

/** The world failed us: a disk, a socket, another process. Bad input is a `Result`, never this. */
export class WorldError extends Error {
  override readonly name = "WorldError";
  readonly code: WorldErrorCode;
  /** Whether the same call may succeed later without anybody changing the program. */
  readonly retryable: boolean;

  constructor(code: WorldErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryableCodes.has(code);
  }
}

const codeOfErrno: Readonly<Record<string, WorldErrorCode>> = {
  ENOENT: "no-such-file",
  EEXIST: "exists",
  ENOSPC: "disk-full",
  EDQUOT: "disk-full",
  EFBIG: "disk-full",
  ETIMEDOUT: "timeout",
  ECONNREFUSED: "unreachable",
  ECONNRESET: "unreachable",
  ENOTFOUND: "unreachable",
  EPIPE: "unreachable",
};

/** The operating system's code of an error (`ENOENT`), or null when it carries none. */
export function errnoOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** Turns what the platform threw into a `WorldError`; what already is one passes unchanged. */
export function worldError(error: unknown, doing: string): WorldError {
  if (error instanceof WorldError) return error;
  const errno = errnoOf(error);
  const code = (errno === null ? undefined : codeOfErrno[errno]) ?? "io";
  const why = error instanceof Error ? error.message : String(error);
  return new WorldError(code, `${doing}: ${why}`, error);
}
