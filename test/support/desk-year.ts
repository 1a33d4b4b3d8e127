import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createViews, openDesk } from "@troth/desk";
import { type Output, parseLine, publicPseudonymKey } from "@troth/events";
import { Pipeline } from "../../services/troth/src/pipeline.ts";
import { openChromium } from "./chromium.ts";
import { defaultPolicy } from "./desk-story.ts";

/*
 * How soon a desk over a year of real orders is of use, in a browser. Run it from the root:
 * node --conditions=@troth/source --import tsx test/support/desk-year.ts EVENTS.jsonl
 */
const [file = ""] = process.argv.slice(2);
const policy = defaultPolicy();
const pipeline = new Pipeline(policy, publicPseudonymKey);
const views = createViews(policy);
let [stamp, inOffset] = [0, 0];
const lines = createInterface({ input: createReadStream(file) });
lines.on("line", (line) => {
  const fact = parseLine(line);
  if (!fact.ok) return;
  stamp = Math.max(stamp, fact.value.recordedTime);
  const out: Output["body"][] = [];
  pipeline.take(fact.value, stamp, out);
  for (const [seq, body] of out.entries()) views.fold({ inOffset, seq, stamp, body });
  inOffset += 1;
});
await once(lines, "close");
const desk = await openDesk({
  views,
  policy,
  flagNow: (customer, tenant) => pipeline.flag(tenant ?? "default", customer, stamp),
  logTime: () => stamp,
  listen: { host: "127.0.0.1", port: 0 },
  tell: { answered: () => undefined, failed: () => undefined },
});
const browser = await openChromium();
try {
  process.stdout.write(`${inOffset} events, ${views.of("default").customersCount} customers\n`);
  for (let turn = 0; turn < 5; turn += 1) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    const page = await context.newPage();
    const from = performance.now();
    await page.goto(desk.url);
    await page.waitForSelector("#rows a.row");
    const rows = performance.now() - from;
    await page.keyboard.press("j");
    await page.waitForSelector("#customer-name");
    const customer = performance.now() - from - rows;
    const count = await page.textContent("#count");
    process.stdout.write(
      `first rows after ${rows.toFixed(0)} ms (${count}), a customer after another ${customer.toFixed(0)} ms\n`,
    );
    await context.close();
  }
} finally {
  await browser.close();
  await desk.close();
}
