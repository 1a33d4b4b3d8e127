import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { withFolder } from "./fixture.ts";
import { type AsideRow, ImportError } from "./importer.ts";
import { readRows } from "./rows.ts";

type Read = { readonly rows: readonly string[]; readonly aside: readonly string[] };

/** Rows as `line: a b`, what was set aside as `line reason`. */
const read = (content: string | Uint8Array): Promise<Read> =>
  withFolder({ "table.csv": content }, async (dir) => {
    const asideRows: AsideRow[] = [];
    const rows: string[] = [];
    const path = join(dir, "table.csv");
    for await (const { line, row } of readRows(path, ["a", "b"], (one) => asideRows.push(one))) {
      rows.push(`${line}: ${row.a} ${row.b}`);
    }
    return { rows, aside: asideRows.map(({ line, reason }) => `${line} ${reason}`) };
  });

const failure = async (content: string | Uint8Array): Promise<string> => {
  const error: unknown = await read(content).catch((thrown: unknown) => thrown);
  if (!(error instanceof ImportError)) throw new Error(`no import error: ${String(error)}`);
  return `${error.code}: ${error.message.replace(/^\S+\//, "")}`;
};

describe("rows of a file", () => {
  it("are the same packed or not, with a byte order mark, with either line end", async () => {
    const wanted = { rows: ["2: 1 x", "3: 2 y"], aside: [] };
    expect(await read("a,b\n1,x\n2,y\n")).toEqual(wanted);
    expect(await read("\ufeffa,b\r\n1,x\r\n2,y")).toEqual(wanted);
    expect(await read(gzipSync("a,b\n1,x\n2,y\n"))).toEqual(wanted);
    expect(await read("b;z;a\nx;0;1\ny;0;2\n")).toEqual(wanted);
    expect(await read("a\tb\n1\tx\n2\ty\n")).toEqual(wanted);
  });

  it("begin on the line the file shows, however many lines a cell runs over", async () => {
    const { rows, aside } = await read('a,b\n1,"x\r\ny"\n2,"x\ny\nz"\n\n3,w\n');
    expect(rows).toEqual(["2: 1 x\r\ny", "4: 2 x\ny\nz", "8: 3 w"]);
    expect(aside).toEqual([]);
  });

  it("with too few or too many cells are set aside and the others stay", async () => {
    const { rows, aside } = await read("a,b\n1\n2,y\n3,y,z\n4,y\n");
    expect(rows).toEqual(["3: 2 y", "5: 4 y"]);
    expect(aside).toEqual(["2 bad-columns", "4 bad-columns"]);
  });

  it("lose only the row whose quote never closes", async () => {
    const { rows, aside } = await read('a,b\n1,x\n2,"y\n3,z\n4,w\n');
    expect(rows).toEqual(["2: 1 x", "4: 3 z", "5: 4 w"]);
    expect(aside).toEqual(["3 bad-quotes"]);
  });

  it("lose only the row whose quote closes in a later row", async () => {
    const { rows, aside } = await read('a,b\n1,"x\n2,y\n3,"z"\n4,w\n');
    expect(rows).toEqual(["3: 2 y", "4: 3 z", "5: 4 w"]);
    expect(aside).toEqual(["2 bad-quotes"]);
  });

  it("lose only the rows with a stray quote when it makes one row too long", async () => {
    const { rows, aside } = await read('a,b\n1,"x\n2,y\n3",z,w\n4,v\n');
    expect(rows).toEqual(["3: 2 y", "5: 4 v"]);
    expect(aside).toEqual(["2 bad-quotes", "4 bad-columns"]);
  });

  it("keep a cell of several lines that begins with a quotation", async () => {
    const { rows, aside } = await read('a,b\n1,"""x"" said\nhe"\n2,y\n');
    expect(rows).toEqual(['2: 1 "x" said\nhe', "4: 2 y"]);
    expect(aside).toEqual([]);
  });

  it("lose only the row with a quoted cell of megabytes", async () => {
    const { rows, aside } = await read(`a,b\n1,"${"x".repeat(3_000_000)}"\n2,y\n`);
    expect(rows).toEqual(["3: 2 y"]);
    expect(aside).toEqual(["2 bad-quotes"]);
  });

  it("keep a stray quote inside a cell as text", async () => {
    expect(await read('a,b\n1,5" pipe\n2,y\n')).toEqual({
      rows: ['2: 1 5" pipe', "3: 2 y"],
      aside: [],
    });
  });

  it("are many without being held all at once", async () => {
    const lines = Array.from({ length: 50_000 }, (_, index) => `${index},x`);
    const { rows } = await read(`a,b\n${lines.join("\n")}\n`);
    expect(rows).toHaveLength(50_000);
    expect(rows.at(-1)).toBe("50001: 49999 x");
  });
});

describe("a file that cannot be used", () => {
  it("says which column it lacks", async () => {
    expect(await failure("a,c\n1,2\n")).toBe(
      "missing-column: table.csv has no column b in its first line",
    );
  });

  it("says that it is empty", async () => {
    expect(await failure("")).toContain("missing-column: table.csv is empty");
    expect(await failure(gzipSync(""))).toContain("missing-column: table.csv is empty");
  });

  it("says that its archive is torn", async () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `${index},${index * 7919}`);
    const packed = gzipSync(`a,b\n${lines.join("\n")}\n`);
    expect(await failure(packed.subarray(0, packed.length - 100))).toContain(
      "unreadable-file: table.csv cannot be read to its end",
    );
  });

  it("is no table at all when quotes open everywhere and close nowhere", async () => {
    const lines = Array.from({ length: 300 }, (_, index) => `${index},"x`);
    expect(await failure(`a,b\n${lines.join("\nok,ok\n")}`)).toContain("unclosed quotes");
  });
});
