import { isUtf8 } from "node:buffer";
import { canonicalJson, ok, type Refusal } from "@troth/events";
import { admitRecord, type FileRecord, type RecordOutcome, readRecords } from "@troth/intake";
import { type ForeignRecord, openKafka } from "@troth/log";
import { systemClock } from "@troth/runtime";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes, InputError } from "./exit.ts";
import { addKafkaOptions, type KafkaOptions, readKafkaSettings } from "./kafka-options.ts";
import { checkMapping, type MappingFile, openMapping } from "./mapping-file.ts";
import { Outputs } from "./replay/outputs.ts";
import { rawOf } from "./run/raw-record.ts";

/** What one raw record would become. */
type Outcome = {
  readonly line: number;
  readonly events: readonly object[];
  readonly setAside: readonly (Refusal & { readonly raw: string | null })[];
};

/** read = with events + passed over + set aside; a record that gave both counts as set aside. */
type Counts = { read: number } & Record<RecordOutcome, number>;

class Run {
  readonly #file: MappingFile;
  readonly #found = new Set<string>();
  readonly counts: Counts = { read: 0, mapped: 0, passed_over: 0, set_aside: 0 };
  events = 0;

  constructor(file: MappingFile) {
    this.#file = file;
  }

  /** A removal from a compacted topic: it tells of no event. */
  passOver(): void {
    this.counts.read += 1;
    this.counts.passed_over += 1;
  }

