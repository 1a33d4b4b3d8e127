import {
  group,
  instant,
  int,
  type KindTable,
  money,
  number,
  oneOf,
  required,
  seconds,
  share,
  text,
  until,
  where,
} from "./field.ts";

const spoken = {
  promiseId: required(text("The promise, in the source's own numbering.")),
  kind: text("What is promised: bill-amount, installation, call-back, delivery …", "", 64),
  at: instant("When, if not the event's own time."),
  reason: text("Why, in a few words or a code."),
};

const resolution = {
  alertId: text("Alert it answers.", "", 64),
  resolutionId: text("The resolution; its steps share it."),
  kind: oneOf(
    ["apology", "call-back", "expedite", "replace", "credit", "nothing"],
    "What is done.",
  ),
  amount: money("What it costs."),
  ledger: oneOf(["entitlement", "goodwill"], "Owed by rule, or at discretion."),
  basis: text("On what grounds."),
  predictedScore: number("Answer expected after it, 0 to 10.", "", 0, 10),
  interval: group(
    "Interval",
    { low: number("Lower end."), high: number("Upper end.") },
    "How sure the prediction is.",
  ),
  propensity: share("Probability with which this one was chosen.", "off-policy evaluation"),
  policyVersion: text("Policy that chose it.", "", 64),
  decidedBy: text("Role that decided; never a name."),
  customerResponse: oneOf(["accepted", "declined", "no_answer"], "What the customer said."),
  outcomeScore: number("Answer given after it, 0 to 10.", "", 0, 10),
};

const alert = {
  alertId: required(text("The alert.", "", 64)),
  by: required(text("Pseudonym of who did it.", "", 128)),
};

const charge = {
  promiseId: required(text("The broken promise, as the register names it: `template/key`.")),
  term: int("Which date of it, 1 for the first.", "", 1, 1_000_000),
  chargedTo: text("Link that is to answer for it instead.", "", 64),
  reason: required(text("Why.")),
};

export const promiseKinds = {
  "promise.made": {
    doc: "Something was promised to this customer.",
    subject: "required",
    fields: {
      promiseId: required(text("The promise, in the source's own numbering.")),
      kind: required(
        text("What is promised: bill-amount, installation, call-back, delivery …", "", 64),
      ),
      madeBy: oneOf(
        ["system", "representative", "advert", "regulation", "policy"],
        "Who or what promised it.",
      ),
      madeAt: instant("When it was promised."),
      dueFrom: instant("From when it may be kept."),
      dueUntil: until("By when it is to be kept."),
      amount: money("Amount promised."),
      dealRef: text("Deal it is part of."),
      contactId: text("Contact in which it was made; also joins `call:`."),
      text: where("Where its wording is kept."),
      toleranceSeconds: seconds("Lateness nobody minds."),
    },
  },
  "promise.kept": { doc: "Its keeper says it is kept.", subject: "required", fields: spoken },
  "promise.broken": { doc: "Its keeper says it is broken.", subject: "required", fields: spoken },
  "promise.withdrawn": { doc: "It was taken back.", subject: "required", fields: spoken },
  "promise.renegotiated": {
    doc: "Another date was agreed.",
    subject: "required",
    fields: { ...spoken, dueUntil: required(until("By when it is now to be kept.")) },
  },
  "promise.paused": {
    doc: "The clock stands, such as while we wait for the customer.",
    subject: "required",
    fields: spoken,
  },
  "promise.resumed": { doc: "The clock runs again.", subject: "required", fields: spoken },
  "resolution.proposed": {
    doc: "A way to mend it was proposed to staff.",
    subject: "required",
    fields: resolution,
  },
  "resolution.offered": {
    doc: "It was offered to the customer.",
    subject: "required",
    fields: resolution,
  },
  "resolution.accepted": {
    doc: "The customer took it.",
    subject: "required",
    fields: resolution,
  },
  "resolution.outcome": {
    doc: "What the customer says afterwards.",
    subject: "required",
    fields: resolution,
  },
  "alert.acknowledged": {
    doc: "Somebody took an alert on.",
    subject: "required",
    fields: { ...alert, note: where("Where their note is kept.") },
  },
  "alert.snoozed": {
    doc: "Somebody put an alert off.",
    subject: "required",
    fields: {
      ...alert,
      reason: required(text("Why.")),
      until: required(until("Until when.")),
    },
  },
  "alert.false-alarm": {
    doc: "Somebody says the alert was wrong.",
    subject: "required",
    fields: { ...alert, reason: required(text("Why.")) },
  },
  "charge.disputed": {
    doc: "The owner of a link says that a broken promise is not its doing.",
    subject: "required",
    fields: { ...charge, by: required(text("Role that disputes it; never a name.", "", 128)) },
  },
  "charge.ruled": {
    doc: "It was ruled which link answers for a broken promise.",
    subject: "required",
    fields: {
      ...charge,
      ruling: required(
        oneOf(
          ["moved", "upheld", "withdrawn"],
          "Moved to `chargedTo`, left as it was, or taken back.",
        ),
      ),
      decidedBy: required(text("Role that decided; never a name.", "", 128)),
    },
  },
} satisfies Record<string, KindTable>;
