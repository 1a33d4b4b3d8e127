import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { canonicalJson, err, isoTime, ok, type Result } from "@troth/events";
import type { Clock, Disk, DiskFile } from "@troth/runtime";
import type { Role } from "./roles.ts";

/** Something somebody did, tried or was refused. It names no customer but by pseudonym. */
export type Deed = {
  readonly who: string;
  readonly role: Role | null;
  readonly tenant: string | null;
  readonly did: string;
  readonly outcome: "done" | "refused" | "failed";
  readonly about: string | null;
};

export type AuditLine = Deed & {
  readonly number: number;
  readonly at: string;
  /** Hash of the line before; 64 zeros before the first. */
  readonly before: string;
  readonly hash: string;
};

export const firstBefore = "0".repeat(64);

const hashOf = (line: Omit<AuditLine, "hash">): string =>
  createHash("sha256").update(canonicalJson(line)).digest("hex");

export type AuditFault = { readonly line: number; readonly why: string };

/**
 * Reads a whole audit file: how many lines it has and the hash of the last, or where it was touched.
 * That lines are missing at the end only a hash kept elsewhere can tell: give it as `known`.
 */
export function verifyAudit(
  bytes: Buffer,
  known: { readonly number: number; readonly hash: string } | null = null,
  /** The line these bytes follow, where they are no whole file. */
  behind: { readonly number: number; readonly hash: string } = { number: 0, hash: firstBefore },
): Result<{ readonly lines: number; readonly hash: string }, AuditFault> {
  let before = behind.hash;
  let number = behind.number;
  for (let from = 0; from < bytes.length; ) {
    number += 1;
    const end = bytes.indexOf(10, from);
    if (end < 0) return err({ line: number, why: "it has no end" });
    const read = readLine(bytes.subarray(from, end), number, before);
    if (!read.ok) return err({ line: number, why: read.error });
    before = read.value;
    from = end + 1;
    if (known?.number === number && known.hash !== before) {
      return err({ line: number, why: "it is not the line that was anchored" });
    }
  }
  if (known !== null && known.number > number) {
    return err({ line: number + 1, why: `lines up to ${known.number} are missing` });
  }
  return ok({ lines: number, hash: before });
}

/** The line's hash, or what is wrong with it. */
function readLine(bytes: Buffer, number: number, before: string): Result<string, string> {
  if (!isUtf8(bytes)) return err("it is not UTF-8");
  const text = bytes.toString("utf8");
  const line = parsed(text);
  if (line === null) return err("it is no JSON");
  if (canonicalJson(line) !== text) return err("it was written anew");
  const { hash, ...rest } = line;
  if (rest.number !== number) return err(`it says it is line ${String(rest.number)}`);
  if (rest.before !== before) return err("it does not follow the line before");
  return hash === hashOf(rest) ? ok(hash) : err("its hash is another");
}

/** What our own writer wrote, or anything: every use of it is compared. */
function parsed(text: string): AuditLine | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as AuditLine) : null;
  } catch {
    return null;
  }
}

export type Audit = {
  /** Resolves once the line is durable. */
  readonly note: (deed: Deed) => Promise<void>;
  /** The last line's number and hash, to be kept where nobody here can write. */
  readonly head: () => { readonly number: number; readonly hash: string };
  readonly read: () => Promise<Buffer>;
  readonly close: () => Promise<void>;
};

/** A file of deeds that only grows, each line holding the hash of the one before. Refuses a touched one. */
export async function openAudit(dir: string, disk: Disk, clock: Clock): Promise<Audit> {
  await disk.makeDir(dir);
  const path = `${dir}/audit.jsonl`;
  const exists = (await disk.list(dir)).includes("audit.jsonl");
  const file = await disk.open(path, exists ? "update" : "create");
  if (!exists) await disk.syncDir(dir);
  const head = await headOf(file, path);
  let position = await file.size();
  let last: Promise<void> = Promise.resolve();
  const write = async (deed: Deed): Promise<void> => {
    const line = { ...deed, number: head.number + 1, at: isoTime(clock.now()), before: head.hash };
    const hash = hashOf(line);
    const bytes = Buffer.from(`${canonicalJson({ ...line, hash })}\n`);
    await file.write(bytes, position);
    await file.sync();
    position += bytes.length;
    head.number += 1;
    head.hash = hash;
  };
  return {
    note: (deed) => {
      const mine = last.then(() => write(deed));
      last = mine.catch(() => undefined);
      return mine;
    },
    head: () => ({ ...head }),
    read: async () => file.read(0, await file.size()),
    close: async () => {
      await last;
      await file.close();
    },
  };
}

/** Cuts off a line that was being written when the power went; anything else wrong is refused. */
async function headOf(file: DiskFile, path: string): Promise<{ number: number; hash: string }> {
  const bytes = await file.read(0, await file.size());
  const end = bytes.lastIndexOf(10) + 1;
  if (end < bytes.length) await file.truncate(end);
  const verified = verifyAudit(bytes.subarray(0, end));
  if (verified.ok) return { number: verified.value.lines, hash: verified.value.hash };
  const { line, why } = verified.error;
  throw new Error(`${path}, line ${line}: ${why}. Somebody touched it: keep it and begin another.`);
}

/** For a desk that keeps no record, such as one that is only looked at. */
export const noAudit: Audit = {
  note: async () => undefined,
  head: () => ({ number: 0, hash: firstBefore }),
  read: async () => Buffer.alloc(0),
  close: async () => undefined,
};
