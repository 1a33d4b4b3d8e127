import { type Fact, isoTime, tableOf } from "@troth/events";
import type { FactField } from "./schemas.ts";
import { wordsOf } from "./words.ts";

type FieldType = ReturnType<typeof tableOf>["fields"][string]["type"];

/** Fields that tell most of what happened; shown first, whatever the kind. */
const tellsMost = [
  "resolution",
  "outcome",
  "deliveryStatus",
  "queueWaitSeconds",
  "kind",
  "amount",
  "amountDue",
  "expectedAmount",
  "differenceAmount",
  "errorType",
  "faultCode",
  "reason",
  "reasonCode",
  "expectedArrivalUntil",
  "dueUntil",
  "followUpDueAt",
  "windowUntil",
  "visitNumber",
  "attemptNumber",
  "deliveredAt",
  "courtesyScore",
  "status",
  "topic",
  "score",
  "category",
];
/** Names of things and of forms; they are looked up, not read. */
const tellsLeast = /(?:Id|Ref|Number|Text|Uri)$|^(?:question|scale|productRef|sourceRecordId)/;
const fieldsMax = 40;
const textMax = 400;

const cut = (text: string): string => (text.length > textMax ? `${text.slice(0, textMax)}…` : text);

/** One field as a page can show it; a group or a list is told as text. */
function fieldOf(name: string, value: unknown, type: FieldType | undefined): FactField | null {
  const label = wordsOf(name);
  if (typeof value === "boolean") return { is: "flag", label, value };
  if (typeof value === "number") {
    if (type?.is === "instant" || type?.is === "until") {
      return { is: "time", label, value: isoTime(value) };
    }
    if (type?.is === "duration") return { is: "seconds", label, value: value / 1_000 };
    if (type?.is === "number" && type.unit === "s") return { is: "seconds", label, value };
    if (type?.is === "number" && type.unit === "ratio") return { is: "share", label, value };
    return { is: "number", label, value };
  }
  if (typeof value === "string") {
    const is = type?.is === "one-of" ? "word" : "text";
    return { is, label, value: cut(value) };
  }
  if (type?.is === "money") {
    const money = moneyOf(value);
    if (money !== null) return { is: "money", label, value: money };
  }
  if (value === null || value === undefined) return null;
  return { is: "text", label, value: cut(plain(value)) };
}

function moneyOf(value: unknown): { amount: string; currency: string } | null {
  if (typeof value !== "object" || value === null) return null;
  if (!("amount" in value) || !("currency" in value)) return null;
  return { amount: String(value.amount), currency: String(value.currency) };
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, held]) => `${wordsOf(name).toLowerCase()} ${plain(held)}`)
    .join(", ");
}

const rank = (name: string): number => {
  const place = tellsMost.indexOf(name);
  if (place >= 0) return place;
  return tellsMost.length + (tellsLeast.test(name) ? 1 : 0);
};

/** The fields of a fact, what matters most first. */
export function fieldsOf({ kind, data }: Fact): FactField[] {
  const types = tableOf(kind).fields;
  return Object.keys(data)
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, fieldsMax)
    .flatMap((name) => {
      const type = Object.hasOwn(types, name) ? types[name]?.type : undefined;
      return fieldOf(name, data[name], type) ?? [];
    });
}
