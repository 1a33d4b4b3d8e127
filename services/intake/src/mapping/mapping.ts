import { createHash } from "node:crypto";
import { canonicalJson, type Kind, type Refusal, typeOf } from "@troth/events";
import type { Evaluated, Expression, Scope } from "./expression.ts";
import type { MappingText } from "./shape.ts";

export type EventRule = {
  readonly kind: Kind;
  readonly when: Expression | null;
  readonly each: Expression | null;
  readonly id: Expression | null;
  readonly subject: Expression | null;
  readonly time: Expression;
  readonly recordedtime: Expression | null;
  readonly tenant: Expression | null;
  readonly data: ReadonlyMap<string, Expression>;
};

/** How records of one topic, or of one kind of file, become events. */
export type Mapping = {
  readonly name: string;
  readonly source: string;
  readonly from: MappingText["from"];
  readonly events: readonly EventRule[];
};

/** A raw record, decoded. Fields that a file does not have are null. */
export type RawRecord = {
  readonly value: unknown;
  readonly key: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: string | null;
  /** Milliseconds, as the broker has it. */
  readonly timestamp: number | null;
  /** In a file, counted from 1. */
  readonly line: number | null;
};

/** A CloudEvents object for the door, or why a rule could not make one. */
export type Mapped =
  | { readonly kind: "event"; readonly rule: number; readonly event: object }
  | { readonly kind: "refused"; readonly rule: number; readonly refusal: Refusal };

type Put = { readonly ok: true; readonly value: unknown } | { readonly ok: false; why: string };

const refused = (rule: number, field: string, why: string): Mapped => ({
  kind: "refused",
  rule,
  refusal: {
    reason: "not-mapped",
    field,
    message: `events.${rule}.${field}: ${why}; correct the mapping or the record.`,
  },
});

/** Null, an empty text and what is not there all mean that nothing is said. */
function put(evaluated: Evaluated): Put {
  switch (evaluated.kind) {
    case "value":
      return { ok: true, value: evaluated.value === "" ? null : evaluated.value };
    case "missing":
      return { ok: true, value: null };
    case "failed":
      return { ok: false, why: evaluated.why };
  }
}

const textOf = (value: unknown): unknown =>
  typeof value === "number" || typeof value === "boolean" ? String(value) : value;

/** Debezium says before and after of a row, with or without the schema around it. */
function changeOf(value: unknown): Pick<Scope, "op" | "before" | "after"> {
  const whole: { readonly payload?: unknown } = Object(value);
  const { op, before, after }: Record<string, unknown> = Object(whole.payload ?? value);
  return { op, before, after };
}

function scopeOf({ from }: Mapping, record: RawRecord): Scope {
  const change = from.format === "debezium" ? changeOf(record.value) : {};
  return { ...record, ...change };
}

/** The same record gives the same id, so that a file dropped twice counts once. */
const idOf = (mapping: Mapping, record: RawRecord, rule: number, item: number): string => {
  const { key, value } = record;
  const text = canonicalJson({ key: key ?? null, value: value ?? null });
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 32);
  return `${mapping.name}:${rule}:${item}:${hash}`;
};

class Making {
  readonly #mapping: Mapping;
  readonly #record: RawRecord;
  readonly #scope: Scope;
  /** Expressions of `data` that found nothing in any record so far. */
  readonly #found: (rule: number, field: string) => void;

  constructor(mapping: Mapping, record: RawRecord, found: (rule: number, field: string) => void) {
    this.#mapping = mapping;
    this.#record = record;
    this.#scope = scopeOf(mapping, record);
    this.#found = found;
  }

  all(): Mapped[] {
    return this.#mapping.events.flatMap((rule, number) => this.#ofRule(rule, number));
  }

  #ofRule(rule: EventRule, number: number): Mapped[] {
    if (rule.when !== null) {
      const applies = rule.when(this.#scope);
      if (applies.kind === "failed") return [refused(number, "when", applies.why)];
      if (applies.kind === "missing" || applies.value !== true) return [];
    }
    if (rule.each === null) return [this.#event(rule, number, 0, this.#scope)];
    const items = put(rule.each(this.#scope));
    if (!items.ok) return [refused(number, "each", items.why)];
    if (items.value === null) return [];
    if (!Array.isArray(items.value)) return [refused(number, "each", "it gives no list")];
    return items.value.map((item, i) => this.#event(rule, number, i, { ...this.#scope, item }));
  }

  #event(rule: EventRule, number: number, item: number, scope: Scope): Mapped {
    const event: Record<string, unknown> = {
      specversion: "1.0",
      type: typeOf(rule.kind),
      source: this.#mapping.source,
    };
    const heads = {
      id: rule.id,
      subject: rule.subject,
      time: rule.time,
      recordedtime: rule.recordedtime,
      tenantid: rule.tenant,
    };
    for (const [name, expression] of Object.entries(heads)) {
      if (expression === null) continue;
      const read = put(expression(scope));
      const field = name === "tenantid" ? "tenant" : name;
      if (!read.ok) return refused(number, field, read.why);
      // An id that is not there must not become another one: the record would count twice.
      if (read.value === null && (name === "id" || name === "time")) {
        return refused(number, field, "what it names is not in the record");
      }
      if (read.value !== null) event[name] = name === "id" ? textOf(read.value) : read.value;
    }
    if (rule.id === null) event["id"] = idOf(this.#mapping, this.#record, number, item);
    const { timestamp } = this.#record;
    if (rule.recordedtime === null && timestamp !== null) {
      event["recordedtime"] = new Date(timestamp).toISOString();
    }
    const data: Record<string, unknown> = {};
    for (const [field, expression] of rule.data) {
      const read = put(expression(scope));
      if (!read.ok) return refused(number, `data.${field}`, read.why);
      if (read.value === null) continue;
      this.#found(number, field);
      data[field] = read.value;
    }
    return { kind: "event", rule: number, event: { ...event, data } };
  }
}

/**
 * The events of one raw record, in the order of the rules; none when no rule applies. `found` is told
 * of every `data` expression that found something, so that a dry run can name those that never do.
 */
export const mapRecord = (
  mapping: Mapping,
  record: RawRecord,
  found: (rule: number, field: string) => void = () => undefined,
): readonly Mapped[] => new Making(mapping, record, found).all();
