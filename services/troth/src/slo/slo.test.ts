import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Policy, parsePolicy } from "@troth/policy";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { artifacts } from "./artifacts.ts";
import { checkOpenSlo, exportOpenSlo, importOpenSlo } from "./openslo.ts";
import { alertRules, recordingRules } from "./prometheus.ts";
import { definitionOf } from "./rules.ts";

const root = join(import.meta.dirname, "../../../..");
const text = readFileSync(join(root, "infra/policy/default.yaml"), "utf8");
const policyOf = (yaml: string): Policy => {
  const parsed = parsePolicy(yaml);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};
const policy = policyOf(text);

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
const noPromtool = hasPromtool ? "" : " (skipped: no promtool on this machine)";

describe("objectives as OpenSLO", () => {
  const exported = exportOpenSlo(policy);

  test("are one SLO for each link that has one, with its owner, window and budgeting", () => {
    const documents = parseAllDocuments(exported).map((one) => one.toJS());
    expect(documents.every(({ apiVersion }) => apiVersion === "openslo/v1")).toBe(true);
    const slos = documents.filter(({ kind }) => kind === "SLO");
    expect(slos.map(({ spec }) => spec.service)).toEqual(policy.objectives.map((o) => o.link.id));
    expect(slos.find(({ spec }) => spec.service === "delivery")).toMatchObject({
      metadata: { labels: { owner: "logistics", operatedBy: "outsourced" } },
      spec: {
        budgetingMethod: "Occurrences",
        timeWindow: [{ duration: "30d", isRolling: true }],
        objectives: [{ target: 0.95 }],
      },
    });
    const conditions = documents
      .filter(({ kind }) => kind === "AlertPolicy")
      .map(({ spec }) => spec.conditions[0].spec)
      .map(({ severity, condition }) => [severity, condition.lookbackWindow, condition.threshold]);
    // Sloth's numbers for thirty days.
    expect(conditions).toEqual([
      ["page", "1h", 14.4],
      ["page", "6h", 6],
      ["ticket", "1d", 3],
      ["ticket", "3d", 1],
    ]);
    const named = new Set(documents.map(({ metadata }) => metadata.name));
    const wanted = slos.flatMap(({ spec }) =>
      spec.alertPolicies.map((one: { alertPolicyRef: string }) => one.alertPolicyRef),
    );
    expect(wanted.filter((name: string) => !named.has(name))).toEqual([]);
  });

  test("say the same as the policy they come from", () => {
    expect(checkOpenSlo(exported, policy)).toEqual([]);
    expect(importOpenSlo(exported)).toContain(
      "delivery: { objective: { target: 0.95, window: 30d } }",
    );
  });

  test("are told apart from a policy that holds a link to more, to less, or not at all", () => {
    const stricter = exported.replace("target: 0.95", "target: 0.97");
    const [first] = checkOpenSlo(stricter, policy);
    expect(first).toMatchObject({ found: "0.97", expected: "0.95" });
    expect(stricter.split("\n")[(first?.line ?? 1) - 1]).toBe("apiVersion: openslo/v1");
    const other = policyOf(
      text.replace(
        "owner: logistics, operatedBy: outsourced, objective",
        "owner: carriers, operatedBy: outsourced, objective",
      ),
    );
    expect(checkOpenSlo(exported, other)).toMatchObject([
      { what: "delivery owner", expected: "carriers" },
    ]);
    const without = exported
      .split("---\n")
      .filter((one) => !one.includes("name: visit-promises-kept"));
    expect(checkOpenSlo(without.join("---\n"), policy)).toMatchObject([
      { what: "visit", found: "no SLO" },
    ]);
  });

  test("that cannot be meant are refused with line and field, not half read", () => {
    const slo = exported.split("---\n").at(-1) ?? "";
    for (const [from, to, what] of [
      ["target: 0.95", "target: 95", "spec.objectives.0.target"],
      ["duration: 30d", "duration: 1M", "spec.timeWindow.0.duration"],
      ["budgetingMethod: Occurrences", "budgetingMethod: Timeslices", "spec.budgetingMethod"],
      ["apiVersion: openslo/v1", "apiVersion: openslo/v1alpha", "apiVersion"],
      ["        good:", "        gut:", "spec.indicator.spec.ratioMetric"],
    ] as const) {
      expect(slo, from).toContain(from);
      expect(checkOpenSlo(slo.replace(from, to), policy).map((one) => one.what)).toContain(what);
    }
    const bomb = `a: &a [x]\n${"b: [*a, *a]\n".repeat(3)}`;
    expect(checkOpenSlo(bomb, policy).length).toBeGreaterThan(0);
  });
});

