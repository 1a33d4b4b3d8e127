import { systemClock, systemRng } from "@troth/runtime";
import { openLakeToRead, openLakeToWrite } from "../lake-place.ts";
import { readPolicyText } from "../policy-file.ts";
import { keyEncryptionKey } from "./keyring.ts";
import { type Keys, openKeys } from "./keys.ts";

/** Keys as people name their place. */
export const keysArgument =
  "a folder, or s3://bucket/prefix, apart from the lake; TROTH_KEY_ENCRYPTION_KEY encrypts them";

const failed = (error: unknown): never => {
  throw error;
};

/** Attributes the policies judge by stay readable, or a rule that compares one would never hold. */
async function namedIn(policies: readonly string[]): Promise<ReadonlySet<string>> {
  const texts = await Promise.all(policies.map(readPolicyText));
  const named = texts.flatMap((text) => [...text.matchAll(/\battributes\.([\w-]+)/g)]);
  return new Set(named.flatMap((match) => match[1] ?? []));
}

/** The keys at a place that has them. */
export const openKeysToRead = async (place: string): Promise<Keys> =>
  openKeys({
    store: await openLakeToRead(place),
    where: place,
    kek: keyEncryptionKey(process.env),
    rng: systemRng,
    clock: systemClock,
    create: false,
    readable: () => false,
  });

/** The keys at a place; made when there are none. `policies` are the files that are judged by. */
export async function openKeysToSeal(place: string, policies: readonly string[]): Promise<Keys> {
  const named = await namedIn(policies);
  return openKeys({
    store: await openLakeToWrite(place, failed),
    where: place,
    kek: keyEncryptionKey(process.env),
    rng: systemRng,
    clock: systemClock,
    create: true,
    readable: (attribute) => named.has(attribute),
  });
}
