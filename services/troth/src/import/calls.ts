import { createHmac } from "node:crypto";
import { isoTime, publicPseudonymKey } from "@troth/events";
import { Cells } from "./cells.ts";
import { findFiles } from "./files.ts";
import { ImportError, type ImportedEvent, type ImportIo } from "./importer.ts";
import { openZoneTimes, readShortDate } from "./local-time.ts";
import { openSchedule, type Schedule } from "./schedule.ts";

const times = openZoneTimes("Asia/Jerusalem");
const source = "urn:technion:calls";

const columns = [
  "vru+line",
  "call_id",
  "customer_id",
  "priority",
  "type",
  "date",
  "vru_entry",
  "vru_exit",
  "vru_time",
  "q_start",
  "q_exit",
  "q_time",
  "outcome",
  "ser_start",
  "ser_exit",
  "ser_time",
  "server",
] as const;
type Field = (typeof columns)[number];

/** `TT`: the customer had left a message and the bank rang back. */
const directionOf: ReadonlyMap<string, "inbound" | "outbound"> = new Map([
  ["PS", "inbound"],
  ["PE", "inbound"],
  ["IN", "inbound"],
  ["NE", "inbound"],
  ["NW", "inbound"],
  ["TT", "outbound"],
]);

const outcomeOf = new Map([
  ["AGENT", "contact.completed"],
  ["HANG", "contact.abandoned"],
  ["PHANTOM", "phantom"],
] as const);

const pseudonyms = new Map<string, string>();

/** Keyed with the documented key: it keeps names out of events, not from one who knows the staff. */
function agentOf(name: string): string | undefined {
  if (name === "" || name === "NO_SERVER") return undefined;
  let known = pseudonyms.get(name);
  if (known === undefined) {
    known = createHmac("sha256", publicPseudonymKey).update(`agent\0${name}`).digest("hex");
    known = `agent-${known.slice(0, 12)}`;
    pseudonyms.set(name, known);
  }
  return known;
}

/** Spells of a call that never were are written as two midnights that took no time. */
const isBlank = (from: string, until: string): boolean =>
  /^0?0:00:00$/.test(from) && from === until;

type Call = {
  readonly kind: "contact.completed" | "contact.abandoned";
  readonly contactId: string;
  readonly customer: string | null;
  readonly initiatedAt: number;
  readonly enqueuedAt: number | null;
  readonly answeredAt: number | null;
  readonly disconnectedAt: number;
  readonly queueWaitSeconds: number;
  readonly interactionSeconds: number;
  readonly menuSeconds: number;
  readonly type: string;
  readonly priority: number;
  readonly direction: "inbound" | "outbound";
  readonly agent: string | undefined;
};

const seconds = { min: 0, max: 86_400 } as const;
const halfDayMs = 43_200_000;

/** Times of one row; a reading half a day before the call began is from after midnight. */
function clockOf(cells: Cells<Field>): (field: Field) => number {
  const read = (field: Field): number =>
    times.instantOf(cells.local(field, (clock) => readShortDate(cells.text("date"), clock)));
  const began = read("vru_entry");
  return (field) => {
    const at = read(field);
    return at < began - halfDayMs ? at + 2 * halfDayMs : at;
  };
}

function readCall(cells: Cells<Field>): Call | null {
  const kind = cells.code("outcome", outcomeOf);
  if (kind === "phantom") {
    cells.refuse("not-a-contact", "outcome", "a phantom call: nobody was on the line");
  }
  const at = clockOf(cells);
  const span = (from: Field, until: Field): { from: number; until: number } | null =>
    isBlank(cells.text(from), cells.text(until)) ? null : { from: at(from), until: at(until) };
  const queue = span("q_start", "q_exit");
  const service = kind === "contact.completed" ? span("ser_start", "ser_exit") : null;
  const began = at("vru_entry");
  const customer = cells.key("customer_id");
  const type = cells.text("type");
  const contactId = `${cells.key("vru+line")}-${cells.key("date")}-${cells.key("call_id")}`;
  const call = {
    contactId,
    customer: customer === "0" ? null : customer,
    initiatedAt: began,
    enqueuedAt: queue?.from ?? null,
    answeredAt: service?.from ?? null,
    disconnectedAt: Math.max(began, at("vru_exit"), queue?.until ?? 0, service?.until ?? 0),
    queueWaitSeconds: cells.number("q_time", seconds),
    interactionSeconds: service === null ? 0 : cells.number("ser_time", seconds),
    menuSeconds: cells.number("vru_time", { min: -3600, max: 86_400 }),
    type,
    priority: cells.number("priority", { min: 0, max: 9, whole: true }),
    direction: cells.code("type", directionOf) ?? "inbound",
    agent: agentOf(cells.text("server")),
  } as const;
  return kind === undefined || kind === "phantom" ? null : { ...call, kind };
}

function addCall(schedule: Schedule, call: Call): void {
  const iso = (ms: number | null): string | undefined => (ms === null ? undefined : isoTime(ms));
  const { kind, contactId: id, disconnectedAt: time } = call;
  const subject = call.customer === null ? `call:${id}` : `customer:${call.customer}`;
  schedule.add({ kind, id, source, subject, time, recorded: time }, () => ({
    contactId: id,
    direction: call.direction,
    channel: "phone",
    initiatedAt: iso(call.initiatedAt),
    enqueuedAt: iso(call.enqueuedAt),
    answeredAt: iso(call.answeredAt),
    disconnectedAt: iso(time),
    queueWaitSeconds: call.queueWaitSeconds,
    interactionSeconds: call.interactionSeconds,
    queueId: call.type,
    agentRef: kind === "contact.completed" ? call.agent : undefined,
    abandoned: kind === "contact.abandoned",
    attributes: { priority: call.priority, menuSeconds: call.menuSeconds },
  }));
}

/**
 * Calls of the Technion bank data, known when they end. Agents' names become pseudonyms. Callers
 * the file does not name are `call:` references that no customer is joined to. Whether a customer
 * rang again within the hour is in the events themselves, so no survey is made up.
 */
export async function* importCalls(dir: string, io: ImportIo): AsyncGenerator<ImportedEvent> {
  const paths = await findFiles(dir, ["technion_bank_calls*", "bank_calls*"], io);
  if (paths.length === 0) {
    const wanted = "technion_bank_calls….csv[.gz] or bank_calls….csv[.gz]";
    throw new ImportError("missing-file", `${dir} holds no ${wanted}`);
  }
  const schedule = openSchedule();
  const seen = new Set<string>();
  for (const path of paths) {
    for await (const { line, row } of io.openRows<Field>(path, columns)) {
      const cells = new Cells(row);
      const call = readCall(cells);
      if (call !== null && seen.has(call.contactId)) {
        cells.refuse("duplicate-key", "call_id", "the call came before");
      }
      const trouble = cells.trouble();
      if (trouble !== null) io.setAside({ ...trouble, file: path, line });
      else if (call !== null) {
        seen.add(call.contactId);
        addCall(schedule, call);
      }
    }
  }
  yield* schedule.events();
}
