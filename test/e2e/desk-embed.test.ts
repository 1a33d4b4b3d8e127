import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import { embedMsMax, embedToken } from "@troth/desk";
import { isoTime } from "@troth/events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as schemas from "../../services/desk/src/api/schemas.ts";
import { noChromium, openChromium } from "../support/chromium.ts";
import { type Answer, ask, openStoryDesk } from "../support/desk-server.ts";
import { storyEndsAt } from "../support/desk-story.ts";
import { hostileTexts } from "../support/hostile-text.ts";

const own = "customer:demo-0001";
const secret = Buffer.alloc(32, 5);
const crm = { name: "sales", secret };

/** A page of another system that frames what its address names behind the `#`. */
async function openOtherSystem(): Promise<{ server: Server; origin: string }> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://other.example");
    const framed = (searchParams.get("frame") ?? "").replaceAll(/["<>&]/g, "");
    response.writeHead(200, { "content-type": "text/html" });
    response.end(
      `<!doctype html><title>CRM</title><h1>CRM</h1><iframe title="flag" src="${framed}" width="500" height="400"></iframe>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, origin: `http://127.0.0.1:${address.port}` };
}

let desk: Awaited<ReturnType<typeof openStoryDesk>>;
let known: Awaited<ReturnType<typeof openOtherSystem>>;
let stranger: Awaited<ReturnType<typeof openOtherSystem>>;
beforeAll(async () => {
  known = await openOtherSystem();
  stranger = await openOtherSystem();
  desk = await openStoryDesk(
    { embedders: [{ ...crm, origins: [known.origin], tenant: "default" }] },
    60,
  );
});
afterAll(async () => {
  await desk.close();
  known.server.close();
  stranger.server.close();
});

/** Waits as it is told to where it asked too fast. */
async function askPatiently(url: string): Promise<Answer> {
  const answer = await ask(url);
  if (answer.status !== 429) return answer;
  await new Promise((done) => setTimeout(done, Number(answer.headers["retry-after"]) * 1_000));
  return askPatiently(url);
}

const inOneMinute = (): number => Date.now() + 60_000;
const urlOf = (token: string, api = false): string =>
  new URL(`${api ? "/api" : ""}/embed/sales/${token}`, desk.url).href;
const flagUrl = (customer: string): string => urlOf(embedToken(crm, customer, inOneMinute()));

describe("a customer's flag on another system's page", () => {
  test("is TMF696's shape for whoever signs the link, as a server of theirs would", async () => {
    // Written out here as the README has it, so that what others must do is what is tested.
    const text = Buffer.from(JSON.stringify([own, Math.floor(inOneMinute() / 1_000)])).toString(
      "base64url",
    );
    const signature = createHmac("sha256", secret)
      .update(`troth-embed.sales.${text}`)
      .digest("base64url");
    const answer = await ask(urlOf(`${text}.${signature}`, true));
    expect(answer.status, answer.text).toBe(200);
    const flag = schemas.riskAssessment.parse(JSON.parse(answer.text));
    expect(flag).toMatchObject({ "@type": "PartyRoleRiskAssessment", id: own });
    expect(flag.riskAssessmentResult.overallScore).toBeGreaterThan(0);
  });

  test("is not shown by a link that is over, lasts too long, is another's or was changed by one character", async () => {
    const token = embedToken(crm, own, inOneMinute());
    const forged = [
      embedToken(crm, own, Date.now() - 1_000),
      embedToken(crm, own, Date.now() + embedMsMax + 2_000),
      embedToken({ name: "sales", secret: Buffer.alloc(32, 6) }, own, inOneMinute()),
      embedToken({ name: "other", secret }, own, inOneMinute()),
      embedToken(crm, "customer:nobody", inOneMinute()),
      `${token}.`,
      token.split(".")[0] ?? "",
      ...[...token].map(
        (one, at) => `${token.slice(0, at)}${one === "A" ? "B" : "A"}${token.slice(at + 1)}`,
      ),
    ];
    for (const one of forged) {
      for (const api of [true, false]) {
        const answer = await askPatiently(urlOf(one, api));
        expect(answer.status, one).toBe(404);
        expect(answer.text).not.toContain("demo-0001");
      }
    }
    expect((await ask(new URL(`/embed/other/${token}`, desk.url).href)).status).toBe(404);
    expect((await ask(urlOf(token))).status).toBe(200);
  });

  test("shows no customer of another house, whatever is signed", async () => {
    const at = isoTime(storyEndsAt);
    desk.send({
      specversion: "1.0",
      id: "north-order",
      source: "urn:test:shop",
      type: "org.troth.order.placed.v1",
      subject: "customer:north-1",
      tenantid: "north",
      time: at,
      recordedtime: at,
      data: { orderNumber: "N-1" },
    });
    expect((await ask(flagUrl("customer:north-1"))).status).toBe(404);
  });
});

describe.skipIf(noChromium !== null)(
  `in a real browser${noChromium ? ` (${noChromium})` : ""}`,
  () => {
    let browser: Awaited<ReturnType<typeof openChromium>>;
    beforeAll(async () => {
      browser = await openChromium();
    });
    afterAll(() => browser.close());

    async function framedBy(origin: string): Promise<{ text: string; refusals: string[] }> {
      const page = await browser.newPage();
      const refusals: string[] = [];
      page.on("console", (one) => refusals.push(one.text()));
      const framed = page.waitForResponse((one) => one.url().includes("/embed/"));
      await page.goto(`${origin}/?frame=${encodeURIComponent(flagUrl(own))}`);
      await framed;
      await page.waitForLoadState("load");
      const [frame] = page.frames().slice(1);
      const text =
        (await frame?.evaluate<string>("document.body.textContent").catch(() => "")) ?? "";
      await page.close();
      return { text, refusals };
    }

    test("it is framed by the system it was made for, and by no other", async () => {
      const shown = await framedBy(known.origin);
      expect(shown.text).toMatch(/(?:Critical|High|Medium|Low)[\s\S]*customer:demo-0001/);
      expect(shown.text).toMatch(/Open in troth/);
      expect(shown.refusals).toEqual([]);
      const refused = await framedBy(stranger.origin);
      expect(refused.text).not.toContain("demo-0001");
      expect(refused.refusals.join()).toMatch(/frame-ancestors/);
    });

    test("the desk itself is framed by nobody, the known system among them", async () => {
      const page = await browser.newPage();
      const refusals: string[] = [];
      page.on("console", (one) => refusals.push(one.text()));
      await page.goto(`${known.origin}/?frame=${encodeURIComponent(desk.url)}`);
      await expect.poll(() => refusals.join()).toMatch(/frame-ancestors/);
      await page.close();
    });

    test("two hundred hostile names are text in it and nothing else", async () => {
      const page = await browser.newPage();
      let ran = 0;
      await page.exposeFunction("ran", () => {
        ran += 1;
      });
      const at = isoTime(storyEndsAt);
      const countOf = () => page.evaluate<number>("document.querySelectorAll('*').length");
      let benign: number | null = null;
      for (const [place, text] of ["plain", ...hostileTexts].entries()) {
        const subject = `customer:${text.replaceAll(/[\s\u202e]/g, "_")}`.slice(0, 240);
        desk.send({
          specversion: "1.0",
          id: `hostile-${place}`,
          source: "urn:test:shop",
          type: "org.troth.order.placed.v1",
          subject,
          time: at,
          recordedtime: at,
          data: { orderNumber: `H-${place}` },
        });
        const { text: html, status } = await askPatiently(flagUrl(subject));
        expect(status, subject).toBe(200);
        await page.setContent(html);
        benign ??= await countOf();
        expect(await countOf(), subject).toBe(benign);
        expect(await page.textContent("h1")).toContain(subject);
      }
      expect(benign).toBeGreaterThan(10);
      expect(ran).toBe(0);
      await page.close();
    });
  },
);
