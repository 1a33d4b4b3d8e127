import { type Fact, parseEvent, type Refusal, type Result } from "@troth/events";
import { type Mapping, mapRecord, type RawRecord } from "./mapping.ts";

/** How a record counts: read = mapped + passed over + set aside, whatever else it gave. */
export type RecordOutcome = "mapped" | "passed_over" | "set_aside";

export type AdmittedRecord = {
  readonly outcome: RecordOutcome;
  readonly events: readonly { readonly event: object; readonly fact: Fact }[];
  /** `text` is the event that the door refused; null when the record itself is at fault. */
  readonly refused: readonly { readonly refusal: Refusal; readonly text: string | null }[];
};

/** A decoded record through its mapping and the door: what it becomes, and what is set aside of it. */
export function admitRecord(
  mapping: Mapping,
  record: Result<RawRecord, Refusal>,
  found?: (rule: number, field: string) => void,
): AdmittedRecord {
  const events: { event: object; fact: Fact }[] = [];
  const refused: { refusal: Refusal; text: string | null }[] = [];
  if (!record.ok) refused.push({ refusal: record.error, text: null });
  else {
    for (const made of mapRecord(mapping, record.value, found)) {
      if (made.kind === "refused") {
        refused.push({ refusal: made.refusal, text: null });
        continue;
      }
      const text = JSON.stringify(made.event);
      const read = parseEvent(JSON.parse(text));
      if (read.ok) events.push({ event: made.event, fact: read.value });
      else refused.push({ refusal: read.error, text });
    }
  }
  const outcome = refused.length > 0 ? "set_aside" : events.length > 0 ? "mapped" : "passed_over";
  return { outcome, events, refused };
}
