import type { AsideReason, Trouble } from "./importer.ts";
import type { LocalTime } from "./local-time.ts";

/** What was found, short enough for a terminal line. */
const shown = (text: string): string =>
  JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

export type Bounds = { readonly min: number; readonly max: number; readonly whole?: true };

/**
 * Reads the cells of one row after another. The first thing wrong in a row is kept in `trouble`
 * and reading goes on with harmless stand-ins, so an importer says what it reads in one straight
 * line and asks once, before it uses anything, whether the row can be used.
 */
export class Cells<N extends string> {
  #row: Readonly<Record<N, string>>;
  #trouble: Trouble | null = null;

  constructor(row: Readonly<Record<N, string>>) {
    this.#row = row;
  }

  trouble(): Trouble | null {
    return this.#trouble;
  }

  refuse(reason: AsideReason, field: N, message: string): void {
    this.#trouble ??= { reason, field, message };
  }

  /** The cell without the spaces around it; empty when the file leaves it open or says `?`. */
  text(field: N): string {
    const text = this.#row[field].trim();
    return text === "?" ? "" : text;
  }

  /** A name that ends up in an id or a reference: no spaces, no control characters, 1 to 128. */
  key(field: N): string {
    const text = this.text(field);
    if (text === "") this.refuse("missing-key", field, `${field} is empty`);
    else if (!/^[\w-]{1,128}$/.test(text) && !/^[^\s\p{Cc}\p{Cs}]{1,128}$/u.test(text)) {
      this.refuse("bad-key", field, `${field} is ${shown(text)}, not a name without spaces`);
    }
    return text;
  }

  number(field: N, bounds: Bounds): number {
    const value = this.numberIfAny(field, bounds);
    if (value === null) this.refuse("bad-number", field, `${field} is empty`);
    return value ?? bounds.min;
  }

  numberIfAny(field: N, { min, max, whole }: Bounds): number | null {
    const text = this.text(field);
    if (text === "") return null;
    const value = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max && (whole !== true || Number.isInteger(value))) return value;
    const wanted = `a${whole === true ? " whole" : ""} number from ${min} to ${max}`;
    this.refuse("bad-number", field, `${field} is ${shown(text)}, not ${wanted}`);
    return null;
  }

  /** Money of two decimals as whole cents. */
  cents(field: N): number {
    const text = this.text(field);
    if (/^\d{1,9}(?:\.\d{1,2})?$/.test(text)) return Math.round(Number(text) * 100);
    this.refuse("bad-number", field, `${field} is ${shown(text)}, not an amount such as 12.50`);
    return 0;
  }

  /** What the code stands for; a code the table does not have is trouble. */
  code<T>(field: N, meanings: ReadonlyMap<string, T>): T | undefined {
    const text = this.text(field);
    const meaning = meanings.get(text);
    if (meaning === undefined) {
      const known = [...meanings.keys()].join(", ");
      this.refuse("unknown-code", field, `${field} is ${shown(text)}, not one of ${known}`);
    }
    return meaning;
  }

  /** A wall-clock time; `read` knows the file's own way of writing it. */
  local(field: N, read: (text: string) => LocalTime | null): LocalTime {
    return this.localIfAny(field, read) ?? this.#noTime(field);
  }

  localIfAny(field: N, read: (text: string) => LocalTime | null): LocalTime | null {
    const text = this.text(field);
    if (text === "") return null;
    const at = read(text);
    if (at === null || at.year < 1990 || at.year > 2099) {
      this.refuse("bad-time", field, `${field} is ${shown(text)}, not a time this file can hold`);
      return null;
    }
    return at;
  }

  #noTime(field: N): LocalTime {
    this.refuse("bad-time", field, `${field} is empty`);
    return { year: 1990, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  }
}
