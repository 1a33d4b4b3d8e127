import { Cells } from "./cells.ts";
import type { ImportIo } from "./importer.ts";
import { openZoneTimes, readDayFirst } from "./local-time.ts";

/** The file names no zone; UTC keeps its differences right, which is all that is judged. */
const times = openZoneTimes("UTC");
type Status = "acknowledged" | "inProgress" | "pending" | "held" | "resolved" | "closed";

/** TMF621: `pending` waits for the customer, `held` for somebody else. */
const statusOf: ReadonlyMap<string, Status> = new Map([
  ["New", "acknowledged"],
  ["Active", "inProgress"],
  ["Awaiting User Info", "pending"],
  ["Awaiting Problem", "held"],
  ["Awaiting Vendor", "held"],
  ["Awaiting Evidence", "held"],
  ["Resolved", "resolved"],
  ["Closed", "closed"],
]);

const channelOf: ReadonlyMap<string, string> = new Map([
  ["Phone", "phone"],
  ["Self service", "web"],
  ["Email", "email"],
  ["IVR", "phone"],
  ["Direct opening", "staff"],
]);

/** ServiceNow's priority 1 is the most urgent; our severity 5 is the worst. */
const severityOf: ReadonlyMap<string, number> = new Map([
  ["1", 5],
  ["2", 4],
  ["3", 3],
  ["4", 2],
]);

const madeOf: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);

/**
 * One change of an incident. `closed_code`, `closed_at`, `resolved_at` and `resolved_by` stand in
 * every row of an incident, also those from before it was closed, so they are never read.
 */
export type Change = {
  readonly at: number;
  readonly count: number;
  readonly state: string;
  readonly status: Status;
  readonly priority: string;
  readonly severity: number | undefined;
  readonly category: string;
  readonly group: string;
  readonly assignee: string;
  readonly reassigned: number;
  readonly reopened: number;
  readonly channel: string | undefined;
  readonly impact: string;
  readonly urgency: string;
  readonly madeSla: boolean;
};

export type Incident = {
  readonly number: string;
  readonly subject: string;
  /** Empty where the file does not say. */
  readonly caller: string;
  readonly openedAt: number;
  readonly changes: Change[];
};

const columns = [
  "number",
  { name: "ident_state", also: ["incident_state"] },
  "reassignment_count",
  "reopen_count",
  "sys_mod_count",
  "made_sla",
  "caller_id",
  "opened_at",
  "sys_updated_at",
  "contact_type",
  "category",
  "impact",
  "urgency",
  "priority",
  "assignment_group",
  "assigned_to",
] as const;
type Field = Extract<(typeof columns)[number], string> | "ident_state";

/** `3 - Moderate` in the public edition, `3` in ours. */
const levelOf = (text: string): string => text.split(" ", 1)[0] ?? "";

const counts = { min: 0, max: 10_000, whole: true } as const;

function readChange(cells: Cells<Field>): Change {
  const priority = levelOf(cells.text("priority"));
  return {
    at: times.instantOf(cells.local("sys_updated_at", readDayFirst)),
    count: cells.number("sys_mod_count", counts),
    state: cells.text("ident_state"),
    status: cells.code("ident_state", statusOf) ?? "acknowledged",
    priority,
    severity: severityOf.get(priority),
    category: cells.text("category"),
    group: cells.text("assignment_group"),
    assignee: cells.text("assigned_to"),
    reassigned: cells.number("reassignment_count", counts),
    reopened: cells.number("reopen_count", counts),
    channel: channelOf.get(cells.text("contact_type")),
    impact: levelOf(cells.text("impact")),
    urgency: levelOf(cells.text("urgency")),
    madeSla: cells.code("made_sla", madeOf) ?? false,
  };
}

/** Incidents with their usable changes, in the order of the file. Times are UTC milliseconds. */
export async function readIncidents(path: string, io: ImportIo): Promise<Iterable<Incident>> {
  const incidents = new Map<string, Incident>();
  for await (const { line, row } of io.openRows<Field>(path, columns)) {
    const cells = new Cells(row);
    const number = cells.key("number");
    const caller = cells.text("caller_id");
    const openedAt = times.instantOf(cells.local("opened_at", readDayFirst));
    const change = readChange(cells);
    const trouble = cells.trouble();
    if (trouble !== null) {
      io.setAside({ ...trouble, file: path, line });
      continue;
    }
    let incident = incidents.get(number);
    if (incident === undefined) {
      const subject = `customer:incident-${number}`;
      incident = { number, subject, caller, openedAt, changes: [] };
      incidents.set(number, incident);
    }
    if (incident.changes.some(({ at, count }) => at === change.at && count === change.count)) {
      const message = "the same change of this incident came before";
      io.setAside({ reason: "duplicate-key", field: "sys_mod_count", message, file: path, line });
    } else incident.changes.push(change);
  }
  return incidents.values();
}
