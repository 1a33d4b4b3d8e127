import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Decision, PledgeDecision } from "@troth/events";
import { EarlyWarnings, type LinkRecord, type TruthLine } from "@troth/truth";
import { InputError } from "../exit.ts";

/** What a folder of `replay` holds, as far as truth is concerned. */
export type Judged = {
  readonly lines: readonly TruthLine[];
  readonly links: readonly LinkRecord[];
  readonly warnings: EarlyWarnings;
  /** When the first promise about a thing was made, by what the thing is called (`order:X`: X). */
  readonly firstMade: ReadonlyMap<string, number>;
};

async function* linesOf(dir: string, name: string): AsyncGenerator<string> {
  const stream = createReadStream(join(dir, name), "utf8");
  const opened = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  let failure: unknown = null;
  stream.on("error", (error) => {
    failure = error;
    opened.close();
  });
  for await (const line of opened) if (line !== "") yield line;
  if (failure !== null) {
    throw new InputError(
      `${join(dir, name)}: not there; make it with: troth replay … --out ${dir}`,
    );
  }
}

const instants = ["at", "decidedAt", "due", "keptAt", "madeAt"] as const;

/** Our own files, read back: their shape is ours, only their moments are text. */
function decisionOf(line: string): Decision {
  const read: Record<string, unknown> = JSON.parse(line);
  for (const name of instants) {
    const at = read[name];
    if (typeof at === "string") read[name] = Date.parse(at);
  }
  return read as Decision;
}

export async function readJudged(dir: string): Promise<Judged> {
  const lines: TruthLine[] = [];
  for await (const line of linesOf(dir, "truth.jsonl")) {
    const read = JSON.parse(line);
    lines.push({ ...read, at: Date.parse(read.at) });
  }
  const warnings = new EarlyWarnings();
  const rows = new Map<string, PledgeDecision>();
  for await (const line of linesOf(dir, "decisions.jsonl")) {
    if (!line.includes('"kind":"pledge"')) continue;
    const decision = decisionOf(line);
    if (decision.kind !== "pledge") continue;
    warnings.fold(decision);
    rows.set(`${decision.customer}\u0000${decision.promiseId}#${decision.term}`, decision);
  }
  return { lines, warnings, ...registerOf(rows.values()) };
}

function registerOf(rows: Iterable<PledgeDecision>): Pick<Judged, "links" | "firstMade"> {
  const links = new Map<string, { kept: number; broken: number; customers: Set<string> }>();
  const firstMade = new Map<string, number>();
  for (const { link, verdict, customer, promiseId, madeAt } of rows) {
    const record = links.get(link) ?? { kept: 0, broken: 0, customers: new Set() };
    links.set(link, record);
    record.customers.add(customer);
    if (verdict === "kept") record.kept += 1;
    if (verdict === "broken") record.broken += 1;
    const key = promiseId.slice(promiseId.indexOf("/") + 1);
    firstMade.set(key, Math.min(firstMade.get(key) ?? madeAt, madeAt));
  }
  return { links: [...links].map(([link, record]) => ({ link, ...record })), firstMade };
}
