import { canonicalJson, type Refusal } from "@troth/events";
import { admitRecord, type FileRecord, type RecordOutcome, readRecords } from "@troth/intake";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "./exit.ts";
import { checkMapping, type MappingFile, openMapping } from "./mapping-file.ts";
import { Outputs } from "./replay/outputs.ts";

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
  group
    .command("try")
    .description("what the first records would become, and what would be set aside; writes nothing")
    .argument("<mapping>", "the mapping file")
    .argument("<file>", "records, gzip or not; - for standard input")
    .option("--records <n>", "how many", countOf, 100)
    .action(async (path: string, input: string, options: { readonly records: number }) => {
      process.exitCode = await tryOut(path, input, options.records);
    });
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
