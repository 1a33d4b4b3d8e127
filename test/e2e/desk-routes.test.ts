import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mayDo, type Role, roles } from "../../services/desk/src/access/roles.ts";
import { actNames, actNeeds } from "../../services/desk/src/acts/act.ts";
import type { Route } from "../../services/desk/src/http/parts.ts";
import { routes } from "../../services/desk/src/http/routes.ts";
import { openMemoryAudit } from "../support/desk-access.ts";
import { type Answer, ask, openStoryDesk } from "../support/desk-server.ts";
import { signIn } from "../support/desk-sign-in.ts";
import { storyEndsAt } from "../support/desk-story.ts";
import { openIssuer } from "../support/issuer.ts";

const clientId = "troth-desk";
const own = "customer:demo-0001";
const foreign = "customer:north-1";
const shared = "customer:both-1";
const later = new Date(storyEndsAt + 3_600_000).toISOString();

let issuer: Awaited<ReturnType<typeof openIssuer>>;
let desk: Awaited<ReturnType<typeof openStoryDesk>>;
const audit = openMemoryAudit();

function billTo(subject: string, tenantid: string, id: string): void {
  desk.send({
    specversion: "1.0",
    id,
    source: "urn:test:billing",
    type: "org.troth.billing.issued.v1",
    time: new Date(storyEndsAt).toISOString(),
    recordedtime: new Date(storyEndsAt).toISOString(),
    subject,
    tenantid,
    data: {
      billNo: id,
      amountDue: { amount: "900.00", currency: "EUR" },
      expectedAmount: { amount: "9.00", currency: "EUR" },
    },
  });
}

beforeAll(async () => {
  issuer = await openIssuer(clientId);
  desk = await openStoryDesk(
    {
      audit,
      signIn: { issuer: issuer.url, clientId, algorithm: "ES256", allowHttp: true, publicUrl: "" },
      webhookSecrets: [`whsec_${Buffer.alloc(32, 7).toString("base64")}`],
    },
    60,
  );
  billTo(foreign, "north", "north-bill");
  billTo(shared, "default", "shared-1");
  billTo(shared, "north", "shared-2");
});
afterAll(async () => {
  await desk.close();
  await issuer.close();
});

const cookies = new Map<string, string>();
async function cookieOf(role: Role, tenant: string, teams?: readonly string[]): Promise<string> {
  const key = `${role} ${tenant} ${teams?.join()}`;
  const known = cookies.get(key);
  if (known !== undefined) return known;
  const more = teams === undefined ? {} : { troth_teams: teams };
  issuer.signIn({ sub: key, troth_role: role, troth_tenant: tenant, ...more });
  const cookie = (await signIn(desk.url)) ?? "";
  cookies.set(key, cookie);
  return cookie;
}

const pathOf = (route: Route, ref = own): string =>
  route.path.replace(":ref", encodeURIComponent(ref)).replace(/:\w+/, "main.js");

async function call(route: Route, cookie: string | null, ref = own, body = "{}"): Promise<Answer> {
  const url = new URL(pathOf(route, ref), desk.url);
  // A stream of changes never ends: what it is answered is all there is to see.
  if (route.path === "/api/live") {
    const stop = new AbortController();
    const answer = await fetch(url, { headers: cookie ? { cookie } : {}, signal: stop.signal });
    stop.abort();
    return { status: answer.status, headers: {}, text: "" };
  }
  const json = { "content-type": "application/json", origin: url.origin };
  return ask(url.href, {
    method: route.method,
    headers: { ...(cookie === null ? {} : { cookie }), ...(route.method === "POST" ? json : {}) },
    ...(route.method === "POST" ? { body } : {}),
  });
}

const guarded = routes.filter(({ needs }) => needs !== "nobody");
/** Signing out ends the session the next case needs. */
const tried = guarded.filter(({ path }) => path !== "/api/sign-out");
const named = (all: readonly Route[]) =>
  all.map((route) => [`${route.method} ${route.path}`, route] as const);

