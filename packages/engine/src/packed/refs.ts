import { invariant } from "@troth/events";
import type { FactRef } from "../state.ts";
import type { ByteReader, ByteWriter } from "./bytes.ts";
import type { Names } from "./names.ts";

const named = 1;
const revised = 2;
const foreign = 4;
const written = 8;

/** Above this many facts they are found by a map instead of one after the other. */
const searchedMax = 24;

/** Facts of one customer while it is written: each once, named by its number afterwards. */
export class RefWriter {
  readonly #names: Names;
  #list: FactRef[] = [];
  #numbers: Map<FactRef, number> | null = null;

  constructor(names: Names) {
    this.#names = names;
  }

  begin(): void {
    this.#list = [];
    this.#numbers = null;
  }

  write(to: ByteWriter, ref: FactRef, key: string): void {
    const known = this.#numberOf(ref);
    to.count(known >= 0 ? known : this.#list.length);
    if (known >= 0) return;
    if (this.#numbers === null && this.#list.length >= searchedMax) {
      this.#numbers = new Map(this.#list.map((one, i) => [one, i]));
    }
    this.#numbers?.set(ref, this.#list.length);
    this.#list.push(ref);
    this.#define(to, ref, key);
  }

  #numberOf(ref: FactRef): number {
    return this.#numbers === null ? this.#list.indexOf(ref) : (this.#numbers.get(ref) ?? -1);
  }

  #define(to: ByteWriter, ref: FactRef, key: string): void {
    const source = this.#names.numberOf(ref.source);
    to.count(
      (ref.record === null ? 0 : named) +
        (ref.revision === 0 ? 0 : revised) +
        (ref.origin === key ? 0 : foreign) +
        (source < 0 ? written : 0),
    );
    to.text(ref.id);
    if (source < 0) to.text(ref.source);
    else to.count(source);
    if (ref.record !== null) to.text(ref.record);
    if (ref.revision !== 0) to.number(ref.revision);
    if (ref.origin !== key) to.text(ref.origin);
  }
}

export class RefReader {
  readonly #names: Names;
  #list: FactRef[] = [];

  constructor(names: Names) {
    this.#names = names;
  }

  begin(): void {
    this.#list = [];
  }

  read(from: ByteReader, key: string): FactRef {
    const number = from.count();
    const known = this.#list[number];
    if (known !== undefined) return known;
    invariant(number === this.#list.length, "a fact is missing in a packed customer");
    const flags = from.count();
    const id = from.text();
    const source = (flags & written) !== 0 ? from.text() : this.#names.list[from.count()];
    invariant(source !== undefined, "a source is missing in a packed customer");
    const ref: FactRef = {
      id,
      source,
      record: (flags & named) === 0 ? null : from.text(),
      revision: (flags & revised) === 0 ? 0 : from.number(),
      origin: (flags & foreign) === 0 ? key : from.text(),
    };
    this.#list.push(ref);
    return ref;
  }
}
