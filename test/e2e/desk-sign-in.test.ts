import { createHmac, KeyObject, sign } from "node:crypto";
import { exportSPKI } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openMemoryAudit } from "../support/desk-access.ts";
import { ask, openStoryDesk } from "../support/desk-server.ts";
import { comeBack, goToProvider, signIn } from "../support/desk-sign-in.ts";
import { type Claims, type Forger, type Making, openIssuer } from "../support/issuer.ts";

const clientId = "troth-desk";
const alice: Claims = { sub: "alice", name: "Alice", troth_role: "rep" };

let issuer: Awaited<ReturnType<typeof openIssuer>>;
let desk: Awaited<ReturnType<typeof openStoryDesk>>;
const audit = openMemoryAudit();
beforeAll(async () => {
  issuer = await openIssuer(clientId);
  desk = await openStoryDesk(
    {
      audit,
      signIn: { issuer: issuer.url, clientId, algorithm: "ES256", allowHttp: true, publicUrl: "" },
      tell: { answered: () => undefined, failed: () => undefined },
    },
    5,
  );
});
afterAll(async () => {
  await desk.close();
  await issuer.close();
});
afterEach(() => {
  issuer.signIn(alice);
  issuer.forgeWith(null);
});

const me = async (cookie: string) =>
  JSON.parse((await ask(new URL("/api/me", desk.url).href, { headers: { cookie } })).text);

describe("signing in at a provider", () => {
  test("lets in whom the provider names, as what it says they are", async () => {
    issuer.signIn({ ...alice, troth_role: "owner", troth_teams: ["logistics"] });
    const cookie = await signIn(desk.url);
    expect(await me(cookie ?? "")).toMatchObject({
      name: "Alice",
      role: "owner",
      tenant: "default",
      teams: ["logistics"],
      signIn: "oidc",
    });
    expect(audit.lines().at(-1)).toMatchObject({ did: "sign-in", outcome: "done", role: "owner" });
  });

  test("nobody who is not signed in is told anything, and signing out ends it", async () => {
    const overview = new URL("/api/overview", desk.url).href;
    expect((await ask(overview)).status).toBe(401);
    const cookie = (await signIn(desk.url)) ?? "";
    expect((await ask(overview, { headers: { cookie } })).status).toBe(200);
    const { origin } = new URL(desk.url);
    const out = await ask(new URL("/api/sign-out", desk.url).href, {
      method: "POST",
      headers: { cookie, origin },
    });
    expect(out.status).toBe(204);
    expect((await ask(overview, { headers: { cookie } })).status).toBe(401);
  });

  test("goes on without a pause when the provider changes its keys", async () => {
    expect(await signIn(desk.url)).not.toBeNull();
    await issuer.rotate();
    expect(await signIn(desk.url)).not.toBeNull();
  });

  test("there is no way in for developers where there is a provider", async () => {
    const answer = await ask(new URL("/api/sign-in", desk.url).href, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"role":"admin"}',
    });
    expect(answer.status).toBe(404);
  });

  test("sends people nowhere but to the desk's own page afterwards", async () => {
    for (const to of [
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "javascript:0",
    ]) {
      const begun = await ask(new URL(`/sign-in?to=${encodeURIComponent(to)}`, desk.url).href);
      const state = /troth-desk-sign-in=([^;]+)/.exec(String(begun.headers["set-cookie"]))?.[1];
      const back = await ask(String(begun.headers["location"]));
      const answer = await comeBack(
        String(back.headers["location"]),
        `troth-desk-sign-in=${state}`,
      );
      expect(answer.headers["location"]).toBe("/");
    }
  });

  test("a desk with nobody signing in listens on this machine only", async () => {
    const { openDesk } = await import("@troth/desk");
    await expect(
      openDesk({ ...desk.options, listen: { host: "0.0.0.0", port: 0 } }),
    ).rejects.toThrow(/nobody signing in/);
  });
});

/** The token with some of its claims another; undefined takes one out. */
const claiming =
  (claims: Readonly<Record<string, unknown>>): Forger =>
  (making, sign) => {
    const all = { ...making.claims, ...claims };
    const kept = Object.entries(all).filter(([, value]) => value !== undefined);
    return sign({ ...making, claims: Object.fromEntries(kept) });
  };
const textual =
  (change: (token: string) => string): Forger =>
  async (making, sign) =>
    change(await sign(making));
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const bare =
  (header: Readonly<Record<string, unknown>>, signature: (input: string) => string): Forger =>
  async ({ claims }: Making) => {
    const input = `${part(header)}.${part(claims)}`;
    return `${input}.${signature(input)}`;
  };
const by =
  (key: () => Making["key"], header: Readonly<Record<string, unknown>> = {}): Forger =>
  (making, sign) =>
    sign({ ...making, key: key(), header });
const now = Math.floor(Date.now() / 1_000);

