import fc, { type Arbitrary } from "fast-check";
import type { Fact } from "./fact.ts";
import type { Fields, FieldType } from "./kinds/field.ts";
import { type Kind, kinds, needsSubject, tableOf } from "./kinds/index.ts";
import { amountOf } from "./money.ts";
import { isReference, referenceSchemes } from "./reference.ts";
import { fieldNamedBy } from "./references.ts";
import { durationMax, earliest, latest } from "./time.ts";

// Facts as tests draw them: any that the door could have let in, worked out from the same tables.
const text = (max: number): Arbitrary<string> =>
  fc.oneof(
    fc.string({ minLength: 1, maxLength: Math.min(max, 20) }),
    fc
      .string({ minLength: 1, maxLength: Math.min(max, 8), unit: "grapheme" })
      .filter((t) => t.length <= max),
  );
const moment = fc.integer({ min: earliest, max: latest - 1 });
const plain = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme-ascii" });

const reference = (schemes: readonly string[]): Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...schemes), plain)
    .map(([scheme, name]) => `${scheme}:${name}`)
    .filter(isReference);

const unsafe = ["__proto__", "constructor", "prototype"];

function ofType(type: FieldType): Arbitrary<unknown> {
  switch (type.is) {
    case "text":
      return text(type.max);
    case "where":
      return fc.webUrl().filter((url) => url.length <= 512);
    case "reference":
      return reference(type.scheme === null ? referenceSchemes : [type.scheme]);
    case "int":
      return fc.integer({ min: type.min, max: type.max });
    case "number":
      return fc.double({ min: type.min, max: type.max, noNaN: true });
    case "flag":
      return fc.boolean();
    case "one-of":
      return fc.constantFrom(...type.words);
    case "instant":
    case "until":
      return moment;
    case "duration":
      return fc.integer({ min: 0, max: durationMax });
    case "money":
      return fc.record(
        {
          amount: fc.integer({ min: -(10 ** 15) + 1, max: 10 ** 15 - 1 }).map(amountOf),
          currency: fc.constantFrom("EUR", "USD", "BRL"),
        },
        { noNullPrototype: true },
      );
    case "list":
      return fc.array(ofType(type.of), { maxLength: Math.min(type.max, 4) });
    case "group":
      return dataOf(type.fields);
    case "attributes":
      return fc.dictionary(
        plain.filter((name) => !unsafe.includes(name)),
        fc.oneof(text(20), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true })),
        { maxKeys: 4, noNullPrototype: true },
      );
  }
}

const dataOf = (fields: Fields): Arbitrary<Record<string, unknown>> =>
  fc.record(
    Object.fromEntries(Object.entries(fields).map(([name, { type }]) => [name, ofType(type)])),
    {
      requiredKeys: Object.keys(fields).filter((name) => fields[name]?.required),
      noNullPrototype: true,
    },
  );

/** The door tells what the subject names under its field too, so no fact comes without. */
function asTheDoorLeavesIt(fact: Fact): Fact {
  const named = fact.subject === null ? null : fieldNamedBy(fact.subject);
  if (named === null || fact.data[named.name] !== undefined) return fact;
  if (!Object.hasOwn(tableOf(fact.kind).fields, named.name)) return fact;
  return { ...fact, data: { ...fact.data, [named.name]: named.value } };
}

export const anyFactOf = (kind: Kind): Arbitrary<Fact> => {
  const subject = reference(referenceSchemes);
  return fc
    .record(
      {
        id: plain,
        source: plain,
        kind: fc.constant(kind),
        tenant: fc.constantFrom("default", "north"),
        time: moment,
        recordedTime: moment,
        subject: needsSubject(kind) ? subject : fc.option(subject),
        data: dataOf(tableOf(kind).fields),
      },
      { noNullPrototype: true },
    )
    .map((fact) => ({ ...fact, recordedTime: Math.max(fact.time, fact.recordedTime) }))
    .map(asTheDoorLeavesIt);
};

export const anyFact: Arbitrary<Fact> = fc.constantFrom(...kinds).chain(anyFactOf);
