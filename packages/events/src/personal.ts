import type { FieldType } from "./kinds/field.ts";
import { isCohort, type Kind, kinds, tableOf } from "./kinds/index.ts";

/**
 * How a field can tell who somebody is: `whole` its text does, `key` what follows the first slash does
 * (`template/key`, as the register names promises), `reference` what follows the scheme does.
 */
export type Personal = "whole" | "key" | "reference";

/** Numbers and names a house gives to one customer, to a thing of theirs, or to what happened to it. */
const names = new Set([
  "accountRef",
  "phone",
  "handle",
  "deviceRef",
  "serial",
  "orderNumber",
  "contactId",
  "initialContactId",
  "previousContactId",
  "repeatOfContactId",
  "trackingNumber",
  "invitationId",
  "ticketId",
  "relatedEntity",
  "billNo",
  "disputeRef",
  "creditNoteRef",
  "dealRef",
  "rmaRef",
  "appointmentId",
  "workOrderId",
  "resolutionId",
  "sourceRecordId",
  "supersedes",
  "affectedOrders",
]);

/** What people write in their own words; elsewhere `reason` is a code. */
const words = new Set(["basis", "statusChangeReason"]);
const reasonsInWords = /^(?:alert|charge|promise)\./;

function personal(kind: Kind, name: string, type: FieldType): Personal | null {
  const is = type.is === "list" ? type.of.is : type.is;
  if (is === "reference") return "reference";
  // Where the words of an advert or of the news are kept is no secret.
  if (is === "where") return isCohort(kind) && name !== "dataRefs" ? null : "whole";
  if (is !== "text") return null;
  if (name === "promiseRefs") return "key";
  if (name === "promiseId") return kind.startsWith("charge.") ? "key" : "whole";
  if (names.has(name) || words.has(name)) return "whole";
  return name === "reason" && reasonsInWords.test(kind) ? "whole" : null;
}

const personalFields: ReadonlyMap<Kind, readonly (readonly [string, Personal])[]> = new Map(
  kinds.map((kind) => [
    kind,
    Object.entries(tableOf(kind).fields).flatMap(([name, { type }]) => {
      const how = personal(kind, name, type);
      return how === null ? [] : [[name, how] as const];
    }),
  ]),
);

/** The fields of a kind that can tell who somebody is, besides subject, id and attributes that are text. */
export const personalIn = (kind: Kind): readonly (readonly [name: string, how: Personal])[] =>
  personalFields.get(kind) ?? [];
