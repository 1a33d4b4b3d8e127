import { createCipheriv, createDecipheriv, createHash, createHmac } from "node:crypto";
import { canonicalJson, type KeyTree } from "@troth/events";
import type { Rng } from "@troth/runtime";
import { InputError } from "../exit.ts";

/** The key of the house's pseudonyms, and the seeds of everybody's keys. */
export type Keyring = { readonly house: Buffer; readonly tree: KeyTree };

const keyBytes = 32;
const cipher = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;
const bound = Buffer.from("troth keyring 1");

/** A version 4 UUID has 122 bits of chance; four of them are more than the 256 that are kept. */
const drawn = (rng: Rng): Buffer =>
  createHash("sha256").update([rng.uuid(), rng.uuid(), rng.uuid(), rng.uuid()].join()).digest();

export const newKeyring = (rng: Rng): Keyring => ({
  house: drawn(rng),
  tree: new Map([["", drawn(rng)]]),
});

/** The key that encrypts the keyring, from the environment; null when none is given. */
export function keyEncryptionKey(env: NodeJS.ProcessEnv): Buffer | null {
  const text = env["TROTH_KEY_ENCRYPTION_KEY"];
  if (text === undefined || text === "") return null;
  const key = Buffer.from(text, "base64");
  if (key.length === keyBytes) return key;
  throw new InputError(
    "TROTH_KEY_ENCRYPTION_KEY: give 32 random bytes in Base64, such as `openssl rand -base64 32` makes",
  );
}

export function encodeKeyring({ house, tree }: Keyring, kek: Buffer | null): Buffer {
  const content = canonicalJson({
    house: house.toString("base64"),
    tree: Object.fromEntries([...tree].map(([path, seed]) => [path, seed.toString("base64")])),
  });
  if (kek === null) return Buffer.from(`{"format":1,"keyring":${content}}\n`);
  const nonce = createHmac("sha256", kek).update(content).digest().subarray(0, nonceBytes);
  const sealer = createCipheriv(cipher, kek, nonce).setAAD(bound);
  const sealed = Buffer.concat([
    nonce,
    sealer.update(content, "utf8"),
    sealer.final(),
    sealer.getAuthTag(),
  ]);
  return Buffer.from(`{"format":1,"wrapped":"${sealed.toString("base64")}"}\n`);
}

function unwrapped(wrapped: string, kek: Buffer | null, where: string): string {
  if (kek === null) {
    throw new InputError(`${where}: these keys are encrypted; set TROTH_KEY_ENCRYPTION_KEY`);
  }
  const bytes = Buffer.from(wrapped, "base64");
  try {
    const opener = createDecipheriv(cipher, kek, bytes.subarray(0, nonceBytes))
      .setAAD(bound)
      .setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([
      opener.update(bytes.subarray(nonceBytes, -tagBytes)),
      opener.final(),
    ]).toString("utf8");
  } catch {
    throw new InputError(
      `${where}: TROTH_KEY_ENCRYPTION_KEY is not the one these keys are encrypted with`,
    );
  }
}

type Content = { readonly house: string; readonly tree: Readonly<Record<string, string>> };

export function decodeKeyring(bytes: Buffer, kek: Buffer | null, where: string): Keyring {
  const read = JSON.parse(bytes.toString("utf8")) as
    | { readonly format: 1; readonly keyring: Content }
    | { readonly format: 1; readonly wrapped: string };
  if (read.format !== 1) throw new InputError(`${where}: no keyring of format 1`);
  const { house, tree }: Content =
    "wrapped" in read ? JSON.parse(unwrapped(read.wrapped, kek, where)) : read.keyring;
  return {
    house: Buffer.from(house, "base64"),
    tree: new Map(Object.entries(tree).map(([path, seed]) => [path, Buffer.from(seed, "base64")])),
  };
}
