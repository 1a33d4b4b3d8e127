import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as schemas from "../../services/desk/src/api/schemas.ts";
import { ask, openStoryDesk } from "../support/desk-server.ts";

let desk: Awaited<ReturnType<typeof openStoryDesk>>;
beforeAll(async () => {
  desk = await openStoryDesk();
});
afterAll(() => desk.close());

const at = (path: string): string => new URL(path, desk.url).href;

/** Reads an answer by its schema; a field the schema does not know is a difference too. */
async function read<Shape>(
  path: string,
  shape: { readonly parse: (body: unknown) => Shape },
): Promise<Shape> {
  const { status, text } = await ask(at(path));
  expect(status, text).toBe(200);
  const body: unknown = JSON.parse(text);
  const parsed = shape.parse(body);
  expect(parsed).toEqual(body);
  return parsed;
}

const levelHeight = ["none", "low", "medium", "high", "critical"];

describe("every answer has the shape the interface promises", () => {
  test("the queue gives each customer at risk once, the worst first, over all its pages", async () => {
    const seen: { customer: string; level: string; score: number }[] = [];
    let next: string | null = "";
    let total = 0;
    while (next !== null) {
      const cursor: string = next === "" ? "" : `&cursor=${next}`;
      const page: schemas.Queue = await read(`/api/customers?limit=20${cursor}`, schemas.queue);
      seen.push(...page.items);
      [next, total] = [page.next, page.total];
    }
    expect(seen.length).toBe(total);
    expect(total).toBeGreaterThan(40);
    expect(new Set(seen.map(({ customer }) => customer)).size).toBe(total);
    const heights = seen.map(({ level, score }) => levelHeight.indexOf(level) * 1e9 + score);
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
  });

  test("a customer's page adds up: parts to score, and every evidence id to an event on it", async () => {
    const page = await read("/api/customers/customer%3Ademo-0001", schemas.customerPage);
    expect(page.breakdown?.isLive).toBe(true);
    const sum = page.breakdown?.parts.reduce((total, { points }) => total + points, 0);
    expect(sum).toBe(page.summary.score);
    expect(page.chain.reduce((total, { points }) => total + points, 0)).toBe(page.summary.score);
    const events = new Set(page.timeline.flatMap((one) => (one.kind === "fact" ? [one.id] : [])));
    const named = page.breakdown?.parts.flatMap(({ evidence }) => evidence) ?? [];
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((id) => !events.has(id))).toEqual([]);
    expect(page.chain.map(({ link }) => link)).toEqual(desk.policy.links.map(({ id }) => id));
  });

  test("whoever is asked for by an order is the customer of that order", async () => {
    const page = await read("/api/customers/order%3AHD-0001-1", schemas.customerPage);
    expect(page.summary.customer).toBe("customer:demo-0001");
    const found = await read("/api/customers?q=HD-0001-1", schemas.queue);
    expect(found.items.map(({ customer }) => customer)).toEqual(["customer:demo-0001"]);
  });

  test("the overview counts whom the queue lists, and tells nothing that touched nobody", async () => {
    const overview = await read("/api/overview", schemas.overview);
    const { total } = await read("/api/customers", schemas.queue);
    expect(overview.atRisk).toBe(total);
    expect(overview.bulletins.length).toBeGreaterThan(2);
    expect(overview.bulletins.filter(({ touched }) => touched === 0)).toEqual([]);
  });

  test("the flag for other systems carries its reasons beside the number", async () => {
    const flag = await read("/api/customers/customer%3Ademo-0001/flag", schemas.riskAssessment);
    const { overallScore, score } = flag.riskAssessmentResult;
    expect(score.reduce((sum, one) => sum + one.score, 0)).toBe(overallScore);
    const reasons = flag.characteristic.find(({ name }) => name === "reasons")?.value;
    expect(reasons?.length).toBeGreaterThan(3);
  });

  test("the document of the interface names every path and leaves no reference open", async () => {
    const text = (await ask(at("/api/openapi.json"))).text;
    const document = JSON.parse(text);
    expect(document.openapi).toBe("3.1.0");
    const referred = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, one]) => one);
    expect(referred.length).toBeGreaterThan(5);
    expect(referred.filter((one) => !(String(one) in document.components.schemas))).toEqual([]);
  });
});

describe("what cannot be answered is refused in words", () => {
  test.each([
    ["/api/customers/customer%3Anobody", 404, "unknown-customer"],
    ["/api/customers/customer%3Anobody/flag", 404, "unknown-customer"],
    ["/api/customers?level=worst", 400, "bad-request"],
    ["/api/customers?limit=0", 400, "bad-request"],
    ["/api/customers?limit=1e9", 400, "bad-request"],
    ["/api/customers?cursor=ours", 400, "bad-request"],
    [`/api/customers?q=${"x".repeat(300)}`, 400, "bad-request"],
    ["/api/customers/%E0%A4%A", 400, "bad-request"],
    [`/api/customers/${"a".repeat(700)}`, 400, "bad-request"],
    ["/api/nothing", 404, "not-found"],
    ["/assets/..%2f..%2fpackage.json", 404, "not-found"],
    ["/assets/__proto__", 404, "not-found"],
  ])("%s is answered %i %s", async (path, status, kind) => {
    const answer = await ask(at(path));
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    const problem = schemas.problemShape.strict().parse(JSON.parse(answer.text));
    expect(problem).toMatchObject({ status, type: `urn:troth:problem:${kind}` });
    expect(problem.detail.length).toBeGreaterThan(5);
  });

  test("a failure of ours is a plain 500 that tells nothing of how it came about", async () => {
    const failures: unknown[] = [];
    const broken = await openStoryDesk(
      {
        flagNow: () => {
          throw new Error("secret of the house");
        },
        tell: { answered: () => undefined, failed: (error) => failures.push(error) },
      },
      3,
    );
    try {
      const answer = await ask(new URL("/api/customers/customer%3Ademo-0001", broken.url).href);
      expect(answer.status).toBe(500);
      expect(answer.text).not.toContain("secret");
      expect(failures.map(String)).toEqual(["Error: secret of the house"]);
      expectHeaders(answer.headers);
    } finally {
      await broken.close();
    }
  });
});

