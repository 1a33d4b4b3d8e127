import { isoTime } from "@troth/events";
import { Cells } from "./cells.ts";
import { findFiles } from "./files.ts";
import { type Column, ImportError, type ImportedEvent, type ImportIo } from "./importer.ts";
import {
  type LocalTime,
  openZoneTimes,
  readAmerican,
  readIso,
  readNamedMonth,
} from "./local-time.ts";
import { openSchedule, type Schedule } from "./schedule.ts";

/** Comcast's and New York's complaints carry the clock of the American east coast. */
const american = openZoneTimes("America/New_York");
const dutch = openZoneTimes("Europe/Amsterdam");

type Edition<N extends string> = {
  readonly names: readonly string[];
  readonly columns: readonly Column<N>[];
  /** Reads one row; what it returns is done if nothing in the row was wrong. */
  readonly read: (
    cells: Cells<N>,
    schedule: Schedule,
  ) => { readonly key: string; readonly keep: () => void };
};

/** The names a list of columns gives its rows. */
type NameOf<C> = C extends { readonly name: infer N } ? N : C;

const comcastColumns = [
  "Ticket #",
  "Date_month_year",
  "Time",
  "Received Via",
  "State",
  "Filing on Behalf of Someone",
] as const;

const comcastChannels: ReadonlyMap<string, string> = new Map([
  ["Customer Care Call", "phone"],
  ["Internet", "web"],
]);

/**
 * `Date` is day-month in some rows and month-day in others; `Date_month_year` names the month.
 * `Status` says Closed or Solved without a time, so nothing can be said of when, and it is not
 * said at all. There is no customer in the file: each ticket is an account of its own.
 */
const comcast: Edition<(typeof comcastColumns)[number]> = {
  names: ["comcast_complaints", "Comcast_telecom_complaints_data"],
  columns: comcastColumns,
  read: (cells, schedule) => {
    const ticket = cells.key("Ticket #");
    if (!/^\d+$/.test(ticket))
      cells.refuse("bad-key", "Ticket #", `Ticket # is ${ticket}, not a number`);
    const clock = cells.text("Time");
    const time = american.instantOf(
      cells.local("Date_month_year", (day) => readNamedMonth(day, clock)),
    );
    const channel = cells.code("Received Via", comcastChannels);
    const attributes = {
      state: cells.text("State"),
      onBehalf: cells.text("Filing on Behalf of Someone") === "Yes",
    };
    const source = "urn:comcast:complaints";
    const subject = `account:comcast-${ticket}`;
    return {
      key: ticket,
      keep: () =>
        schedule.add(
          {
            kind: "complaint.raised",
            id: `comcast-${ticket}:raised`,
            source,
            subject,
            time,
            recorded: time,
          },
          () => ({
            ticketId: ticket,
            ticketType: "complain",
            status: "acknowledged",
            channel,
            attributes,
          }),
        ),
    };
  },
};

const cityColumns = [
  "Unique Key",
  "Created Date",
  "Closed Date",
  { name: "Due Date", optional: true },
  "Agency",
  "Complaint Type",
  "Descriptor",
  { name: "Borough", optional: true },
] as const;

/** Agencies that note the day alone write midnight; then the day's end is when it was known. */
function momentOf(at: LocalTime): { readonly time: number; readonly recorded: number } {
  const time = american.instantOf(at);
  const dayOnly = at.hour === 0 && at.minute === 0 && at.second === 0;
  return { time, recorded: dayOnly ? american.endOfDay(at) : time };
}

