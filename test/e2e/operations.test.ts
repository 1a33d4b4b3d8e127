import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  type Held,
  noAlertmanager,
  startAlertmanager,
  type TestAlertmanager,
} from "../support/alertmanager.ts";
import { drawPanel } from "../support/chart.ts";
import { noPrometheus, startPrometheus, type TestPrometheus } from "../support/prometheus.ts";
import { root, textOf } from "../support/source.ts";
import { writeThirtyDays } from "../support/thirty-days.ts";
import { freePort, startTied, type Tied } from "../support/tied.ts";
import { runTroth } from "../support/troth.ts";

const missing = noPrometheus ?? noAlertmanager;
const why = missing === null ? "" : ` (skipped: ${missing})`;

type Panel = {
  readonly title: string;
  readonly description: string;
  readonly links: readonly { readonly url: string }[];
  readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
};
type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
};

const folder = join(root, "infra/grafana/dashboards");
const dashboards: readonly Dashboard[] = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));

/** What Grafana would put in for its variables. */
const filledIn = (expr: string): string => expr.replaceAll("$link", "delivery");

const queries = dashboards.flatMap(({ title, panels }) =>
  panels.flatMap((panel) =>
    panel.targets.map(({ expr }) => ({ name: `${title}: ${panel.title}`, expr: filledIn(expr) })),
  ),
);

/** The shipped rules, evaluated every second instead of every minute. */
function quickRules(dir: string, names: readonly string[]): readonly string[] {
  return names.map((name) => {
    const rules = parse(textOf(`infra/prometheus/${name}`));
    for (const group of rules.groups) {
      group.interval = "1s";
      for (const rule of group.rules) if (rule.for !== undefined) rule.for = "1s";
    }
    writeFileSync(join(dir, name), JSON.stringify(rules));
    return join(dir, name);
  });
}

/** The made-up day told to a process of its own, as `start` tells it. */
async function startDemo(dir: string): Promise<{ readonly troth: Tied; readonly port: number }> {
  const port = await freePort();
  const main = join(root, "services/troth/src/main.ts");
  const node = [process.execPath, "--conditions=@troth/source", "--import", "tsx", main];
  const troth = await startTied(
    [
      ...[...node, "start", "--data", join(dir, "data"), "--port", String(port)],
      ...["--notify", join(dir, "notify.yaml")],
    ],
    { log: join(dir, "troth.log"), cwd: root },
  );
  return { troth, port };
}

const isNumber = (sample: unknown): boolean => {
  const { value } = sample as { value: readonly [number, string] };
  return Number.isFinite(Number(value[1]));
};

