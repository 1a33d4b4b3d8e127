import type { Clock } from "@troth/runtime";
import * as client from "openid-client";
import { z } from "zod";
import { type Person, pseudonymOf } from "./person.ts";
import { roles } from "./roles.ts";

export type OidcOptions = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  /** The one algorithm its tokens may be signed with. */
  readonly algorithm?: "ES256" | "RS256" | "PS256" | "EdDSA";
  /** For an issuer on loopback in tests; never for another. */
  readonly allowHttp?: boolean;
};

/** What a token must say of a person; anything less and nobody is signed in. */
const claimsShape = z.object({
  sub: z.string().min(1).max(255),
  name: z.string().max(200).optional(),
  troth_role: z.enum(roles),
  troth_tenant: z.string().min(1).max(128).default("default"),
  troth_teams: z.array(z.string().min(1).max(128)).max(100).optional(),
});

type Pending = {
  readonly verifier: string;
  readonly nonce: string;
  readonly returnTo: string;
  readonly at: number;
};
const pendingMs = 10 * 60_000;
const pendingMax = 1_000;
const timeoutSeconds = 5;

export type Oidc = {
  /** Where to send the browser, and the secret it must bring back in a cookie. */
  readonly begin: (returnTo: string) => Promise<{ readonly url: string; readonly state: string }>;
  /** Who came back; throws when anything of it is not as it should be. */
  readonly finish: (
    cameTo: URL,
    state: string,
  ) => Promise<{ readonly person: Person; readonly returnTo: string }>;
};

/**
 * Sign-in at an OpenID provider: code flow with PKCE, state and nonce, one exact address to come back
 * to, one algorithm, signatures checked against the provider's keys, which may change at any time.
 */
export async function openOidc(
  options: OidcOptions,
  redirectTo: string,
  clock: Clock,
): Promise<Oidc> {
  const metadata = {
    redirect_uris: [redirectTo],
    id_token_signed_response_alg: options.algorithm ?? "RS256",
    ...(options.clientSecret === undefined ? {} : { client_secret: options.clientSecret }),
  };
  const authentication = options.clientSecret === undefined ? client.None() : undefined;
  const strictness = [
    client.enableNonRepudiationChecks,
    ...(options.allowHttp === true ? [client.allowInsecureRequests] : []),
  ];
  const config = await client.discovery(
    new URL(options.issuer),
    options.clientId,
    metadata,
    authentication,
    { timeout: timeoutSeconds, execute: strictness },
  );
  /** With no keys held: the library would not ask for new ones within a minute of the last time. */
  const withFreshKeys = (): client.Configuration => {
    const metadataOf = config.serverMetadata();
    const fresh = new client.Configuration(metadataOf, options.clientId, metadata, authentication);
    fresh.timeout = timeoutSeconds;
    for (const step of strictness) step(fresh);
    return fresh;
  };
  const pending = new Map<string, Pending>();
  return {
    begin: async (returnTo) => {
      const now = clock.now();
      for (const [state, one] of pending) {
        if (pending.size < pendingMax && now - one.at < pendingMs) break;
        pending.delete(state);
      }
      const [state, nonce] = [client.randomState(), client.randomNonce()];
      const verifier = client.randomPKCECodeVerifier();
      pending.set(state, { verifier, nonce, returnTo, at: now });
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectTo,
        scope: "openid profile",
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        state,
        nonce,
      });
      return { url: url.href, state };
    },
    finish: async (cameTo, state) => {
      const begun = pending.get(state);
      // Used up whatever comes of it: a code is tried once.
      pending.delete(state);
      if (begun === undefined || clock.now() - begun.at >= pendingMs) {
        throw new Error("no sign-in was begun with this");
      }
      const tokens = await client.authorizationCodeGrant(withFreshKeys(), cameTo, {
        pkceCodeVerifier: begun.verifier,
        expectedState: state,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      });
      const claims = claimsShape.parse(tokens.claims());
      const pseudonym = pseudonymOf(config.serverMetadata().issuer, claims.sub);
      return {
        returnTo: begun.returnTo,
        person: {
          pseudonym,
          name: claims.name ?? pseudonym,
          role: claims.troth_role,
          tenant: claims.troth_tenant,
          teams: claims.troth_teams ?? null,
        },
      };
    },
  };
}
