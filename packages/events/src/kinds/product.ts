import { flag, int, type KindTable, number, required, text, until, where } from "./field.ts";

export const productKinds = {
  "product.fault": {
    doc: "A product the customer has does not do what it should.",
    subject: "required",
    fields: {
      serial: text("Serial number; also joins `device:` to the customer.", "GS1 serial"),
      faultCode: text("What failed, in the maker's code."),
      symptomText: where("Where the customer's description is kept."),
      disposition: text("Condition: damaged, needs_replacement …", "GS1 CBV disposition", 64),
      daysInService: number("Days since first used.", "", 0),
      usageCount: int("Uses so far."),
      warranty: flag("Still under warranty."),
      rmaRef: text("Return it is handled under.", "GS1 CBV BTT-rma"),
      recalled: flag("The product is under recall.", "GS1 CBV disposition recalled"),
    },
  },
  "product.recalled": {
    doc: "A product is called back; everyone who holds it is touched.",
    subject: "cohort",
    fields: {
      productRef: required(text("Product called back: GTIN or own code.", "GS1 GTIN")),
      recallRef: text("The recall."),
      reason: text("Why."),
      segment: text("Segment of customers concerned.", "", 64),
      remedyUntil: until("By when customers are to be helped."),
    },
  },
} satisfies Record<string, KindTable>;
