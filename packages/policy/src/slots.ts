import type { Context } from "./context.ts";
import type { Slot, TermsSlot } from "./policy.ts";
import type { PolicyPath } from "./problem.ts";
import type { Dimension } from "./quantity.ts";
import {
  compileAt,
  compileMoment,
  compileName,
  compileReads,
  needsOf,
  type Reading,
  readingOf,
} from "./reading.ts";
import type { SlotText, TermsText } from "./shape-parts.ts";
import { compileValue } from "./value.ts";

/** What the other slots of a template take over from its making facts. */
export type Making = {
  /** Fields that name the pledge; a slot without a key of its own looks for the same. */
  readonly key: readonly string[];
  readonly tagged: boolean;
};

export type CompiledSlot = { readonly slot: Slot; readonly dimension: Dimension | null };
export type CompiledTerms = { readonly slot: TermsSlot; readonly dimension: Dimension | null };

const nothing = (): null => null;

export function compileTerms(
  text: TermsText,
  onlyStated: boolean,
  path: PolicyPath,
  context: Context,
): CompiledTerms | null {
  const reading = readingOf(text.on, path, context.problems);
  if (reading === null) return null;
  const holds = compileReads(reading, text);
  const value = compileValue(reading, text.value);
  const stated = text.due === undefined ? nothing : compileMoment(reading, text.due, "due");
  const key = compileName(reading, text.key, "key");
  const tag = text.tag === undefined ? nothing : compileName(reading, [text.tag], "tag");
  // Where the stated moment is all there is, a fact that states none neither makes nor moves a pledge.
  const test: TermsSlot["test"] =
    onlyStated && text.due !== undefined ? (fact) => holds(fact) && stated(fact) !== null : holds;
  const at = compileAt(reading, text.at);
  const { kinds } = reading;
  return {
    slot: {
      kinds,
      test,
      at,
      key,
      tag,
      stated,
      value: value?.read ?? nothing,
      ...needsOf(reading, text.where, [text.key, onlyStated ? text.due : undefined]),
    },
    dimension: value?.dimension ?? null,
  };
}

type Naming = Pick<Slot, "by" | "name"> & {
  /** The fields that may name it; the first that is there does. */
  readonly named?: readonly string[];
};

function compileNaming(text: SlotText, making: Making, reading: Reading, context: Context): Naming {
  const { path, problems } = reading;
  if (text.by === "any") return { by: "any", name: () => "" };
  if (text.by !== "key") {
    if (!making.tagged && context.whole) {
      problems.add({
        path: [...path, "by"],
        part: "value",
        found: "a tag",
        expected: "a pledge that has one",
        remedy: "add `tag: …` to `made`",
      });
    }
    const named = [text.by.tag];
    return { by: "tag", named, name: compileName(reading, named, "by") };
  }
  const own = "key" in text ? text.key : undefined;
  if (own !== undefined) return { by: "key", named: own, name: compileName(reading, own, "key") };
  const shared = making.key.filter((name) => name !== "id" && reading.fields.has(name));
  if (shared.length === 0 && making.key.length > 0 && context.whole) {
    problems.add({
      path,
      part: "value",
      found: `facts without the field ${making.key.map((name) => `"${name}"`).join(" or ")}`,
      expected: "a way to tell which pledge they speak of",
      remedy: "add `key: …`, `by: any` or `by: { tag: … }`",
    });
  }
  return { by: "key", named: shared, name: compileName(reading, shared, "key") };
}

export function compileSlot(
  text: SlotText,
  making: Making,
  path: PolicyPath,
  context: Context,
): CompiledSlot | null {
  const reading = readingOf(text.on, path, context.problems);
  if (reading === null) return null;
  const value = compileValue(reading, text.value);
  const lookBack = "lookBack" in text ? text.lookBack : undefined;
  if (lookBack !== undefined && text.by === "key") {
    context.problems.add({
      path: [...path, "lookBack"],
      part: "key",
      found: "lookBack on facts found by key",
      expected: "by: any or by: { tag: … }",
      remedy: "remove it: facts with the pledge's key count whenever they happened",
    });
  }
  const { named, ...naming } = compileNaming(text, making, reading, context);
  const slot: Slot = {
    kinds: reading.kinds,
    test: compileReads(reading, text),
    at: compileAt(reading, text.at),
    value: value?.read ?? nothing,
    ...naming,
    lookBackMs: lookBack ?? 0,
    withinMs: ("within" in text ? text.within : undefined) ?? null,
    ...needsOf(reading, text.where, [named]),
  };
  return { slot, dimension: value?.dimension ?? null };
}
