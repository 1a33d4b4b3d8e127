import { openSimulatedClock, openSimulatedDisk, openSimulatedRng } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { type Deed, firstBefore, openAudit, verifyAudit } from "./audit.ts";

const deed = (did: string): Deed => ({
  who: "staff-0123456789ab",
  role: "rep",
  tenant: "default",
  did,
  outcome: "done",
  about: "0123456789abcdef01234567",
});

async function written(lines: number) {
  const disk = openSimulatedDisk({ rng: openSimulatedRng(1) }).attach();
  const clock = openSimulatedClock(Date.UTC(2026, 2, 2));
  const audit = await openAudit("/desk", disk, clock);
  await Promise.all(Array.from({ length: lines }, (_, n) => audit.note(deed(`act ${n}`))));
  return { disk, clock, audit, bytes: await audit.read() };
}

describe("the record of who did what", () => {
  test("reads whole, in order, and goes on after a restart", async () => {
    const { disk, clock, audit, bytes } = await written(20);
    expect(verifyAudit(bytes)).toEqual({ ok: true, value: expect.objectContaining({ lines: 20 }) });
    await audit.close();
    const again = await openAudit("/desk", disk, clock);
    await again.note(deed("later"));
    const read = verifyAudit(await again.read(), audit.head());
    expect(read).toEqual({ ok: true, value: { lines: 21, hash: again.head().hash } });
  });

  test("shows every byte that was changed, and in which line", async () => {
    const { bytes, audit } = await written(24);
    const head = audit.head();
    let line = 1;
    let missed = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const touched = Buffer.from(bytes);
      touched[at] = (touched[at] ?? 0) ^ (1 << (at % 8));
      const read = verifyAudit(touched, head);
      // The byte that ends a line joins it to the next.
      if (read.ok || Math.abs(read.error.line - line) > 1) missed += 1;
      if (bytes[at] === 10) line += 1;
    }
    expect(missed).toBe(0);
    expect(bytes.length).toBeGreaterThan(7_000);
  });

  test("shows every byte changed in a megabyte, and in which line", async () => {
    const { bytes } = await written(Math.ceil(1_048_576 / 310));
    expect(bytes.length).toBeGreaterThanOrEqual(1_048_576);
    // Each line is read as it would be behind those before it, which are whole.
    const step = process.env["TROTH_WHOLE_AUDIT"] === undefined ? 61 : 1;
    let behind = { number: 0, hash: firstBefore };
    let [tried, named] = [0, 0];
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(10, from) + 1;
      const rest = bytes.subarray(from, Math.min(bytes.length, end + 1_000));
      const touched = Buffer.from(rest);
      for (let at = (step - (from % step)) % step; at < end - from; at += step) {
        touched[at] = (rest[at] ?? 0) ^ (1 << (at % 8));
        const read = verifyAudit(touched, null, behind);
        touched[at] = rest[at] ?? 0;
        tried += 1;
        if (!read.ok && read.error.line === behind.number + 1) named += 1;
      }
      const whole = verifyAudit(bytes.subarray(from, end), null, behind);
      if (!whole.ok) throw new Error(whole.error.why);
      behind = { number: behind.number + 1, hash: whole.value.hash };
      from = end;
    }
    process.stdout.write(
      `audit: ${named} of ${tried} changed bytes of ${bytes.length} named by their line\n`,
    );
    expect(named).toBe(tried);
    expect(tried).toBeGreaterThan(17_000);
  }, 120_000);

  test("shows lines taken out, put in, put elsewhere, and taken off the end", async () => {
    const { bytes, audit } = await written(10);
    const lines = bytes.toString().split("\n").slice(0, -1);
    const joined = (some: readonly (string | undefined)[]) =>
      Buffer.from(some.map((line) => `${line}\n`).join(""));
    const wrong = [
      lines.filter((_, n) => n !== 4),
      [...lines.slice(0, 4), lines[3], ...lines.slice(4)],
      [lines[1], lines[0], ...lines.slice(2)],
      lines.slice(0, 7),
      lines.slice(1),
    ];
    for (const some of wrong) expect(verifyAudit(joined(some), audit.head()).ok).toBe(false);
    expect(verifyAudit(joined(lines), audit.head()).ok).toBe(true);
  });

  test("loses only the line that was being written when the power went", async () => {
    const { disk, clock, audit, bytes } = await written(5);
    await audit.close();
    const file = await disk.open("/desk/audit.jsonl", "update");
    await file.write(Buffer.from('{"about":"half a li'), bytes.length);
    await file.close();
    const again = await openAudit("/desk", disk, clock);
    expect(again.head()).toEqual(audit.head());
    expect(await again.read()).toEqual(bytes);
  });

  test("is not gone on with once somebody touched it", async () => {
    const { disk, clock, audit, bytes } = await written(5);
    await audit.close();
    const file = await disk.open("/desk/audit.jsonl", "update");
    await file.write(Buffer.from([bytes[100] === 97 ? 98 : 97]), 100);
    await file.close();
    await expect(openAudit("/desk", disk, clock)).rejects.toThrow(/line 1: .*Somebody touched it/);
  });
});
