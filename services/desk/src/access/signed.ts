import { createHmac, timingSafeEqual } from "node:crypto";

const tokenMax = 2_000;

const signatureOf = (secret: Buffer, purpose: string, text: string): Buffer =>
  createHmac("sha256", secret).update(`${purpose}.${text}`).digest();

/** A value as text for a link, signed for one purpose: under another it is worth nothing. */
export function signedText(secret: Buffer, purpose: string, value: unknown): string {
  const text = Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${text}.${signatureOf(secret, purpose, text).toString("base64url")}`;
}

/** The value a text holds; null for whatever was not signed with this secret for this purpose. */
export function readSigned(secret: Buffer, purpose: string, token: string): unknown {
  if (token.length > tokenMax) return null;
  const [text = "", signature = "", ...more] = token.split(".");
  const given = Buffer.from(signature, "base64url");
  const right = signatureOf(secret, purpose, text);
  // Other spellings of the same bytes are not what was written.
  const isOurs =
    more.length === 0 &&
    given.toString("base64url") === signature &&
    given.length === right.length &&
    timingSafeEqual(given, right);
  return isOurs ? JSON.parse(Buffer.from(text, "base64url").toString("utf8")) : null;
}
