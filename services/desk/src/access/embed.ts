import { z } from "zod";
import { readSigned, signedText } from "./signed.ts";

/** Another system whose pages may show a customer's flag. */
export type Embedder = {
  /** Named in the address, so that its secret is known before anything is read. */
  readonly name: string;
  readonly secret: Buffer;
  /** Origins whose pages may frame the flag, and no others. */
  readonly origins: readonly string[];
  /** Whose customers it sees: no token can say otherwise. */
  readonly tenant: string;
};

/** A link that was copied somewhere is worth nothing soon after. */
export const embedMsMax = 10 * 60_000;

/** Ten digits are seconds since 1970, as every system signs them. */
const tokenShape = z.tuple([z.string().min(1).max(256), z.int()]);
const purposeOf = (name: string): string => `troth-embed.${name}`;

/** What a CRM's own server makes: `[reference, seconds]`, signed with the secret it was given. */
export const embedToken = (
  { name, secret }: Pick<Embedder, "name" | "secret">,
  reference: string,
  untilMs: number,
): string => signedText(secret, purposeOf(name), [reference, Math.floor(untilMs / 1_000)]);

/** The customer a token names; null for one that is not signed, is over, or would last too long. */
export function readEmbed(
  { name, secret }: Embedder,
  token: string,
  nowMs: number,
): { readonly reference: string } | null {
  const read = tokenShape.safeParse(readSigned(secret, purposeOf(name), token));
  if (!read.success) return null;
  const [reference, seconds] = read.data;
  const leftMs = seconds * 1_000 - nowMs;
  return leftMs <= 0 || leftMs > embedMsMax ? null : { reference };
}
