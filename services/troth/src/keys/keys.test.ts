import { pathOf, sealText, unsealText } from "@troth/events";
import { openSimulatedStore, systemClock, systemRng } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { keyEncryptionKey } from "./keyring.ts";
import { type KeysOptions, openKeys } from "./keys.ts";

const optionsOf = (objects: Map<string, Buffer>, more: Partial<KeysOptions> = {}): KeysOptions => ({
  store: openSimulatedStore({ objects }),
  where: "keys",
  kek: null,
  rng: systemRng,
  clock: systemClock,
  create: true,
  readable: () => false,
  ...more,
});

const rings = (objects: Map<string, Buffer>): readonly string[] =>
  [...objects.keys()].filter((key) => key.startsWith("keyring/"));

describe("the keys of a house", () => {
  test("are the same for all who open them, also for those who all make them at once", async () => {
    const objects = new Map<string, Buffer>();
    const all = await Promise.all(Array.from({ length: 5 }, () => openKeys(optionsOf(objects))));
    const house = all.map((keys) => keys.house.toString("hex"));
    expect(new Set(house).size).toBe(1);
    expect(rings(objects)).toHaveLength(1);
    const [one, two] = all;
    const sealed = one && sealText(one, "default", "customer:1", "naïve", "e1");
    expect(two && unsealText(two, "default", "customer:1", sealed ?? "", "e1")).toBe("naïve");
  });

  test("of one person are gone for good, and two who erase at once erase both", async () => {
    const objects = new Map<string, Buffer>();
    const [one, two] = [await openKeys(optionsOf(objects)), await openKeys(optionsOf(objects))];
    const copy = new Map(objects);
    const paths = ["customer:1", "customer:2", "customer:3"].map((name) => pathOf("default", name));
    const [first = "", second = "", third = ""] = paths;
    const kept = one.keyAt(third);
    await Promise.all([one.destroy([first], { facts: 1 }), two.destroy([second], { facts: 2 })]);
    expect(rings(objects)).toEqual(["keyring/00000003.json"]);
    const after = await openKeys(optionsOf(objects));
    expect([after.keyAt(first), after.keyAt(second)]).toEqual([null, null]);
    expect(after.keyAt(third)).toEqual(kept);
    const notes = [...objects].filter(([key]) => key.startsWith("erasures/"));
    expect(notes).toHaveLength(2);
    expect(notes.map(([, note]) => note.toString()).join()).not.toContain(first);
    // Whoever keeps a copy of the keys keeps what they open: this is why they lie apart.
    expect((await openKeys(optionsOf(copy))).keyAt(first)).not.toBeNull();
  });

  test("that were being replaced when somebody was killed are the new ones, and the old are removed", async () => {
    const objects = new Map<string, Buffer>();
    const keys = await openKeys(optionsOf(objects));
    const old = new Map(objects);
    await keys.destroy([pathOf("default", "customer:1")], {});
    for (const [key, bytes] of old) objects.set(key, bytes);
    const again = await openKeys(optionsOf(objects));
    expect(again.keyAt(pathOf("default", "customer:1"))).toBeNull();
    expect(rings(objects)).toEqual(["keyring/00000002.json"]);
  });

  test("can be encrypted, and then open with that key alone", async () => {
    const objects = new Map<string, Buffer>();
    const kek = Buffer.alloc(32, 9);
    const keys = await openKeys(optionsOf(objects, { kek }));
    const stored = [...objects.values()].map((bytes) => bytes.toString("latin1")).join();
    expect(stored).not.toContain(keys.house.toString("base64"));
    expect((await openKeys(optionsOf(objects, { kek }))).house).toEqual(keys.house);
    await expect(openKeys(optionsOf(objects))).rejects.toThrow("TROTH_KEY_ENCRYPTION_KEY");
    const wrong = { kek: Buffer.alloc(32, 8) };
    await expect(openKeys(optionsOf(objects, wrong))).rejects.toThrow("not the one");
    expect(() => keyEncryptionKey({ TROTH_KEY_ENCRYPTION_KEY: "short" })).toThrow(
      "32 random bytes",
    );
    expect(keyEncryptionKey({})).toBeNull();
  });

  test("are not made by whoever only reads", async () => {
    await expect(openKeys(optionsOf(new Map(), { create: false }))).rejects.toThrow("no keys here");
  });
});