const policyOf = (value: unknown): ReadonlyMap<string, string> =>
  new Map(
    String(value)
      .split("; ")
      .map((one) => [one.split(" ")[0] ?? "", one.split(" ").slice(1).join(" ")]),
  );

function expectHeaders(headers: Readonly<Record<string, unknown>>): void {
  const csp = policyOf(headers["content-security-policy"]);
  expect(csp.get("default-src")).toBe("'none'");
  expect(csp.get("script-src")).toBe("'self'");
  expect(csp.get("style-src")).toBe("'self'");
  expect(csp.get("base-uri")).toBe("'none'");
  expect(csp.get("frame-ancestors")).toBe("'none'");
  expect(csp.get("require-trusted-types-for")).toBe("'script'");
  expect([...csp.values()].join(" ")).not.toMatch(/unsafe|\*|http:/);
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["referrer-policy"]).toBe("no-referrer");
  expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
  expect(headers["x-frame-options"]).toBe("DENY");
}

const askPacked = (
  url: string,
): Promise<{ readonly headers: IncomingHttpHeaders; readonly bytes: Buffer }> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { headers: { "accept-encoding": "gzip, br" } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });

describe("every answer is closed to other people's scripts and frames", () => {
  const paths = [
    "/",
    "/assets/main.js",
    "/assets/base.css",
    "/assets/nothing.js",
    "/api/openapi.json",
    "/api/overview",
    "/api/customers",
    "/api/customers?level=worst",
    "/api/customers/customer%3Ademo-0001",
    "/api/customers/customer%3Ademo-0001/flag",
    "/api/customers/%E0%A4%A",
    "/nowhere",
  ];

  test("whatever the path and the method, the headers are there", async () => {
    for (const path of paths) {
      for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"]) {
        const answer = await ask(at(path), { method });
        expect(answer.status, `${method} ${path}`).not.toBe(500);
        expectHeaders(answer.headers);
      }
    }
  });

  test("bytes that are no HTTP are answered with the same headers and closed", async () => {
    const { port } = new URL(desk.url);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.write("what?\r\n\r\n"));
      let heard = "";
      socket.on("data", (chunk) => {
        heard += chunk;
      });
      socket.on("end", () => resolve(heard));
      socket.on("error", reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain("content-security-policy: default-src 'none'");
  });

  test("the stream of changes carries them too", async () => {
    const answer = await fetch(at("/api/live"));
    expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expectHeaders(Object.fromEntries(answer.headers));
    await answer.body?.cancel();
  });

  test("the page asks at once for every script it will need, and for the first list", async () => {
    const { text } = await ask(at("/"));
    const asked = [...text.matchAll(/rel="modulepreload" href="\/assets\/([\w.]+)"/g)];
    const needed = new Set<string>();
    const visit = async (name: string): Promise<void> => {
      const script = (await ask(at(`/assets/${name}`))).text;
      for (const [, next = ""] of script.matchAll(/from "\.\/([\w.-]+)"/g)) {
        if (needed.has(next)) continue;
        needed.add(next);
        await visit(next);
      }
    };
    await visit("main.js");
    expect(new Set(asked.map(([, name = ""]) => name))).toEqual(needed);
    expect(text).toContain('href="/api/customers?limit=50"');
  });

  test("files are sent packed to who reads that, and are the same", async () => {
    const path = at("/assets/main.js");
    const plain = await ask(path);
    const { headers, bytes } = await askPacked(path);
    expect(headers["content-encoding"]).toBe("gzip");
    expect(bytes.length).toBeLessThan(plain.text.length / 2);
    expect(gunzipSync(bytes).toString("utf8")).toBe(plain.text);
    expect(plain.headers["content-encoding"]).toBeUndefined();
    const list = await ask(at("/api/customers"), { headers: { "accept-encoding": "gzip" } });
    expect(list.headers["content-encoding"]).toBeUndefined();
  });

  test("the page holds no script, style or listener of its own", async () => {
    const { text } = await ask(at("/"));
    expect(text).toContain("<!doctype html>");
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/);
  });
});

describe("a foreign page cannot pass for the desk", () => {
  const { status: wrong } = { status: 421 };

  test.each([
    ["evil.example", wrong],
    ["127.0.0.1.evil.example", wrong],
    ["localhost.evil.example:80", wrong],
    ["0.0.0.0", wrong],
    ["localhost", 200],
    ["LOCALHOST:9", 200],
    ["[::1]:8780", 200],
    ["127.0.0.1", 200],
  ])("asked for as %j it answers %i", async (host, status) => {
    const answer = await ask(at("/api/overview"), { headers: { host } });
    expect(answer.status).toBe(status);
    expectHeaders(answer.headers);
    if (status === wrong) expect(answer.text).not.toContain("customers");
  });
});
