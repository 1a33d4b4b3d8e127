import { createHmac } from "node:crypto";

/** A name somebody has for a customer or a thing of theirs: `customer:42`, `order:A-1`, `phone:+49…`. */
export type Reference = string;

export const referenceSchemes = [
  "customer",
  "order",
  "phone",
  "handle",
  "account",
  "device",
  "call",
] as const;
export type ReferenceScheme = (typeof referenceSchemes)[number];

/** Scheme, colon, 1 to 256 printable characters without spaces at the ends. */
const shape =
  /^(customer|order|phone|handle|account|device|call):\S(?:[^\p{Cc}\p{Cs}]{0,254}\S)?$/u;

/** From `from` on nothing but printable ASCII, as nearly every name is; every event passes here. */
export function isPlainAscii(text: string, from: number): boolean {
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

const nameCharsMax = 256;
const space = 0x20;
const schemes: ReadonlySet<string> = new Set(referenceSchemes);

/** The shape's own answer for plain names, without asking the pattern; false: ask it. */
function isPlainReference(text: string): boolean {
  const from = text.indexOf(":") + 1;
  const chars = text.length - from;
  return (
    chars > 0 &&
    chars <= nameCharsMax &&
    text.charCodeAt(from) !== space &&
    text.charCodeAt(text.length - 1) !== space &&
    schemes.has(text.slice(0, from - 1)) &&
    isPlainAscii(text, from)
  );
}

export const isReference = (text: string): boolean => isPlainReference(text) || shape.test(text);
export const isCustomer = (reference: Reference): boolean => reference.startsWith("customer:");

/** Key of `replay` and the embedded demonstration; documented, therefore no secret. */
export const publicPseudonymKey = "troth-replay";

/** Keyed pseudonym the engine sees instead of a customer's reference: 24 hex digits. */
export const pseudonym = (tenant: string, reference: Reference, key: string): string =>
  createHmac("sha256", key).update(`${tenant}\u0000${reference}`).digest("hex").slice(0, 24);
