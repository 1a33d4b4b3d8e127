import { z } from "zod";
import { readSigned, signedText } from "../access/signed.ts";

/** What a link to the survey page says. It names an invitation and no customer. */
export type Invitation = {
  readonly tenant: string;
  readonly invitationId: string;
  /** UTC milliseconds from which it opens nothing any more. */
  readonly until: number;
};

const purpose = "troth-survey";
const tokenShape = z.tuple([z.string().min(1).max(128), z.string().min(1).max(128), z.int()]);

export const linkToken = (secret: Buffer, { tenant, invitationId, until }: Invitation): string =>
  signedText(secret, purpose, [tenant, invitationId, until]);

/** The invitation a token stands for; null for one we did not give, and for one that is over. */
export function readToken(secret: Buffer, token: string, now: number): Invitation | null {
  const value = readSigned(secret, purpose, token);
  if (value === null) return null;
  const [tenant, invitationId, until] = tokenShape.parse(value);
  return until <= now ? null : { tenant, invitationId, until };
}
