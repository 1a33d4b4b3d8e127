import { err, ok, type Result } from "@troth/events";
import { z } from "zod";
import type { Embedder } from "./access/embed.ts";
import { isZone } from "./asking/rounds.ts";
import type { DeskOptions } from "./http/desk.ts";
import { isLoopback } from "./http/hosts.ts";
import { defaultTenant } from "./view/views.ts";

/** An origin as browsers write it; without encryption only on this very machine. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, protocol, hostname } = new URL(text);
  return (
    origin === text && (protocol === "https:" || (protocol === "http:" && isLoopback(hostname)))
  );
}

/** What an operator says about the desk; it holds secrets, so it is a file of its own. */
const settingsShape = z
  .strictObject({
    signIn: z
      .strictObject({
        issuer: z.url({ protocol: /^https$/ }),
        clientId: z.string().min(1),
        clientSecret: z.string().min(1).optional(),
        algorithm: z.enum(["RS256", "PS256", "ES256", "EdDSA"]).default("RS256"),
        publicUrl: z.url({ protocol: /^https$/ }),
      })
      .optional(),
    webhookSecrets: z
      .array(z.string().regex(/^whsec_/))
      .min(1)
      .max(4)
      .optional(),
    linkSecret: z
      .string()
      .regex(/^[A-Za-z0-9+/]{43,}={0,2}$/)
      .optional()
      .describe("32 bytes or more in base64."),
    survey: z
      .strictObject({
        alerted: z.number().gt(0).max(1),
        others: z.number().gt(0).max(1),
        recovered: z.number().gt(0).max(1),
        quietDays: z.int().min(0).max(3_650),
        openDays: z.int().min(1).max(365),
        at: z
          .strictObject({
            hour: z.int().min(0).max(23),
            zone: z.string().refine(isZone, "a zone such as Europe/Berlin").default("UTC"),
          })
          .optional()
          .describe("Every day from this hour on people are asked by themselves."),
      })
      .optional(),
    embed: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[a-z0-9-]{1,32}$/),
          secret: z.string().regex(/^[A-Za-z0-9+/]{43,}={0,2}$/),
          origins: z
            .array(z.string().refine(isOrigin, "https://host[:port] and nothing behind it"))
            .min(1)
            .max(10),
          tenant: z.string().min(1).max(128).default(defaultTenant),
        }),
      )
      .max(20)
      .optional()
      .describe("Other systems whose pages may show a customer's flag."),
    emotionFromText: z
      .boolean()
      .optional()
      .describe(
        "How customers sound in writing is an input of how to speak with them; never of money.",
      ),
    hosts: z.array(z.string().min(1)).max(20).optional(),
  })
  .refine(({ survey, linkSecret }) => survey?.at === undefined || linkSecret !== undefined, {
    path: ["linkSecret"],
    message: "whoever is asked by themselves needs links that outlive the process: give one",
  });
export type DeskSettings = z.infer<typeof settingsShape>;

/** Settings from a JSON file's text, or what is wrong with them, field by field. */
export function parseSettings(text: string): Result<DeskSettings, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const read = settingsShape.safeParse(value);
  if (read.success) return ok(read.data);
  return err(read.error.issues.map((one) => `${one.path.join(".")}: ${one.message}`).join("; "));
}

/** Who may embed, as the desk takes them. */
export const embeddersOf = ({ embed = [] }: DeskSettings): readonly Embedder[] =>
  embed.map((one) => ({ ...one, secret: Buffer.from(one.secret, "base64") }));

/** The sign-in as the desk takes it; null: whoever sits at this machine. */
export function signInOf({ signIn }: DeskSettings): DeskOptions["signIn"] {
  if (signIn === undefined) return null;
  const { clientSecret, ...rest } = signIn;
  return { ...rest, ...(clientSecret !== undefined && { clientSecret }) };
}
