import { canonicalJson, eraseFrom, isoTime, keyIn, type Sealing } from "@troth/events";
import type { Clock, ObjectStore, Rng } from "@troth/runtime";
import { InputError } from "../exit.ts";
import { decodeKeyring, encodeKeyring, type Keyring, newKeyring } from "./keyring.ts";

/** The keys of a house, where they are kept. */
export type Keys = Sealing & {
  /**
   * Destroys the keys of these paths for good, and notes when and how many, never whose. What was
   * sealed under them, wherever it lies, can not be read any more.
   */
  readonly destroy: (
    paths: readonly string[],
    noted: Readonly<Record<string, number>>,
  ) => Promise<void>;
  /** Looks whether keys were destroyed, by whoever; true when some were, and none of those is held any more. */
  readonly refresh: () => Promise<boolean>;
};

export type KeysOptions = {
  readonly store: ObjectStore;
  /** Where it is, for messages. */
  readonly where: string;
  readonly kek: Buffer | null;
  readonly rng: Rng;
  readonly clock: Clock;
  /** Makes keys where there are none yet. */
  readonly create: boolean;
  readonly readable: (attribute: string) => boolean;
};

const root = "keyring/";
const nameOf = (number: number): string => `${root}${String(number).padStart(8, "0")}.json`;
const shape = /^keyring\/(\d{8})\.json$/;
/** Readers may meet a keyring that is replaced at that moment; more often than this is no chance. */
const attemptsMax = 5;
const cachedMax = 100_000;

type Held = { readonly number: number; readonly ring: Keyring };

/**
 * A keyring is never changed: another takes its place under the next number, which only one can take,
 * and it is removed. Both a folder and a bucket can do that; what was overwritten, a file might keep.
 */
async function readHeld(options: KeysOptions): Promise<Held | null> {
  const { store, kek, where } = options;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const keys = (await store.list(root)).filter((key) => shape.test(key));
    const latest = keys.at(-1);
    if (latest === undefined) return null;
    const bytes = await store.get(latest);
    if (bytes === null) continue;
    // Left by whoever was stopped between the two steps.
    for (const old of keys.slice(0, -1)) await store.remove(old);
    return { number: Number(shape.exec(latest)?.[1]), ring: decodeKeyring(bytes, kek, where) };
  }
  throw new InputError(`${where}: the keys change faster than they can be read`);
}

async function open(options: KeysOptions): Promise<Held> {
  const { store, kek, rng, where } = options;
  const found = await readHeld(options);
  if (found !== null) return found;
  if (!options.create) throw new InputError(`${where}: there are no keys here`);
  const ring = newKeyring(rng);
  if ((await store.putIfAbsent(nameOf(1), encodeKeyring(ring, kek))) === "created") {
    return { number: 1, ring };
  }
  return (await readHeld(options)) ?? { number: 1, ring };
}

export async function openKeys(options: KeysOptions): Promise<Keys> {
  const { store, kek, clock, rng, readable, where } = options;
  let held = await open(options);
  const known = new Map<string, Buffer>();
  return {
    house: held.ring.house,
    readable,
    keyAt: (path) => {
      const before = known.get(path);
      if (before !== undefined) return before;
      const key = keyIn(held.ring.tree, path);
      if (key === null) return null;
      if (known.size >= cachedMax) known.clear();
      known.set(path, key);
      return key;
    },
    refresh: async () => {
      const latest = await readHeld(options);
      if (latest === null || latest.number === held.number) return false;
      held = latest;
      known.clear();
      return true;
    },
    destroy: async (paths, noted) => {
      for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
        held = (await readHeld(options)) ?? held;
        const tree = paths.reduce(eraseFrom, held.ring.tree);
        const next = { number: held.number + 1, ring: { house: held.ring.house, tree } };
        const put = await store.putIfAbsent(nameOf(next.number), encodeKeyring(next.ring, kek));
        if (put === "exists") continue;
        await store.remove(nameOf(held.number));
        held = next;
        known.clear();
        const note = {
          at: isoTime(clock.now()),
          erasure: rng.uuid(),
          keys: paths.length,
          ...noted,
        };
        const audit = `erasures/${String(next.number).padStart(8, "0")}.json`;
        await store.putIfAbsent(audit, Buffer.from(`${canonicalJson(note)}\n`));
        return;
      }
      throw new InputError(`${where}: others keep changing the keys; try again`);
    },
  };
}
