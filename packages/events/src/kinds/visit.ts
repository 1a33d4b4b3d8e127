import { flag, instant, int, type KindTable, oneOf, text, until } from "./field.ts";

const visit = {
  appointmentId: text("The appointment.", "TMF646 Appointment; FHIR Appointment"),
  workOrderId: text("The job; visits of one job share it.", "TMF697 WorkOrder"),
  workType: oneOf(["install", "repair", "replace"], "What the visit is for.", "GS1 CBV bizStep"),
  windowFrom: instant("Start of the window given to the customer.", "TMF646 validFor"),
  windowUntil: until("End of the window given to the customer.", "TMF646 validFor"),
};

const went = {
  ...visit,
  arrivedAt: instant("When the technician arrived."),
  completedAt: instant("When the work was done."),
  visitNumber: int("Which visit for this job, from 1.", "", 1),
  outcome: oneOf(
    ["completed", "no_show", "cancelled_under_24h", "no_access", "part_missing", "incomplete"],
    "How it went.",
    "Ofcom automatic compensation; FHIR Appointment.status",
  ),
  firstTimeFix: flag("Done at the first visit.", "field-service FTF"),
  followUpDueAt: until("By when somebody is to come back."),
  faultReportedAt: instant("When the fault was reported.", "Ofcom delayed repair"),
};

export const visitKinds = {
  "visit.booked": {
    doc: "A visit was agreed for a window.",
    subject: "required",
    fields: visit,
  },
  "visit.completed": {
    doc: "A visit took place, whatever came of it.",
    subject: "required",
    fields: went,
  },
  "visit.missed": {
    doc: "Nobody came, or not in the window.",
    subject: "required",
    fields: went,
  },
  "visit.rescheduled": {
    doc: "A visit was given another window.",
    subject: "required",
    fields: {
      ...went,
      previousWindowUntil: until("End of the window it had before."),
      rescheduledBy: oneOf(["customer", "provider"], "Who asked for it."),
    },
  },
} satisfies Record<string, KindTable>;
