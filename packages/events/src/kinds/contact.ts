import {
  flag,
  instant,
  int,
  type KindTable,
  oneOf,
  seconds,
  share,
  text,
  until,
  where,
} from "./field.ts";

const contact = {
  contactId: text("The contact; also joins `call:` to the customer.", "Amazon Connect ContactId"),
  initialContactId: text(
    "First contact of the chain it belongs to.",
    "Amazon Connect InitialContactId",
  ),
  previousContactId: text("Contact it continues.", "Amazon Connect PreviousContactId"),
  direction: oneOf(["inbound", "outbound"], "Who reached out.", "TMF683 direction"),
  reason: text("What it was about, in the source's code.", "TMF683 reason"),
  initiatedAt: instant("When it began.", "Amazon Connect InitiationTimestamp"),
  enqueuedAt: instant(
    "When waiting for a person began.",
    "Amazon Connect QueueInfo.EnqueueTimestamp",
  ),
  answeredAt: instant(
    "When a person took it.",
    "Amazon Connect AgentInfo.ConnectedToAgentTimestamp",
  ),
  disconnectedAt: instant("When it ended.", "Amazon Connect DisconnectTimestamp"),
  queueWaitSeconds: seconds("Waiting before a person took it. Not hold.", "Amazon Connect"),
  holdSeconds: seconds("Put on hold during the contact. Not queue wait.", "Amazon Connect"),
  holdCount: int("How often put on hold.", "Amazon Connect NumberOfHolds"),
  interactionSeconds: seconds("Talking or writing with a person.", "Amazon Connect"),
  afterContactWorkSeconds: seconds("Wrap-up after it (ACW).", "Amazon Connect"),
  queueId: text("Queue it waited in.", "Amazon Connect QueueInfo"),
  agentRef: text("Pseudonym of the person who took it; never a name.", "Amazon Connect AgentInfo"),
  transferCount: int("How often handed on."),
  abandoned: flag("The customer left while waiting.", "Amazon Connect"),
  disconnectReason: text("Who or what ended it.", "Amazon Connect DisconnectReason"),
  resolution: oneOf(
    ["resolved", "unresolved", "follow_up_promised"],
    "What came of it for the customer.",
    "TMF683 interactionItem.resolution",
  ),
  resolutionText: where("Where the notes on what came of it are kept."),
  followUpDueAt: until("By when a follow-up was promised."),
  repeatOfContactId: text("Earlier contact about the same matter."),
  courtesyScore: share("How courteous it was, 0 to 1."),
};

export const contactKinds = {
  "contact.completed": {
    doc: "A contact with the customer ended after a person or machine took it.",
    subject: "required",
    fields: contact,
  },
  "contact.abandoned": {
    doc: "The customer gave up before anybody took the contact.",
    subject: "required",
    fields: contact,
  },
} satisfies Record<string, KindTable>;
