import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startTied, untilReady } from "./tied.ts";

/** Null when Prometheus can be started, else why tests that need it are skipped. */
export const noPrometheus: string | null = (() => {
  try {
    execFileSync("prometheus", ["--version"], { stdio: "ignore" });
    return null;
  } catch {
    return "no prometheus (apt-get install prometheus)";
  }
})();

export type TestPrometheus = {
  readonly url: string;
  /** The result of an instant query, as Prometheus's API gives it. */
  readonly query: (expression: string) => Promise<readonly unknown[]>;
  readonly close: () => Promise<void>;
};

type Answer = { readonly data?: { readonly result?: readonly unknown[] } };

/** A real Prometheus that scrapes the given `host:port`s every second and evaluates the rule files. */
export async function startPrometheus(options: {
  readonly targets: readonly string[];
  readonly ruleFiles?: readonly string[];
  /** A folder of blocks to begin with, such as promtool backfills; it is written to. */
  readonly data?: string;
  /** `host:port` of an Alertmanager that is told what fires. */
  readonly alertmanager?: string;
}): Promise<TestPrometheus> {
  const dir = mkdtempSync(join(tmpdir(), "troth-prometheus-"));
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: options.ruleFiles ?? [],
    ...(options.alertmanager === undefined
      ? {}
      : {
          alerting: { alertmanagers: [{ static_configs: [{ targets: [options.alertmanager] }] }] },
        }),
    scrape_configs: [{ job_name: "troth", static_configs: [{ targets: options.targets }] }],
  };
  // JSON is YAML too.
  writeFileSync(join(dir, "prometheus.yml"), JSON.stringify(config));
  const port = await freePort();
  const running = await startTied(
    [
      "prometheus",
      `--config.file=${join(dir, "prometheus.yml")}`,
      `--storage.tsdb.path=${options.data ?? join(dir, "data")}`,
      "--storage.tsdb.retention.time=90d",
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { log: join(dir, "prometheus.log") },
  );
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    await running.close();
    rmSync(dir, { recursive: true, force: true });
  };
  await untilReady(`${url}/-/ready`, "Prometheus", close);
  return {
    url,
    query: async (expression) => {
      const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { data }: Answer = JSON.parse(await answer.text());
      return data?.result ?? [];
    },
    close,
  };
}
