import type { Fact } from "@troth/events";
import { suggest } from "./nearest.ts";
import type { PolicyPath } from "./problem.ts";
import { shown } from "./problem.ts";
import { type Dimension, parseDuration, parseThreshold } from "./quantity.ts";
import { at, fieldNamed, firstOf, type Reading } from "./reading.ts";
import type { ValueText } from "./shape-parts.ts";
import { measure } from "./vocabulary.ts";

export type Value = {
  readonly read: (fact: Fact) => number | null;
  readonly dimension: Dimension;
};

const isLiteral = (text: string | number): boolean =>
  typeof text === "number" || parseDuration(text) !== null || /^-?\d/u.test(text);

type Operand = { readonly read: (fact: Fact) => number | null; readonly dimension: Dimension };

function measured(reading: Reading, name: string, path: PolicyPath): Operand | null {
  const found = fieldNamed(reading, name, path);
  if (found === null) return null;
  const { dimension } = found.field;
  if (dimension !== null) return { read: measure(found), dimension };
  const names = [...reading.fields].filter(([, field]) => field.dimension !== null);
  const remedy = suggest(
    name,
    names.map(([candidate]) => candidate),
  );
  const expected = "a field that can be measured";
  reading.problems.add({ path, part: "value", found: `the field "${name}"`, expected, remedy });
  return null;
}

/** One side of a difference: a field, or a quantity in the dimension of the other side. */
function compileDifference(
  reading: Reading,
  text: { readonly from: string | number; readonly minus: string | number },
): Value | null {
  const sides = [
    ["from", text.from],
    ["minus", text.minus],
  ] as const;
  const operand = (step: string, side: string | number): Operand | null =>
    typeof side === "string" && !isLiteral(side)
      ? measured(reading, side, at(reading, "value", step))
      : null;
  const fields = sides.map(([step, side]) => operand(step, side));
  const known = fields.find((field) => field !== null);
  if (known === undefined) {
    if (sides.every(([, side]) => isLiteral(side))) {
      const remedy = "put the name of a field on one side";
      const found = "a difference of two quantities";
      const path = at(reading, "value");
      reading.problems.add({ path, part: "value", found, expected: "a field", remedy });
    }
    return null;
  }
  const read = sides.map(([step, side], i): ((fact: Fact) => number | null) => {
    const field = fields[i];
    const path = at(reading, "value", step);
    if (field !== null && field !== undefined) {
      if (field.dimension !== known.dimension) {
        const expected = `a field that is a ${known.dimension}`;
        const remedy = "subtract like from like";
        reading.problems.add({
          path,
          part: "value",
          found: `a ${field.dimension}`,
          expected,
          remedy,
        });
      }
      return field.read;
    }
    const size = parseThreshold(side, known.dimension);
    if (size === null && isLiteral(side)) {
      const expected = `a ${known.dimension}`;
      const remedy = known.dimension === "duration" ? "write 2m or 3d" : "write a number";
      reading.problems.add({ path, part: "value", found: shown(side), expected, remedy });
    }
    return () => size;
  });
  const dimension = known.dimension === "instant" ? "duration" : known.dimension;
  const [from, minus] = read;
  return {
    dimension,
    read: (fact) => {
      const a = from?.(fact) ?? null;
      const b = minus?.(fact) ?? null;
      return a === null || b === null ? null : a - b;
    },
  };
}

/** What a rule measures; null where it measures nothing or what it names cannot be. */
export function compileValue(reading: Reading, text: ValueText | undefined): Value | null {
  if (text === undefined) return null;
  if (!Array.isArray(text)) return compileDifference(reading, text);
  const operands: Operand[] = [];
  text.forEach((name, i) => {
    const operand = measured(reading, name, at(reading, "value", i));
    if (operand !== null) operands.push(operand);
  });
  const [first] = operands;
  if (first === undefined) return null;
  return { dimension: first.dimension, read: firstOf(operands.map(({ read }) => read)) };
}
