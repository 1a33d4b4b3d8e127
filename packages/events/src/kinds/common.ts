import { operatedBy } from "../decision.ts";
import {
  attributesOf,
  customer,
  type Fields,
  int,
  listOf,
  number,
  oneOf,
  text,
  where,
} from "./field.ts";

/** What any event may carry, whatever its kind. */
export const common = {
  customerRef: customer("The customer it concerns, when the subject is something else of theirs."),
  accountRef: text("Account it concerns; also joins `account:` to the customer."),
  phone: text("Phone number in E.164 form; also joins `phone:` to the customer.", "E.164", 32),
  handle: text("Name on a public platform; also joins `handle:` to the customer."),
  deviceRef: text("Device it concerns; also joins `device:` to the customer."),
  link: text("Operation the customer met, if the source knows it.", "", 64),
  owner: text("Who answers for that operation.", "", 128),
  operatedBy: oneOf(operatedBy, "Whether the operation is run in house."),
  promiseRefs: listOf(text("Promises it has to do with, by promiseId."), 64),
  severity: int("How bad the source holds it to be, 1 (slight) to 5 (worst).", "", 1, 5),
  severitynumber: int("The same on OpenTelemetry's scale.", "OpenTelemetry SeverityNumber", 1, 24),
  sourceRecordId: text("The record in the source; revisions of one record share it."),
  revision: int("Counts up with each correction of the record; 0 is the first.", "", 0),
  supersedes: text("Id of the event this one replaces."),
  regionCode: text("Region it concerns.", "ISO 3166-2", 64),
  productRef: text("Product it concerns: GTIN, serial or own code.", "GS1 GTIN"),
  orderNumber: text("Order it concerns; also joins `order:` to the customer.", "Schema.org Order"),
  channel: text("Through which channel: phone, chat, shop, web …", "TMF683 channel", 64),
  timeZone: text("IANA zone in which its calendar days are meant.", "IANA tz", 64),
  sampleWeight: number("How many real cases this one stands for in a sample.", "", 0),
  dataRefs: listOf(where("Where larger material is kept.", "CloudEvents dataref"), 32),
  attributes: attributesOf(32, "Anything else a policy may want to name: text, number or flag."),
  sealed: text(
    "What was personal in it, sealed under the person's key. Only troth writes it.",
    "",
    400_000,
  ),
} satisfies Fields;
