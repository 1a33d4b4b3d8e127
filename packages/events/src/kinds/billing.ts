import { group, instant, type KindTable, money, oneOf, text, until } from "./field.ts";

const bill = {
  billNo: text("The bill.", "TMF678 billNo"),
  billDate: instant("Date on the bill.", "TMF678 billDate"),
  billingPeriod: group(
    "Period",
    {
      startDateTime: instant("Its first moment.", "TMF678 TimePeriod"),
      endDateTime: until("Its last moment.", "TMF678 TimePeriod"),
    },
    "What time it is for.",
    "TMF678 billingPeriod",
  ),
  category: oneOf(
    ["normal", "duplicate", "interim", "last", "trial", "credit note"],
    "What sort of bill.",
    "TMF678 category",
  ),
  runType: oneOf(["onCycle", "offCycle"], "Whether it came in the regular run.", "TMF678 runType"),
  state: oneOf(
    ["new", "onHold", "validated", "sent", "partiallyPaid", "settled"],
    "State of the bill.",
    "TMF678 state",
  ),
  amountDue: money("What is to be paid.", "TMF678 amountDue"),
  expectedAmount: money("What was agreed or ought to be paid."),
  dealRef: text("Deal the bill falls under."),
};

const mistake = {
  differenceAmount: money("Amount wrong: billed minus right."),
  errorType: oneOf(
    [
      "wrong_rate",
      "missing_discount",
      "duplicate",
      "wrong_period",
      "wrong_party",
      "tax",
      "late_bill",
    ],
    "What is wrong with it.",
  ),
  detectedBy: oneOf(["customer", "audit", "reconciliation"], "Who found out."),
  disputeStatus: oneOf(
    ["pending", "accepted", "rejected", "cancelled"],
    "How the customer's query stands.",
    "telecom billing practice",
  ),
  disputeRef: text("The customer's query on the amount."),
  adjustmentAmount: money("Credit (or debit) that settles it.", "telecom billing practice"),
  creditNoteRef: text("Credit note that settles it."),
};

export const billingKinds = {
  "billing.issued": { doc: "A bill went out.", subject: "required", fields: bill },
  "billing.error": {
    doc: "A bill was found to be wrong.",
    subject: "required",
    fields: { ...bill, ...mistake },
  },
  "billing.disputed": {
    doc: "The customer queries an amount, or the query moved on.",
    subject: "required",
    fields: { ...bill, ...mistake },
  },
} satisfies Record<string, KindTable>;
