import { createHash, randomUUID, type webcrypto } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export type Claims = JWTPayload & Record<string, unknown>;
type Key = {
  readonly kid: string;
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
};

/** What a token is made of; a forger changes some of it, or gives another token altogether. */
export type Making = {
  readonly claims: Claims;
  readonly key: Key;
  readonly header: Readonly<Record<string, unknown>>;
};
export type Forger = (
  making: Making,
  sign: (making: Making) => Promise<string>,
) => Promise<string | null>;

async function newKey(kid: string, algorithm = "ES256"): Promise<Key> {
  return { kid, ...(await generateKeyPair(algorithm, { extractable: true })) };
}

const sign = ({ claims, key, header }: Making): Promise<string> =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: key.kid, ...header })
    .sign(key.privateKey);

/**
 * An OpenID provider for tests: real endpoints over HTTP, real keys, PKCE held to, codes used once.
 * Whoever comes is signed in as `person`; what its tokens say can be forged.
 */
export async function openIssuer(clientId: string) {
  let keys = [await newKey("first")];
  const other = await newKey("other");
  const strange = {
    rsa: await newKey("rsa", "RS256"),
    pss: await newKey("pss", "PS256"),
    p384: await newKey("p384", "ES384"),
  };
  let person: Claims = { sub: "alice", name: "Alice", troth_role: "rep" };
  let forge: Forger = (making, signed) => signed(making);
  const codes = new Map<string, { challenge: string; nonce: string; redirect: string }>();
  let url = "";
  let lastNonce = "";

  const discovery = () => ({
    issuer: url,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/jwks`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
    code_challenge_methods_supported: ["S256"],
  });
  const authorize = (query: URLSearchParams): string => {
    const code = randomUUID();
    lastNonce = query.get("nonce") ?? "";
    const redirect = query.get("redirect_uri") ?? "";
    codes.set(code, { challenge: query.get("code_challenge") ?? "", nonce: lastNonce, redirect });
    return `${redirect}?${new URLSearchParams({ code, state: query.get("state") ?? "", iss: url })}`;
  };
  const token = async (form: URLSearchParams): Promise<object | null> => {
    const held = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const verifier = form.get("code_verifier") ?? "";
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    if (held?.challenge !== challenge || held.redirect !== form.get("redirect_uri")) return null;
    const now = Math.floor(Date.now() / 1_000);
    const [key] = keys;
    if (key === undefined) return null;
    const claims = {
      iss: url,
      aud: clientId,
      iat: now,
      exp: now + 300,
      nonce: held.nonce,
      ...person,
    };
    const idToken = await forge({ claims, key, header: {} }, sign);
    return {
      access_token: randomUUID(),
      token_type: "Bearer",
      ...(idToken === null ? {} : { id_token: idToken }),
    };
  };

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (pathname === "/.well-known/openid-configuration") return json(200, discovery());
    if (pathname === "/jwks") {
      const published = [...keys, ...Object.values(strange)];
      const jwks = published.map(async ({ kid, publicKey }) => ({
        ...(await exportJWK(publicKey)),
        kid,
        use: "sig",
      }));
      return json(200, { keys: await Promise.all(jwks) });
    }
    if (pathname === "/authorize") {
      response.writeHead(302, { location: authorize(searchParams) });
      return response.end();
    }
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const answer = await token(new URLSearchParams(body));
    return answer === null ? json(400, { error: "invalid_grant" }) : json(200, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    other,
    strange,
    lastNonce: () => lastNonce,
    signIn: (claims: Claims) => {
      person = claims;
    },
    forgeWith: (forger: Forger | null) => {
      forge = forger ?? ((making, signed) => signed(making));
    },
    /** New tokens are signed by a new key; the old one is no longer published. */
    rotate: async () => {
      keys = [await newKey(`key-${keys.length}-${randomUUID()}`)];
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
