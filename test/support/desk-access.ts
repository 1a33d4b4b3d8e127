import type { Audit, AuditLine } from "@troth/desk";

/** A record kept in memory, to be read by who tests it. */
export function openMemoryAudit(): Audit & { readonly lines: () => readonly AuditLine[] } {
  const lines: AuditLine[] = [];
  return {
    note: async (deed) => {
      const number = lines.length + 1;
      lines.push({ ...deed, number, at: "", before: "", hash: "" });
    },
    head: () => ({ number: lines.length, hash: "" }),
    read: async () => Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join("")),
    close: async () => undefined,
    lines: () => lines,
  };
}
