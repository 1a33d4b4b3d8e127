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

export const isReference = (text: string): boolean => shape.test(text);
export const isCustomer = (reference: Reference): boolean => reference.startsWith("customer:");

/** Key of `replay` and the embedded demonstration; documented, therefore no secret. */
export const publicPseudonymKey = "troth-replay";

/** Keyed pseudonym the engine sees instead of a customer's reference: 24 hex digits. */
export const pseudonym = (tenant: string, reference: Reference, key: string): string =>
  createHmac("sha256", key).update(`${tenant}\u0000${reference}`).digest("hex").slice(0, 24);
