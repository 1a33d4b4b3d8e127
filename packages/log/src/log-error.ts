import { WorldError } from "@troth/runtime";

export type LogErrorCode =
  /** Stored bytes are not what was written; `file` and `position` name the place. */
  | "corrupt"
  /** A segment that is known to have existed is not there. */
  | "segment-missing"
  /** The asked-for offset lies beyond the end: this log has lost what the reader had seen. */
  | "truncated"
  /** Written by a version of troth this one does not know. */
  | "unknown-format"
  /** Another process has the log open. */
  | "locked"
  | "disk-full"
  /** More bytes wait to be written than allowed. */
  | "overloaded"
  /** A record or an append is larger than a frame may be. */
  | "too-large"
  /** A sync failed, so what is on the disk is unknown until the log is opened again. */
  | "failed"
  /** Kafka: another log stands under the name of the one that was read or written. */
  | "recreated"
  /** Kafka: the topic is not there, or not one that troth made. */
  | "not-applied"
  /** Kafka: the settings of brokers or connection may lose records or tell them to everybody. */
  | "unsafe"
  /** Kafka: the brokers know who we are and do not let us. */
  | "refused"
  /** Kafka: nobody answered within the deadline. */
  | "unreachable"
  | "closed"
  | "io";

const retryableCodes: ReadonlySet<LogErrorCode> = new Set([
  "disk-full",
  "overloaded",
  "unreachable",
]);

export class LogError extends Error {
  override readonly name = "LogError";
  readonly code: LogErrorCode;
  readonly retryable: boolean;
  readonly file: string | null;
  /** Byte position in `file`. */
  readonly position: number | null;

  constructor(
    code: LogErrorCode,
    message: string,
    at: { readonly file?: string; readonly position?: number; readonly cause?: unknown } = {},
  ) {
    super(message, at.cause === undefined ? undefined : { cause: at.cause });
    this.code = code;
    this.retryable = retryableCodes.has(code);
    this.file = at.file ?? null;
    this.position = at.position ?? null;
  }
}

export function logError(error: unknown, doing: string): LogError {
  if (error instanceof LogError) return error;
  const why = `${doing}: ${error instanceof Error ? error.message : String(error)}`;
  if (error instanceof WorldError && (error.code === "disk-full" || error.code === "locked"))
    return new LogError(error.code, why, { cause: error });
  return new LogError("io", why, { cause: error });
}

export const corrupt = (file: string, position: number, what: string): LogError =>
  new LogError("corrupt", `${file}, byte ${position}: ${what}`, { file, position });