const forgeries: Readonly<Record<string, Forger>> = {
  "no signature algorithm": bare({ alg: "none" }, () => ""),
  "no signature algorithm, spelled otherwise": bare({ alg: "nOnE" }, () => ""),
  "the public key as a shared secret": async (making) => {
    const secret = await exportSPKI(making.key.publicKey);
    const forger = bare({ alg: "HS256", kid: making.key.kid }, (input) =>
      createHmac("sha256", secret).update(input).digest("base64url"),
    );
    return forger(making, async () => "");
  },
  "the client's name as a shared secret": bare({ alg: "HS256" }, (input) =>
    createHmac("sha256", clientId).update(input).digest("base64url"),
  ),
  "a key of somebody else under the right name": (making, sign) =>
    sign({ ...making, key: { ...issuer.other, kid: making.key.kid } }),
  "a key nobody published": by(() => issuer.other),
  "a published key of an algorithm not agreed on": by(() => issuer.strange.rsa, { alg: "RS256" }),
  "a published key of another padding": by(() => issuer.strange.pss, { alg: "PS256" }),
  "a published curve not agreed on": by(() => issuer.strange.p384, { alg: "ES384" }),
  "a key it brings along": (making, sign) =>
    sign({ ...making, key: issuer.other, header: { jwk: { kty: "EC", crv: "P-256" } } }),
  "a place to fetch its key from": (making, sign) =>
    sign({ ...making, key: issuer.other, header: { jku: `${issuer.url}/jwks` } }),
  "an extension that must be understood": (making) => {
    const key = KeyObject.from(making.key.privateKey);
    const header = { alg: "ES256", kid: making.key.kid, crit: ["magic"], magic: 1 };
    const forger = bare(header, (input) =>
      sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url"),
    );
    return forger(making, async () => "");
  },
  "another issuer": claiming({ iss: "https://evil.example" }),
  "an issuer that only looks the same": (making, sign) =>
    claiming({ iss: `${issuer.url}/` })(making, sign),
  "no issuer": claiming({ iss: undefined }),
  "another audience": claiming({ aud: "another-client" }),
  "an audience without us": claiming({ aud: ["one", "two"] }),
  "no audience": claiming({ aud: undefined }),
  "an audience of several, meant for another": claiming({ aud: [clientId, "two"], azp: "two" }),
  "a time that is over": claiming({ exp: now - 3_600 }),
  "no end": claiming({ exp: undefined }),
  "an end in words": claiming({ exp: "tomorrow" }),
  "no beginning": claiming({ iat: undefined }),
  "a beginning that is still to come": claiming({ nbf: now + 3_600 }),
  "no nonce": claiming({ nonce: undefined }),
  "another's nonce": claiming({ nonce: "of-somebody-else" }),
  "no subject": claiming({ sub: undefined }),
  "an empty subject": claiming({ sub: "" }),
  "a subject that is a number": claiming({ sub: 7 }),
  "no role": claiming({ troth_role: undefined }),
  "a role that is none": claiming({ troth_role: "root" }),
  "several roles": claiming({ troth_role: ["rep", "admin"] }),
  "an empty tenant": claiming({ troth_tenant: "" }),
  "teams that are no list": claiming({ troth_teams: "logistics" }),
  "a role put in after signing": textual((token) => {
    const [head = "", body = "", signature = ""] = token.split(".");
    const claims = JSON.parse(Buffer.from(body, "base64url").toString());
    return `${head}.${part({ ...claims, troth_role: "admin" })}.${signature}`;
  }),
  "a header changed after signing": textual((token) => {
    const [, body = "", signature = ""] = token.split(".");
    return `${part({ alg: "ES256", kid: "first", typ: "x" })}.${body}.${signature}`;
  }),
  "half a signature": textual((token) => token.slice(0, -20)),
  "no signature": textual((token) => token.slice(0, token.lastIndexOf(".") + 1)),
  "two parts": textual((token) => token.slice(0, token.lastIndexOf("."))),
  "five parts": textual((token) => `${token}.x.y`),
  "no token at all": async () => null,
  "a token that is none": async () => "hello",
};

describe("a token that is not what it should be lets nobody in", () => {
  test("there are forty and more of them, and the one they are made from is let in", async () => {
    expect(Object.keys(forgeries).length).toBeGreaterThanOrEqual(40);
    expect(await signIn(desk.url)).not.toBeNull();
  });

  test.each(Object.entries(forgeries))("%s", async (_, forger) => {
    issuer.forgeWith(forger);
    const before = audit.lines().length;
    const { callback, cookie } = await goToProvider(desk.url);
    const answer = await comeBack(callback, cookie);
    expect(answer.status).toBe(401);
    issuer.forgeWith(null);
    // Nothing but the forgery stood in the way.
    expect(await signIn(desk.url)).not.toBeNull();
    expect(String(answer.headers["set-cookie"] ?? "")).not.toContain("troth-desk=");
    expect(audit.lines()[before]).toMatchObject({ did: "sign-in", outcome: "refused" });
  });

  test("nor does a way back that is not the one that was begun", async () => {
    const ways: readonly ((callback: URL, cookie: string) => Promise<[URL, string]>)[] = [
      async (callback) => [callback, ""],
      async (callback) => [callback, "troth-desk-sign-in=of-somebody-else"],
      async (callback) => {
        const another = await goToProvider(desk.url);
        return [callback, another.cookie];
      },
      async (callback, cookie) => {
        const another = new URL((await goToProvider(desk.url)).callback);
        callback.searchParams.set("code", another.searchParams.get("code") ?? "");
        return [callback, cookie];
      },
      async (callback, cookie) => {
        callback.searchParams.set("state", "another");
        return [callback, cookie];
      },
      async (callback, cookie) => {
        callback.searchParams.set("iss", "https://evil.example");
        return [callback, cookie];
      },
      async (callback, cookie) => {
        await comeBack(callback.href, cookie);
        return [callback, cookie];
      },
      async (callback, cookie) => {
        callback.searchParams.delete("code");
        callback.searchParams.set("error", "access_denied");
        return [callback, cookie];
      },
    ];
    for (const way of ways) {
      const came = await goToProvider(desk.url);
      const [callback, cookie] = await way(new URL(came.callback), came.cookie);
      expect((await comeBack(callback.href, cookie)).status).toBe(401);
    }
  });
});
