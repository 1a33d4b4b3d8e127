import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson } from "@troth/events";
import { type Policy, parsePolicy } from "@troth/policy";
import { type ObjectStore, openSimulatedStore } from "@troth/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Backtest, backtest } from "../../services/troth/src/backtest/backtest.ts";
import { judgeFacts } from "../../services/troth/src/backtest/beside.ts";
import { pageOf } from "../../services/troth/src/backtest/page.ts";
import { estimateText, inWords, selfCheckText } from "../../services/troth/src/backtest/words.ts";
import { replayLines } from "../../services/troth/src/replay/in-memory.ts";
import { syntheticDay } from "../../services/troth/src/story/synthetic-day.ts";
import { defaultPolicy, judgedDay } from "../support/judged-day.ts";
import { writeLakeOf } from "../support/lake-of.ts";
import { root } from "../support/source.ts";
import { runTroth } from "../support/troth.ts";

const customers = 150;
const text = readFileSync(`${root}infra/policy/default.yaml`, "utf8");
const soonerText = text
  .replace("policy: default", "policy: sooner")
  .replace(/alertAt: \d+/, "alertAt: 300")
  .replace(/recoverBelow: \d+/, "recoverBelow: 200");

function policyOf(source: string): Policy {
  const parsed = parsePolicy(source);
  if (!parsed.ok) throw new Error("the policy does not parse");
  return parsed.value;
}

const live = defaultPolicy();
const sooner = policyOf(soonerText);
let store: ObjectStore;

const compare = (candidate: Policy, against = live): Promise<Backtest> =>
  backtest({
    store,
    live: against,
    candidate,
    beside: judgeFacts(store, candidate),
    by: "segment",
    tariff: [0, 0, 500, 1_000, 2_000, 3_000],
    seed: 1,
    at: () => undefined,
  });

beforeAll(async () => {
  store = openSimulatedStore();
  await writeLakeOf(await judgedDay(customers), store, { records: 700 });
});

