import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { embedToken, openDesk } from "@troth/desk";
import { isoTime } from "@troth/events";
import { openChromium } from "./chromium.ts";
import { tellThePast } from "./desk-mending.ts";
import { deskStory, storyEndsAt } from "./desk-story.ts";

/*
 * Makes the pictures the documents show, of the seeded day. Run it from the root:
 * node --conditions=@troth/source --import tsx test/support/desk-shots.ts [folder] [names…]
 */
type Shot = {
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
  /** What is to stand in view. */
  readonly at?: string;
  readonly isExperienced?: true;
};

const late = "#/customer/customer%3Ademo-0018";
const lived = "#/customer/customer%3Ademo-0001";
const shots: Readonly<Record<string, Shot>> = {
  desk: { hash: lived, width: 1280, height: 860, scheme: "light" },
  "desk-list": { hash: "", width: 1280, height: 860, scheme: "light" },
  "desk-mending": {
    hash: late,
    width: 1280,
    height: 860,
    scheme: "light",
    at: ".card-proposal",
    isExperienced: true,
  },
  "desk-segments": { hash: "", width: 1280, height: 860, scheme: "light", at: ".segments" },
  "desk-score": { hash: lived, width: 1280, height: 860, scheme: "light", at: ".trend" },
  "desk-dark": { hash: lived, width: 1280, height: 860, scheme: "dark" },
  "desk-phone": { hash: lived, width: 390, height: 844, scheme: "light" },
};

const [folder = fileURLToPath(new URL("../../services/desk/docs/", import.meta.url)), ...only] =
  process.argv.slice(2);
await mkdir(folder, { recursive: true });
const listen = { host: "127.0.0.1", port: 0 };
const crm = { name: "crm", secret: Buffer.alloc(32, 1) };
const embedders = [{ ...crm, origins: ["https://crm.example"], tenant: "default" }];
const desk = await openDesk({ ...deskStory().options, embedders, listen });
const experienced = deskStory(undefined, undefined, true);
tellThePast(experienced.send);
experienced.send({
  ...{ specversion: "1.0", id: "post-1", source: "urn:halden-demo:posts" },
  type: "org.troth.social.mention.v1",
  subject: "customer:demo-0018",
  time: isoTime(storyEndsAt - 3_600_000),
  recordedtime: isoTime(storyEndsAt),
  data: {
    ...{ platform: "a public forum", topic: "the late parcel" },
    sentiment: { score: -0.7, model: "vader-sentiment 1.1.3" },
    emotion: { vocabulary: "everyday-categories", category: "angry", confidence: 0.8 },
  },
});
/** The same day in a house that has put hundreds of late parcels right before. */
const later = await openDesk({ ...experienced.options, listen });
const browser = await openChromium();
try {
  for (const [name, { hash, width, height, scheme, at, isExperienced }] of Object.entries(shots)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      timezoneId: "UTC",
    });
    const page = await context.newPage();
    await page.goto((isExperienced ? later : desk).url + hash);
    await page.waitForSelector("body.is-ready");
    if (hash !== "") await page.waitForSelector("#customer-name");
    else await page.waitForSelector(".segments");
    await page.waitForSelector(".connection-live");
    if (at !== undefined) await page.locator(at).scrollIntoViewIfNeeded();
    const bytes = await page.screenshot();
    await writeFile(`${folder}/${name}.png`, bytes);
    process.stdout.write(`${name}.png ${Math.round(bytes.length / 1024)} KiB\n`);
    await context.close();
  }
  if (only.length === 0 || only.includes("desk-flag")) {
    const token = embedToken(crm, "customer:demo-0001", Date.now() + 60_000);
    const page = await browser.newPage({ viewport: { width: 440, height: 400 } });
    await page.goto(new URL(`/embed/crm/${token}`, desk.url).href);
    await writeFile(`${folder}/desk-flag.png`, await page.screenshot());
  }
  if (only.length === 0 || only.includes("survey")) {
    const asked = await fetch(`${desk.url}api/surveys`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ round: "pictures" }),
    });
    const [, link = ""] = /"link":"[^"]*(\/s\/[^"]+)"/.exec(await asked.text()) ?? [];
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    await page.goto(new URL(link, desk.url).href);
    await page.waitForSelector("body.is-ready");
    await writeFile(`${folder}/survey.png`, await page.screenshot());
  }
} finally {
  await browser.close();
  await desk.close();
  await later.close();
}
