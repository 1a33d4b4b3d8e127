import { createHmac } from "node:crypto";
import { type Sealing, sealText, unsealText } from "@troth/events";
import type { SetAside } from "@troth/intake";

/*
 * What was refused is no event, so nobody can say whose it is: each item has a key of its own, and
 * erasing a person destroys the keys of those in which their names stand.
 */
const noTenant = "";
export const asideKey = (sha256: string): string => `aside:${sha256}`;
/** Stands where the reason in words stood: those words quote what was sent. */
const sealedMessage = "sealed";

export const isSealedAside = (item: { readonly message: string }): boolean =>
  item.message === sealedMessage;

/** The item as it is kept; also its hash is keyed, as a plain one tells what was guessed. */
export function sealAside(item: SetAside, sealing: Sealing): SetAside {
  const sha256 = createHmac("sha256", sealing.house).update(item.raw).digest("hex");
  const raw = Buffer.from(item.raw).toString("base64");
  const text = JSON.stringify({ message: item.message, raw });
  const sealed = sealText(sealing, noTenant, asideKey(sha256), text, sha256) ?? "";
  return { ...item, sha256, message: sealedMessage, raw: Buffer.from(sealed, "base64") };
}

type Kept = { readonly sha256: string; readonly raw: string };

/** Reason and text of an item, its `raw` in Base64 as it is kept; null once its key was destroyed. */
export function openAside(
  { sha256, raw }: Kept,
  sealing: Sealing,
): { readonly message: string; readonly raw: string } | null {
  const text = unsealText(sealing, noTenant, asideKey(sha256), raw, sha256);
  return text === null ? null : JSON.parse(text);
}

export const sealCorrection = (sha256: string, fixed: string, sealing: Sealing): string =>
  sealText(sealing, noTenant, asideKey(sha256), fixed, `fixed ${sha256}`) ?? "";

export const openCorrection = (sha256: string, sealed: string, sealing: Sealing): string | null =>
  unsealText(sealing, noTenant, asideKey(sha256), sealed, `fixed ${sha256}`);
