import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";

/** What a link to the survey page says. It names an invitation and no customer. */
export type Invitation = {
  readonly tenant: string;
  readonly invitationId: string;
  /** UTC milliseconds from which it opens nothing any more. */
  readonly until: number;
};

const tokenShape = z.tuple([z.string().min(1).max(128), z.string().min(1).max(128), z.int()]);
const tokenMax = 600;

const signed = (secret: Buffer, text: string): Buffer =>
  createHmac("sha256", secret).update(`troth-survey.${text}`).digest();

export function linkToken(secret: Buffer, { tenant, invitationId, until }: Invitation): string {
  const text = Buffer.from(JSON.stringify([tenant, invitationId, until])).toString("base64url");
  return `${text}.${signed(secret, text).toString("base64url")}`;
}

/** The invitation a token stands for; null for one we did not give, and for one that is over. */
export function readToken(secret: Buffer, token: string, now: number): Invitation | null {
  if (token.length > tokenMax) return null;
  const [text = "", signature = "", ...more] = token.split(".");
  const given = Buffer.from(signature, "base64url");
  const right = signed(secret, text);
  // Other spellings of the same bytes are not what we wrote.
  const isOurs =
    more.length === 0 &&
    given.toString("base64url") === signature &&
    given.length === right.length &&
    timingSafeEqual(given, right);
  if (!isOurs) return null;
  const [tenant, invitationId, until] = tokenShape.parse(
    JSON.parse(Buffer.from(text, "base64url").toString("utf8")),
  );
  return until <= now ? null : { tenant, invitationId, until };
}