describe("a back-test over the lake of a judged day", () => {
  test("says again every decision the lake holds, and finds nothing changed by the same policy", async () => {
    const { selfCheck, alerts, truth, cost } = await compare(live);
    expect(selfCheck).toMatchObject({ differences: 0, first: null });
    expect(selfCheck.decisions).toBeGreaterThan(1_000);
    expect(alerts).toMatchObject({ gained: 0, lost: 0, same: alerts.live });
    expect(alerts.live).toBeGreaterThan(9);
    expect(truth.precisionGain).toEqual({ value: 0, low: 0, high: 0 });
    expect(cost.live).toBe(cost.candidate);
  });

  test("comes to the figures that replaying the same events under each policy comes to", async () => {
    const endsAt = Date.UTC(2026, 2, 3, 18);
    const events = [...syntheticDay({ seed: 7, endsAt, customers })];
    const lines = events.map((event) => JSON.stringify(event));
    const result = await compare(sooner);
    for (const [policy, alerts, side] of [
      [live, result.alerts.live, result.truth.live],
      [sooner, result.alerts.candidate, result.truth.candidate],
    ] as const) {
      const { summary } = await replayLines(lines, policy);
      expect(alerts).toBe(summary.alerts);
      const { n, precision, recall, auc, ap } = side;
      expect({ n, precision, recall, auc, ap }).toEqual(summary.truth);
      expect(side.precision95.value ?? 0).toBeCloseTo(summary.truth.precision ?? 0, 3);
    }
    expect(result.alerts.gained).toBeGreaterThan(0);
    expect(result.alerts.gainedExamples[0]?.says.length).toBeGreaterThan(10);
    const loads = result.load.reduce((sum, one) => sum + one.candidate.alerts, 0);
    expect(loads).toBe(result.alerts.candidate);
  });

  test("refuses to be believed where another policy judged the lake, and says where they part", async () => {
    const result = await compare(live, sooner);
    expect(result.selfCheck.differences).toBeGreaterThan(0);
    expect(selfCheckText(result)).toMatch(/FAILED: \d+ decisions differ .* first is at \d+\.\d+/s);
  });

  test("gives the same bytes every time: object, tables and page", async () => {
    const [one, two] = [await compare(sooner), await compare(sooner)];
    expect(canonicalJson(two)).toBe(canonicalJson(one));
    expect(inWords(two)).toBe(inWords(one));
    expect(pageOf(two)).toBe(pageOf(one));
  });

  test("makes one page that needs nothing else and lets no name of a customer become markup", async () => {
    const result = await compare(sooner);
    const hostile = { ...result, by: "region" as const };
    const example = result.alerts.gainedExamples[0];
    if (example === undefined) throw new Error("no alert was gained");
    const page = pageOf({
      ...hostile,
      alerts: {
        ...hostile.alerts,
        gainedExamples: [{ ...example, customer: "customer:<img src=x onerror=alert(1)>" }],
      },
    });
    expect(page).not.toMatch(/https?:|<script|<link|<img|url\(|@import/);
    expect(page.match(/<svg /g)).toHaveLength(4);
    expect(page).toContain("Self-check passed");
  });

  test("does not judge a lake with a hole in it", async () => {
    const keys = (await store.list("facts/")).filter((key) => key.includes("kind=order.placed"));
    const holed: ObjectStore = {
      ...store,
      get: async (key) => (key === keys[0] ? null : store.get(key)),
    };
    const run = backtest({
      store: holed,
      live,
      candidate: live,
      beside: judgeFacts(holed, live),
      by: "segment",
      tariff: [],
      seed: 1,
      at: () => undefined,
    });
    await expect(run).rejects.toMatchObject({ code: "damaged-lake" });
  });
});

describe("troth backtest", () => {
  const dir = mkdtempSync(join(tmpdir(), "troth-backtest-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test("answers with 0 or 1, writes only the report it was asked for, and tells bad use by 2 and 3", async () => {
    const [events, lake, sooner] = ["day.jsonl", "lake", "sooner.yaml"].map((n) => join(dir, n));
    if (events === undefined || lake === undefined || sooner === undefined) throw new Error();
    const day = [...syntheticDay({ seed: 3, endsAt: Date.UTC(2026, 2, 3, 18), customers: 40 })];
    writeFileSync(events, day.map((event) => `${JSON.stringify(event)}\n`).join(""));
    writeFileSync(sooner, soonerText);
    await runTroth(["replay", events, "--out", join(dir, "out"), "--lake", lake]);
    const before = readdirSync(lake, { recursive: true }).sort();
    const page = join(dir, "report.html");
    const well = await runTroth(["backtest", lake, "--policy", sooner, "--json", "--html", page]);
    expect(well.code, well.err).toBe(0);
    expect(JSON.parse(well.out)).toMatchObject({ selfCheck: { differences: 0 } });
    expect(readFileSync(page, "utf8")).toContain("<!doctype html>");
    expect(readdirSync(lake, { recursive: true }).sort()).toEqual(before);
    const wrong = ["backtest", lake, "--policy", sooner, "--against", sooner];
    const failed = await runTroth(wrong);
    expect(failed.code).toBe(1);
    expect(failed.out).toContain("Self-check FAILED");
    expect((await runTroth(["backtest", lake])).code).toBe(2);
    expect((await runTroth(["backtest", join(dir, "none"), "--policy", sooner])).code).toBe(3);
  }, 240_000);
});

const olist = "/work/shared/data";
const noOlist = existsSync(join(olist, "olist_orders.csv.gz")) ? "" : ` (skipped: no ${olist})`;

describe.skipIf(noOlist !== "")(`two policies over the orders of Olist${noOlist}`, () => {
  const dir = mkdtempSync(join(tmpdir(), "troth-backtest-olist-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test("are told apart by precision and recall with intervals", async () => {
    const [events, lake, eager] = [
      join(dir, "olist.jsonl"),
      join(dir, "lake"),
      join(dir, "e.yaml"),
    ];
    const imported = await runTroth(["import", "olist", olist]);
    // The first tenth: the whole takes a minute on two busy cores; bench and README have it.
    writeFileSync(events, imported.out.split("\n").slice(0, 8_000).join("\n"));
    await runTroth(["replay", events, "--out", join(dir, "out"), "--lake", lake]);
    writeFileSync(
      eager,
      text
        .replace("policy: default", "policy: eager")
        .replace("alertAt: 600", "alertAt: 200")
        .replace("recoverBelow: 300", "recoverBelow: 100"),
    );
    const ran = await runTroth(["backtest", lake, "--policy", eager, "--by", "region", "--json"]);
    expect(ran.code, ran.err).toBe(0);
    const result: Backtest = JSON.parse(ran.out);
    const { live, candidate, answers } = result.truth;
    process.stdout.write(
      `${answers} answers: live ${estimateText(live.precision95)}, ${estimateText(live.recall95)}; eager ${estimateText(candidate.precision95)}, ${estimateText(candidate.recall95)}\n`,
    );
    expect(answers).toBeGreaterThan(600);
    expect(result.selfCheck.differences).toBe(0);
    // Who says more finds more of the unhappy, and is wrong more often.
    expect(candidate.recall95.value ?? 0).toBeGreaterThan(live.recall95.value ?? 1);
    expect(candidate.precision95.value ?? 1).toBeLessThan(live.precision95.value ?? 0);
    expect(live.precision95.low ?? 0).toBeGreaterThan(0.4);
  }, 240_000);
});
