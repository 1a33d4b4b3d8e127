import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openDesk } from "@troth/desk";
import { openChromium } from "./chromium.ts";
import { tellThePast } from "./desk-mending.ts";
import { deskStory } from "./desk-story.ts";

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
  "desk-score": { hash: lived, width: 1280, height: 860, scheme: "light", at: ".trend" },
  "desk-dark": { hash: lived, width: 1280, height: 860, scheme: "dark" },
  "desk-phone": { hash: lived, width: 390, height: 844, scheme: "light" },
};

const [folder = fileURLToPath(new URL("../../services/desk/docs/", import.meta.url)), ...only] =
  process.argv.slice(2);
await mkdir(folder, { recursive: true });
const listen = { host: "127.0.0.1", port: 0 };
const desk = await openDesk({ ...deskStory().options, listen });
const experienced = deskStory();
tellThePast(experienced.send);
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
    await page.waitForSelector(".connection-live");
    if (at !== undefined) await page.locator(at).scrollIntoViewIfNeeded();
    const bytes = await page.screenshot();
    await writeFile(`${folder}/${name}.png`, bytes);
    process.stdout.write(`${name}.png ${Math.round(bytes.length / 1024)} KiB\n`);
    await context.close();
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
