import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AlertDecision, Decision, Output, PledgeDecision } from "@troth/events";
import { parsePolicy } from "@troth/policy";
import { openMetrics } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { openTell, type Tell } from "./tell.ts";

const path = fileURLToPath(new URL("../../../infra/policy/default.yaml", import.meta.url));
const parsed = parsePolicy(readFileSync(path, "utf8"), path);
if (!parsed.ok) throw new Error("the default policy does not parse");
const policy = parsed.value;

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
const noPromtool = hasPromtool ? "" : " (skipped: no promtool on this machine)";

type Body = Output["body"];

function open() {
  const metrics = openMetrics({ process: false });
  const tell = openTell(metrics, policy);
  let inOffset = 0;
  const fold = (body: Body): Output => {
    const output = { inOffset, seq: 0, stamp: 0, body };
    inOffset += 1;
    tell.fold(output);
    return output;
  };
  /** Values by series, as scraped. */
  const scrape = async (): Promise<ReadonlyMap<string, number>> => {
    const lines = (await metrics.expose()).split("\n");
    return new Map(
      lines
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
    );
  };
  return { metrics, tell, fold, scrape };
}

const pledge = (given: Partial<PledgeDecision> = {}): PledgeDecision => ({
  kind: "pledge",
  at: 0,
  decidedAt: 0,
  customer: "customer:1",
  promiseId: "delivery-date/A",
  term: 1,
  template: "delivery-date",
  link: "delivery",
  owner: "logistics",
  operatedBy: "outsourced",
  madeBy: "system",
  how: "stated",
  verdict: "open",
  was: null,
  revision: 1,
  because: "fact",
  madeAt: 0,
  due: 1_000_000,
  keptAt: null,
  severity: 0,
  evidence: [],
  policy: policy.hash,
  ...given,
});

const alert = (given: Partial<AlertDecision> = {}): AlertDecision => ({
  kind: "alert",
  state: "opened",
  at: 0,
  alertId: "a",
  revision: 1,
  customer: "customer:1",
  rule: "critical",
  level: "critical",
  score: 600,
  lead: null,
  operatedBy: null,
  parts: [],
  says: "",
  policy: policy.hash,
  ...given,
});

const contact = (customer: string, queueWaitSeconds: number): Body => ({
  kind: "noise",
  customer,
  fact: {
    id: customer,
    source: "urn:calls",
    kind: "contact.completed",
    tenant: "default",
    time: 0,
    recordedTime: 0,
    subject: customer,
    data: { queueWaitSeconds },
  },
});

const survey = (invitationId: string, alerted: boolean): Decision => ({
  kind: "survey",
  at: 0,
  customer: "customer:1",
  subject: "customer:1",
  invitationId,
  riskScore: 1,
  level: "low",
  alerted,
  topLink: null,
  weight: 2,
  rules: [],
  shadow: [],
  parts: [],
  segment: "vip",
  region: null,
  policy: policy.hash,
});

const answer = (invitationId: string, outcome: string): Body => ({
  kind: "noise",
  customer: "customer:1",
  fact: {
    id: `answer ${invitationId}`,
    source: "urn:survey",
    kind: "survey.answered",
    tenant: "default",
    time: 0,
    recordedTime: 0,
    subject: "customer:1",
    data: { invitationId, outcome },
  },
});

/** So many customers, each with a wait, a promise, a flag, an alert and a survey. */
function many(tell: Tell, count: number): void {
  for (let n = 0; n < count; n++) {
    const customer = `customer:${n}`;
    const bodies: readonly Body[] = [
      contact(customer, n % 4_000),
      pledge({ customer, promiseId: `delivery-date/${n}` }),
      pledge({ customer, verdict: "broken", was: "open", keptAt: 1_000_000 + n * 1_000 }),
      { ...alert({ customer, alertId: `a${n}` }) },
      {
        kind: "flag",
        at: 0,
        customer,
        level: "high",
        was: "none",
        score: 1,
        topLink: "delivery",
        policy: "",
      },
      survey(`r${n}`, n % 2 === 0),
      answer(`r${n}`, n % 3 === 0 ? "not_enjoyed" : "enjoyed"),
    ];
    for (const [seq, body] of bodies.entries()) tell.fold({ inOffset: n, seq, stamp: 0, body });
    tell.admitted(1, n % 10 === 0 ? ["bad-field"] : []);
    tell.fate(n % 7 === 0 ? "duplicate" : "applied", { source: "urn:carrier:1", time: n }, n);
  }
}

