import { isoTime, tableOf } from "@troth/events";
import { type Entry, readEntry } from "../view/entry.ts";
import { fieldsOf } from "./fact-fields.ts";
import type { TimelineEntry } from "./schemas.ts";
import { titleOf, wordsOf } from "./words.ts";

/** One line of a timeline as it is told outside. */
export function entryOf(entry: Entry): TimelineEntry {
  const body = readEntry(entry);
  const place = { at: isoTime(entry.at), knownAt: isoTime(entry.knownAt) };
  switch (body.kind) {
    case "fact": {
      const { fact } = body;
      return {
        ...place,
        kind: "fact",
        id: fact.id,
        source: fact.source,
        type: fact.kind,
        title: wordsOf(fact.kind),
        doc: tableOf(fact.kind).doc,
        subject: fact.subject,
        fields: fieldsOf(fact),
      };
    }
    case "verdict": {
      const { template, due, evidence, ...rest } = body;
      return {
        ...place,
        ...rest,
        title: titleOf(body.promiseId, template, body.term),
        due: due === null ? null : isoTime(due),
        evidence: [...evidence],
      };
    }
    case "alert":
    case "level":
    case "survey":
    case "taken-back":
    case "joined":
    case "parted":
      return { ...place, ...body };
  }
}