describe.skipIf(missing !== null)(`dashboards on a real Prometheus${why}`, () => {
  const dir = mkdtempSync(join(tmpdir(), "troth-operations-"));
  let prometheus: TestPrometheus;
  let troth: Tied;
  let manager: TestAlertmanager;
  let events = 0;
  let port = 0;

  beforeAll(async () => {
    // Thirty days that were never scraped, backfilled from what the judge makes of them.
    const now = Date.now();
    events = writeThirtyDays(join(dir, "events.jsonl"), now, 30);
    const history = await runTroth([
      ...["slo", "history", join(dir, "events.jsonl"), "--every", "60"],
      ...["--until", new Date(now).toISOString()],
      ...["--out", join(dir, "history.om")],
    ]);
    expect(history.code, history.err).toBe(0);
    mkdirSync(join(dir, "blocks"));
    execFileSync("promtool", [
      ...["tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics"],
      ...[join(dir, "history.om"), join(dir, "blocks")],
    ]);
    manager = await startAlertmanager();
    writeFileSync(
      join(dir, "notify.yaml"),
      JSON.stringify({
        privateHosts: ["127.0.0.1"],
        alertmanager: { urls: [manager.url] },
        inbound: { token: "a token of twenty-four letters or more" },
      }),
    );
    const demo = await startDemo(dir);
    port = demo.port;
    troth = demo.troth;
    prometheus = await startPrometheus({
      targets: [`127.0.0.1:${demo.port + 2}`],
      ruleFiles: quickRules(dir, ["recording.rules.yaml", "alerts.rules.yaml"]),
      data: join(dir, "blocks"),
      alertmanager: new URL(manager.url).host,
    });
    for (let tries = 0; tries < 60; tries += 1) {
      const told = await prometheus.query('sum(troth_answers_total{instance!="history"}) > 40');
      if (told.length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    await new Promise((resolve) => setTimeout(resolve, 4_000));
  }, 180_000);

  afterAll(async () => {
    await prometheus?.close();
    await troth?.close();
    await manager?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("answers every query of every panel with a number", async () => {
    const silent: string[] = [];
    for (const { name, expr } of queries) {
      const result = await prometheus.query(expr);
      if (!result.some(isNumber)) silent.push(`${name}: ${expr}`);
    }
    process.stdout.write(
      `${queries.length} queries of ${dashboards.length} dashboards, thirty days of ${events} events backfilled\n`,
    );
    expect(queries.length).toBeGreaterThan(60);
    expect(silent).toEqual([]);
  });

  test("answers the queries of the documents' charts over thirty days, and draws them", async () => {
    const charts = [
      ["troth-chain", "Customers at risk by level"],
      ["troth-link", "Kept by day against the objective"],
      ["troth-link", "Broken by kind"],
      ["troth-relationship", "Enjoyed it, by segment"],
      ["troth-accuracy", "Precision and recall"],
      ["troth-accuracy", "Alerts opened a day, by rule"],
    ] as const;
    // Into the tree only when asked: the days end now, so that every run draws another month.
    const to = process.env["TROTH_CHARTS"] ?? dir;
    for (const [uid, title] of charts) {
      const panel = dashboards
        .find((one) => one.uid === uid)
        ?.panels.find((one) => one.title === title);
      if (panel === undefined) throw new Error(`no panel ${title}`);
      const file = `${uid}-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}.svg`;
      const queries = panel.targets.map(({ expr, legendFormat }) => ({
        expr: filledIn(expr),
        legend: legendFormat,
      }));
      const drawn = await drawPanel(prometheus.url, { title, queries, days: 30 }, join(to, file));
      expect(drawn, title).toBeGreaterThanOrEqual(panel.targets.length);
      expect(readFileSync(join(to, file), "utf8")).toContain("<polyline");
    }
  });

  test("holds thirty days of what was never scraped, beside what is scraped now", async () => {
    const days = 'count_over_time(sum(troth_events_applied_total{instance="history"})[31d:1d])';
    const [held] = await prometheus.query(days);
    expect(Number((held as { value: [number, string] }).value[1])).toBeGreaterThanOrEqual(30);
    const scraped = await prometheus.query('up{job="troth",instance!="history"} == 1');
    expect(scraped.length).toBe(1);
  });

  test("scrapes at most four hundred series of one process, its own included, and promtool has no complaint", async () => {
    const text = await (await fetch(`http://127.0.0.1:${port + 2}/metrics`)).text();
    const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    process.stdout.write(`${series.length} series in one scrape of a real run\n`);
    expect(series.length).toBeLessThanOrEqual(400);
    expect(execFileSync("promtool", ["check", "metrics"], { input: text }).toString()).toBe("");
  });

  test("takes every rule and can fill in every sentence of an alert", async () => {
    const answer = await fetch(`${prometheus.url}/api/v1/rules`);
    const { data } = JSON.parse(await answer.text());
    const rules: readonly { name: string; health: string; lastError?: string }[] =
      data.groups.flatMap((group: { rules: readonly unknown[] }) => group.rules);
    expect(rules.length).toBeGreaterThan(30);
    expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
    expect(JSON.stringify(data)).not.toContain("<error");
  });

  const waitFor = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    for (let tries = 0; tries < 200; tries += 1) {
      const seen = await look();
      if (seen !== undefined) return seen;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${what}: not within 20 s`);
  };
  const held = async (name: string): Promise<Held | undefined> =>
    (await manager.alerts()).find(({ labels }) => labels["alertname"] === name);

  test("has Prometheus tell Alertmanager which link burns its budget, with its owner and its runbook", async () => {
    const burning = await waitFor("a burning link", () => held("TrothBudgetBurnsSlowly"));
    expect(burning.labels).toMatchObject({ severity: "ticket", service: "troth", window: "30d" });
    expect(burning.labels["owner"]).not.toBe("");
    const told = await waitFor("the ticket", async () =>
      manager.received
        .filter(({ receiver }) => receiver === "tickets")
        .flatMap(({ alerts }) => alerts)
        .find(({ labels }) => labels["alertname"] === "TrothBudgetBurnsSlowly"),
    );
    const book = told.annotations["runbook_url"] ?? "";
    const read = await fetch(book.replace(":8782", `:${port + 2}`));
    expect(await read.text()).toContain("# TrothBudgetBurnsSlowly");
    const firing = await prometheus.query('count by (alertname) (ALERTS{alertstate="firing"})');
    process.stdout.write(
      `firing: ${firing.map((one) => (one as { metric: { alertname: string } }).metric.alertname).join(", ")}\n`,
    );
  });

  test("tells Alertmanager of broken experiences, and hears who took them on, by silence and by webhook", async () => {
    const alerts = await waitFor("alerts", async () => {
      const some = (await manager.alerts()).filter(
        (one) => one.labels["alertname"] === "BrokenExperience",
      );
      return some.length >= 2 ? some : undefined;
    });
    const [first, second] = alerts.map(({ labels }) => labels["alert_id"] ?? "");
    if (first === undefined || second === undefined) throw new Error("no alerts");
    const acknowledged = async (): Promise<number> => {
      const [one] = await prometheus.query(
        'sum(troth_alerts_total{state="acknowledged",instance!="history"})',
      );
      return one === undefined ? 0 : Number((one as { value: [number, string] }).value[1]);
    };
    expect(await acknowledged()).toBe(0);
    const post = (token: string) =>
      fetch(`http://127.0.0.1:${port + 2}/v1/alertmanager`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({
          ...{ version: "4", receiver: "troth" },
          alerts: [
            {
              ...{
                status: "firing",
                labels: { alert_id: first },
                startsAt: new Date().toISOString(),
              },
              annotations: { acknowledged_by: "p-17" },
            },
          ],
        }),
      });
    expect((await post("a token of somebody else's choice")).status).toBe(401);
    expect((await post("a token of twenty-four letters or more")).status).toBe(200);
    await waitFor("the webhook", async () => ((await acknowledged()) === 1 ? true : undefined));
    await manager.silence({ alert_id: second }, "ada", "speaking with them");
    await waitFor("the silence", async () => ((await acknowledged()) === 2 ? true : undefined));
  });

  test("shows the doctor one paging path, and two when Grafana alerts as well", async () => {
    const doctor = async (grafana: string) => {
      const { out } = await runTroth([
        ...["doctor", "--data", join(dir, "none"), "--port", String(await freePort())],
        ...["--prometheus", prometheus.url, "--grafana", grafana],
      ]);
      return out.split("\n").find((line) => line.includes("paging")) ?? "";
    };
    expect(await doctor(join(dir, "no-grafana"))).toMatch(/^ok /);
    expect(await doctor(join(root, "infra/grafana/provisioning"))).toMatch(/^warning /);
  });
});

