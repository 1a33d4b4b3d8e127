import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createViews, openDesk } from "@troth/desk";
import { type Output, parseLine, publicPseudonymKey } from "@troth/events";
import { Pipeline } from "../../services/troth/src/pipeline.ts";
import { openChromium } from "./chromium.ts";
import { ask } from "./desk-server.ts";
import { defaultPolicy } from "./desk-story.ts";

/*
 * How soon a desk over a year of real orders is of use, in a browser. Run it from the root:
 * node --conditions=@troth/source --import tsx test/support/desk-year.ts EVENTS.jsonl [?level=any]
 */
type Told = Readonly<
  Record<"requests" | "bytes" | "painted" | "scripts" | "asked" | "answered", number>
>;
/** What the browser itself says of how it went. */
const measured = `(() => {
  const all = performance.getEntriesByType("resource");
  const rows = all.find(({ name }) => name.includes("/api/customers"));
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const round = (value) => Math.round(value ?? 0);
  return {
    requests: all.length + 1,
    bytes: all.reduce((sum, { transferSize }) => sum + transferSize, 0),
    painted: round(paint?.startTime),
    scripts: round(Math.max(...all.filter(({ name }) => name.endsWith(".js")).map((one) => one.responseEnd))),
    asked: round(rows?.startTime),
    answered: round(rows?.responseEnd),
  };
})()`;
const [file = "", search = ""] = process.argv.slice(2);
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
/** The first answers a page waits for: processor time here, and bytes. */
for (const path of ["/api/customers?limit=50", "/api/overview", "/api/reports/segments"]) {
  for (const turn of ["first", "again"]) {
    const before = process.cpuUsage();
    const answer = await ask(new URL(path, desk.url).href);
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(
      `${path}, ${turn}: ${((user + system) / 1_000).toFixed(0)} ms of work, ${answer.text.length} bytes\n`,
    );
  }
}

const runs = 5;
const rowsMs: number[] = [];
const customerMs: number[] = [];
const spread = (all: readonly number[]): string => {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (place: number): string => (sorted[place] ?? 0).toFixed(0);
  return `${at(0)} / ${at(Math.floor(runs / 2))} / ${at(runs - 1)} ms`;
};
const browser = await openChromium();
try {
  process.stdout.write(`${inOffset} events, ${views.of("default").customersCount} customers\n`);
  for (let turn = 0; turn < runs; turn += 1) {
    // Each run is somebody who was never here: nothing is in the browser's cache.
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    const page = await context.newPage();
    const before = process.cpuUsage();
    const from = performance.now();
    await page.goto(desk.url + search, { waitUntil: "commit" });
    await page.waitForSelector("#rows a.row");
    rowsMs.push(performance.now() - from);
    const since = await page.evaluate<number>("performance.now()");
    const { user, system } = process.cpuUsage(before);
    const told = await page.evaluate<Told>(measured);
    const opening = performance.now();
    await page.keyboard.press("j");
    await page.waitForSelector("#customer-name");
    customerMs.push(performance.now() - opening);
    process.stdout.write(
      `rows ${rowsMs.at(-1)?.toFixed(0)} ms (${since.toFixed(0)} since the page was asked for), a customer ${customerMs.at(-1)?.toFixed(0)} ms more; ` +
        `${told.requests} requests, ${told.bytes} bytes, painted ${told.painted} ms, scripts there ${told.scripts} ms, ` +
        `rows' answer ${told.asked} to ${told.answered} ms; ${((user + system) / 1_000).toFixed(0)} ms of work here\n`,
    );
    await context.close();
  }
  process.stdout.write(`first rows, min / median / max of ${runs}: ${spread(rowsMs)}\n`);
  process.stdout.write(`a customer after that: ${spread(customerMs)}\n`);
} finally {
  await browser.close();
  await desk.close();
}
