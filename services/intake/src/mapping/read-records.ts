import { Readable } from "node:stream";
import { err, ok, type Refusal, type Result } from "@troth/events";
import { readByteStream } from "@troth/runtime";
import { parse } from "csv-parse";
import { readEventFileBatches } from "../event-file.ts";
import { gunzipIfPacked } from "../gunzip.ts";
import { IntakeError } from "../intake-error.ts";
import { readAvroFile } from "./avro-file.ts";
import { asPlain, type Decoder } from "./decode.ts";
import type { Mapping, RawRecord } from "./mapping.ts";

/** A record of a file, or why it cannot be one; `raw` is its text when it can be kept. */
export type FileRecord = {
  readonly line: number;
  readonly raw: string | null;
  readonly record: Result<RawRecord, Refusal>;
};

const ofFile = (value: unknown, line: number): RawRecord => ({
  value,
  key: null,
  headers: {},
  topic: null,
  partition: null,
  offset: null,
  timestamp: null,
  line,
});

const recordCharsMax = 1_000_000;

async function* csvRecords(path: string, delimiter: string): AsyncGenerator<FileRecord> {
  let header: readonly string[] | null = null;
  const parser = parse({
    delimiter,
    bom: true,
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: recordCharsMax,
    info: true,
  });
  const source = Readable.from(gunzipIfPacked(readByteStream(path)), { objectMode: false });
  source.on("error", (error) => parser.destroy(error));
  try {
    for await (const { record, info } of source.pipe(parser)) {
      const cells: readonly string[] = record;
      const line = Number(info.lines);
      if (header === null) {
        header = cells.map((name) => name.trim());
        continue;
      }
      if (cells.length === header.length) {
        const row = Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ""]));
        yield { line, raw: JSON.stringify(row), record: ok(ofFile(row, line)) };
        continue;
      }
      const message = `The row has ${cells.length} cells, the header ${header.length}; check quotes and delimiter.`;
      const refusal: Refusal = { reason: "bad-field", field: null, message };
      yield { line, raw: JSON.stringify(cells), record: err(refusal) };
    }
  } catch (error) {
    if (error instanceof IntakeError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new IntakeError("bad-file", `${path} cannot be read to its end: ${why}`, error);
  }
  if (header === null) throw new IntakeError("bad-file", `${path} is empty: it has no header line`);
}

async function* jsonRecords(path: string, decode: Decoder): AsyncGenerator<FileRecord> {
  for await (const lines of readEventFileBatches(path)) {
    for (const line of lines) {
      if (line.kind === "refused") {
        yield { line: line.number, raw: null, record: err(line.refusal) };
        continue;
      }
      const decoded = await decode(Buffer.from(line.text));
      const record = decoded.ok ? ok(ofFile(decoded.value, line.number)) : decoded;
      yield { line: line.number, raw: line.text, record };
    }
  }
}

/** An Avro object file carries its own schema. */
async function* avroRecords(path: string): AsyncGenerator<FileRecord> {
  let line = 0;
  try {
    for await (const value of readAvroFile(gunzipIfPacked(readByteStream(path)))) {
      line += 1;
      yield { line, raw: null, record: ok(ofFile(asPlain(value), line)) };
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new IntakeError("bad-file", `${path} is no whole Avro object file: ${why}`, error);
  }
}

/** The records of a file (gzip or not; `-` is standard input) in the format the mapping names. */
export function readRecords(
  path: string,
  { from }: Mapping,
  decode: Decoder,
): AsyncGenerator<FileRecord> {
  const isAvroFile = from.registry === undefined && from.schema === undefined;
  switch (from.format) {
    case "csv":
      return csvRecords(path, from.delimiter ?? ",");
    case "avro":
      if (isAvroFile) return avroRecords(path);
      throw new IntakeError(
        "bad-file",
        "a file of Avro is an object file with its schema inside; remove `registry` and `schema`, or map the topic",
      );
    case "json":
    case "debezium":
      return jsonRecords(path, decode);
  }
}
