import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { runImport } from "./command.ts";
import { type Files, withFolder } from "./fixture.ts";

const head = "airline_sentiment,airline,name,tweet_created_iso";
const good = (count: number): string =>
  Array.from({ length: count }, (_, at) => `neutral,Air,n${at},2015-02-24T11:35:52`).join("\n");

type Ran = {
  readonly code: number;
  readonly out: string;
  readonly progress: string;
  readonly heldMax: number;
};

/** Runs an import into a reader that is slow by a turn of the event loop for each write. */
const run = (name: string, files: Files): Promise<Ran> =>
  withFolder(files, async (dir) => {
    let out = "";
    let progress = "";
    let heldMax = 0;
    const slow = new Writable({
      highWaterMark: 1024,
      write(chunk: Buffer, _encoding, done) {
        heldMax = Math.max(heldMax, slow.writableLength);
        out += chunk.toString();
        setImmediate(done);
      },
    });
    const told = new Writable({
      write(chunk: Buffer, _encoding, done) {
        progress += chunk.toString();
        done();
      },
    });
    const code = await runImport(name, dir, slow, told);
    return { code, out, progress, heldMax };
  });

describe("the import command", () => {
  it("writes one event a line and sums up what was read and left out", async () => {
    const table = `${head}\n${good(2)}\nangry,Air,n9,2015-02-24T11:35:52\nneutral,Air\n`;
    const { code, out, progress } = await run("tweets", { "tweets_airline.csv": table });
    expect(code).toBe(0);
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).id),
    ).toHaveLength(6);
    expect(progress).toContain("import tweets: 4 rows, 6 events, 2 rows set aside");
    expect(progress).toContain("set aside tweets_airline.csv:4 unknown-code (airline_sentiment)");
    expect(progress).toContain("set aside 1 of tweets_airline.csv: bad-columns");
  });

  it("waits for a slow reader instead of piling lines up", async () => {
    const table = `${head}\n${good(5000)}\n`;
    const { out, heldMax } = await run("tweets", { "tweets_airline.csv": table });
    expect(out.split("\n")).toHaveLength(15_001);
    expect(heldMax).toBeLessThan(128 * 1024);
  });

  it("gives the same bytes each time", async () => {
    const files = { "tweets_airline.csv": `${head}\n${good(50)}\n` };
    expect((await run("tweets", files)).out).toBe((await run("tweets", files)).out);
  });

  it("ends with 2 for an unknown name and 3 for a folder it cannot use", async () => {
    const unknown = await run("ebay", {});
    expect(unknown.code).toBe(2);
    expect(unknown.progress).toContain("olist, servicenow, calls, tweets, openrepair, complaints");
    for (const name of ["olist", "servicenow", "calls", "tweets", "openrepair", "complaints"]) {
      const { code, out, progress } = await run(name, { "notes.txt": "hello" });
      expect({ name, code, out }).toEqual({ name, code: 3, out: "" });
      expect(progress).toContain("holds no");
    }
    const lacking = await run("tweets", { "tweets_airline.csv": "name\nx\n" });
    expect(lacking.code).toBe(3);
    expect(lacking.progress).toContain("has no column");
  });

  it("ends with 3 when not one row could be used", async () => {
    const { code, progress } = await run("tweets", {
      "Tweets.csv": `${head}\nneutral,Air,n,soon\n`,
    });
    expect(code).toBe(3);
    expect(progress).toContain("1 rows, 0 events, 1 rows set aside");
  });

  it("is no failure when the reader has had enough", async () => {
    const code = await withFolder({ "tweets_airline.csv": `${head}\n${good(5000)}\n` }, (dir) => {
      const gone = new Writable({
        write(_chunk, _encoding, done) {
          done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
        },
      });
      const quiet = new Writable({ write: (_chunk, _encoding, done) => done() });
      return runImport("tweets", dir, gone, quiet);
    });
    expect(code).toBe(0);
  });

  it("keeps control characters of a file out of the terminal", async () => {
    const table = `${head}\nneutral,Air,\u001b[31mred,2015-02-24T11:35:52\n`;
    const { progress } = await run("tweets", { "tweets_airline.csv": table });
    expect(progress).toContain("bad-key");
    expect(progress).not.toContain("\u001b");
  });
});
