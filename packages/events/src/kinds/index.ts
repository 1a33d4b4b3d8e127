import { billingKinds } from "./billing.ts";
import { cohortKinds } from "./cohort.ts";
import { common } from "./common.ts";
import { contactKinds } from "./contact.ts";
import { customerKinds } from "./customer.ts";
import type { Field, Fields, FieldType, KindTable } from "./field.ts";
import { orderKinds } from "./order.ts";
import { productKinds } from "./product.ts";
import { promiseKinds } from "./promise.ts";
import { visitKinds } from "./visit.ts";
import { voiceKinds } from "./voice.ts";

/** The kinds under the headings people look for them by. */
export const families: readonly (readonly [title: string, table: Record<string, KindTable>])[] = [
  ["Contact", contactKinds],
  ["Order, delivery and supply", orderKinds],
  ["Billing", billingKinds],
  ["Product", productKinds],
  ["Visit", visitKinds],
  ["The customer's voice", voiceKinds],
  ["What touches many", cohortKinds],
  ["Promise, resolution and alert", promiseKinds],
  ["Customer and source", customerKinds],
];

const tables = {
  ...contactKinds,
  ...orderKinds,
  ...billingKinds,
  ...productKinds,
  ...visitKinds,
  ...voiceKinds,
  ...cohortKinds,
  ...promiseKinds,
  ...customerKinds,
} satisfies Record<string, KindTable>;

/** What an event is about: its CloudEvents type without `org.troth.` and `.v1`. */
export type Kind = keyof typeof tables;

export const isKind = (text: string): text is Kind => Object.hasOwn(tables, text);

/** Every kind, in the order of the documentation. */
export const kinds: readonly Kind[] = Object.keys(tables).filter(isKind);

/** The kind's own fields, then those every kind may carry; a name of its own wins. */
const complete = new Map<Kind, KindTable>(
  kinds.map((kind) => {
    const table: KindTable = tables[kind];
    const shared = Object.entries(common).filter(([name]) => !Object.hasOwn(table.fields, name));
    return [kind, { ...table, fields: { ...table.fields, ...Object.fromEntries(shared) } }];
  }),
);

export function tableOf(kind: Kind): KindTable {
  const table = complete.get(kind);
  if (table === undefined) throw new RangeError(`no such kind: ${kind}`);
  return table;
}

export const typeOf = (kind: Kind): string => `org.troth.${kind}.v1`;

/** May come without a subject, and is then about everyone it touches. */
export const isCohort = (kind: Kind): boolean => tables[kind].subject === "cohort";

/** Must name a customer or something of theirs. */
export const needsSubject = (kind: Kind): boolean => tables[kind].subject === "required";

/**
 * What stands at a path such as `queueWaitSeconds`, `totalAmount.amount`, `sentiment.score` or
 * `attributes.anything`; null where this kind has nothing.
 */
export function fieldAt(kind: Kind, path: string): FieldType | null {
  const steps = path.split(".");
  let fields: Fields | null = tableOf(kind).fields;
  let type: FieldType | null = null;
  for (const step of steps) {
    const field: Field | undefined =
      fields !== null && Object.hasOwn(fields, step) ? fields[step] : undefined;
    if (field !== undefined) type = field.type;
    else if (type?.is === "attributes") return { is: "text", max: 256 };
    else if (type?.is === "money" && step === "amount") type = { is: "text", max: 32 };
    else if (type?.is === "money" && step === "currency") type = { is: "text", max: 3 };
    else return null;
    fields = type.is === "group" ? type.fields : null;
  }
  return type;
}
