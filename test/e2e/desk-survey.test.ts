import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { openSimulatedClock } from "@troth/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import * as schemas from "../../services/desk/src/api/schemas.ts";
import { isZone, localDay, openRounds } from "../../services/desk/src/asking/rounds.ts";
import { invitationsOf, usualSampling } from "../../services/desk/src/asking/sampling.ts";
import { noChromium, openChromium } from "../support/chromium.ts";
import { ask, openStoryDesk } from "../support/desk-server.ts";
import { storyEndsAt } from "../support/desk-story.ts";

const sampling = { alerted: 0.5, others: 0.1, recovered: 0.5, quietDays: 2, openDays: 30 };
const roundShape = z.object({
  asked: z.array(
    z.strictObject({ customer: z.string(), invitationId: z.string(), link: z.string() }),
  ),
});

let desk: Awaited<ReturnType<typeof openStoryDesk>>;
beforeAll(async () => {
  desk = await openStoryDesk({ sampling, linkSecret: Buffer.alloc(32, 9) });
});
afterAll(() => desk.close());

const post = (path: string, body: object) =>
  ask(new URL(path, desk.url).href, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const read = async (customer: string): Promise<schemas.CustomerPage> =>
  schemas.customerPage.parse(
    JSON.parse(
      (await ask(new URL(`/api/customers/${encodeURIComponent(customer)}`, desk.url).href)).text,
    ),
  );
const tokenOf = (link: string): string => new URL(link).pathname.split("/").at(-1) ?? "";

describe("whom we ask", () => {
  test("is drawn by the probability of their kind, and the weights stand for everybody", () => {
    const view = desk.views.of("default");
    const everybody = view.ranked("risk", "all").length;
    const alerted = view.ranked("risk", "all").filter((one) => one.openAlert !== null).length;
    let [weights, alertedAsked, othersAsked] = [0, 0, 0];
    const rounds = 60;
    for (let round = 0; round < rounds; round += 1) {
      const own = { ...sampling, quietDays: 0 };
      const secret = Buffer.alloc(32, 3);
      for (const { event } of invitationsOf(
        view,
        "default",
        `r${round}`,
        secret,
        own,
        storyEndsAt,
      )) {
        const { askProbability, reasonForAsking } = z
          .object({ askProbability: z.number(), reasonForAsking: z.string() })
          .parse(event["data"]);
        weights += 1 / askProbability;
        if (reasonForAsking === "alert") alertedAsked += 1;
        else othersAsked += 1;
      }
    }
    process.stdout.write(
      `asked ${alertedAsked} of ${alerted * rounds} alerted, ${othersAsked} of ${(everybody - alerted) * rounds} others; weights come to ${Math.round(weights / rounds)} of ${everybody}\n`,
    );
    expect(Math.abs(weights / rounds / everybody - 1)).toBeLessThan(0.06);
    expect(alertedAsked / (alerted * rounds)).toBeCloseTo(0.5, 1);
    expect(othersAsked).toBeGreaterThan(100);
    expect(Object.values(usualSampling).every((one) => one > 0)).toBe(true);
  });

  test("is the same for the same round, and nobody is asked again so soon", async () => {
    const first = roundShape.parse(
      JSON.parse((await post("/api/surveys", { round: "day-1" })).text),
    );
    expect(first.asked.length).toBeGreaterThan(10);
    const again = roundShape.parse(
      JSON.parse((await post("/api/surveys", { round: "day-1" })).text),
    );
    expect(again.asked).toEqual([]);
    const next = roundShape.parse(
      JSON.parse((await post("/api/surveys", { round: "day-2" })).text),
    );
    const names = new Set(first.asked.map(({ customer }) => customer));
    expect(next.asked.filter(({ customer }) => names.has(customer))).toEqual([]);
    const [one] = first.asked;
    const { timeline } = await read(one?.customer ?? "");
    expect(timeline).toContainEqual(
      expect.objectContaining({ kind: "survey", invitationId: one?.invitationId }),
    );
  });
});

describe("at the hour of the settings", () => {
  const day = 86_400_000;
  /** Lets the timer look again, and what it begins come to its end. */
  const look = async (clock: ReturnType<typeof openSimulatedClock>): Promise<void> => {
    clock.advance(30_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const openAt = async (hour: number, zone = "UTC") => {
    const clock = openSimulatedClock(storyEndsAt);
    const log = { now: storyEndsAt, live: false };
    const own = await openStoryDesk(
      {
        ...{ sampling: { ...sampling, quietDays: 0 }, linkSecret: Buffer.alloc(32, 9), clock },
        ...{ askAt: { hour, zone }, logTime: () => log.now, isLive: () => log.live },
      },
      60,
    );
    const asked = (round: string) => own.views.of("default").invitedIn(round).length;
    return { clock, log, own, asked };
  };

  test("people are asked by themselves once a day, by the log's clock, and not about the past", async () => {
    // The story ends at noon on the first of September.
    const { clock, log, own, asked } = await openAt(13);
    try {
      log.now = storyEndsAt + 2 * 3_600_000;
      await look(clock);
      expect(asked("2026-09-01")).toBe(0);
      log.live = true;
      log.now = storyEndsAt + 30 * 60_000;
      await look(clock);
      expect(asked("2026-09-01")).toBe(0);
      log.now = storyEndsAt + 3_600_000;
      await look(clock);
      const first = asked("2026-09-01");
      expect(first).toBeGreaterThan(3);
      for (let hour = 2; hour < 11; hour += 1) {
        log.now = storyEndsAt + hour * 3_600_000;
        await look(clock);
      }
      expect(asked("2026-09-01")).toBe(first);
      log.now = storyEndsAt + day + 3_600_000;
      await look(clock);
      expect(asked("2026-09-02")).toBeGreaterThan(3);
      // Who sends the post asks for the links; each opens the page of whom it names.
      const answer = await ask(new URL("/api/surveys/2026-09-01", own.url).href);
      const { asked: links } = roundShape.parse(JSON.parse(answer.text));
      expect(links.length).toBe(first);
      const opened = await ask(
        new URL(`/api/survey/${tokenOf(links[0]?.link ?? "")}`, own.url).href,
      );
      expect(JSON.parse(opened.text).answered).toBeNull();
    } finally {
      await own.close();
    }
  });

  test("a second desk over the same log asks nobody besides", async () => {
    const { clock, log, own, asked } = await openAt(0);
    try {
      log.live = true;
      await look(clock);
      const first = asked("2026-09-01");
      expect(first).toBeGreaterThan(3);
      const handed: unknown[] = [];
      const other = openSimulatedClock(storyEndsAt);
      const second = openRounds({
        ...{ views: own.views, clock: other, logTime: () => log.now, isLive: () => true },
        ...{ at: { hour: 0, zone: "UTC" }, sampling, secret: Buffer.alloc(32, 1) },
        hand: async (events) => {
          handed.push(...events);
          return "shown";
        },
        asked: async () => undefined,
        failed: (error) => {
          throw error;
        },
      });
      await look(other);
      second.close();
      expect(handed).toEqual([]);
    } finally {
      await own.close();
    }
  });

  test("the hour is that of the zone, summer time and all", () => {
    const at = (iso: string) => localDay(Date.parse(iso), "Europe/Berlin");
    expect(at("2026-03-28T08:00:00Z")).toEqual({ day: "2026-03-28", hour: 9 });
    expect(at("2026-03-29T08:00:00Z")).toEqual({ day: "2026-03-29", hour: 10 });
    expect(at("2026-03-29T22:30:00Z")).toEqual({ day: "2026-03-30", hour: 0 });
    expect(isZone("Europe/Berlin")).toBe(true);
    expect(isZone("Mars/Olympus")).toBe(false);
  });
});

async function invited(round: string): Promise<{ customer: string; link: string }> {
  const { asked } = roundShape.parse(JSON.parse((await post("/api/surveys", { round })).text));
  const [one] = asked;
  if (one === undefined) throw new Error("nobody was asked");
  return one;
}

describe("who was asked", () => {
  test("answers once, by the link alone, and the first answer stands", async () => {
    const { customer, link } = await invited("day-3");
    const path = `/api/survey/${tokenOf(link)}`;
    const before = JSON.parse((await ask(new URL(path, desk.url).href)).text);
    expect(before).toMatchObject({
      question: "Did you enjoy your personal service experience with us?",
      answered: null,
    });
    expect(JSON.stringify(before)).not.toContain("customer");
    for (const outcome of ["not_enjoyed", "enjoyed"]) {
      const answer = await post(`${path}/answer`, { outcome });
      expect(JSON.parse(answer.text).answered).toBe("not_enjoyed");
    }
    const { timeline } = await read(customer);
    const facts = timeline.filter((one) => one.kind === "fact" && one.type === "survey.answered");
    expect(
      facts.filter((one) => one.kind === "fact" && one.source === "urn:troth:desk").length,
    ).toBe(1);
  });

  test("changes how personal it is to be, and it holds from then on", async () => {
    const { customer, link } = await invited("day-4");
    const path = `/api/survey/${tokenOf(link)}/preference`;
    const answer = await post(path, { contact: "digital", pace: "fast", price: "lowest" });
    expect(JSON.parse(answer.text).preference).toMatchObject({ contact: "digital", pace: "fast" });
    expect((await read(customer)).summary.wants).toEqual(
      expect.arrayContaining(["wants it digital", "wants it fast", "wants it cheap"]),
    );
  });

  test("is nobody who made a link up, and learns nothing from trying", async () => {
    const { link } = await invited("day-5");
    const token = tokenOf(link);
    const forged = [token.slice(0, -2), `${token}x`, "x", token.replace(".", "..")];
    for (const one of forged) {
      const path = `/api/survey/${encodeURIComponent(one)}`;
      const answers = [
        await ask(new URL(path, desk.url).href),
        await post(`${path}/answer`, { outcome: "enjoyed" }),
        await post(`${path}/preference`, { pace: "fast" }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    }
    const wrong = [{ outcome: "delighted" }, {}, { outcome: "enjoyed", customer: "customer:x" }];
    for (const body of wrong) {
      expect((await post(`/api/survey/${token}/answer`, body)).status).toBe(400);
    }
  });
});

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test.skipIf(noChromium !== null)(
  "the page is answered with a keyboard, on a phone, in the light and the dark, and shuts nobody out",
  async () => {
    const browser = await openChromium();
    try {
      for (const [place, colorScheme] of (["light", "dark"] as const).entries()) {
        const { link } = await invited(`day-${6 + place}`);
        const context = await browser.newContext({
          viewport: { width: 390, height: 844 },
          colorScheme,
        });
        const page = await context.newPage();
        const complaints: string[] = [];
        page.on("pageerror", (error) => complaints.push(String(error)));
        page.on("console", (said) => said.type() === "error" && complaints.push(said.text()));
        await page.goto(new URL(`/s/${tokenOf(link)}`, desk.url).href);
        await page.waitForSelector("body.is-ready");
        await page.evaluate(axe);
        const serious = await page.evaluate(
          `axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id))`,
        );
        expect(serious).toEqual([]);
        await page.keyboard.press("Tab");
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        await page.waitForSelector("#thanks:focus");
        expect(
          await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth",
          ),
        ).toBe(0);
        expect(complaints).toEqual([]);
        await context.close();
      }
    } finally {
      await browser.close();
    }
  },
);
