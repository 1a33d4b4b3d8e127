import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildDesk } from "../../services/desk/src/http/desk.ts";
import { routes } from "../../services/desk/src/http/routes.ts";
import { openMemoryAudit } from "../support/desk-access.ts";
import { type Answer, ask, openStoryDesk } from "../support/desk-server.ts";
import { deskStory } from "../support/desk-story.ts";
import { openIssuer } from "../support/issuer.ts";

let desk: Awaited<ReturnType<typeof openStoryDesk>>;
const audit = openMemoryAudit();
beforeAll(async () => {
  desk = await openStoryDesk({ audit }, 60);
});
afterAll(() => desk.close());

const at = (path: string): string => new URL(path, desk.url).href;
const own = encodeURIComponent("customer:demo-0001");
const json = { "content-type": "application/json" };

/** What a server answers to bytes that no ordinary client would send. */
const raw = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(desk.url);
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(text));
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk;
    });
    socket.on("close", () => resolve(heard));
    socket.on("error", reject);
    socket.setTimeout(5_000, () => socket.end());
  });

describe("a request is what it says it is", () => {
  test("one whose length is told in two ways is refused, and nothing hides behind it", async () => {
    const hidden = "GET /api/me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    const head =
      "POST /api/sign-out HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-type: application/json\r\n";
    for (const two of [
      `Content-Length: ${hidden.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `Content-Length: 2\r\nContent-Length: ${hidden.length}\r\n\r\n{}`,
      "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ]) {
      const answer = await raw(`${head}${two}${hidden}`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer.split("HTTP/1.1 ").length).toBe(2);
    }
  });

  test("what a proxy is said to have seen is not believed: neither sender, nor host, nor encryption", async () => {
    const spoofed = (turn: number) => ({
      "x-forwarded-for": `203.0.113.${turn % 250}`,
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      forwarded: `for=203.0.113.${turn % 250};host=evil.example`,
      "x-real-ip": `203.0.113.${turn % 250}`,
    });
    const other = await openStoryDesk({}, 1);
    try {
      const url = new URL("/api/me", other.url).href;
      const statuses = new Set<number>();
      for (let turn = 0; turn < 40 && !statuses.has(429); turn += 1) {
        const some = await Promise.all(
          Array.from({ length: 20 }, (_, n) => ask(url, { headers: spoofed(turn * 20 + n) })),
        );
        for (const { status } of some) statuses.add(status);
      }
      expect(statuses).toEqual(new Set([200, 429]));
    } finally {
      await other.close();
    }
    const { headers } = await ask(at("/"), { headers: spoofed(1) });
    expect(headers["strict-transport-security"]).toBeUndefined();
  });

  test("a parameter given twice is refused, and so is a field nobody asked for", async () => {
    for (const query of ["level=high&level=low", "sort=age&sort=score", "q=a&q=b", "admin=true"]) {
      expect((await ask(at(`/api/customers?${query}`))).status, query).toBe(400);
    }
    const act = {
      act: "promise",
      actId: "00000000-0000-4000-8000-000000000001",
      kind: "call-back",
    };
    for (const more of [{ by: "staff-0" }, { role: "admin" }, { tenantid: "north" }]) {
      const body = JSON.stringify({ ...act, dueUntil: "2026-09-02T12:00:00Z", ...more });
      const options = { method: "POST", headers: json, body };
      const answer = await ask(at(`/api/customers/${own}/acts`), options);
      expect(answer.status).toBe(400);
    }
    expect(audit.lines().length).toBe(0);
  });
});

describe("an answer tells what it is, and no more than was asked", () => {
  const gets = routes.filter(({ method, path }) => method === "GET" && path !== "/api/live");
  const pathOf = (path: string): string =>
    path.replace(":ref", own).replace(":name", "main.js").replace(/:\w+/g, "none");

  test("every answer with a body has a type, and text says in which letters", async () => {
    for (const { path } of gets) {
      const { headers, text } = await ask(at(pathOf(path)));
      if (text === "") continue;
      expect(String(headers["content-type"]), path).toMatch(
        /^(?:application|text)\/[\w.+-]+; charset=utf-8$|^image\/svg\+xml$/,
      );
    }
  });

  test("reading changes nothing, whatever is read", async () => {
    const { changes } = desk.views.of("default");
    const done = () => audit.lines().filter(({ outcome }) => outcome !== "refused").length;
    const before = { version: changes.version, done: done() };
    for (const { path } of gets) await ask(at(pathOf(path)));
    expect({ version: changes.version, done: done() }).toEqual(before);
  });

  test("no other origin is told that it may read, and no answer is kept by a cache", async () => {
    for (const path of ["/api/me", "/api/overview", `/api/customers/${own}`, "/api/openapi.json"]) {
      const { headers } = await ask(at(path), { headers: { origin: "https://evil.example" } });
      const cors = Object.keys(headers).filter((name) => name.startsWith("access-control-"));
      expect(cors).toEqual([]);
      expect(headers["cache-control"]).toBe("no-store");
    }
  });

  test("only files of the page are sent, and no listing, no method and no version besides", async () => {
    const files = [
      "/.git/config",
      "/.env",
      "/assets/",
      "/assets",
      "/assets/../package.json",
      "/assets/..%2f..%2fpackage.json",
      "/assets/..%5cpackage.json",
      "/assets/main.ts",
      "/assets/%00main.js",
      "/package.json",
      "/metrics",
      "/healthz",
    ];
    for (const path of files) {
      const answer: Answer = await ask(at(path));
      expect([400, 404], path).toContain(answer.status);
      expect(answer.text).not.toMatch(/dependencies|\[core\]/);
    }
    for (const method of ["TRACE", "OPTIONS", "PUT", "DELETE", "PATCH", "CONNECT"]) {
      if (method === "CONNECT") continue;
      const answer = await ask(at("/api/overview"), { method });
      expect([400, 404, 405], method).toContain(answer.status);
      expect(JSON.stringify(answer.headers)).not.toMatch(/fastify|node|express/i);
      expect(answer.headers["x-powered-by"] ?? answer.headers["server"]).toBeUndefined();
    }
  });
});

test("whoever signs out has their browser forget what it holds", async () => {
  const signed = await ask(at("/api/sign-in"), {
    method: "POST",
    headers: json,
    body: '{"role":"lead"}',
  });
  const cookie = String(signed.headers["set-cookie"]).split(";")[0] ?? "";
  const out = await ask(at("/api/sign-out"), {
    method: "POST",
    headers: { ...json, cookie, origin: new URL(desk.url).origin },
    body: "{}",
  });
  expect(out.status).toBe(204);
  expect(out.headers["clear-site-data"]).toBe('"cache", "storage"');
  expect(String(out.headers["set-cookie"])).toMatch(/Max-Age=0/);
});

test("over https every answer asks for https from then on, and every cookie is this host's alone", async () => {
  const issuer = await openIssuer("desk");
  const { options } = deskStory(1);
  const signIn = {
    ...{ issuer: issuer.url, clientId: "desk", algorithm: "ES256" as const, allowHttp: true },
    publicUrl: "https://desk.example/",
  };
  const { app, close } = await buildDesk({
    ...options,
    signIn,
    listen: { host: "127.0.0.1", port: 0 },
  });
  try {
    for (const url of ["/", "/api/me", "/nowhere", "/api/openapi.json", "/sign-in"]) {
      const { headers } = await app.inject({ url, headers: { host: "desk.example" } });
      const hsts = String(headers["strict-transport-security"]);
      expect(Number(/max-age=(\d+)/.exec(hsts)?.[1])).toBeGreaterThanOrEqual(31_536_000);
      expect(hsts).toContain("includeSubDomains");
    }
    const begun = await app.inject({ url: "/sign-in", headers: { host: "desk.example" } });
    expect(String(begun.headers["set-cookie"])).toMatch(
      /^__Host-[\w-]+=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+; Secure$/,
    );
  } finally {
    await close();
    await issuer.close();
  }
});
