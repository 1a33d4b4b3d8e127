import { isoTime } from "@troth/events";
import { Cells } from "./cells.ts";
import { findFile } from "./files.ts";
import type { ImportedEvent, ImportIo } from "./importer.ts";
import { type LocalTime, openZoneTimes, readIso } from "./local-time.ts";
import { openSchedule, type Schedule } from "./schedule.ts";

/** Events are dated by day in many countries; a day of UTC stands for the day. */
const times = openZoneTimes("UTC");

/** The first Repair Café was held in October 2009; dates before are a form's default. */
const firstYear = 2009;

const columns = [
  "id",
  "data_provider",
  "country",
  "product_category",
  "brand",
  "year_of_manufacture",
  "repair_status",
  "event_date",
] as const;
type Field = (typeof columns)[number];

/** `Unknown` took place, and nobody wrote down how it went. */
const outcomeOf: ReadonlyMap<string, "completed" | "incomplete" | null> = new Map([
  ["Fixed", "completed"],
  ["Repairable", "incomplete"],
  ["End of life", "incomplete"],
  ["Unknown", null],
]);

type Repair = {
  readonly id: string;
  readonly from: number;
  readonly until: number;
  readonly status: string;
  readonly outcome: "completed" | "incomplete" | null;
  readonly country: string;
  readonly attributes: Readonly<Record<string, string | number>>;
};

const readEventDay = (text: string): LocalTime | null => {
  const at = readIso(text);
  return at === null || at.year < firstYear ? null : at;
};

function readRepair(cells: Cells<Field>): Repair {
  const day = cells.local("event_date", readEventDay);
  const made = Number(cells.text("year_of_manufacture"));
  const ageYears = made >= 1900 && made <= day.year ? { ageYears: day.year - made } : {};
  return {
    id: cells.key("id"),
    from: times.startOfDay(day),
    until: times.endOfDay(day),
    status: cells.text("repair_status"),
    outcome: cells.code("repair_status", outcomeOf) ?? null,
    country: cells.text("country"),
    attributes: {
      category: cells.text("product_category"),
      brand: cells.text("brand").slice(0, 64),
      provider: cells.text("data_provider"),
      ...ageYears,
    },
  };
}

/** Of an event dated by day nothing is sure before the day is over: that is when it is recorded. */
function addRepair(schedule: Schedule, repair: Repair): void {
  const { id, from, until, status, outcome, country, attributes } = repair;
  const common = { source: "urn:openrepair:events", subject: `device:${id}` };
  const regionCode = country === "" ? undefined : country;
  schedule.add(
    { kind: "product.fault", id: `${id}:fault`, time: from, recorded: until, ...common },
    () => ({ serial: id, regionCode, attributes }),
  );
  schedule.add(
    { kind: "visit.completed", id: `${id}:visit`, time: until, recorded: until, ...common },
    () => ({
      workOrderId: id,
      workType: "repair",
      outcome: outcome ?? undefined,
      faultReportedAt: isoTime(from),
      regionCode,
      attributes: { ...attributes, repairStatus: status },
    }),
  );
}

/** Repair attempts of the Open Repair Alliance: a fault and the visit that was to mend it. */
export async function* importOpenrepair(dir: string, io: ImportIo): AsyncGenerator<ImportedEvent> {
  const path = await findFile(dir, ["openrepair_events", "OpenRepairData*"], io);
  const schedule = openSchedule();
  const seen = new Set<string>();
  for await (const { line, row } of io.openRows(path, columns)) {
    const cells = new Cells(row);
    const repair = readRepair(cells);
    if (seen.has(repair.id)) cells.refuse("duplicate-key", "id", "the repair came before");
    const trouble = cells.trouble();
    if (trouble !== null) io.setAside({ ...trouble, file: path, line });
    else {
      seen.add(repair.id);
      addRepair(schedule, repair);
    }
  }
  yield* schedule.events();
}
