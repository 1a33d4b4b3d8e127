import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeFact } from "./codec.ts";
import { anyFactOf } from "./fact.arbitrary.ts";
import { kinds } from "./kinds/index.ts";
import { closeLogged, openLogged } from "./logged.ts";

const published: Readonly<Record<string, { readonly data: number }>> = JSON.parse(
  readFileSync(new URL("../../../schemas/noise/ids.json", import.meta.url), "utf8"),
);

describe("a logged fact taken apart", () => {
  test.each(kinds)(
    "of kind %s has the envelope it was given, and closes to the same bytes",
    (kind) => {
      fc.assert(
        fc.property(anyFactOf(kind), (fact) => {
          const bytes = encodeFact(fact);
          const open = openLogged(bytes);
          if (open === null) throw new Error("not known");
          const { data: _, ...envelope } = fact;
          expect(open).toMatchObject({ ...envelope, dataId: published[kind]?.data });
          expect(closeLogged(open)?.equals(bytes)).toBe(true);
        }),
        { numRuns: 30 },
      );
    },
  );

  test("is refused when its envelope is cut off anywhere", () => {
    fc.assert(
      fc.property(anyFactOf("order.placed"), (fact) => {
        const bytes = encodeFact(fact);
        const open = openLogged(bytes);
        if (open === null) throw new Error("not known");
        for (let end = 5; end < bytes.length - open.data.length; end += 1)
          expect(() => openLogged(bytes.subarray(0, end))).toThrow(RangeError);
      }),
      { numRuns: 30 },
    );
  });

  test("is not made of what is no fact", () => {
    expect(openLogged(Buffer.from([1]))).toBeNull();
    expect(openLogged(Buffer.from([0, 0, 0, 0, 7, 1, 2]))).toBeNull();
    expect(
      closeLogged({
        id: "1",
        source: "s",
        tenant: "t",
        time: 1,
        recordedTime: 1,
        subject: null,
        dataId: 7,
        data: Buffer.alloc(0),
      }),
    ).toBeNull();
  });
});