const city: Edition<NameOf<(typeof cityColumns)[number]>> = {
  names: ["nyc311*", "311_Service_Requests*"],
  columns: cityColumns,
  read: (cells, schedule) => {
    const key = cells.key("Unique Key");
    const raised = momentOf(cells.local("Created Date", readAmerican));
    const due = cells.localIfAny("Due Date", readAmerican);
    const closedLocal = cells.localIfAny("Closed Date", readAmerican);
    const closed = closedLocal === null ? null : momentOf(closedLocal);
    if (closed !== null && closed.recorded < raised.time) {
      cells.refuse("bad-time", "Closed Date", "Closed Date is before Created Date");
    }
    const ticket = {
      ticketId: key,
      ticketType: "complain",
      category: cells.text("Complaint Type") || undefined,
      requestedResolutionDate: due === null ? undefined : isoTime(american.instantOf(due)),
      attributes: {
        agency: cells.text("Agency"),
        descriptor: cells.text("Descriptor"),
        borough: cells.text("Borough"),
      },
    };
    const common = { source: "urn:nyc311:requests", subject: `account:nyc311-${key}` };
    const keep = (): void => {
      schedule.add(
        { kind: "complaint.raised", id: `nyc311-${key}:raised`, ...raised, ...common },
        () => ({
          ...ticket,
          status: "acknowledged",
        }),
      );
      if (closed === null) return;
      const time = Math.max(closed.time, raised.time);
      const recorded = Math.max(closed.recorded, raised.recorded);
      schedule.add(
        { kind: "complaint.status", id: `nyc311-${key}:resolved`, time, recorded, ...common },
        () => ({ ...ticket, status: "resolved", resolutionDate: isoTime(time) }),
      );
    };
    return { key, keep };
  },
};

const agencyColumns = [
  "CustomerID",
  "ComplaintDossierID",
  "ComplaintID",
  "ContactDate",
  "ContactChannelID",
  "ComplaintTheme_EN",
  "ComplaintSubtheme_EN",
  "ComplaintTopic_EN",
] as const;

/** The Dutch employees' insurance agency: dated by day, known when the day is over. */
const agency: Edition<(typeof agencyColumns)[number]> = {
  names: ["bpi2016_complaints", "BPI2016_Complaints"],
  columns: agencyColumns,
  read: (cells, schedule) => {
    const complaint = cells.key("ComplaintID");
    const subject = `customer:${cells.key("CustomerID")}`;
    const day = cells.local("ContactDate", readIso);
    const time = dutch.startOfDay(day);
    const recorded = dutch.endOfDay(day);
    const attributes = {
      dossier: cells.text("ComplaintDossierID"),
      channelId: cells.text("ContactChannelID"),
      subtheme: cells.text("ComplaintSubtheme_EN"),
      topic: cells.text("ComplaintTopic_EN"),
    };
    const category = cells.text("ComplaintTheme_EN") || undefined;
    const source = "urn:bpi2016:complaints";
    return {
      key: complaint,
      keep: () =>
        schedule.add(
          {
            kind: "complaint.raised",
            id: `bpi2016-${complaint}:raised`,
            source,
            subject,
            time,
            recorded,
          },
          () => ({
            ticketId: complaint,
            ticketType: "complain",
            status: "acknowledged",
            category,
            attributes,
          }),
        ),
    };
  },
};

async function readEdition<N extends string>(
  { names, columns, read }: Edition<N>,
  dir: string,
  schedule: Schedule,
  io: ImportIo,
): Promise<number> {
  const paths = await findFiles(dir, names, io);
  const seen = new Set<string>();
  for (const path of paths) {
    for await (const { line, row } of io.openRows(path, columns)) {
      const cells = new Cells(row);
      const { key, keep } = read(cells, schedule);
      const name = columns[0];
      if (seen.has(key) && name !== undefined) {
        const field = typeof name === "string" ? name : name.name;
        cells.refuse("duplicate-key", field, "the complaint came before");
      }
      const trouble = cells.trouble();
      if (trouble !== null) io.setAside({ ...trouble, file: path, line });
      else {
        seen.add(key);
        keep();
      }
    }
  }
  return paths.length;
}

/**
 * Complaints: Comcast's, New York's 311 requests (which have due and closing dates) and those of
 * the BPI 2016 agency, as many of the three as the folder holds.
 */
export async function* importComplaints(dir: string, io: ImportIo): AsyncGenerator<ImportedEvent> {
  const schedule = openSchedule();
  const found =
    (await readEdition(comcast, dir, schedule, io)) +
    (await readEdition(city, dir, schedule, io)) +
    (await readEdition(agency, dir, schedule, io));
  if (found === 0) {
    const names = [...comcast.names, ...city.names, ...agency.names].join(", ");
    throw new ImportError("missing-file", `${dir} holds none of ${names} (.csv or .csv.gz)`);
  }
  yield* schedule.events();
}