describe("dashboards in the tree", () => {
  const names = new Set(
    textOf("infra/prometheus/metrics.txt")
      .split("\n")
      .filter((line) => line !== ""),
  );
  const recorded: readonly { record: string }[] = parse(
    textOf("infra/prometheus/recording.rules.yaml"),
  ).groups.flatMap((group: { rules: readonly unknown[] }) => group.rules);
  for (const { record } of recorded) names.add(record);

  test("ask only for metrics that exist", () => {
    const asked = queries.flatMap(
      ({ expr }) => expr.match(/\b(?:troth|process|nodejs)[_:][\w:]+/g) ?? [],
    );
    const base = (name: string): string => name.replace(/_(?:bucket|sum|count)$/, "");
    expect(asked.length).toBeGreaterThan(60);
    expect(
      [...new Set(asked)].filter((name) => !names.has(name) && !names.has(base(name))),
    ).toEqual([]);
  });

  test("say of every panel what it shows, in which unit, and what to do", () => {
    const panels = dashboards.flatMap((one) => one.panels);
    expect(panels.length).toBeGreaterThan(40);
    for (const { title, description, links, fieldConfig, targets } of panels) {
      expect(description.split(" ").length, title).toBeGreaterThan(4);
      expect(fieldConfig.defaults.unit, title).not.toBe("");
      const book = links[0]?.url.split("/").at(-1) ?? "";
      expect(textOf(`infra/runbooks/${book}`), title).toContain("## Do");
      expect(targets.length, title).toBeGreaterThan(0);
    }
  });

  test("lay no panel over another", () => {
    for (const { uid, panels } of dashboards) {
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, n) => `${x + (n % w)}/${y + Math.floor(n / w)}`),
      );
      expect(new Set(cells).size, uid).toBe(cells.length);
    }
  });

  test("know customers by segment only", () => {
    expect(JSON.stringify(dashboards)).not.toMatch(/customer(?:_id|:)|\bcustomer=/);
  });
});