describe("rules for Prometheus and Grafana", () => {
  test("in the tree are those that the one definition makes now", () => {
    for (const [path, made] of artifacts(text)) {
      const held = readFileSync(join(root, path), "utf8");
      // The house formats JSON; what it says is what counts.
      if (path.endsWith(".json")) expect(JSON.parse(held), path).toEqual(JSON.parse(made));
      else expect(held, path).toBe(made);
    }
  });

  test("have a runbook each, and every runbook has its alert", () => {
    const names = definitionOf(policy).alerts.map(({ name }) => name);
    const books = readdirSync(join(root, "infra/runbooks")).filter((file) =>
      file.startsWith("Troth"),
    );
    expect(books.map((file) => file.replace(".md", "")).sort()).toEqual([...names].sort());
    for (const name of names) {
      const book = readFileSync(join(root, `infra/runbooks/${name}.md`), "utf8");
      for (const heading of ["## What it means", "## Look", "## Do", "## It is a false alarm if"])
        expect(book, name).toContain(heading);
    }
  });

  test("take the windows of the policy's objectives, and need none", () => {
    const week = policyOf(text.replace("target: 0.95 }", "target: 0.95, window: 7d }"));
    const { alerts, recordings } = definitionOf(week);
    const burn = alerts.find(({ name }) => name === "TrothBudgetBurnsFast")?.expr;
    // Two hundredths of a week in an hour are 3.36 times the allowed rate.
    expect(burn).toContain('{window="7d"}, 3.36)');
    expect(burn).toContain('{window="30d"}, 14.4)');
    expect(recordings.map(({ record }) => record)).toContain("troth:link_burn:rate7d");
    const names = definitionOf({ objectives: [] }).alerts.map(({ name }) => name);
    expect(names).not.toContain("TrothBudgetBurnsFast");
    expect(names).toContain("TrothSourceSilent");
  });

  test.skipIf(!hasPromtool)(
    `fire, stay quiet and resolve, each of them${noPromtool}`,
    () => {
      const folder = join(root, "infra/prometheus");
      const told = parse(readFileSync(join(folder, "rules.test.yaml"), "utf8"));
      const expressions: readonly { expr: string; exp_samples: readonly unknown[] }[] =
        told.tests.flatMap((one: { promql_expr_test: readonly unknown[] }) => one.promql_expr_test);
      for (const { name } of definitionOf(policy).alerts) {
        const mine = expressions.filter(({ expr }) => expr.includes(`"${name}"`));
        const fires = mine.map(({ exp_samples: samples }) => samples.length > 0);
        expect(fires, name).toContain(true);
        expect(fires.lastIndexOf(false), `${name} resolves`).toBeGreaterThan(fires.indexOf(true));
        expect(fires.indexOf(false), `${name} stays quiet`).toBeLessThan(fires.indexOf(true));
      }
      const said = execFileSync("promtool", ["test", "rules", "rules.test.yaml"], { cwd: folder });
      expect(said.toString()).toContain("SUCCESS");
      // Seconds on a machine of its own; the limit is for one that is shared.
    },
    240_000,
  );

  test.skipIf(!hasPromtool)(`are loaded by the example of a configuration${noPromtool}`, () => {
    const example = join(root, "infra/prometheus/prometheus.yaml");
    const said = execFileSync("promtool", ["check", "config", example]).toString();
    expect(said).toContain("1 rule files found");
    expect(said).toContain("is valid prometheus config");
  });

  test.skipIf(!hasPromtool)(`of another policy are checked by promtool too${noPromtool}`, () => {
    const week = policyOf(text.replaceAll(/target: ([\d.]+) }/g, "target: $1, window: 7d }"));
    const dir = mkdtempSync(join(tmpdir(), "troth-rules-"));
    writeFileSync(join(dir, "a.yaml"), recordingRules(definitionOf(week)));
    writeFileSync(join(dir, "b.yaml"), alertRules(definitionOf(week)));
    expect(
      execFileSync("promtool", ["check", "rules", "a.yaml", "b.yaml"], { cwd: dir }).toString(),
    ).toContain("SUCCESS");
    rmSync(dir, { recursive: true });
    expect(existsSync(dir)).toBe(false);
  });
});
