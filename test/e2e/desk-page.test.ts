import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noChromium, openChromium } from "../support/chromium.ts";
import { openStoryDesk } from "../support/desk-server.ts";
import { storyEndsAt } from "../support/desk-story.ts";
import { hostileTexts } from "../support/hostile-text.ts";

/** What the functions below that run inside the page see there. */
type PageElement = {
  readonly id: string;
  readonly tagName: string;
  readonly className: unknown;
  readonly style: { color: string };
  textContent: string | null;
  readonly closest: (selector: string) => PageElement | null;
  readonly append: (...children: readonly PageElement[]) => void;
  readonly getAttribute: (name: string) => string | null;
  readonly getBoundingClientRect: () => Readonly<Record<"top" | "right" | "bottom", number>>;
};
declare const document: {
  readonly activeElement: PageElement | null;
  readonly body: PageElement;
  readonly documentElement: { readonly scrollWidth: number; readonly clientWidth: number };
  readonly createElement: (tag: string) => PageElement;
  readonly querySelector: (selector: string) => PageElement | null;
  readonly querySelectorAll: (selector: string) => Iterable<PageElement> & { length: number };
};
declare const innerWidth: number;
declare function getComputedStyle(element: PageElement): { readonly outlineStyle: string };

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const lived = "customer:demo-0001";
const hashOf = (reference: string): string => `#/customer/${encodeURIComponent(reference)}`;

if (noChromium !== null) process.stdout.write(`the desk in a browser is skipped: ${noChromium}\n`);

