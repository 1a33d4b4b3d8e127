/** A timer that has not fired yet; cancelling twice, or after it fired, does nothing. */
export type Timer = { readonly cancel: () => void };

export type Clock = {
  /** UTC milliseconds, whole. May go back when the machine's clock is set. */
  readonly now: () => number;
  /** Whole milliseconds since some moment: goes on evenly whoever sets the clock, and not while the machine sleeps. */
  readonly elapsed: () => number;
  /** Calls `fire` once, `afterMs` from now or a little later. Does not keep the process alive. */
  readonly setTimer: (afterMs: number, fire: () => void) => Timer;
};

export type Rng = {
  /** A number in [0, 1). */
  readonly next: () => number;
  /** A random (version 4) UUID in lower case. */
  readonly uuid: () => string;
};

/**
 * One open file. Calls on one file are made one after another by its owner; nothing here
 * serialises them. Every failure is a `WorldError`.
 */
export type DiskFile = {
  readonly path: string;
  /** Writes all bytes at `position`, or fails; after a failure any part of them may be there. */
  readonly write: (bytes: Uint8Array, position: number) => Promise<void>;
  /** Reads `length` bytes from `position`; fewer only where the file ends. */
  readonly read: (position: number, length: number) => Promise<Buffer>;
  readonly size: () => Promise<number>;
  readonly truncate: (size: number) => Promise<void>;
  /** Resolves when content and size would survive a loss of power (fdatasync). */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** `read`: must exist. `update`: must exist, read and write. `create`: must not exist yet. */
export type OpenMode = "read" | "update" | "create";

export type Disk = {
  readonly open: (path: string, mode: OpenMode) => Promise<DiskFile>;
  /** Names of the files in a folder, in code-unit order; a missing folder holds none. */
  readonly list: (dir: string) => Promise<readonly string[]>;
  /** Makes the folder and those above it, durably; an existing one is left as it is. */
  readonly makeDir: (dir: string) => Promise<void>;
  /** Replaces `to` if it exists; durable only after `syncDir`. */
  readonly rename: (from: string, to: string) => Promise<void>;
  /** A missing file is no failure; durable only after `syncDir`. */
  readonly remove: (path: string) => Promise<void>;
  /** Makes names created, renamed or removed in this folder survive a loss of power. */
  readonly syncDir: (dir: string) => Promise<void>;
  /**
   * Takes the single-owner lock at `path` and returns what gives it back. A lock whose process
   * is gone is taken over. Fails with `locked`, naming the owner, while another process lives.
   */
  readonly lock: (path: string) => Promise<() => Promise<void>>;
};

export type ObjectStore = {
  /**
   * Stores an object if none has this key (`If-None-Match: *`). Resolves once it is durable;
   * `exists` means that another object has the key and nothing was changed.
   */
  readonly putIfAbsent: (key: string, bytes: Uint8Array) => Promise<"created" | "exists">;
  /** The object's bytes, or null when there is none. */
  readonly get: (key: string) => Promise<Buffer | null>;
  /** Keys that begin with `prefix`, in code-unit order. */
  readonly list: (prefix: string) => Promise<readonly string[]>;
  /** Removes an object for good; one that is not there is no failure. */
  readonly remove: (key: string) => Promise<void>;
};

export type HttpRequest = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From sending to the last byte of the answer. */
  readonly timeoutMs: number;
  /** A longer answer fails with `too-large`. */
  readonly answerBytesMax: number;
};

export type HttpAnswer = {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

/** Outgoing HTTP. Redirects are answers, never followed. Any status is an answer, not a failure. */
export type Http = { readonly send: (request: HttpRequest) => Promise<HttpAnswer> };