describe("every way in is kept by what it needs", () => {
  test("only these are open to people nobody knows", () => {
    const open = routes.filter(({ needs }) => needs === "nobody");
    expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /",
      "GET /assets/:name",
      "GET /api/openapi.json",
      "GET /sign-in",
      "GET /sign-in/callback",
      "POST /api/sign-in",
      "POST /webhooks/survey",
      "GET /s/:token",
      "GET /api/survey/:token",
      "POST /api/survey/:token/answer",
      "POST /api/survey/:token/preference",
      "GET /embed/:name/:token",
      "GET /api/embed/:name/:token",
    ]);
  });

  test.each(named(guarded))("%s is closed to whoever is not signed in", async (_, route) => {
    for (const cookie of [null, "troth-desk=", "troth-desk=guess"]) {
      expect((await call(route, cookie)).status).toBe(401);
    }
  });

  const cases = tried.flatMap((route) => roles.map((role) => [route, role] as const));
  test.each(cases.map(([route, role]) => [`${route.method} ${route.path}`, role, route] as const))(
    "%s, asked for by a %s of the house",
    async (_, role, route) => {
      const { status } = await call(route, await cookieOf(role, "default"));
      const { needs } = route;
      const may = needs === "somebody" || needs === "nobody" || mayDo(role, needs);
      if (may) expect([401, 403]).not.toContain(status);
      else expect(status).toBe(403);
    },
  );

  test.each(cases.map(([route, role]) => [`${route.method} ${route.path}`, role, route] as const))(
    "%s tells a %s of another house nothing of this one",
    async (_, role, route) => {
      const cookie = await cookieOf(role, "north");
      const answer = await call(route, cookie);
      if (route.path.includes(":ref")) {
        const act = JSON.stringify({
          act: "promise",
          actId: "00000000-0000-4000-8000-000000000001",
          kind: "call-back",
          dueUntil: later,
        });
        const { status } = await call(route, cookie, own, act);
        expect(status).toBe(mayDo(role, "customers") ? 404 : 403);
      }
      if (route.path !== "/api/audit") expect(answer.text).not.toMatch(/demo-0|HD-0/);
    },
  );

  const reading = named(tried.filter(({ path }) => path.includes(":ref")));
  test.each(reading)("%s knows nobody who is none of the team's concern", async (_, route) => {
    const others = await cookieOf("owner", "default", ["nobody-s-team"]);
    const theirs = await cookieOf("owner", "default", ["logistics"]);
    expect((await call(route, others)).status).toBe(route.method === "POST" ? 400 : 404);
    expect((await call(route, theirs)).status).not.toBe(404);
  });

  test("a team sees the customers of its own links in the list, and no other", async () => {
    const [list] = routes.filter(({ path }) => path === "/api/customers");
    if (list === undefined) throw new Error("no list");
    const seen = async (...teams: string[]) => {
      const cookie = await cookieOf("owner", "default", teams);
      return JSON.parse((await call(list, cookie)).text);
    };
    const [logistics, nobody] = [await seen("logistics"), await seen("nobody-s-team")];
    expect(logistics.total).toBeGreaterThan(0);
    expect(nobody).toMatchObject({ total: 0, items: [] });
  });

  test("a name that two houses use is in neither's view", async () => {
    const [page] = routes.filter(({ path }) => path === "/api/customers/:ref");
    if (page === undefined) throw new Error("no page");
    for (const tenant of ["default", "north"]) {
      const cookie = await cookieOf("lead", tenant);
      expect((await call(page, cookie, shared)).status).toBe(404);
    }
    expect((await call(page, await cookieOf("lead", "north"), foreign)).status).toBe(200);
  });
});

describe("every act is kept by what it needs", () => {
  const bodies: Readonly<Record<string, object>> = {
    acknowledge: { alertId: "x" },
    take: { alertId: "x" },
    snooze: { alertId: "x", reason: "because", until: later },
    "false-alarm": { alertId: "x", reason: "because" },
    promise: { kind: "call-back", dueUntil: later },
    keep: { promiseId: "x" },
    resolution: { kind: "apology", ledger: "goodwill", response: "accepted" },
    outcome: { resolutionId: "x", score: 5 },
    dispute: { promiseId: "x", term: 1, reason: "because" },
    rule: { promiseId: "x", term: 1, ruling: "upheld", reason: "because" },
  };
  const [route] = routes.filter(({ path }) => path.endsWith("/acts"));
  const cases = actNames.flatMap((act) => roles.map((role) => [act, role] as const));

  test.each(cases)("%s, by a %s", async (act, role) => {
    if (route === undefined) throw new Error("no acts");
    const actId = "00000000-0000-4000-8000-000000000002";
    const body = JSON.stringify({ act, actId, ...bodies[act] });
    const before = audit.lines().length;
    const { status, text } = await call(route, await cookieOf(role, "default"), own, body);
    const may = mayDo(role, "customers") && mayDo(role, actNeeds[act]);
    if (may) expect([201, 409], text).toContain(status);
    else {
      expect(status, text).toBe(403);
      expect(audit.lines().slice(before)).toMatchObject([{ outcome: "refused", role }]);
    }
  });
});
