/** What a public file can say in an event: JSON, no more. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** A structured CloudEvents 1.0 object, ready for `JSON.stringify`; undefined fields fall away. */
export type ImportedEvent = {
  readonly specversion: "1.0";
  readonly type: string;
  readonly source: string;
  readonly id: string;
  /** When it happened, ISO 8601 in UTC. */
  readonly time: string;
  /** The earliest moment anybody could know, ISO 8601 in UTC; never before `time`. */
  readonly recordedtime: string;
  readonly subject: string;
  readonly data: { readonly [key: string]: Json | undefined };
};

/** Why a row (or the whole of a malformed line) gave no event. */
export const asideReasons = [
  "bad-columns",
  "bad-quotes",
  "missing-key",
  "bad-key",
  "bad-time",
  "bad-number",
  "unknown-code",
  "unknown-order",
  "duplicate-key",
  "not-a-contact",
] as const;
export type AsideReason = (typeof asideReasons)[number];

/** What was wrong in one row: the field at fault, if one is, and what was found there. */
export type Trouble = {
  readonly reason: AsideReason;
  readonly field: string | null;
  readonly message: string;
};

/** `line` is where the row begins in the unpacked file, from 1 (the header). */
export type AsideRow = Trouble & { readonly file: string; readonly line: number };

/**
 * A column an importer reads. `also` holds other names the same column has in other editions of
 * the file; an optional column that is missing reads as empty text.
 */
export type Column<N extends string> =
  | N
  | { readonly name: N; readonly also?: readonly string[]; readonly optional?: true };

export type Row<N extends string> = {
  readonly line: number;
  readonly row: Readonly<Record<N, string>>;
};

export type ImportIo = {
  /** Names of the files in a folder, in code-unit order; a missing folder holds none. */
  readonly listFiles: (dir: string) => Promise<readonly string[]>;
  /**
   * The rows of a CSV file, packed with gzip or not, with the wanted columns only. A malformed
   * row is set aside; a file without the wanted columns fails with an `ImportError`.
   */
  readonly openRows: <N extends string>(
    path: string,
    columns: readonly Column<N>[],
  ) => AsyncIterable<Row<N>>;
  readonly setAside: (row: AsideRow) => void;
  /** One sentence for the person at the terminal about something that is no row's fault. */
  readonly note: (message: string) => void;
};

/**
 * Reads one family of public files from a folder and gives its events in order of `recordedtime`;
 * equal times by kind (causes before what follows from them), then by id. The same files give the
 * same events. Fails with an `ImportError` when the folder cannot be used at all.
 */
export type Importer = (dir: string, io: ImportIo) => AsyncIterable<ImportedEvent>;

export type ImportErrorCode = "missing-file" | "missing-column" | "unreadable-file";

/** The folder cannot be imported; the message says which file and what would be accepted. */
export class ImportError extends Error {
  override readonly name = "ImportError";
  readonly code: ImportErrorCode;
  /** The files themselves must change; trying again gives the same answer. */
  readonly retryable = false;

  constructor(code: ImportErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