  take({ line, raw, record }: FileRecord): Outcome {
    const note = (rule: number, field: string) => this.#found.add(`${rule}.${field}`);
    const admitted = admitRecord(this.#file.mapping, record, note);
    const events = admitted.events.map(({ event }) => event);
    const setAside = admitted.refused.map(({ refusal, text }) => ({
      ...refusal,
      raw: text ?? raw,
    }));
    this.counts.read += 1;
    this.events += events.length;
    this.counts[admitted.outcome] += 1;
    return { line, events, setAside };
  }

  /** Fields whose expression never found anything: most often a misspelt name. */
  unfound(): readonly string[] {
    return this.#file.mapping.events.flatMap(({ data, kind }, rule) =>
      [...data.keys()]
        .filter((field) => !this.#found.has(`${rule}.${field}`))
        .map((field) => `events.${rule} (${kind}) data.${field}`),
    );
  }

  tell(): void {
    const { read, mapped, passed_over: passedOver, set_aside: setAside } = this.counts;
    process.stderr.write(
      `map: ${read} records read = ${mapped} mapped + ${passedOver} passed over + ${setAside} set aside; ${this.events} events\n`,
    );
    if (read === 0) return;
    for (const field of this.unfound()) {
      process.stderr.write(`map: ${field} never found anything; is the name right?\n`);
    }
  }
}

const exitOf = ({ set_aside: setAside }: Counts): number =>
  setAside > 0 ? exitCodes.found : exitCodes.ok;

async function tryOut(path: string, input: string, most: number): Promise<number> {
  const file = await openMapping(path);
  const run = new Run(file);
  for await (const record of readRecords(input, file.mapping, file.decode)) {
    process.stdout.write(`${canonicalJson(run.take(record))}\n`);
    if (run.counts.read >= most) break;
  }
  run.tell();
  return exitOf(run.counts);
}

const tombstone = { events: [], setAside: [] } as const;

/** What one record of a topic would become, beside where it stands. */
async function takeForeign(file: MappingFile, run: Run, record: ForeignRecord): Promise<object> {
  const { partition, offset, value } = record;
  if (value === null) {
    run.passOver();
    return { partition, offset: Number(offset), ...tombstone };
  }
  const decoded = await file.decode(value);
  const raw = isUtf8(value) ? value.toString("utf8") : null;
  const given = decoded.ok ? ok(rawOf(record, record, decoded.value)) : decoded;
  const { line: _, ...outcome } = run.take({ line: Number(offset), raw, record: given });
  return { partition, offset: Number(offset), ...outcome };
}

/** The same from the topic the mapping names, as it stands: nobody's place in it moves. */
async function tryTopic(path: string, options: KafkaOptions, most: number): Promise<number> {
  const file = await openMapping(path);
  const { topic } = file.mapping.from;
  if (topic === undefined)
    throw new InputError(`${path}: it names no topic; add \`from: { topic: … }\`, or give a file`);
  const settings = await readKafkaSettings(options, "intake", (what) =>
    process.stderr.write(`map: ${what}\n`),
  );
  const kafka = await openKafka(settings, systemClock);
  try {
    const run = new Run(file);
    for await (const record of kafka.peek(topic)) {
      process.stdout.write(`${canonicalJson(await takeForeign(file, run, record))}\n`);
      if (run.counts.read >= most) break;
    }
    run.tell();
    return exitOf(run.counts);
  } finally {
    await kafka.close();
  }
}

const isOnKafka = (options: Partial<KafkaOptions>): options is KafkaOptions =>
  options.brokers !== undefined;

async function convert(path: string, input: string, asideDir: string | null): Promise<number> {
  const file = await openMapping(path);
  const run = new Run(file);
  const outputs = asideDir === null ? null : new Outputs(asideDir);
  const aside = outputs?.file("set-aside.jsonl");
  for await (const record of readRecords(input, file.mapping, file.decode)) {
    const { line, events, setAside } = run.take(record);
    for (const one of setAside) {
      if (aside === undefined) process.stderr.write(`line ${line}: ${one.message}\n`);
      else aside.line(canonicalJson({ line, ...one }));
    }
    const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
    if (lines !== "" && !process.stdout.write(lines)) {
      await new Promise((done) => process.stdout.once("drain", done));
    }
    await outputs?.drained();
  }
  await outputs?.finish();
  run.tell();
  return exitOf(run.counts);
}

const countOf = (text: string): number => {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("give a whole number above 0");
};

export function addMap(program: Command): void {
  const group = program
    .command("map")
    .description("Your records, not ours: turn JSON, Avro, Debezium or CSV into events.")
    .addHelpText(
      "after",
      `
A mapping is YAML with CEL expressions; how to write one: infra/mappings/README.md

Examples:
  troth map check infra/mappings/shop-orders.yaml
  troth map try infra/mappings/shop-orders.yaml orders.jsonl
  troth map try infra/mappings/shop-orders.yaml --brokers 127.0.0.1:9092 --dev
  troth map run infra/mappings/calls.yaml calls.csv.gz | troth replay - --out judged`,
    );
  group
    .command("check")
    .description("report every error with line, column and remedy; exit 1 if there is one")
    .argument("<mapping>", "the mapping file")
    .action(async (path: string) => {
      const { mapping, text } = await checkMapping(path);
      process.stdout.write(text);
      process.exitCode = mapping === null ? exitCodes.found : exitCodes.ok;
    });
  const trial = group
    .command("try")
    .description("what the first records would become, and what would be set aside; writes nothing")
    .argument("<mapping>", "the mapping file")
    .argument("[file]", "records, gzip or not; - for standard input; none: the mapping's topic")
    .option("--records <n>", "how many", countOf, 100);
  addKafkaOptions(trial, true).action(
    async (
      path: string,
      input: string | undefined,
      options: Partial<KafkaOptions> & { readonly records: number },
    ) => {
      if ((input === undefined) !== isOnKafka(options))
        throw new InputError("map try: give either a file or --brokers");
      process.exitCode =
        isOnKafka(options) && input === undefined
          ? await tryTopic(path, options, options.records)
          : await tryOut(path, input ?? "-", options.records);
    },
  );
  group
    .command("run")
    .description("events on stdout, one a line; exit 1 if anything was set aside")
    .argument("<mapping>", "the mapping file")
    .argument("<file>", "records, gzip or not; - for standard input")
    .option("--set-aside <dir>", "keep what could not be mapped there, for `set-aside list`")
    .action(async (path: string, input: string, options: { readonly setAside?: string }) => {
      process.exitCode = await convert(path, input, options.setAside ?? null);
    });
}
