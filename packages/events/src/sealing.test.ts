import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFact, encodeFact } from "./codec.ts";
import { anyFact } from "./fact.arbitrary.ts";
import type { Fact } from "./fact.ts";
import { eraseFrom, type KeyTree, keyIn } from "./key-tree.ts";
import { personalIn } from "./personal.ts";
import { referencesOf } from "./references.ts";
import {
  keyNameOf,
  openFact,
  pathOf,
  type Sealing,
  sealed,
  sealFact,
  tokenOf,
  withNames,
} from "./sealing.ts";

const whole: KeyTree = new Map([["", Buffer.alloc(32, 7)]]);
const sealingOf = (tree: KeyTree): Sealing => ({
  house: Buffer.alloc(32, 1),
  keyAt: (path) => keyIn(tree, path),
  readable: (attribute) => attribute === "tone",
});
const sealing = sealingOf(whole);

function opened(fact: Fact, by: Sealing): Fact {
  const names = openFact(fact, by);
  const { sealed: _, ...data } = fact.data;
  return withNames({ ...fact, data }, (token) => names.get(token));
}

const path = fc.string({
  unit: fc.constantFrom(..."0123456789abcdef"),
  minLength: 16,
  maxLength: 16,
});

describe("a tree of keys", () => {
  test("gives every path the same key after others were erased, and none to the erased", () => {
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 2, maxLength: 12 }), (paths) => {
        const [last = "", ...erased] = paths;
        const tree = erased.reduce(eraseFrom, whole);
        expect(keyIn(tree, last)).toEqual(keyIn(whole, last));
        for (const one of erased) expect(keyIn(tree, one)).toBeNull();
        // What is left are other branches' seeds: none is a beginning of an erased path.
        for (const prefix of tree.keys()) {
          expect(erased.some((one) => one.startsWith(prefix))).toBe(false);
        }
      }),
    );
  });

  test("grows with what is erased, by at most fifteen seeds a digit, and not with whom it serves", () => {
    const one = eraseFrom(whole, "0123456789abcdef");
    expect(one.size).toBe(16 * 15);
    for (let n = 0; n < 1_000; n += 1) keyIn(one, pathOf("default", `customer:${n}`));
    expect(one.size).toBe(16 * 15);
    expect(eraseFrom(one, "0123456789abcdef").size).toBe(one.size);
  });
});

describe("a sealed fact", () => {
  /** As others' orders are never written out, they stay pseudonyms. */
  const known = ({ data: { sealed: _, affectedOrders: __, ...data }, ...fact }: Fact): Fact => ({
    ...fact,
    data,
  });

  test("can be logged, and opens to the very fact that came in", () => {
    fc.assert(
      fc.property(anyFact, (given) => {
        const fact = known(given);
        const kept = sealFact(fact, sealing);
        const read = decodeFact(encodeFact(kept));
        expect(read.ok && known(opened(read.value, sealing))).toEqual(fact);
        // Whoever sealed it knows what any reader of it can.
        expect(sealed(fact, sealing).names).toEqual(openFact(kept, sealing));
      }),
      { numRuns: 400 },
    );
  });

  test("holds nothing in the clear that could tell who somebody is", () => {
    const canary = (n: number): string => `c4n4ry-${n}`;
    fc.assert(
      fc.property(anyFact, (given) => {
        let n = 0;
        const mark = (how: string): string => {
          n += 1;
          return how === "reference"
            ? `customer:${canary(n)}`
            : how === "key"
              ? `t/${canary(n)}`
              : canary(n);
        };
        const data: Record<string, unknown> = { ...known(given).data };
        for (const [name, how] of personalIn(given.kind)) {
          data[name] = Array.isArray(given.data[name]) ? [mark(how)] : mark(how);
        }
        data["attributes"] = { note: mark("whole"), tone: "warm", count: 3 };
        const fact = { ...given, id: mark("whole"), subject: mark("reference"), data };
        const { sealed, ...clear } = sealFact(fact, sealing).data;
        expect(JSON.stringify(clear)).not.toContain("c4n4ry");
        expect(Buffer.from(String(sealed), "base64").toString("latin1")).not.toContain("c4n4ry");
        expect(clear["attributes"]).toMatchObject({ tone: "warm", count: 3 });
      }),
    );
  });

  const fact = (subject: string, data: Fact["data"], id = "e1"): Fact => ({
    id,
    source: "urn:shop",
    kind: "order.placed",
    tenant: "default",
    time: 1,
    recordedTime: 1,
    subject,
    data,
  });

  test("names the same thing by the same pseudonym wherever it stands, and per tenant by another", () => {
    const placed = sealFact(fact("customer:42", { orderNumber: "A-1" }), sealing);
    const late = sealFact({ ...fact("order:A-1", {}), kind: "delivery.status" }, sealing);
    expect(referencesOf(placed)).toContain(late.subject);
    const north = sealFact(
      { ...fact("customer:42", { orderNumber: "A-1" }), tenant: "north" },
      sealing,
    );
    expect(referencesOf(north)).not.toContain(late.subject);
    expect(sealFact(placed, sealing)).toEqual(placed);
  });

  test("is sealed under the customer it names, else under its subject, and opens under no other", () => {
    const kept = sealFact(fact("order:A-1", { customerRef: "customer:42" }), sealing);
    expect(keyNameOf(kept)).toBe(`customer:${tokenOf(sealing, "default", "42")}`);
    const destroyed = sealingOf(eraseFrom(whole, pathOf("default", keyNameOf(kept))));
    expect(openFact(kept, destroyed).size).toBe(0);
    const late = sealed(fact("order:A-1", { customerRef: "customer:42" }), destroyed);
    expect(late.names.size).toBe(0);
    expect(late.fact.data["sealed"]).toBeUndefined();
    expect(openFact({ ...kept, id: "another" }, sealing).size).toBe(0);
    const other = sealFact(fact("customer:43", {}, "e2"), sealing);
    expect(opened(other, destroyed).subject).toBe("customer:43");
    // What is sent again of whoever was erased is kept without anything readable.
    expect(
      sealFact(fact("customer:42", { orderNumber: "A-2" }), destroyed).data["sealed"],
    ).toBeUndefined();
  });

  test("gives nothing to whoever tries all the numbers there are without the house's key", () => {
    const ids = Array.from({ length: 5_000 }, (_, n) => `${n}`);
    const kept = new Set(ids.map((id) => tokenOf(sealing, "default", id)));
    const hashes = ["md5", "sha1", "sha256", "sha512"];
    const tries = ids.flatMap((id) =>
      [id, `customer:${id}`, `default\u0000${id}`, `default\u0000customer:${id}`].flatMap(
        (text) => [
          ...hashes.map((hash) => createHash(hash).update(text).digest()),
          ...["", "troth", "troth-replay", "default"].map((key) =>
            createHmac("sha256", key).update(text).digest(),
          ),
        ],
      ),
    );
    const hits = tries.filter((hash) => kept.has(`~${hash.subarray(0, 16).toString("base64url")}`));
    expect(hits).toEqual([]);
    // The same tries with the key find them all, so it is the key that keeps them out.
    const right = ids.map((id) =>
      createHmac("sha256", sealing.house).update(`default\u0000${id}`).digest(),
    );
    expect(right.every((hash) => kept.has(`~${hash.subarray(0, 16).toString("base64url")}`))).toBe(
      true,
    );
  });
});