describe("the metrics", () => {
  test("are the same few series for a thousand customers and for a hundred thousand", async () => {
    const [small, large] = [open(), open()];
    const before = [...(await small.scrape()).keys()];
    many(small.tell, 1_000);
    many(large.tell, 100_000);
    const [few, lots] = [await small.scrape(), await large.scrape()];
    expect([...few.keys()]).toEqual(before);
    expect([...lots.keys()]).toEqual(before);
    process.stdout.write(`${before.length} series of troth's own\n`);
    expect(before.length).toBeLessThanOrEqual(400);
    expect(lots.get('troth_customers_at_risk{level="high",link="delivery"}')).toBe(100_000);
    expect(await large.metrics.expose()).not.toContain("customer:");
  });

  test("get no new series from rules, links, sources and channels of hostile names", async () => {
    const { tell, fold, scrape } = open();
    const before = [...(await scrape()).keys()];
    const hostile = 'x"} 1\ncustomer_42{a="';
    fold(pledge({ link: hostile, template: hostile, owner: hostile }));
    fold(pledge({ link: "delivery", template: hostile, was: "open", verdict: "broken" }));
    fold({
      kind: "source",
      state: "silent",
      at: 0,
      source: hostile,
      owner: "",
      says: "",
      policy: "",
    });
    tell.notified(hostile, "sent");
    const after = await scrape();
    expect([...after.keys()]).toEqual(before);
    expect(after.get('troth_promises_made_total{link="other",kind="other"}')).toBe(1);
    expect(after.get('troth_promises_broken_total{link="other",kind="other"}')).toBe(1);
    expect(after.get('troth_source_silent{source="other",owner="other"}')).toBe(1);
    expect(after.get('troth_notifications_total{channel="other",outcome="sent"}')).toBe(1);
  });

  test("stay few for a policy with a thousand links and templates", async () => {
    const metrics = openMetrics({ process: false });
    const [template] = policy.pledges;
    if (template === undefined) throw new Error("no template");
    const pledges = Array.from({ length: 1_000 }, (_, n) => ({
      ...template,
      id: `t${n}`,
      link: { ...template.link, id: `l${n}` },
    }));
    openTell(metrics, { ...policy, pledges });
    const series = (await metrics.expose()).split("\n").filter((line) => /^troth_/.test(line));
    expect(series.length).toBeLessThanOrEqual(600);
  });

  test("balance: read is applied and duplicate and set aside, by reason", async () => {
    const { tell, scrape } = open();
    tell.admitted(6, ["bad-time", "bad-time", "not-json"]);
    for (const fate of ["applied", "applied", "applied", "duplicate", "turned-away"] as const) {
      tell.fate(fate, { source: "urn:calls", time: 0 }, 0);
    }
    const values = await scrape();
    const of = (name: string) => values.get(`troth_events_${name}`);
    expect([
      of("admitted_total"),
      of("read_total"),
      of("applied_total"),
      of("duplicate_total"),
    ]).toEqual([6, 8, 3, 1]);
    expect(of('set_aside_total{reason="bad-time"}')).toBe(2);
    expect(of('set_aside_total{reason="waiting-room-full"}')).toBe(1);
    expect(values.get("troth_conservation_difference")).toBe(0);
  });

  test("follow a promise through amendments: counters count turns, the gauge how it stands", async () => {
    const { fold, scrape } = open();
    fold(pledge());
    fold(pledge({ verdict: "broken", was: "open" }));
    fold(pledge({ verdict: "kept", was: "broken", keptAt: 900_000 }));
    fold(pledge({ verdict: "broken", was: "kept", keptAt: 8_200_000 }));
    fold(pledge({ verdict: "broken", was: "broken", severity: 4, keptAt: 8_200_000 }));
    fold(pledge({ promiseId: "x", verdict: "source-blind", was: null }));
    fold(pledge({ promiseId: "y", verdict: "overdue", was: null }));
    const values = await scrape();
    const of = (name: string) =>
      values.get(`troth_promises_${name}_total{link="delivery",kind="delivery-date"}`);
    expect([of("made"), of("kept"), of("broken"), of("unknown")]).toEqual([3, 1, 2, 1]);
    const standing = (verdict: string) =>
      values.get(`troth_promises{link="delivery",verdict="${verdict}"}`);
    expect(["at-risk", "overdue", "source-blind"].map(standing)).toEqual([0, 1, 1]);
    expect(values.get('troth_promises_charged{link="delivery"}')).toBe(1);
    expect(values.get('troth_promise_lateness_seconds_bucket{le="0"}')).toBe(1);
    expect(values.get("troth_promise_lateness_seconds_sum")).toBe(7_200);
  });

  test("show alerts, customers at risk, waits, feeds and places", async () => {
    const { tell, fold, scrape } = open();
    fold(alert());
    fold(alert({ state: "recovered", rule: "compound" }));
    fold({
      kind: "flag",
      at: 0,
      customer: "c",
      level: "high",
      was: "none",
      score: 1,
      topLink: "delivery",
      policy: "",
    });
    fold({
      kind: "flag",
      at: 0,
      customer: "c",
      level: "low",
      was: "high",
      score: 1,
      topLink: "billing",
      policy: "",
    });
    fold(contact("customer:1", 2_700));
    fold({
      kind: "source",
      state: "silent",
      at: 0,
      source: "carrier",
      owner: "logistics",
      says: "",
      policy: "",
    });
    tell.judged(17, 1_500_000_000_500);
    tell.lakeReached(12);
    tell.eventLoopLagged(0.004);
    const values = await scrape();
    expect(Object.fromEntries(values)).toMatchObject({
      'troth_alerts_total{rule="critical",state="opened"}': 1,
      'troth_alerts_total{rule="compound",state="recovered"}': 1,
      'troth_customers_at_risk{level="high",link="delivery"}': 0,
      'troth_customers_at_risk{level="low",link="billing"}': 1,
      'troth_queue_wait_seconds_bucket{le="1800"}': 0,
      'troth_queue_wait_seconds_bucket{le="3600"}': 1,
      'troth_source_silent{source="carrier",owner="logistics"}': 1,
      'troth_log_position{log="facts"}': 17,
      'troth_log_position{log="outputs"}': 6,
      troth_log_time_seconds: 1_500_000_000.5,
      troth_lake_position: 12,
      troth_event_loop_lag_seconds: 0.004,
    });
  });

  test("measure alerts by the answers that come, weighted, each once", async () => {
    const { fold, scrape } = open();
    expect((await scrape()).get("troth_alert_precision")).toBeNaN();
    for (const [id, alerted, outcome] of [
      ["a", true, "not_enjoyed"],
      ["b", true, "enjoyed"],
      ["c", true, "enjoyed"],
      ["d", false, "not_enjoyed"],
      ["e", false, "enjoyed"],
    ] as const) {
      fold(survey(id, alerted));
      fold(answer(id, outcome));
      fold(answer(id, outcome));
    }
    fold(answer("never asked", "not_enjoyed"));
    const values = await scrape();
    expect(values.get("troth_alert_precision")).toBeCloseTo(1 / 3);
    expect(values.get("troth_alert_recall")).toBeCloseTo(1 / 2);
  });

  test("count nothing twice that is read twice", async () => {
    const { tell, fold, scrape } = open();
    const output = fold(pledge());
    tell.fold(output);
    const values = await scrape();
    expect(values.get('troth_promises_made_total{link="delivery",kind="delivery-date"}')).toBe(1);
  });

  test.skipIf(!hasPromtool)(`satisfy promtool${noPromtool}`, async () => {
    const { tell, metrics } = open();
    many(tell, 100);
    const input = await metrics.expose();
    expect(execFileSync("promtool", ["check", "metrics"], { input }).toString()).toBe("");
  });
});
