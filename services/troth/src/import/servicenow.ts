import { isoTime } from "@troth/events";
import { openTrackRecord, type TrackRecord } from "@troth/truth";
import { findFile } from "./files.ts";
import type { ImportedEvent, ImportIo } from "./importer.ts";
import { openSchedule, type Schedule } from "./schedule.ts";
import { type Change, type Incident, readIncidents } from "./servicenow-changes.ts";

const dayMs = 86_400_000;

const orUndefined = (text: string): string | undefined => (text === "" ? undefined : text);

/** How often others of the sort missed their time, as of then; answers enter once recorded. */
type Records = {
  readonly groups: TrackRecord;
  readonly categories: TrackRecord;
  readonly callers: TrackRecord;
};

const recordsOf = ({ groups, categories, callers }: Records, incident: Incident, at: Change) => ({
  callerRef: orUndefined(incident.caller),
  groupRecord: groups.excess(at.group),
  categoryRecord: categories.excess(at.category),
  callerRecord: callers.excess(incident.caller),
});

function ticketData(number: string, change: Change) {
  return {
    ticketId: number,
    ticketType: "incident",
    category: orUndefined(change.category),
    priority: orUndefined(change.priority),
    severity: change.severity,
    channel: change.channel,
    status: change.status,
    statusChangeReason: change.state,
    attributes: {
      impact: change.impact,
      urgency: change.urgency,
      assignmentGroup: change.group,
      reassignmentCount: change.reassigned,
      reopenCount: change.reopened,
      modCount: change.count,
    },
  };
}

/** Whether a row says anything a customer would notice: another state, or in other hands. */
const movedOn = (change: Change, before: Change | undefined): boolean =>
  before === undefined ||
  change.state !== before.state ||
  change.group !== before.group ||
  change.assignee !== before.assignee ||
  change.reassigned !== before.reassigned ||
  change.reopened !== before.reopened;

function addTicket(schedule: Schedule, incident: Incident, records: Records): void {
  const { number, subject, openedAt, changes } = incident;
  const source = "urn:servicenow:incidents";
  changes.forEach((change, index) => {
    // An incident cannot move before it is opened; a few rows carry a clock that says it did.
    const at = Math.max(change.at, openedAt);
    if (index === 0) {
      schedule.add(
        {
          kind: "complaint.raised",
          id: `${number}:raised`,
          source,
          subject,
          time: openedAt,
          recorded: at,
        },
        () => {
          const data = ticketData(number, change);
          const attributes = { ...data["attributes"], ...recordsOf(records, incident, change) };
          return { ...data, status: "acknowledged", statusChangeReason: undefined, attributes };
        },
      );
    }
    if (!movedOn(change, changes[index - 1])) return;
    const id = `${number}:status:${String(change.count).padStart(5, "0")}:${at}`;
    schedule.add({ kind: "complaint.status", id, source, subject, time: at, recorded: at }, () => ({
      ...ticketData(number, change),
      resolutionDate: change.status === "resolved" ? isoTime(at) : undefined,
    }));
  });
}

/** The last row's `made_sla` is the answer; nobody was asked, so the day after opening stands in. */
function addTruth(schedule: Schedule, incident: Incident, records: Records): void {
  const { number, subject, openedAt, changes } = incident;
  const source = "urn:servicenow:made-sla";
  const last = changes.at(-1);
  const invited = openedAt + dayMs;
  const question = {
    invitationId: `${number}:made-sla`,
    reasonForAsking: "random",
    askProbability: 1,
    attributes: { question: "made_sla", ticketId: number },
  };
  schedule.add(
    {
      kind: "survey.invited",
      id: `${number}:invited`,
      source,
      subject,
      time: invited,
      recorded: invited,
    },
    () => question,
  );
  if (last === undefined || last.status !== "closed") return;
  const answered = Math.max(last.at, invited);
  schedule.add(
    {
      kind: "survey.answered",
      id: `${number}:answered`,
      source,
      subject,
      time: answered,
      recorded: answered,
    },
    () => {
      records.groups.note(last.group, !last.madeSla);
      records.categories.note(last.category, !last.madeSla);
      records.callers.note(incident.caller, !last.madeSla);
      return { ...question, outcome: last.madeSla ? "enjoyed" : "not_enjoyed" };
    },
  );
}

/**
 * The ServiceNow incident event log: a ticket raised when its first row could be known, its
 * changes of state and of hands, and as truth whether the agreed time was kept (`made_sla`). The
 * truth is about the incident and not about the caller, who may have a dozen open, so each incident
 * stands for a customer of its own; the caller is an attribute, with their record as of then.
 */
export async function* importServicenow(dir: string, io: ImportIo): AsyncGenerator<ImportedEvent> {
  const path = await findFile(dir, ["servicenow_incident_events", "incident_event_log"], io);
  const incidents = await readIncidents(path, io);
  const schedule = openSchedule();
  const records: Records = {
    groups: openTrackRecord(20),
    categories: openTrackRecord(20),
    callers: openTrackRecord(5),
  };
  for (const incident of incidents) {
    incident.changes.sort((a, b) => a.at - b.at || a.count - b.count);
    addTicket(schedule, incident, records);
    addTruth(schedule, incident, records);
  }
  yield* schedule.events();
}
