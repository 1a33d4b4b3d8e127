import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { type FileLine, readEventFile, splitFileLines } from "./event-file.ts";

const root = mkdtempSync(join(tmpdir(), "troth-lines-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesOf(bytes: Buffer, size = 7, lineBytesMax = 1_000): Promise<FileLine[]> {
  const all: FileLine[] = [];
  for await (const lines of splitFileLines(inPieces(bytes, size), { lineBytesMax }))
    all.push(...lines);
  return all;
}

const brief = (line: FileLine) =>
  line.kind === "text" ? [line.number, line.text] : [line.number, line.refusal.reason];

describe("the lines of a file", () => {
  test("are the same in whatever pieces its bytes come, packed or not", async () => {
    const line = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", "é".repeat(60)));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line.map((text) => text.replace(/[\r\n\ufeff]/g, ""))),
        fc.constantFrom("\n", "\r\n"),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (texts, end, size, isPacked) => {
          const plain = Buffer.from(texts.join(end));
          const found = await linesOf(isPacked ? gzipSync(plain) : plain, size);
          const expected = texts.flatMap((text, n) => (text.trim() === "" ? [] : [[n + 1, text]]));
          expect(found.map(brief)).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("begin without a byte order mark, and keep one further in", async () => {
    const found = await linesOf(Buffer.from("\ufeffa\n\ufeffb\n"));
    expect(found.map(brief)).toEqual([
      [1, "a"],
      [2, "\ufeffb"],
    ]);
  });

  test("that are not UTF-8 are set aside, and only they", async () => {
    const bad = Buffer.from([0x62, 0xc3, 0x28]);
    const bytes = Buffer.concat([Buffer.from("a\n"), bad, Buffer.from("\nc é\n")]);
    for (const size of [1, 2, 3, 100]) {
      const found = await linesOf(bytes, size);
      expect(found.map(brief)).toEqual([
        [1, "a"],
        [2, "not-utf8"],
        [3, "c é"],
      ]);
      expect(found[1]).toMatchObject({
        size: 3,
        head: bad,
        sha256: createHash("sha256").update(bad).digest("hex"),
      });
    }
  });

  test("of ten megabytes are set aside without being held, with size and hash of the whole", async () => {
    const piece = Buffer.alloc(64 * 1024, "x");
    const pieces = 160;
    async function* large(): AsyncGenerator<Buffer> {
      yield Buffer.from("first\n");
      for (let n = 0; n < pieces; n++) yield piece;
      yield Buffer.from("\nlast");
    }
    const hash = createHash("sha256");
    for (let n = 0; n < pieces; n++) hash.update(piece);
    const before = process.memoryUsage().arrayBuffers;
    const found: FileLine[] = [];
    for await (const lines of splitFileLines(large())) found.push(...lines);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    expect(found.map(brief)).toEqual([
      [1, "first"],
      [2, "too-large"],
      [3, "last"],
    ]);
    expect(found[1]).toMatchObject({ size: pieces * piece.length, sha256: hash.digest("hex") });
  });

  test("are refused from exactly one byte too many on, wherever the pieces break", async () => {
    for (const size of [1, 10, 11, 12, 1_000]) {
      for (const filling of ["x", "é"]) {
        const fits = filling.repeat(10 / Buffer.byteLength(filling));
        const bytes = Buffer.from(`${fits}\r\n${fits}y\r\n${fits}`);
        const found = await linesOf(bytes, size, 10);
        expect(found.map(brief)).toEqual([
          [1, fits],
          [2, "too-large"],
          [3, fits],
        ]);
      }
    }
  });

  test("of a gzip file that was cut come until the cut, which is then named", async () => {
    const packed = gzipSync(Buffer.from("a\n".repeat(100_000)));
    const path = join(root, "cut.gz");
    writeFileSync(path, packed.subarray(0, packed.length - 20));
    const reading = async () => {
      for await (const _ of readEventFile(path));
    };
    await expect(reading()).rejects.toMatchObject({ code: "bad-gzip" });
  });

  test("of a file that does not exist fail by name", async () => {
    const reading = readEventFile(join(root, "none.jsonl")).next();
    await expect(reading).rejects.toMatchObject({ code: "no-such-file" });
  });

  test("can be left in the middle", async () => {
    const path = join(root, "many.jsonl.gz");
    writeFileSync(path, gzipSync(Buffer.from("line\n".repeat(200_000))));
    for await (const line of readEventFile(path)) if (line.number === 10) break;
  });
});