describe.skipIf(noChromium !== null)("the desk in a real browser", () => {
  let desk: Awaited<ReturnType<typeof openStoryDesk>>;
  let browser: Browser;
  beforeAll(async () => {
    [desk, browser] = await Promise.all([openStoryDesk(), openChromium()]);
  });
  afterAll(async () => {
    await browser.close();
    await desk.close();
  });

  /** A page of its own; what it complained of is in `complaints`. */
  async function withPage(
    hash: string,
    options: BrowserContextOptions,
    act: (page: Page, complaints: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 860 },
      ...options,
    });
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (said) => said.type() === "error" && complaints.push(said.text()));
      await page.goto(desk.url + hash);
      await page.waitForSelector("body.is-ready");
      if (hash !== "") await page.waitForSelector("#customer-name");
      await act(page, complaints);
    } finally {
      await context.close();
    }
  }

  const focused = (page: Page): Promise<string> =>
    page.evaluate(() => document.activeElement?.textContent ?? "");
  const openName = (page: Page): Promise<string | null> =>
    page.textContent("#customer-name", { timeout: 2_000 });

  test("a customer is found, opened, read and left again without a mouse", async () => {
    await withPage("", {}, async (page, complaints) => {
      await page.keyboard.press("j");
      await page.waitForSelector("#customer-name");
      const first = await openName(page);
      expect(await focused(page)).toContain(first?.replace("customer:", ""));
      await page.keyboard.press("ArrowDown");
      await page.waitForFunction(
        (was) => document.querySelector("#customer-name")?.textContent !== was,
        first,
      );
      const second = await openName(page);
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.activeElement?.id === "customer-name");
      await page.keyboard.press("Escape");
      expect(await focused(page)).toContain(second?.replace("customer:", ""));
      await page.keyboard.press("/");
      await page.keyboard.type("HD-0001-1");
      await page.waitForFunction(() =>
        document.querySelector("#count")?.textContent?.includes("1 customer found"),
      );
      await page.keyboard.press("ArrowDown");
      await page.waitForFunction(() =>
        document.querySelector("#customer-name")?.textContent?.includes("demo-0001"),
      );
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.activeElement?.id === "customer-name");
      await page.keyboard.press("?");
      await page.waitForSelector("dialog[open]");
      await page.keyboard.press("Escape");
      await page.waitForSelector("dialog:not([open])", { state: "attached" });
      expect(complaints).toEqual([]);
    });
  });

  test("tabbing goes everywhere, shows where it is, and is caught nowhere", async () => {
    await withPage(hashOf(lived), {}, async (page) => {
      const visited = new Set<string>();
      for (let step = 0; step < 120; step += 1) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => {
          const one = document.activeElement;
          if (one === null || one === document.body) return null;
          const { outlineStyle } = getComputedStyle(one);
          return { name: `${one.tagName} ${one.textContent?.slice(0, 40)}`, outlineStyle };
        });
        if (at === null) continue;
        expect(at.outlineStyle, at.name).not.toBe("none");
        visited.add(at.name);
      }
      const all = [...visited].join("\n");
      for (const name of ["SUMMARY", "INPUT", "SELECT", "Critical", "delivery", "Keys"]) {
        expect(all).toContain(name);
      }
      // One stop for the whole list: its rows are gone through with arrows.
      expect([...visited].filter((name) => name.startsWith("A Critical")).length).toBe(0);
    });
  });

  test("whoever switches letters off types no commands", async () => {
    await withPage("", {}, async (page) => {
      await page.keyboard.press("?");
      await page.getByLabel(/Letters and signs/).uncheck();
      await page.keyboard.press("Escape");
      await page.keyboard.press("j");
      await page.waitForTimeout(200);
      expect(await page.locator("#customer-name").count()).toBe(0);
    });
  });

  const openAll = (page: Page): Promise<void> =>
    page.locator("details").evaluateAll((all) => {
      for (const one of all) one.setAttribute("open", "");
    });

  type Finding = { readonly id: string; readonly impact: string; readonly where: string };

  async function findings(page: Page): Promise<readonly Finding[]> {
    await page.evaluate(axe);
    return page.evaluate(
      `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
        violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => ({ id, impact, where: node.target.join(" ") }))))`,
    );
  }
  const isSerious = ({ impact }: Finding): boolean => ["serious", "critical"].includes(impact);

  const looks: readonly [string, string, BrowserContextOptions][] = [
    ["the list in the light", "", { colorScheme: "light" }],
    ["the list in the dark", "", { colorScheme: "dark" }],
    ["a customer in the light", hashOf(lived), { colorScheme: "light" }],
    ["a customer in the dark", hashOf(lived), { colorScheme: "dark" }],
    ["the list on a phone", "", { viewport: { width: 390, height: 844 } }],
    [
      "a customer on a phone in the dark",
      hashOf(lived),
      { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
    ],
  ];
  test.each(looks)("%s shuts nobody out, as far as axe can tell", async (_, hash, options) => {
    await withPage(hash, options, async (page) => {
      await openAll(page);
      expect((await findings(page)).filter(isSerious)).toEqual([]);
    });
  });

  test("axe would have found a picture without words and a colour too pale", async () => {
    await withPage("", {}, async (page) => {
      await page.evaluate(() => {
        const place = document.querySelector("#count");
        const pale = document.createElement("p");
        pale.textContent = "hardly to be read";
        pale.style.color = "#ddd";
        place?.append(document.createElement("img"), pale);
      });
      const ids = (await findings(page)).filter(isSerious).map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining(["image-alt", "color-contrast"]));
    });
  });

  test.each([320, 390, 768])(
    "at %i pixels nothing is cut off and nothing scrolls sideways",
    async (width) => {
      for (const hash of ["", hashOf(lived)]) {
        await withPage(hash, { viewport: { width, height: 800 } }, async (page) => {
          const over = await page.evaluate(() => ({
            page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            cut: [...document.querySelectorAll("main *")]
              .filter((one) => one.closest(".scroll-x, .command, .sr, .spark") === null)
              .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
              .map((one) => `${one.tagName}.${one.className}`),
          }));
          expect(over).toEqual({ page: 0, cut: [] });
        });
      }
    },
  );

  test("the list of who answers for what, and how it goes with whom, is for leads and says so in words", async () => {
    await withPage("", {}, async (page) => {
      await page.waitForSelector(".segments");
      const rows = await page.locator(".segments tbody tr").allTextContents();
      expect(rows.length).toBeGreaterThan(1);
      expect(rows.join("\n")).toMatch(/four weeks before|too few to say|about as before/);
      expect(await page.textContent(".segments")).not.toMatch(/NaN|undefined|null/);
    });
  });

  test("no sentence shows a machine's time, no bulletin touches nobody, no chain leaves strays", async () => {
    const machine = /\d{4}-\d\d-\d\dT\d\d:\d\d/;
    await withPage("", {}, async (page) => {
      const text = await page.textContent("#customer");
      expect(text).toContain("silent since");
      expect(text).not.toMatch(machine);
      const bulletins = await page.locator(".bulletins li").allTextContents();
      expect(bulletins.length).toBeGreaterThan(2);
      expect(bulletins.join("\n")).not.toMatch(/\b0 customers/);
    });
    await withPage(hashOf(lived), {}, async (page) => {
      const text = await page.textContent("body");
      expect(text).not.toMatch(machine);
      expect(text).not.toMatch(/\bNaN\b|\bundefined\b/);
      expect(text).toContain("points, an alert from 600");
      const tops = await page
        .locator(".chain-link")
        .evaluateAll((links) => [...new Set(links.map((one) => one.getBoundingClientRect().top))]);
      expect(tops.length).toBe(1);
    });
  });

  test("news comes in by itself and moves nothing the reader looks at", async () => {
    await withPage(hashOf(lived), {}, async (page, complaints) => {
      await page.waitForSelector(".connection-live");
      const list = page.locator("#queue");
      await list.evaluate((one) => one.scrollTo(0, 900));
      const topRow = () =>
        page.evaluate(() => {
          const top = document.querySelector("#queue")?.getBoundingClientRect().top ?? 0;
          const row = [...document.querySelectorAll("#rows a")].find(
            (one) => one.getBoundingClientRect().bottom > top,
          );
          return [row?.getAttribute("href"), Math.round(row?.getBoundingClientRect().top ?? 0)];
        });
      const summary = page.locator(".entry summary").nth(3);
      await summary.click();
      await summary.focus();
      const [held, entries, text] = [
        await topRow(),
        await page.locator(".entry").count(),
        await focused(page),
      ];
      const version = await page.textContent("#count");
      desk.send({
        specversion: "1.0",
        id: "news-1",
        source: "urn:test:contact",
        type: "org.troth.contact.completed.v1",
        time: new Date(storyEndsAt - 60_000).toISOString(),
        recordedtime: new Date(storyEndsAt).toISOString(),
        subject: lived,
        data: { contactId: "NEWS-1", queueWaitSeconds: 3_000, resolution: "unresolved" },
      });
      // A customer nobody had heard of, worse than all: the list grows above the reader.
      for (const place of [1, 2, 3]) {
        desk.send({
          specversion: "1.0",
          id: `bill-${place}`,
          source: "urn:test:billing",
          type: "org.troth.billing.issued.v1",
          time: new Date(storyEndsAt).toISOString(),
          recordedtime: new Date(storyEndsAt).toISOString(),
          subject: "customer:newly-wronged",
          data: {
            billNo: `B-${place}`,
            amountDue: { amount: "900.00", currency: "EUR" },
            expectedAmount: { amount: "9.00", currency: "EUR" },
          },
        });
      }
      await page.waitForFunction(
        (before) => document.querySelectorAll(".entry").length > before,
        entries,
      );
      await page.waitForFunction(
        (before) => document.querySelector("#count")?.textContent !== before,
        version,
      );
      expect(await topRow()).toEqual(held);
      expect(await focused(page)).toBe(text);
      expect(await page.locator(".entry details[open]").count()).toBe(1);
      expect(complaints).toEqual([]);
    });
  });

  test("an alert is taken on, something promised and put right, by keys, and shows at once", async () => {
    await withPage(hashOf("customer:demo-0066"), {}, async (page, complaints) => {
      await page.waitForSelector(".connection-live");
      await page.keyboard.press("t");
      await page.waitForSelector("text=taken on by you");
      await page.waitForSelector("text=Alert taken on");
      await page.keyboard.press("p");
      await page.waitForSelector("form.act select:focus");
      expect((await findings(page)).filter(isSerious)).toEqual([]);
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".card-promises >> text=a representative");
      await page.keyboard.press("r");
      await page.waitForSelector("form.act");
      await page.selectOption("form.act select[name=kind]", "credit");
      await page.fill("form.act input[name=amount]", "25.00");
      // News from elsewhere leaves a form that is being filled in alone.
      desk.send({
        specversion: "1.0",
        id: "news-2",
        source: "urn:test:contact",
        type: "org.troth.contact.completed.v1",
        time: new Date(storyEndsAt).toISOString(),
        recordedtime: new Date(storyEndsAt).toISOString(),
        subject: "customer:demo-0066",
        data: { contactId: "NEWS-2", resolution: "resolved" },
      });
      await page.waitForSelector(".entry >> text=NEWS-2");
      expect(await page.inputValue("form.act input[name=amount]")).toBe("25.00");
      await page.press("form.act input[name=amount]", "Enter");
      await page.waitForSelector(".card-mendings >> text=credit, 25.00 EUR");
      await page.getByRole("button", { name: /^it is done ?: Recovery promise$/ }).click();
      await page.waitForSelector(".card-promises >> text=Kept >> visible=false", {
        state: "attached",
      });
      expect(complaints).toEqual([]);
    });
  });

  test("two hundred hostile texts are shown to the letter and run nothing", async () => {
    expect(new Set(hostileTexts).size).toBe(200);
    const at = new Date(storyEndsAt).toISOString();
    const customers = [1, 2, 3, 4].map((place) => `customer:hostile-${place}`);
    for (const [place, text] of hostileTexts.entries()) {
      const subject = customers[place % customers.length];
      const common = { specversion: "1.0", source: "urn:test:hostile", subject, time: at };
      desk.send({
        ...common,
        recordedtime: at,
        id: `hostile ${place} ${text}`.slice(0, 250),
        type: "org.troth.contact.completed.v1",
        data: { contactId: text, reason: text, queueId: text, channel: text.slice(0, 64) },
      });
      desk.send({
        ...common,
        recordedtime: at,
        id: `profile ${place}`,
        type: "org.troth.profile.updated.v1",
        data: { segment: text.slice(0, 64), region: text.slice(0, 64) },
      });
    }
    const ran: string[] = [];
    const shown = new Set<string>();
    for (const [place, customer] of customers.entries()) {
      await withPage(hashOf(customer), {}, async (page, complaints) => {
        page.on("dialog", (dialog) => {
          ran.push(dialog.message());
          void dialog.dismiss();
        });
        await page.exposeFunction("ran", () => ran.push(customer));
        await page.reload();
        await page.waitForSelector("#customer-name");
        const more = page.getByRole("button", { name: /^Show .* older$/ });
        if ((await more.count()) > 0) await more.click();
        await openAll(page);
        const text = (await page.textContent("#customer")) ?? "";
        for (const one of hostileTexts) if (text.includes(one)) shown.add(one);
        await page.fill("#filter-q", hostileTexts[place] ?? "");
        await page.waitForTimeout(300);
        // Every element of the page is one the page makes itself.
        const strange = await page
          .locator(
            "script:not([src]), iframe, object, base, img, video, math, template, form:not(.filters, [method=dialog], .act)",
          )
          .count();
        expect(strange).toBe(0);
        expect(complaints).toEqual([]);
      });
    }
    expect(ran).toEqual([]);
    expect(shown.size).toBe(200);
  });
});
