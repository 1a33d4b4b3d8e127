import { openDesk } from "@troth/desk";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as schemas from "../../services/desk/src/api/schemas.ts";
import { crowd } from "../support/desk-crowd.ts";
import { ask } from "../support/desk-server.ts";
import { defaultPolicy } from "../support/desk-story.ts";

const customers = 100_000;
let desk: Awaited<ReturnType<typeof openDesk>>;
beforeAll(async () => {
  const { views, logTime } = crowd(customers);
  desk = await openDesk({
    views,
    policy: defaultPolicy(),
    flagNow: () => null,
    logTime: () => logTime,
    listen: { host: "127.0.0.1", port: 0 },
    tell: { answered: () => undefined, failed: () => undefined },
  });
}, 60_000);
afterAll(() => desk.close());

const turns = 9;

/** What an answer costs: milliseconds of work, whatever else the machine does, and as they passed on a clock. */
async function timed(path: string) {
  const took: number[] = [];
  let text = "";
  const before = process.cpuUsage();
  for (let turn = 0; turn < turns; turn += 1) {
    const from = performance.now();
    text = (await ask(new URL(path, desk.url).href)).text;
    took.push(performance.now() - from);
  }
  const { user, system } = process.cpuUsage(before);
  took.sort((a, b) => a - b);
  return { work: (user + system) / 1_000 / turns, middle: took[4] ?? 0, text };
}

const cases: readonly [string, string, number][] = [
  ["the worst first", "limit=50", 80_000],
  ["the longest first", "limit=50&sort=age", 80_000],
  ["the latest news first", "limit=50&sort=recent", 80_000],
  ["one level and one owner", "limit=50&level=critical&owner=logistics", 0],
  ["one link", "limit=50&link=delivery", 0],
  ["nobody's yet", "limit=50&state=free", 80_000],
  ["part of a name", "q=ORDER-9999", 11],
  ["a whole name", "q=order%3AORDER-77777", 1],
  ["a name nobody has", "q=nobody-at-all", 0],
];

test.each(cases)("of a hundred thousand customers, %s, quickly", async (name, query, total) => {
  const { work, middle, text } = await timed(`/api/customers?${query}`);
  const queue = schemas.queue.parse(JSON.parse(text));
  process.stdout.write(
    `100k, ${name}: ${work.toFixed(0)} ms of work, ${middle.toFixed(0)} ms by the clock, ${queue.total} found\n`,
  );
  if (total > 0) expect(queue.total).toBe(total);
  expect(work).toBeLessThan(150);
});

test("the whole chain over a hundred thousand customers, quickly", async () => {
  const { work, middle, text } = await timed("/api/overview");
  expect(schemas.overview.parse(JSON.parse(text)).customers).toBe(customers);
  process.stdout.write(
    `100k, the overview: ${work.toFixed(0)} ms of work, ${middle.toFixed(0)} ms by the clock\n`,
  );
  expect(work).toBeLessThan(150);
});
